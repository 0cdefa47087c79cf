/* sysfs_cpu: reads CPUs, siblings, caches, nodes, distances and isolation from /sys and /proc into
 * a topology. */
#pragma once

#include "irqherd/base/fsroot.h"
#include "irqherd/model/topology.h"

/*
 * -ENOENT: the tree has no CPU list at all. Everything else that is missing or odd is left unknown.
 * Reads each core and cache once, not once per CPU.
 */
int topology_read(struct fsroot *root, struct topology *ret_topology);

/* The CPUs that may ever be there, alone. -ENOENT as above. */
int possible_cpus_read(struct fsroot *root, struct cpumask *ret_possible);
