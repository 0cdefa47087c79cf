/*
 * topology: CPUs, their siblings, caches and packages, and NUMA nodes with their distances, as they
 * are now.
 *
 * Plain data: read by source/sysfs_cpu, owned by the inventory, borrowed by everybody else. CPU and
 * node numbers may have gaps. Sources: /sys/devices/system/cpu and /sys/devices/system/node.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/cpumask.h"

#define NODE_NONE (-1) /* the kernel's "no node known" */

struct cpu {
	int16_t node; /* node number, of an offline CPU too; NODE_NONE if unknown */
	int16_t core; /* lowest CPU number of its core; CPU_NONE if unknown (offline CPUs have no
			 topology) */
	int16_t llc;  /* lowest CPU number that shares its last-level cache; CPU_NONE if unknown */
	int16_t package;   /* lowest CPU number of its package; CPU_NONE if unknown */
	bool first_thread; /* lowest online CPU of its core; true where the core is unknown */
};

struct node {
	int number;          /* as in node<number> */
	struct cpumask cpus; /* online ones; empty: a node of memory only, or all offline */
	uint8_t *
		distances; /* node_count values, in the order of topology::nodes; NULL if unknown */
};

struct topology {
	struct cpu *cpus;       /* cpu_count records, indexed by CPU number */
	unsigned int cpu_count; /* highest possible CPU + 1 */
	struct node *nodes;     /* sorted by number; a machine without NUMA has node_count 0 */
	unsigned int node_count;
	struct cpumask possible;
	struct cpumask present;
	struct cpumask online;
	struct cpumask
		isolated; /* isolcpus=, nohz_full= and isolated cpuset partitions, all in one */
	struct cpumask partitions; /* what cpuset says of it: it changes without an event */
};

#define TOPOLOGY_INIT ((struct topology){ 0 })

void topology_deinit(struct topology *topology);
bool topology_equal(const struct topology *a, const struct topology *b);

const struct node *topology_find_node(const struct topology *topology,
				      int number); /* NULL: no such node */

/*
 * Distance between two nodes as firmware says it (10 = the node itself); 10 or 20 where nothing is
 * known.
 */
unsigned int topology_distance(const struct topology *topology, int node_a, int node_b);

/*
 * The CPUs of `wanted` that lie nearest to `node`: all of the nearest node that has any of them.
 * With node NODE_NONE or unknown: all of wanted. Empty only if wanted is empty.
 */
struct cpumask topology_nearest(const struct topology *topology, int node,
				const struct cpumask *wanted);
