/*
 * mask_table: distinct CPU sets, each stored once and named by a small number.
 *
 * A set costs 1 KiB as a value; thousands of IRQs share a few sets, so their records hold a
 * mask_id. A set of one CPU needs no entry: its id says the CPU. Entries live until the table's end
 * (mask_table_compact aside).
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
	uint64_t *bits;
};

struct mask_table {
	struct mask_entry *entries; /* entries[0] is the empty set */
	uint32_t count;
	uint32_t size;
	struct map by_hash; /* hash to (entry index as pointer) */
};

int mask_table_init(struct mask_table *table);
void mask_table_deinit(struct mask_table *table);

int mask_intern(struct mask_table *table, const struct cpumask *mask,
		mask_id *ret_id); /* -ENOMEM */
mask_id mask_of_cpu(unsigned int cpu);
int mask_single(mask_id id); /* the CPU of a set of one; CPU_NONE for other sets */
void mask_get(const struct mask_table *table, mask_id id, struct cpumask *ret_mask);
bool mask_test(const struct mask_table *table, mask_id id, int cpu);
