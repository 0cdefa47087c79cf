/*
 * rps: decides when the packets of a network device with a single receive queue are spread over
 * CPUs by software, and when that ends. Pure but for the counts that rps_watch keeps in the
 * inventory.
 *
 * It is the last resort: a queue whose IRQ is alone on an overloaded CPU cannot be helped by moving
 * anything. Spreading costs an interrupt between CPUs and a queue more for each batch of packets,
 * so it ends when one CPU is enough again.
 */
#pragma once

#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"
#include "irqherd/model/rps.h"
#include "irqherd/model/softnet.h"

#define RPS_HOT_ROUNDS 2u  /* in a row, before packets are spread */
#define RPS_CPUS_MOST  16u /* of a set: more make no queue faster */

/* Whether any network device could need it: then /proc/net/softnet_stat is worth reading. */
bool rps_is_wanted(const struct inventory *inventory);

/* Whether a network device's own count of packets would tell if it is what fills its CPU. */
bool rps_is_suspected(const struct snapshot *now, const struct policy *policy,
		      const struct softnet *softnet, const struct netdev *netdev);

/* Counts rounds, hot and calm ones. plan: the moves of this round; a CPU that they relieve is not
 * hot. */
void rps_watch(struct inventory *inventory, const struct snapshot *now, const struct policy *policy,
	       const struct softnet *softnet, const struct plan *plan);

/* What changes now; appended to ret_plan. -ENOMEM. */
int balance_rps(const struct snapshot *now, const struct policy *policy,
		const struct softnet *softnet, struct rps_plan *ret_plan);

/* The set for a receiver, best CPUs first until RPS_CPUS_MOST: allowed home CPUs below load-limit,
 * neither its own nor, if others are left, its siblings. Empty: there is none. */
struct cpumask rps_place(const struct snapshot *now, const struct policy *policy,
			 const struct irq *receiver);
