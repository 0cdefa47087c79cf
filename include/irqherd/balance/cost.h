/*
 * cost: what an IRQ's work costs its CPU, as far as one can know.
 *
 * The tables given must have been filled for CHOICE_COST from the same snapshot.
 */
#pragma once

#include "irqherd/balance/cpus.h"
#include "irqherd/model/inventory.h"
#include "irqherd/model/move.h"

/* Where its work is done: a stuck one is still served where it came from. */
int cost_cpu(const struct irq *irq);

/* From here on a CPU's load says no more how much is asked of it. */
#define COST_FULL_PPM (PPM / 100 * 97)

/* Whether it is polled nearly without pause, on a full CPU: the costly ones are. */
bool cost_is_polled(const struct irq *irq, const struct cpu_row *row, const struct snapshot *now);

/* What is asked of a CPU: its interrupt load, and of a full one more for each polled queue. */
uint32_t cost_asked(const struct cpu_row *row);

/* By how much a change of its CPU's load is blamed on this IRQ, against the others there. */
uint32_t cost_weight(const struct irq *irq, const struct cpu_row *row, const struct snapshot *now);

/* What it costs now: the estimate from before and its part of what the CPU's load shows beyond. A
 * measured cost is answered as it is. */
uint32_t cost_now(const struct irq *irq, const struct cpu_row *row, const struct snapshot *now);

/*
 * Enters what the interval taught into the records. After the plan and before it is carried out:
 * the table says who was served where.
 */
void cost_learn(struct inventory *inventory, const struct snapshot *now,
		const struct cpu_table *table);
