#include "irqherd/balance/relief.h"

#include "irqherd/balance/candidate.h"
#include "irqherd/balance/cost.h"

#ifndef P_LEVEL
#define P_LEVEL 75
#endif
#ifndef P_GOAL
#define P_GOAL 70
#endif
#ifndef P_GAIN
#define P_GAIN 10
#endif
#include <stdlib.h>
static uint32_t par(const char *n, uint32_t d) { const char *e = getenv(n); return e ? (uint32_t) atoi(e) : d; }
/* From here on a CPU is relieved if that is worth it. */
#define LEVEL_PPM (PPM / 100 * par("P_LEVEL", P_LEVEL))
/* A full one is relieved down to this. */
#define GOAL_PPM (PPM / 100 * par("P_GOAL", P_GOAL))
#define GAIN_PPM (PPM / 100 * par("P_GAIN", P_GAIN))

static void unchain(struct cpu_table *table, const struct irq *irq)
{
	struct cpu_row *row = cpu_table_row(table, cost_cpu(irq));
	int *link;

	if (!row)
		return;
	for (link = &row->first_irq; *link >= 0; link = &table->next_irq[*link])
		if (*link == (int) irq->number) {
			*link = table->next_irq[irq->number];
			return;
		}
}

static void chain(struct cpu_table *table, const struct inventory *inventory, const struct plan *plan)
{
	if (table->chained)
		return;
	for (unsigned int i = 0; i < table->count; i++)
		table->rows[i].first_irq = -1;
	for (unsigned int i = inventory->irq_slots; i-- > 0;) {
		const struct irq *irq = inventory->irqs[i];
		struct cpu_row *row = irq ? cpu_table_row(table, cost_cpu(irq)) : NULL;

		if (!row)
			continue;
		table->next_irq[i] = row->first_irq;
		row->first_irq = (int) i;
	}
	for (size_t i = 0; i < plan->count; i++)
		unchain(table, inventory->irqs[plan->moves[i].irq]);
	table->chained = true;
}

static uint32_t demand(const struct cpu_row *row)
{
	uint32_t asked = row->irq_ppm >= COST_FULL_PPM && row->cost_ppm > row->irq_ppm
				 ? row->cost_ppm
				 : row->measured_ppm;

	return asked > row->left_ppm ? asked - row->left_ppm : 0;
}

static bool is_full(const struct cpu_row *row)
{
	return row->irq_ppm >= COST_FULL_PPM;
}

static int next_source(const struct cpu_table *table, const struct policy *policy)
{
	uint32_t best_demand = 0;
	int best = CPU_NONE;

	(void) policy;
	for (unsigned int i = 0; i < table->count; i++) {
		const struct cpu_row *row = &table->rows[i];

		if (row->done || !row->known || !row->allowed || row->active < 2)
			continue;
		if (demand(row) < (is_full(row) ? GOAL_PPM : LEVEL_PPM) || demand(row) <= best_demand)
			continue;
		best_demand = demand(row);
		best = (int) i;
	}
	return best;
}

/* What a CPU would have to do, seen with what its core's other threads do. */
static uint32_t burden(const struct cpu_table *table, const struct topology *topology, int cpu)
{
	const struct cpu_row *row = &table->rows[cpu];
	uint32_t sibling = cpu_table_core(table, topology, cpu)->core_ppm - row->load_ppm;

	return row->load_ppm + row->expected_ppm + sibling * 3 / 10;
}

static int best_target(const struct snapshot *now, const struct policy *policy,
		       struct cpu_table *table, const struct irq *irq, int from)
{
	struct cpumask home;
	uint32_t best_burden = 0;
	int best = CPU_NONE;

	mask_get(&now->inventory->masks, irq->home.cpus, &home);
	cpumask_foreach(cpu, &home) {
		const struct cpu_row *row = cpu_table_row(table, cpu);
		uint32_t b;

		if (!row || !row->target || !row->known || row->full || cpu == from ||
		    row->load_ppm >= policy->load_limit_ppm)
			continue;
		b = burden(table, &now->inventory->topology, cpu);
		if (best == CPU_NONE || b < best_burden) {
			best = cpu;
			best_burden = b;
		}
	}
	return best;
}

bool relief_next(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		 const struct plan *plan, struct relief *ret_relief)
{
	const struct inventory *inventory = now->inventory;
	int source;

	while ((source = next_source(table, policy)) != CPU_NONE) {
		struct cpu_row *row = &table->rows[source];
		uint32_t asked = demand(row), best_value = UINT32_MAX;
		bool full = is_full(row);
		mask_id home = MASK_NONE;
		int target = CPU_NONE;
		struct relief best = { .irq = NULL };

		cpu_table_count_cores(table, &inventory->topology);
		chain(table, inventory, plan);
		for (int i = row->first_irq; i >= 0; i = table->next_irq[i]) {
			const struct irq *irq = inventory->irqs[i];
			uint32_t cost, value, src, dst;

			if (!irq_is_candidate(irq, now) || irq->effective_cpu != source)
				continue;
			if (home != irq->home.cpus) {
				target = best_target(now, policy, table, irq, source);
				home = irq->home.cpus;
			}
			if (target == CPU_NONE)
				continue;
			if (irq->placement.moved_ms && irq->placement.source_cpu == target &&
			    table->rows[target].load_ppm + PPM / 5 > row->measured_ppm)
				continue;
			cost = cost_now(irq, row, now);
			src = asked > cost ? asked - cost : 0;
			dst = table->rows[target].load_ppm + table->rows[target].expected_ppm + cost;
			value = src > dst ? src : dst;
			/* who is polled stays where it is for long: its company leaves first */
			if (full && load_irq_count(now->load, irq->number) * 1000 <
					    3 * now->load->interval_ms)
				value += PPM;
			else if (full)
				value = dst > asked ? dst : src;
			if (value < best_value) {
				best_value = value;
				best = (struct relief){ irq, source, target, cost };
			}
		}
		if (best.irq && (full ? table->rows[best.to_cpu].load_ppm + best.cost_ppm < PPM / 100 * 90
				      : best_value + GAIN_PPM <= asked)) {
			*ret_relief = best;
			return true;
		}
		row->done = true;
	}
	return false;
}

void relief_note(struct cpu_table *table, const struct relief *relief)
{
	struct cpu_row *from = &table->rows[relief->from_cpu];

	unchain(table, relief->irq);
	from->left_ppm += relief->cost_ppm;
	if (from->active)
		from->active--;
	if (!is_full(from))
		from->done = true;
}
