/*
 * Sets of one CPU are encoded in the id itself (the top bit), all others are entries that a hash
 * finds again. So equal sets have equal ids, and comparing affinities is comparing integers.
 *
 * A machine whose CPUs come and go, or whose containers get CPU sets of their own, shows new sets
 * for ever, each for a while. Ids are held in many records, so entries do not move: those that
 * nobody marked are freed in place, and their ids given out again.
 */
#include "irqherd/model/mask_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SINGLE_FLAG    0x80000000u
#define SWEEP_AT_LEAST 256u

static uint32_t words_of(const struct cpumask *mask)
{
	int last = cpumask_last(mask);

	return last == CPU_NONE ? 0 : (uint32_t) last / 64 + 1;
}

static uint64_t hash_of(const struct cpumask *mask, uint32_t words)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (uint32_t i = 0; i < words; i++) {
		hash = (hash ^ mask->bits[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return hash ? hash : 1;
}

int mask_table_init(struct mask_table *table)
{
	*table = (struct mask_table){ 0 };
	table->entries = calloc(4, sizeof(table->entries[0]));
	if (!table->entries)
		return -ENOMEM;
	table->size = 4;
	table->count = 1;
	table->sweep_at = SWEEP_AT_LEAST;
	return 0;
}

void mask_table_deinit(struct mask_table *table)
{
	for (uint32_t i = 0; i < table->count; i++)
		free(table->entries[i].bits);
	free(table->entries);
	map_deinit(&table->by_hash);
	*table = (struct mask_table){ 0 };
}

/* A place for one more set: a free one, else one at the end. */
static int reserve(struct mask_table *table, uint32_t *ret_place)
{
	struct mask_entry *entries;

	if (table->free || table->count < table->size) {
		*ret_place = table->free ? table->free : table->count;
		return 0;
	}
	entries = realloc(table->entries, 2 * (size_t) table->size * sizeof(entries[0]));
	if (!entries)
		return -ENOMEM;
	table->entries = entries;
	table->size *= 2;
	*ret_place = table->count;
	return 0;
}

static void occupy(struct mask_table *table, uint32_t place, const struct mask_entry *entry)
{
	if (place == table->free)
		table->free = table->entries[place].next;
	else
		table->count++;
	table->entries[place] = *entry;
	table->used++;
}

int mask_intern(struct mask_table *table, const struct cpumask *mask, mask_id *ret_id)
{
	int single = cpumask_single(mask);
	struct mask_entry fresh;
	uint32_t words, first, place;
	uint64_t hash;
	int r;

	if (single != CPU_NONE) {
		*ret_id = mask_of_cpu((unsigned int) single);
		return 0;
	}
	words = words_of(mask);
	if (words == 0) {
		*ret_id = MASK_NONE;
		return 0;
	}

	hash = hash_of(mask, words);
	first = (uint32_t) (uintptr_t) map_find(&table->by_hash, hash);
	for (uint32_t i = first; i; i = table->entries[i].next) {
		const struct mask_entry *entry = &table->entries[i];

		if (entry->words == words &&
		    memcmp(entry->bits, mask->bits, words * sizeof(mask->bits[0])) == 0) {
			*ret_id = i;
			return 0;
		}
	}

	r = reserve(table, &place);
	if (r < 0)
		return r;
	fresh = (struct mask_entry){ .hash = hash, .words = words, .next = first };
	fresh.bits = malloc(words * sizeof(mask->bits[0]));
	if (!fresh.bits)
		return -ENOMEM;
	memcpy(fresh.bits, mask->bits, words * sizeof(mask->bits[0]));
	r = map_put(&table->by_hash, hash, (void *) (uintptr_t) place);
	if (r < 0) {
		free(fresh.bits);
		return r;
	}
	occupy(table, place, &fresh);
	*ret_id = place;
	return 0;
}

bool mask_sweep_is_due(const struct mask_table *table)
{
	return table->used >= table->sweep_at;
}

void mask_mark(struct mask_table *table, mask_id id)
{
	if (!(id & SINGLE_FLAG) && id < table->count)
		table->entries[id].marked = true;
}

/* Takes an entry out of the chain of its hash. */
static void unchain(struct mask_table *table, uint32_t place)
{
	const struct mask_entry *entry = &table->entries[place];
	uint32_t at = (uint32_t) (uintptr_t) map_find(&table->by_hash, entry->hash);

	if (at != place) {
		while (table->entries[at].next != place)
			at = table->entries[at].next;
		table->entries[at].next = entry->next;
	} else if (entry->next) {
		/* the key is there: this needs no memory */
		(void) map_put(&table->by_hash, entry->hash, (void *) (uintptr_t) entry->next);
	} else {
		(void) map_drop(&table->by_hash, entry->hash);
	}
}

void mask_sweep(struct mask_table *table)
{
	for (uint32_t i = 1; i < table->count; i++) {
		struct mask_entry *entry = &table->entries[i];

		if (entry->bits && !entry->marked) {
			unchain(table, i);
			free(entry->bits);
			*entry = (struct mask_entry){ .next = table->free };
			table->free = i;
			table->used--;
		}
		entry->marked = false;
	}
	table->sweep_at = 2 * table->used > SWEEP_AT_LEAST ? 2 * table->used : SWEEP_AT_LEAST;
}

mask_id mask_of_cpu(unsigned int cpu)
{
	return SINGLE_FLAG | cpu;
}

int mask_single(mask_id id)
{
	return id & SINGLE_FLAG ? (int) (id & ~SINGLE_FLAG) : CPU_NONE;
}

void mask_get(const struct mask_table *table, mask_id id, struct cpumask *ret_mask)
{
	*ret_mask = CPUMASK_NONE;
	if (id & SINGLE_FLAG)
		cpumask_set(ret_mask, id & ~SINGLE_FLAG);
	else if (id < table->count && table->entries[id].words)
		memcpy(ret_mask->bits, table->entries[id].bits,
		       table->entries[id].words * sizeof(ret_mask->bits[0]));
}

bool mask_test(const struct mask_table *table, mask_id id, int cpu)
{
	const struct mask_entry *entry;

	if (cpu < 0)
		return false;
	if (id & SINGLE_FLAG)
		return (int) (id & ~SINGLE_FLAG) == cpu;
	if (id >= table->count)
		return false;
	entry = &table->entries[id];
	return (uint32_t) cpu / 64 < entry->words && (entry->bits[cpu / 64] >> (cpu % 64) & 1);
}
