#include "irqherd/model/topology.h"

#include <stdlib.h>
#include <string.h>

#define DISTANCE_SAME  10u
#define DISTANCE_OTHER 20u

void topology_deinit(struct topology *topology)
{
	for (unsigned int i = 0; i < topology->node_count; i++)
		free(topology->nodes[i].distances);
	free(topology->nodes);
	free(topology->cpus);
	*topology = TOPOLOGY_INIT;
}

static bool cpu_equal(const struct cpu *a, const struct cpu *b)
{
	return a->node == b->node && a->core == b->core && a->llc == b->llc &&
	       a->package == b->package && a->first_thread == b->first_thread;
}

static bool node_equal(const struct node *a, const struct node *b, unsigned int node_count)
{
	if (a->number != b->number || !cpumask_equal(&a->cpus, &b->cpus))
		return false;
	if (!a->distances || !b->distances)
		return a->distances == b->distances;
	return memcmp(a->distances, b->distances, node_count) == 0;
}

bool topology_equal(const struct topology *a, const struct topology *b)
{
	if (a->cpu_count != b->cpu_count || a->node_count != b->node_count)
		return false;
	if (!cpumask_equal(&a->possible, &b->possible) ||
	    !cpumask_equal(&a->present, &b->present) || !cpumask_equal(&a->online, &b->online) ||
	    !cpumask_equal(&a->isolated, &b->isolated) ||
	    !cpumask_equal(&a->partitions, &b->partitions))
		return false;
	for (unsigned int i = 0; i < a->cpu_count; i++)
		if (!cpu_equal(&a->cpus[i], &b->cpus[i]))
			return false;
	for (unsigned int i = 0; i < a->node_count; i++)
		if (!node_equal(&a->nodes[i], &b->nodes[i], a->node_count))
			return false;
	return true;
}

const struct node *topology_find_node(const struct topology *topology, int number)
{
	for (unsigned int i = 0; i < topology->node_count; i++)
		if (topology->nodes[i].number == number)
			return &topology->nodes[i];
	return NULL;
}

unsigned int topology_distance(const struct topology *topology, int node_a, int node_b)
{
	const struct node *a = topology_find_node(topology, node_a);
	const struct node *b = topology_find_node(topology, node_b);

	if (node_a == node_b)
		return DISTANCE_SAME;
	if (!a || !b || !a->distances)
		return DISTANCE_OTHER;
	return a->distances[b - topology->nodes];
}

struct cpumask topology_nearest(const struct topology *topology, int node,
				const struct cpumask *wanted)
{
	const struct node *nearest = NULL;
	unsigned int nearest_distance = 0;

	if (!topology_find_node(topology, node))
		return *wanted;

	for (unsigned int i = 0; i < topology->node_count; i++) {
		const struct node *candidate = &topology->nodes[i];
		unsigned int distance = topology_distance(topology, node, candidate->number);

		if (nearest && distance >= nearest_distance)
			continue;
		if (!cpumask_intersects(&candidate->cpus, wanted))
			continue;
		nearest = candidate;
		nearest_distance = distance;
	}
	return nearest ? cpumask_and(&nearest->cpus, wanted) : *wanted;
}
