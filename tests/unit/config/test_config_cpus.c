#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/config_cpus.h"

struct expectation {
	const char *text;
	const char *cpus; /* cpulist */
	bool all;
	bool isolated;
	uint64_t nodes; /* the first 64 */
};

static void assert_set(const struct expectation *expected)
{
	struct config_cpus set = { .text = NULL };
	char list[CPULIST_TEXT];

	assert_int_equal(config_cpus_parse(&set, expected->text), 0);
	(void) cpulist_format(&set.cpus, list, sizeof(list));
	assert_string_equal(list, expected->cpus);
	assert_int_equal(set.all, expected->all);
	assert_int_equal(set.isolated, expected->isolated);
	assert_int_equal(set.nodes[0], expected->nodes);
	config_cpus_deinit(&set);
}

static void what_can_be_a_mask_is_a_mask(void **state)
{
	static const struct expectation cases[] = {
		{ .text = "ff", .cpus = "0-7" },
		{ .text = "FF", .cpus = "0-7" },
		{ .text = "10", .cpus = "4" },
		{ .text = "0", .cpus = "" },
		{ .text = "0,3", .cpus = "0-1" },
		{ .text = "ff,ffffffff", .cpus = "0-39" },
		{ .text = "1,00000000", .cpus = "32" },
		{ .text = "0xff", .cpus = "0-7" },
		{ .text = "0XA", .cpus = "1,3" },
		{ .text = " 3 ", .cpus = "0-1" },
		{ .text = "face", .cpus = "1-3,6-7,9,11-15" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_set(&cases[i]);
}

static void a_list_says_that_it_is_one(void **state)
{
	static const struct expectation cases[] = {
		{ .text = "cpus:0-3,8", .cpus = "0-3,8" }, { .text = "cpus:10", .cpus = "10" },
		{ .text = "cpus:1,2,3", .cpus = "1-3" },   { .text = "0-3", .cpus = "0-3" },
		{ .text = "0-3,8", .cpus = "0-3,8" },      { .text = "8,0-3", .cpus = "0-3,8" },
		{ .text = "cpus:", .cpus = "" },           { .text = "cpus:8191", .cpus = "8191" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_set(&cases[i]);
}

static void words_join_with_words_and_lists(void **state)
{
	static const struct expectation cases[] = {
		{ .text = "all", .cpus = "", .all = true },
		{ .text = "none", .cpus = "" },
		{ .text = "", .cpus = "" },
		{ .text = "  ", .cpus = "" },
		{ .text = "isolated", .cpus = "", .isolated = true },
		{ .text = "node0", .cpus = "", .nodes = 1 },
		{ .text = "node0,node2", .cpus = "", .nodes = 5 },
		{ .text = "isolated,cpus:3", .cpus = "3", .isolated = true },
		{ .text = "node1,4-5", .cpus = "4-5", .nodes = 2 },
		{ .text = "cpus:4,node1,6", .cpus = "4,6", .nodes = 2 },
		{ .text = "isolated,cpus:", .cpus = "", .isolated = true },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_set(&cases[i]);
}

static void a_broken_set_is_refused_and_changes_nothing(void **state)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{ "zz", -EINVAL },
		{ "1ffffffff", -EINVAL }, /* nine digits: a comma is missing */
		{ "ff, ff", -EINVAL },
		{ "ff,", -EINVAL },
		{ ",ff", -EINVAL },
		{ "ff,,ff", -EINVAL },
		{ "0x", -EINVAL },
		{ "0x0xff", -EINVAL },
		{ "0xff,node0", -EINVAL },
		{ "ff,node0", -EINVAL },
		{ "8,node0", -EINVAL }, /* mask 8 or CPU 8? */
		{ "3-0", -EINVAL },
		{ "0-", -EINVAL },
		{ "-3", -EINVAL },
		{ "0-3,", -EINVAL },
		{ "0-3,a", -EINVAL },
		{ "cpus:a", -EINVAL },
		{ "cpus:cpus:3", -EINVAL },
		{ "cpus: 3", -EINVAL },
		{ "node", -EINVAL },
		{ "node-1", -EINVAL },
		{ "node0x1", -EINVAL },
		{ "node 1", -EINVAL },
		{ "node1024", -ERANGE },
		{ "node0,,node1", -EINVAL },
		{ "all,node0", -EINVAL },
		{ "none,node0", -EINVAL },
		{ "All", -EINVAL },
		{ "isolated!", -EINVAL },
		{ "cpus:8192", -ERANGE },
		{ "0-8192", -ERANGE },
	};
	struct config_cpus set = { .text = NULL };

	(void) state;
	assert_int_equal(config_cpus_parse(&set, "cpus:7"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(config_cpus_parse(&set, cases[i].text), cases[i].error);
	assert_int_equal(cpumask_single(&set.cpus), 7);
	assert_string_equal(config_cpus_text(&set), "cpus:7");
	config_cpus_deinit(&set);
}

static void the_highest_node_is_1023(void **state)
{
	struct config_cpus set = { .text = NULL };

	(void) state;
	assert_int_equal(config_cpus_parse(&set, "node1023"), 0);
	assert_true(set.nodes[15] == UINT64_C(1) << 63);
	config_cpus_deinit(&set);
	config_cpus_deinit(&set);
}

static void the_text_is_what_was_written_without_the_blanks_around(void **state)
{
	struct config_cpus set = { .text = NULL };

	(void) state;
	assert_string_equal(config_cpus_text(&set), "none");
	assert_int_equal(config_cpus_parse(&set, " node0,cpus:3\t"), 0);
	assert_string_equal(config_cpus_text(&set), "node0,cpus:3");
	assert_int_equal(config_cpus_parse(&set, ""), 0);
	assert_string_equal(config_cpus_text(&set), "none");
	config_cpus_deinit(&set);
}

static void cpus_can_be_added(void **state)
{
	static const struct {
		const char *text;
		const char *more;
		const char *sum;
	} cases[] = {
		{ "none", "3", "cpus:3" }, { "f", "4-5", "cpus:0-5" },
		{ "f", "0-1", "f" },       { "node2,isolated", "4", "isolated,node2,cpus:4" },
		{ "all", "4", "all" },     { "node0", "", "node0" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config_cpus set = { .text = NULL }, again = { .text = NULL };
		struct cpumask more;

		assert_int_equal(cpulist_parse(cases[i].more, &more), 0);
		assert_int_equal(config_cpus_parse(&set, cases[i].text), 0);
		assert_int_equal(config_cpus_add(&set, &more), 0);
		assert_string_equal(config_cpus_text(&set), cases[i].sum);
		assert_int_equal(config_cpus_parse(&again, config_cpus_text(&set)), 0);
		assert_true(cpumask_equal(&set.cpus, &again.cpus));
		config_cpus_deinit(&set);
		config_cpus_deinit(&again);
	}
}

static void emptiness_is_claimed_only_where_it_is_plain(void **state)
{
	static const struct {
		const char *set;
		const char *less;
		bool empty;
	} cases[] = {
		{ "none", "none", true },
		{ "0", "none", true },
		{ "cpus:", "none", true },
		{ "ff", "none", false },
		{ "all", "none", false },
		{ "node0", "none", false },
		{ "isolated", "none", false },
		{ "ff", "ff", true },
		{ "ff", "7f", false },
		{ "ff", "cpus:0-9", true },
		{ "ff", "node0", false },
		{ "all", "all", true },
		{ "all", "ffff", false },
		{ "node0,node1", "node0", false },
		{ "node0", "node1,node0", true },
		{ "isolated,cpus:3", "isolated,cpus:3-4", true },
		{ "isolated", "cpus:0-63", false },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config_cpus set = { .text = NULL }, less = { .text = NULL };

		assert_int_equal(config_cpus_parse(&set, cases[i].set), 0);
		assert_int_equal(config_cpus_parse(&less, cases[i].less), 0);
		assert_int_equal(config_cpus_empty_without(&set, &less), cases[i].empty);
		if (strcmp(cases[i].less, "none") == 0)
			assert_int_equal(config_cpus_empty(&set), cases[i].empty);
		config_cpus_deinit(&set);
		config_cpus_deinit(&less);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_be_a_mask_is_a_mask),
		cmocka_unit_test(a_list_says_that_it_is_one),
		cmocka_unit_test(words_join_with_words_and_lists),
		cmocka_unit_test(a_broken_set_is_refused_and_changes_nothing),
		cmocka_unit_test(the_highest_node_is_1023),
		cmocka_unit_test(the_text_is_what_was_written_without_the_blanks_around),
		cmocka_unit_test(cpus_can_be_added),
		cmocka_unit_test(emptiness_is_claimed_only_where_it_is_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
