/*
 * settle: did a move take? Follows a move from the write to the moment when its load has followed,
 * or has not.
 *
 *   requested -> confirmed    effective affinity shows the target
 *             -> stuck        it should have fired, and effective affinity did not follow
 *             -> reverted     somebody else wrote the affinity
 *   confirmed -> idle         the old CPU's load fell or the target's rose, or nothing was to be
 * seen for two rounds
 *             -> stuck        the old CPU keeps its load and the target gained none for two rounds
 *   stuck     -> idle         after a while (doubled each time), or when the load is seen to follow
 *
 * Pure: works on the IRQ's record, told what was seen.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/model/inventory.h"
#include "irqherd/model/load.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"

enum settle_outcome {
	SETTLE_WAITING,   /* nothing new */
	SETTLE_CONFIRMED, /* fires on the target now */
	SETTLE_FOLLOWED,  /* and its load went with it, or there was nothing to see: done. May come
			     without SETTLE_CONFIRMED before it */
	SETTLE_STUCK,
	SETTLE_UNSTUCK,
	SETTLE_REVERTED, /* the asked affinity is not ours any more: the caller treats it as foreign
			  */
};

/* A write was taken: updates placement and asked affinity. */
void settle_applied(struct inventory *inventory, struct irq *irq, const struct move *move,
		    const struct policy *policy, uint64_t now_ms);

/* A write was refused. A full vector table is the CPU's matter (cpu_table_note_full), not the
 * IRQ's. */
void settle_failed(struct irq *irq, const struct move *move, enum move_result result,
		   uint64_t now_ms);

/* Whether a round must call settle_observe for this IRQ at all: few need it. */
bool settle_is_watching(const struct irq *irq);

/* Whether a round must read this IRQ's affinity files. Not each round for a write that waits long
 * for its first interrupt. */
bool settle_wants_reading(const struct irq *irq);

/*
 * One round has passed. asked and effective_cpu are fresh readings (as in the record if
 * settle_wants_reading said no); they are entered into the record.
 */
enum settle_outcome settle_observe(struct inventory *inventory, struct irq *irq, mask_id asked,
				   int effective_cpu, const struct load *load,
				   const struct policy *policy, uint64_t now_ms);

/* Affinity changed without us and nothing explains it: respected until now_ms +
 * policy->external_ms. */
void settle_foreign(struct irq *irq, const struct policy *policy, uint64_t now_ms);
