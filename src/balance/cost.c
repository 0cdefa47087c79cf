/*
 * A CPU's interrupt load is the sum of what the IRQs served on it cost; only the sum can be seen.
 * Each round the difference between the sum of the estimates and the load is handed out: what is
 * too much in proportion to the estimates, what is missing by who is likely to have grown. An IRQ
 * that was just moved carries most of the surprise on its new CPU: a move is an experiment.
 *
 * A full CPU tells only that at least so much is asked of it. But it tells who asks: the costly
 * queue there is polled without pause and hardly interrupts, the cheap ones go on interrupting.
 */
#include "irqherd/balance/cost.h"

/* What any active IRQ may have grown by, beside what it is known to cost. */
#define GROWTH_PPM (PPM / 50)

/* How much more than its neighbours a newcomer is blamed. */
#define NEWCOMER_BLAME 8

int cost_cpu(const struct irq *irq)
{
	return irq->placement.state == PLACEMENT_STUCK && irq->placement.source_cpu != CPU_NONE
		       ? irq->placement.source_cpu
		       : irq->effective_cpu;
}

static uint32_t rate_of(const struct irq *irq, const struct snapshot *now)
{
	uint64_t count = load_irq_count(now->load, irq->number);

	return now->load->interval_ms ? (uint32_t) (count * 1000 / now->load->interval_ms) : 0;
}

static bool is_newcomer(const struct irq *irq, const struct snapshot *now)
{
	return irq->placement.moved_ms != 0 &&
	       now->now_ms - irq->placement.moved_ms < 2 * now->load->interval_ms;
}

uint32_t cost_weight(const struct irq *irq, const struct cpu_row *row, const struct snapshot *now)
{
	uint32_t count = load_irq_count(now->load, irq->number);
	uint32_t weight;

	if (row->irq_ppm >= COST_FULL_PPM) {
		if (count == 0 && irq->cost.ppm == 0)
			return 0;
		return 4 * PPM / (rate_of(irq, now) + 4) / 16;
	}
	if (count == 0)
		return 0;
	weight = irq->cost.ppm / 2 + GROWTH_PPM;
	return is_newcomer(irq, now) ? NEWCOMER_BLAME * weight : weight;
}

uint32_t cost_now(const struct irq *irq, const struct cpu_row *row, const struct snapshot *now)
{
	uint64_t cost = irq->cost.ppm, weight;

	if (!row->known)
		return irq->cost.ppm;
	if (row->irq_ppm < row->cost_ppm) {
		if (row->irq_ppm < COST_FULL_PPM)
			return (uint32_t) (cost * row->irq_ppm / row->cost_ppm);
		return (uint32_t) cost;
	}
	if (row->weight == 0)
		return (uint32_t) cost;
	weight = cost_weight(irq, row, now);
	cost += (row->irq_ppm - row->cost_ppm) * weight / row->weight;
	return (uint32_t) cost;
}

void cost_learn(struct inventory *inventory, const struct snapshot *now,
		const struct cpu_table *table)
{
	for (unsigned int i = 0; i < inventory->irq_slots; i++) {
		struct irq *irq = inventory->irqs[i];
		const struct cpu_row *row;
		uint32_t cost;

		if (!irq || (load_irq_count(now->load, i) == 0 && irq->cost.ppm == 0))
			continue;
		row = cpu_table_row(table, cost_cpu(irq));
		if (!row || !row->known)
			continue;
		if (row->irq_ppm >= COST_FULL_PPM) {
			uint64_t fair = row->weight
						? (uint64_t) row->irq_ppm *
							  cost_weight(irq, row, now) / row->weight
						: irq->cost.ppm;

			cost = cost_now(irq, row, now);
			/* towards who is seen to be polled */
			cost = cost - cost / 4 + (uint32_t) fair / 4;
		} else if (load_irq_count(now->load, i) == 0) {
			cost = irq->cost.ppm / 2;
		} else {
			cost = cost_now(irq, row, now);
		}
		if (irq->cost.known && !is_newcomer(irq, now))
			cost = (irq->cost.ppm + 3 * cost + 2) / 4;
		irq->cost.ppm = cost;
		irq->cost.known = true;
	}
}
