#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/parse.h"

static void unsigned_numbers_are_strict(void **state)
{
	static const struct {
		const char *text;
		uint32_t min, max;
		int answer;
		uint32_t value;
	} cases[] = {
		{ "0", 0, 10, 0, 0 },
		{ "10", 0, 10, 0, 10 },
		{ "10\n", 0, 10, 0, 10 },
		{ " 7 ", 0, 10, 0, 7 },
		{ "\t7\t\n", 0, 10, 0, 7 },
		{ "007", 0, 10, 0, 7 },
		{ "4294967295", 0, UINT32_MAX, 0, UINT32_MAX },
		{ "11", 0, 10, -ERANGE, 0 },
		{ "0", 1, 10, -ERANGE, 0 },
		{ "4294967296", 0, UINT32_MAX, -ERANGE, 0 },
		{ "99999999999999999999999999", 0, UINT32_MAX, -ERANGE, 0 },
		{ "", 0, 10, -EINVAL, 0 },
		{ "\n", 0, 10, -EINVAL, 0 },
		{ " ", 0, 10, -EINVAL, 0 },
		{ "-1", 0, 10, -EINVAL, 0 },
		{ "+1", 0, 10, -EINVAL, 0 },
		{ "1a", 0, 10, -EINVAL, 0 },
		{ "a", 0, 10, -EINVAL, 0 },
		{ "1 2", 0, 10, -EINVAL, 0 },
		{ "1.0", 0, 10, -EINVAL, 0 },
		{ "0x1", 0, 10, -EINVAL, 0 },
		{ "1\n\n", 0, 10, -EINVAL, 0 },
		{ "\n1", 0, 10, -EINVAL, 0 },
		{ "1\r", 0, 10, -EINVAL, 0 },
		{ "99999999999999999999999999x", 0, UINT32_MAX, -EINVAL, 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t value = 4711;
		int r = parse_u32(cases[i].text, cases[i].min, cases[i].max, &value);

		if (r != cases[i].answer)
			fail_msg("'%s' answers %d", cases[i].text, r);
		assert_int_equal(value, r == 0 ? cases[i].value : 4711);
	}
}

static void signed_numbers_are_strict(void **state)
{
	static const struct {
		const char *text;
		int32_t min, max;
		int answer;
		int32_t value;
	} cases[] = {
		{ "-1\n", -1, 8, 0, -1 },
		{ "0", -1, 8, 0, 0 },
		{ "-0", -1, 8, 0, 0 },
		{ " -1 ", -1, 8, 0, -1 },
		{ "8", -1, 8, 0, 8 },
		{ "-2147483648", INT32_MIN, INT32_MAX, 0, INT32_MIN },
		{ "2147483647", INT32_MIN, INT32_MAX, 0, INT32_MAX },
		{ "2147483648", INT32_MIN, INT32_MAX, -ERANGE, 0 },
		{ "-2147483649", INT32_MIN, INT32_MAX, -ERANGE, 0 },
		{ "-99999999999999999999999", INT32_MIN, INT32_MAX, -ERANGE, 0 },
		{ "-2", -1, 8, -ERANGE, 0 },
		{ "9", -1, 8, -ERANGE, 0 },
		{ "", -1, 8, -EINVAL, 0 },
		{ "-", -1, 8, -EINVAL, 0 },
		{ "--1", -1, 8, -EINVAL, 0 },
		{ "- 1", -1, 8, -EINVAL, 0 },
		{ "+1", -1, 8, -EINVAL, 0 },
		{ "1-", -1, 8, -EINVAL, 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int32_t value = 4711;
		int r = parse_i32(cases[i].text, cases[i].min, cases[i].max, &value);

		if (r != cases[i].answer)
			fail_msg("'%s' answers %d", cases[i].text, r);
		assert_int_equal(value, r == 0 ? cases[i].value : 4711);
	}
}

static void hex_numbers_may_have_a_prefix(void **state)
{
	static const struct {
		const char *text;
		int answer;
		uint32_t value;
	} cases[] = {
		{ "0x1af4\n", 0, 0x1af4 },
		{ "0X1AF4", 0, 0x1af4 },
		{ "1af4", 0, 0x1af4 },
		{ "0", 0, 0 },
		{ "0x0", 0, 0 },
		{ " 0x020000 \n", 0, 0x20000 },
		{ "ffffffff", 0, UINT32_MAX },
		{ "00000000000000ff", 0, 0xff },
		{ "0x100000000", -ERANGE, 0 },
		{ "fffffffffffffffffffffff", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "x1", -EINVAL, 0 },
		{ "0x0x1", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "0x-1", -EINVAL, 0 },
		{ "g", -EINVAL, 0 },
		{ "1g", -EINVAL, 0 },
		{ "1 1", -EINVAL, 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t value = 4711;
		int r = parse_hex32(cases[i].text, &value);

		if (r != cases[i].answer)
			fail_msg("'%s' answers %d", cases[i].text, r);
		assert_int_equal(value, r == 0 ? cases[i].value : 4711);
	}
}

static void decimals_are_scaled_and_cut(void **state)
{
	static const struct {
		const char *text;
		unsigned int digits;
		uint64_t min, max;
		int answer;
		uint64_t value;
	} cases[] = {
		{ "2.5", 3, 0, 10000, 0, 2500 },
		{ "2", 3, 0, 10000, 0, 2000 },
		{ "0.001", 3, 0, 10000, 0, 1 },
		{ "0.0019", 3, 0, 10000, 0, 1 },
		{ "99.99", 1, 0, 1000, 0, 999 },
		{ "99.2\n", 1, 0, 1000, 0, 992 },
		{ "7.9", 0, 0, 10, 0, 7 },
		{ " 7 ", 0, 0, 10, 0, 7 },
		{ "18446744073709551614", 0, 0, UINT64_MAX, 0, UINT64_MAX - 1 },
		{ "18446744073709551615", 0, 0, UINT64_MAX, -ERANGE, 0 },
		{ "18446744073709551614", 1, 0, UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999.5", 3, 0, UINT64_MAX, -ERANGE, 0 },
		{ "1", 25, 0, UINT64_MAX, -ERANGE, 0 },
		{ "10.001", 3, 0, 10000, -ERANGE, 0 },
		{ "0.5", 3, 1000, 10000, -ERANGE, 0 },
		{ "", 3, 0, 10000, -EINVAL, 0 },
		{ ".5", 3, 0, 10000, -EINVAL, 0 },
		{ "5.", 3, 0, 10000, -EINVAL, 0 },
		{ "5,5", 3, 0, 10000, -EINVAL, 0 },
		{ "5.5.5", 3, 0, 10000, -EINVAL, 0 },
		{ "-5", 3, 0, 10000, -EINVAL, 0 },
		{ "1e3", 3, 0, 10000, -EINVAL, 0 },
		{ "5 .5", 3, 0, 10000, -EINVAL, 0 },
		{ "5%", 3, 0, 10000, -EINVAL, 0 },
		{ "nan", 3, 0, 10000, -EINVAL, 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 4711;
		int r = parse_decimal(cases[i].text, cases[i].digits, cases[i].min, cases[i].max,
				      &value);

		if (r != cases[i].answer)
			fail_msg("'%s' answers %d", cases[i].text, r);
		assert_true(value == (r == 0 ? cases[i].value : 4711));
	}
}

static void edits_are_counted_and_a_swap_is_one(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned int distance;
	} cases[] = {
		{ "", "", 0 },
		{ "a", "", 1 },
		{ "", "abc", 3 },
		{ "threshold", "threshold", 0 },
		{ "thresold", "threshold", 1 },
		{ "threshhold", "threshold", 1 },
		{ "thresholf", "threshold", 1 },
		{ "htreshold", "threshold", 1 },
		{ "ab", "ba", 1 },
		{ "abcd", "badc", 2 },
		{ "ca", "abc", 3 }, /* optimal string alignment: no edit inside a swapped pair */
		{ "kitten", "sitting", 3 },
		{ "exclude-cpu", "exclude-cpus", 1 },
		{ "exclude_cpus", "exclude-cpus", 1 },
		{ "abc", "xyz", 3 },
		{ "a", "b", 1 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(edit_distance(cases[i].a, cases[i].b), cases[i].distance);
		assert_int_equal(edit_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
}

static void very_long_words_are_far_from_short_ones(void **state)
{
	char word[1001];

	(void) state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(edit_distance(word, "threshold"), 1000);
	assert_int_equal(edit_distance("", word), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unsigned_numbers_are_strict),
		cmocka_unit_test(signed_numbers_are_strict),
		cmocka_unit_test(hex_numbers_may_have_a_prefix),
		cmocka_unit_test(decimals_are_scaled_and_cut),
		cmocka_unit_test(edits_are_counted_and_a_swap_is_one),
		cmocka_unit_test(very_long_words_are_far_from_short_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
