/*
 * dirty: what is to be looked at, and when.
 *
 * Hints about one object merge into one entry. The first hint is due at once; hints that come while
 * the last look is young wait for one common look: 2 ms, which an arrival with its dozen events
 * hardly feels, and in a storm longer with each such look, up to DIRTY_MERGE_MS. The last hint
 * always gets one. After a look the object stays on watch: it is looked at again at growing
 * distance until it stopped changing, since drivers request vectors late and say nothing.
 *
 * Knows no clock: the caller says what time it is, and never goes back. A struct dirty may not be
 * moved once it is initialised.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/list.h"
#include "irqherd/base/map.h"
#include "irqherd/model/hint.h"

#define DIRTY_MERGE_MS 20u    /* for CPUs and resync from the start */
#define DIRTY_LIMIT    65536u /* objects; a hint about one more becomes HINT_RESYNC */
#define DIRTY_NEVER    UINT64_MAX

/* The order in which objects that are due are taken. */
enum dirty_rank {
	DIRTY_CPUS,
	DIRTY_RESYNC,
	DIRTY_DEVICES,
	DIRTY_NETDEVS,
	DIRTY_IRQS,
	DIRTY_RANKS,
};

struct dirty_entry;

/* A binary heap by due time. Has room for every entry of its rank, so only a new object can fail.
 */
struct dirty_queue {
	struct dirty_entry **items;
	size_t count;
	size_t size;
	size_t owned; /* entries of this rank, waiting here or not */
};

struct dirty {
	struct map entries;         /* key of the object to struct dirty_entry; owned */
	struct dirty_entry *cpus;   /* HINT_CPUS and HINT_RESYNC are there from the start: lost */
	struct dirty_entry *resync; /* events can be told even when memory is short */
	struct dirty_queue queues[DIRTY_RANKS];
	struct list_link resting; /* dirty_entry::rest_link: forgotten, but looked at just now */
	size_t hinted;            /* objects with a hint that waits for its look */
	uint64_t hints;           /* received in all */
	uint64_t looks;           /* taken in all */
};

int dirty_init(struct dirty *dirty);
void dirty_deinit(struct dirty *dirty);

/*
 * A hint with told_ms 0 was received at now_ms. -EINVAL: the hint names nothing. -ENOMEM: the
 * object could not be kept; HINT_RESYNC was put instead, as it is beyond DIRTY_LIMIT objects (that
 * is no error).
 */
int dirty_put(struct dirty *dirty, const struct hint *hint, uint64_t now_ms);

/* Objects that a look is still to come for, by a hint or by the schedule. */
size_t dirty_count(const struct dirty *dirty);

/* When the next look is due (perhaps in the past); DIRTY_NEVER: nothing to do. */
uint64_t dirty_next_due(const struct dirty *dirty);

/*
 * Takes one object that is due. False: none. ret_hint is what was merged (flags of all hints since
 * the last look, told_ms of the last one that ever came); ret_relook tells that no hint came: this
 * is a look by schedule. HINT_CPUS come
 * first, then HINT_RESYNC, devices, network devices, IRQs.
 */
bool dirty_take(struct dirty *dirty, uint64_t now_ms, struct hint *ret_hint, bool *ret_relook);

/*
 * After the look, with the hint as it was taken: the object changed or not; gone means that no
 * further look makes sense. What changed or was remade is watched from the start again.
 */
void dirty_looked(struct dirty *dirty, const struct hint *hint, uint64_t now_ms, bool changed,
		  bool gone);

/* Whether the object was looked at for a hint, and found, since dirty::looks was `looks`. */
bool dirty_looked_since(const struct dirty *dirty, const struct hint *hint, uint64_t looks);
