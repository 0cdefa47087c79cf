/*
 * policy: how to balance, as plain data with everything resolved: the daemon makes it of the
 * configuration and the topology.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/cpumask.h"

enum choice {
	CHOICE_MIN, /* the candidate with the fewest interrupts leaves */
	CHOICE_MAX, /* with the most */
	CHOICE_RANDOM,
	CHOICE_COST, /* by estimated cost and expected gain */
};

enum load_metric {
	LOAD_METRIC_IRQ,   /* hard and soft interrupts */
	LOAD_METRIC_BUSY,  /* and user, nice, system */
	LOAD_METRIC_TOTAL, /* and steal */
};

struct policy {
	uint32_t threshold_ppm;   /* a CPU at or above is overloaded */
	uint32_t load_limit_ppm;  /* a CPU at or above receives nothing */
	uint32_t steal_limit_ppm; /* nor does one of which a hypervisor took as much; 0: no limit */
	enum choice choice;
	enum load_metric metric;
	bool all_threads;     /* ht=y: second threads of a core are targets too */
	bool non_local_cpus;  /* other nodes may receive when home has no room */
	bool spread_arrivals; /* arrival=spread */
	uint32_t cooldown_ms;
	uint32_t move_budget; /* moves a round */
	uint32_t external_ms;
	struct cpumask allowed; /* use-cpus and not exclude-cpus; offline CPUs may be in it */
};
