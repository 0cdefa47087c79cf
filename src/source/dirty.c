/*
 * dirty: entries by object, and one heap by due time for each kind of object.
 *
 * An entry is in one of four states:
 *   hinted     a hint waits for its look             in the heap
 *   watched    only the schedule wants a look        in the heap
 *   taken      between dirty_take and dirty_looked   nowhere
 *   resting    forgotten, last look younger than DIRTY_MERGE_MS   in dirty::resting
 * Resting exists for what is gone and hinted again at once, such as a name that flaps: without the
 * memory of the last look each of its hints would be a first one, and due immediately.
 *
 * The relook times count from the last change, not from the last look. An object whose hints never
 * bring a change therefore costs its hints (merged) and one schedule in 15 s, not one each.
 *
 * A heap and not a scan: a burst may name thousands of objects, and a search through all of them
 * for each look would make its cost quadratic.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/dirty.h"

#define NOWHERE SIZE_MAX

struct dirty_entry {
	struct hint hint; /* the object; flags of the hints that wait */
	uint64_t key;
	enum dirty_rank rank;
	size_t place;             /* in its heap, or NOWHERE */
	uint64_t due_ms;          /* valid in the heap */
	uint64_t looked_ms;       /* last look; DIRTY_NEVER */
	uint64_t told_look_ms;    /* last look for a hint */
	uint64_t told_look;       /* its number among all looks, dirty::looks; 0: none */
	unsigned int close_looks; /* looks for hints that followed each other within CALM_MS */
	uint64_t changed_ms; /* what the schedule counts from; DIRTY_NEVER: the next look sets it */
	bool hinted;
	struct list_link rest_link; /* dirty::resting */
};

/* From the last change. Vectors come late by a driver's asynchronous probe, by udevd's renaming, by
 * an administrator's or a network manager's "link up". */
static const unsigned int relooks_ms[] = { 50, 200, 500, 2000, 5000, 15000 };
static const unsigned int relooks_cpus_ms[] = { 500 };

/*
 * What the next hint waits for after a look, by the number of close looks before it. An arrival
 * comes with a dozen events of the kernel and of udevd, and the one that matters, the link that
 * went up with its IRQs requested, is among the last: only what goes on for longer is a storm.
 */
static const unsigned int merges_ms[] = { 2, 5, 10, DIRTY_MERGE_MS };

#define QUICK_LOOKS 12u
#define CALM_MS     500u

static bool rank_of(enum hint_kind kind, enum dirty_rank *ret_rank)
{
	switch (kind) {
	case HINT_DEVICE:
		*ret_rank = DIRTY_DEVICES;
		return true;
	case HINT_NETDEV:
		*ret_rank = DIRTY_NETDEVS;
		return true;
	case HINT_IRQ:
		*ret_rank = DIRTY_IRQS;
		return true;
	case HINT_CPUS:
		*ret_rank = DIRTY_CPUS;
		return true;
	case HINT_RESYNC:
		*ret_rank = DIRTY_RESYNC;
		return true;
	}
	return false;
}

/* The kind in the upper byte, the object below. Only names are hashed. */
static uint64_t key_of(const struct hint *hint)
{
	switch (hint->kind) {
	case HINT_DEVICE:
		return (uint64_t) 1 << 56 | pci_addr_key(&hint->addr);
	case HINT_NETDEV:
		if (hint->name[0])
			return (uint64_t) 2 << 56 | map_hash_text(hint->name) >> 8;
		return (uint64_t) 3 << 56 | (uint32_t) hint->ifindex;
	case HINT_IRQ:
		return (uint64_t) 4 << 56 | hint->irq;
	case HINT_CPUS:
	case HINT_RESYNC:
		break;
	}
	return 0;
}

static bool same_object(const struct hint *a, const struct hint *b)
{
	if (a->kind != b->kind)
		return false;

	switch (a->kind) {
	case HINT_DEVICE:
		return pci_addr_equal(&a->addr, &b->addr);
	case HINT_NETDEV:
		if (a->name[0] || b->name[0])
			return strcmp(a->name, b->name) == 0;
		return a->ifindex == b->ifindex;
	case HINT_IRQ:
		return a->irq == b->irq;
	case HINT_CPUS:
	case HINT_RESYNC:
		break;
	}
	return true;
}

static bool names_something(const struct hint *hint)
{
	if (hint->kind != HINT_NETDEV)
		return true;
	if (!memchr(hint->name, '\0', sizeof(hint->name)))
		return false;
	return hint->name[0] || hint->ifindex > 0;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* --- the heaps --- */

static void queue_set(struct dirty_queue *queue, size_t place, struct dirty_entry *entry)
{
	queue->items[place] = entry;
	entry->place = place;
}

static void queue_settle(struct dirty_queue *queue, struct dirty_entry *entry)
{
	size_t place = entry->place;

	while (place > 0 && queue->items[(place - 1) / 2]->due_ms > entry->due_ms) {
		queue_set(queue, place, queue->items[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * place + 1;

		if (child + 1 < queue->count &&
		    queue->items[child + 1]->due_ms < queue->items[child]->due_ms)
			child++;
		if (child >= queue->count || queue->items[child]->due_ms >= entry->due_ms)
			break;
		queue_set(queue, place, queue->items[child]);
		place = child;
	}
	queue_set(queue, place, entry);
}

static void queue_put(struct dirty_queue *queue, struct dirty_entry *entry, uint64_t due_ms)
{
	if (entry->place == NOWHERE) {
		assert(queue->count < queue->size);
		queue_set(queue, queue->count++, entry);
	}
	entry->due_ms = due_ms;
	queue_settle(queue, entry);
}

static void queue_drop(struct dirty_queue *queue, struct dirty_entry *entry)
{
	struct dirty_entry *last;

	if (entry->place == NOWHERE)
		return;

	last = queue->items[--queue->count];
	if (last != entry) {
		queue_set(queue, entry->place, last);
		queue_settle(queue, last);
	}
	entry->place = NOWHERE;
}

static int queue_reserve(struct dirty_queue *queue, size_t size)
{
	struct dirty_entry **items;

	if (size <= queue->size)
		return 0;
	if (size < 2 * queue->size)
		size = 2 * queue->size;

	items = realloc(queue->items, size * sizeof(*items));
	if (!items)
		return -ENOMEM;

	queue->items = items;
	queue->size = size;
	return 0;
}

/* --- entries --- */

static struct dirty_entry *entry_new(struct dirty *dirty, const struct hint *hint,
				     enum dirty_rank rank)
{
	struct dirty_queue *queue = &dirty->queues[rank];
	struct dirty_entry *entry;

	if (queue_reserve(queue, queue->owned + 1) < 0)
		return NULL;

	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;

	entry->hint = *hint;
	entry->hint.remade = false;
	entry->hint.from_udevd = false;
	entry->hint.told_ms = 0;
	entry->key = key_of(hint);
	entry->rank = rank;
	entry->place = NOWHERE;
	entry->looked_ms = DIRTY_NEVER;
	entry->changed_ms = DIRTY_NEVER;
	queue->owned++;
	return entry;
}

static struct dirty_entry *entry_free(struct dirty *dirty, struct dirty_entry *entry)
{
	if (!entry)
		return NULL;

	list_remove(&entry->rest_link);
	dirty->queues[entry->rank].owned--;
	free(entry);
	return NULL;
}

/* CPUs and resync cost as much as the machine is large: they are never hurried. */
static unsigned int entry_merge_ms(const struct dirty_entry *entry)
{
	size_t last = ARRAY_SIZE(merges_ms) - 1, step = 0;

	if (entry->close_looks >= QUICK_LOOKS)
		step = entry->close_looks - QUICK_LOOKS + 1;
	if (entry->rank == DIRTY_CPUS || entry->rank == DIRTY_RESYNC || step > last)
		return merges_ms[last];
	return merges_ms[step];
}

static void entry_count_look(struct dirty_entry *entry, uint64_t now_ms)
{
	bool is_close = entry->looked_ms != DIRTY_NEVER && now_ms < entry->told_look_ms + CALM_MS;

	entry->close_looks = is_close ? entry->close_looks + 1 : 0;
	entry->told_look_ms = now_ms;
}

/* When a hint that comes now is due. */
static uint64_t entry_hint_due(const struct dirty_entry *entry, uint64_t now_ms)
{
	if (entry->looked_ms == DIRTY_NEVER)
		return now_ms;
	return later(now_ms, entry->looked_ms + entry_merge_ms(entry));
}

static void entry_hint(struct dirty *dirty, struct dirty_entry *entry, const struct hint *hint,
		       uint64_t now_ms)
{
	uint64_t told_ms = hint->told_ms ? hint->told_ms : now_ms;
	uint64_t due_ms;

	entry->hint.told_ms = later(entry->hint.told_ms, told_ms);
	entry->hint.remade |= hint->remade;
	entry->hint.from_udevd |= hint->from_udevd;
	if (hint->ifindex > 0)
		entry->hint.ifindex = hint->ifindex;
	if (entry->hinted)
		return;

	entry->hinted = true;
	dirty->hinted++;
	list_remove(&entry->rest_link);
	due_ms = entry_hint_due(entry, now_ms);
	if (entry->place == NOWHERE || due_ms < entry->due_ms)
		queue_put(&dirty->queues[entry->rank], entry, due_ms);
}

static void entry_rest(struct dirty *dirty, struct dirty_entry *entry)
{
	entry->changed_ms = DIRTY_NEVER;
	if (entry->key)
		list_append(&dirty->resting, &entry->rest_link);
}

static void forget_rested(struct dirty *dirty, uint64_t now_ms)
{
	while (!list_empty(&dirty->resting)) {
		struct dirty_entry *entry = list_entry(dirty->resting.next, struct dirty_entry,
						       rest_link);

		if (entry->looked_ms + DIRTY_MERGE_MS > now_ms)
			break;
		(void) map_drop(&dirty->entries, entry->key);
		entry_free(dirty, entry);
	}
}

/* The first relook that is still to come; DIRTY_NEVER after the last one. */
static uint64_t entry_relook_due(const struct dirty_entry *entry, uint64_t now_ms)
{
	const unsigned int *offsets = relooks_ms;
	size_t count = ARRAY_SIZE(relooks_ms);

	if (entry->rank == DIRTY_RESYNC)
		return DIRTY_NEVER;
	if (entry->rank == DIRTY_CPUS) {
		offsets = relooks_cpus_ms;
		count = ARRAY_SIZE(relooks_cpus_ms);
	}

	for (size_t i = 0; i < count; i++) {
		if (entry->changed_ms + offsets[i] > now_ms)
			return later(entry->changed_ms + offsets[i], now_ms + DIRTY_MERGE_MS);
	}
	return DIRTY_NEVER;
}

static struct dirty_entry *find_entry(const struct dirty *dirty, const struct hint *hint)
{
	if (hint->kind == HINT_CPUS)
		return dirty->cpus;
	if (hint->kind == HINT_RESYNC)
		return dirty->resync;
	return map_find(&dirty->entries, key_of(hint));
}

/* --- the set --- */

int dirty_init(struct dirty *dirty)
{
	*dirty = (struct dirty){ .entries = MAP_INIT };
	list_init(&dirty->resting);

	dirty->cpus = entry_new(dirty, &(struct hint){ .kind = HINT_CPUS }, DIRTY_CPUS);
	dirty->resync = entry_new(dirty, &(struct hint){ .kind = HINT_RESYNC }, DIRTY_RESYNC);
	if (!dirty->cpus || !dirty->resync) {
		dirty_deinit(dirty);
		return -ENOMEM;
	}
	return 0;
}

void dirty_deinit(struct dirty *dirty)
{
	struct dirty_entry *entry;
	size_t cursor = 0;

	while ((entry = map_next(&dirty->entries, &cursor)))
		entry_free(dirty, entry);
	map_deinit(&dirty->entries);

	dirty->cpus = entry_free(dirty, dirty->cpus);
	dirty->resync = entry_free(dirty, dirty->resync);
	for (size_t i = 0; i < DIRTY_RANKS; i++)
		free(dirty->queues[i].items);

	*dirty = (struct dirty){ .entries = MAP_INIT };
}

int dirty_put(struct dirty *dirty, const struct hint *hint, uint64_t now_ms)
{
	const struct hint resync = { .kind = HINT_RESYNC };
	struct dirty_entry *entry;
	enum dirty_rank rank;

	if (!rank_of(hint->kind, &rank) || !names_something(hint))
		return -EINVAL;

	dirty->hints++;
	forget_rested(dirty, now_ms);

	entry = find_entry(dirty, hint);
	if (!entry) {
		if (dirty->entries.used >= DIRTY_LIMIT) {
			entry_hint(dirty, dirty->resync, &resync, now_ms);
			return 0;
		}

		entry = entry_new(dirty, hint, rank);
		if (!entry || map_put(&dirty->entries, entry->key, entry) < 0) {
			entry_free(dirty, entry);
			entry_hint(dirty, dirty->resync, &resync, now_ms);
			return -ENOMEM;
		}
	} else if (!same_object(&entry->hint, hint)) {
		/* Two names with one hash. Comparing the lists finds the second object too. */
		entry_hint(dirty, dirty->resync, &resync, now_ms);
		return 0;
	}

	entry_hint(dirty, entry, hint, now_ms);
	return 0;
}

size_t dirty_count(const struct dirty *dirty)
{
	size_t count = 0;

	for (size_t i = 0; i < DIRTY_RANKS; i++)
		count += dirty->queues[i].count;
	return count;
}

uint64_t dirty_next_due(const struct dirty *dirty)
{
	uint64_t due_ms = DIRTY_NEVER;

	for (size_t i = 0; i < DIRTY_RANKS; i++) {
		const struct dirty_queue *queue = &dirty->queues[i];

		if (queue->count > 0 && queue->items[0]->due_ms < due_ms)
			due_ms = queue->items[0]->due_ms;
	}
	return due_ms;
}

bool dirty_take(struct dirty *dirty, uint64_t now_ms, struct hint *ret_hint, bool *ret_relook)
{
	forget_rested(dirty, now_ms);

	for (size_t i = 0; i < DIRTY_RANKS; i++) {
		struct dirty_queue *queue = &dirty->queues[i];
		struct dirty_entry *entry;

		if (queue->count == 0 || queue->items[0]->due_ms > now_ms)
			continue;

		entry = queue->items[0];
		queue_drop(queue, entry);
		*ret_hint = entry->hint;
		*ret_relook = !entry->hinted;

		dirty->looks++;
		if (entry->hinted) {
			entry_count_look(entry, now_ms);
			entry->told_look = dirty->looks;
			entry->hinted = false;
			dirty->hinted--;
		}
		entry->hint.remade = false;
		entry->hint.from_udevd = false;
		entry->looked_ms = now_ms;
		return true;
	}
	return false;
}

bool dirty_looked_since(const struct dirty *dirty, const struct hint *hint, uint64_t looks)
{
	const struct dirty_entry *entry = find_entry(dirty, hint);

	return entry && same_object(&entry->hint, hint) && entry->told_look > looks;
}

void dirty_looked(struct dirty *dirty, const struct hint *hint, uint64_t now_ms, bool changed,
		  bool gone)
{
	struct dirty_entry *entry = find_entry(dirty, hint);
	uint64_t due_ms;

	if (!entry || !same_object(&entry->hint, hint))
		return;

	/* Counts from the look's end, so that slow looks cannot fill all the time. */
	list_remove(&entry->rest_link);
	entry->looked_ms = now_ms;

	if (gone) {
		entry->told_look = 0;
		entry->changed_ms = DIRTY_NEVER;
	} else if (changed || hint->remade || entry->changed_ms == DIRTY_NEVER)
		entry->changed_ms = now_ms;

	if (entry->hinted) {
		queue_put(&dirty->queues[entry->rank], entry, entry_hint_due(entry, now_ms));
		return;
	}

	due_ms = gone ? DIRTY_NEVER : entry_relook_due(entry, now_ms);
	if (due_ms == DIRTY_NEVER) {
		queue_drop(&dirty->queues[entry->rank], entry);
		entry_rest(dirty, entry);
	} else {
		queue_put(&dirty->queues[entry->rank], entry, due_ms);
	}
}
