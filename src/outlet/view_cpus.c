/* CPUs and nodes. */
#include <stdlib.h>

#include "view_parts.h"

struct on_cpu {
	json_t *irqs;
	unsigned int active;
};

/* In one walk over the IRQs; indexed by CPU number. */
static struct on_cpu *irqs_by_cpu(struct maker *maker)
{
	const struct view *view = maker->view;
	unsigned int count = view->inventory->topology.cpu_count;
	struct on_cpu *cpus = calloc(count + 1, sizeof(*cpus));

	if (!cpus) {
		maker->failed = true;
		return NULL;
	}
	for (unsigned int cpu = 0; cpu < count; cpu++)
		cpus[cpu].irqs = make_array(maker);
	inventory_foreach_irq(irq, view->inventory) {
		if (!irq->requested || irq->effective_cpu < 0 ||
		    (unsigned int) irq->effective_cpu >= count)
			continue;
		add(maker, cpus[irq->effective_cpu].irqs, json_integer(irq->number));
		cpus[irq->effective_cpu].active += valid_load(view) &&
						   load_irq_count(view->load, irq->number) > 0;
	}
	return cpus;
}

/* Means over the CPUs that were measured; no field if none was. */
static void put_node_load(struct maker *maker, json_t *object, const struct cpumask *cpus)
{
	const struct load *load = valid_load(maker->view);
	uint64_t total = 0, irq = 0, busy = 0, steal = 0;
	json_int_t measured = 0;
	json_t *mean;

	cpumask_foreach(cpu, cpus) {
		const struct cpu_load *one = load ? load_cpu(load, cpu) : NULL;

		if (!one)
			continue;
		total += one->load_ppm;
		irq += one->irq_ppm;
		busy += one->busy_ppm;
		steal += one->steal_ppm;
		measured++;
	}
	if (measured == 0)
		return;
	mean = make_object(maker);
	put_int(maker, mean, "load_ppm", (json_int_t) total / measured);
	put_int(maker, mean, "irq_ppm", (json_int_t) irq / measured);
	put_int(maker, mean, "busy_ppm", (json_int_t) busy / measured);
	put_int(maker, mean, "steal_ppm", (json_int_t) steal / measured);
	put(maker, object, "load", mean);
}

static json_t *make_node(struct maker *maker, const struct node *node)
{
	const struct topology *topology = &maker->view->inventory->topology;
	json_t *object = make_object(maker);
	json_t *distances = make_array(maker);

	for (unsigned int i = 0; node->distances && i < topology->node_count; i++)
		add(maker, distances, json_integer(node->distances[i]));
	put_int(maker, object, "node", node->number);
	put_cpus(maker, object, "cpus", &node->cpus);
	put(maker, object, "distances", distances);
	put_node_load(maker, object, &node->cpus);
	return object;
}

json_t *view_cpus(const struct view *view)
{
	const struct topology *topology = &view->inventory->topology;
	struct maker maker = { .view = view };
	struct on_cpu *on_cpu = irqs_by_cpu(&maker);
	json_t *answer = make_object(&maker);
	json_t *cpus = make_array(&maker);
	json_t *nodes = make_array(&maker);

	for (unsigned int cpu = 0; on_cpu && cpu < topology->cpu_count; cpu++) {
		/* what is only possible is not worth a row */
		if (cpumask_test(&topology->present, (int) cpu))
			add(&maker, cpus,
			    make_cpu(&maker, (int) cpu, on_cpu[cpu].irqs, on_cpu[cpu].active));
		else
			json_decref(on_cpu[cpu].irqs);
	}
	free(on_cpu);
	for (unsigned int i = 0; i < topology->node_count; i++)
		add(&maker, nodes, make_node(&maker, &topology->nodes[i]));
	put(&maker, answer, "cpus", cpus);
	put(&maker, answer, "nodes", nodes);
	put_interval(&maker, answer);
	return maker_finish(&maker, answer);
}
