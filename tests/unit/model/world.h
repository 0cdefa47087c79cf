/*
 * A small machine told to an inventory by facts, for the tests of the model: four nodes at most,
 * devices with any vectors, and the changes as one line of text.
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/model/inventory.h"

#define VECTORS_MAX 64u

struct world {
	struct inventory inventory;
	struct change_list changes;
	unsigned int nodes; /* of the topology that world_cpus makes */
	unsigned int cpus_a_node;
	char text[4096]; /* of world_changes */
};

static inline struct cpumask cpus(const char *list)
{
	struct cpumask mask;

	assert_int_equal(cpulist_parse(list, &mask), 0);
	return mask;
}

static inline mask_id world_mask(struct world *world, const char *list)
{
	struct cpumask mask = cpus(list);
	mask_id id;

	assert_int_equal(mask_intern(&world->inventory.masks, &mask, &id), 0);
	return id;
}

static inline struct pci_addr addr_of(const char *text)
{
	struct pci_addr addr;

	assert_int_equal(pci_addr_parse(text, &addr), 0);
	return addr;
}

/*
 * CPUs node by node, nodes in a row with 10, 20, 30 … between them; as the kernel does it, a node
 * shows its online CPUs only, and offline CPUs have no topology.
 */
static inline struct topology topology_of(unsigned int nodes, unsigned int cpus_a_node,
					  const char *online, const char *isolated)
{
	unsigned int count = nodes * cpus_a_node;
	struct topology topology = TOPOLOGY_INIT;

	topology.possible = topology.present = cpumask_range(0, count - 1);
	topology.online = cpus(online);
	topology.isolated = cpus(isolated);
	topology.cpu_count = count;
	topology.node_count = nodes;
	topology.cpus = calloc(count, sizeof(topology.cpus[0]));
	topology.nodes = calloc(nodes, sizeof(topology.nodes[0]));
	assert_non_null(topology.cpus);
	assert_non_null(topology.nodes);

	for (unsigned int i = 0; i < count; i++) {
		bool on = cpumask_test(&topology.online, (int) i);
		int16_t first = (int16_t) (i / cpus_a_node * cpus_a_node);

		topology.cpus[i] = (struct cpu){
			.node = (int16_t) (on ? (int) (i / cpus_a_node) : NODE_NONE),
			.core = (int16_t) (on ? (int) i : CPU_NONE),
			.llc = on ? first : CPU_NONE,
			.package = on ? first : CPU_NONE,
			.first_thread = true,
		};
	}
	for (unsigned int i = 0; i < nodes; i++) {
		struct node *node = &topology.nodes[i];
		struct cpumask all = cpumask_range(i * cpus_a_node, (i + 1) * cpus_a_node - 1);

		node->number = (int) i;
		node->cpus = cpumask_and(&all, &topology.online);
		node->distances = calloc(nodes, 1);
		assert_non_null(node->distances);
		for (unsigned int k = 0; k < nodes; k++)
			node->distances[k] = (uint8_t) (10 + 10 * (i > k ? i - k : k - i));
	}
	return topology;
}

static inline void world_cpus(struct world *world, const char *online, const char *isolated)
{
	struct topology topology = topology_of(world->nodes, world->cpus_a_node, online, isolated);

	assert_int_equal(inventory_put_topology(&world->inventory, &topology, &world->changes), 0);
}

static inline int world_setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world || inventory_init(&world->inventory) < 0)
		return -1;
	world->nodes = 2;
	world->cpus_a_node = 4;
	world_cpus(world, "0-7", "");
	change_list_reset(&world->changes);
	*state = world;
	return 0;
}

static inline int world_teardown(void **state)
{
	struct world *world = *state;

	inventory_deinit(&world->inventory);
	change_list_deinit(&world->changes);
	free(world);
	return 0;
}

#define world_test(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

/* What changed since the last question, e.g. "irq-arrived 0000:3b:00.0 40.0; cpu-offline 3". */
static inline const char *world_changes(struct world *world)
{
	size_t length = 0;

	world->text[0] = '\0';
	for (size_t i = 0; i < world->changes.count; i++) {
		const struct change *change = &world->changes.items[i];
		char addr[PCI_ADDR_TEXT] = "", object[64] = "";

		if (change->has_device)
			(void) pci_addr_format(&change->addr, addr);
		if (strncmp(change_kind_name(change->kind), "irq", 3) == 0)
			(void) snprintf(object, sizeof(object), "%u.%u", change->irq,
					change->index);
		else if (strncmp(change_kind_name(change->kind), "netdev", 6) == 0)
			(void) snprintf(object, sizeof(object), "%d", change->ifindex);
		else if (strncmp(change_kind_name(change->kind), "cpu", 3) == 0)
			(void) snprintf(object, sizeof(object), "%d", change->cpu);
		length += (size_t) snprintf(world->text + length, sizeof(world->text) - length,
					    "%s%s%s%s%s%s", i ? "; " : "",
					    change_kind_name(change->kind), addr[0] ? " " : "",
					    addr, object[0] ? " " : "", object);
		assert_true(length < sizeof(world->text));
	}
	change_list_reset(&world->changes);
	return world->text;
}

/* Facts of one vector; a number of 0 ends a list of them. */
struct vector_spec {
	unsigned int number;
	unsigned int index;
	const char *actions; /* NULL: not requested */
	const char *asked;   /* CPU list; NULL: 0-7 */
	int effective;       /* CPU number + 1; 0: unknown */
	enum irq_type type;  /* IRQ_OTHER (0) stands for IRQ_MSIX in a device */
	bool managed;
};

struct device_spec {
	const char *addr;
	const char *driver;      /* NULL: "drv" */
	uint16_t vendor, device; /* 0: 8086:1572 */
	int node;
	const char *local; /* CPU list; NULL: no such file */
	bool ignored;
	bool awaits_netdev;
	struct vector_spec vectors[VECTORS_MAX];
};

static inline struct irq_facts irq_facts_of(struct world *world, const struct vector_spec *spec)
{
	return (struct irq_facts){
		.number = spec->number,
		.index = spec->index,
		.type = spec->type,
		.requested = spec->actions != NULL,
		.managed = spec->managed,
		.actions = spec->actions ? spec->actions : "",
		.asked = spec->actions ? world_mask(world, spec->asked ? spec->asked : "0-7")
				       : MASK_NONE,
		.effective_cpu = spec->effective - 1,
		.node = NODE_NONE,
	};
}

static inline int world_try_device(struct world *world, const struct device_spec *spec,
				   enum look look, const struct home_override *override)
{
	struct irq_facts irqs[VECTORS_MAX];
	struct device_facts facts = {
		.addr = addr_of(spec->addr),
		.class = 0x020000,
		.vendor = spec->vendor ? spec->vendor : 0x8086,
		.device = spec->device ? spec->device : 0x1572,
		.driver = spec->driver ? spec->driver : "drv",
		.node = spec->node,
		.local_cpus = spec->local ? world_mask(world, spec->local) : MASK_NONE,
		.ignored = spec->ignored,
		.awaits_netdev = spec->awaits_netdev,
		.irqs = irqs,
	};

	if (override)
		facts.override = *override;
	for (const struct vector_spec *vector = spec->vectors; vector->number; vector++) {
		struct irq_facts *irq = &irqs[facts.irq_count++];

		*irq = irq_facts_of(world, vector);
		if (irq->type == IRQ_OTHER)
			irq->type = IRQ_MSIX;
	}
	return inventory_put_device(&world->inventory, &facts, look, &world->changes);
}

static inline void world_device(struct world *world, const struct device_spec *spec, enum look look)
{
	assert_int_equal(world_try_device(world, spec, look, NULL), 0);
}

static inline void world_drop(struct world *world, const char *addr)
{
	struct pci_addr parsed = addr_of(addr);

	assert_int_equal(inventory_drop_device(&world->inventory, &parsed, &world->changes), 0);
}

static inline void world_irq(struct world *world, const struct vector_spec *spec, enum look look)
{
	struct irq_facts facts = irq_facts_of(world, spec);

	assert_int_equal(inventory_put_irq(&world->inventory, &facts, look, &world->changes), 0);
}

struct netdev_spec {
	int ifindex;
	const char *name;
	const char *addr; /* NULL: virtual */
	bool up;
	bool awaits_udevd;
	unsigned int queues; /* rx and tx folders */
	const struct queue_facts *told;
	unsigned int told_count;
};

static inline int world_try_netdev(struct world *world, const struct netdev_spec *spec)
{
	struct netdev_facts facts = {
		.ifindex = spec->ifindex,
		.up = spec->up,
		.awaits_udevd = spec->awaits_udevd,
		.has_device = spec->addr != NULL,
		.rx_queues = spec->queues,
		.tx_queues = spec->queues,
		.queues = spec->told,
		.queue_count = spec->told_count,
	};

	if (spec->addr)
		facts.addr = addr_of(spec->addr);
	(void) snprintf(facts.name, sizeof(facts.name), "%s", spec->name);
	return inventory_put_netdev(&world->inventory, &facts, &world->changes);
}

static inline void world_netdev(struct world *world, const struct netdev_spec *spec)
{
	assert_int_equal(world_try_netdev(world, spec), 0);
}

static inline struct device *world_find(const struct world *world, const char *addr)
{
	struct pci_addr parsed = addr_of(addr);
	struct device *device = inventory_find_device(&world->inventory, &parsed);

	assert_non_null(device);
	return device;
}

static inline struct irq *world_find_irq(const struct world *world, unsigned int number)
{
	struct irq *irq = inventory_find_irq(&world->inventory, number);

	assert_non_null(irq);
	return irq;
}

#define assert_mask(world, id, list)                                 \
	do {                                                         \
		struct cpumask mask_;                                \
		char text_[CPULIST_TEXT];                            \
                                                                     \
		mask_get(&(world)->inventory.masks, (id), &mask_);   \
		(void) cpulist_format(&mask_, text_, sizeof(text_)); \
		assert_string_equal(text_, (list));                  \
	} while (0)

#define assert_changes(world, wanted) assert_string_equal(world_changes(world), (wanted))
