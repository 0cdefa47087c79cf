#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/base/macro.h"
#include "irqherd/base/rng.h"

static struct cpumask list(const char *text)
{
	struct cpumask mask;

	assert_int_equal(cpulist_parse(text, &mask), 0);
	return mask;
}

static void assert_list(const struct cpumask *mask, const char *expected)
{
	static char text[CPULIST_TEXT];

	assert_int_equal(cpulist_format(mask, text, sizeof(text)), strlen(expected));
	assert_string_equal(text, expected);
}

static void kernel_lists_are_read_and_printed_back(void **state)
{
	static const struct {
		const char *text;
		const char *canonical;
	} cases[] = {
		{ "", "" },
		{ "\n", "" },
		{ " \n", "" },
		{ "  ", "" },
		{ "0", "0" },
		{ "0\n", "0" },
		{ "0-3,8", "0-3,8" },
		{ "0-3,8\n", "0-3,8" },
		{ " 0-3,8 \n", "0-3,8" },
		{ "\t5", "5" },
		{ "5-5", "5" },
		{ "0-1", "0-1" },
		{ "8,0-3", "0-3,8" },
		{ "3,2,1,0", "0-3" },
		{ "0-4,2-8", "0-8" },
		{ "007", "7" },
		{ "63,64", "63-64" },
		{ "60-70", "60-70" },
		{ "0-63", "0-63" },
		{ "64-127", "64-127" },
		{ "63-128", "63-128" },
		{ "0-8191", "0-8191" },
		{ "8191", "8191" },
		{ "0,2,4,8190", "0,2,4,8190" },
		{ "0-111,224-335", "0-111,224-335" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpumask mask = list(cases[i].text);

		assert_list(&mask, cases[i].canonical);
	}
}

static void broken_lists_are_refused_and_leave_the_mask_alone(void **state)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{ "3-0", -EINVAL },         { "0-", -EINVAL },
		{ "-3", -EINVAL },          { "-", -EINVAL },
		{ ",", -EINVAL },           { "0,", -EINVAL },
		{ ",0", -EINVAL },          { "0,,1", -EINVAL },
		{ "0-3-5", -EINVAL },       { "a", -EINVAL },
		{ "0x1", -EINVAL },         { "1 2", -EINVAL },
		{ "0 -3", -EINVAL },        { "0- 3", -EINVAL },
		{ "+1", -EINVAL },          { " (null)\n", -EINVAL },
		{ "(null)", -EINVAL },      { "0\n1", -EINVAL },
		{ "0\n\n", -EINVAL },       { "all", -EINVAL },
		{ "0-3:1/2", -EINVAL },     { "1.5", -EINVAL },
		{ "8192", -ERANGE },        { "0-8192", -ERANGE },
		{ "99999999999", -ERANGE }, { "0,8192,1", -ERANGE },
		{ "8192-9000", -ERANGE },   { "8192x", -EINVAL },
		{ "9000-8192", -ERANGE },   { "9000-3", -EINVAL },
		{ "4294967296", -ERANGE },  { "4294967296-0", -EINVAL },
	};
	const struct cpumask before = cpumask_one(77);

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpumask mask = before;
		int r = cpulist_parse(cases[i].text, &mask);

		if (r != cases[i].error)
			fail_msg("'%s' answers %d, not %d", cases[i].text, r, cases[i].error);
		assert_true(cpumask_equal(&mask, &before));
	}
}

static void hex_masks_are_read_and_printed_back(void **state)
{
	static const struct {
		const char *text;
		const char *members;
		const char *canonical;
	} cases[] = {
		{ "0", "", "00000000" },
		{ "00000000\n", "", "00000000" },
		{ "1", "0", "00000001" },
		{ "f", "0-3", "0000000f" },
		{ "ff", "0-7", "000000ff" },
		{ "FF", "0-7", "000000ff" },
		{ " ff \n", "0-7", "000000ff" },
		{ "aAbB", "0-1,3-5,7,9,11,13,15", "0000aabb" },
		{ "80000000", "31", "80000000" },
		{ "1,00000000", "32", "00000001,00000000" },
		{ "ff,ffffffff", "0-39", "000000ff,ffffffff" },
		{ "00000000,000000ff", "0-7", "000000ff" },
		{ "1,0", "32", "00000001,00000000" },
		{ "80000000,00000000", "63", "80000000,00000000" },
		{ "1,00000000,00000000", "64", "00000001,00000000,00000000" },
		{ "00000003,00000000,00000001", "0,64-65", "00000003,00000000,00000001" },
	};
	char text[CPUMASK_TEXT];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpumask mask;

		assert_int_equal(cpumask_parse(cases[i].text, &mask), 0);
		assert_list(&mask, cases[i].members);
		assert_int_equal(cpumask_format(&mask, text, sizeof(text)),
				 strlen(cases[i].canonical));
		assert_string_equal(text, cases[i].canonical);
	}
}

static void broken_hex_masks_are_refused_and_leave_the_mask_alone(void **state)
{
	static const char *const cases[] = {
		"",     "\n",    " ",      ",",   "f,",   ",f",        "f,,f",
		"g",    "0xff",  "-1",     "f f", "1.0",  "123456789", "f,123456789",
		"f\nf", "f\n\n", "(null)", "0-3", "f, f", "f ,f",      "000000000",
	};
	const struct cpumask before = cpumask_one(77);

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpumask mask = before;
		int r = cpumask_parse(cases[i], &mask);

		if (r != -EINVAL)
			fail_msg("'%s' answers %d", cases[i], r);
		assert_true(cpumask_equal(&mask, &before));
	}
}

/* `groups` groups, all zero but the first. */
static char *hex_groups(const char *first, unsigned int groups)
{
	char *text = malloc(strlen(first) + (size_t) groups * 9 + 1);

	assert_non_null(text);
	(void) strcpy(text, first);
	for (unsigned int i = 1; i < groups; i++)
		(void) strcat(text, ",00000000");
	return text;
}

static void groups_beyond_the_limit_must_be_zero(void **state)
{
	static const struct {
		const char *first;
		unsigned int groups;
		int answer;
		int member;
	} cases[] = {
		{ "80000000", 256, 0, 8191 },
		{ "00000000", 257, 0, CPU_NONE },
		{ "0", 300, 0, CPU_NONE },
		{ "1", 257, -ERANGE, CPU_NONE },
		{ "80000000", 400, -ERANGE, CPU_NONE },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = hex_groups(cases[i].first, cases[i].groups);
		struct cpumask mask = CPUMASK_NONE;

		assert_int_equal(cpumask_parse(text, &mask), cases[i].answer);
		assert_int_equal(cpumask_single(&mask), cases[i].member);
		free(text);
	}
}

static void rubbish_wins_over_too_big(void **state)
{
	char *text = hex_groups("1", 257);
	struct cpumask mask;

	(void) state;
	text[strlen(text) - 1] = 'x';
	assert_int_equal(cpumask_parse(text, &mask), -EINVAL);
	free(text);
}

static void formats_are_cut_to_size_and_tell_the_whole_length(void **state)
{
	struct cpumask mask = list("0-3,100");
	char text[16];

	(void) state;
	for (size_t size = 0; size <= sizeof(text); size++) {
		size_t kept = size > 7 ? 7 : size ? size - 1 : 0;

		memset(text, '#', sizeof(text));
		assert_int_equal(cpulist_format(&mask, text, size), 7);
		assert_memory_equal(text, "0-3,100", kept);
		if (size > 0)
			assert_int_equal(text[kept], '\0');
		for (size_t i = size; i < sizeof(text); i++)
			assert_int_equal(text[i], '#');
	}
	assert_int_equal(cpulist_format(&mask, NULL, 0), 7);
	assert_int_equal(cpumask_format(&mask, NULL, 0), 4 * 9 - 1);
	assert_int_equal(cpumask_format(&mask, text, 5), 4 * 9 - 1);
	assert_string_equal(text, "0000");
}

static void longest_texts_fit_their_buffers(void **state)
{
	static char text[CPULIST_TEXT], hex[CPUMASK_TEXT];
	struct cpumask mask = CPUMASK_NONE, again;

	(void) state;
	for (unsigned int cpu = 1; cpu < CPU_LIMIT; cpu += 2)
		cpumask_set(&mask, cpu);

	assert_true(cpulist_format(&mask, text, sizeof(text)) < sizeof(text));
	assert_int_equal(cpulist_parse(text, &again), 0);
	assert_true(cpumask_equal(&mask, &again));

	assert_true(cpumask_format(&mask, hex, sizeof(hex)) < sizeof(hex));
	assert_int_equal(cpumask_parse(hex, &again), 0);
	assert_true(cpumask_equal(&mask, &again));
}

static void ranges_hold_both_ends_and_stop_at_the_limit(void **state)
{
	static const struct {
		unsigned int first, last;
		const char *members;
	} cases[] = {
		{ 0, 0, "0" },          { 3, 2, "" },
		{ 0, 63, "0-63" },      { 1, 64, "1-64" },
		{ 63, 64, "63-64" },    { 100, 300, "100-300" },
		{ 8191, 8191, "8191" }, { 8190, 9000, "8190-8191" },
		{ 8192, 9000, "" },     { 0, UINT_MAX, "0-8191" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpumask mask = cpumask_range(cases[i].first, cases[i].last);

		assert_list(&mask, cases[i].members);
	}
}

static void numbers_beyond_the_limit_are_never_members(void **state)
{
	struct cpumask mask = cpumask_range(0, CPU_LIMIT - 1);

	(void) state;
	cpumask_set(&mask, CPU_LIMIT);
	cpumask_clear(&mask, CPU_LIMIT);
	cpumask_clear(&mask, UINT_MAX);
	assert_int_equal(cpumask_count(&mask), CPU_LIMIT);
	assert_false(cpumask_test(&mask, CPU_NONE));
	assert_false(cpumask_test(&mask, (int) CPU_LIMIT));
	assert_false(cpumask_test(&mask, INT_MAX));
	assert_false(cpumask_test(&mask, INT_MIN));
	assert_true(cpumask_test(&mask, (int) CPU_LIMIT - 1));

	mask = cpumask_one(CPU_LIMIT);
	assert_true(cpumask_empty(&mask));
}

static void set_and_clear_change_one_member(void **state)
{
	static const unsigned int cpus[] = { 0, 1, 31, 32, 63, 64, 4095, 8191 };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
		struct cpumask mask = cpumask_one(cpus[i]);

		assert_int_equal(cpumask_count(&mask), 1);
		assert_true(cpumask_test(&mask, (int) cpus[i]));
		assert_int_equal(cpumask_single(&mask), cpus[i]);
		assert_int_equal(cpumask_first(&mask), cpus[i]);
		assert_int_equal(cpumask_last(&mask), cpus[i]);
		cpumask_clear(&mask, cpus[i]);
		assert_true(cpumask_empty(&mask));
	}
}

static void set_algebra_answers_by_table(void **state)
{
	static const struct {
		const char *a, *b, *both, *either, *only_a;
		bool subset, intersects, equal;
	} cases[] = {
		{ "", "", "", "", "", true, false, true },
		{ "0-3", "", "", "0-3", "0-3", false, false, false },
		{ "", "0-3", "", "0-3", "", true, false, false },
		{ "0-3", "2-5", "2-3", "0-5", "0-1", false, true, false },
		{ "2-3", "0-5", "2-3", "0-5", "", true, true, false },
		{ "0-3", "4-7", "", "0-7", "0-3", false, false, false },
		{ "0,8191", "8191", "8191", "0,8191", "0", false, true, false },
		{ "60-70", "60-70", "60-70", "60-70", "", true, true, true },
		{ "64", "0", "", "0,64", "64", false, false, false },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpumask a = list(cases[i].a), b = list(cases[i].b);
		struct cpumask both = cpumask_and(&a, &b), either = cpumask_or(&a, &b);
		struct cpumask only_a = cpumask_andnot(&a, &b);

		assert_list(&both, cases[i].both);
		assert_list(&either, cases[i].either);
		assert_list(&only_a, cases[i].only_a);
		assert_int_equal(cpumask_subset(&a, &b), cases[i].subset);
		assert_int_equal(cpumask_intersects(&a, &b), cases[i].intersects);
		assert_int_equal(cpumask_equal(&a, &b), cases[i].equal);
	}
}

static void single_answers_only_for_sets_of_one(void **state)
{
	static const struct {
		const char *text;
		int single, first, last;
		unsigned int count;
	} cases[] = {
		{ "", CPU_NONE, CPU_NONE, CPU_NONE, 0 },
		{ "0", 0, 0, 0, 1 },
		{ "8191", 8191, 8191, 8191, 1 },
		{ "0-1", CPU_NONE, 0, 1, 2 },
		{ "0,64", CPU_NONE, 0, 64, 2 },
		{ "0,8191", CPU_NONE, 0, 8191, 2 },
		{ "64", 64, 64, 64, 1 },
		{ "5-9,70-80", CPU_NONE, 5, 80, 16 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpumask mask = list(cases[i].text);

		assert_int_equal(cpumask_single(&mask), cases[i].single);
		assert_int_equal(cpumask_first(&mask), cases[i].first);
		assert_int_equal(cpumask_last(&mask), cases[i].last);
		assert_int_equal(cpumask_count(&mask), cases[i].count);
		assert_int_equal(cpumask_empty(&mask), cases[i].count == 0);
	}
}

static void walking_visits_each_member_once_in_order(void **state)
{
	struct cpumask mask = list("0,63-65,127,4000,8190-8191"), seen = CPUMASK_NONE;
	int before = CPU_NONE;

	(void) state;
	cpumask_foreach(cpu, &mask) {
		assert_true(cpu > before);
		before = cpu;
		cpumask_set(&seen, (unsigned int) cpu);
	}
	assert_true(cpumask_equal(&mask, &seen));
	assert_int_equal(cpumask_next(&mask, 8191), CPU_NONE);
	assert_int_equal(cpumask_next(&mask, 4000), 8190);
	assert_int_equal(cpumask_next(&mask, 1), 63);
}

static void random_sets_survive_both_texts(void **state)
{
	static char text[CPULIST_TEXT], hex[CPUMASK_TEXT];
	struct rng rng = { 1 };

	(void) state;
	for (unsigned int round = 0; round < 200; round++) {
		unsigned int runs = rng_below(&rng, 40);
		struct cpumask mask = CPUMASK_NONE, again;
		unsigned int count = 0;

		for (unsigned int i = 0; i < runs; i++) {
			unsigned int first = rng_below(&rng, CPU_LIMIT);
			struct cpumask run = cpumask_range(first, first + rng_below(&rng, 200));

			mask = cpumask_or(&mask, &run);
		}
		cpumask_foreach(cpu, &mask)
			count++;
		assert_int_equal(cpumask_count(&mask), count);

		(void) cpulist_format(&mask, text, sizeof(text));
		assert_int_equal(cpulist_parse(text, &again), 0);
		assert_true(cpumask_equal(&mask, &again));
		(void) cpumask_format(&mask, hex, sizeof(hex));
		assert_int_equal(cpumask_parse(hex, &again), 0);
		assert_true(cpumask_equal(&mask, &again));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_lists_are_read_and_printed_back),
		cmocka_unit_test(broken_lists_are_refused_and_leave_the_mask_alone),
		cmocka_unit_test(hex_masks_are_read_and_printed_back),
		cmocka_unit_test(broken_hex_masks_are_refused_and_leave_the_mask_alone),
		cmocka_unit_test(groups_beyond_the_limit_must_be_zero),
		cmocka_unit_test(rubbish_wins_over_too_big),
		cmocka_unit_test(formats_are_cut_to_size_and_tell_the_whole_length),
		cmocka_unit_test(longest_texts_fit_their_buffers),
		cmocka_unit_test(ranges_hold_both_ends_and_stop_at_the_limit),
		cmocka_unit_test(numbers_beyond_the_limit_are_never_members),
		cmocka_unit_test(set_and_clear_change_one_member),
		cmocka_unit_test(set_algebra_answers_by_table),
		cmocka_unit_test(single_answers_only_for_sets_of_one),
		cmocka_unit_test(walking_visits_each_member_once_in_order),
		cmocka_unit_test(random_sets_survive_both_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
