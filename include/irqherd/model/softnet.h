/*
 * softnet: what the network stack did on each CPU between two readings. Source:
 * /proc/net/softnet_stat, by source/softnet_stat.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct softnet_cpu {
	uint32_t processed; /* packets */
	uint32_t dropped;   /* for want of room in the CPU's backlog */
	uint32_t squeezed;  /* times that work was left over when the budget was spent */
};

struct softnet {
	struct softnet_cpu *cpus; /* cpu_count records, indexed by CPU number */
	unsigned int cpu_count;
	bool valid; /* false: fewer than two readings */
};

#define SOFTNET_INIT ((struct softnet){ 0 })

void softnet_deinit(struct softnet *softnet);

/* Zeros for a CPU that was not told of. */
static inline struct softnet_cpu softnet_cpu(const struct softnet *softnet, int cpu)
{
	return softnet->valid && cpu >= 0 && (unsigned int) cpu < softnet->cpu_count
		       ? softnet->cpus[cpu]
		       : (struct softnet_cpu){ 0 };
}
