/*
 * mask_table: distinct CPU sets, each stored once and named by a small number.
 *
 * A set costs 1 KiB as a value; thousands of IRQs share a few sets, so their records hold a
 * mask_id. A set of one CPU needs no entry: its id says the CPU. An entry lives until a sweep finds
 * that its owner did not mark it; the ids of the others stay.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/base/map.h"

typedef uint32_t mask_id; /* equal sets have equal ids within one table */

#define MASK_NONE 0u /* the empty set */

struct mask_entry {
	uint64_t hash;
	uint32_t next;  /* next entry of the same hash, 0: none */
	uint32_t words; /* 64-bit words stored, without trailing zero words */
	bool marked;    /* since the last sweep */
	uint64_t *bits; /* NULL: free, next is the next free entry */
};

struct mask_table {
	struct mask_entry *entries; /* entries[0] is the empty set */
	uint32_t count;             /* entries, free ones included */
	uint32_t size;              /* allocated */
	uint32_t used;              /* entries that hold a set */
	uint32_t free;              /* first free entry; 0: none */
	uint32_t sweep_at;          /* used, from which a sweep is worth its while */
	struct map by_hash;         /* hash to (entry index as pointer) */
};

int mask_table_init(struct mask_table *table);
void mask_table_deinit(struct mask_table *table);

int mask_intern(struct mask_table *table, const struct cpumask *mask,
		mask_id *ret_id); /* -ENOMEM */
mask_id mask_of_cpu(unsigned int cpu);
int mask_single(mask_id id); /* the CPU of a set of one; CPU_NONE for other sets */
void mask_get(const struct mask_table *table, mask_id id, struct cpumask *ret_mask);
bool mask_test(const struct mask_table *table, mask_id id, int cpu);

/* The table's owner marks every id that it holds, then sweeps. Worth it once the table has doubled.
 */
bool mask_sweep_is_due(const struct mask_table *table);
void mask_mark(struct mask_table *table, mask_id id);
void mask_sweep(struct mask_table *table);
