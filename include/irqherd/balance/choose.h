/* choose: which CPU is overloaded, and which IRQ leaves it. */
#pragma once

#include "irqherd/balance/cpus.h"
#include "irqherd/balance/policy.h"
#include "irqherd/base/rng.h"
#include "irqherd/model/move.h"

/*
 * Whether an IRQ may leave its CPU for load: active, movable, not cooling down, not stuck, not
 * requested and unconfirmed. A foreign hand's placement is respected (external) unless its time is
 * over; overload of its CPU lifts that (see plan).
 */
bool irq_is_candidate(const struct irq *irq, const struct snapshot *now);

/* The most loaded CPU at or above the threshold with a candidate and another active IRQ of any
 * kind; CPU_NONE. */
int choose_cpu(const struct cpu_table *table, const struct policy *policy);

/* The IRQ that leaves it: min, max (ties: lowest number) or random among its candidates. NULL:
 * none. */
const struct irq *choose_irq(const struct snapshot *now, const struct policy *policy, int cpu,
			     struct rng *rng);
