/*
 * plan: decides which IRQs move. Pure: same snapshot, policy, table history and random state give
 * the same plan.
 */
#pragma once

#include "irqherd/balance/cpus.h"
#include "irqherd/base/rng.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"

/* One round (behaviour: forbidden CPUs are left, IRQs go home, overload is relieved), within
 * move_budget. */
int balance_plan(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		 struct rng *rng, struct plan *ret_plan);

/*
 * New IRQs only: places those of `irqs` that are marked arrival, have an action and are badly
 * placed. `judged` are told by clearing irq::arrival in the inventory (the caller does it, for all
 * that had an action).
 */
int balance_arrivals(const struct snapshot *now, const struct policy *policy,
		     struct cpu_table *table, struct plan *ret_plan);

/*
 * One IRQ goes to its home now, active or not, because somebody pinned it there: at most one move.
 * None where it is already bound to CPUs of its home, or may not be moved.
 */
int balance_pinned(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		   const struct irq *irq, struct plan *ret_plan);

/*
 * The next best CPU for a move that was refused with ENOSPC (the table knows that the first is
 * full). False: none left.
 */
bool balance_retry(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		   struct move *move);
