/*
 * A machine made of facts, for tests of the balancer: CPUs in nodes of equal size, IRQs each with a
 * device of its own, NICs with many; and a load that the test sets by hand. Header-only: a test is
 * one file.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/balance/choose.h"
#include "irqherd/balance/cpus.h"
#include "irqherd/balance/load.h"
#include "irqherd/balance/place.h"
#include "irqherd/balance/plan.h"
#include "irqherd/balance/settle.h"
#include "irqherd/base/macro.h"

#define MACHINE_IRQS    8192u
#define POINTS(percent) ((uint32_t) ((percent) *10000.0 + 0.5))
#define START_MS        1000000u

struct machine {
	struct inventory inventory;
	struct load load;
	struct policy policy;
	struct cpu_table table;
	struct plan plan;
	struct rng rng;
	uint64_t now_ms;
	unsigned int cpus;
	unsigned int per_node;
};

static inline struct snapshot machine_snapshot(const struct machine *m)
{
	return (struct snapshot){ .now_ms = m->now_ms,
				  .inventory = &m->inventory,
				  .load = &m->load };
}

/* online: CPUs that are there; threads: CPUs per core, with neighbouring numbers. */
static inline void machine_set_topology(struct machine *m, const struct cpumask *online,
					const struct cpumask *isolated, unsigned int threads)
{
	struct topology topology = TOPOLOGY_INIT;
	unsigned int nodes = m->cpus / m->per_node;

	topology.cpus = calloc(m->cpus, sizeof(topology.cpus[0]));
	topology.nodes = calloc(nodes, sizeof(topology.nodes[0]));
	assert_non_null(topology.cpus);
	assert_non_null(topology.nodes);
	topology.cpu_count = m->cpus;
	topology.node_count = nodes;
	topology.possible = topology.present = cpumask_range(0, m->cpus - 1);
	topology.online = *online;
	topology.isolated = *isolated;
	for (unsigned int i = 0; i < m->cpus; i++) {
		topology.cpus[i].node = (int16_t) (i / m->per_node);
		topology.cpus[i].core = (int16_t) (i / threads * threads);
		topology.cpus[i].llc = (int16_t) (i / m->per_node * m->per_node);
		topology.cpus[i].package = topology.cpus[i].llc;
		topology.cpus[i].first_thread = i % threads == 0;
	}
	for (unsigned int i = 0; i < nodes; i++) {
		struct node *node = &topology.nodes[i];
		struct cpumask cpus = cpumask_range(i * m->per_node,
						    i * m->per_node + m->per_node - 1);

		node->number = (int) i;
		node->cpus = cpumask_and(&cpus, online);
		node->distances = calloc(nodes, 1);
		assert_non_null(node->distances);
		/* a line of nodes: neighbours are nearer */
		for (unsigned int j = 0; j < nodes; j++)
			node->distances[j] = (uint8_t) (10 + 10 * (i > j ? i - j : j - i));
	}
	assert_int_equal(inventory_put_topology(&m->inventory, &topology, NULL), 0);
}

static inline void machine_init(struct machine *m, unsigned int cpus, unsigned int per_node,
				unsigned int threads)
{
	struct cpumask online = cpumask_range(0, cpus - 1), isolated = CPUMASK_NONE;

	memset(m, 0, sizeof(*m));
	m->table = CPU_TABLE_INIT;
	m->plan = PLAN_INIT;
	m->rng.state = 42;
	m->now_ms = START_MS;
	m->cpus = cpus;
	m->per_node = per_node;
	m->policy = (struct policy){ .threshold_ppm = POINTS(99),
				     .load_limit_ppm = POINTS(95),
				     .choice = CHOICE_RANDOM,
				     .all_threads = true,
				     .spread_arrivals = true,
				     .cooldown_ms = 30000,
				     .move_budget = 64,
				     .external_ms = 600000,
				     .allowed = cpumask_range(0, CPU_LIMIT - 1) };
	assert_int_equal(inventory_init(&m->inventory), 0);
	machine_set_topology(m, &online, &isolated, threads);

	m->load.cpus = calloc(cpus, sizeof(m->load.cpus[0]));
	m->load.irq_counts = calloc(MACHINE_IRQS, sizeof(m->load.irq_counts[0]));
	assert_non_null(m->load.cpus);
	assert_non_null(m->load.irq_counts);
	m->load.cpu_count = m->load.cpu_size = cpus;
	m->load.irq_slots = m->load.irq_size = MACHINE_IRQS;
	m->load.interval_ms = 2000;
	m->load.valid = true;
	for (unsigned int i = 0; i < cpus; i++)
		m->load.cpus[i].valid = true;
}

static inline void machine_deinit(struct machine *m)
{
	plan_deinit(&m->plan);
	cpu_table_deinit(&m->table);
	load_deinit(&m->load);
	inventory_deinit(&m->inventory);
}

static inline void machine_set_load(struct machine *m, int cpu, double percent)
{
	m->load.cpus[cpu] = (struct cpu_load){ .load_ppm = POINTS(percent),
					       .irq_ppm = POINTS(percent),
					       .valid = true };
}

static inline struct cpumask mask_of_bits(uint64_t bits)
{
	struct cpumask mask = CPUMASK_NONE;

	mask.bits[0] = bits;
	return mask;
}

static inline mask_id machine_mask(struct machine *m, const struct cpumask *mask)
{
	mask_id id;

	assert_int_equal(mask_intern(&m->inventory.masks, mask, &id), 0);
	return id;
}

#define MACHINE_ALL_NODES NODE_NONE

/*
 * A device at 0000:<slot>:00.0 on that node with IRQs first, first + 1, …, all asked for CPU
 * fires[i] and firing there; -1: asked for all CPUs, and firing nobody knows where. Names are those
 * of queues if `queues`.
 */
static inline void machine_put_nic(struct machine *m, unsigned int slot, int node,
				   unsigned int first, const int *fires, unsigned int count,
				   bool queues, enum look look)
{
	struct irq_facts *irqs = calloc(count, sizeof(irqs[0]));
	char(*names)[32] = calloc(count, sizeof(names[0]));
	struct cpumask all = cpumask_range(0, m->cpus - 1), local;
	struct device_facts facts = { .addr = { .domain = slot / 256, .bus = (uint8_t) slot },
				      .class = 0x020000,
				      .driver = "nic",
				      .node = node,
				      .irqs = irqs,
				      .irq_count = count };

	assert_non_null(irqs);
	assert_non_null(names);
	local = node == NODE_NONE ? all
				  : cpumask_range((unsigned int) node * m->per_node,
						  (unsigned int) (node + 1) * m->per_node - 1);
	facts.local_cpus = machine_mask(m, &local);
	for (unsigned int i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), queues ? "nic%u-TxRx-%u" : "nic%u:misc%c",
			 slot, queues ? i : 'a' + i % 26);
		irqs[i] = (struct irq_facts){
			.number = first + i,
			.index = i,
			.type = IRQ_MSIX,
			.requested = true,
			.actions = names[i],
			.asked = fires[i] < 0 ? machine_mask(m, &all)
					      : mask_of_cpu((unsigned int) fires[i]),
			.effective_cpu = fires[i] < 0 ? CPU_NONE : fires[i],
			.node = NODE_NONE
		};
	}
	assert_int_equal(inventory_put_device(&m->inventory, &facts, look, NULL), 0);
	free(names);
	free(irqs);
}

/* An IRQ with a device of its own, at home on that node, firing on cpu, with that count. */
static inline struct irq *machine_put_irq(struct machine *m, unsigned int number, int node, int cpu,
					  uint32_t count)
{
	machine_put_nic(m, number, node, number, &cpu, 1, false, LOOK_START);
	m->load.irq_counts[number] = count;
	return inventory_find_irq(&m->inventory, number);
}

static inline struct irq *machine_irq(const struct machine *m, unsigned int number)
{
	struct irq *irq = inventory_find_irq(&m->inventory, number);

	assert_non_null(irq);
	return irq;
}

static inline void machine_fill(struct machine *m)
{
	struct snapshot now = machine_snapshot(m);

	assert_int_equal(cpu_table_fill(&m->table, &now, &m->policy), 0);
}

static inline void machine_plan(struct machine *m)
{
	struct snapshot now = machine_snapshot(m);

	assert_int_equal(balance_plan(&now, &m->policy, &m->table, &m->rng, &m->plan), 0);
}

static inline void machine_arrivals(struct machine *m)
{
	struct snapshot now = machine_snapshot(m);

	assert_int_equal(balance_arrivals(&now, &m->policy, &m->table, &m->plan), 0);
}

/* The kernel takes the move, and the IRQ fires on its target from now on. */
static inline void machine_apply(struct machine *m, const struct move *move)
{
	struct irq *irq = machine_irq(m, move->irq);

	settle_applied(&m->inventory, irq, move, &m->policy, m->now_ms);
}

/* A round passes: every watched IRQ is looked at, and fires where it was asked to. */
static inline void machine_settle(struct machine *m)
{
	inventory_foreach_irq(irq, &m->inventory) {
		int single = mask_single(irq->asked);

		if (settle_is_watching(irq))
			(void) settle_observe(&m->inventory, irq, irq->asked,
					      single == CPU_NONE ? irq->effective_cpu : single,
					      &m->load, &m->policy, m->now_ms);
	}
}

static inline const struct move *machine_move_of(const struct machine *m, unsigned int number)
{
	for (size_t i = 0; i < m->plan.count; i++)
		if (m->plan.moves[i].irq == number)
			return &m->plan.moves[i];
	return NULL;
}

static inline void assert_move(const struct machine *m, unsigned int number, int to_cpu,
			       enum move_reason reason)
{
	const struct move *move = machine_move_of(m, number);

	if (!move)
		fail_msg("IRQ %u was not moved", number);
	assert_int_equal(move->to_cpu, to_cpu);
	assert_string_equal(move_reason_name(move->reason), move_reason_name(reason));
}
