/* candidate: whether an IRQ may leave the CPU that it fires on, for load. */
#pragma once

#include <stdbool.h>

#include "irqherd/model/move.h"

/*
 * Whether an IRQ may leave its CPU for load: active, movable, not cooling down, not stuck, not
 * requested and unconfirmed, and not kept there by a foreign hand whose time is not over.
 */
bool irq_is_candidate(const struct irq *irq, const struct snapshot *now);

/* Whether only a foreign hand keeps it from being a candidate: overload of its CPU lifts that, if
 * there is no other. */
bool irq_is_external_candidate(const struct irq *irq, const struct snapshot *now);
