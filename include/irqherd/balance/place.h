/* place: which CPU receives an IRQ. */
#pragma once

#include "irqherd/balance/cpus.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"

/*
 * Home CPUs that may be targets and are below load-limit: lowest load, then fewest IRQs, then a
 * core whose threads are all idle before one with a busy sibling, then the lowest number. With
 * non_local_cpus and none found: other nodes, nearest first. CPU_NONE: none. `avoid` (CPU_NONE:
 * nobody) is never answered. CPUs whose load is not known come last, full ones never.
 */
int place_irq(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
	      const struct irq *irq, int avoid);

/* Whether CPUs outside of its home may be its targets: non_local_cpus, but not where the
 * administrator named the IRQ's CPUs. */
bool place_may_leave_home(const struct policy *policy, const struct irq *irq);

/* The same among home CPUs only, whatever non_local_cpus says. */
int place_home(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
	       const struct irq *irq, int avoid);

/*
 * The same for an IRQ that leaves an overloaded CPU: the target's load must be known and lower than
 * that of `from`; by 20 points if the IRQ came from there with its last move.
 */
int place_better(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		 const struct irq *irq, int from);

/*
 * A new IRQ: among its home CPUs the core with the fewest queues of its own device, then the idle
 * core, then the thread with the fewest IRQs that fire and queues of that device, then fewest IRQs,
 * lowest load, lowest number. load-limit does not apply: a new IRQ must be somewhere. Answers the
 * present CPU if it is among the equals on the first count. The device's queues must have been
 * counted (cpu_table_count_queues).
 */
int place_arrival(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		  const struct irq *irq);

/*
 * Whether its mask lets an IRQ leave its home, so that it is written even where it fires at home
 * now: for CPUs given by a rule any such mask counts, else only one that takes effect with the next
 * interrupt, when the kernel chooses any of its CPUs.
 */
bool mask_leads_away(const struct inventory *inventory, const struct irq *irq);

/*
 * Whether a new IRQ is badly placed: outside home and allowed, with a mask that leads away, or a
 * queue that shares a core with another queue of its device that is to stay, while a home core had
 * none when the device's queues were counted.
 */
bool arrival_is_badly_placed(const struct snapshot *now, const struct cpu_table *table,
			     const struct irq *irq);

/* For whom no target was found in this decision: nobody looks for the same twice. */
#define NO_ROOM_LIMIT 8

struct no_room {
	mask_id homes[NO_ROOM_LIMIT];
	unsigned int irqs[NO_ROOM_LIMIT]; /* IRQ numbers: where the reason was the IRQ's own past */
	unsigned int home_count;
	unsigned int irq_count;
};

bool no_room_for(const struct no_room *no_room, const struct irq *irq);
/* False: the list is full. */
bool no_room_add(struct no_room *no_room, const struct irq *irq);
