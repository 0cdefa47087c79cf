#include "tree.h"

#include <errno.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/softnet_stat.h"

static const char new_line[] =
	"00000126 00000002 00000005 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
	"00000000 00000000 00000003 00000000 00000000";

static void a_line_tells_its_cpu(void **state)
{
	struct softnet_cpu totals[4] = { 0 };

	(void) state;
	assert_int_equal(softnet_line_parse(new_line, strlen(new_line), 0, totals, 4), 3);
	assert_int_equal(totals[3].processed, 0x126);
	assert_int_equal(totals[3].dropped, 2);
	assert_int_equal(totals[3].squeezed, 5);
	assert_int_equal(totals[0].processed, 0);
}

static void an_old_line_is_that_of_the_next_online_cpu(void **state)
{
	const char *line = "000000ff 00000000 00000001 00000000";
	struct softnet_cpu totals[4] = { 0 };

	(void) state;
	assert_int_equal(softnet_line_parse(line, strlen(line), 2, totals, 4), 2);
	assert_int_equal(totals[2].processed, 0xff);
}

static void what_is_no_line_is_told(void **state)
{
	static const struct {
		const char *line;
		int r;
	} cases[] = {
		{ "", -EBADMSG },
		{ "1 2", -EBADMSG },
		{ "1 2 x", -EBADMSG },
		{ "1 2 3g", -EBADMSG },
		{ "123456789 2 3", -EBADMSG },
		{ "1 2 3 4 5 6 7 8 9 a b c 4", -ERANGE },
		{ "1 2 3 4 5 6 7 8 9 a b c ffffffff", -ERANGE },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct softnet_cpu totals[4] = { 0 };

		assert_int_equal(softnet_line_parse(cases[i].line, strlen(cases[i].line), 0, totals,
						    4),
				 cases[i].r);
		for (size_t j = 0; j < ARRAY_SIZE(totals); j++)
			assert_int_equal(totals[j].processed, 0);
	}
	/* more lines than online CPUs */
	assert_int_equal(softnet_line_parse("1 2 3", 5, CPU_NONE, (struct softnet_cpu[1]){ 0 }, 1),
			 -ERANGE);
}

static void readings_are_differences(void **state)
{
	const struct cpumask online = cpumask_range(0, 1);
	struct softnet_stat stat = SOFTNET_STAT_INIT;
	struct softnet softnet = SOFTNET_INIT;
	struct tree tree;

	(void) state;
	tree_make(&tree);
	tree_put(&tree, "proc/net/softnet_stat",
		 "00000010 00000000 00000000\n"
		 "ffffffff 00000001 00000000\n");
	assert_int_equal(softnet_stat_read(&stat, &tree.root, &online, &softnet), 0);
	assert_false(softnet.valid);
	assert_int_equal(softnet_cpu(&softnet, 0).processed, 0);

	tree_put(&tree, "proc/net/softnet_stat",
		 "00000018 00000000 00000000\n"
		 "00000001 00000003 00000000\n");
	assert_int_equal(softnet_stat_read(&stat, &tree.root, &online, &softnet), 0);
	assert_true(softnet.valid);
	assert_int_equal(softnet_cpu(&softnet, 0).processed, 8);
	assert_int_equal(softnet_cpu(&softnet, 1).processed, 2); /* wrapped */
	assert_int_equal(softnet_cpu(&softnet, 1).dropped, 2);
	assert_int_equal(softnet_cpu(&softnet, 7).dropped, 0);

	softnet_stat_forget(&stat);
	assert_int_equal(softnet_stat_read(&stat, &tree.root, &online, &softnet), 0);
	assert_false(softnet.valid);

	softnet_deinit(&softnet);
	softnet_stat_deinit(&stat);
	tree_remove(&tree);
}

static void a_machine_without_it_is_told_of(void **state)
{
	const struct cpumask online = cpumask_one(0);
	struct softnet_stat stat = SOFTNET_STAT_INIT;
	struct softnet softnet = SOFTNET_INIT;
	struct tree tree;

	(void) state;
	tree_make(&tree);
	assert_int_equal(softnet_stat_read(&stat, &tree.root, &online, &softnet), -ENOENT);
	softnet_deinit(&softnet);
	softnet_stat_deinit(&stat);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_tells_its_cpu),
		cmocka_unit_test(an_old_line_is_that_of_the_next_online_cpu),
		cmocka_unit_test(what_is_no_line_is_told),
		cmocka_unit_test(readings_are_differences),
		cmocka_unit_test(a_machine_without_it_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
