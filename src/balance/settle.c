/*
 * A write of affinity is a wish. The chip may apply it at the next interrupt only, and a queue that
 * is polled without pause makes none: its work stays on the old CPU while every file says
 * otherwise. So two things are watched, each against what was true when the move was made: where
 * the IRQ fires, and whether load went with it. A balancer that does not look moves one IRQ after
 * the other away from a CPU that gets no relief, onto one that looks empty and is not.
 *
 * Every wait has an end, and each repetition makes the next wait longer.
 */
#include "irqherd/balance/settle.h"

#include <assert.h>

/* A change of load that is worth believing. */
#define FAIR_PART_PPM (PPM / 20)

/* Of a source below this one cannot say that it should show a loss. */
#define LOADED_PPM (PPM / 2)

#define ROUNDS_TO_JUDGE 2
#define BUSY_RETRIES    3
#define FAILED_WAIT_MS  30000u
#define STUCK_WAIT_MS   60000u
#define DOUBLINGS_MAX   6

/* Without a new bounce for this many of its cooldowns, an IRQ's bounces are forgotten. */
#define BOUNCE_MEMORY 8

/* A write that waits for its first interrupt is looked at each round at first, then now and then.
 */
#define ROUNDS_READ_EACH 4
#define ROUNDS_READ_STEP 8

static uint8_t one_more(uint8_t count)
{
	return count < UINT8_MAX ? (uint8_t) (count + 1) : count;
}

static uint64_t doubled(uint64_t wait_ms, unsigned int times)
{
	return wait_ms << (times < DOUBLINGS_MAX ? times : DOUBLINGS_MAX);
}

static void enter(struct placement *placement, enum placement_state state)
{
	placement->state = state;
	placement->rounds = 0;
	placement->fired = 0;
}

static bool is_for_balance(enum move_reason reason)
{
	return reason == REASON_OVERLOAD || reason == REASON_GAIN || reason == REASON_GO_HOME;
}

static bool is_bounce(const struct placement *placement, const struct move *move)
{
	return placement->moved_ms != 0 && is_for_balance(move->reason) &&
	       move->to_cpu == placement->source_cpu && move->from_cpu == placement->target_cpu;
}

void settle_applied(struct inventory *inventory, struct irq *irq, const struct move *move,
		    const struct policy *policy, uint64_t now_ms)
{
	struct placement *placement = &irq->placement;

	assert(move->to_cpu >= 0);

	if (is_bounce(placement, move))
		placement->bounces = one_more(placement->bounces);
	else if (now_ms - placement->moved_ms >=
		 BOUNCE_MEMORY * doubled(policy->cooldown_ms, placement->bounces))
		placement->bounces = 0;

	inventory_note_asked(inventory, irq, (unsigned int) move->to_cpu);
	enter(placement, PLACEMENT_REQUESTED);
	placement->reason = move->reason;
	placement->source_cpu = move->from_cpu;
	placement->target_cpu = move->to_cpu;
	placement->moved_ms = now_ms ? now_ms : 1;
	placement->cooldown_until_ms = now_ms + doubled(policy->cooldown_ms, placement->bounces);
	placement->stuck_until_ms = 0;
	placement->home_since_ms = 0;
	placement->source_load_ppm = move->from_load_ppm;
	placement->target_load_ppm = move->to_load_ppm;
	placement->busy_retries = 0;
	placement->no_online = 0;
	placement->away = mask_test(&inventory->masks, irq->home.cpus, move->to_cpu) ? AWAY_NO
										     : AWAY_MOVED;
	irq->external = false;
	irq->external_until_ms = 0;
}

static void give_up_for_now(struct placement *placement, uint64_t now_ms)
{
	enter(placement, PLACEMENT_FAILED);
	placement->cooldown_until_ms = now_ms + FAILED_WAIT_MS;
	placement->busy_retries = 0;
}

void settle_failed(struct irq *irq, const struct move *move, enum move_result result,
		   uint64_t now_ms)
{
	struct placement *placement = &irq->placement;

	if (irq->generation != move->generation)
		return;
	switch (result) {
	case MOVE_BUSY:
		placement->busy_retries = one_more(placement->busy_retries);
		if (placement->busy_retries > BUSY_RETRIES)
			give_up_for_now(placement, now_ms);
		break;
	case MOVE_NO_ONLINE_CPU:
		placement->no_online = one_more(placement->no_online);
		if (placement->no_online < 2)
			break;
		enter(placement, PLACEMENT_FAILED);
		placement->refused = true;
		break;
	case MOVE_NOT_ALLOWED:
		enter(placement, PLACEMENT_FAILED);
		placement->refused = true;
		break;
	case MOVE_FAILED:
		give_up_for_now(placement, now_ms);
		break;
	case MOVE_APPLIED:
	case MOVE_NO_VECTOR:
	case MOVE_GONE:
	case MOVE_READ_ONLY:
		break;
	}
}

bool settle_is_watching(const struct irq *irq)
{
	switch (irq->placement.state) {
	case PLACEMENT_REQUESTED:
	case PLACEMENT_CONFIRMED:
	case PLACEMENT_STUCK:
		return true;
	case PLACEMENT_IDLE:
	case PLACEMENT_REVERTED:
	case PLACEMENT_FAILED:
		break;
	}
	return irq->placement.away != AWAY_NO;
}

bool settle_wants_reading(const struct irq *irq)
{
	const struct placement *placement = &irq->placement;

	switch (placement->state) {
	case PLACEMENT_CONFIRMED:
		return true;
	case PLACEMENT_STUCK:
		/* its wait ends by the clock: what is recorded by then must be true */
		return irq->effective_cpu != placement->target_cpu;
	case PLACEMENT_REQUESTED:
		return placement->rounds < ROUNDS_READ_EACH ||
		       placement->rounds % ROUNDS_READ_STEP == 0;
	case PLACEMENT_IDLE:
	case PLACEMENT_REVERTED:
	case PLACEMENT_FAILED:
		break;
	}
	return false;
}

/* Whether load is seen to have gone from source to target. A source that is gone has no load. */
static bool load_followed(const struct placement *placement, const struct load *load)
{
	const struct cpu_load *source = load_cpu(load, placement->source_cpu);
	const struct cpu_load *target = load_cpu(load, placement->target_cpu);

	if (!load->valid)
		return false;
	if (target && target->load_ppm >= placement->target_load_ppm + FAIR_PART_PPM)
		return true;
	if (placement->source_cpu == CPU_NONE)
		return false;
	return !source || source->load_ppm + FAIR_PART_PPM <= placement->source_load_ppm;
}

static enum settle_outcome become_stuck(struct placement *placement, const struct policy *policy,
					uint64_t now_ms)
{
	uint64_t wait = policy->cooldown_ms > STUCK_WAIT_MS ? policy->cooldown_ms : STUCK_WAIT_MS;

	enter(placement, PLACEMENT_STUCK);
	placement->stuck_until_ms = now_ms + doubled(wait, placement->sticks);
	placement->sticks = one_more(placement->sticks);
	return SETTLE_STUCK;
}

static enum settle_outcome become_settled(struct placement *placement)
{
	enter(placement, PLACEMENT_IDLE);
	placement->sticks = 0;
	return SETTLE_FOLLOWED;
}

/*
 * Whether a load that stayed behind would show: the IRQ was chosen for load, on a CPU that had it,
 * and is not known to cost less than what can be seen.
 */
static bool should_show(const struct irq *irq, const struct load *load)
{
	const struct placement *placement = &irq->placement;

	if (irq->cost.known && irq->cost.ppm < FAIR_PART_PPM)
		return false;
	return load->valid && placement->source_load_ppm >= LOADED_PPM &&
	       (placement->reason == REASON_OVERLOAD || placement->reason == REASON_GAIN);
}

static enum settle_outcome observe_confirmed(struct irq *irq, const struct load *load,
					     const struct policy *policy, uint64_t now_ms)
{
	struct placement *placement = &irq->placement;

	if (load_followed(placement, load))
		return become_settled(placement);
	if (placement->rounds < ROUNDS_TO_JUDGE)
		return SETTLE_WAITING;
	if (should_show(irq, load))
		return become_stuck(placement, policy, now_ms);
	return become_settled(placement);
}

static enum settle_outcome observe_requested(struct irq *irq, const struct load *load,
					     const struct policy *policy, uint64_t now_ms)
{
	struct placement *placement = &irq->placement;

	if (irq->effective_cpu == placement->target_cpu) {
		enter(placement, PLACEMENT_CONFIRMED);
		placement->rounds = 1;
		return observe_confirmed(irq, load, policy, now_ms) == SETTLE_FOLLOWED
			       ? SETTLE_FOLLOWED
			       : SETTLE_CONFIRMED;
	}
	if (placement->fired >= ROUNDS_TO_JUDGE)
		return become_stuck(placement, policy, now_ms);
	/* polled without pause it does not even fire: its load alone tells */
	if (placement->rounds >= ROUNDS_TO_JUDGE && should_show(irq, load) &&
	    !load_followed(placement, load))
		return become_stuck(placement, policy, now_ms);
	return SETTLE_WAITING;
}

static enum settle_outcome observe_stuck(struct irq *irq, const struct load *load, uint64_t now_ms)
{
	struct placement *placement = &irq->placement;

	if (irq->effective_cpu == placement->target_cpu && load_followed(placement, load)) {
		(void) become_settled(placement);
		return SETTLE_UNSTUCK;
	}
	if (now_ms < placement->stuck_until_ms)
		return SETTLE_WAITING;
	/* sticks stay: the next time takes longer */
	enter(placement, PLACEMENT_IDLE);
	return SETTLE_UNSTUCK;
}

static bool home_has_room(const struct inventory *inventory, const struct irq *irq,
			  const struct load *load, const struct policy *policy)
{
	struct cpumask home;

	mask_get(&inventory->masks, irq->home.cpus, &home);
	cpumask_foreach(cpu, &home) {
		const struct cpu_load *row = load_cpu(load, cpu);

		if (row && row->load_ppm < policy->load_limit_ppm &&
		    cpumask_test(&inventory->usable, cpu) && cpumask_test(&policy->allowed, cpu))
			return true;
	}
	return false;
}

/* Since when an IRQ that we moved out could go home. */
static void observe_home(struct inventory *inventory, struct irq *irq, const struct load *load,
			 const struct policy *policy, uint64_t now_ms)
{
	struct placement *placement = &irq->placement;

	if (placement->away == AWAY_NO || placement->state == PLACEMENT_REQUESTED)
		return;
	if (mask_test(&inventory->masks, irq->home.cpus, irq->effective_cpu)) {
		placement->away = AWAY_NO;
		placement->home_since_ms = 0;
		return;
	}
	if (placement->away != AWAY_MOVED || !load->valid)
		return;
	if (!home_has_room(inventory, irq, load, policy))
		placement->home_since_ms = 0;
	else if (placement->home_since_ms == 0)
		placement->home_since_ms = now_ms ? now_ms : 1;
}

static bool is_ours_to_watch(const struct placement *placement)
{
	return placement->state == PLACEMENT_REQUESTED || placement->state == PLACEMENT_CONFIRMED ||
	       placement->state == PLACEMENT_STUCK;
}

enum settle_outcome settle_observe(struct inventory *inventory, struct irq *irq, mask_id asked,
				   int effective_cpu, const struct load *load,
				   const struct policy *policy, uint64_t now_ms)
{
	struct placement *placement = &irq->placement;
	enum settle_outcome outcome = SETTLE_WAITING;
	bool was_read = settle_wants_reading(irq);

	if (irq->asked != asked || irq->effective_cpu != effective_cpu)
		inventory->version++;
	irq->asked = asked;
	irq->effective_cpu = effective_cpu;

	if (is_ours_to_watch(placement)) {
		if (asked != mask_of_cpu((unsigned int) placement->target_cpu)) {
			/* with its CPU gone it was the kernel, which is nobody to respect */
			if (!cpumask_test(&inventory->topology.online, placement->target_cpu)) {
				enter(placement, PLACEMENT_IDLE);
				if (!mask_test(&inventory->masks, irq->home.cpus, effective_cpu))
					placement->away = AWAY_BROKEN;
				return SETTLE_WAITING;
			}
			enter(placement, PLACEMENT_REVERTED);
			return SETTLE_REVERTED;
		}
		/* goes round above the first rounds, so that reading now and then never ends */
		placement->rounds = placement->rounds == UINT8_MAX
					    ? ROUNDS_READ_STEP
					    : (uint8_t) (placement->rounds + 1);
		if (was_read && load->valid && load_irq_count(load, irq->number) > 0)
			placement->fired = one_more(placement->fired);
	}

	switch (placement->state) {
	case PLACEMENT_REQUESTED:
		outcome = observe_requested(irq, load, policy, now_ms);
		break;
	case PLACEMENT_CONFIRMED:
		outcome = observe_confirmed(irq, load, policy, now_ms);
		break;
	case PLACEMENT_STUCK:
		outcome = observe_stuck(irq, load, now_ms);
		break;
	case PLACEMENT_IDLE:
	case PLACEMENT_REVERTED:
	case PLACEMENT_FAILED:
		break;
	}
	observe_home(inventory, irq, load, policy, now_ms);
	return outcome;
}

void settle_foreign(struct irq *irq, const struct policy *policy, uint64_t now_ms)
{
	struct placement *placement = &irq->placement;

	if (is_ours_to_watch(placement))
		enter(placement, PLACEMENT_REVERTED);
	placement->away = AWAY_NO;
	placement->home_since_ms = 0;
	irq->external = true;
	irq->external_until_ms = now_ms + policy->external_ms;
}
