/*
 * Order within a round, as in the daemon: time passes, both samples become a load, pending moves
 * are settled, a plan is made and written. The kernel of this machine shows a new effective
 * affinity at the first interrupt after the write.
 */
#include "sim.h"

#include "irqherd/balance/cost.h"

#define TICKS_PER_S  1000
#define FULL         0.98
#define POLLED_COST  0.15 /* a queue at least this costly polls on a full CPU */
#define ESCAPE_PER_S 0.04

static double random_part(struct sim *sim)
{
	return (double) (rng_next(&sim->world) >> 11) / 9007199254740992.0;
}

void sim_init(struct sim *sim, unsigned int cpus, unsigned int per_node, unsigned int threads,
	      uint64_t seed)
{
	memset(sim, 0, sizeof(*sim));
	machine_init(&sim->m, cpus, per_node, threads);
	sim->m.rng.state = seed;
	sim->world.state = seed ^ 0x5851f42d4c957f2d;
	sim->ground = calloc(cpus, sizeof(sim->ground[0]));
	assert_non_null(sim->ground);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(sample_reserve_cpus(&sim->samples[i], cpus), 0);
		assert_int_equal(sample_reserve_irqs(&sim->samples[i], SIM_IRQS), 0);
		sim->samples[i].valid = true;
		for (unsigned int cpu = 0; cpu < cpus; cpu++)
			sim->samples[i].cpus[cpu].online = true;
	}
	sim->m.plan.hurry = false;
	sim->short_ms = 2000;
	sim->long_ms = 5000;
}

void sim_deinit(struct sim *sim)
{
	sample_deinit(&sim->samples[0]);
	sample_deinit(&sim->samples[1]);
	free(sim->ground);
	machine_deinit(&sim->m);
}

void sim_put_irq(struct sim *sim, unsigned int number, int node, int cpu, double cost)
{
	assert_true(number < SIM_IRQS);
	machine_put_irq(&sim->m, number, node, cpu, 0);
	sim->irqs[number] = (struct sim_irq){ .cost = cost, .work_cpu = cpu };
}

double sim_demand(const struct sim *sim, int cpu)
{
	double demand = sim->ground[cpu];

	for (unsigned int i = 0; i < SIM_IRQS; i++)
		if (sim->irqs[i].work_cpu == cpu)
			demand += sim->irqs[i].cost;
	return demand;
}

double sim_highest_demand(const struct sim *sim)
{
	double highest = 0;

	for (unsigned int cpu = 0; cpu < sim->m.cpus; cpu++)
		if (sim_demand(sim, (int) cpu) > highest)
			highest = sim_demand(sim, (int) cpu);
	return highest;
}

unsigned int sim_working_irqs(const struct sim *sim, int cpu)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < SIM_IRQS; i++)
		count += sim->irqs[i].cost > 0 && sim->irqs[i].work_cpu == cpu;
	return count;
}

/* How many interrupts; and where its work is done from now on. */
static uint32_t fire(struct sim *sim, const struct irq *irq, double demand, double seconds)
{
	struct sim_irq *hidden = &sim->irqs[irq->number];
	bool polled = demand >= FULL && hidden->cost >= POLLED_COST;
	int wanted = mask_single(irq->asked);
	double rate = polled ? 0.3 : 50 + 4000 * hidden->cost;
	uint32_t count;

	if (hidden->cost <= 0)
		return 0;
	count = (uint32_t) (rate * seconds * (0.8 + 0.4 * random_part(sim)) + random_part(sim));
	if (wanted == CPU_NONE || wanted == hidden->work_cpu)
		return count;
	if (sim->sticky && polled && random_part(sim) >= ESCAPE_PER_S * seconds)
		return 0;
	hidden->work_cpu = wanted;
	return count ? count : 1;
}

static void pass_time(struct sim *sim, unsigned int ms)
{
	const struct sample *before = &sim->samples[sim->last];
	struct sample *after = &sim->samples[!sim->last];
	double seconds = ms / 1000.0;
	double *demand = calloc(sim->m.cpus, sizeof(demand[0]));

	assert_non_null(demand);
	for (unsigned int cpu = 0; cpu < sim->m.cpus; cpu++) {
		struct cpu_sample *row = &after->cpus[cpu];
		uint64_t ticks = (uint64_t) (seconds * TICKS_PER_S), busy, user, steal;

		*row = before->cpus[cpu];
		row->online = cpumask_test(&sim->m.inventory.topology.online, (int) cpu);
		demand[cpu] = sim_demand(sim, (int) cpu);
		if (!row->online)
			continue;
		if (demand[cpu] > 1)
			sim->unmet += (demand[cpu] - 1) * seconds;
		busy = demand[cpu] >= 1 ? ticks
					: (uint64_t) (demand[cpu] * (double) ticks *
						      (0.99 + 0.02 * random_part(sim)));
		if (busy > ticks)
			busy = ticks;
		row->ticks[CPU_TIME_SOFTIRQ] += busy;
		user = (uint64_t) (sim->user * (double) ticks);
		steal = (uint64_t) (sim->steal * (double) ticks);
		user = user > ticks - busy ? ticks - busy : user;
		steal = steal > ticks - busy - user ? ticks - busy - user : steal;
		row->ticks[CPU_TIME_USER] += user;
		row->ticks[CPU_TIME_STEAL] += steal;
		row->ticks[CPU_TIME_IDLE] += ticks - busy - user - steal;
	}
	for (unsigned int i = 0; i < SIM_IRQS; i++) {
		const struct irq *irq = inventory_find_irq(&sim->m.inventory, i);

		after->irq_totals[i] = before->irq_totals[i];
		if (irq)
			after->irq_totals[i] += fire(sim, irq, demand[sim->irqs[i].work_cpu],
						     seconds);
	}
	free(demand);
	sim->m.now_ms += ms;
	after->time_ms = sim->m.now_ms;
	sim->last = !sim->last;
}

static void settle_all(struct sim *sim)
{
	struct machine *m = &sim->m;

	inventory_foreach_irq(irq, &m->inventory) {
		int effective = irq->effective_cpu;

		if (!settle_is_watching(irq))
			continue;
		if (settle_wants_reading(irq))
			effective = sim->irqs[irq->number].work_cpu;
		if (settle_observe(&m->inventory, irq, irq->asked, effective, &m->load, &m->policy,
				   m->now_ms) == SETTLE_STUCK)
			sim->stuck++;
	}
}

static void check_move(const struct sim *sim, const struct move *move)
{
	const struct machine *m = &sim->m;
	const struct irq *irq = machine_irq(m, move->irq);

	assert_int_equal(move->generation, irq->generation);
	assert_int_not_equal(move->from_cpu, move->to_cpu);
	assert_true(irq_movable(irq));
	assert_false(irq->managed);
	assert_true(load_irq_count(&m->load, irq->number) > 0);
	assert_true(cpumask_test(&m->inventory.topology.online, move->to_cpu));
	assert_true(cpumask_test(&m->inventory.usable, move->to_cpu));
	assert_true(cpumask_test(&m->policy.allowed, move->to_cpu));
	if (!m->policy.non_local_cpus)
		assert_true(mask_test(&m->inventory.masks, irq->home.cpus, move->to_cpu));
	if (!m->policy.all_threads)
		assert_true(m->inventory.topology.cpus[move->to_cpu].first_thread);
	if (move->reason == REASON_OVERLOAD) {
		assert_true(move->from_load_ppm >= m->policy.threshold_ppm);
		assert_true(move->to_load_ppm < move->from_load_ppm);
		assert_true(move->to_load_ppm < m->policy.load_limit_ppm);
	}
	if (move->reason != REASON_FORBIDDEN)
		assert_true(irq->placement.cooldown_until_ms <= m->now_ms);
}

static void check_plan(struct sim *sim)
{
	struct machine *m = &sim->m;

	assert_true(m->plan.count <= m->policy.move_budget);
	assert_true(m->plan.hurry || m->plan.count == 0);
	for (size_t i = 0; i < m->plan.count; i++) {
		check_move(sim, &m->plan.moves[i]);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(m->plan.moves[i].irq, m->plan.moves[j].irq);
	}
}

/* Plans twice from the same state. */
static void make_plan(struct sim *sim)
{
	struct machine *m = &sim->m;
	struct snapshot now = machine_snapshot(m);
	struct plan again = PLAN_INIT;
	struct rng rng = m->rng;

	assert_int_equal(balance_plan(&now, &m->policy, &m->table, &rng, &again), 0);
	machine_plan(m);
	assert_int_equal(again.count, m->plan.count);
	for (size_t i = 0; i < again.count; i++) {
		assert_int_equal(again.moves[i].irq, m->plan.moves[i].irq);
		assert_int_equal(again.moves[i].to_cpu, m->plan.moves[i].to_cpu);
		assert_int_equal(again.moves[i].reason, m->plan.moves[i].reason);
	}
	assert_int_equal(rng.state, m->rng.state);
	plan_deinit(&again);
}

static unsigned int vectors_of(const struct sim *sim, int cpu)
{
	unsigned int count = 0;

	inventory_foreach_irq(irq, &sim->m.inventory)
		count += mask_single(irq->asked) == cpu;
	return count;
}

static enum move_result kernel_answer(struct sim *sim, const struct move *move)
{
	static const enum move_result refusals[] = { MOVE_BUSY, MOVE_NO_VECTOR, MOVE_NO_ONLINE_CPU,
						     MOVE_FAILED };

	if (sim->vectors && vectors_of(sim, move->to_cpu) >= sim->vectors)
		return MOVE_NO_VECTOR;
	if (random_part(sim) >= sim->refusals)
		return MOVE_APPLIED;
	return refusals[rng_below(&sim->world, ARRAY_SIZE(refusals))];
}

static void write_move(struct sim *sim, struct move move)
{
	struct machine *m = &sim->m;
	struct snapshot now = machine_snapshot(m);
	struct irq *irq = machine_irq(m, move.irq);

	for (;;) {
		enum move_result result = kernel_answer(sim, &move);

		if (result == MOVE_APPLIED) {
			cpu_table_note_room(&m->table, move.to_cpu);
			settle_applied(&m->inventory, irq, &move, &m->policy, m->now_ms);
			sim->moves++;
			sim->moves_of[irq->number]++;
			return;
		}
		settle_failed(irq, &move, result, m->now_ms);
		if (result != MOVE_NO_VECTOR)
			return;
		cpu_table_note_full(&m->table, move.to_cpu, m->now_ms);
		if (!balance_retry(&now, &m->policy, &m->table, &move))
			return;
		check_move(sim, &move);
	}
}

/* As the daemon does, between the plan and its writing; or as a source that measures would. */
static void learn(struct sim *sim)
{
	struct machine *m = &sim->m;
	struct snapshot now = machine_snapshot(m);

	if (m->policy.choice != CHOICE_COST)
		return;
	if (!sim->measured) {
		cost_learn(&m->inventory, &now, &m->table);
		return;
	}
	inventory_foreach_irq(irq, &m->inventory)
		irq->cost = (struct cost){ .ppm = (uint32_t) (sim->irqs[irq->number].cost * PPM),
					   .known = true,
					   .measured = true };
}

void sim_round(struct sim *sim)
{
	struct machine *m = &sim->m;

	pass_time(sim, m->plan.hurry ? sim->short_ms : sim->long_ms);
	assert_int_equal(load_update(&m->load, &sim->samples[!sim->last], &sim->samples[sim->last],
				     m->policy.metric),
			 0);
	settle_all(sim);
	make_plan(sim);
	check_plan(sim);
	learn(sim);
	for (size_t i = 0; i < m->plan.count; i++)
		write_move(sim, m->plan.moves[i]);
	sim->rounds++;
}

double sim_unmet_within(struct sim *sim, unsigned int rounds)
{
	double before = sim->unmet;

	sim_rounds(sim, rounds);
	return sim->unmet - before;
}

void sim_rounds(struct sim *sim, unsigned int count)
{
	while (count-- > 0)
		sim_round(sim);
}

void sim_set_online(struct sim *sim, const struct cpumask *online)
{
	struct machine *m = &sim->m;
	struct cpumask isolated = CPUMASK_NONE;
	int refuge = cpumask_first(online);

	machine_set_topology(m, online, &isolated, 1);
	for (unsigned int i = 0; i < SIM_IRQS; i++) {
		const struct irq *irq = inventory_find_irq(&m->inventory, i);
		struct irq_facts facts;

		if (!irq || cpumask_test(online, sim->irqs[i].work_cpu))
			continue;
		sim->irqs[i].work_cpu = refuge;
		facts = (struct irq_facts){ .number = i,
					    .type = irq->type,
					    .requested = true,
					    .managed = irq->managed,
					    .actions = irq->actions,
					    .asked = machine_mask(m, online),
					    .effective_cpu = refuge,
					    .node = NODE_NONE };
		assert_int_equal(inventory_put_irq(&m->inventory, &facts, LOOK_CPU_EVENT, NULL), 0);
	}
}
