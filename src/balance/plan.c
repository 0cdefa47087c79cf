/*
 * A round in the order of urgency: IRQs leave CPUs that may not be used, IRQs go home, and one IRQ
 * leaves an overloaded CPU. Each decided move is entered in the working table at once, so what
 * follows sees it. A quiet round is the filling of that table and one look over its rows.
 */
#include "irqherd/balance/plan.h"

#include "irqherd/balance/candidate.h"
#include "irqherd/balance/choose.h"
#include "irqherd/balance/place.h"
#include "irqherd/balance/relief.h"

/* Overloaded CPUs looked at in one round before giving up on finding one that can be relieved. */
#define CPUS_TRIED 16

struct decision {
	const struct snapshot *now;
	const struct policy *policy;
	struct cpu_table *table;
	struct plan *plan;
	struct no_room no_room;
};

/* These may never have fired: where they would is what counts. */
static bool moves_by_mask(const struct irq *irq, enum move_reason reason)
{
	return reason == REASON_ARRIVAL ||
	       (reason == REASON_PINNED && irq_bound_cpu(irq) != CPU_NONE);
}

static int decide_move(struct decision *decision, const struct irq *irq, int target,
		       enum move_reason reason, uint32_t cost_ppm)
{
	const struct snapshot *now = decision->now;
	int from_cpu = moves_by_mask(irq, reason) ? irq_bound_cpu(irq) : irq->effective_cpu;
	const struct cpu_load *from = load_cpu(now->load, from_cpu);
	const struct cpu_load *to = load_cpu(now->load, target);
	struct cpu_row *source = cpu_table_row(decision->table, from_cpu);
	bool active = load_irq_count(now->load, irq->number) > 0;
	const struct move move = { .irq = irq->number,
				   .generation = irq->generation,
				   .from_cpu = from_cpu,
				   .to_cpu = target,
				   .reason = reason,
				   .from_load_ppm = from ? from->load_ppm : 0,
				   .to_load_ppm = to ? to->load_ppm : 0 };
	int r;

	r = plan_add(decision->plan, &move);
	if (r < 0)
		return r;
	cpu_table_note_move(decision->table, &now->inventory->topology, &move, active, cost_ppm);
	if (source && reason != REASON_ARRIVAL)
		source->unsettled++;
	return 0;
}

/* The load that goes with an IRQ, where nothing is known of its cost. */
static uint32_t share_of(const struct decision *decision, const struct irq *irq, int from_cpu)
{
	return load_irq_count(decision->now->load, irq->number) > 0
		       ? cpu_table_share(decision->table, from_cpu)
		       : 0;
}

static bool budget_is_spent(const struct decision *decision)
{
	return decision->plan->count >= decision->policy->move_budget;
}

/* A write of ours is on its way, or would be in vain. */
static bool must_wait(const struct irq *irq, uint64_t now_ms)
{
	const struct placement *placement = &irq->placement;

	switch (placement->state) {
	case PLACEMENT_REQUESTED:
		return true;
	case PLACEMENT_STUCK:
		return placement->stuck_until_ms > now_ms;
	case PLACEMENT_FAILED:
		return placement->cooldown_until_ms > now_ms;
	case PLACEMENT_IDLE:
	case PLACEMENT_CONFIRMED:
	case PLACEMENT_REVERTED:
		break;
	}
	return false;
}

static int leave_forbidden_cpu(struct decision *decision, const struct irq *irq)
{
	int target;

	if (must_wait(irq, decision->now->now_ms) || !irq_movable(irq))
		return 0;
	if (no_room_for(&decision->no_room, irq)) {
		decision->plan->unrelieved = true;
		return 0;
	}
	target = place_irq(decision->now, decision->policy, decision->table, irq,
			   irq->effective_cpu);
	if (target == CPU_NONE) {
		decision->plan->unrelieved = true;
		/* a full list only means that the next one is looked at in vain */
		(void) no_room_add(&decision->no_room, irq);
		return 0;
	}
	return decide_move(decision, irq, target, REASON_FORBIDDEN,
			   share_of(decision, irq, irq->effective_cpu));
}

/* Whether a home CPU has room for an IRQ that fled from there: it must not make it full again. */
static bool has_lasting_room(const struct decision *decision, const struct irq *irq, int target)
{
	const struct policy *policy = decision->policy;
	uint64_t load = (uint64_t) decision->table->rows[target].load_ppm +
			cpu_table_share(decision->table, irq->effective_cpu);

	return load < policy->load_limit_ppm && load < policy->threshold_ppm;
}

static bool may_go_home(const struct decision *decision, const struct irq *irq)
{
	const struct placement *placement = &irq->placement;
	uint64_t now_ms = decision->now->now_ms;

	if (placement->away == AWAY_NO || !irq_is_candidate(irq, decision->now) ||
	    must_wait(irq, now_ms))
		return false;
	if (placement->away == AWAY_MOVED &&
	    (placement->home_since_ms == 0 ||
	     now_ms - placement->home_since_ms < decision->policy->cooldown_ms))
		return false;
	return !mask_test(&decision->now->inventory->masks, irq->home.cpus, irq->effective_cpu);
}

static int go_home(struct decision *decision, const struct irq *irq)
{
	enum move_reason reason = REASON_GO_HOME;
	int target;

	if (!may_go_home(decision, irq))
		return 0;
	target = place_home(decision->now, decision->policy, decision->table, irq,
			    irq->effective_cpu);
	if (target == CPU_NONE)
		return 0;
	switch (irq->placement.away) {
	case AWAY_NO:
		return 0;
	case AWAY_MOVED:
		if (!has_lasting_room(decision, irq, target))
			return 0;
		break;
	case AWAY_BROKEN:
		reason = REASON_AFFINITY_BROKEN;
		break;
	case AWAY_REHOMED:
		reason = REASON_HOME_CHANGED;
		break;
	}
	return decide_move(decision, irq, target, reason,
			   share_of(decision, irq, irq->effective_cpu));
}

/* Calls one of the two above for each active IRQ that sits on a CPU that may (not) be used. */
static int walk_active(struct decision *decision, bool allowed,
		       int (*decide)(struct decision *decision, const struct irq *irq))
{
	const struct inventory *inventory = decision->now->inventory;

	for (unsigned int i = 0; i < inventory->irq_slots && !budget_is_spent(decision); i++) {
		const struct irq *irq = inventory->irqs[i];
		const struct cpu_row *row;
		int r;

		if (!irq || !irq->requested || load_irq_count(decision->now->load, i) == 0)
			continue;
		row = cpu_table_row(decision->table, irq->effective_cpu);
		if (!row || row->allowed != allowed)
			continue;
		r = decide(decision, irq);
		if (r < 0)
			return r;
	}
	return 0;
}

static void look_for_overload(struct decision *decision)
{
	struct plan *plan = decision->plan;
	const struct cpu_row *rows = decision->table->rows;

	for (unsigned int i = 0; i < decision->table->count; i++) {
		if (!cpu_is_overloaded(&rows[i], decision->policy))
			continue;
		plan->overloaded++;
		if (plan->busiest_cpu == CPU_NONE ||
		    rows[i].measured_ppm > rows[plan->busiest_cpu].measured_ppm)
			plan->busiest_cpu = (int) i;
	}
}

/*
 * One move. The most loaded CPU comes first; one that nobody can help (no target for any of its
 * candidates) does not keep the next from being helped. A CPU that this plan relieves already, or
 * that waits for an earlier move to show, is left out by choose_cpu.
 */
static int relieve_overload(struct decision *decision, struct rng *rng)
{
	struct cpu_table *table = decision->table;

	if (budget_is_spent(decision))
		return 0;
	for (unsigned int tries = 0; tries < CPUS_TRIED; tries++) {
		int cpu = choose_cpu(table, decision->policy);
		const struct irq *irq;

		if (cpu == CPU_NONE)
			return 0;
		while ((irq = choose_irq(decision->now, decision->policy, table, cpu,
					 &decision->no_room, rng))) {
			int target = place_better(decision->now, decision->policy, table, irq, cpu);

			if (target != CPU_NONE)
				return decide_move(decision, irq, target, REASON_OVERLOAD,
						   share_of(decision, irq, cpu));
			if (!no_room_add(&decision->no_room, irq))
				break;
		}
		decision->plan->unrelieved = true;
		table->rows[cpu].candidates = table->rows[cpu].externals = 0;
	}
	return 0;
}

/* Strategy cost: as many moves as are worth it, from as many CPUs. */
static int relieve_by_gain(struct decision *decision)
{
	const struct policy *policy = decision->policy;
	struct cpu_table *table = decision->table;
	struct relief relief;
	bool wanted = relief_begin(decision->now, policy, table, decision->plan);

	decision->plan->level_ppm = relief_level(table, policy, decision->now->now_ms);
	if (decision->plan->level_ppm == RELIEF_NEVER) {
		decision->plan->level_ppm = policy->threshold_ppm;
		decision->plan->recent = table->recent;
	}
	if (!wanted)
		return 0;
	while (!budget_is_spent(decision) && relief_next(decision->now, policy, table, &relief)) {
		bool over = table->rows[relief.from_cpu].measured_ppm >= policy->threshold_ppm;
		int r = decide_move(decision, relief.irq, relief.to_cpu,
				    over ? REASON_OVERLOAD : REASON_GAIN, relief.cost_ppm);

		if (r < 0)
			return r;
		relief_note(table, &relief);
	}
	return 0;
}

static void note_unrelieved(struct decision *decision)
{
	const struct cpu_row *rows = decision->table->rows;

	for (unsigned int i = 0; i < decision->table->count; i++)
		if (cpu_is_overloaded(&rows[i], decision->policy) && rows[i].left_ppm == 0)
			decision->plan->unrelieved = true;
}

int balance_plan(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		 struct rng *rng, struct plan *ret_plan)
{
	struct decision decision = {
		.now = now, .policy = policy, .table = table, .plan = ret_plan
	};
	int r;

	plan_reset(ret_plan);
	r = cpu_table_fill(table, now, policy);
	if (r < 0)
		return r;

	ret_plan->level_ppm = policy->threshold_ppm;
	look_for_overload(&decision);
	if (table->strays > 0) {
		r = walk_active(&decision, false, leave_forbidden_cpu);
		if (r < 0)
			return r;
	}
	if (table->away > 0) {
		r = walk_active(&decision, true, go_home);
		if (r < 0)
			return r;
	}
	if (policy->choice == CHOICE_COST) {
		r = relieve_by_gain(&decision);
		if (r < 0)
			return r;
		note_unrelieved(&decision);
	} else if (ret_plan->overloaded > 0) {
		/* no room for strays at any load is another matter than none that is better */
		decision.no_room = (struct no_room){ 0 };
		r = relieve_overload(&decision, rng);
		if (r < 0)
			return r;
	}
	ret_plan->hurry = ret_plan->count > 0 || ret_plan->overloaded > 0;
	return 0;
}

/* --------------------------------------------------------------------------------------------------
 * arrivals */

/* It fires where it should, but its mask would let it go elsewhere. */
static bool mask_may_be_written(const struct decision *decision, const struct irq *irq, int cpu)
{
	const struct inventory *inventory = decision->now->inventory;
	const struct cpu_row *row = cpu_table_row(decision->table, cpu);

	return row && row->allowed && mask_leads_away(inventory, irq) &&
	       mask_test(&inventory->masks, irq->home.cpus, cpu);
}

static int judge_arrival(struct decision *decision, const struct irq *irq)
{
	const struct topology *topology = &decision->now->inventory->topology;
	bool queue = irq->queue.kind != QUEUE_NONE && irq_device(irq);
	int cpu = irq_bound_cpu(irq), target = cpu, r;

	if (arrival_is_badly_placed(decision->now, decision->table, irq)) {
		target = place_arrival(decision->now, decision->policy, decision->table, irq);
		if (target == CPU_NONE)
			target = cpu;
	}
	if (target != cpu || mask_may_be_written(decision, irq, cpu)) {
		r = decide_move(decision, irq, target, REASON_ARRIVAL,
				share_of(decision, irq, cpu));
		if (r < 0)
			return r;
	}
	if (queue && cpu_table_row(decision->table, target)) {
		if (target != cpu)
			cpu_table_move_queue(decision->table, topology, cpu, target);
		cpu_table_core(decision->table, topology, target)->judged++;
	}
	return 0;
}

/* A rule is kept to whatever `arrival` says. */
static bool is_unjudged(const struct decision *decision, const struct irq *irq)
{
	return irq->arrival && irq_movable(irq) &&
	       (decision->policy->spread_arrivals || irq->home.origin == HOME_RULE);
}

static int judge_device(struct decision *decision, const struct device *device)
{
	bool counted = false;

	list_foreach(vector, &device->vectors, struct vector, device_link) {
		int r;

		if (!is_unjudged(decision, vector->irq) || irq_device(vector->irq) != device)
			continue;
		if (!counted) {
			cpu_table_count_queues(decision->table, decision->now->inventory, device);
			counted = true;
		}
		r = judge_arrival(decision, vector->irq);
		if (r < 0)
			return r;
	}
	return 0;
}

int balance_arrivals(const struct snapshot *now, const struct policy *policy,
		     struct cpu_table *table, struct plan *ret_plan)
{
	const struct inventory *inventory = now->inventory;
	struct decision decision = {
		.now = now, .policy = policy, .table = table, .plan = ret_plan
	};
	int r;

	plan_reset(ret_plan);
	r = cpu_table_fill(table, now, policy);
	if (r < 0 || table->arrivals == 0)
		return r;

	inventory_foreach_device(device, inventory) {
		r = judge_device(&decision, device);
		if (r < 0)
			return r;
	}
	for (unsigned int i = 0; i < inventory->irq_slots; i++) {
		const struct irq *irq = inventory->irqs[i];

		if (!irq || !list_empty(&irq->owners) || !is_unjudged(&decision, irq))
			continue;
		r = judge_arrival(&decision, irq);
		if (r < 0)
			return r;
	}
	ret_plan->hurry = ret_plan->count > 0;
	return 0;
}

/* --------------------------------------------------------------------------------------------------
 * pins */

static bool is_bound_to_home(const struct decision *decision, const struct irq *irq)
{
	const struct mask_table *masks = &decision->now->inventory->masks;
	const struct cpu_row *row = cpu_table_row(decision->table, irq->effective_cpu);
	struct cpumask asked, home;

	mask_get(masks, irq->asked, &asked);
	mask_get(masks, irq->home.cpus, &home);
	if (irq_bound_cpu(irq) != CPU_NONE)
		row = cpu_table_row(decision->table, irq_bound_cpu(irq));
	return row && row->allowed && cpumask_subset(&asked, &home);
}

int balance_pinned(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		   const struct irq *irq, struct plan *ret_plan)
{
	struct decision decision = {
		.now = now, .policy = policy, .table = table, .plan = ret_plan
	};
	int target, r;

	plan_reset(ret_plan);
	r = cpu_table_fill(table, now, policy);
	if (r < 0 || !irq->requested || !irq_movable(irq) || is_bound_to_home(&decision, irq))
		return r;
	target = place_home(now, policy, table, irq, CPU_NONE);
	if (target == CPU_NONE) {
		/* all of them full: who pinned it there wants it all the same */
		if (irq_device(irq))
			cpu_table_count_queues(table, now->inventory, irq_device(irq));
		target = place_arrival(now, policy, table, irq);
	}
	if (target == CPU_NONE)
		return 0;
	return decide_move(&decision, irq, target, REASON_PINNED,
			   share_of(&decision, irq, irq->effective_cpu));
}

/* --------------------------------------------------------------------------------------------------
 * retry */

/* The queue goes back in the counts to where it still is, and from there to the next best core. */
static int retry_arrival(const struct snapshot *now, const struct policy *policy,
			 struct cpu_table *table, const struct irq *irq, const struct move *move)
{
	const struct topology *topology = &now->inventory->topology;
	const struct device *device = irq_device(irq);
	int cpu;

	if (irq->queue.kind == QUEUE_NONE || !device || !cpu_table_row(table, move->from_cpu))
		return place_arrival(now, policy, table, irq);
	if (table->counted == device)
		cpu_table_move_queue(table, topology, move->to_cpu, move->from_cpu);
	else
		cpu_table_count_queues(table, now->inventory, device);
	cpu = place_arrival(now, policy, table, irq);
	if (cpu != CPU_NONE)
		cpu_table_move_queue(table, topology, move->from_cpu, cpu);
	return cpu;
}

bool balance_retry(const struct snapshot *now, const struct policy *policy, struct cpu_table *table,
		   struct move *move)
{
	const struct irq *irq = inventory_find_irq(now->inventory, move->irq);
	const struct cpu_load *load;
	struct move next = *move;

	if (!irq || irq->generation != move->generation)
		return false;
	switch (move->reason) {
	case REASON_ARRIVAL:
		next.to_cpu = retry_arrival(now, policy, table, irq, move);
		break;
	case REASON_OVERLOAD:
	case REASON_GAIN:
		next.to_cpu = place_better(now, policy, table, irq, move->from_cpu);
		break;
	case REASON_GO_HOME:
	case REASON_HOME_CHANGED:
	case REASON_AFFINITY_BROKEN:
	case REASON_PINNED:
		next.to_cpu = place_home(now, policy, table, irq, move->from_cpu);
		break;
	case REASON_FORBIDDEN:
	case REASON_NONE:
		next.to_cpu = place_irq(now, policy, table, irq, move->from_cpu);
		break;
	}
	if (next.to_cpu == CPU_NONE || next.to_cpu == move->to_cpu || next.to_cpu == move->from_cpu)
		return false;

	load = load_cpu(now->load, next.to_cpu);
	next.to_load_ppm = load ? load->load_ppm : 0;
	*move = next;
	next.from_cpu = CPU_NONE; /* it was taken off its source when it was first decided */
	cpu_table_note_move(table, &now->inventory->topology, &next,
			    load_irq_count(now->load, irq->number) > 0,
			    cpu_table_share(table, move->from_cpu));
	return true;
}
