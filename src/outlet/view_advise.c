/*
 * Where a program that uses a device should run: near to it, and not where interrupts or others
 * take the time. Only said: programs are never moved.
 */
#include <errno.h>

#include "irqherd/outlet/target.h"
#include "irqherd/outlet/words.h"
#include "view_parts.h"

#define SERVING_FROM_PPM (PPM / 4)  /* interrupts: a CPU that has to serve them first */
#define STOLEN_FROM_PPM  (PPM / 10) /* by a hypervisor */
#define BUSY_FROM_PPM    (PPM / 5 * 4)
#define ROOM_WANTED_PPM  (PPM / 2) /* half a CPU: less is no place for a program */

static uint32_t used_ppm(const struct cpu_load *load)
{
	uint64_t used = (uint64_t) load->irq_ppm + load->busy_ppm + load->steal_ppm;

	return used < PPM ? (uint32_t) used : PPM;
}

/* NULL: nothing speaks against it. */
static const char *why_not(const struct view *view, int cpu)
{
	const struct load *measured = valid_load(view);
	const struct cpu_load *load = measured ? load_cpu(measured, cpu) : NULL;

	if (cpumask_test(&view->inventory->topology.isolated, cpu))
		return "isolated, kept for other work";
	if (!load)
		return NULL;
	if (load->steal_ppm >= STOLEN_FROM_PPM)
		return "the hypervisor takes much of its time";
	if (load->irq_ppm >= SERVING_FROM_PPM)
		return "busy with interrupts";
	return used_ppm(load) >= BUSY_FROM_PPM ? "busy with programs" : NULL;
}

static struct cpumask good_cpus(const struct view *view, const struct cpumask *among)
{
	struct cpumask cpus = CPUMASK_NONE;

	cpumask_foreach(cpu, among) {
		if (!why_not(view, cpu))
			cpumask_set(&cpus, (unsigned int) cpu);
	}
	return cpus;
}

/* In all: of CPUs that were not measured, nothing is known to be used. */
static uint64_t room_of(const struct view *view, const struct cpumask *cpus)
{
	const struct load *measured = valid_load(view);
	uint64_t room = 0;

	cpumask_foreach(cpu, cpus) {
		const struct cpu_load *load = measured ? load_cpu(measured, cpu) : NULL;

		room += load ? PPM - used_ppm(load) : PPM;
	}
	return room;
}

static struct cpumask online_of(const struct view *view, const struct node *node)
{
	return cpumask_and(&node->cpus, &view->inventory->topology.online);
}

/* The device's node; programs may also use CPUs there that interrupts may not. Without a node, its
 * home. */
static struct cpumask near_cpus(const struct view *view, const struct device *device)
{
	const struct topology *topology = &view->inventory->topology;
	const struct node *node = topology_find_node(topology, device->home.node);
	struct cpumask cpus;

	if (node && !cpumask_empty(&node->cpus))
		return online_of(view, node);
	mask_get(&view->inventory->masks, device->home.cpus, &cpus);
	return cpumask_and(&cpus, &topology->online);
}

/* The nearest node with room for a program, the first of equals; NULL: none. */
static const struct node *node_with_room(const struct view *view, int from)
{
	const struct topology *topology = &view->inventory->topology;
	const struct node *best = NULL;

	for (unsigned int i = 0; i < topology->node_count; i++) {
		const struct node *node = &topology->nodes[i];
		struct cpumask cpus = online_of(view, node);

		cpus = good_cpus(view, &cpus);
		if (cpumask_empty(&cpus) || room_of(view, &cpus) < ROOM_WANTED_PPM)
			continue;
		if (!best || topology_distance(topology, from, node->number) <
				     topology_distance(topology, from, best->number))
			best = node;
	}
	return best;
}

static json_t *make_serving(struct maker *maker, const struct device *device)
{
	struct cpumask cpus = CPUMASK_NONE;
	json_t *object = make_object(maker);
	json_t *text;

	list_foreach(vector, &device->vectors, struct vector, device_link)
		if (vector->irq->requested && vector->irq->effective_cpu != CPU_NONE)
			cpumask_set(&cpus, (unsigned int) vector->irq->effective_cpu);
	put_cpus(maker, object, "cpus", &cpus);
	text = json_incref(json_object_get(object, "cpus"));
	json_decref(object);
	return text;
}

static json_t *make_avoid(struct maker *maker, const struct cpumask *cpus)
{
	json_t *avoid = make_array(maker);

	cpumask_foreach(cpu, cpus) {
		const char *why = why_not(maker->view, cpu);
		json_t *one;

		if (!why)
			continue;
		one = make_object(maker);
		put_int(maker, one, "cpu", cpu);
		put_text(maker, one, "why", why);
		add(maker, avoid, one);
	}
	return avoid;
}

static json_t *make_rooms(struct maker *maker, const struct device *device)
{
	const struct topology *topology = &maker->view->inventory->topology;
	json_t *rooms = make_array(maker);

	for (unsigned int i = 0; i < topology->node_count; i++) {
		const struct node *node = &topology->nodes[i];
		struct cpumask cpus = online_of(maker->view, node);
		json_t *room;

		if (cpumask_empty(&cpus))
			continue;
		room = make_object(maker);
		put_int(maker, room, "node", node->number);
		if (device->home.node != NODE_NONE)
			put_int(maker, room, "distance",
				topology_distance(topology, device->home.node, node->number));
		put_cpus(maker, room, "cpus", &cpus);
		if (valid_load(maker->view))
			put_int(maker, room, "room_ppm", (json_int_t) room_of(maker->view, &cpus));
		add(maker, rooms, room);
	}
	return rooms;
}

static void add_commands(struct maker *maker, json_t *commands, const struct cpumask *cpus,
			 int node)
{
	char list[CPULIST_TEXT];

	(void) cpulist_format(cpus, list, sizeof(list));
	if (node != NODE_NONE)
		add_printf(maker, commands, "numactl --physcpubind=%s --preferred=%d PROGRAM", list,
			   node);
	else
		add_printf(maker, commands, "numactl --physcpubind=%s PROGRAM", list);
	add_printf(maker, commands, "taskset --cpu-list %s PROGRAM", list);
	add_printf(maker, commands, "taskset --all-tasks --cpu-list --pid %s PID", list);
}

/* The lines of a drop-in: /etc/systemd/system/UNIT.d/cpus.conf */
static void add_drop_in(struct maker *maker, json_t *lines, const struct cpumask *cpus, int node)
{
	char list[CPULIST_TEXT];

	(void) cpulist_format(cpus, list, sizeof(list));
	add_words(maker, lines, "[Service]");
	add_printf(maker, lines, "CPUAffinity=%s", list);
	if (node != NODE_NONE) {
		add_words(maker, lines, "NUMAPolicy=preferred");
		add_printf(maker, lines, "NUMAMask=%d", node);
	}
}

static void add_reasons(struct maker *maker, json_t *words, const struct device *device, int node)
{
	const struct view *view = maker->view;
	const struct node *home = topology_find_node(&view->inventory->topology, device->home.node);

	if (device->home.node == NODE_NONE && view->inventory->topology.node_count > 1)
		add_words(maker, words,
			  "Nobody knows which node this device is near to: a proximity file or "
			  "IRQHERD_NODE can say it.");
	else if (device->home.node == NODE_NONE || view->inventory->topology.node_count < 2)
		add_words(maker, words,
			  "This machine has one node, or shows no more: all its CPUs are as near.");
	else if (!home)
		add_printf(maker, words, "Its node %d is not there now.", device->home.node);
	else if (cpumask_empty(&home->cpus))
		add_printf(maker, words, "Its node %d has memory only; the nearest CPUs are meant.",
			   device->home.node);
	else if (node != device->home.node)
		add_printf(
			maker, words,
			"Node %d is its own, but has no room now; node %d is the nearest that has.",
			device->home.node, node);
	else
		add_printf(maker, words,
			   "Node %d is its own: interrupts, packets and buffers stay there.", node);
	if (!valid_load(view))
		add_words(maker, words, "Loads were not measured, so only distances count here.");
}

static json_t *make_advice(struct maker *maker, const struct device *device)
{
	const struct view *view = maker->view;
	struct cpumask near = near_cpus(view, device), cpus = good_cpus(view, &near);
	json_t *advice = make_object(maker), *list;
	char addr[PCI_ADDR_TEXT];
	int node = device->home.node;

	if (room_of(view, &cpus) < ROOM_WANTED_PPM) {
		const struct node *other = node_with_room(view, node);
		struct cpumask others = CPUMASK_NONE;

		if (other) {
			others = online_of(view, other);
			others = good_cpus(view, &others);
			node = other->number;
			cpus = others;
		} else if (cpumask_empty(&cpus)) {
			cpus = near;
		}
	}

	put_text(maker, advice, "device", pci_addr_format(&device->addr, addr));
	list = make_array(maker);
	list_foreach(netdev, &device->netdevs, struct netdev, device_link)
		add_words(maker, list, netdev->name);
	put(maker, advice, "netdevs", list);
	put(maker, advice, "home", make_home(maker, &device->home));
	put_known(maker, advice, "node", node);
	put_cpus(maker, advice, "cpus", &cpus);
	put(maker, advice, "serving", make_serving(maker, device));
	put(maker, advice, "avoid", make_avoid(maker, &near));
	put(maker, advice, "nodes", make_rooms(maker, device));

	list = make_array(maker);
	add_commands(maker, list, &cpus, node);
	put(maker, advice, "commands", list);
	list = make_array(maker);
	add_drop_in(maker, list, &cpus, node);
	put(maker, advice, "drop_in", list);
	list = make_array(maker);
	add_reasons(maker, list, device, node);
	put(maker, advice, "words", list);
	return advice;
}

json_t *view_advise(const struct view *view, const char *target, int *ret_error)
{
	struct target found = target_find(view->inventory, target);
	struct maker maker = { .view = view };
	const struct device *device = NULL;
	json_t *answer;

	*ret_error = 0;
	if (found.kind == TARGET_DEVICE)
		device = found.device;
	else if (found.kind == TARGET_IRQ)
		device = irq_device(found.irq);
	if (!device) {
		*ret_error = -ENOENT;
		return NULL;
	}
	answer = make_object(&maker);
	put(&maker, answer, "advice", make_advice(&maker, device));
	return maker_finish(&maker, answer);
}
