#include "balance_machine.h"

static void quiet_machine_has_an_empty_plan_and_no_hurry(void **state)
{
	struct machine m;
	struct rng before;

	(void) state;
	machine_init(&m, 4, 2, 1);
	for (unsigned int n = 20; n < 40; n++)
		machine_put_irq(&m, n, 0, 0, 10);
	machine_set_load(&m, 0, 98.9);
	before = m.rng;
	machine_plan(&m);
	assert_int_equal(m.plan.count, 0);
	assert_int_equal(m.plan.overloaded, 0);
	assert_int_equal(m.plan.busiest_cpu, CPU_NONE);
	assert_false(m.plan.hurry);
	assert_false(m.plan.unrelieved);
	assert_int_equal(m.rng.state, before.state);
	machine_deinit(&m);
}

static void overloaded_cpu_gives_one_irq_a_round(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 10);
	machine_put_irq(&m, 21, 0, 0, 20);
	machine_put_irq(&m, 22, 0, 0, 30);
	machine_set_load(&m, 0, 100);
	machine_set_load(&m, 1, 7);
	m.policy.choice = CHOICE_MAX;
	machine_plan(&m);
	assert_int_equal(m.plan.count, 1);
	assert_move(&m, 22, 1, REASON_OVERLOAD);
	assert_int_equal(m.plan.moves[0].from_cpu, 0);
	assert_int_equal(m.plan.moves[0].from_load_ppm, POINTS(100));
	assert_int_equal(m.plan.moves[0].to_load_ppm, POINTS(7));
	assert_int_equal(m.plan.overloaded, 1);
	assert_int_equal(m.plan.busiest_cpu, 0);
	assert_true(m.plan.hurry);
	machine_deinit(&m);
}

static void cpu_that_nobody_can_help_does_not_keep_others_from_help(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 10);
	machine_put_irq(&m, 21, 0, 0, 20);
	machine_put_irq(&m, 22, 1, 2, 10);
	machine_put_irq(&m, 23, 1, 2, 20);
	machine_set_load(&m, 0, 100);
	machine_set_load(&m, 1, 97);
	machine_set_load(&m, 2, 99);
	m.policy.choice = CHOICE_MIN;
	machine_plan(&m);
	assert_int_equal(m.plan.count, 1);
	assert_move(&m, 22, 3, REASON_OVERLOAD);
	assert_int_equal(m.plan.overloaded, 2);
	assert_int_equal(m.plan.busiest_cpu, 0);
	assert_true(m.plan.unrelieved);
	machine_deinit(&m);
}

static void candidate_without_target_gives_way_to_one_that_has_one(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 90);
	machine_put_irq(&m, 21, 1, 0, 20);
	machine_set_load(&m, 0, 100);
	machine_set_load(&m, 1, 97);
	m.policy.choice = CHOICE_MAX;
	machine_plan(&m);
	assert_int_equal(m.plan.count, 1);
	assert_move(&m, 21, 2, REASON_OVERLOAD);
	machine_deinit(&m);
}

static void batch_that_leaves_a_forbidden_cpu_spreads(void **state)
{
	struct machine m;
	unsigned int received[8] = { 0 };

	(void) state;
	machine_init(&m, 8, 8, 1);
	for (unsigned int n = 20; n < 41; n++)
		machine_put_irq(&m, n, 0, 0, 10);
	machine_put_irq(&m, 50, 0, 0, 0);
	machine_put_irq(&m, 51, 0, 0, 10)->managed = true;
	machine_set_load(&m, 0, 63);
	m.policy.allowed = mask_of_bits(0xfe);
	machine_plan(&m);
	assert_int_equal(m.plan.count, 21);
	for (size_t i = 0; i < m.plan.count; i++)
		received[m.plan.moves[i].to_cpu]++;
	assert_int_equal(received[0], 0);
	for (unsigned int cpu = 1; cpu < 8; cpu++)
		assert_int_equal(received[cpu], 3);
	assert_null(machine_move_of(&m, 50));
	assert_null(machine_move_of(&m, 51));
	machine_deinit(&m);
}

static void forbidden_cpu_is_left_in_spite_of_cooldown_and_foreign_hands(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 2, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 10)->placement.cooldown_until_ms = m.now_ms + 1000;
	machine_put_irq(&m, 21, 0, 0, 10)->external = true;
	machine_put_irq(&m, 22, 0, 0, 10)->placement.state = PLACEMENT_REQUESTED;
	machine_put_irq(&m, 23, 0, 0, 10)->placement.state = PLACEMENT_STUCK;
	machine_irq(&m, 23)->placement.stuck_until_ms = m.now_ms + 1;
	machine_put_irq(&m, 24, 0, 0, 10)->placement.refused = true;
	m.policy.allowed = mask_of_bits(2);
	machine_plan(&m);
	assert_int_equal(m.plan.count, 2);
	assert_move(&m, 20, 1, REASON_FORBIDDEN);
	assert_move(&m, 21, 1, REASON_FORBIDDEN);
	machine_deinit(&m);
}

static void offline_and_isolated_cpus_are_left(void **state)
{
	struct machine m;
	struct cpumask online = mask_of_bits(0xb), isolated = mask_of_bits(0x2);

	(void) state;
	machine_init(&m, 4, 4, 1);
	machine_set_topology(&m, &online, &isolated, 1);
	machine_put_irq(&m, 20, 0, 1, 10);
	machine_put_irq(&m, 21, 0, 2, 10);
	machine_put_irq(&m, 22, 0, 3, 10);
	machine_plan(&m);
	assert_int_equal(m.plan.count, 2);
	assert_move(&m, 20, 0, REASON_FORBIDDEN);
	/* its load counts 20's share already, and 3 has an IRQ */
	assert_non_null(machine_move_of(&m, 21));
	machine_deinit(&m);
}

static void second_threads_are_no_targets_but_are_not_emptied(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 4, 4, 2);
	machine_put_irq(&m, 20, 0, 1, 10);
	machine_put_irq(&m, 21, 0, 1, 10);
	m.policy.all_threads = false;
	machine_plan(&m);
	assert_int_equal(m.plan.count, 0);
	machine_set_load(&m, 1, 100);
	machine_set_load(&m, 0, 20);
	machine_set_load(&m, 2, 30);
	m.policy.choice = CHOICE_MIN;
	machine_plan(&m);
	assert_int_equal(m.plan.count, 1);
	assert_move(&m, 20, 0, REASON_OVERLOAD);
	machine_deinit(&m);
}

static void irq_of_several_cpus_is_left_alone_unless_its_cpu_suffers(void **state)
{
	struct machine m;
	struct cpumask both = mask_of_bits(3);

	(void) state;
	machine_init(&m, 2, 2, 1);
	machine_put_irq(&m, 20, 0, -1, 10);
	machine_put_irq(&m, 21, 0, 0, 10)->asked = machine_mask(&m, &both);
	machine_put_irq(&m, 22, 0, 0, 10)->asked = machine_mask(&m, &both);
	machine_plan(&m);
	assert_int_equal(m.plan.count, 0);
	machine_set_load(&m, 0, 100);
	m.policy.choice = CHOICE_MAX;
	machine_plan(&m);
	assert_int_equal(m.plan.count, 1);
	assert_move(&m, 21, 1, REASON_OVERLOAD);
	machine_set_load(&m, 0, 0);
	m.policy.allowed = mask_of_bits(2);
	machine_plan(&m);
	assert_int_equal(m.plan.count, 2);
	assert_null(machine_move_of(&m, 20));
	machine_deinit(&m);
}

static void irq_goes_home_when_there_is_a_reason(void **state)
{
	static const struct {
		enum away away;
		uint64_t home_since_ms, cooldown_until_ms;
		uint32_t count;
		double home_load;
		enum move_reason reason; /* REASON_NONE: stays */
	} cases[] = {
		{ AWAY_NO, 0, 0, 10, 0, REASON_NONE },
		{ AWAY_REHOMED, 0, 0, 10, 0, REASON_HOME_CHANGED },
		{ AWAY_BROKEN, 0, 0, 10, 0, REASON_AFFINITY_BROKEN },
		{ AWAY_BROKEN, 0, 0, 0, 0, REASON_NONE },
		{ AWAY_BROKEN, 0, START_MS + 1, 10, 0, REASON_NONE },
		{ AWAY_BROKEN, 0, 0, 10, 96, REASON_NONE },
		{ AWAY_MOVED, 0, 0, 10, 0, REASON_NONE },
		{ AWAY_MOVED, START_MS - 29999, 0, 10, 0, REASON_NONE },
		{ AWAY_MOVED, START_MS - 30000, 0, 10, 0, REASON_GO_HOME },
		/* with its share of 50 the home CPU would be full again */
		{ AWAY_MOVED, START_MS - 30000, 0, 10, 44, REASON_GO_HOME },
		{ AWAY_MOVED, START_MS - 30000, 0, 10, 45, REASON_NONE },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;
		struct irq *irq;

		machine_init(&m, 4, 2, 1);
		irq = machine_put_irq(&m, 20, 0, 2, cases[i].count);
		irq->placement.away = cases[i].away;
		irq->placement.home_since_ms = cases[i].home_since_ms;
		irq->placement.cooldown_until_ms = cases[i].cooldown_until_ms;
		machine_set_load(&m, 0, cases[i].home_load);
		machine_set_load(&m, 1, 97);
		machine_set_load(&m, 2, 50);
		machine_plan(&m);
		if (cases[i].reason == REASON_NONE)
			assert_int_equal(m.plan.count, 0);
		else
			assert_move(&m, 20, 0, cases[i].reason);
		machine_deinit(&m);
	}
}

static void budget_bounds_a_round(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 4, 4, 1);
	for (unsigned int n = 20; n < 40; n++)
		machine_put_irq(&m, n, 0, 0, 10);
	m.policy.allowed = mask_of_bits(0xe);
	m.policy.move_budget = 7;
	machine_plan(&m);
	assert_int_equal(m.plan.count, 7);
	assert_true(m.plan.hurry);
	m.policy.move_budget = 0;
	machine_plan(&m);
	assert_int_equal(m.plan.count, 0);
	machine_deinit(&m);
}

static void same_state_gives_the_same_plan(void **state)
{
	struct machine m;
	struct rng rng;
	struct move first;

	(void) state;
	machine_init(&m, 4, 4, 1);
	for (unsigned int n = 20; n < 40; n++)
		machine_put_irq(&m, n, 0, 0, 10);
	machine_set_load(&m, 0, 100);
	for (unsigned int i = 0; i < 20; i++) {
		rng = m.rng;
		machine_plan(&m);
		assert_int_equal(m.plan.count, 1);
		first = m.plan.moves[0];
		m.rng = rng;
		machine_plan(&m);
		assert_int_equal(m.plan.count, 1);
		assert_int_equal(m.plan.moves[0].irq, first.irq);
		assert_int_equal(m.plan.moves[0].to_cpu, first.to_cpu);
	}
	machine_deinit(&m);
}

/* --------------------------------------------------------------------------------------------------
 * arrivals */

static void queues_that_arrive_on_one_cpu_spread_over_cores_then_threads(void **state)
{
	static const struct {
		unsigned int queues, per_core_most, per_core_least, moves;
	} cases[] = {
		{ 1, 1, 0, 0 }, { 4, 1, 1, 3 }, { 3, 1, 0, 2 }, { 8, 2, 2, 6 }, { 16, 4, 4, 12 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fires[16] = { 0 };
		unsigned int on_core[4] = { 0 }, on_cpu[8] = { 0 }, most = 0, least = 16;
		struct machine m;

		machine_init(&m, 16, 8, 2);
		machine_put_nic(&m, 7, 0, 40, fires, cases[i].queues, true, LOOK_HINT);
		machine_arrivals(&m);
		assert_int_equal(m.plan.count, cases[i].moves);
		for (unsigned int n = 40; n < 40 + cases[i].queues; n++) {
			const struct move *move = machine_move_of(&m, n);

			on_core[(move ? move->to_cpu : 0) / 2]++;
			on_cpu[move ? move->to_cpu : 0]++;
		}
		for (unsigned int core = 0; core < 4; core++) {
			most = on_core[core] > most ? on_core[core] : most;
			least = on_core[core] < least ? on_core[core] : least;
			if (core > 0)
				assert_in_range(on_cpu[2 * core] - on_cpu[2 * core + 1], 0, 1);
		}
		assert_int_equal(most, cases[i].per_core_most);
		assert_int_equal(least, cases[i].per_core_least);
		machine_deinit(&m);
	}
}

static void nic_that_its_driver_spread_well_costs_no_write(void **state)
{
	static const int by_core[] = { 0, 2, 4, 6 }, twice[] = { 0, 2, 4, 6, 1, 3, 5, 7 };
	static const int uneven[] = { 0, 0, 2, 2, 4, 6 };
	static const struct {
		const int *fires;
		unsigned int count;
	} cases[] = {
		{ by_core, ARRAY_SIZE(by_core) },
		{ twice, ARRAY_SIZE(twice) },
		{ uneven, ARRAY_SIZE(uneven) },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;

		machine_init(&m, 8, 8, 2);
		machine_put_nic(&m, 7, 0, 40, cases[i].fires, cases[i].count, true, LOOK_HINT);
		machine_arrivals(&m);
		assert_int_equal(m.plan.count, 0);
		assert_false(m.plan.hurry);
		machine_deinit(&m);
	}
}

static void arrival_outside_home_or_allowed_comes_in(void **state)
{
	static const int fires[] = { 2, 3 };
	struct machine m;

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_nic(&m, 7, 0, 40, fires, 2, true, LOOK_HINT);
	machine_put_nic(&m, 8, 1, 50, fires, 2, false, LOOK_HINT);
	m.policy.allowed = mask_of_bits(0xb);
	machine_arrivals(&m);
	assert_int_equal(m.plan.count, 3);
	assert_move(&m, 40, 0, REASON_ARRIVAL);
	assert_move(&m, 41, 1, REASON_ARRIVAL);
	assert_move(&m, 50, 3, REASON_ARRIVAL);
	machine_deinit(&m);
}

static void home_without_allowed_cpu_obeys_non_local_cpus(void **state)
{
	static const int fires[] = { 0, 0 };
	struct machine m;

	(void) state;
	machine_init(&m, 8, 2, 1);
	machine_put_nic(&m, 7, 0, 40, fires, 2, true, LOOK_HINT);
	m.policy.allowed = mask_of_bits(0xfc);
	machine_arrivals(&m);
	assert_int_equal(m.plan.count, 0);
	m.policy.non_local_cpus = true;
	machine_arrivals(&m);
	assert_move(&m, 40, 2, REASON_ARRIVAL);
	assert_move(&m, 41, 3, REASON_ARRIVAL);
	machine_deinit(&m);
}

static void only_new_requested_movable_irqs_are_placed(void **state)
{
	static const int fires[] = { 2, 2, 2, 2 };
	struct machine m;

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_nic(&m, 7, 0, 40, fires, 4, true, LOOK_HINT);
	machine_put_nic(&m, 8, 0, 50, fires, 4, true, LOOK_START);
	machine_irq(&m, 40)->managed = true;
	machine_irq(&m, 41)->requested = false;
	machine_irq(&m, 42)->banned = true;
	machine_arrivals(&m);
	assert_int_equal(m.plan.count, 1);
	assert_non_null(machine_move_of(&m, 43));
	m.policy.spread_arrivals = false;
	machine_arrivals(&m);
	assert_int_equal(m.plan.count, 0);
	machine_deinit(&m);
}

static void control_vector_in_its_home_stays(void **state)
{
	static const int fires[] = { 0, 0, 0 };
	struct machine m;

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_nic(&m, 7, 0, 40, fires, 3, false, LOOK_HINT);
	machine_arrivals(&m);
	assert_int_equal(m.plan.count, 0);
	machine_deinit(&m);
}

static void big_nic_on_a_big_machine_gets_a_core_for_each_queue(void **state)
{
	static int fires[256];
	static unsigned int on_cpu[1024];
	struct machine m;

	(void) state;
	machine_init(&m, 1024, 1024, 2);
	machine_put_nic(&m, 7, 0, 40, fires, 256, true, LOOK_HINT);
	machine_arrivals(&m);
	assert_int_equal(m.plan.count, 255);
	for (size_t i = 0; i < m.plan.count; i++) {
		assert_int_equal(m.plan.moves[i].to_cpu % 2, 0);
		on_cpu[m.plan.moves[i].to_cpu]++;
	}
	for (unsigned int cpu = 0; cpu < 1024; cpu++)
		assert_in_range(on_cpu[cpu], 0, 1);
	machine_deinit(&m);
}

/* --------------------------------------------------------------------------------------------------
 * retry */

static void full_target_is_replaced_by_the_next_best(void **state)
{
	struct machine m;
	struct snapshot now;
	struct move move;

	(void) state;
	machine_init(&m, 4, 4, 1);
	machine_put_irq(&m, 20, 0, 0, 10);
	machine_put_irq(&m, 21, 0, 0, 20);
	machine_set_load(&m, 0, 100);
	machine_set_load(&m, 2, 10);
	machine_set_load(&m, 3, 97);
	machine_plan(&m);
	now = machine_snapshot(&m);
	move = m.plan.moves[0];
	assert_int_equal(move.to_cpu, 1);
	cpu_table_note_full(&m.table, 1, m.now_ms);
	assert_true(balance_retry(&now, &m.policy, &m.table, &move));
	assert_int_equal(move.to_cpu, 2);
	assert_int_equal(move.from_cpu, 0);
	assert_int_equal(move.to_load_ppm, POINTS(10));
	cpu_table_note_full(&m.table, 2, m.now_ms);
	assert_false(balance_retry(&now, &m.policy, &m.table, &move));
	machine_deinit(&m);
}

static void arrival_is_retried_on_the_next_core(void **state)
{
	static const int fires[] = { 0, 0, 0 };
	struct machine m;
	struct snapshot now;
	struct move move;

	(void) state;
	machine_init(&m, 4, 4, 1);
	machine_put_nic(&m, 7, 0, 40, fires, 3, true, LOOK_HINT);
	machine_arrivals(&m);
	assert_move(&m, 41, 1, REASON_ARRIVAL);
	assert_move(&m, 42, 2, REASON_ARRIVAL);
	now = machine_snapshot(&m);
	move = *machine_move_of(&m, 41);
	cpu_table_note_full(&m.table, 1, m.now_ms);
	assert_true(balance_retry(&now, &m.policy, &m.table, &move));
	assert_int_equal(move.to_cpu, 3);
	machine_deinit(&m);
}

static void irq_made_anew_is_not_retried(void **state)
{
	struct machine m;
	struct snapshot now;
	struct move move;

	(void) state;
	machine_init(&m, 4, 4, 1);
	machine_put_irq(&m, 20, 0, 0, 10);
	machine_put_irq(&m, 21, 0, 0, 20);
	machine_set_load(&m, 0, 100);
	machine_plan(&m);
	now = machine_snapshot(&m);
	move = m.plan.moves[0];
	cpu_table_note_full(&m.table, move.to_cpu, m.now_ms);
	machine_irq(&m, move.irq)->generation++;
	assert_false(balance_retry(&now, &m.policy, &m.table, &move));
	machine_deinit(&m);
}

/* --------------------------------------------------------------------------------------------------
 * rules and pins */

static void machine_rule(struct machine *m, const struct cpu_rule *rule)
{
	const struct rules rules = { .preferred_node = NODE_NONE, .cpus = { rule, 1 } };

	assert_int_equal(inventory_set_rules(&m->inventory, &rules, NULL), 0);
}

static void machine_pinned(struct machine *m, unsigned int number)
{
	struct snapshot now = machine_snapshot(m);

	assert_int_equal(
		balance_pinned(&now, &m->policy, &m->table, machine_irq(m, number), &m->plan), 0);
}

static void pinned_irq_goes_there_at_once_active_or_not(void **state)
{
	const struct cpumask home = mask_of_bits(0xc);
	const struct cpu_rule rule = { .pattern = "irq:20", .cpus = &home };
	struct machine m;

	(void) state;
	for (uint32_t count = 0; count < 20; count += 10) {
		machine_init(&m, 4, 2, 1);
		machine_put_irq(&m, 20, 0, 0, count);
		machine_put_irq(&m, 21, 0, 0, 10);
		machine_rule(&m, &rule);
		machine_set_load(&m, 2, 40);
		machine_pinned(&m, 20);
		assert_int_equal(m.plan.count, 1);
		assert_move(&m, 20, 3, REASON_PINNED);
		assert_int_equal(m.plan.moves[0].from_cpu, 0);

		machine_apply(&m, &m.plan.moves[0]);
		machine_pinned(&m, 20);
		assert_int_equal(m.plan.count, 0);
		machine_deinit(&m);
	}
}

static void pin_is_obeyed_on_a_full_cpu_and_not_on_a_forbidden_one(void **state)
{
	const struct cpumask home = mask_of_bits(0x8);
	const struct cpu_rule rule = { .pattern = "irq:20", .cpus = &home };
	struct machine m;

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 10);
	machine_rule(&m, &rule);
	machine_set_load(&m, 3, 100);
	machine_pinned(&m, 20);
	assert_move(&m, 20, 3, REASON_PINNED);

	m.policy.non_local_cpus = true;
	m.policy.allowed = mask_of_bits(0x7);
	machine_pinned(&m, 20);
	assert_int_equal(m.plan.count, 0);
	m.policy.allowed = mask_of_bits(0xf);
	machine_irq(&m, 20)->managed = true;
	machine_pinned(&m, 20);
	assert_int_equal(m.plan.count, 0);
	machine_deinit(&m);
}

/* It fires where it should, but its mask says more. */
static void pin_is_written_where_the_mask_is_wider(void **state)
{
	static const int fires[] = { -1 };
	const struct cpumask home = mask_of_bits(0x2);
	const struct cpu_rule rule = { .pattern = "irq:40", .cpus = &home };
	struct machine m;

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_nic(&m, 7, 0, 40, fires, 1, true, LOOK_HINT);
	machine_irq(&m, 40)->effective_cpu = 1;
	machine_arrivals(&m);
	assert_int_equal(m.plan.count, 0);
	machine_rule(&m, &rule);
	machine_pinned(&m, 40);
	assert_move(&m, 40, 1, REASON_PINNED);
	machine_arrivals(&m);
	assert_move(&m, 40, 1, REASON_ARRIVAL);
	m.policy.allowed = mask_of_bits(0xd);
	machine_arrivals(&m);
	assert_int_equal(m.plan.count, 0);
	machine_deinit(&m);
}

static void rule_holds_for_arrivals_whatever_arrival_says(void **state)
{
	static const int fires[] = { 2, 2 };
	const struct cpumask home = mask_of_bits(0x1);
	const struct cpu_rule rule = { .pattern = "*/1", .cpus = &home };
	struct machine m;

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_nic(&m, 7, 0, 40, fires, 2, true, LOOK_HINT);
	machine_rule(&m, &rule);
	m.policy.spread_arrivals = false;
	machine_arrivals(&m);
	assert_int_equal(m.plan.count, 1);
	assert_move(&m, 41, 0, REASON_ARRIVAL);
	machine_deinit(&m);
}

static void irq_with_a_rule_never_leaves_its_cpus_for_load(void **state)
{
	static const enum choice choices[] = { CHOICE_MIN, CHOICE_COST };
	const struct cpumask home = mask_of_bits(0x1);
	struct cpu_rule rule = { .pattern = "irq:2*", .cpus = &home };
	struct machine m;

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		machine_init(&m, 4, 2, 1);
		machine_put_irq(&m, 20, 0, 0, 10);
		machine_put_irq(&m, 21, 0, 0, 20);
		machine_set_load(&m, 0, 100);
		m.policy.choice = choices[i];
		m.policy.non_local_cpus = true;
		rule.pattern = "irq:2*";
		machine_rule(&m, &rule);
		machine_plan(&m);
		assert_int_equal(m.plan.count, 0);
		rule.pattern = "irq:9*";
		machine_rule(&m, &rule);
		machine_plan(&m);
		assert_int_equal(m.plan.count, 1);
		machine_deinit(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_machine_has_an_empty_plan_and_no_hurry),
		cmocka_unit_test(overloaded_cpu_gives_one_irq_a_round),
		cmocka_unit_test(cpu_that_nobody_can_help_does_not_keep_others_from_help),
		cmocka_unit_test(candidate_without_target_gives_way_to_one_that_has_one),
		cmocka_unit_test(batch_that_leaves_a_forbidden_cpu_spreads),
		cmocka_unit_test(forbidden_cpu_is_left_in_spite_of_cooldown_and_foreign_hands),
		cmocka_unit_test(offline_and_isolated_cpus_are_left),
		cmocka_unit_test(second_threads_are_no_targets_but_are_not_emptied),
		cmocka_unit_test(irq_of_several_cpus_is_left_alone_unless_its_cpu_suffers),
		cmocka_unit_test(irq_goes_home_when_there_is_a_reason),
		cmocka_unit_test(budget_bounds_a_round),
		cmocka_unit_test(same_state_gives_the_same_plan),
		cmocka_unit_test(queues_that_arrive_on_one_cpu_spread_over_cores_then_threads),
		cmocka_unit_test(nic_that_its_driver_spread_well_costs_no_write),
		cmocka_unit_test(arrival_outside_home_or_allowed_comes_in),
		cmocka_unit_test(home_without_allowed_cpu_obeys_non_local_cpus),
		cmocka_unit_test(only_new_requested_movable_irqs_are_placed),
		cmocka_unit_test(control_vector_in_its_home_stays),
		cmocka_unit_test(big_nic_on_a_big_machine_gets_a_core_for_each_queue),
		cmocka_unit_test(full_target_is_replaced_by_the_next_best),
		cmocka_unit_test(arrival_is_retried_on_the_next_core),
		cmocka_unit_test(irq_made_anew_is_not_retried),
		cmocka_unit_test(pinned_irq_goes_there_at_once_active_or_not),
		cmocka_unit_test(pin_is_obeyed_on_a_full_cpu_and_not_on_a_forbidden_one),
		cmocka_unit_test(pin_is_written_where_the_mask_is_wider),
		cmocka_unit_test(rule_holds_for_arrivals_whatever_arrival_says),
		cmocka_unit_test(irq_with_a_rule_never_leaves_its_cpus_for_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
