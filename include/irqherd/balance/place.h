/* place: which CPU receives an IRQ. */
#pragma once

#include "irqherd/balance/cpus.h"
#include "irqherd/balance/policy.h"
#include "irqherd/model/move.h"

/*
 * Home CPUs that may be targets and are below load-limit: lowest load, then fewest IRQs, then a
 * core whose threads are all idle before one with a busy sibling, then the lowest number. With
 * non_local_cpus and none found: other nodes, nearest first. CPU_NONE: none. `avoid` (CPU_NONE:
 * nobody) is never answered.
 */
int place_irq(const struct snapshot *now, const struct policy *policy,
	      const struct cpu_table *table, const struct irq *irq, int avoid);

/*
 * A new IRQ: among its home CPUs the core with the fewest queues of its own device, then the idle
 * core before the busy sibling, then fewest IRQs, lowest load, lowest number. load-limit does not
 * apply: a new IRQ must be somewhere. Answers the present CPU if it is among the equals on the
 * first count.
 */
int place_arrival(const struct snapshot *now, const struct policy *policy,
		  const struct cpu_table *table, const struct irq *irq);

/* Whether a new IRQ is badly placed: outside home and allowed, or sharing a core with another queue
 * of its device while a home core has none. */
bool arrival_is_badly_placed(const struct snapshot *now, const struct policy *policy,
			     const struct cpu_table *table, const struct irq *irq);
