#include "balance_machine.h"

#include "irqherd/balance/candidate.h"

static void candidate_is_active_movable_and_free(void **state)
{
	enum what {
		NOTHING,
		INACTIVE,
		MANAGED,
		BANNED,
		REFUSED,
		UNREQUESTED,
		SOMEWHERE,
		COOLING,
		COOLED,
		REQUESTED,
		CONFIRMED,
		STUCK,
		STUCK_OVER,
		EXTERNAL,
		EXTERNAL_NO_TIME_YET,
		EXTERNAL_OVER,
	};
	static const struct {
		enum what what;
		bool candidate, external;
	} cases[] = {
		{ NOTHING, true, false },       { INACTIVE, false, false },
		{ MANAGED, false, false },      { BANNED, false, false },
		{ REFUSED, false, false },      { UNREQUESTED, false, false },
		{ SOMEWHERE, false, false },    { COOLING, false, false },
		{ COOLED, true, false },        { REQUESTED, false, false },
		{ CONFIRMED, true, false },     { STUCK, false, false },
		{ STUCK_OVER, true, false },    { EXTERNAL, false, true },
		{ EXTERNAL_OVER, true, false }, { EXTERNAL_NO_TIME_YET, false, true },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;
		struct irq *irq;
		struct snapshot now;

		machine_init(&m, 2, 2, 1);
		irq = machine_put_irq(&m, 20, 0, 0, 10);
		now = machine_snapshot(&m);
		switch (cases[i].what) {
		case NOTHING:
			break;
		case INACTIVE:
			m.load.irq_counts[20] = 0;
			break;
		case MANAGED:
			irq->managed = true;
			break;
		case BANNED:
			irq->banned = true;
			break;
		case REFUSED:
			irq->placement.refused = true;
			break;
		case UNREQUESTED:
			irq->requested = false;
			break;
		case SOMEWHERE:
			irq->effective_cpu = CPU_NONE;
			break;
		case COOLING:
			irq->placement.cooldown_until_ms = now.now_ms + 1;
			break;
		case COOLED:
			irq->placement.cooldown_until_ms = now.now_ms;
			break;
		case REQUESTED:
			irq->placement.state = PLACEMENT_REQUESTED;
			break;
		case CONFIRMED:
			irq->placement.state = PLACEMENT_CONFIRMED;
			break;
		case STUCK:
		case STUCK_OVER:
			irq->placement.state = PLACEMENT_STUCK;
			irq->placement.stuck_until_ms = now.now_ms +
							(cases[i].what == STUCK ? 1 : 0);
			break;
		case EXTERNAL:
		case EXTERNAL_NO_TIME_YET:
		case EXTERNAL_OVER:
			irq->external = true;
			irq->external_until_ms = cases[i].what == EXTERNAL        ? now.now_ms + 1
						 : cases[i].what == EXTERNAL_OVER ? now.now_ms
										  : 0;
			break;
		}
		assert_int_equal(irq_is_candidate(irq, &now), cases[i].candidate);
		assert_int_equal(irq_is_external_candidate(irq, &now), cases[i].external);
		machine_deinit(&m);
	}
}

static void overloaded_cpu_has_load_candidate_and_company(void **state)
{
	static const struct {
		struct cpu_row row;
		bool overloaded;
	} cases[] = {
		{ { .measured_ppm = 990000, .active = 2, .candidates = 1 }, true },
		{ { .measured_ppm = 989999, .active = 2, .candidates = 1 }, false },
		{ { .measured_ppm = 1000000, .active = 1, .candidates = 1 }, false },
		{ { .measured_ppm = 1000000, .active = 2, .candidates = 0 }, false },
		{ { .measured_ppm = 1000000, .active = 2, .externals = 1 }, true },
	};
	const struct policy policy = { .threshold_ppm = 990000 };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpu_row row = cases[i].row;

		row.allowed = row.known = true;
		assert_int_equal(cpu_is_overloaded(&row, &policy), cases[i].overloaded);
		row.known = false;
		assert_false(cpu_is_overloaded(&row, &policy));
		row.known = true;
		row.allowed = false;
		assert_false(cpu_is_overloaded(&row, &policy));
	}
}

static void most_loaded_cpu_that_waits_for_nothing_is_chosen(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 4, 4, 1);
	for (unsigned int n = 20; n < 28; n++)
		machine_put_irq(&m, n, 0, (int) n % 4, 10);
	machine_fill(&m);
	assert_int_equal(choose_cpu(&m.table, &m.policy), CPU_NONE);
	machine_set_load(&m, 1, 99);
	machine_set_load(&m, 2, 100);
	machine_set_load(&m, 3, 100);
	machine_fill(&m);
	assert_int_equal(choose_cpu(&m.table, &m.policy), 2);
	m.table.rows[2].unsettled = 1;
	assert_int_equal(choose_cpu(&m.table, &m.policy), 3);
	m.table.rows[3].unsettled = 1;
	assert_int_equal(choose_cpu(&m.table, &m.policy), 1);
	machine_deinit(&m);
}

static void load_that_was_not_seen_to_follow_makes_its_source_wait(void **state)
{
	static const struct {
		enum placement_state placement;
		uint8_t rounds;
		enum move_reason reason;
		int chosen;
	} cases[] = {
		{ PLACEMENT_REQUESTED, 0, REASON_OVERLOAD, CPU_NONE },
		{ PLACEMENT_REQUESTED, 1, REASON_OVERLOAD, CPU_NONE },
		{ PLACEMENT_REQUESTED, 2, REASON_OVERLOAD, 0 },
		{ PLACEMENT_CONFIRMED, 1, REASON_OVERLOAD, CPU_NONE },
		{ PLACEMENT_CONFIRMED, 1, REASON_GO_HOME, 0 },
		{ PLACEMENT_IDLE, 0, REASON_OVERLOAD, 0 },
		{ PLACEMENT_STUCK, 0, REASON_OVERLOAD, 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;
		struct irq *irq;

		machine_init(&m, 2, 2, 1);
		machine_put_irq(&m, 20, 0, 0, 10);
		machine_put_irq(&m, 21, 0, 0, 10);
		irq = machine_put_irq(&m, 22, 0, 1, 10);
		machine_set_load(&m, 0, 100);
		irq->placement.state = cases[i].placement;
		irq->placement.rounds = cases[i].rounds;
		irq->placement.reason = cases[i].reason;
		irq->placement.source_cpu = 0;
		irq->placement.target_cpu = 1;
		machine_fill(&m);
		assert_int_equal(choose_cpu(&m.table, &m.policy), cases[i].chosen);
		machine_deinit(&m);
	}
}

static unsigned int chosen(struct machine *m, int cpu, const struct no_room *no_room)
{
	struct snapshot now = machine_snapshot(m);
	const struct irq *irq;

	machine_fill(m);
	irq = choose_irq(&now, &m->policy, &m->table, cpu, no_room, &m->rng);
	return irq ? irq->number : 0;
}

static void strategy_chooses_by_count(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 2, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 50);
	machine_put_irq(&m, 21, 0, 0, 5);
	machine_put_irq(&m, 22, 0, 0, 90);
	machine_put_irq(&m, 23, 0, 0, 90);
	machine_put_irq(&m, 24, 0, 0, 5);
	machine_put_irq(&m, 25, 0, 0, 0);
	machine_put_irq(&m, 26, 0, 1, 1000);
	machine_set_load(&m, 0, 100);
	m.policy.choice = CHOICE_MIN;
	assert_int_equal(chosen(&m, 0, NULL), 21);
	m.policy.choice = CHOICE_MAX;
	assert_int_equal(chosen(&m, 0, NULL), 22);
	machine_irq(&m, 22)->banned = true;
	assert_int_equal(chosen(&m, 0, NULL), 23);
	assert_int_equal(chosen(&m, CPU_NONE, NULL), 0);
	machine_deinit(&m);
}

static void random_choice_takes_each_candidate_in_time(void **state)
{
	struct machine m;
	unsigned int seen[5] = { 0 };

	(void) state;
	machine_init(&m, 2, 2, 1);
	for (unsigned int n = 20; n < 24; n++)
		machine_put_irq(&m, n, 0, 0, 50 * n);
	machine_put_irq(&m, 24, 0, 0, 0);
	machine_set_load(&m, 0, 100);
	for (unsigned int i = 0; i < 4000; i++)
		seen[chosen(&m, 0, NULL) - 20]++;
	for (unsigned int i = 0; i < 4; i++)
		assert_in_range(seen[i], 850, 1150);
	assert_int_equal(seen[4], 0);
	machine_deinit(&m);
}

static void who_has_no_room_is_passed_over(void **state)
{
	struct machine m;
	struct no_room no_room = { 0 };

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 90);
	machine_put_irq(&m, 21, 0, 0, 80);
	machine_put_irq(&m, 22, 1, 0, 70);
	machine_put_irq(&m, 23, 1, 0, 60)->placement.moved_ms = 1;
	machine_set_load(&m, 0, 100);
	m.policy.choice = CHOICE_MAX;
	assert_true(no_room_add(&no_room, machine_irq(&m, 20)));
	assert_int_equal(chosen(&m, 0, &no_room), 22);
	no_room = (struct no_room){ 0 };
	assert_true(no_room_add(&no_room, machine_irq(&m, 23)));
	assert_int_equal(chosen(&m, 0, &no_room), 20);
	assert_false(no_room_for(&no_room, machine_irq(&m, 22)));
	machine_deinit(&m);
}

static void foreign_hand_is_overruled_only_where_nobody_else_can_leave(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 2, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 90)->external = true;
	machine_put_irq(&m, 21, 0, 0, 10);
	machine_set_load(&m, 0, 100);
	m.policy.choice = CHOICE_MAX;
	assert_int_equal(chosen(&m, 0, NULL), 21);
	machine_irq(&m, 21)->managed = true;
	assert_int_equal(chosen(&m, 0, NULL), 20);
	machine_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(candidate_is_active_movable_and_free),
		cmocka_unit_test(overloaded_cpu_has_load_candidate_and_company),
		cmocka_unit_test(most_loaded_cpu_that_waits_for_nothing_is_chosen),
		cmocka_unit_test(load_that_was_not_seen_to_follow_makes_its_source_wait),
		cmocka_unit_test(strategy_chooses_by_count),
		cmocka_unit_test(random_choice_takes_each_candidate_in_time),
		cmocka_unit_test(who_has_no_room_is_passed_over),
		cmocka_unit_test(foreign_hand_is_overruled_only_where_nobody_else_can_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
