/*
 * dirty: what is to be looked at, and when.
 *
 * Hints about one object merge into one entry. The first hint is due at once; hints that come while
 * the last look is younger than DIRTY_MERGE_MS wait for one common look, and the last hint always
 * gets one. After a look the object stays on watch: it is looked at again at growing distance until
 * it stopped changing, since drivers request vectors late and say nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/map.h"
#include "irqherd/model/hint.h"

#define DIRTY_MERGE_MS 20u
#define DIRTY_NEVER    UINT64_MAX

struct dirty {
	struct map entries;         /* key of the object to struct dirty_entry; owned */
	struct dirty_entry *resync; /* HINT_RESYNC has its own */
	uint64_t next_due_ms;       /* earliest due time; DIRTY_NEVER */
	bool resort;                /* next_due_ms must be searched for again */
	uint64_t hints;             /* received in all */
	uint64_t looks;             /* taken in all */
};

int dirty_init(struct dirty *dirty);
void dirty_deinit(struct dirty *dirty);

int dirty_put(struct dirty *dirty, const struct hint *hint, uint64_t now_ms);

/* When the next look is due (perhaps in the past); DIRTY_NEVER: nothing to do. */
uint64_t dirty_next_due(struct dirty *dirty);

/*
 * Takes one object that is due. False: none. ret_hint is what was merged (flags of all hints since
 * the last look); ret_relook tells that no hint came: this is a look by schedule. HINT_CPUS come
 * first, then HINT_RESYNC, devices, network devices, IRQs.
 */
bool dirty_take(struct dirty *dirty, uint64_t now_ms, struct hint *ret_hint, bool *ret_relook);

/* After the look: the object changed or not; gone means that no further look makes sense. */
void dirty_looked(struct dirty *dirty, const struct hint *hint, uint64_t now_ms, bool changed,
		  bool gone);
