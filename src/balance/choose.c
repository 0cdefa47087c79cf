/*
 * Interrupt counts say little about cost: under NAPI a busy queue may count fewest. So the
 * strategies are kept as simple as birq's, and one candidate leaves at a time: the next sample
 * tells whether it was the right one.
 */
#include "irqherd/balance/choose.h"

#include "irqherd/balance/candidate.h"

bool cpu_is_overloaded(const struct cpu_row *row, const struct policy *policy)
{
	return row->known && row->allowed && row->measured_ppm >= policy->threshold_ppm &&
	       row->active >= 2 && row->candidates + row->externals > 0;
}

int choose_cpu(const struct cpu_table *table, const struct policy *policy)
{
	int best = CPU_NONE;

	for (unsigned int i = 0; i < table->count; i++) {
		const struct cpu_row *row = &table->rows[i];

		if (!cpu_is_overloaded(row, policy) || row->unsettled > 0)
			continue;
		if (best == CPU_NONE || row->measured_ppm > table->rows[best].measured_ppm)
			best = (int) i;
	}
	return best;
}

struct search {
	const struct snapshot *now;
	const struct policy *policy;
	struct cpu_table *table;
	const struct no_room *no_room;
	int cpu;
	bool externals; /* nobody else is left */
};

static bool is_eligible(const struct search *search, const struct irq *irq)
{
	if (!irq || irq->effective_cpu != search->cpu)
		return false;
	if (search->no_room && no_room_for(search->no_room, irq))
		return false;
	return search->externals ? irq_is_external_candidate(irq, search->now)
				 : irq_is_candidate(irq, search->now);
}

static const struct irq *choose_by_count(const struct search *search, bool most)
{
	const struct inventory *inventory = search->now->inventory;
	const struct irq *best = NULL;
	uint32_t best_count = 0;

	for (unsigned int i = 0; i < inventory->irq_slots; i++) {
		uint32_t count;

		if (!is_eligible(search, inventory->irqs[i]))
			continue;
		count = load_irq_count(search->now->load, i);
		if (!best || (most ? count > best_count : count < best_count)) {
			best = inventory->irqs[i];
			best_count = count;
		}
	}
	return best;
}

static const struct irq *choose_at_random(const struct search *search, struct rng *rng)
{
	const struct inventory *inventory = search->now->inventory;
	uint32_t count = 0, chosen;

	for (unsigned int i = 0; i < inventory->irq_slots; i++)
		if (is_eligible(search, inventory->irqs[i]))
			count++;
	if (count == 0)
		return NULL;
	chosen = rng_below(rng, count);
	for (unsigned int i = 0; i < inventory->irq_slots; i++)
		if (is_eligible(search, inventory->irqs[i]) && chosen-- == 0)
			return inventory->irqs[i];
	return NULL;
}

const struct irq *choose_irq(const struct snapshot *now, const struct policy *policy,
			     struct cpu_table *table, int cpu, const struct no_room *no_room,
			     struct rng *rng)
{
	const struct cpu_row *row = cpu_table_row(table, cpu);
	struct search search = {
		.now = now, .policy = policy, .table = table, .no_room = no_room, .cpu = cpu
	};

	if (!row)
		return NULL;
	search.externals = row->candidates == 0;
	switch (policy->choice) {
	case CHOICE_MIN:
		return choose_by_count(&search, false);
	case CHOICE_MAX:
		return choose_by_count(&search, true);
	case CHOICE_RANDOM:
	case CHOICE_COST: /* has its own rule: relief */
		break;
	}
	return choose_at_random(&search, rng);
}
