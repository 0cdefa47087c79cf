/*
 * affinity: what an actuator is, and what the kernel's answers to a write mean.
 *
 * Two actuators: affinity_proc writes, affinity_null only says that it did. Nothing else moves
 * IRQs.
 */
#pragma once

#include <stdbool.h>

#include "irqherd/model/move.h"

struct actuator {
	const char *name; /* "kernel", "dry run" */
	bool writes;      /* false: nothing is really changed */
	enum move_result (*apply)(struct actuator *self, const struct move *move);
};

/*
 * The meaning of the errno of open(2) or write(2), for a descriptor opened for this write: 0 for
 * success, else negative. EIO and ENODEV on a kept descriptor mean that the IRQ was freed. Pure.
 */
enum move_result move_result_of_errno(int error);
