/*
 * Linear probing over a power of two of slots, at most three quarters filled. A dropped slot stays
 * as a tombstone, so that a map can be dropped from while it is walked; the tombstones go when the
 * table is rebuilt, which happens at the same fill, into a table that is twice as big only if the
 * entries need it.
 */
#include "irqherd/base/map.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
	SLOT_FREE,
	SLOT_USED,
	SLOT_DROPPED,
};

#define SIZE_MIN 16

void map_deinit(struct map *map)
{
	free(map->slots);
	*map = MAP_INIT;
}

/* Keys are often small consecutive numbers or packed fields: the multiplication spreads them. */
static size_t home_of(const struct map *map, uint64_t key)
{
	key ^= key >> 32;
	key *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t) (key >> 32) & (map->size - 1);
}

static struct map_slot *find_slot(const struct map *map, uint64_t key)
{
	if (map->size == 0)
		return NULL;

	for (size_t i = home_of(map, key);; i = (i + 1) & (map->size - 1)) {
		struct map_slot *slot = &map->slots[i];

		if (slot->state == SLOT_FREE)
			return NULL;
		if (slot->state == SLOT_USED && slot->key == key)
			return slot;
	}
}

/* For a key that is not in the map, while a free slot is left. */
static void fill_slot(struct map *map, uint64_t key, void *value)
{
	size_t i = home_of(map, key);

	while (map->slots[i].state == SLOT_USED)
		i = (i + 1) & (map->size - 1);

	if (map->slots[i].state == SLOT_FREE)
		map->filled++;
	map->slots[i] = (struct map_slot){ .key = key, .value = value, .state = SLOT_USED };
	map->used++;
}

static int rebuild(struct map *map)
{
	struct map bigger = { .size = map->size ? map->size : SIZE_MIN };

	if (map->used >= bigger.size / 2)
		bigger.size *= 2;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;

	for (size_t i = 0; i < map->size; i++)
		if (map->slots[i].state == SLOT_USED)
			fill_slot(&bigger, map->slots[i].key, map->slots[i].value);

	free(map->slots);
	*map = bigger;
	return 0;
}

int map_put(struct map *map, uint64_t key, void *value)
{
	struct map_slot *slot;
	int r;

	assert(value);

	slot = find_slot(map, key);
	if (slot) {
		slot->value = value;
		return 0;
	}

	if (map->filled + 1 > map->size / 4 * 3) {
		r = rebuild(map);
		if (r < 0)
			return r;
	}
	fill_slot(map, key, value);
	return 0;
}

void *map_find(const struct map *map, uint64_t key)
{
	struct map_slot *slot = find_slot(map, key);

	return slot ? slot->value : NULL;
}

void *map_drop(struct map *map, uint64_t key)
{
	struct map_slot *slot = find_slot(map, key);
	void *value;

	if (!slot)
		return NULL;

	value = slot->value;
	slot->value = NULL;
	slot->state = SLOT_DROPPED;
	map->used--;
	return value;
}

void *map_next(const struct map *map, size_t *cursor)
{
	while (*cursor < map->size) {
		struct map_slot *slot = &map->slots[(*cursor)++];

		if (slot->state == SLOT_USED)
			return slot->value;
	}
	return NULL;
}

uint64_t map_hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++) {
		hash ^= (unsigned char) *text;
		hash *= UINT64_C(0x100000001b3);
	}
	return hash ? hash : 1;
}
