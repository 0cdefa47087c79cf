#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "irqherd/model/latency.h"

static void bounds_are_inclusive(void **state)
{
	(void) state;
	for (size_t i = 0; i < LATENCY_BOUNDS; i++) {
		struct latency latency = { 0 };

		latency_put(&latency, latency_bounds_ms[i]);
		assert_int_equal(latency.counts[i], 1);
		latency_put(&latency, latency_bounds_ms[i] + 1);
		assert_int_equal(latency.counts[i + 1], 1);
		assert_int_equal(latency_count(&latency), 2);
		assert_int_equal(latency.sum_ms, 2 * latency_bounds_ms[i] + 1);
	}
}

static void zero_is_in_the_first_bucket(void **state)
{
	struct latency latency = { 0 };

	(void) state;
	latency_put(&latency, 0);
	assert_int_equal(latency.counts[0], 1);
	assert_int_equal(latency.sum_ms, 0);
}

static void only_what_was_counted_is_told(void **state)
{
	static const uint64_t times_ms[] = { 0, 1, 7, 20, 1001, UINT32_MAX };
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct latency latency = { 0 };

	(void) state;
	assert_int_equal(latency_format(&latency, &text), 0);
	assert_string_equal(buf_text(&text), " none");
	buf_reset(&text);
	for (size_t i = 0; i < sizeof(times_ms) / sizeof(times_ms[0]); i++)
		latency_put(&latency, times_ms[i]);
	assert_int_equal(latency_format(&latency, &text), 0);
	assert_string_equal(buf_text(&text), " 1:2 10:1 20:1 more:2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_inclusive),
		cmocka_unit_test(zero_is_in_the_first_bucket),
		cmocka_unit_test(only_what_was_counted_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
