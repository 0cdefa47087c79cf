/*
 * cpus: the balancer's working table, one row per CPU: load with what the plan already added, and
 * how many IRQs sit there.
 *
 * Filled at the start of a decision from the snapshot; kept between rounds for its memory only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/balance/policy.h"
#include "irqherd/model/move.h"

struct cpu_row {
	uint32_t load_ppm;   /* measured, plus what this plan moves here */
	uint32_t irqs;       /* requested IRQs that fire here */
	uint32_t active;     /* of them, those that counted in the interval */
	uint32_t candidates; /* of the active, those that may leave */
	bool known;          /* a load was measured */
	bool target;         /* online, allowed, not isolated, and first thread if ht=n */
	bool full;           /* its vector table was full lately */
};

struct cpu_table {
	struct cpu_row *rows; /* indexed by CPU number */
	unsigned int count;
	unsigned int size;
	uint64_t *full_until_ms; /* per CPU: its vector table was full; kept over rounds */
	uint32_t *full_wait_ms;  /* the back-off in force, doubled at each ENOSPC */
};

#define CPU_TABLE_INIT ((struct cpu_table){ 0 })

void cpu_table_deinit(struct cpu_table *table);
int cpu_table_fill(struct cpu_table *table, const struct snapshot *now,
		   const struct policy *policy);

/* ENOSPC on this CPU: avoided for 10 s, doubled each time up to 10 min. A vector taken there clears
 * it. */
void cpu_table_note_full(struct cpu_table *table, int cpu, uint64_t now_ms);
void cpu_table_note_room(struct cpu_table *table, int cpu);
