/*
 * The records and what facts do to them.
 *
 * A device owns vectors, a vector ties a device's index to an IRQ. Usually that is one to one; an
 * INTx line is one IRQ with several vectors. An IRQ without a device has no vector. Whatever
 * changes a home, a name or a ban passes through the refresh functions, so the order of facts does
 * not matter.
 */
#include "irqherd/model/inventory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "home.h"
#include "match.h"

/* --------------------------------------------------------------------------------------------------
 * small things */

static int report(struct inventory *inventory, struct change_list *changes, enum change_kind kind,
		  const struct device *device, const struct irq *irq, unsigned int index)
{
	struct change change = { .kind = kind, .index = index, .cpu = CPU_NONE };

	inventory->version++;
	if (device) {
		change.has_device = true;
		change.addr = device->addr;
	}
	if (irq)
		change.irq = irq->number;
	return change_list_add(changes, &change);
}

static bool irq_is_shared(const struct irq *irq)
{
	return !list_empty(&irq->owners) && irq->owners.next != irq->owners.previous;
}

static unsigned int irq_index(const struct irq *irq)
{
	if (list_empty(&irq->owners))
		return irq->number;
	return list_entry(irq->owners.next, const struct vector, irq_link)->index;
}

static int report_irq(struct inventory *inventory, struct change_list *changes,
		      enum change_kind kind, const struct irq *irq)
{
	return report(inventory, changes, kind, irq_device(irq), irq, irq_index(irq));
}

static int report_netdev(struct inventory *inventory, struct change_list *changes,
			 enum change_kind kind, const struct netdev *netdev)
{
	struct change change = { .kind = kind, .ifindex = netdev->ifindex, .cpu = CPU_NONE };

	inventory->version++;
	change.has_device = netdev->has_device;
	change.addr = netdev->addr;
	return change_list_add(changes, &change);
}

static int replace_text(char **text, const char *with)
{
	char *copy = strdup(with);

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

static bool home_equal(const struct home *a, const struct home *b)
{
	return a->cpus == b->cpus && a->node == b->node && a->origin == b->origin &&
	       a->line == b->line && a->nearest == b->nearest;
}

static void placement_reset(struct irq *irq)
{
	irq->placement = (struct placement){ .source_cpu = CPU_NONE, .target_cpu = CPU_NONE };
	irq->cost = (struct cost){ 0 };
	irq->external = false;
	irq->external_until_ms = 0;
}

/* Moved, but not made anew: what the kernel refused once it refuses still. */
static void placement_restart(struct irq *irq)
{
	bool refused = irq->placement.refused;

	placement_reset(irq);
	irq->placement.refused = refused;
}

static void new_generation(struct inventory *inventory, struct irq *irq)
{
	irq->generation = ++inventory->generations;
	placement_reset(irq);
}

/* --------------------------------------------------------------------------------------------------
 * bans, queues, homes */

static bool device_is_banned(const struct rules *rules, const struct device *device)
{
	return match_any_text(&rules->ban_drivers, device->driver) ||
	       match_any_device(&rules->ban_devices, device);
}

static void refresh_ban(struct inventory *inventory, struct irq *irq)
{
	const struct rules *rules = &inventory->rules;

	irq->banned = match_any_irq(&rules->ban_irqs, irq) || match_any_slot(&rules->banned, irq);
	list_foreach(vector, &irq->owners, struct vector, irq_link) {
		if (device_is_banned(rules, vector->device))
			irq->banned = true;
	}
}

static bool queue_told_by_netdev(const struct device *device, struct irq *irq)
{
	list_foreach(netdev, &device->netdevs, struct netdev, device_link) {
		for (unsigned int i = 0; i < netdev->queue_count; i++) {
			if (netdev->queues[i].irq != irq->number)
				continue;
			irq->queue.kind = netdev->queues[i].kind;
			irq->queue.index = netdev->queues[i].index;
			irq->queue.origin = ORIGIN_NETDEV_GENL;
			return true;
		}
	}
	return false;
}

/* The driver's word first, else the action's name read with each of the device's netdevs in mind.
 */
static void refresh_queue(struct irq *irq)
{
	const struct device *device = irq_device(irq);
	enum queue_kind kind = QUEUE_NONE;
	unsigned int index = 0;

	irq->queue.kind = QUEUE_NONE;
	irq->queue.index = 0;
	irq->queue.origin = ORIGIN_NONE;
	if (device && queue_told_by_netdev(device, irq))
		return;

	if (device && !list_empty(&device->netdevs)) {
		list_foreach(netdev, &device->netdevs, struct netdev, device_link) {
			if (kind == QUEUE_NONE)
				queue_from_action(irq->actions, netdev->name, &kind, &index);
		}
	} else if (device) {
		queue_from_action(irq->actions, NULL, &kind, &index);
	}
	if (kind == QUEUE_NONE)
		return;
	irq->queue.kind = kind;
	irq->queue.index = index;
	irq->queue.origin = ORIGIN_ACTION_NAME;
}

/* An administrator's new word is not made to wait for what we did before it, or somebody else. */
static void forget_past(struct irq *irq)
{
	irq->placement.cooldown_until_ms = 0;
	irq->external = false;
	irq->external_until_ms = 0;
}

/* judge: the home moved under an IRQ that was placed already; out of its new home, it goes there by
 * itself. */
static int refresh_irq_home(struct inventory *inventory, struct irq *irq, bool judge,
			    struct change_list *changes)
{
	struct home home;
	int cpu, r;

	r = home_of_irq(inventory, irq, &home);
	if (r < 0)
		return r;
	if (home_equal(&home, &irq->home))
		return 0;
	if (home.cpus == irq->home.cpus || !judge) {
		irq->home = home;
		return 0;
	}
	irq->home = home;
	cpu = irq_bound_cpu(irq);
	if (mask_test(&inventory->masks, home.cpus, cpu))
		irq->placement.away = AWAY_NO;
	else if (cpu != CPU_NONE && irq->placement.away == AWAY_NO)
		irq->placement.away = cpumask_test(&inventory->topology.online, cpu) ? AWAY_REHOMED
										     : AWAY_BROKEN;
	if (home.origin == HOME_RULE)
		forget_past(irq);
	return report_irq(inventory, changes, CHANGE_IRQ_REHOMED, irq);
}

/* The list of a device whose node is known is not kept: the kernel makes it of the CPUs that are
 * online when it is read, so it would be stale after the next CPU event. */
static void forget_local_cpus(const struct inventory *inventory, struct device *device)
{
	if (topology_find_node(&inventory->topology, device->node))
		device->local_cpus = MASK_NONE;
}

static int refresh_device_alone(struct inventory *inventory, struct device *device, bool judge,
				struct change_list *changes)
{
	struct home home, before = device->home;
	int r;

	forget_local_cpus(inventory, device);
	r = home_of_device(inventory, device, &home);
	if (r < 0)
		return r;
	device->home = home;

	/* another line of the proximity file that says the same is no other home */
	before.line = home.line;
	if (!judge || home_equal(&home, &before))
		return 0;
	return report(inventory, changes, CHANGE_DEVICE_REHOMED, device, NULL, 0);
}

static int refresh_device_home(struct inventory *inventory, struct device *device, bool judge,
			       struct change_list *changes)
{
	int r = refresh_device_alone(inventory, device, judge, changes);

	if (r < 0)
		return r;
	list_foreach(vector, &device->vectors, struct vector, device_link) {
		r = refresh_irq_home(inventory, vector->irq, judge, changes);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A rule may name the device by what is its name now. */
static int refresh_names(struct inventory *inventory, struct device *device,
			 struct change_list *changes)
{
	list_foreach(vector, &device->vectors, struct vector, device_link) {
		refresh_queue(vector->irq);
		refresh_ban(inventory, vector->irq);
	}
	if (inventory->rules.cpus.count == 0)
		return 0;
	return refresh_device_home(inventory, device, true, changes);
}

bool inventory_goes_by_netdevs(const struct inventory *inventory)
{
	return match_goes_by_netdev(&inventory->rules);
}

/* A network device is registered after its vectors were requested, by some drivers. */
bool inventory_awaits_udevd(const struct inventory *inventory, const struct device *device)
{
	if (device->awaits_udevd)
		return true;
	if (!inventory_goes_by_netdevs(inventory))
		return false;
	list_foreach(netdev, &device->netdevs, struct netdev, device_link) {
		if (netdev->awaits_udevd)
			return true;
	}
	return list_empty(&device->netdevs) && device->class >> 16 == PCI_CLASS_NETWORK;
}

static int refresh_everything(struct inventory *inventory, struct change_list *changes)
{
	int r;

	inventory->usable = inventory->topology.online;
	if (!inventory->rules.use_isolated) {
		struct cpumask usable = cpumask_andnot(&inventory->topology.online,
						       &inventory->topology.isolated);

		/* a machine that isolates every CPU has nobody else to serve its interrupts */
		if (!cpumask_empty(&usable))
			inventory->usable = usable;
	}
	/* all devices first: a shared line is made of several homes */
	inventory_foreach_device(device, inventory) {
		r = refresh_device_alone(inventory, device, true, changes);
		if (r < 0)
			return r;
	}
	inventory_foreach_irq(irq, inventory) {
		r = refresh_irq_home(inventory, irq, true, changes);
		if (r < 0)
			return r;
		refresh_ban(inventory, irq);
	}
	return 0;
}

/* --------------------------------------------------------------------------------------------------
 * life */

int inventory_init(struct inventory *inventory)
{
	*inventory = (struct inventory){ .rules = RULES_INIT };
	list_init(&inventory->devices);
	list_init(&inventory->netdevs);
	return mask_table_init(&inventory->masks);
}

static void irq_free(struct irq *irq)
{
	free(irq->actions);
	free(irq);
}

static void netdev_free(struct netdev *netdev)
{
	list_remove(&netdev->device_link);
	list_remove(&netdev->inventory_link);
	free(netdev->queues);
	free(netdev);
}

void inventory_deinit(struct inventory *inventory)
{
	if (inventory->devices.next) {
		while (!list_empty(&inventory->netdevs))
			netdev_free(
				list_entry(inventory->netdevs.next, struct netdev, inventory_link));
		list_foreach_safe(device, following, &inventory->devices, struct device,
				  inventory_link) {
			list_foreach_safe(vector, after, &device->vectors, struct vector,
					  device_link)
				free(vector);
			free(device->driver);
			free(device);
		}
	}
	for (unsigned int i = 0; i < inventory->irq_slots; i++)
		if (inventory->irqs[i])
			irq_free(inventory->irqs[i]);
	free(inventory->irqs);
	map_deinit(&inventory->devices_by_addr);
	mask_table_deinit(&inventory->masks);
	topology_deinit(&inventory->topology);
	*inventory = (struct inventory){ 0 };
}

/* --------------------------------------------------------------------------------------------------
 * topology, rules */

static int report_cpus(struct inventory *inventory, const struct cpumask *cpus,
		       enum change_kind kind, struct change_list *changes)
{
	cpumask_foreach(cpu, cpus) {
		struct change change = { .kind = kind, .cpu = cpu };
		int r = change_list_add(changes, &change);

		inventory->version++;
		if (r < 0)
			return r;
	}
	return 0;
}

int inventory_put_topology(struct inventory *inventory, struct topology *topology,
			   struct change_list *ret_changes)
{
	struct cpumask came, went;
	bool first = inventory->topology.cpu_count == 0;
	int r;

	if (topology_equal(&inventory->topology, topology)) {
		topology_deinit(topology);
		return 0;
	}
	came = cpumask_andnot(&topology->online, &inventory->topology.online);
	went = cpumask_andnot(&inventory->topology.online, &topology->online);
	topology_deinit(&inventory->topology);
	inventory->topology = *topology;
	*topology = TOPOLOGY_INIT;

	if (!first) {
		r = report_cpus(inventory, &went, CHANGE_CPU_OFFLINE, ret_changes);
		if (r < 0)
			return r;
		r = report_cpus(inventory, &came, CHANGE_CPU_ONLINE, ret_changes);
		if (r < 0)
			return r;
	}
	r = report(inventory, ret_changes, CHANGE_TOPOLOGY, NULL, NULL, 0);
	if (r < 0)
		return r;
	return refresh_everything(inventory, ret_changes);
}

int inventory_set_rules(struct inventory *inventory, const struct rules *rules,
			struct change_list *ret_changes)
{
	inventory->rules = *rules;
	inventory->version++;
	return refresh_everything(inventory, ret_changes);
}

/* --------------------------------------------------------------------------------------------------
 * finding */

struct device *inventory_find_device(const struct inventory *inventory, const struct pci_addr *addr)
{
	return map_find(&inventory->devices_by_addr, pci_addr_key(addr));
}

struct irq *inventory_find_irq(const struct inventory *inventory, unsigned int number)
{
	return number < inventory->irq_slots ? inventory->irqs[number] : NULL;
}

struct irq *inventory_next_irq(const struct inventory *inventory, unsigned int number)
{
	for (; number < inventory->irq_slots; number++)
		if (inventory->irqs[number])
			return inventory->irqs[number];
	return NULL;
}

struct netdev *inventory_find_netdev(const struct inventory *inventory, int ifindex)
{
	inventory_foreach_netdev(netdev, inventory) {
		if (netdev->ifindex == ifindex)
			return netdev;
	}
	return NULL;
}

struct netdev *inventory_find_netdev_by_name(const struct inventory *inventory, const char *name)
{
	inventory_foreach_netdev(netdev, inventory) {
		if (strcmp(netdev->name, name) == 0)
			return netdev;
	}
	return NULL;
}

/* --------------------------------------------------------------------------------------------------
 * IRQ records */

static int irq_slot_reserve(struct inventory *inventory, unsigned int number)
{
	unsigned int slots = inventory->irq_slots ? inventory->irq_slots : 64;
	struct irq **irqs;

	if (number < inventory->irq_slots)
		return 0;
	while (slots <= number)
		slots += slots / 2;
	irqs = realloc(inventory->irqs, slots * sizeof(irqs[0]));
	if (!irqs)
		return -ENOMEM;
	memset(&irqs[inventory->irq_slots], 0, (slots - inventory->irq_slots) * sizeof(irqs[0]));
	inventory->irqs = irqs;
	inventory->irq_slots = slots;
	return 0;
}

static int irq_new(struct inventory *inventory, const struct irq_facts *facts, struct irq **ret_irq)
{
	struct irq *irq;
	int r;

	r = irq_slot_reserve(inventory, facts->number);
	if (r < 0)
		return r;
	irq = calloc(1, sizeof(*irq));
	if (!irq)
		return -ENOMEM;
	irq->actions = strdup("");
	if (!irq->actions) {
		free(irq);
		return -ENOMEM;
	}
	irq->number = facts->number;
	irq->type = facts->type;
	irq->node = facts->node;
	irq->effective_cpu = CPU_NONE;
	list_init(&irq->owners);
	new_generation(inventory, irq);
	inventory->irqs[irq->number] = irq;
	inventory->irq_count++;
	*ret_irq = irq;
	return 0;
}

static void irq_remove(struct inventory *inventory, struct irq *irq)
{
	inventory->irqs[irq->number] = NULL;
	inventory->irq_count--;
	irq_free(irq);
}

/* Takes a vector away; its IRQ goes too unless others share the line. */
static int vector_remove(struct inventory *inventory, struct vector *vector,
			 struct change_list *changes)
{
	struct irq *irq = vector->irq;
	struct device *device = vector->device;
	int r = 0;

	list_remove(&vector->device_link);
	list_remove(&vector->irq_link);
	device->vector_count--;
	if (list_empty(&irq->owners)) {
		r = report(inventory, changes, CHANGE_IRQ_GONE, device, irq, vector->index);
		irq_remove(inventory, irq);
	} else {
		refresh_queue(irq);
		refresh_ban(inventory, irq);
		r = refresh_irq_home(inventory, irq, true, changes);
	}
	free(vector);
	return r;
}

/* Whether a new vector or a new action found by this look is an arrival. */
static bool look_brings_arrivals(enum look look)
{
	switch (look) {
	case LOOK_HINT:
	case LOOK_REMADE:
	case LOOK_AGAIN:
	case LOOK_SLOW_CHECK:
		return true;
	case LOOK_START:
	case LOOK_CPU_EVENT:
	case LOOK_RESYNC:
		return false;
	}
	return false;
}

/* Whether its driver was at work still when it was read. */
static bool is_in_the_making(const struct irq *irq)
{
	const struct device *device = irq_device(irq);

	return irq->arrival && device && device->awaits_netdev;
}

/* The affinity differs from what we knew: who did it? */
static int irq_moved(struct inventory *inventory, struct irq *irq, enum look look,
		     struct change_list *changes)
{
	if ((look == LOOK_AGAIN || look == LOOK_SLOW_CHECK) && is_in_the_making(irq))
		look = LOOK_HINT;
	switch (look) {
	case LOOK_HINT:
	case LOOK_REMADE:
		placement_restart(irq);
		irq->arrival = true;
		return report_irq(inventory, changes, CHANGE_IRQ_MOVED_BY_KERNEL, irq);
	case LOOK_CPU_EVENT:
	case LOOK_START:
	case LOOK_RESYNC:
		return report_irq(inventory, changes, CHANGE_IRQ_MOVED_BY_KERNEL, irq);
	case LOOK_AGAIN:
	case LOOK_SLOW_CHECK:
		placement_restart(irq);
		irq->arrival = false;
		irq->external = true;
		return report_irq(inventory, changes, CHANGE_IRQ_MOVED_BY_OTHERS, irq);
	}
	return 0;
}

/* Where a CPU event left an IRQ, and whether it goes home from there by itself. */
static void irq_judge_after_cpu_event(const struct inventory *inventory, struct irq *irq,
				      int cpu_before, bool was_home, bool asked_differs)
{
	struct placement *placement = &irq->placement;
	bool lost_its_cpu = cpu_before != CPU_NONE &&
			    !cpumask_test(&inventory->topology.online, cpu_before);

	if (mask_test(&inventory->masks, irq->home.cpus, irq->effective_cpu)) {
		if (placement->away != AWAY_MOVED)
			placement->away = AWAY_NO;
	} else if (was_home || (lost_its_cpu && asked_differs && placement->away == AWAY_NO)) {
		placement->away = AWAY_BROKEN;
	}
}

/* Who has a rule belongs there however it came elsewhere, and goes there by itself. */
static void irq_judge_by_rule(const struct inventory *inventory, struct irq *irq)
{
	int cpu = irq_bound_cpu(irq);

	if (irq->home.origin == HOME_RULE && cpu != CPU_NONE && irq->placement.away == AWAY_NO &&
	    !mask_test(&inventory->masks, irq->home.cpus, cpu))
		irq->placement.away = AWAY_REHOMED;
}

/* New facts for a record that exists (perhaps since a moment: is_new). */
static int irq_update_record(struct inventory *inventory, struct irq *irq,
			     const struct irq_facts *facts, enum look look, bool is_new,
			     struct change_list *changes)
{
	bool was_requested = irq->requested;
	bool was_home = mask_test(&inventory->masks, irq->home.cpus, irq->effective_cpu);
	/* what nobody requested fires nowhere, though a line's folder may show its next affinity */
	mask_id asked = facts->requested ? facts->asked : MASK_NONE;
	int effective_cpu = facts->requested ? facts->effective_cpu : CPU_NONE;
	bool asked_differs = asked != irq->asked;
	int cpu_before = irq->effective_cpu;
	int r = 0;

	if (asked_differs || effective_cpu != cpu_before || facts->managed != irq->managed)
		inventory->version++;
	irq->managed = facts->managed;
	irq->asked = asked;
	irq->effective_cpu = effective_cpu;
	irq->requested = facts->requested;
	if (list_empty(&irq->owners) && irq->node != facts->node) {
		irq->node = facts->node;
		r = refresh_irq_home(inventory, irq, !is_new, changes);
		if (r < 0)
			return r;
	}

	if (strcmp(irq->actions, facts->actions) != 0) {
		r = replace_text(&irq->actions, facts->actions);
		if (r < 0)
			return r;
		if (!is_new && was_requested && facts->requested)
			r = report_irq(inventory, changes, CHANGE_IRQ_RENAMED, irq);
		if (r < 0)
			return r;
	}
	refresh_queue(irq);
	refresh_ban(inventory, irq);
	/* a rule may name it by its action */
	if (inventory->rules.cpus.count > 0) {
		r = refresh_irq_home(inventory, irq, !is_new, changes);
		if (r < 0)
			return r;
	}

	if (is_new) {
		irq->arrival = look_brings_arrivals(look);
		return report_irq(inventory, changes, CHANGE_IRQ_ARRIVED, irq);
	}
	if (was_requested && !facts->requested) {
		irq->arrival = false;
		new_generation(inventory, irq);
		return report_irq(inventory, changes, CHANGE_IRQ_RELEASED, irq);
	}
	if (!was_requested && facts->requested) {
		new_generation(inventory, irq);
		irq->arrival = look_brings_arrivals(look);
		return report_irq(inventory, changes, CHANGE_IRQ_REQUESTED, irq);
	}
	if (!facts->requested)
		return 0;
	/* a line that others use too was not made anew because one of them came */
	if (look == LOOK_REMADE && !irq_is_shared(irq)) {
		new_generation(inventory, irq);
		irq->arrival = true;
		return report_irq(inventory, changes, CHANGE_IRQ_REMADE, irq);
	}
	if (look == LOOK_CPU_EVENT)
		irq_judge_after_cpu_event(inventory, irq, cpu_before, was_home, asked_differs);
	return asked_differs ? irq_moved(inventory, irq, look, changes) : 0;
}

static int irq_update(struct inventory *inventory, struct irq *irq, const struct irq_facts *facts,
		      enum look look, bool is_new, struct change_list *changes)
{
	int r = irq_update_record(inventory, irq, facts, look, is_new, changes);

	if (r == 0)
		irq_judge_by_rule(inventory, irq);
	return r;
}

static bool facts_are_sane(const struct irq_facts *facts)
{
	return facts->number < IRQ_NUMBER_LIMIT && facts->effective_cpu < (int) CPU_LIMIT &&
	       facts->actions;
}

/* --------------------------------------------------------------------------------------------------
 * devices */

/* By ifindex, so that it does not matter which one came first. */
static void device_add_netdev(struct device *device, struct netdev *netdev)
{
	struct list_link *before = &device->netdevs;

	while (before->previous != &device->netdevs &&
	       list_entry(before->previous, struct netdev, device_link)->ifindex > netdev->ifindex)
		before = before->previous;
	list_append(before, &netdev->device_link);
	netdev->device = device;
}

static int device_new(struct inventory *inventory, const struct pci_addr *addr,
		      struct device **ret_device)
{
	struct list_link *before = &inventory->devices;
	struct device *device;
	int r;

	device = calloc(1, sizeof(*device));
	if (!device)
		return -ENOMEM;
	device->addr = *addr;
	device->driver = strdup("");
	if (!device->driver) {
		free(device);
		return -ENOMEM;
	}
	list_init(&device->vectors);
	list_init(&device->netdevs);
	r = map_put(&inventory->devices_by_addr, pci_addr_key(addr), device);
	if (r < 0) {
		free(device->driver);
		free(device);
		return r;
	}
	/* most come in the order of their addresses: look from the end */
	while (before->previous != &inventory->devices &&
	       pci_addr_compare(&list_entry(before->previous, struct device, inventory_link)->addr,
				addr) > 0)
		before = before->previous;
	list_append(before, &device->inventory_link);
	inventory->device_count++;

	inventory_foreach_netdev(netdev, inventory) {
		if (netdev->has_device && pci_addr_equal(&netdev->addr, addr))
			device_add_netdev(device, netdev);
	}
	*ret_device = device;
	return 0;
}

static struct vector *device_find_vector(const struct device *device, unsigned int index)
{
	list_foreach(vector, &device->vectors, struct vector, device_link) {
		if (vector->index == index)
			return vector;
		if (vector->index > index)
			break;
	}
	return NULL;
}

static struct vector *device_find_vector_by_irq(const struct device *device, const struct irq *irq)
{
	list_foreach(vector, &irq->owners, struct vector, irq_link) {
		if (vector->device == device)
			return vector;
	}
	return NULL;
}

/* Owners by address, vectors by index: a record's place does not depend on who came first. */
static int vector_new(struct device *device, struct irq *irq, unsigned int index)
{
	struct list_link *before_vector = &device->vectors, *before_owner = &irq->owners;
	struct vector *vector;

	vector = calloc(1, sizeof(*vector));
	if (!vector)
		return -ENOMEM;
	vector->device = device;
	vector->irq = irq;
	vector->index = index;

	/* facts come in index order as a rule: look from the end */
	while (before_vector->previous != &device->vectors &&
	       list_entry(before_vector->previous, struct vector, device_link)->index > index)
		before_vector = before_vector->previous;
	list_append(before_vector, &vector->device_link);
	list_foreach(other, &irq->owners, struct vector, irq_link) {
		if (pci_addr_compare(&other->device->addr, &device->addr) > 0) {
			before_owner = &other->irq_link;
			break;
		}
	}
	list_append(before_owner, &vector->irq_link);
	device->vector_count++;
	return 0;
}

/* A number that others hold is taken from them: they lost it and we have not looked at them yet. */
static int irq_take_number(struct inventory *inventory, const struct irq_facts *facts,
			   struct change_list *changes)
{
	struct irq *irq = inventory_find_irq(inventory, facts->number);
	int r;

	if (!irq || (irq->type == IRQ_INTX && facts->type == IRQ_INTX))
		return 0;
	if (list_empty(&irq->owners)) {
		r = report_irq(inventory, changes, CHANGE_IRQ_GONE, irq);
		irq_remove(inventory, irq);
		return r;
	}
	while (irq) {
		r = vector_remove(inventory, list_entry(irq->owners.next, struct vector, irq_link),
				  changes);
		if (r < 0)
			return r;
		irq = inventory_find_irq(inventory, facts->number);
	}
	return 0;
}

static int device_put_vector(struct inventory *inventory, struct device *device,
			     const struct irq_facts *facts, enum look look,
			     struct change_list *changes)
{
	struct vector *vector = device_find_vector(device, facts->index);
	bool is_new = false;
	struct irq *irq;
	int r;

	if (vector && (vector->irq->number != facts->number || vector->irq->type != facts->type)) {
		r = vector_remove(inventory, vector, changes);
		if (r < 0)
			return r;
		vector = NULL;
	}
	if (vector)
		return irq_update(inventory, vector->irq, facts, look, false, changes);

	/* the number may have hung at another index of this device, or at another device */
	irq = inventory_find_irq(inventory, facts->number);
	if (irq && irq->type == IRQ_INTX && facts->type == IRQ_INTX &&
	    device_find_vector_by_irq(device, irq)) {
		r = vector_remove(inventory, device_find_vector_by_irq(device, irq), changes);
		if (r < 0)
			return r;
	}
	r = irq_take_number(inventory, facts, changes);
	if (r < 0)
		return r;
	irq = inventory_find_irq(inventory, facts->number);
	if (!irq) {
		r = irq_new(inventory, facts, &irq);
		if (r < 0)
			return r;
		is_new = true;
	}
	r = vector_new(device, irq, facts->index);
	if (r < 0) {
		if (is_new)
			irq_remove(inventory, irq);
		return r;
	}
	r = refresh_irq_home(inventory, irq, !is_new, changes);
	if (r < 0)
		return r;
	return irq_update(inventory, irq, facts, look, is_new, changes);
}

static int device_drop_missing_vectors(struct inventory *inventory, struct device *device,
				       const struct device_facts *facts,
				       struct change_list *changes)
{
	list_foreach_safe(vector, following, &device->vectors, struct vector, device_link) {
		bool there = false;
		int r;

		for (unsigned int i = 0; i < facts->irq_count && !there; i++)
			there = facts->irqs[i].index == vector->index;
		if (there)
			continue;
		r = vector_remove(inventory, vector, changes);
		if (r < 0)
			return r;
	}
	return 0;
}

/* No arrivals, but nothing that was learned of them holds any more. */
static void device_forget_vectors(struct inventory *inventory, struct device *device)
{
	list_foreach(vector, &device->vectors, struct vector, device_link) {
		if (!irq_is_shared(vector->irq))
			new_generation(inventory, vector->irq);
	}
}

static bool override_equal(const struct home_override *a, const struct home_override *b)
{
	return a->kind == b->kind && a->origin == b->origin && a->node == b->node &&
	       a->cpus == b->cpus && a->line == b->line;
}

int inventory_put_device(struct inventory *inventory, const struct device_facts *facts,
			 enum look look, struct change_list *ret_changes)
{
	struct device *device = inventory_find_device(inventory, &facts->addr);
	bool is_new = !device, other_driver, updated;
	int r;

	for (unsigned int i = 0; i < facts->irq_count; i++)
		if (!facts_are_sane(&facts->irqs[i]))
			return -EINVAL;

	if (is_new) {
		r = device_new(inventory, &facts->addr, &device);
		if (r < 0)
			return r;
	}
	other_driver = strcmp(device->driver, facts->driver) != 0;
	updated = other_driver || device->class != facts->class ||
		  device->vendor != facts->vendor || device->device != facts->device ||
		  device->ignored != facts->ignored || device->rps_wish != facts->rps_wish;
	if (other_driver) {
		r = replace_text(&device->driver, facts->driver);
		if (r < 0)
			return r;
	}
	device->class = facts->class;
	device->vendor = facts->vendor;
	device->device = facts->device;
	device->ignored = facts->ignored;
	device->rps_wish = facts->rps_wish;
	device->awaits_udevd = facts->awaits_udevd;
	device->node = facts->node;
	device->local_cpus = facts->local_cpus;
	device->node_from_parent = facts->node_from_parent;
	device->override = facts->override;
	if (is_new)
		r = report(inventory, ret_changes, CHANGE_DEVICE_ARRIVED, device, NULL, 0);
	else if (updated)
		r = report(inventory, ret_changes, CHANGE_DEVICE_UPDATED, device, NULL, 0);
	else
		r = 0;
	if (r < 0)
		return r;
	r = refresh_device_home(inventory, device, !is_new, ret_changes);
	if (r < 0)
		return r;

	r = device_drop_missing_vectors(inventory, device, facts, ret_changes);
	if (r < 0)
		return r;
	/* another driver means other vectors, whatever event told us */
	if (other_driver && !is_new && look_brings_arrivals(look))
		look = LOOK_REMADE;
	else if (other_driver && !is_new)
		device_forget_vectors(inventory, device);
	if (is_new || other_driver || look == LOOK_REMADE) {
		device->generation = ++inventory->generations;
		device->awaited_since_ms = 0;
	}
	for (unsigned int i = 0; i < facts->irq_count; i++) {
		r = device_put_vector(inventory, device, &facts->irqs[i], look, ret_changes);
		if (r < 0)
			return r;
	}
	/* until then what the reading before it said decides what a changed mask is */
	device->awaits_netdev = facts->awaits_netdev;
	return updated ? refresh_names(inventory, device, ret_changes) : 0;
}

int inventory_drop_device(struct inventory *inventory, const struct pci_addr *addr,
			  struct change_list *ret_changes)
{
	struct device *device = inventory_find_device(inventory, addr);
	int r;

	if (!device)
		return 0;
	list_foreach_safe(vector, following, &device->vectors, struct vector, device_link) {
		r = vector_remove(inventory, vector, ret_changes);
		if (r < 0)
			return r;
	}
	list_foreach_safe(netdev, after, &device->netdevs, struct netdev, device_link) {
		list_remove(&netdev->device_link);
		netdev->device = NULL;
	}
	r = report(inventory, ret_changes, CHANGE_DEVICE_GONE, device, NULL, 0);
	map_drop(&inventory->devices_by_addr, pci_addr_key(addr));
	list_remove(&device->inventory_link);
	inventory->device_count--;
	free(device->driver);
	free(device);
	return r;
}

int inventory_set_override(struct inventory *inventory, const struct pci_addr *addr,
			   const struct home_override *override, struct change_list *ret_changes)
{
	struct device *device = inventory_find_device(inventory, addr);

	if (!device)
		return -ENOENT;
	if (override_equal(&device->override, override))
		return 0;
	device->override = *override;
	return refresh_device_home(inventory, device, true, ret_changes);
}

int inventory_set_local_cpus(struct inventory *inventory, const struct pci_addr *addr, mask_id cpus,
			     struct change_list *ret_changes)
{
	struct device *device = inventory_find_device(inventory, addr);

	if (!device)
		return -ENOENT;
	device->local_cpus = cpus;
	return refresh_device_home(inventory, device, true, ret_changes);
}

/* --------------------------------------------------------------------------------------------------
 * single IRQs */

int inventory_put_irq(struct inventory *inventory, const struct irq_facts *facts, enum look look,
		      struct change_list *ret_changes)
{
	struct irq *irq = inventory_find_irq(inventory, facts->number);
	bool is_new = !irq;
	int r;

	if (!facts_are_sane(facts))
		return -EINVAL;
	if (is_new) {
		r = irq_new(inventory, facts, &irq);
		if (r < 0)
			return r;
		r = refresh_irq_home(inventory, irq, false, ret_changes);
		if (r < 0)
			return r;
	}
	return irq_update(inventory, irq, facts, look, is_new, ret_changes);
}

int inventory_drop_irq(struct inventory *inventory, unsigned int number,
		       struct change_list *ret_changes)
{
	struct irq *irq = inventory_find_irq(inventory, number);
	int r;

	if (!irq)
		return 0;
	if (list_empty(&irq->owners)) {
		r = report_irq(inventory, ret_changes, CHANGE_IRQ_GONE, irq);
		irq_remove(inventory, irq);
		return r;
	}
	while (irq) {
		r = vector_remove(inventory, list_entry(irq->owners.next, struct vector, irq_link),
				  ret_changes);
		if (r < 0)
			return r;
		irq = inventory_find_irq(inventory, number);
	}
	return 0;
}

void inventory_home(const struct inventory *inventory, const struct irq *irq,
		    struct cpumask *ret_cpus)
{
	mask_get(&inventory->masks, irq->home.cpus, ret_cpus);
}

void inventory_tidy_masks(struct inventory *inventory)
{
	struct mask_table *masks = &inventory->masks;

	if (!mask_sweep_is_due(masks))
		return;
	inventory_foreach_device(device, inventory) {
		mask_mark(masks, device->local_cpus);
		mask_mark(masks, device->override.cpus);
		mask_mark(masks, device->home.cpus);
	}
	inventory_foreach_netdev(netdev, inventory)
		mask_mark(masks, netdev->rps.cpus);
	inventory_foreach_irq(irq, inventory) {
		mask_mark(masks, irq->asked);
		mask_mark(masks, irq->home.cpus);
	}
	mask_sweep(masks);
}

void inventory_note_asked(struct inventory *inventory, struct irq *irq, unsigned int cpu)
{
	irq->asked = mask_of_cpu(cpu);
	inventory->version++;
}

void inventory_note_remade(struct inventory *inventory, struct irq *irq,
			   struct change_list *ret_changes)
{
	new_generation(inventory, irq);
	irq->arrival = true;
	(void) report_irq(inventory, ret_changes, CHANGE_IRQ_REMADE, irq);
}

/* --------------------------------------------------------------------------------------------------
 * network devices */

static int netdev_attach(struct inventory *inventory, struct netdev *netdev,
			 struct change_list *changes)
{
	struct device *device = netdev->has_device ? inventory_find_device(inventory, &netdev->addr)
						   : NULL;
	struct device *before = netdev->device;

	if (device == before)
		return 0;
	list_remove(&netdev->device_link);
	netdev->device = NULL;
	if (device)
		device_add_netdev(device, netdev);
	return before ? refresh_names(inventory, before, changes) : 0;
}

static int netdev_new(struct inventory *inventory, int ifindex, struct netdev **ret_netdev)
{
	struct list_link *before = &inventory->netdevs;
	struct netdev *netdev = calloc(1, sizeof(*netdev));

	if (!netdev)
		return -ENOMEM;
	netdev->ifindex = ifindex;
	while (before->previous != &inventory->netdevs &&
	       list_entry(before->previous, struct netdev, inventory_link)->ifindex > ifindex)
		before = before->previous;
	list_append(before, &netdev->inventory_link);
	inventory->netdev_count++;
	*ret_netdev = netdev;
	return 0;
}

static bool queues_equal(const struct netdev *netdev, const struct netdev_facts *facts)
{
	if (netdev->rx_queues != facts->rx_queues || netdev->tx_queues != facts->tx_queues ||
	    netdev->queue_count != facts->queue_count)
		return false;
	for (unsigned int i = 0; i < facts->queue_count; i++)
		if (netdev->queues[i].kind != facts->queues[i].kind ||
		    netdev->queues[i].index != facts->queues[i].index ||
		    netdev->queues[i].irq != facts->queues[i].irq)
			return false;
	return true;
}

static int netdev_set_queues(struct netdev *netdev, const struct netdev_facts *facts)
{
	struct queue_facts *queues = NULL;

	if (facts->queue_count) {
		queues = malloc(facts->queue_count * sizeof(queues[0]));
		if (!queues)
			return -ENOMEM;
		memcpy(queues, facts->queues, facts->queue_count * sizeof(queues[0]));
	}
	free(netdev->queues);
	netdev->queues = queues;
	netdev->queue_count = facts->queue_count;
	netdev->rx_queues = facts->rx_queues;
	netdev->tx_queues = facts->tx_queues;
	return 0;
}

int inventory_put_netdev(struct inventory *inventory, const struct netdev_facts *facts,
			 struct change_list *ret_changes)
{
	struct netdev *netdev = inventory_find_netdev(inventory, facts->ifindex);
	struct netdev *namesake = inventory_find_netdev_by_name(inventory, facts->name);
	bool is_new = !netdev, renamed, requeued, linked;
	const struct device *device_before;
	int r;

	if (facts->ifindex <= 0 || !facts->name[0])
		return -EINVAL;
	if (namesake && namesake != netdev) {
		/* names are unique: the other one is gone or renamed, and we have not looked yet */
		r = inventory_drop_netdev(inventory, namesake->ifindex, ret_changes);
		if (r < 0)
			return r;
	}
	if (is_new) {
		r = netdev_new(inventory, facts->ifindex, &netdev);
		if (r < 0)
			return r;
	}
	renamed = strcmp(netdev->name, facts->name) != 0;
	requeued = !queues_equal(netdev, facts);
	linked = netdev->up != facts->up;
	if (requeued) {
		r = netdev_set_queues(netdev, facts);
		if (r < 0)
			return r;
	}
	memcpy(netdev->name, facts->name, sizeof(netdev->name));
	netdev->up = facts->up;
	netdev->awaits_udevd = facts->awaits_udevd;
	netdev->queues_asked = facts->queues_asked;
	netdev->has_device = facts->has_device;
	netdev->addr = facts->has_device ? facts->addr : (struct pci_addr){ 0 };
	device_before = netdev->device;
	r = netdev_attach(inventory, netdev, ret_changes);
	if (r == 0 && netdev->device && (renamed || requeued || netdev->device != device_before))
		r = refresh_names(inventory, netdev->device, ret_changes);
	if (r < 0)
		return r;

	if (is_new)
		return report_netdev(inventory, ret_changes, CHANGE_NETDEV_ARRIVED, netdev);
	if (renamed)
		r = report_netdev(inventory, ret_changes, CHANGE_NETDEV_RENAMED, netdev);
	if (requeued && r == 0)
		r = report_netdev(inventory, ret_changes, CHANGE_NETDEV_QUEUES, netdev);
	if (linked && r == 0)
		r = report_netdev(inventory, ret_changes, CHANGE_NETDEV_LINK, netdev);
	return r;
}

int inventory_drop_netdev(struct inventory *inventory, int ifindex, struct change_list *ret_changes)
{
	struct netdev *netdev = inventory_find_netdev(inventory, ifindex);
	struct device *device;
	int r;

	if (!netdev)
		return 0;
	device = netdev->device;
	r = report_netdev(inventory, ret_changes, CHANGE_NETDEV_GONE, netdev);
	netdev_free(netdev);
	inventory->netdev_count--;
	if (r == 0 && device)
		r = refresh_names(inventory, device, ret_changes);
	return r;
}
