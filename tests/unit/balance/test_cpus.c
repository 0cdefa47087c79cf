#include "balance_machine.h"

static void irqs_sit_where_they_fire(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 4, 2, 1);
	machine_put_irq(&m, 20, 0, 0, 100);
	machine_put_irq(&m, 21, 0, 0, 0);
	machine_put_irq(&m, 22, 0, 1, 5);
	machine_put_irq(&m, 23, 0, -1, 5);
	machine_irq(&m, 22)->managed = true;
	machine_set_load(&m, 0, 99);
	machine_set_load(&m, 1, 99);
	m.load.cpus[3].valid = false;
	machine_fill(&m);
	assert_int_equal(m.table.count, 4);
	assert_int_equal(m.table.rows[0].irqs, 2);
	assert_int_equal(m.table.rows[0].active, 1);
	assert_int_equal(m.table.rows[0].candidates, 1);
	assert_int_equal(m.table.rows[0].load_ppm, POINTS(99));
	assert_int_equal(m.table.rows[1].irqs, 1);
	assert_int_equal(m.table.rows[1].active, 1);
	assert_int_equal(m.table.rows[1].candidates, 0);
	assert_int_equal(m.table.rows[2].irqs, 0);
	assert_true(m.table.rows[2].known);
	assert_false(m.table.rows[3].known);
	machine_deinit(&m);
}

static void targets_are_usable_allowed_and_first_threads(void **state)
{
	struct machine m;
	struct cpumask online = mask_of_bits(0xfd), isolated = mask_of_bits(0x10);
	uint64_t targets = 0, allowed = 0;

	(void) state;
	machine_init(&m, 8, 8, 2);
	machine_set_topology(&m, &online, &isolated, 2);
	m.policy.allowed = mask_of_bits(0xff & ~0x04u);
	m.policy.all_threads = false;
	machine_fill(&m);
	for (unsigned int i = 0; i < 8; i++) {
		targets |= (uint64_t) m.table.rows[i].target << i;
		allowed |= (uint64_t) m.table.rows[i].allowed << i;
	}
	assert_int_equal(allowed, 0xe9);
	assert_int_equal(targets, 0x41);
	machine_deinit(&m);
}

static void full_cpu_is_avoided_for_a_growing_while(void **state)
{
	static const uint32_t waits[] = {
		10000, 20000, 40000, 80000, 160000, 320000, 600000, 600000
	};
	struct machine m;

	(void) state;
	machine_init(&m, 2, 2, 1);
	machine_fill(&m);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		cpu_table_note_full(&m.table, 1, m.now_ms);
		m.now_ms += waits[i] - 1;
		machine_fill(&m);
		assert_true(m.table.rows[1].full);
		assert_false(m.table.rows[0].full);
		m.now_ms += 1;
		machine_fill(&m);
		assert_false(m.table.rows[1].full);
	}
	cpu_table_note_full(&m.table, 1, m.now_ms);
	cpu_table_note_room(&m.table, 1);
	machine_fill(&m);
	assert_false(m.table.rows[1].full);
	cpu_table_note_full(&m.table, 1, m.now_ms);
	m.now_ms += waits[0];
	machine_fill(&m);
	assert_false(m.table.rows[1].full);
	machine_deinit(&m);
}

static void unknown_cpu_numbers_are_nobody(void **state)
{
	struct machine m;

	(void) state;
	machine_init(&m, 2, 2, 1);
	machine_fill(&m);
	cpu_table_note_full(&m.table, CPU_NONE, m.now_ms);
	cpu_table_note_full(&m.table, 2, m.now_ms);
	cpu_table_note_room(&m.table, 5000);
	assert_null(cpu_table_row(&m.table, CPU_NONE));
	assert_null(cpu_table_row(&m.table, 2));
	assert_ptr_equal(cpu_table_row(&m.table, 1), &m.table.rows[1]);
	machine_deinit(&m);
}

static void share_is_interrupt_load_by_active_irqs(void **state)
{
	static const struct {
		double load, irq;
		bool known;
		double expected;
	} cases[] = {
		{ 80, 80, true, 20 }, { 80, 40, true, 10 }, { 80, 0, true, 20 },
		{ 0, 0, true, 1 },    { 80, 80, false, 1 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;

		machine_init(&m, 2, 2, 1);
		for (unsigned int n = 20; n < 24; n++)
			machine_put_irq(&m, n, 0, 0, 10);
		machine_set_load(&m, 0, cases[i].load);
		m.load.cpus[0].irq_ppm = POINTS(cases[i].irq);
		m.load.cpus[0].valid = cases[i].known;
		machine_fill(&m);
		assert_int_equal(cpu_table_share(&m.table, 0), POINTS(cases[i].expected));
		machine_deinit(&m);
	}
}

static void decided_move_is_seen_by_the_next_decision(void **state)
{
	struct machine m;
	const struct move move = { .irq = 20, .from_cpu = 0, .to_cpu = 2 };

	(void) state;
	machine_init(&m, 4, 4, 2);
	machine_put_irq(&m, 20, 0, 0, 10);
	machine_set_load(&m, 0, 60);
	machine_fill(&m);
	cpu_table_count_cores(&m.table, &m.inventory.topology);
	assert_true(cpu_table_sibling_is_busy(&m.table, &m.inventory.topology, 1));
	assert_false(cpu_table_sibling_is_busy(&m.table, &m.inventory.topology, 0));
	assert_false(cpu_table_sibling_is_busy(&m.table, &m.inventory.topology, 3));
	cpu_table_note_move(&m.table, &m.inventory.topology, &move, true, POINTS(60));
	assert_int_equal(m.table.rows[0].irqs, 0);
	assert_int_equal(m.table.rows[2].irqs, 1);
	assert_int_equal(m.table.rows[2].active, 1);
	assert_int_equal(m.table.rows[2].load_ppm, POINTS(60));
	assert_int_equal(m.table.rows[2].measured_ppm, 0);
	assert_true(cpu_table_sibling_is_busy(&m.table, &m.inventory.topology, 3));
	machine_deinit(&m);
}

static void queues_of_a_device_are_counted_by_core(void **state)
{
	static const int fires[] = { 0, 1, 2, -1 };
	static const struct pci_addr nic = { .bus = 7 };
	struct machine m;
	const struct topology *topology = &m.inventory.topology;

	(void) state;
	machine_init(&m, 6, 6, 2);
	machine_put_nic(&m, 7, 0, 40, fires, 4, true, LOOK_START);
	machine_put_irq(&m, 20, 0, 4, 10);
	machine_fill(&m);
	cpu_table_count_queues(&m.table, &m.inventory, inventory_find_device(&m.inventory, &nic));
	assert_int_equal(cpu_table_core(&m.table, topology, 1)->queues, 2);
	assert_int_equal(cpu_table_core(&m.table, topology, 3)->queues, 1);
	assert_int_equal(cpu_table_core(&m.table, topology, 4)->queues, 0);
	assert_true(m.table.core_was_empty);
	machine_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(irqs_sit_where_they_fire),
		cmocka_unit_test(targets_are_usable_allowed_and_first_threads),
		cmocka_unit_test(full_cpu_is_avoided_for_a_growing_while),
		cmocka_unit_test(unknown_cpu_numbers_are_nobody),
		cmocka_unit_test(share_is_interrupt_load_by_active_irqs),
		cmocka_unit_test(decided_move_is_seen_by_the_next_decision),
		cmocka_unit_test(queues_of_a_device_are_counted_by_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
