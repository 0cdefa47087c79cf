#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <time.h>

#include <cmocka.h>

#include "irqherd/base/clock.h"

static void the_clock_counts_milliseconds_and_never_goes_back(void **state)
{
	const struct timespec pause = { .tv_nsec = 30 * 1000 * 1000 };
	uint64_t start = clock_now_ms(), end;

	(void) state;
	assert_true(start > 0);
	assert_true(clock_now_ms() >= start);
	assert_int_equal(nanosleep(&pause, NULL), 0);
	end = clock_now_ms();
	assert_true(end - start >= 29);
	/* far more than a busy machine adds, far less than another unit would show */
	assert_true(end - start < 20000);
}

static void the_time_of_day_is_in_seconds_since_1970(void **state)
{
	double before = (double) time(NULL), today = clock_today_s();

	(void) state;
	/* time() may lag behind by a tick */
	assert_true(today >= before && today < before + 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_counts_milliseconds_and_never_goes_back),
		cmocka_unit_test(the_time_of_day_is_in_seconds_since_1970),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
