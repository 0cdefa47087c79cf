/* choose: which CPU is overloaded, and which IRQ leaves it. */
#pragma once

#include "irqherd/balance/cpus.h"
#include "irqherd/balance/place.h"
#include "irqherd/base/rng.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"

/* Whether a CPU is at or above the threshold, with a candidate and another active IRQ of any kind.
 * A CPU that may not be used is not overloaded: its IRQs leave anyway. */
bool cpu_is_overloaded(const struct cpu_row *row, const struct policy *policy);

/* The most loaded of the overloaded CPUs that wait for no earlier move to show; CPU_NONE. */
int choose_cpu(const struct cpu_table *table, const struct policy *policy);

/*
 * The IRQ that leaves it: fewest or most interrupts (ties: lowest number), or random, among its
 * candidates; those that no_room (NULL: nobody) knows to have no target are passed over.
 * NULL: none.
 */
const struct irq *choose_irq(const struct snapshot *now, const struct policy *policy,
			     struct cpu_table *table, int cpu, const struct no_room *no_room,
			     struct rng *rng);
