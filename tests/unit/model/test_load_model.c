/* sample, load: growing without losing, and reading beyond the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "irqherd/model/load.h"

static void growing_keeps_the_old_and_zeroes_the_new(void **state)
{
	static const unsigned int counts[] = { 1, 8, 9, 8, 300, 257, 5000 };
	struct sample sample = SAMPLE_INIT;
	unsigned int most = 0;

	(void) state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		unsigned int before = most;

		assert_int_equal(sample_reserve_cpus(&sample, counts[i]), 0);
		assert_int_equal(sample_reserve_irqs(&sample, counts[i]), 0);
		most = counts[i] > most ? counts[i] : most;
		assert_int_equal(sample.cpu_count, most);
		assert_int_equal(sample.irq_slots, most);
		for (unsigned int k = 0; k < before; k++) {
			assert_true(sample.cpus[k].online);
			assert_int_equal(sample.cpus[k].ticks[CPU_TIME_IRQ], k + 1);
			assert_int_equal(sample.irq_totals[k], k + 2);
		}
		for (unsigned int k = before; k < most; k++) {
			assert_false(sample.cpus[k].online);
			assert_int_equal(sample.cpus[k].ticks[CPU_TIME_IRQ], 0);
			assert_int_equal(sample.irq_totals[k], 0);
			sample.cpus[k].online = true;
			sample.cpus[k].ticks[CPU_TIME_IRQ] = k + 1;
			sample.irq_totals[k] = k + 2;
		}
	}
	sample_deinit(&sample);
	sample_deinit(&sample);
}

static void a_sample_that_shrank_is_zeroed_where_it_grows_again(void **state)
{
	struct sample sample = SAMPLE_INIT;

	(void) state;
	assert_int_equal(sample_reserve_irqs(&sample, 10), 0);
	sample.irq_totals[9] = 77;
	sample.irq_slots = 5;
	assert_int_equal(sample_reserve_irqs(&sample, 10), 0);
	assert_int_equal(sample.irq_totals[9], 0);
	sample_deinit(&sample);
}

static void what_was_not_measured_is_no_load(void **state)
{
	struct load load = LOAD_INIT;

	(void) state;
	assert_null(load_cpu(&load, 0));
	assert_null(load_cpu(&load, -1));
	assert_int_equal(load_irq_count(&load, 0), 0);

	load.cpus = calloc(2, sizeof(load.cpus[0]));
	load.irq_counts = calloc(2, sizeof(load.irq_counts[0]));
	assert_non_null(load.cpus);
	assert_non_null(load.irq_counts);
	load.cpu_count = load.irq_slots = 2;
	load.cpus[1].valid = true;
	load.irq_counts[1] = 5;
	assert_null(load_cpu(&load, 0));
	assert_ptr_equal(load_cpu(&load, 1), &load.cpus[1]);
	assert_null(load_cpu(&load, 2));
	assert_int_equal(load_irq_count(&load, 1), 5);
	assert_int_equal(load_irq_count(&load, 2), 0);
	load_deinit(&load);
	load_deinit(&load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing_keeps_the_old_and_zeroes_the_new),
		cmocka_unit_test(a_sample_that_shrank_is_zeroed_where_it_grows_again),
		cmocka_unit_test(what_was_not_measured_is_no_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
