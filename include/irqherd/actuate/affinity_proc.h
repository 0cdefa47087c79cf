/* affinity_proc: the actuator that writes to /proc/irq. */
#pragma once

#include <stdint.h>

#include "irqherd/actuate/affinity.h"
#include "irqherd/base/fsroot.h"

/* Writes the target as a list of one CPU to /proc/irq/N/smp_affinity_list, in one write. */
struct affinity_proc {
	struct actuator actuator;
	struct fsroot *root; /* borrowed */
	uint64_t writes;     /* that the kernel took */
	uint64_t refused;    /* that it did not, whatever it said */
};

void affinity_proc_init(struct affinity_proc *affinity, struct fsroot *root);

/*
 * 0: /proc/irq can be written, or no IRQ is there that could tell; -EROFS, -EACCES: it can't;
 * -ENOENT: there is none. Writes nothing; opens one movable IRQ's file for writing.
 */
int affinity_proc_probe(struct fsroot *root);
