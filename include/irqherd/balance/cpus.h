/*
 * cpus: the balancer's working table, one row per CPU: load with what the plan already added, and
 * how many IRQs sit there.
 *
 * Filled at the start of a decision from the snapshot; kept between rounds for its memory only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"

struct cpu_row {
	uint32_t load_ppm;     /* measured, plus what this plan moves here: what a target has */
	uint32_t measured_ppm; /* measured: what a source has */
	uint32_t irq_ppm;      /* measured: hard and soft interrupts of it */
	uint32_t expected_ppm; /* load that earlier moves should bring and that is not seen yet:
				  ranks targets */
	uint32_t stuck_ppm;    /* of that, what stuck IRQs bring as soon as they are not polled any
				  more */
	uint32_t irqs;         /* requested IRQs that fire here */
	uint32_t active;       /* of them, those that counted in the interval */
	uint32_t candidates;   /* of the active, those that may leave for load; counted at or above
				  the threshold only, as the next */
	uint32_t externals;    /* of the active, those that only their foreign hand keeps here */
	uint32_t unsettled;    /* moves away from here whose load is still awaited */
	uint32_t busy_threads; /* row of a core's lowest CPU: its threads that are busy */
	uint32_t core_ppm;     /* same row: loads of its threads */
	uint32_t queues;       /* same row: queues of the counted device that fire on the core */
	uint32_t judged;       /* same row: of them, those that are to stay */
	uint32_t own_queues;   /* queues of the counted device that fire on this CPU */
	uint32_t cost_ppm; /* estimated costs of the IRQs that are served here; with the next only
			      for CHOICE_COST */
	uint32_t weight;   /* by which a rise of load is blamed on them, in all */
	uint32_t polled;   /* of a full CPU: queues whose cost is not measured and that hardly
			      interrupt */
	uint32_t left_ppm; /* of its load, what this plan took away */
	int first_irq;     /* its chain through cpu_table::next_irq; -1: none */
	bool done;         /* nothing more is taken from here in this plan */
	bool known;        /* a load was measured */
	bool allowed;      /* online, in policy, not isolated */
	bool target;       /* allowed, not much of it stolen, and first thread if ht=n */
	bool full;         /* its vector table was full lately */
};

struct cpu_table {
	struct cpu_row *rows; /* indexed by CPU number */
	unsigned int count;
	unsigned int size;
	uint64_t *full_until_ms; /* per CPU: its vector table was full; kept over rounds */
	uint32_t *full_wait_ms;  /* the back-off in force, doubled at each ENOSPC */
	int *next_irq;           /* chains of the candidates of one CPU (relief) */
	unsigned int next_size;  /* allocated */
	unsigned int strays;     /* active, movable IRQs on CPUs that may not be used */
	uint64_t heap_ms;        /* a heap was seen then; kept over rounds */
	unsigned int recent;     /* IRQs moved for load within RECENT_MS */
	unsigned int active;     /* active IRQs in all */
	unsigned int away;       /* active IRQs that are out of their home not by their own doing */
	unsigned int arrivals;   /* new, requested, movable IRQs */
	bool cores_counted;      /* busy_threads is filled */
	const struct device *counted; /* whose queues are counted; valid within one decision */
	bool core_was_empty;          /* a home core of the counted device had none of its queues */
};

/* Moves of the last while, as in cpu_table::recent. */
#define RECENT_MS 30000u

#define CPU_TABLE_INIT ((struct cpu_table){ 0 })

void cpu_table_deinit(struct cpu_table *table);

/* -ENOMEM. No allocation once the table is large enough. */
int cpu_table_fill(struct cpu_table *table, const struct snapshot *now,
		   const struct policy *policy);

/* The row of a CPU number; NULL for CPU_NONE and beyond the table. */
static inline struct cpu_row *cpu_table_row(const struct cpu_table *table, int cpu)
{
	return cpu >= 0 && (unsigned int) cpu < table->count ? &table->rows[cpu] : 0;
}

/* What one active IRQ of this CPU costs, as far as one can know: its share. Never 0. */
uint32_t cpu_table_share(const struct cpu_table *table, int cpu);

/* Busy threads of all cores: only a decision that moves something needs them. */
void cpu_table_count_cores(struct cpu_table *table, const struct topology *topology);
/* Whether another thread of the CPU's core is busy. */
bool cpu_table_sibling_is_busy(const struct cpu_table *table, const struct topology *topology,
			       int cpu);

/* Queues of a device by core and by CPU, where they fire next. Replaces the counts of the device
 * before. */
void cpu_table_count_queues(struct cpu_table *table, const struct inventory *inventory,
			    const struct device *device);

/* One queue of the counted device was placed anew; both have rows. */
void cpu_table_move_queue(struct cpu_table *table, const struct topology *topology, int from,
			  int to);

/* The row that counts for the whole core of a CPU. */
struct cpu_row *cpu_table_core(const struct cpu_table *table, const struct topology *topology,
			       int cpu);

/* A move was decided: the IRQ sits on its target now, and brings load_ppm. */
void cpu_table_note_move(struct cpu_table *table, const struct topology *topology,
			 const struct move *move, bool active, uint32_t load_ppm);

/* ENOSPC on this CPU: avoided for 10 s, doubled each time up to 10 min. A vector taken there clears
 * it. */
void cpu_table_note_full(struct cpu_table *table, int cpu, uint64_t now_ms);
void cpu_table_note_room(struct cpu_table *table, int cpu);
