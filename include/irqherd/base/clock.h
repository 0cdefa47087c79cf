/* clock: the monotonic clock, and the time of day. Only tops and sources read them; everything else
 * is handed a time. */
#pragma once

#include <stdint.h>

uint64_t clock_now_ms(void);
double clock_today_s(void); /* seconds since 1970 */
