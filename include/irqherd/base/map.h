/*
 * map: from a 64-bit key to a pointer. Open addressing; never shrinks; borrows the values.
 * Dropping while iterating is allowed for the current entry only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t key;
	void *value;   /* NULL: free or dropped */
	uint8_t state; /* 0 free, 1 used, 2 dropped */
};

struct map {
	struct map_slot *slots;
	size_t size;   /* a power of two, or 0 */
	size_t used;   /* entries */
	size_t filled; /* entries and dropped slots */
};

#define MAP_INIT ((struct map){ NULL, 0, 0, 0 })

void map_deinit(struct map *map);                        /* the values stay */
int map_put(struct map *map, uint64_t key, void *value); /* replaces; value not NULL; -ENOMEM */
void *map_find(const struct map *map, uint64_t key);     /* NULL: none */
void *map_drop(struct map *map, uint64_t key);           /* the value taken out, NULL: none */
void *map_next(const struct map *map,
	       size_t *cursor);           /* start with 0; NULL at the end; order is arbitrary */
uint64_t map_hash_text(const char *text); /* a key made of a text (FNV-1a, never 0) */
