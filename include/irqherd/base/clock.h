/* clock: milliseconds of the monotonic clock. Only tops and sources read it; everything else is
 * handed a time. */
#pragma once

#include <stdint.h>

uint64_t clock_now_ms(void);
