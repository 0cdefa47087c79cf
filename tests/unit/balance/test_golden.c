/*
 * The cases that were measured on birq: four CPUs, node 0 with CPUs 0-1, node 1 with CPUs 2-3. What
 * birq did is kept where its manual wants it, and its defects are not.
 */
#include "balance_machine.h"

#define LONG_MS  5000u
#define SHORT_MS 2000u

/* One round as the daemon makes it: settle, plan, write, read back. Answers the next interval. */
static unsigned int play_round(struct machine *m)
{
	machine_settle(m);
	machine_plan(m);
	for (size_t i = 0; i < m->plan.count; i++)
		machine_apply(m, &m->plan.moves[i]);
	m->now_ms += m->plan.hurry ? SHORT_MS : LONG_MS;
	return m->plan.hurry ? SHORT_MS : LONG_MS;
}

static void golden_init(struct machine *m)
{
	machine_init(m, 4, 2, 1);
}

static void play_one_hot_cpu(enum choice choice, const unsigned int *expected)
{
	static const unsigned int intervals[] = { SHORT_MS, SHORT_MS, SHORT_MS,
						  SHORT_MS, SHORT_MS, LONG_MS };
	struct machine m;

	golden_init(&m);
	m.policy.choice = choice;
	for (unsigned int n = 20; n < 26; n++)
		machine_put_irq(&m, n, 0, 0, 10 * n);
	machine_set_load(&m, 0, 100);
	for (unsigned int i = 0; i < 6; i++) {
		assert_int_equal(play_round(&m), intervals[i]);
		if (i < 5) {
			assert_int_equal(m.plan.count, 1);
			assert_move(&m, expected[i], 1, REASON_OVERLOAD);
		} else {
			assert_int_equal(m.plan.count, 0);
		}
		/* each IRQ that arrived adds 10 points there */
		machine_set_load(&m, 1, 10.0 * (i + 1));
	}
	machine_deinit(&m);
}

static void g1_max_moves_the_busiest_first_and_leaves_one(void **state)
{
	static const unsigned int expected[] = { 25, 24, 23, 22, 21 };

	(void) state;
	play_one_hot_cpu(CHOICE_MAX, expected);
}

static void g2_min_moves_the_quietest_first_and_leaves_one(void **state)
{
	static const unsigned int expected[] = { 20, 21, 22, 23, 24 };

	(void) state;
	play_one_hot_cpu(CHOICE_MIN, expected);
}

static void g3_irqs_of_several_cpus_are_left_alone_on_an_idle_machine(void **state)
{
	static const int effective[] = { CPU_NONE, 0 };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(effective); i++) {
		struct machine m;

		golden_init(&m);
		for (unsigned int n = 20; n < 24; n++)
			machine_put_irq(&m, n, 0, -1, n == 23 ? 0 : 10)->effective_cpu =
				effective[i];
		for (unsigned int j = 0; j < 5; j++) {
			assert_int_equal(play_round(&m), LONG_MS);
			assert_int_equal(m.plan.count, 0);
		}
		machine_deinit(&m);
	}
}

static void g4_irqs_of_several_cpus_are_left_alone_without_pci(void **state)
{
	static const double loads[] = { 10, 5, 5, 20 };
	struct machine m;

	(void) state;
	golden_init(&m);
	for (unsigned int n = 20; n < 26; n++)
		machine_put_irq(&m, n, NODE_NONE, -1, 10);
	for (int cpu = 0; cpu < 4; cpu++)
		machine_set_load(&m, cpu, loads[cpu]);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(play_round(&m), LONG_MS);
		assert_int_equal(m.plan.count, 0);
	}
	machine_deinit(&m);
}

static void g5_active_irqs_leave_an_excluded_cpu_in_one_go(void **state)
{
	struct machine m;

	(void) state;
	golden_init(&m);
	for (unsigned int n = 20; n < 24; n++)
		machine_put_irq(&m, n, 0, 0, n == 23 ? 0 : 10);
	m.policy.allowed = mask_of_bits(0xe);
	assert_int_equal(play_round(&m), SHORT_MS);
	assert_int_equal(m.plan.count, 3);
	for (unsigned int n = 20; n < 23; n++)
		assert_move(&m, n, 1, REASON_FORBIDDEN);
	assert_int_equal(play_round(&m), LONG_MS);
	assert_int_equal(m.plan.count, 0);
	assert_int_equal(machine_irq(&m, 23)->effective_cpu, 0);
	machine_deinit(&m);
}

static void g6_home_without_allowed_cpu(void **state)
{
	struct machine m;

	(void) state;
	golden_init(&m);
	for (unsigned int n = 20; n < 23; n++)
		machine_put_irq(&m, n, 0, 0, 10);
	m.policy.allowed = mask_of_bits(0xc);
	assert_int_equal(play_round(&m), LONG_MS);
	assert_int_equal(m.plan.count, 0);
	assert_true(m.plan.unrelieved);
	machine_set_load(&m, 0, 100);
	assert_int_equal(play_round(&m), LONG_MS);
	assert_int_equal(m.plan.count, 0);
	machine_set_load(&m, 0, 0);

	m.policy.non_local_cpus = true;
	assert_int_equal(play_round(&m), SHORT_MS);
	assert_int_equal(m.plan.count, 3);
	assert_move(&m, 20, 2, REASON_FORBIDDEN);
	assert_move(&m, 21, 3, REASON_FORBIDDEN);
	assert_move(&m, 22, 2, REASON_FORBIDDEN);
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(play_round(&m), LONG_MS);
		assert_int_equal(m.plan.count, 0);
	}
	machine_deinit(&m);
}

static void g7_target_is_below_load_limit(void **state)
{
	static const struct {
		double loads[4];
		int target;
	} cases[] = {
		{ { 100, 96, 94, 94.5 }, 2 },
		{ { 100, 95, 95, 95 }, CPU_NONE },
		{ { 100, 94.9, 95, 95 }, 1 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;

		golden_init(&m);
		m.policy.choice = CHOICE_MIN;
		machine_put_irq(&m, 20, NODE_NONE, 0, 10);
		machine_put_irq(&m, 21, NODE_NONE, 0, 20);
		for (int cpu = 0; cpu < 4; cpu++)
			machine_set_load(&m, cpu, cases[i].loads[cpu]);
		assert_int_equal(play_round(&m), SHORT_MS);
		if (cases[i].target == CPU_NONE) {
			assert_int_equal(m.plan.count, 0);
			assert_true(m.plan.unrelieved);
		} else {
			assert_move(&m, 20, cases[i].target, REASON_OVERLOAD);
		}
		machine_deinit(&m);
	}
}

static void g8_threshold_is_inclusive(void **state)
{
	static const struct {
		double load;
		size_t moves;
	} cases[] = { { 99.0, 1 }, { 98.9, 0 } };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;

		golden_init(&m);
		machine_put_irq(&m, 20, 0, 0, 10);
		machine_put_irq(&m, 21, 0, 0, 20);
		machine_set_load(&m, 0, cases[i].load);
		assert_int_equal(play_round(&m), cases[i].moves ? SHORT_MS : LONG_MS);
		assert_int_equal(m.plan.count, cases[i].moves);
		machine_deinit(&m);
	}
}

static void g9_swinging_load_is_damped(void **state)
{
	static const enum choice choices[] = { CHOICE_MIN, CHOICE_MAX, CHOICE_RANDOM, CHOICE_COST };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		struct machine m;
		unsigned int moves[4] = { 0 };

		golden_init(&m);
		m.policy.choice = choices[i];
		for (unsigned int n = 20; n < 24; n++)
			machine_put_irq(&m, n, 0, (int) n % 2, 10 * n);
		/* 1,000 rounds, half an hour and more */
		for (unsigned int round = 0; round < 1000; round++) {
			machine_set_load(&m, 0, round % 2 ? 0 : 100);
			machine_set_load(&m, 1, round % 2 ? 100 : 0);
			(void) play_round(&m);
			for (size_t j = 0; j < m.plan.count; j++)
				moves[m.plan.moves[j].irq - 20]++;
		}
		for (unsigned int j = 0; j < 4; j++)
			assert_in_range(moves[j], 0, 8);
		machine_deinit(&m);
	}
}

static void g10_failed_write_is_judged_by_its_error(void **state)
{
	struct machine m;
	struct move move;

	(void) state;
	golden_init(&m);
	m.policy.choice = CHOICE_MAX;
	for (unsigned int n = 20; n < 23; n++)
		machine_put_irq(&m, n, 0, 0, 10 * n);
	machine_set_load(&m, 0, 100);

	/* busy: the same one again, and at last another for a while */
	for (unsigned int i = 0; i < 4; i++) {
		machine_plan(&m);
		assert_move(&m, 22, 1, REASON_OVERLOAD);
		move = m.plan.moves[0];
		settle_failed(machine_irq(&m, 22), &move, MOVE_BUSY, m.now_ms);
		m.now_ms += SHORT_MS;
	}
	/* refused: another, in this generation for good */
	machine_plan(&m);
	assert_move(&m, 21, 1, REASON_OVERLOAD);
	move = m.plan.moves[0];
	settle_failed(machine_irq(&m, 21), &move, MOVE_NOT_ALLOWED, m.now_ms);
	machine_plan(&m);
	assert_move(&m, 20, 1, REASON_OVERLOAD);
	m.now_ms += 60000;
	machine_plan(&m);
	assert_move(&m, 22, 1, REASON_OVERLOAD);
	assert_int_equal(machine_irq(&m, 22)->asked, mask_of_cpu(0));
	machine_irq(&m, 22)->banned = true;
	machine_plan(&m);
	assert_move(&m, 20, 1, REASON_OVERLOAD);
	machine_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(g1_max_moves_the_busiest_first_and_leaves_one),
		cmocka_unit_test(g2_min_moves_the_quietest_first_and_leaves_one),
		cmocka_unit_test(g3_irqs_of_several_cpus_are_left_alone_on_an_idle_machine),
		cmocka_unit_test(g4_irqs_of_several_cpus_are_left_alone_without_pci),
		cmocka_unit_test(g5_active_irqs_leave_an_excluded_cpu_in_one_go),
		cmocka_unit_test(g6_home_without_allowed_cpu),
		cmocka_unit_test(g7_target_is_below_load_limit),
		cmocka_unit_test(g8_threshold_is_inclusive),
		cmocka_unit_test(g9_swinging_load_is_damped),
		cmocka_unit_test(g10_failed_write_is_judged_by_its_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
