/*
 * A CPU's interrupt load is the sum of what the IRQs served on it cost; only the sum can be seen.
 * Each round the difference between the sum of the estimates and the load is handed out, by who is
 * likely to have changed. An IRQ that was just moved carries most of the surprise on its new CPU: a
 * move is an experiment.
 *
 * A full CPU tells only that at least so much is asked of it. But it tells who asks: the costly
 * queue there is polled without pause and hardly interrupts, the cheap ones go on interrupting. The
 * more queues are polled, the more is asked.
 */
#include "irqherd/balance/cost.h"

/* What any active IRQ may have changed by, beside what it is known to cost. */
#define GROWTH_PPM (PPM / 50)

/* How much more than its neighbours a newcomer is blamed. */
#define NEWCOMER_BLAME 8

/* What is new counts so many times what was believed. */
#define NEW_PARTS 3u

/* On a full CPU one round corrects an eighth of what is believed wrong. */
#define POLLED_PART 8u

/* Interrupts a second below which a queue on a full CPU is polled nearly without pause. */
#define POLLED_RATE 8u

/* What each queue that is polled on a full CPU asks of it beyond its time. */
#define POLLED_OVER_PPM (PPM / 10)

/* Blame of one that does not interrupt at all; small, so that sums of thousands fit. However often
 * one interrupts, it has a part in it: interrupts cost something, too. */
#define POLLED_BLAME (PPM / 16)
#define LEAST_BLAME  (POLLED_BLAME / 16)

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

bool cost_is_polled(const struct irq *irq, const struct cpu_row *row, const struct snapshot *now)
{
	if (load_irq_count(now->load, irq->number) == 0 && irq->cost.ppm == 0)
		return false;
	return row->irq_ppm >= COST_FULL_PPM && rate_of(irq, now) < POLLED_RATE;
}

uint32_t cost_asked(const struct cpu_row *row)
{
	return row->irq_ppm + row->polled * POLLED_OVER_PPM;
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

	if (irq->cost.measured)
		return 0;
	if (row->irq_ppm >= COST_FULL_PPM) {
		if (count == 0 && irq->cost.ppm == 0)
			return 0;
		weight = POLLED_RATE * POLLED_BLAME / (rate_of(irq, now) + POLLED_RATE);
		return weight > LEAST_BLAME ? weight : LEAST_BLAME;
	}
	if (count == 0)
		return 0;
	weight = irq->cost.ppm / 2 + GROWTH_PPM;
	return is_newcomer(irq, now) ? NEWCOMER_BLAME * weight : weight;
}

uint32_t cost_now(const struct irq *irq, const struct cpu_row *row, const struct snapshot *now)
{
	uint64_t cost = irq->cost.ppm, excess = 0, weight;

	if (!row->known || irq->cost.measured)
		return irq->cost.ppm;
	weight = row->weight ? cost_weight(irq, row, now) : 0;
	if (cost_asked(row) >= row->cost_ppm) {
		if (weight)
			cost += (cost_asked(row) - row->cost_ppm) * weight / row->weight;
		return (uint32_t) cost;
	}
	/* a full one may well be asked for more than is seen */
	if (row->irq_ppm >= COST_FULL_PPM)
		return (uint32_t) cost;
	if (weight)
		excess = (row->cost_ppm - cost_asked(row)) * weight / row->weight;
	return excess < cost ? (uint32_t) (cost - excess) : 0;
}

/* On a full CPU the estimates move towards who is seen to be polled; their sum stays. */
static uint32_t learned_on_full(const struct irq *irq, const struct cpu_row *row,
				const struct snapshot *now)
{
	uint32_t cost = cost_now(irq, row, now), polled = irq->cost.ppm;

	if (row->weight > 0)
		polled = (uint32_t) ((uint64_t) cost_asked(row) * cost_weight(irq, row, now) /
				     row->weight);
	return cost - cost / POLLED_PART + polled / POLLED_PART;
}

static uint32_t learned(const struct irq *irq, const struct cpu_row *row,
			const struct snapshot *now)
{
	uint32_t cost;

	if (row->irq_ppm >= COST_FULL_PPM)
		cost = learned_on_full(irq, row, now);
	else if (load_irq_count(now->load, irq->number) == 0)
		cost = irq->cost.ppm / 2;
	else
		cost = cost_now(irq, row, now);
	if (!irq->cost.known || is_newcomer(irq, now))
		return cost;
	return (irq->cost.ppm + NEW_PARTS * cost) / (1 + NEW_PARTS);
}

void cost_learn(struct inventory *inventory, const struct snapshot *now,
		const struct cpu_table *table)
{
	for (unsigned int i = 0; i < inventory->irq_slots; i++) {
		struct irq *irq = inventory->irqs[i];
		const struct cpu_row *row;

		if (!irq || irq->cost.measured ||
		    (load_irq_count(now->load, i) == 0 && irq->cost.ppm == 0))
			continue;
		row = cpu_table_row(table, cost_cpu(irq));
		if (!row || !row->known)
			continue;
		irq->cost.ppm = learned(irq, row, now);
		irq->cost.known = true;
	}
}
