/* Which IRQ leaves which CPU for which, by expected gain. */
#include "balance_machine.h"

#include "irqherd/balance/relief.h"

static void init(struct machine *m, unsigned int cpus, unsigned int threads)
{
	machine_init(m, cpus, cpus, threads);
	m->policy.choice = CHOICE_COST;
}

static struct irq *put(struct machine *m, unsigned int number, int cpu, double percent,
		       uint32_t count)
{
	struct irq *irq = machine_put_irq(m, number, 0, cpu, count);

	irq->cost = (struct cost){ .ppm = POINTS(percent), .known = true, .measured = true };
	return irq;
}

static void put_moved(struct machine *m, unsigned int number, enum move_reason reason)
{
	struct irq *irq = put(m, number, 3, 0, 0);

	irq->placement.moved_ms = m->now_ms - 5000;
	irq->placement.reason = reason;
}

static void gain_decides_below_the_threshold(void **state)
{
	static const struct {
		double source, target;
		size_t moves;
	} cases[] = {
		{ 90, 10, 1 }, /* the higher of both gets far lower */
		{ 90, 70, 0 }, /* hardly */
		{ 70, 0, 0 },  /* nobody suffers */
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;

		init(&m, 2, 1);
		put(&m, 20, 0, cases[i].source - 40, 1000);
		put(&m, 21, 0, 40, 1000);
		machine_set_load(&m, 0, cases[i].source);
		machine_set_load(&m, 1, cases[i].target);
		machine_plan(&m);
		assert_int_equal(m.plan.count, cases[i].moves);
		if (cases[i].moves)
			assert_move(&m, 21, 1, REASON_GAIN);
		machine_deinit(&m);
	}
}

static void several_cpus_are_relieved_in_one_round(void **state)
{
	struct machine m;

	(void) state;
	init(&m, 8, 1);
	for (int cpu = 0; cpu < 3; cpu++) {
		put(&m, 20 + 2 * (unsigned int) cpu, cpu, 50, 1000);
		put(&m, 21 + 2 * (unsigned int) cpu, cpu, 40, 1000);
		machine_set_load(&m, cpu, 90);
	}
	machine_plan(&m);
	assert_int_equal(m.plan.count, 3);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(m.plan.moves[i].to_cpu, m.plan.moves[j].to_cpu);
	machine_deinit(&m);
}

static void elephants_company_leaves_first(void **state)
{
	struct machine m;

	(void) state;
	init(&m, 4, 1);
	put(&m, 20, 0, 90, 1);
	put(&m, 21, 0, 15, 500);
	put(&m, 22, 0, 10, 500);
	machine_set_load(&m, 0, 100);
	machine_plan(&m);
	assert_null(machine_move_of(&m, 20));
	assert_non_null(machine_move_of(&m, 21));
	machine_deinit(&m);
}

static void idle_core_comes_before_a_busy_ones_sibling(void **state)
{
	struct machine m;

	(void) state;
	init(&m, 6, 2);
	put(&m, 20, 0, 50, 1000);
	put(&m, 21, 0, 40, 1000);
	machine_set_load(&m, 0, 90);
	machine_set_load(&m, 2, 60);
	machine_set_load(&m, 4, 5);
	machine_set_load(&m, 5, 5);
	machine_plan(&m);
	assert_move(&m, 21, 4, REASON_GAIN);
	machine_deinit(&m);
}

static void moves_made_lately_make_the_next_one_dear(void **state)
{
	static const struct {
		unsigned int recent;
		size_t moves;
	} cases[] = { { 0, 1 }, { 11, 0 }, { 40, 0 } };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;

		init(&m, 4, 1);
		put(&m, 20, 0, 60, 1000);
		put(&m, 21, 0, 18, 1000);
		machine_set_load(&m, 0, 78);
		for (unsigned int n = 0; n < cases[i].recent; n++)
			put_moved(&m, 30 + n, REASON_GAIN);
		machine_plan(&m);
		assert_int_equal(m.plan.count, cases[i].moves);
		/* time passes, and the price falls */
		m.now_ms += RECENT_MS;
		machine_plan(&m);
		assert_int_equal(m.plan.count, 1);
		machine_deinit(&m);
	}
}

/* An adapter of 64 queues came, and its queues were dealt out: others are relieved all the same. */
static void moves_for_other_reasons_make_none_dear(void **state)
{
	static const struct {
		enum move_reason reason;
		size_t moves;
	} cases[] = {
		{ REASON_ARRIVAL, 32 },         { REASON_PINNED, 32 },  { REASON_HOME_CHANGED, 32 },
		{ REASON_AFFINITY_BROKEN, 32 }, { REASON_OVERLOAD, 0 }, { REASON_GAIN, 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int number = 100;
		struct machine m;

		machine_init(&m, 256, 256, 1);
		m.policy.choice = CHOICE_COST;
		for (int cpu = 0; cpu < 256; cpu += 8) {
			for (unsigned int queue = 0; queue < 3; queue++)
				put(&m, number++, cpu, 40, 1)->cost.measured = false;
			machine_set_load(&m, cpu, 100);
		}
		for (unsigned int n = 0; n < 64; n++)
			put_moved(&m, number++, cases[i].reason);
		machine_plan(&m);
		assert_int_equal(m.plan.count, cases[i].moves);
		machine_deinit(&m);
	}
}

/* IRQ 20 or 21 on CPU 1 would only make it what CPU 0 is now, give or take what is not known. */
static void little_relief_moves_nothing(void **state)
{
	static const double costs[] = { 30, 40, 50 };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(costs); i++) {
		struct machine m;

		init(&m, 2, 1);
		put(&m, 20, 0, costs[i], 1000);
		put(&m, 21, 0, 80 - costs[i], 1000);
		put(&m, 22, 1, 40, 1000);
		machine_set_load(&m, 0, 80);
		machine_set_load(&m, 1, 40);
		machine_plan(&m);
		assert_int_equal(m.plan.count, 0);
		machine_set_load(&m, 0, 100);
		machine_plan(&m);
		assert_int_equal(m.plan.count, 1);
		machine_deinit(&m);
	}
}

static void dear_moves_are_those_that_help_most(void **state)
{
	struct machine m;

	(void) state;
	init(&m, 8, 1);
	for (int cpu = 0; cpu < 2; cpu++) {
		put(&m, 20 + 2 * (unsigned int) cpu, cpu, 60, 1000);
		put(&m, 21 + 2 * (unsigned int) cpu, cpu, cpu ? 50 : 30, 1000);
	}
	machine_set_load(&m, 0, 90);
	machine_set_load(&m, 1, 100);
	machine_plan(&m);
	assert_int_equal(m.plan.count, 2);
	for (unsigned int n = 0; n < 8; n++)
		put_moved(&m, 30 + n, REASON_GAIN);
	machine_plan(&m);
	assert_int_equal(m.plan.count, 1);
	assert_int_equal(m.plan.moves[0].from_cpu, 1);
	machine_deinit(&m);
}

static void crowd_is_no_good_target(void **state)
{
	struct machine m;

	(void) state;
	init(&m, 3, 1);
	put(&m, 20, 0, 50, 1000);
	put(&m, 21, 0, 40, 1000);
	machine_set_load(&m, 0, 90);
	for (unsigned int n = 30; n < 40; n++)
		put(&m, n, 1, 1, 100);
	machine_set_load(&m, 1, 10);
	put(&m, 40, 2, 20, 1000);
	machine_set_load(&m, 2, 20);
	machine_plan(&m);
	assert_move(&m, 21, 2, REASON_GAIN);
	machine_deinit(&m);
}

static void stranger_leaves_before_those_at_home(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 8, 4, 1);
	m.policy.choice = CHOICE_COST;
	put(&m, 20, 0, 50, 1000);
	put(&m, 21, 0, 30, 1000);
	machine_put_irq(&m, 22, 1, 0, 1000)->cost =
		(struct cost){ .ppm = POINTS(20), .known = true, .measured = true };
	machine_set_load(&m, 0, 100);
	machine_plan(&m);
	assert_int_equal(m.plan.moves[0].irq, 22);
	assert_in_range(m.plan.moves[0].to_cpu, 4, 7);
	machine_deinit(&m);
}

/* Their homes are the same CPUs, which are full: only who has no rule goes to the other node. */
static void rule_is_kept_beside_irqs_without_one(void **state)
{
	(void) state;
	for (unsigned int ruled = 20; ruled < 22; ruled++) {
		struct machine m;

		machine_init(&m, 4, 2, 1);
		m.policy.choice = CHOICE_COST;
		m.policy.non_local_cpus = true;
		put(&m, 20, 0, 50, 1000);
		put(&m, 21, 0, 50, 1000);
		machine_irq(&m, ruled)->home.origin = HOME_RULE;
		machine_set_load(&m, 0, 100);
		machine_set_load(&m, 1, 96);
		machine_plan(&m);
		assert_int_equal(m.plan.count, 1);
		assert_move(&m, ruled == 20 ? 21 : 20, 2, REASON_OVERLOAD);
		machine_deinit(&m);
	}
}

static void heap_is_dealt_out_at_no_price(void **state)
{
	struct machine m;

	(void) state;
	init(&m, 8, 1);
	for (unsigned int n = 0; n < 60; n++)
		machine_put_irq(&m, 20 + n, 0, 0, 100);
	for (unsigned int n = 0; n < 40; n++)
		put(&m, 100 + n, 7, 0, 0)->placement.moved_ms = m.now_ms - 5000;
	machine_set_load(&m, 0, 100);
	machine_plan(&m);
	assert_in_range(m.plan.count, 35, 60);
	for (size_t i = 0; i < m.plan.count; i++)
		assert_int_equal(m.plan.moves[i].reason, REASON_OVERLOAD);
	machine_deinit(&m);
}

static void foreign_hand_counts_until_nobody_else_can_leave(void **state)
{
	struct machine m;
	struct irq *foreign;

	(void) state;
	init(&m, 2, 1);
	foreign = put(&m, 20, 0, 60, 1000);
	foreign->external = true;
	put(&m, 21, 0, 40, 1000);
	machine_set_load(&m, 0, 100);
	machine_plan(&m);
	assert_null(machine_move_of(&m, 20));
	machine_irq(&m, 21)->managed = true;
	machine_plan(&m);
	assert_move(&m, 20, 1, REASON_OVERLOAD);
	machine_deinit(&m);
}

static void lower_threshold_means_earlier_relief(void **state)
{
	struct machine m;

	(void) state;
	init(&m, 2, 1);
	put(&m, 20, 0, 30, 1000);
	put(&m, 21, 0, 25, 1000);
	machine_set_load(&m, 0, 55);
	machine_plan(&m);
	assert_int_equal(m.plan.count, 0);
	m.policy.threshold_ppm = m.policy.load_limit_ppm = POINTS(50);
	machine_plan(&m);
	assert_int_equal(m.plan.count, 1);
	machine_deinit(&m);
}

/* What a report says of it must be what was looked at. */
static void the_plan_tells_from_which_load_on_it_looked(void **state)
{
	static const struct {
		enum choice choice;
		unsigned int recent_moves;
		double threshold, level;
		unsigned int recent;
	} cases[] = {
		{ CHOICE_RANDOM, 0, 99, 99, 0 },
		{ CHOICE_COST, 0, 99, 76, 0 },
		{ CHOICE_COST, 0, 60, 37, 0 },
		{ CHOICE_COST, 3, 99, 83, 0 },   /* nearly half of the limit for 4 CPUs */
		{ CHOICE_COST, 40, 99, 99, 40 }, /* none but a heap */
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;

		init(&m, 4, 1);
		m.policy.choice = cases[i].choice;
		m.policy.threshold_ppm = POINTS(cases[i].threshold);
		put(&m, 20, 0, 10, 1000);
		machine_set_load(&m, 0, 20);
		for (unsigned int n = 0; n < cases[i].recent_moves; n++)
			put_moved(&m, 30 + n, REASON_GAIN);
		machine_plan(&m);
		assert_int_equal(m.plan.count, 0);
		assert_in_range(m.plan.level_ppm, POINTS(cases[i].level - 0.5),
				POINTS(cases[i].level + 0.5));
		assert_int_equal(m.plan.recent, cases[i].recent);
		machine_deinit(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gain_decides_below_the_threshold),
		cmocka_unit_test(several_cpus_are_relieved_in_one_round),
		cmocka_unit_test(elephants_company_leaves_first),
		cmocka_unit_test(idle_core_comes_before_a_busy_ones_sibling),
		cmocka_unit_test(moves_made_lately_make_the_next_one_dear),
		cmocka_unit_test(moves_for_other_reasons_make_none_dear),
		cmocka_unit_test(little_relief_moves_nothing),
		cmocka_unit_test(dear_moves_are_those_that_help_most),
		cmocka_unit_test(crowd_is_no_good_target),
		cmocka_unit_test(stranger_leaves_before_those_at_home),
		cmocka_unit_test(rule_is_kept_beside_irqs_without_one),
		cmocka_unit_test(heap_is_dealt_out_at_no_price),
		cmocka_unit_test(foreign_hand_counts_until_nobody_else_can_leave),
		cmocka_unit_test(lower_threshold_means_earlier_relief),
		cmocka_unit_test(the_plan_tells_from_which_load_on_it_looked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
