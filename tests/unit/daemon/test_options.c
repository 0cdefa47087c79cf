#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/config.h"
#include "irqherd/daemon/options.h"

#define ARGUMENTS 16

/* One word per argument, after the program's name. */
static enum options_result parse(const char *const *words, struct options *ret_options)
{
	char *argv[ARGUMENTS + 2] = { (char *) "irqherd" };
	int argc = 1;

	while (words[argc - 1]) {
		argv[argc] = (char *) words[argc - 1];
		argc++;
	}
	return options_parse(argc, argv, ret_options);
}

#define PARSE(options, ...) parse((const char *const[]){ __VA_ARGS__, NULL }, options)

static void no_options_mean_a_daemon_with_the_default_files(void **state)
{
	const char *const none[] = { NULL };
	struct options options;

	(void) state;
	assert_int_equal(parse(none, &options), OPTIONS_RUN);
	assert_false(options.foreground);
	assert_false(options.dry_run);
	assert_false(options.config_given);
	assert_string_equal(options.config_path, CONFIG_DEFAULT_PATH);
	assert_string_equal(options.pid_path, OPTIONS_PID_PATH);
	assert_int_equal(options.facility, LOG_DAEMON);
	assert_null(options.pxm_path);
	assert_null(options.root);
	assert_int_equal(options.legacy_count, 0);
}

static void birqs_command_line_keeps_its_meaning(void **state)
{
	struct options options;

	(void) state;
	assert_int_equal(PARSE(&options, "-d", "-v", "-c", "/a.conf", "-x", "/pxm", "-p", "/a.pid",
			       "-O", "local5"),
			 OPTIONS_RUN);
	assert_true(options.foreground);
	assert_true(options.verbose);
	assert_true(options.config_given);
	assert_string_equal(options.config_path, "/a.conf");
	assert_string_equal(options.pxm_path, "/pxm");
	assert_string_equal(options.pid_path, "/a.pid");
	assert_int_equal(options.facility, LOG_LOCAL5);
}

static void legacy_options_stand_for_keys_in_the_order_given(void **state)
{
	static const struct {
		const char *option;
		const char *value;
		const char *key;
	} cases[] = {
		{ "--threshold", "90", "threshold" },
		{ "--load-limit", "80", "load-limit" },
		{ "--short-interval", "1", "short-interval" },
		{ "--long-interval", "9", "long-interval" },
		{ "--strategy", "max", "strategy" },
	};
	struct options options;

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(PARSE(&options, cases[i].option, cases[i].value), OPTIONS_RUN);
		assert_int_equal(options.legacy_count, 1);
		assert_string_equal(options.legacy[0].option, cases[i].option);
		assert_string_equal(options.legacy[0].key, cases[i].key);
		assert_string_equal(options.legacy[0].value, cases[i].value);
	}

	assert_int_equal(PARSE(&options, "-t", "90", "-r", "-t", "91"), OPTIONS_RUN);
	assert_int_equal(options.legacy_count, 3);
	assert_string_equal(options.legacy[0].value, "90");
	assert_null(options.legacy[1].key);
	assert_string_equal(options.legacy[2].value, "91");
}

static void what_runs_once_or_on_paper_stays_in_the_foreground(void **state)
{
	struct options options;

	(void) state;
	assert_int_equal(PARSE(&options, "--oneshot"), OPTIONS_RUN);
	assert_true(options.foreground);
	assert_false(options.dry_run);
	assert_int_equal(PARSE(&options, "--root", "/captured"), OPTIONS_RUN);
	assert_true(options.foreground);
	assert_true(options.dry_run);
	assert_int_equal(PARSE(&options, "--dry-run"), OPTIONS_RUN);
	assert_false(options.foreground);
	assert_true(options.dry_run);
}

static void socket_can_be_elsewhere_or_nowhere(void **state)
{
	struct options options;

	(void) state;
	assert_int_equal(PARSE(&options, "-f"), OPTIONS_RUN);
	assert_string_equal(options.socket_path, OPTIONS_SOCKET_PATH);
	assert_int_equal(PARSE(&options, "--socket", "/run/a/b"), OPTIONS_RUN);
	assert_string_equal(options.socket_path, "/run/a/b");
	assert_int_equal(PARSE(&options, "--socket", "b"), OPTIONS_RUN);
	assert_int_equal(options.socket_path[0], '/');
	assert_int_equal(PARSE(&options, "--socket", "none"), OPTIONS_RUN);
	assert_null(options.socket_path);
	/* what writes nothing takes the place from nobody, unless it is told to */
	assert_int_equal(PARSE(&options, "--dry-run"), OPTIONS_RUN);
	assert_null(options.socket_path);
	assert_int_equal(PARSE(&options, "--root", "/a"), OPTIONS_RUN);
	assert_null(options.socket_path);
	assert_int_equal(PARSE(&options, "--dry-run", "--socket", "/b"), OPTIONS_RUN);
	assert_string_equal(options.socket_path, "/b");
}

static void relative_paths_do_not_depend_on_the_folder_of_later(void **state)
{
	struct options options;

	(void) state;
	assert_int_equal(PARSE(&options, "-c", "a.conf", "-x", "b", "-p", "c.pid"), OPTIONS_RUN);
	assert_int_equal(options.config_path[0], '/');
	assert_non_null(strstr(options.config_path, "/a.conf"));
	assert_int_equal(options.pxm_path[0], '/');
	assert_non_null(strstr(options.pid_path, "/c.pid"));
}

static void wrong_command_lines_are_usage_errors_and_change_nothing(void **state)
{
	static const char *const cases[][4] = {
		{ "--no-such-option" }, { "-c" },
		{ "-f", "word" },       { "-O", "nowhere" },
		{ "--root" },           { "--threshold" },
		{ "-f", "--", "word" }, { "--foreground=1" },
	};
	struct options options = { .facility = 12345 };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(cases[i], &options), OPTIONS_WRONG);
		assert_int_equal(options.facility, 12345);
	}
}

static void help_and_version_end_it(void **state)
{
	struct options options;

	(void) state;
	assert_int_equal(PARSE(&options, "--help"), OPTIONS_DONE);
	assert_int_equal(PARSE(&options, "-V"), OPTIONS_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_options_mean_a_daemon_with_the_default_files),
		cmocka_unit_test(birqs_command_line_keeps_its_meaning),
		cmocka_unit_test(legacy_options_stand_for_keys_in_the_order_given),
		cmocka_unit_test(what_runs_once_or_on_paper_stays_in_the_foreground),
		cmocka_unit_test(socket_can_be_elsewhere_or_nowhere),
		cmocka_unit_test(relative_paths_do_not_depend_on_the_folder_of_later),
		cmocka_unit_test(wrong_command_lines_are_usage_errors_and_change_nothing),
		cmocka_unit_test(help_and_version_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
