/* relief: which IRQ leaves which CPU for which, by expected gain (strategy cost). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/balance/cpus.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"

struct relief {
	const struct irq *irq;
	int from_cpu;
	int to_cpu;
	uint32_t cost_ppm; /* load that is expected to go with it */
};

#define RELIEF_NEVER UINT32_MAX

/* The load from which a CPU is looked at, which rises with the moves made lately; RELIEF_NEVER:
 * there were so many that only a heap is dealt out, and a full CPU relieved that is asked for far
 * more than it has. */
uint32_t relief_level(const struct cpu_table *table, const struct policy *policy, uint64_t now_ms);

/* To be called once in a plan, before relief_next: notes a heap, and chains the IRQs of each CPU,
 * those aside that the plan moves already. False: no CPU is worth a look. */
bool relief_begin(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		  const struct plan *plan);

/* The best move that is left; false: none is worth it. */
bool relief_next(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		 struct relief *ret_relief);

/* It is part of the plan now. */
void relief_note(struct cpu_table *table, const struct relief *relief);
