#include "balance_machine.h"

static int place(struct machine *m, unsigned int number, int avoid)
{
	struct snapshot now = machine_snapshot(m);

	machine_fill(m);
	return place_irq(&now, &m->policy, &m->table, machine_irq(m, number), avoid);
}

static int better(struct machine *m, unsigned int number, int from)
{
	struct snapshot now = machine_snapshot(m);

	machine_fill(m);
	return place_better(&now, &m->policy, &m->table, machine_irq(m, number), from);
}

static void lowest_load_below_the_limit_receives(void **state)
{
	static const struct {
		double loads[4];
		int target;
	} cases[] = {
		{ { 100, 96, 94, 94.5 }, 2 }, { { 100, 95, 95, 95 }, CPU_NONE },
		{ { 100, 94.9, 95, 95 }, 1 }, { { 100, 0, 0, 0 }, 1 },
		{ { 100, 10, 5, 5 }, 2 },     { { 100, 3, 2, 1 }, 3 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;

		machine_init(&m, 4, 4, 1);
		machine_put_irq(&m, 20, 0, 0, 10);
		for (int cpu = 0; cpu < 4; cpu++)
			machine_set_load(&m, cpu, cases[i].loads[cpu]);
		assert_int_equal(place(&m, 20, 0), cases[i].target);
		machine_deinit(&m);
	}
}

static void a_cpu_that_is_mostly_stolen_receives_nothing(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 4, 4, 1);
	machine_put_irq(&m, 20, 0, 0, 10);
	machine_set_load(&m, 0, 100);
	machine_set_load(&m, 2, 50);
	machine_set_load(&m, 3, 60);
	m.load.cpus[1].steal_ppm = POINTS(20);
	m.load.cpus[2].steal_ppm = POINTS(19.9);
	assert_int_equal(place(&m, 20, 0), 1); /* no limit */
	m.policy.steal_limit_ppm = POINTS(20);
	assert_int_equal(place(&m, 20, 0), 2);
	assert_int_equal(better(&m, 20, 0), 2);
	for (int cpu = 0; cpu < 4; cpu++)
		m.load.cpus[cpu].steal_ppm = POINTS(90);
	assert_int_equal(place(&m, 20, 0), CPU_NONE);
	machine_deinit(&m);
}

static void among_equal_loads_fewest_irqs_then_idle_core_then_lowest_number(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 8, 8, 2);
	machine_put_irq(&m, 20, 0, 0, 10);
	assert_int_equal(place(&m, 20, 0), 2);
	machine_put_irq(&m, 21, 0, 2, 0);
	assert_int_equal(place(&m, 20, 0), 3);
	machine_set_load(&m, 2, 50);
	assert_int_equal(place(&m, 20, 0), 4);
	machine_put_irq(&m, 22, 0, 4, 0);
	machine_put_irq(&m, 23, 0, 5, 0);
	assert_int_equal(place(&m, 20, 0), 6);
	machine_set_load(&m, 6, 1);
	machine_set_load(&m, 7, 1);
	assert_int_equal(place(&m, 20, 0), 1);
	machine_deinit(&m);
}

static void strangers_receive_only_if_allowed_and_nearest_first(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 8, 2, 1);
	machine_put_irq(&m, 20, 3, 6, 10);
	machine_set_load(&m, 6, 100);
	machine_set_load(&m, 7, 96);
	assert_int_equal(place(&m, 20, 6), CPU_NONE);
	m.policy.non_local_cpus = true;
	assert_int_equal(place(&m, 20, 6), 4);
	machine_set_load(&m, 4, 95);
	machine_set_load(&m, 5, 95);
	assert_int_equal(place(&m, 20, 6), 2);
	m.policy.allowed = mask_of_bits(0xc2);
	assert_int_equal(place(&m, 20, 6), 1);
	machine_set_load(&m, 7, 94);
	assert_int_equal(place(&m, 20, 6), 7);
	machine_deinit(&m);
}

static void full_and_avoided_cpus_never_receive_and_unknown_ones_last(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 4, 4, 1);
	machine_put_irq(&m, 20, 0, 0, 10);
	machine_fill(&m);
	cpu_table_note_full(&m.table, 1, m.now_ms);
	assert_int_equal(place(&m, 20, 0), 2);
	m.load.cpus[2].valid = false;
	assert_int_equal(place(&m, 20, 0), 3);
	machine_set_load(&m, 3, 99);
	assert_int_equal(place(&m, 20, 0), 2);
	assert_int_equal(place(&m, 20, 2), 0);
	machine_deinit(&m);
}

static void target_must_be_better_than_the_source(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 2, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 10);
	m.policy.threshold_ppm = POINTS(50);
	machine_set_load(&m, 0, 60);
	machine_set_load(&m, 1, 60);
	assert_int_equal(better(&m, 20, 0), CPU_NONE);
	machine_set_load(&m, 1, 59.9);
	assert_int_equal(better(&m, 20, 0), 1);
	m.load.cpus[1].valid = false;
	assert_int_equal(better(&m, 20, 0), CPU_NONE);
	machine_deinit(&m);
}

static void going_back_needs_a_clear_gain(void **state)
{
	struct machine m;
	struct irq *irq;

	(void) state;
	machine_init(&m, 3, 3, 1);
	irq = machine_put_irq(&m, 20, 0, 0, 10);
	irq->placement.moved_ms = 1;
	irq->placement.source_cpu = 1;
	machine_set_load(&m, 0, 100);
	machine_set_load(&m, 1, 81);
	machine_set_load(&m, 2, 90);
	assert_int_equal(better(&m, 20, 0), 2);
	machine_set_load(&m, 1, 80);
	assert_int_equal(better(&m, 20, 0), 1);
	machine_deinit(&m);
}

static void target_of_a_move_that_was_not_seen_to_follow_is_no_empty_cpu(void **state)
{
	struct machine m;
	struct irq *irq;

	(void) state;
	machine_init(&m, 3, 3, 1);
	machine_put_irq(&m, 20, 0, 0, 10);
	irq = machine_put_irq(&m, 21, 0, 0, 10);
	irq->placement.state = PLACEMENT_STUCK;
	irq->placement.reason = REASON_OVERLOAD;
	irq->placement.source_cpu = 0;
	irq->placement.target_cpu = 1;
	machine_set_load(&m, 0, 100);
	machine_set_load(&m, 2, 30);
	assert_int_equal(better(&m, 20, 0), 2);
	machine_set_load(&m, 2, 60);
	assert_int_equal(better(&m, 20, 0), 1);
	machine_deinit(&m);
}

static void room_that_stuck_irqs_will_take_is_not_given_away(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 2, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 10);
	machine_set_load(&m, 0, 100);
	for (unsigned int number = 21; number <= 22; number++) {
		struct irq *irq = machine_put_irq(&m, number, 0, 0, 10);

		assert_int_equal(better(&m, 20, 0), 1);
		irq->placement.state = PLACEMENT_STUCK;
		irq->placement.reason = REASON_OVERLOAD;
		irq->placement.source_cpu = 0;
		irq->placement.target_cpu = 1;
	}
	assert_int_equal(better(&m, 20, 0), CPU_NONE);

	/* one of them came, and is in the load of its CPU */
	machine_irq(&m, 22)->placement.state = PLACEMENT_IDLE;
	machine_set_load(&m, 1, 40);
	assert_int_equal(better(&m, 20, 0), 1);
	machine_set_load(&m, 1, 50);
	assert_int_equal(better(&m, 20, 0), CPU_NONE);
	machine_deinit(&m);
}

static void arrival_takes_the_core_with_fewest_queues_of_its_device(void **state)
{
	static const int fires[] = { 0, 2, 2 };
	static const struct pci_addr addr = { .bus = 7 };
	struct machine m;
	struct snapshot now;
	const struct device *nic;

	(void) state;
	machine_init(&m, 8, 8, 2);
	machine_put_nic(&m, 7, 0, 40, fires, 3, true, LOOK_START);
	/* someone else's IRQs: core 4 is busy, CPU 6 has more than CPU 7 */
	machine_put_irq(&m, 20, 0, 4, 10);
	machine_put_irq(&m, 21, 0, 6, 0);
	machine_irq(&m, 42)->arrival = true;
	now = machine_snapshot(&m);
	nic = inventory_find_device(&m.inventory, &addr);
	machine_fill(&m);
	cpu_table_count_queues(&m.table, &m.inventory, nic);
	assert_true(arrival_is_badly_placed(&now, &m.table, machine_irq(&m, 42)));
	assert_int_equal(place_arrival(&now, &m.policy, &m.table, machine_irq(&m, 42)), 7);
	/* load-limit is no matter */
	for (int cpu = 0; cpu < 8; cpu++)
		machine_set_load(&m, cpu, 100);
	machine_fill(&m);
	cpu_table_count_queues(&m.table, &m.inventory, nic);
	assert_int_not_equal(place_arrival(&now, &m.policy, &m.table, machine_irq(&m, 42)),
			     CPU_NONE);
	machine_deinit(&m);
}

static void arrival_takes_the_idle_thread_of_a_busy_core(void **state)
{
	static const int fires[] = { 0, 0 };
	struct machine m;
	struct snapshot now;

	(void) state;
	machine_init(&m, 4, 4, 2);
	machine_put_nic(&m, 7, 0, 40, fires, 2, true, LOOK_HINT);
	machine_put_irq(&m, 20, 0, 0, 10);
	machine_put_irq(&m, 21, 0, 2, 10);
	machine_set_load(&m, 0, 50);
	machine_set_load(&m, 2, 50);
	now = machine_snapshot(&m);
	machine_fill(&m);
	cpu_table_count_queues(&m.table, &m.inventory, irq_device(machine_irq(&m, 40)));
	assert_int_equal(place_arrival(&now, &m.policy, &m.table, machine_irq(&m, 41)), 3);
	machine_deinit(&m);
}

static void idle_irqs_do_not_keep_queues_off_a_thread(void **state)
{
	static const int fires[] = { 1, 1, 2 };
	struct machine m;
	struct snapshot now;

	(void) state;
	machine_init(&m, 4, 2, 2);
	machine_put_nic(&m, 7, 0, 40, fires, 3, true, LOOK_HINT);
	for (unsigned int i = 0; i < 4; i++)
		machine_put_irq(&m, 20 + i, 0, 0, 0);
	now = machine_snapshot(&m);
	machine_fill(&m);
	cpu_table_count_queues(&m.table, &m.inventory, irq_device(machine_irq(&m, 40)));
	assert_int_equal(place_arrival(&now, &m.policy, &m.table, machine_irq(&m, 42)), 0);
	machine_deinit(&m);
}

static void well_placed_arrival_stays(void **state)
{
	static const int fires[] = { 1, 3 };
	struct machine m;
	struct snapshot now;

	(void) state;
	machine_init(&m, 4, 4, 1);
	machine_put_nic(&m, 7, 0, 40, fires, 2, true, LOOK_HINT);
	now = machine_snapshot(&m);
	machine_fill(&m);
	cpu_table_count_queues(&m.table, &m.inventory, irq_device(machine_irq(&m, 40)));
	for (unsigned int n = 40; n < 42; n++) {
		assert_false(arrival_is_badly_placed(&now, &m.table, machine_irq(&m, n)));
		assert_int_equal(place_arrival(&now, &m.policy, &m.table, machine_irq(&m, n)),
				 fires[n - 40]);
	}
	machine_deinit(&m);
}

/* virtio-net asks for CPUs of its own choice before the first interrupt comes (seen on Linux 6.12).
 */
static void arrival_is_judged_by_the_mask_that_is_still_to_take_effect(void **state)
{
	static const struct {
		int asked, fires;
		bool badly;
	} cases[] = {
		{ 4, 0, true },
		{ 0, 4, false },
		{ 5, 6, true },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;
		struct snapshot now;
		struct irq *irq;

		machine_init(&m, 8, 4, 1);
		machine_put_nic(&m, 7, 0, 40, &cases[i].asked, 1, true, LOOK_HINT);
		irq = machine_irq(&m, 40);
		irq->effective_cpu = cases[i].fires;
		now = machine_snapshot(&m);
		machine_fill(&m);
		cpu_table_count_queues(&m.table, &m.inventory, irq_device(irq));
		assert_int_equal(arrival_is_badly_placed(&now, &m.table, irq), cases[i].badly);

		assert_int_equal(balance_arrivals(&now, &m.policy, &m.table, &m.plan), 0);
		assert_int_equal(m.plan.count, cases[i].badly);
		if (cases[i].badly) {
			assert_int_equal(m.plan.moves[0].from_cpu, cases[i].asked);
			assert_in_range(m.plan.moves[0].to_cpu, 0, 3);
		}
		machine_deinit(&m);
	}
}

/* The driver asked for several CPUs, and none of them is where the vector fires still. */
static void arrival_whose_mask_leads_away_is_written_where_it_fires(void **state)
{
	static const struct {
		uint64_t asked;
		bool badly;
	} cases[] = {
		{ 0xf0, true },  { 0x30, true },  { 0x18, true },   { 0x1f, false },
		{ 0x0b, false }, { 0x0f, false }, { 0x10b, false }, /* 8 is offline */
	};
	static const int fires[] = { 2 };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cpumask asked = mask_of_bits(cases[i].asked);
		struct machine m;
		struct snapshot now;
		struct irq *irq;

		machine_init(&m, 8, 4, 1);
		machine_put_nic(&m, 7, 0, 40, fires, 1, true, LOOK_HINT);
		irq = machine_irq(&m, 40);
		assert_int_equal(mask_intern(&m.inventory.masks, &asked, &irq->asked), 0);
		now = machine_snapshot(&m);
		assert_int_equal(balance_arrivals(&now, &m.policy, &m.table, &m.plan), 0);
		assert_int_equal(m.plan.count, cases[i].badly);
		if (cases[i].badly)
			assert_in_range(m.plan.moves[0].to_cpu, 0, 3);
		machine_deinit(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lowest_load_below_the_limit_receives),
		cmocka_unit_test(a_cpu_that_is_mostly_stolen_receives_nothing),
		cmocka_unit_test(among_equal_loads_fewest_irqs_then_idle_core_then_lowest_number),
		cmocka_unit_test(strangers_receive_only_if_allowed_and_nearest_first),
		cmocka_unit_test(full_and_avoided_cpus_never_receive_and_unknown_ones_last),
		cmocka_unit_test(target_must_be_better_than_the_source),
		cmocka_unit_test(going_back_needs_a_clear_gain),
		cmocka_unit_test(target_of_a_move_that_was_not_seen_to_follow_is_no_empty_cpu),
		cmocka_unit_test(room_that_stuck_irqs_will_take_is_not_given_away),
		cmocka_unit_test(arrival_takes_the_core_with_fewest_queues_of_its_device),
		cmocka_unit_test(arrival_takes_the_idle_thread_of_a_busy_core),
		cmocka_unit_test(idle_irqs_do_not_keep_queues_off_a_thread),
		cmocka_unit_test(well_placed_arrival_stays),
		cmocka_unit_test(arrival_is_judged_by_the_mask_that_is_still_to_take_effect),
		cmocka_unit_test(arrival_whose_mask_leads_away_is_written_where_it_fires),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
