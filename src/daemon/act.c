/*
 * Carrying a plan out, and watching what became of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/balance/plan.h"
#include "irqherd/balance/settle.h"
#include "irqherd/base/clock.h"
#include "irqherd/base/log.h"
#include "irqherd/daemon/daemon.h"
#include "irqherd/outlet/report.h"
#include "irqherd/source/proc_irq.h"

#define PROPOSAL_STANDS_MS 600000u

void daemon_choose_actuator(struct daemon *daemon)
{
	bool observe = daemon->options->dry_run || daemon->settings.config.mode == MODE_OBSERVE ||
		       daemon->said_read_only || daemon->frozen;

	daemon->actuator = observe ? &daemon->affinity_null.actuator
				   : &daemon->affinity_proc.actuator;
}

/* --------------------------------------------------------------------------------------------------
 * watching */

static void watch(struct daemon *daemon, const struct irq *irq)
{
	const struct watched_irq fresh = { .number = irq->number, .generation = irq->generation };

	for (size_t i = 0; i < daemon->watched_count; i++) {
		if (daemon->watched[i].number != irq->number)
			continue;
		daemon->watched[i] = fresh;
		return;
	}
	if (daemon->watched_count == daemon->watched_size) {
		size_t size = daemon->watched_size ? 2 * daemon->watched_size : 16;
		struct watched_irq *watched = realloc(daemon->watched, size * sizeof(watched[0]));

		if (!watched)
			return; /* then this move stays unconfirmed, and is judged by its load like
				   any other */
		daemon->watched = watched;
		daemon->watched_size = size;
	}
	daemon->watched[daemon->watched_count++] = fresh;
}

static void say_outcome(struct daemon *daemon, const struct irq *irq, enum settle_outcome outcome)
{
	const struct placement *placement = &irq->placement;
	struct buf *line = &daemon->line;
	int level = LOG_INFO;

	buf_reset(line);
	switch (outcome) {
	case SETTLE_WAITING:
		return;
	case SETTLE_CONFIRMED:
		level = LOG_DEBUG;
		(void) buf_printf(line, "IRQ %u fires on CPU %d now: from=%d", irq->number,
				  placement->target_cpu, placement->source_cpu);
		break;
	case SETTLE_FOLLOWED:
		level = LOG_DEBUG;
		(void) buf_printf(line, "load of IRQ %u followed to CPU %d: from=%d", irq->number,
				  placement->target_cpu, placement->source_cpu);
		break;
	case SETTLE_STUCK:
		(void) buf_printf(line,
				  "IRQ %u is stuck on CPU %d: moved to CPU %d, its load stays; not "
				  "moved again for a while",
				  irq->number, placement->source_cpu, placement->target_cpu);
		break;
	case SETTLE_UNSTUCK:
		(void) buf_printf(line, "IRQ %u is no longer stuck: cpu=%d", irq->number,
				  irq->effective_cpu);
		break;
	case SETTLE_REVERTED:
		(void) buf_printf(line,
				  "IRQ %u was moved by somebody else after our move to CPU %d, "
				  "leaving it there for %u s",
				  irq->number, placement->target_cpu,
				  daemon->policy.external_ms / 1000);
		break;
	}
	daemon_record_outcome(daemon, irq, buf_text(line));
	if (log_enabled(level))
		log_at(level, "%s", buf_text(line));
}

/* False: nothing more to be seen of it. */
static bool settle_one(struct daemon *daemon, struct watched_irq *watched, uint64_t now_ms)
{
	struct irq *irq = inventory_find_irq(&daemon->inventory, watched->number);
	struct hint hint = { .kind = HINT_IRQ, .irq = watched->number };
	enum settle_outcome outcome;
	int effective;
	mask_id asked;
	int r;

	if (!irq || irq->generation != watched->generation || !settle_is_watching(irq))
		return false;
	asked = irq->asked;
	effective = irq->effective_cpu;
	if (settle_wants_reading(irq)) {
		/* a write that was not applied at once is applied by the next interrupt */
		bool may_have_moved = irq->placement.rounds == 0 ||
				      load_irq_count(&daemon->load, irq->number) > 0;

		r = machine_check_affinity(&daemon->machine, irq, may_have_moved, &asked,
					   &effective);
		if (r < 0) {
			(void) dirty_put(&daemon->dirty, &hint, now_ms);
			return false;
		}
	}
	/* the driver's own doing has an event that may be on its way: a foreign hand is one seen
	 * twice */
	if (asked != irq->asked && !watched->suspected) {
		watched->suspected = true;
		return true;
	}
	watched->suspected = false;
	outcome = settle_observe(&daemon->inventory, irq, asked, effective, &daemon->load,
				 &daemon->policy, now_ms);
	say_outcome(daemon, irq, outcome);
	if (outcome == SETTLE_REVERTED)
		settle_foreign(irq, &daemon->policy, now_ms);
	return settle_is_watching(irq);
}

void daemon_settle(struct daemon *daemon, uint64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < daemon->watched_count; i++)
		if (settle_one(daemon, &daemon->watched[i], now_ms))
			daemon->watched[kept++] = daemon->watched[i];
	daemon->watched_count = kept;
}

/* --------------------------------------------------------------------------------------------------
 * acting */

static void say_move(struct daemon *daemon, const struct move *move, const char *verb)
{
	buf_reset(&daemon->line);
	if (report_move(&daemon->inventory, move, verb, &daemon->line) == 0)
		log_info("%s", buf_text(&daemon->line));
}

static void record_failure(struct daemon *daemon, const struct irq *irq, const struct move *move,
			   enum move_result result)
{
	buf_reset(&daemon->line);
	(void) buf_printf(&daemon->line, "IRQ %u could not be moved to CPU %d: %s", irq->number,
			  move->to_cpu, move_result_name(result));
	daemon_record_move(daemon, irq, move, result, buf_text(&daemon->line));
}

/*
 * A move that nobody makes is decided again each round, said again after a cool-down, and recorded
 * once while it stands: while the IRQ is to leave the same CPU, whatever for, without a long break.
 */
static void only_say(struct daemon *daemon, struct irq *irq, const struct move *move,
		     uint64_t now_ms)
{
	struct placement *placement = &irq->placement;
	bool stands = placement->proposed_ms && placement->proposed_from == move->from_cpu &&
		      now_ms - placement->proposed_ms < PROPOSAL_STANDS_MS;

	(void) daemon->actuator->apply(daemon->actuator, move);
	if (stands)
		placement->proposed_ms = now_ms;
	if (placement->said_until_ms > now_ms)
		return;
	placement->said_until_ms = now_ms + daemon->policy.cooldown_ms;
	say_move(daemon, move, "would move");
	if (stands)
		return;
	placement->proposed_ms = now_ms;
	placement->proposed_from = move->from_cpu;
	daemon_record_proposal(daemon, irq, move, buf_text(&daemon->line));
}

static void went_read_only(struct daemon *daemon)
{
	if (daemon->said_read_only)
		return;
	daemon->said_read_only = true;
	log_warning("/proc/irq can't be written any more, observing only");
	daemon_choose_actuator(daemon);
}

static enum move_result try_move(struct daemon *daemon, struct move *move, uint64_t now_ms)
{
	struct snapshot snapshot = { now_ms, &daemon->inventory, &daemon->load };
	enum move_result result = daemon->actuator->apply(daemon->actuator, move);

	while (result == MOVE_NO_VECTOR) {
		cpu_table_note_full(&daemon->cpus, move->to_cpu, now_ms);
		if (!balance_retry(&snapshot, &daemon->policy, &daemon->cpus, move))
			break;
		result = daemon->actuator->apply(daemon->actuator, move);
	}
	return result;
}

/* The target went offline between the reading of the topology and the write. */
static enum move_result try_after_topology(struct daemon *daemon, struct move *move,
					   uint64_t now_ms)
{
	struct hint hint = { .kind = HINT_CPUS }, also;
	bool gone;

	if (machine_look(&daemon->machine, &hint, LOOK_HINT, &daemon->changes, &gone, &also) < 0 ||
	    !cpumask_test(&daemon->inventory.topology.online, move->to_cpu))
		return MOVE_NO_ONLINE_CPU;
	return try_move(daemon, move, now_ms);
}

/* Our own share of an arrival's time, reading the device and deciding included: the clock is read
 * anew. */
static void note_after(struct daemon *daemon, const struct irq *irq, struct move *move)
{
	uint64_t now_ms = clock_now_ms();

	if (move->reason != REASON_ARRIVAL || !irq->told_ms || irq->told_ms > now_ms)
		return;
	move->timed = true;
	move->after_ms = now_ms - irq->told_ms;
	latency_put(&daemon->placed_after, move->after_ms);
}

/*
 * The slow check may not have come by since somebody else wrote this mask: nobody's placement is
 * undone for not having been seen. A new IRQ was read a moment ago.
 */
static bool is_where_it_was(struct daemon *daemon, const struct irq *irq, const struct move *move)
{
	int effective;
	mask_id asked;

	if (move->reason == REASON_ARRIVAL ||
	    machine_check_affinity(&daemon->machine, irq, false, &asked, &effective) < 0 ||
	    asked == irq->asked)
		return true;
	slow_check_next(&daemon->slow_check, irq);
	return false;
}

static void make_move(struct daemon *daemon, struct irq *irq, struct move *move, uint64_t now_ms)
{
	struct hint hint = { .kind = HINT_IRQ, .irq = move->irq };
	enum move_result result;
	unsigned int bounces;

	if (!is_where_it_was(daemon, irq, move))
		return;
	(void) originals_note(&daemon->originals, &daemon->inventory, irq);
	result = try_move(daemon, move, now_ms);
	if (result == MOVE_NO_ONLINE_CPU) {
		result = try_after_topology(daemon, move, now_ms);
		irq = inventory_find_irq(&daemon->inventory, move->irq);
		if (!irq || irq->generation != move->generation)
			return;
	}
	switch (result) {
	case MOVE_APPLIED:
		cpu_table_note_room(&daemon->cpus, move->to_cpu);
		bounces = irq->placement.bounces;
		settle_applied(&daemon->inventory, irq, move, &daemon->policy, now_ms);
		if (bounces == 0 && irq->placement.bounces)
			log_info("IRQ %u goes back to where it came from, holding it there for "
				 "longer each time: "
				 "cpu=%d",
				 irq->number, move->to_cpu);
		watch(daemon, irq);
		daemon->moves++;
		note_after(daemon, irq, move);
		say_move(daemon, move, "moved");
		daemon_record_move(daemon, irq, move, result, buf_text(&daemon->line));
		return;
	case MOVE_GONE:
		record_failure(daemon, irq, move, result);
		(void) dirty_put(&daemon->dirty, &hint, now_ms);
		return;
	case MOVE_READ_ONLY:
		record_failure(daemon, irq, move, result);
		went_read_only(daemon);
		return;
	case MOVE_NOT_ALLOWED:
		log_info("the kernel refuses to move IRQ %u, leaving it alone: actions=%s",
			 irq->number, irq->actions);
		break;
	case MOVE_NO_VECTOR:
		log_info("no CPU has a free vector for IRQ %u, trying again later: actions=%s",
			 irq->number, irq->actions);
		break;
	case MOVE_BUSY:
	case MOVE_NO_ONLINE_CPU:
	case MOVE_FAILED:
		log_debug("IRQ %u could not be moved to CPU %d: %s", irq->number, move->to_cpu,
			  move_result_name(result));
		break;
	}
	record_failure(daemon, irq, move, result);
	settle_failed(irq, move, result, now_ms);
}

void daemon_act(struct daemon *daemon, uint64_t now_ms)
{
	for (size_t i = 0; i < daemon->plan.count; i++) {
		struct move *move = &daemon->plan.moves[i];
		struct irq *irq = inventory_find_irq(&daemon->inventory, move->irq);

		/* a move before this one may have found that this IRQ is another now */
		if (!irq || irq->generation != move->generation)
			continue;
		if (daemon->actuator->writes)
			make_move(daemon, irq, move, now_ms);
		else
			only_say(daemon, irq, move, now_ms);
	}
	if (daemon->plan.count && daemon->actuator->writes &&
	    originals_save(&daemon->originals) < 0 && !daemon->said_unsaved) {
		log_warning("the masks from before can't be kept for restore-on-exit, going on: "
			    "path=%s",
			    daemon->originals.file.path ? daemon->originals.file.path : "none");
		daemon->said_unsaved = true;
	}
}
