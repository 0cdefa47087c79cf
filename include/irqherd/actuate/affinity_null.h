/* affinity_null: the actuator of dry run and observe mode: every move succeeds and changes nothing.
 */
#pragma once

#include <stdint.h>

#include "irqherd/actuate/affinity.h"

struct affinity_null {
	struct actuator actuator;
	uint64_t moves;
};

void affinity_null_init(struct affinity_null *affinity);
