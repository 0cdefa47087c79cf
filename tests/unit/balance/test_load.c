#include "balance_machine.h"

struct two {
	struct sample before, after;
	struct load load;
};

static void two_init(struct two *t, unsigned int cpus, unsigned int irqs)
{
	*t = (struct two){ 0 };
	assert_int_equal(sample_reserve_cpus(&t->before, cpus), 0);
	assert_int_equal(sample_reserve_cpus(&t->after, cpus), 0);
	assert_int_equal(sample_reserve_irqs(&t->before, irqs), 0);
	assert_int_equal(sample_reserve_irqs(&t->after, irqs), 0);
	t->before.valid = t->after.valid = true;
	t->before.time_ms = 1000;
	t->after.time_ms = 3000;
	for (unsigned int i = 0; i < cpus; i++)
		t->before.cpus[i].online = t->after.cpus[i].online = true;
}

static void two_deinit(struct two *t)
{
	sample_deinit(&t->before);
	sample_deinit(&t->after);
	load_deinit(&t->load);
}

static void load_is_the_part_that_the_metric_chose(void **state)
{
	static const struct {
		enum load_metric metric;
		uint32_t expected;
	} cases[] = {
		{ LOAD_METRIC_IRQ, 300000 },
		{ LOAD_METRIC_BUSY, 900000 },
		{ LOAD_METRIC_TOTAL, 950000 },
	};
	static const struct cpu_sample spent = {
		.online = true,
		.ticks = { [CPU_TIME_USER] = 30,
			   [CPU_TIME_NICE] = 10,
			   [CPU_TIME_SYSTEM] = 20,
			   [CPU_TIME_IDLE] = 4,
			   [CPU_TIME_IOWAIT] = 1,
			   [CPU_TIME_IRQ] = 10,
			   [CPU_TIME_SOFTIRQ] = 20,
			   [CPU_TIME_STEAL] = 5 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct two t;

		two_init(&t, 1, 0);
		t.after.cpus[0] = spent;
		assert_int_equal(load_update(&t.load, &t.before, &t.after, cases[i].metric), 0);
		assert_true(t.load.valid);
		assert_int_equal(t.load.interval_ms, 2000);
		assert_non_null(load_cpu(&t.load, 0));
		assert_int_equal(t.load.cpus[0].load_ppm, cases[i].expected);
		assert_int_equal(t.load.cpus[0].irq_ppm, 300000);
		assert_int_equal(t.load.cpus[0].busy_ppm, 600000);
		assert_int_equal(t.load.cpus[0].steal_ppm, 50000);
		two_deinit(&t);
	}
}

static void field_that_went_backwards_counts_nothing(void **state)
{
	struct two t;

	(void) state;
	two_init(&t, 1, 0);
	t.before.cpus[0].ticks[CPU_TIME_IOWAIT] = 500;
	t.after.cpus[0].ticks[CPU_TIME_IOWAIT] = 400;
	t.after.cpus[0].ticks[CPU_TIME_SOFTIRQ] = 50;
	t.after.cpus[0].ticks[CPU_TIME_IDLE] = 50;
	assert_int_equal(load_update(&t.load, &t.before, &t.after, LOAD_METRIC_IRQ), 0);
	assert_int_equal(t.load.cpus[0].load_ppm, 500000);
	two_deinit(&t);
}

static void cpu_on_which_no_time_passed_has_no_load(void **state)
{
	struct two t;

	(void) state;
	two_init(&t, 3, 0);
	t.before.cpus[1].online = false;
	t.after.cpus[1].ticks[CPU_TIME_IRQ] = 100;
	t.after.cpus[2].ticks[CPU_TIME_IRQ] = 100;
	assert_int_equal(load_update(&t.load, &t.before, &t.after, LOAD_METRIC_IRQ), 0);
	assert_null(load_cpu(&t.load, 0));
	assert_null(load_cpu(&t.load, 1));
	assert_non_null(load_cpu(&t.load, 2));
	assert_null(load_cpu(&t.load, 3));
	assert_null(load_cpu(&t.load, CPU_NONE));
	two_deinit(&t);
}

static void count_wraps_or_starts_anew(void **state)
{
	static const struct {
		uint32_t before, after, count;
		bool restarted;
	} cases[] = {
		{ 100, 150, 50, false },
		{ 100, 100, 0, false },
		{ UINT32_MAX - 9, 20, 30, false },
		{ UINT32_MAX, 0, 1, false },
		{ 5000, 7, 7, true },
		{ 3000000000u, 0, 0, true },
	};
	struct two t;
	unsigned int restarted = 0;

	(void) state;
	two_init(&t, 1, ARRAY_SIZE(cases));
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		t.before.irq_totals[i] = cases[i].before;
		t.after.irq_totals[i] = cases[i].after;
	}
	assert_int_equal(load_update(&t.load, &t.before, &t.after, LOAD_METRIC_IRQ), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(load_irq_count(&t.load, i), cases[i].count);
		if (cases[i].restarted)
			assert_int_equal(t.load.restarted[restarted++], i);
	}
	assert_int_equal(t.load.restarted_count, restarted);
	two_deinit(&t);
}

static void irq_that_the_first_sample_did_not_know_counts_from_zero(void **state)
{
	struct two t;

	(void) state;
	two_init(&t, 1, 4);
	assert_int_equal(sample_reserve_irqs(&t.after, 9), 0);
	t.after.irq_totals[8] = 77;
	assert_int_equal(load_update(&t.load, &t.before, &t.after, LOAD_METRIC_IRQ), 0);
	assert_int_equal(load_irq_count(&t.load, 8), 77);
	assert_int_equal(load_irq_count(&t.load, 9), 0);
	two_deinit(&t);
}

static void who_counted_is_listed_by_number(void **state)
{
	static const unsigned int busy[] = { 0, 63, 64, 127, 200, 299 };
	struct two t;

	(void) state;
	two_init(&t, 1, 300);
	for (unsigned int i = 0; i < 300; i++)
		t.before.irq_totals[i] = t.after.irq_totals[i] = i % 7;
	for (size_t i = 0; i < ARRAY_SIZE(busy); i++)
		t.after.irq_totals[busy[i]] += 1000 + busy[i];
	for (int again = 0; again < 2; again++) {
		assert_int_equal(load_update(&t.load, &t.before, &t.after, LOAD_METRIC_IRQ), 0);
		assert_int_equal(t.load.active_count, ARRAY_SIZE(busy));
		for (size_t i = 0; i < ARRAY_SIZE(busy); i++) {
			assert_int_equal(t.load.active[i], busy[i]);
			assert_int_equal(load_irq_count(&t.load, busy[i]), 1000 + busy[i]);
		}
		for (unsigned int i = 1; i < 63; i++)
			assert_int_equal(load_irq_count(&t.load, i), 0);
	}
	assert_int_equal(load_update(&t.load, &t.after, &t.after, LOAD_METRIC_IRQ), 0);
	assert_int_equal(t.load.active_count, 0);
	for (unsigned int i = 0; i < 300; i++)
		assert_int_equal(load_irq_count(&t.load, i), 0);
	two_deinit(&t);
}

static void one_sample_alone_says_nothing(void **state)
{
	struct two t;

	(void) state;
	two_init(&t, 1, 4);
	t.after.cpus[0].ticks[CPU_TIME_IRQ] = 100;
	t.after.irq_totals[2] = 5;
	assert_int_equal(load_update(&t.load, &t.before, &t.after, LOAD_METRIC_IRQ), 0);
	assert_int_equal(load_irq_count(&t.load, 2), 5);
	t.before.valid = false;
	assert_int_equal(load_update(&t.load, &t.before, &t.after, LOAD_METRIC_IRQ), 0);
	assert_false(t.load.valid);
	assert_null(load_cpu(&t.load, 0));
	assert_int_equal(load_irq_count(&t.load, 2), 0);
	two_deinit(&t);
}

static void memory_is_kept_between_rounds(void **state)
{
	struct two t;
	struct cpu_load *cpus;
	uint32_t *counts;

	(void) state;
	two_init(&t, 8, 64);
	assert_int_equal(load_update(&t.load, &t.before, &t.after, LOAD_METRIC_IRQ), 0);
	cpus = t.load.cpus;
	counts = t.load.irq_counts;
	t.after.cpu_count = 4;
	assert_int_equal(load_update(&t.load, &t.before, &t.after, LOAD_METRIC_IRQ), 0);
	assert_int_equal(t.load.cpu_count, 4);
	assert_ptr_equal(t.load.cpus, cpus);
	assert_ptr_equal(t.load.irq_counts, counts);
	two_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_is_the_part_that_the_metric_chose),
		cmocka_unit_test(field_that_went_backwards_counts_nothing),
		cmocka_unit_test(cpu_on_which_no_time_passed_has_no_load),
		cmocka_unit_test(count_wraps_or_starts_anew),
		cmocka_unit_test(irq_that_the_first_sample_did_not_know_counts_from_zero),
		cmocka_unit_test(who_counted_is_listed_by_number),
		cmocka_unit_test(one_sample_alone_says_nothing),
		cmocka_unit_test(memory_is_kept_between_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
