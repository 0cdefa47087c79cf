/*
 * sim: a model machine for the balancer. Its IRQs have a true cost that nobody can see; what can be
 * seen is what Linux shows: ticks per CPU, interrupts per IRQ, asked and effective affinity.
 *
 * NAPI: a costly queue on a full CPU is polled, hardly interrupts, and (if the machine is sticky)
 * goes on being polled there whatever its affinity says.
 *
 * Each round checks what must hold for every plan (see sim_round).
 */
#pragma once

#include "balance_machine.h"

#define SIM_IRQS 512u

struct sim_irq {
	double cost;  /* of one CPU; 0: inactive */
	int work_cpu; /* where its work is done */
};

struct sim {
	struct machine m;
	struct sim_irq irqs[SIM_IRQS];
	struct sample samples[2];
	unsigned int last; /* which of them is the later one */
	struct rng world;
	double *ground; /* load of a CPU that no IRQ causes */
	bool sticky;
	double user;          /* what programs take of every CPU, if IRQs leave it */
	double steal;         /* what a hypervisor takes of every CPU */
	unsigned int vectors; /* that one CPU can hold; 0: no limit */
	bool measured;        /* costs are told, not learned */
	unsigned int short_ms;
	unsigned int long_ms;
	double refusals; /* chance that a write is refused, by a random errno */
	unsigned int rounds;
	unsigned int moves; /* writes taken */
	unsigned int stuck; /* times an IRQ was found stuck */
	unsigned int moves_of[SIM_IRQS];
	double unmet; /* CPU seconds of work that found no time */
};

void sim_init(struct sim *sim, unsigned int cpus, unsigned int per_node, unsigned int threads,
	      uint64_t seed);
void sim_deinit(struct sim *sim);

/* An IRQ at home on that node, working on cpu. */
void sim_put_irq(struct sim *sim, unsigned int number, int node, int cpu, double cost);

/*
 * One interval of work, one round. Fails the test if a plan breaks the law: no move to an offline,
 * excluded or (unless allowed) non-local CPU, none of a managed or inactive IRQ, none onto its own
 * CPU, one an IRQ, no more than the budget, and the same plan for the same state.
 */
void sim_round(struct sim *sim);
void sim_rounds(struct sim *sim, unsigned int count);

/* CPU seconds lost within so many rounds from now. */
double sim_unmet_within(struct sim *sim, unsigned int rounds);

/* CPUs come and go as the kernel does it: IRQs of a lost CPU fire on the first one online. */
void sim_set_online(struct sim *sim, const struct cpumask *online);

/* Work that a CPU is asked to do; 1 is a full CPU. */
double sim_demand(const struct sim *sim, int cpu);
double sim_highest_demand(const struct sim *sim);
unsigned int sim_working_irqs(const struct sim *sim, int cpu);
