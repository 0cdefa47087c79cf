/* What the loads of CPUs teach about the IRQs on them. */
#include "balance_machine.h"

#include "irqherd/balance/cost.h"

static void init(struct machine *m)
{
	machine_init(m, 4, 4, 1);
	m->policy.choice = CHOICE_COST;
}

static void learn(struct machine *m)
{
	struct snapshot now = machine_snapshot(m);

	machine_fill(m);
	cost_learn(&m->inventory, &now, &m->table);
	m->now_ms += m->load.interval_ms;
}

static uint32_t cost_of(const struct machine *m, unsigned int number)
{
	return machine_irq(m, number)->cost.ppm;
}

static void first_estimate_is_an_equal_share(void **state)
{
	struct machine m;

	(void) state;
	init(&m);
	for (unsigned int n = 20; n < 24; n++)
		machine_put_irq(&m, n, 0, 0, 1000 * n);
	machine_put_irq(&m, 24, 0, 0, 0);
	machine_set_load(&m, 0, 40);
	learn(&m);
	for (unsigned int n = 20; n < 24; n++)
		assert_in_range(cost_of(&m, n), POINTS(9.9), POINTS(10.1));
	assert_int_equal(cost_of(&m, 24), 0);
	assert_false(machine_irq(&m, 24)->cost.known);
	machine_deinit(&m);
}

static void estimates_follow_the_load(void **state)
{
	static const double loads[] = { 80, 20, 2, 50 };
	struct machine m;

	(void) state;
	init(&m);
	for (unsigned int n = 20; n < 24; n++)
		machine_put_irq(&m, n, 0, 0, 500);
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		uint32_t sum = 0;

		machine_set_load(&m, 0, loads[i]);
		for (unsigned int round = 0; round < 8; round++)
			learn(&m);
		for (unsigned int n = 20; n < 24; n++)
			sum += cost_of(&m, n);
		assert_in_range(sum, POINTS(loads[i]) - 200, POINTS(loads[i]) + 200);
	}
	machine_deinit(&m);
}

/* The load of both ends before a move of IRQ 20, and of its target after it: that is its cost. */
static void move_is_an_experiment(void **state)
{
	static const double costs[] = { 1, 10, 45 };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(costs); i++) {
		struct move move = { .irq = 20, .from_cpu = 0, .to_cpu = 1, .reason = REASON_GAIN };
		struct machine m;

		init(&m);
		for (unsigned int n = 20; n < 26; n++)
			machine_put_irq(&m, n, 0, 0, 500);
		for (unsigned int n = 26; n < 30; n++)
			machine_put_irq(&m, n, 0, 1, 500);
		machine_set_load(&m, 0, 50 + costs[i]);
		machine_set_load(&m, 1, 20);
		for (unsigned int round = 0; round < 5; round++)
			learn(&m);
		machine_apply(&m, &move);
		machine_set_load(&m, 0, 50);
		machine_set_load(&m, 1, 20 + costs[i]);
		machine_irq(&m, 20)->effective_cpu = 1;
		learn(&m);
		assert_in_range(cost_of(&m, 20), POINTS(costs[i] / 2),
				POINTS(costs[i] + 0.3 * costs[i] + 8));
		machine_deinit(&m);
	}
}

/* It was believed to cost 30, and its target's load rises by 2: the others are not to blame. */
static void newcomer_that_is_cheap_is_believed_at_once(void **state)
{
	struct move move = { .irq = 20, .from_cpu = 0, .to_cpu = 1, .reason = REASON_GAIN };
	struct machine m;
	uint32_t before;

	(void) state;
	init(&m);
	machine_put_irq(&m, 20, 0, 0, 500)->cost = (struct cost){ .ppm = POINTS(30),
								  .known = true };
	machine_put_irq(&m, 21, 0, 1, 500);
	machine_put_irq(&m, 22, 0, 1, 500);
	machine_set_load(&m, 0, 30);
	machine_set_load(&m, 1, 40);
	learn(&m);
	before = cost_of(&m, 21);
	machine_apply(&m, &move);
	machine_irq(&m, 20)->effective_cpu = 1;
	machine_set_load(&m, 1, 42);
	learn(&m);
	assert_in_range(cost_of(&m, 20), 0, POINTS(7));
	assert_in_range(cost_of(&m, 21), before - POINTS(3), before);
	machine_deinit(&m);
}

static void full_cpu_is_asked_for_more_by_each_polled_queue(void **state)
{
	struct machine m;

	(void) state;
	init(&m);
	for (unsigned int n = 20; n < 26; n++)
		machine_put_irq(&m, n, 0, 0, n < 23 ? 1 : 900);
	machine_put_irq(&m, 26, 0, 0, 0);
	machine_set_load(&m, 0, 90);
	machine_fill(&m);
	assert_int_equal(cost_asked(cpu_table_row(&m.table, 0)), POINTS(90));
	machine_set_load(&m, 0, 100);
	machine_fill(&m);
	assert_int_equal(cpu_table_row(&m.table, 0)->polled, 3);
	assert_true(cost_asked(cpu_table_row(&m.table, 0)) > POINTS(120));
	machine_irq(&m, 20)->cost.measured = true;
	machine_fill(&m);
	assert_int_equal(cpu_table_row(&m.table, 0)->polled, 2);
	machine_deinit(&m);
}

/* Not polled: but so many interrupts are no small matter either. */
static void many_interrupts_on_a_full_cpu_are_not_free(void **state)
{
	struct machine m;

	(void) state;
	init(&m);
	machine_put_irq(&m, 20, 0, 0, 100);
	for (unsigned int n = 21; n < 24; n++)
		machine_put_irq(&m, n, 0, 0, 80000);
	machine_set_load(&m, 0, 100);
	learn(&m);
	for (unsigned int n = 21; n < 24; n++)
		assert_true(cost_of(&m, n) > POINTS(10));
	machine_deinit(&m);
}

static void queue_polled_on_a_full_cpu_is_the_costly_one(void **state)
{
	struct machine m;

	(void) state;
	init(&m);
	machine_put_irq(&m, 20, 0, 0, 1);
	for (unsigned int n = 21; n < 26; n++)
		machine_put_irq(&m, n, 0, 0, 400);
	machine_set_load(&m, 0, 100);
	for (unsigned int round = 0; round < 20; round++)
		learn(&m);
	assert_true(cost_of(&m, 20) > POINTS(70));
	for (unsigned int n = 21; n < 26; n++)
		assert_true(cost_of(&m, n) < POINTS(8));

	/* it does not interrupt at all in an interval: that is no reason to forget it */
	m.load.irq_counts[20] = 0;
	learn(&m);
	assert_true(cost_of(&m, 20) > POINTS(70));
	machine_deinit(&m);
}

static void silent_irq_is_soon_worth_nothing(void **state)
{
	struct machine m;

	(void) state;
	init(&m);
	machine_put_irq(&m, 20, 0, 0, 100);
	machine_put_irq(&m, 21, 0, 0, 100);
	machine_set_load(&m, 0, 60);
	learn(&m);
	m.load.irq_counts[20] = 0;
	for (unsigned int round = 0; round < 20; round++)
		learn(&m);
	assert_true(cost_of(&m, 20) < POINTS(0.1));
	assert_true(cost_of(&m, 21) > POINTS(59));
	machine_deinit(&m);
}

static void stuck_irq_counts_where_it_is_served(void **state)
{
	struct machine m;
	struct irq *irq;

	(void) state;
	init(&m);
	irq = machine_put_irq(&m, 20, 0, 1, 5);
	assert_int_equal(cost_cpu(irq), 1);
	irq->placement.source_cpu = 0;
	irq->placement.state = PLACEMENT_STUCK;
	assert_int_equal(cost_cpu(irq), 0);
	irq->placement.state = PLACEMENT_CONFIRMED;
	assert_int_equal(cost_cpu(irq), 1);
	machine_deinit(&m);
}

static void measured_cost_is_not_learned(void **state)
{
	struct snapshot now;
	struct machine m;
	struct irq *irq;

	(void) state;
	init(&m);
	irq = machine_put_irq(&m, 20, 0, 0, 100);
	irq->cost = (struct cost){ .ppm = POINTS(30), .known = true, .measured = true };
	machine_put_irq(&m, 21, 0, 0, 100);
	machine_set_load(&m, 0, 40);
	learn(&m);
	assert_int_equal(irq->cost.ppm, POINTS(30));
	assert_in_range(cost_of(&m, 21), POINTS(9.9), POINTS(10.1));
	now = machine_snapshot(&m);
	machine_set_load(&m, 0, 90);
	machine_fill(&m);
	assert_int_equal(cost_now(irq, cpu_table_row(&m.table, 0), &now), POINTS(30));
	machine_deinit(&m);
}

static void cost_ends_with_the_generation(void **state)
{
	struct change_list changes = CHANGE_LIST_INIT;
	struct machine m;

	(void) state;
	init(&m);
	machine_put_irq(&m, 20, 0, 0, 100);
	machine_set_load(&m, 0, 60);
	learn(&m);
	assert_true(machine_irq(&m, 20)->cost.known);
	inventory_note_remade(&m.inventory, machine_irq(&m, 20), &changes);
	assert_false(machine_irq(&m, 20)->cost.known);
	assert_int_equal(cost_of(&m, 20), 0);
	change_list_deinit(&changes);
	machine_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_estimate_is_an_equal_share),
		cmocka_unit_test(estimates_follow_the_load),
		cmocka_unit_test(move_is_an_experiment),
		cmocka_unit_test(newcomer_that_is_cheap_is_believed_at_once),
		cmocka_unit_test(full_cpu_is_asked_for_more_by_each_polled_queue),
		cmocka_unit_test(many_interrupts_on_a_full_cpu_are_not_free),
		cmocka_unit_test(queue_polled_on_a_full_cpu_is_the_costly_one),
		cmocka_unit_test(silent_irq_is_soon_worth_nothing),
		cmocka_unit_test(stuck_irq_counts_where_it_is_served),
		cmocka_unit_test(measured_cost_is_not_learned),
		cmocka_unit_test(cost_ends_with_the_generation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
