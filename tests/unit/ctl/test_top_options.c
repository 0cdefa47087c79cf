/* top_options: the verb's command line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/ctl/top_options.h"

static int parse(const char *line, struct top_options *options, struct buf *problem)
{
	static char words[256];
	char *argv[32] = { (char *) "top" }, *rest = words, *word;
	int argc = 1;

	(void) strcpy(words, line);
	while ((word = strsep(&rest, "|")) && *word)
		argv[argc++] = word;
	buf_reset(problem);
	return top_options_parse(argc, argv, options, problem);
}

static void every_option_is_taken(void **state)
{
	_cleanup_(buf_deinit) struct buf problem = BUF_INIT;
	struct top_options options;

	(void) state;
	assert_int_equal(parse("", &options, &problem), 0);
	assert_int_equal(options.interval_ms, 1000);
	assert_int_equal(options.batch, 0);
	assert_int_equal(options.view.zoom, HEAT_AUTO);

	assert_int_equal(parse("-i|0.5|--cpus=0-3,8|--zoom|caches|-s|moves|-f|eth0 rx|-ak|-b|3|"
			       "--size=120x40|--replay|a|--replay=b|--json-lines",
			       &options, &problem),
			 0);
	assert_int_equal(options.interval_ms, 500);
	assert_true(options.has_cpus);
	assert_int_equal(cpumask_count(&options.cpus), 5);
	assert_int_equal(options.view.zoom, HEAT_LLCS);
	assert_int_equal(options.view.sort, HEAT_BY_MOVES);
	assert_string_equal(options.view.filter, "eth0 rx");
	assert_true(options.view.all);
	assert_true(options.view.kernel);
	assert_int_equal(options.batch, 3);
	assert_int_equal(options.view.width, 120);
	assert_int_equal(options.view.height, 40);
	assert_int_equal(options.replay_count, 2);
	assert_string_equal(options.replays[1], "b");
	assert_true(options.json_lines);
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *line;
		const char *problem;
	} cases[] = {
		{ "-i|0", "bad value '0' (accepted: seconds, 0.1 to 86400)" },
		{ "-i|x", "bad value 'x' (accepted: seconds, 0.1 to 86400)" },
		{ "-c|7-3", "bad value '7-3' (accepted: a list of CPUs, as 0-3,8)" },
		{ "--zoom|socket",
		  "bad value 'socket' (accepted: auto, nodes, caches, cores, cpus)" },
		{ "-s|load", "bad value 'load' (accepted: rate, cost, name, irq, moves)" },
		{ "--size|80", "bad value '80' (accepted: columns x rows, as 120x40)" },
		{ "--size|80x2", "bad value '80x2' (accepted: columns x rows, as 120x40)" },
		{ "-b|0", "bad value '0' (accepted: a number of frames, 1 or more)" },
		{ "-b", "'-b' wants a value" },
		{ "--nonsense", "unknown option '--nonsense'" },
		{ "eth0", "'eth0' is one word too many" },
	};
	_cleanup_(buf_deinit) struct buf problem = BUF_INIT;
	struct top_options options;

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(cases[i].line, &options, &problem), -EINVAL);
		assert_string_equal(buf_text(&problem), cases[i].problem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_is_taken),
		cmocka_unit_test(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
