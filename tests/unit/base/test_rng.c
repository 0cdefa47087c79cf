#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/rng.h"

static void numbers_are_those_of_splitmix64(void **state)
{
	/* the published sequence for seed 1234567 */
	static const uint64_t expected[] = {
		UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
		UINT64_C(16408922859458223821),
	};
	struct rng rng = { 1234567 };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_true(rng_next(&rng) == expected[i]);
}

static void same_seed_gives_same_numbers(void **state)
{
	struct rng a = { 42 }, b = { 42 }, c = { 43 };
	unsigned int differ = 0;

	(void) state;
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t number = rng_next(&a);

		assert_true(number == rng_next(&b));
		differ += number != rng_next(&c);
	}
	assert_int_equal(differ, 100);
}

static void bounded_numbers_reach_every_value_and_no_more(void **state)
{
	static const uint32_t limits[] = { 1, 2, 3, 7, 100 };
	struct rng rng = { 1 };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		unsigned int seen[100] = { 0 };

		for (unsigned int n = 0; n < 20000; n++) {
			uint32_t number = rng_below(&rng, limits[i]);

			assert_true(number < limits[i]);
			seen[number]++;
		}
		/* half of the fair share is far outside of chance */
		for (uint32_t value = 0; value < limits[i]; value++)
			assert_true(seen[value] > 20000 / limits[i] / 2);
	}
	for (unsigned int n = 0; n < 1000; n++)
		assert_true(rng_below(&rng, UINT32_MAX) < UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_splitmix64),
		cmocka_unit_test(same_seed_gives_same_numbers),
		cmocka_unit_test(bounded_numbers_reach_every_value_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
