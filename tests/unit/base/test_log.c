#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/log.h"

/* Standard error goes to a file while a test looks at it. */
struct capture {
	int file;
	int saved;
};

static struct capture capture_begin(void)
{
	struct capture capture;
	FILE *file = tmpfile();

	assert_non_null(file);
	capture.file = dup(fileno(file));
	(void) fclose(file);
	capture.saved = dup(STDERR_FILENO);
	assert_true(capture.file >= 0 && capture.saved >= 0);
	assert_int_equal(dup2(capture.file, STDERR_FILENO), STDERR_FILENO);
	return capture;
}

static void capture_end(struct capture *capture, char *text, size_t size)
{
	ssize_t length = pread(capture->file, text, size - 1, 0);

	(void) dup2(capture->saved, STDERR_FILENO);
	(void) close(capture->saved);
	(void) close(capture->file);
	assert_true(length >= 0);
	text[length] = '\0';
}

static int restore_defaults(void **state)
{
	(void) state;
	log_open(LOG_TO_STDERR, "test", LOG_DAEMON);
	log_set_level(LOG_INFO);
	return 0;
}

static void lines_are_plain_and_filtered_by_level(void **state)
{
	struct capture capture;
	char text[4096];

	(void) state;
	capture = capture_begin();
	log_error("bad a=%d", 1);
	log_warning("careful");
	log_info("moved IRQ %u", 87u);
	log_debug("hidden");
	log_set_level(LOG_DEBUG);
	log_debug("shown");
	log_set_level(LOG_ERR);
	log_warning("hidden");
	log_error("last");
	capture_end(&capture, text, sizeof(text));
	assert_string_equal(text, "bad a=1\ncareful\nmoved IRQ 87\nshown\nlast\n");
}

static void prefixed_lines_start_with_their_priority(void **state)
{
	struct capture capture;
	char text[4096];

	(void) state;
	log_open(LOG_TO_STDERR_PREFIXED, "test", LOG_DAEMON);
	capture = capture_begin();
	log_error("bad");
	log_notice("noted");
	log_info("told");
	capture_end(&capture, text, sizeof(text));
	assert_string_equal(text, "<3>bad\n<5>noted\n<6>told\n");
}

/* A device may carry any name; it must not be able to write a log line of its own. */
static void one_call_is_one_line(void **state)
{
	struct capture capture;
	char text[4096];

	(void) state;
	capture = capture_begin();
	log_info("name=%s", "eth0\nmoved IRQ 1");
	capture_end(&capture, text, sizeof(text));
	assert_string_equal(text, "name=eth0 moved IRQ 1\n");
}

static void long_lines_are_cut_but_still_end(void **state)
{
	static char text[16384];
	struct capture capture;
	size_t length;

	(void) state;
	log_open(LOG_TO_STDERR_PREFIXED, "test", LOG_DAEMON);
	capture = capture_begin();
	log_info("%*d", 10000, 1);
	log_info("next");
	capture_end(&capture, text, sizeof(text));
	length = strcspn(text, "\n");
	assert_in_range(length, 1000, 9999);
	assert_string_equal(text + length, "\n<6>next\n");
}

static void errno_survives_a_log_line(void **state)
{
	struct capture capture = capture_begin();
	int kept;
	char text[64];

	(void) state;
	(void) close(STDERR_FILENO);
	errno = ENOSPC;
	log_error("nobody hears this");
	kept = errno;
	capture_end(&capture, text, sizeof(text));
	assert_int_equal(kept, ENOSPC);
}

static void enabled_answers_by_the_level(void **state)
{
	(void) state;
	assert_true(log_enabled(LOG_INFO));
	assert_false(log_enabled(LOG_DEBUG));
	log_set_level(LOG_WARNING);
	assert_true(log_enabled(LOG_ERR));
	assert_true(log_enabled(LOG_WARNING));
	assert_false(log_enabled(LOG_NOTICE));
}

static void facilities_are_known_by_name_in_any_case(void **state)
{
	static const struct {
		const char *name;
		int facility;
	} cases[] = {
		{ "local0", LOG_LOCAL0 }, { "local7", LOG_LOCAL7 },     { "LOCAL3", LOG_LOCAL3 },
		{ "auth", LOG_AUTH },     { "authpriv", LOG_AUTHPRIV }, { "Cron", LOG_CRON },
		{ "daemon", LOG_DAEMON }, { "ftp", LOG_FTP },           { "kern", LOG_KERN },
		{ "lpr", LOG_LPR },       { "mail", LOG_MAIL },         { "news", LOG_NEWS },
		{ "syslog", LOG_SYSLOG }, { "user", LOG_USER },         { "UUCP", LOG_UUCP },
	};
	static const char *const unknown[] = { "", "local8", "local", "daemon ", "security", "3" };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int facility = -1;

		assert_int_equal(log_facility_parse(cases[i].name, &facility), 0);
		assert_int_equal(facility, cases[i].facility);
	}
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		int facility = 4711;

		assert_int_equal(log_facility_parse(unknown[i], &facility), -EINVAL);
		assert_int_equal(facility, 4711);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(lines_are_plain_and_filtered_by_level, restore_defaults),
		cmocka_unit_test_teardown(prefixed_lines_start_with_their_priority,
					  restore_defaults),
		cmocka_unit_test_teardown(one_call_is_one_line, restore_defaults),
		cmocka_unit_test_teardown(long_lines_are_cut_but_still_end, restore_defaults),
		cmocka_unit_test_teardown(errno_survives_a_log_line, restore_defaults),
		cmocka_unit_test_teardown(enabled_answers_by_the_level, restore_defaults),
		cmocka_unit_test(facilities_are_known_by_name_in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
