/*
 * Home, first that applies: udev property, proximity rule, sysfs (the nearest parent that knows
 * included), and the policy for devices whose node nobody knows. Then what is offline or isolated
 * is taken out; a home that is left empty becomes the nearest usable CPUs.
 *
 * With a known node the node's present CPUs are the home, not the local_cpulist that was read with
 * the device: the kernel computes that list from the CPUs online at the moment of reading, so it is
 * stale after the next CPU event.
 */
#include "home.h"

#include "match.h"

struct wish {
	struct cpumask cpus;
	int node;
	enum home_origin origin;
	unsigned int line;
};

static bool wish_node(const struct inventory *inventory, int number, enum home_origin origin,
		      struct wish *wish)
{
	const struct node *node = topology_find_node(&inventory->topology, number);

	if (!node)
		return false;
	wish->cpus = node->cpus;
	wish->node = number;
	wish->origin = origin;
	return true;
}

static void wish_all(const struct inventory *inventory, enum home_origin origin, struct wish *wish)
{
	wish->cpus = inventory->usable;
	wish->node = NODE_NONE;
	wish->origin = origin;
}

/* A rule for a node that does not exist now sleeps: false. */
static bool wish_by_override(const struct inventory *inventory,
			     const struct home_override *override, struct wish *wish)
{
	enum home_origin origin = override->origin == OVERRIDE_FROM_PROPERTY ? HOME_PROPERTY
									     : HOME_PROXIMITY;

	wish->line = override->line;
	switch (override->kind) {
	case OVERRIDE_NONE:
		return false;
	case OVERRIDE_NODE:
		if (override->node >= 0)
			return wish_node(inventory, override->node, origin, wish);
		wish_all(inventory, origin, wish);
		return true;
	case OVERRIDE_CPUS:
		mask_get(&inventory->masks, override->cpus, &wish->cpus);
		wish->node = NODE_NONE;
		wish->origin = origin;
		return true;
	}
	return false;
}

static bool wish_by_sysfs(const struct inventory *inventory, const struct device *device,
			  struct wish *wish)
{
	enum home_origin origin = device->node_from_parent ? HOME_PARENT : HOME_SYSFS;

	wish->line = 0;
	if (wish_node(inventory, device->node, origin, wish))
		return true;
	if (device->local_cpus == MASK_NONE)
		return false;

	/* no node, but a list that says more than "all" */
	mask_get(&inventory->masks, device->local_cpus, &wish->cpus);
	if (cpumask_subset(&inventory->topology.online, &wish->cpus))
		return false;
	wish->node = NODE_NONE;
	wish->origin = origin;
	return true;
}

/* By address, so that the same device gets the same node in every run, and neighbours different
 * ones. */
static bool wish_interleaved(const struct inventory *inventory, const struct device *device,
			     struct wish *wish)
{
	const struct topology *topology = &inventory->topology;
	unsigned int with_cpus = 0, place;

	for (unsigned int i = 0; i < topology->node_count; i++)
		with_cpus += cpumask_intersects(&topology->nodes[i].cpus, &inventory->usable);
	if (with_cpus == 0)
		return false;

	place = (device->addr.domain + device->addr.bus + device->addr.device +
		 device->addr.function) %
		with_cpus;
	for (unsigned int i = 0; i < topology->node_count; i++) {
		if (!cpumask_intersects(&topology->nodes[i].cpus, &inventory->usable))
			continue;
		if (place-- == 0)
			return wish_node(inventory, topology->nodes[i].number, HOME_INTERLEAVED,
					 wish);
	}
	return false;
}

static void wish_by_policy(const struct inventory *inventory, const struct device *device,
			   struct wish *wish)
{
	bool found = false;

	wish->line = 0;
	switch (inventory->rules.unknown_node) {
	case UNKNOWN_NODE_ALL:
		break;
	case UNKNOWN_NODE_INTERLEAVE:
		found = wish_interleaved(inventory, device, wish);
		break;
	case UNKNOWN_NODE_PREFERRED:
		found = wish_node(inventory, inventory->rules.preferred_node, HOME_PREFERRED, wish);
		break;
	}
	if (!found)
		wish_all(inventory, HOME_ALL, wish);
}

static int home_of_wish(struct inventory *inventory, const struct wish *wish, struct home *ret_home)
{
	struct home home = { .node = wish->node, .origin = wish->origin, .line = wish->line };
	struct cpumask cpus = cpumask_and(&wish->cpus, &inventory->usable);
	int r;

	if (cpumask_empty(&cpus)) {
		int first = cpumask_first(&wish->cpus);
		int node = wish->node;

		if (node == NODE_NONE && first != CPU_NONE &&
		    (unsigned int) first < inventory->topology.cpu_count)
			node = inventory->topology.cpus[first].node;
		cpus = topology_nearest(&inventory->topology, node, &inventory->usable);
		home.nearest = true;
	}
	r = mask_intern(&inventory->masks, &cpus, &home.cpus);
	if (r < 0)
		return r;
	*ret_home = home;
	return 0;
}

static bool wish_by_rule(const struct inventory *inventory, const struct cpu_rule *rule,
			 struct wish *wish)
{
	const struct topology *topology = &inventory->topology;

	if (!rule)
		return false;
	wish_all(inventory, HOME_RULE, wish);
	wish->line = 0;
	if (rule->all)
		return true;

	wish->cpus = *rule->cpus;
	if (rule->isolated)
		wish->cpus = cpumask_or(&wish->cpus, &topology->isolated);
	for (unsigned int i = 0; i < topology->node_count; i++) {
		unsigned int number = (unsigned int) topology->nodes[i].number;

		if (number < rule->node_limit && rule->nodes[number / 64] >> number % 64 & 1)
			wish->cpus = cpumask_or(&wish->cpus, &topology->nodes[i].cpus);
	}
	/* sleeps until its nodes are there */
	return !cpumask_empty(&wish->cpus);
}

int home_of_device(struct inventory *inventory, const struct device *device, struct home *ret_home)
{
	struct wish wish;

	if (!wish_by_rule(inventory, match_rule_of_device(&inventory->rules, device), &wish) &&
	    !wish_by_override(inventory, &device->override, &wish) &&
	    !wish_by_sysfs(inventory, device, &wish))
		wish_by_policy(inventory, device, &wish);
	return home_of_wish(inventory, &wish, ret_home);
}

static int home_of_shared_line(struct inventory *inventory, const struct irq *irq,
			       struct home *ret_home)
{
	struct cpumask all_of_them, any_of_them = CPUMASK_NONE;
	struct device *first = irq_device(irq);
	struct home home = first->home;
	int r;

	mask_get(&inventory->masks, home.cpus, &all_of_them);
	list_foreach(vector, &irq->owners, struct vector, irq_link) {
		struct cpumask cpus;

		mask_get(&inventory->masks, vector->device->home.cpus, &cpus);
		all_of_them = cpumask_and(&all_of_them, &cpus);
		any_of_them = cpumask_or(&any_of_them, &cpus);
		if (vector->device->home.node != home.node)
			home.node = NODE_NONE;
	}
	r = mask_intern(&inventory->masks,
			cpumask_empty(&all_of_them) ? &any_of_them : &all_of_them, &home.cpus);
	if (r < 0)
		return r;
	*ret_home = home;
	return 0;
}

int home_of_irq(struct inventory *inventory, const struct irq *irq, struct home *ret_home)
{
	struct device *device = irq_device(irq);
	struct wish wish = { 0 };

	if (wish_by_rule(inventory, match_rule_of_irq(&inventory->rules, irq), &wish))
		return home_of_wish(inventory, &wish, ret_home);
	if (device && irq->owners.next->next != &irq->owners)
		return home_of_shared_line(inventory, irq, ret_home);
	if (device) {
		*ret_home = device->home;
		return 0;
	}
	if (!wish_node(inventory, irq->node, HOME_IRQ_NODE, &wish))
		wish_all(inventory, HOME_ALL, &wish);
	return home_of_wish(inventory, &wish, ret_home);
}
