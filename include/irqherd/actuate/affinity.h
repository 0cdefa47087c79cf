/*
 * affinity: the one place that moves IRQs. Two actuators: affinity_proc writes, affinity_null says
 * that it did.
 */
#pragma once

#include "irqherd/base/fsroot.h"
#include "irqherd/model/move.h"

struct actuator {
	const char *name; /* "kernel", "dry run" */
	bool writes;      /* false: nothing is really changed */
	enum move_result (*apply)(struct actuator *self, const struct move *move);
};

/* Writes the target as a list of one CPU to /proc/irq/N/smp_affinity_list, in one write. */
struct affinity_proc {
	struct actuator actuator;
	struct fsroot *root; /* borrowed */
	uint64_t writes;
	uint64_t refused;
};

void affinity_proc_init(struct affinity_proc *affinity, struct fsroot *root);

/* 0: /proc/irq can be written; -EROFS, -EACCES: it can't. Writes nothing; opens one movable IRQ's
 * file for writing. */
int affinity_proc_probe(struct fsroot *root);

struct affinity_null {
	struct actuator actuator;
	uint64_t moves;
};

void affinity_null_init(struct affinity_null *affinity);

/* The meaning of a write's errno for a descriptor opened for this write (0 for success). Pure. */
enum move_result move_result_of_errno(int error);
