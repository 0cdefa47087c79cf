/* relief: which IRQ leaves which CPU for which, by expected gain. */
#pragma once

#include "irqherd/balance/cpus.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"

struct relief {
	const struct irq *irq;
	int from_cpu;
	int to_cpu;
	uint32_t cost_ppm; /* expected to go with it */
};

/* The best move that is left to this plan; false: none is worth it. */
bool relief_next(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		 const struct plan *plan, struct relief *ret_relief);
/* It was taken into the plan. */
void relief_note(struct cpu_table *table, const struct relief *relief);
