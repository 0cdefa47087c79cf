#include "irqherd/balance/candidate.h"

static bool is_kept_by_others(const struct irq *irq, uint64_t now_ms)
{
	/* 0: whoever handles the change has not said yet until when */
	return irq->external && (irq->external_until_ms == 0 || irq->external_until_ms > now_ms);
}

static bool may_leave(const struct irq *irq, const struct snapshot *now)
{
	const struct placement *placement = &irq->placement;

	if (irq->effective_cpu == CPU_NONE || load_irq_count(now->load, irq->number) == 0)
		return false;
	if (placement->cooldown_until_ms > now->now_ms)
		return false;
	if (placement->state == PLACEMENT_REQUESTED)
		return false;
	if (placement->state == PLACEMENT_STUCK && placement->stuck_until_ms > now->now_ms)
		return false;
	return irq_movable(irq);
}

bool irq_is_candidate(const struct irq *irq, const struct snapshot *now)
{
	return may_leave(irq, now) && !is_kept_by_others(irq, now->now_ms);
}

bool irq_is_external_candidate(const struct irq *irq, const struct snapshot *now)
{
	return is_kept_by_others(irq, now->now_ms) && may_leave(irq, now);
}
