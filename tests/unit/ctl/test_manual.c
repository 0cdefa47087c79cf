/* irqherdctl(1) tells every verb, and every option of the verb top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/config/lines.h"
#include "irqherd/ctl/top.h"
#include "irqherd/ctl/verbs.h"

#define MANUAL FIXTURES "/../../docs/man/irqherdctl.1.scd"

static int setup(void **state)
{
	static struct buf text;

	text = BUF_INIT;
	if (lines_read_file(MANUAL, &text) < 0)
		return -1;
	*state = &text;
	return 0;
}

static int teardown(void **state)
{
	buf_deinit(*state);
	return 0;
}

static bool has(const char *manual, const char *before, const char *name, const char *behind)
{
	char entry[96];

	(void) snprintf(entry, sizeof(entry), "%s%s%s", before, name, behind);
	return strstr(manual, entry) != NULL;
}

static void every_verb_has_an_entry(void **state)
{
	const char *manual = buf_text(*state);

	for (size_t i = 0; i < verb_count; i++)
		if (!has(manual, "\n*", verbs[i].name, "*") &&
		    !has(manual, "\n*", verbs[i].name, " "))
			fail_msg("the manual has no verb '%s'", verbs[i].name);
}

/* "  -i, --interval SECONDS": the words of the usage's lines that begin an option. */
static void every_option_of_top_has_an_entry(void **state)
{
	const char *manual = strstr(buf_text(*state), "\n# TOP\n");
	unsigned int found = 0;

	assert_non_null(manual);
	for (const char *at = top_usage; (at = strstr(at, "--")); found++) {
		size_t length = strspn(at, "-abcdefghijklmnopqrstuvwxyz");
		char option[32];

		assert_true(length < sizeof(option));
		memcpy(option, at, length);
		option[length] = '\0';
		at += length;
		/* --help is an option of all verbs. */
		if (strcmp(option, "--help") != 0 && !has(manual, "*", option, "*"))
			fail_msg("the manual has no option '%s' of top", option);
	}
	assert_true(found >= 11);
}

/* Nor is anything there that does not exist: an entry "*word*" or "*word arguments*" at a line's
 * begin, in the sections of verbs. */
static void no_other_verb_has_an_entry(void **state)
{
	const char *at = strstr(buf_text(*state), "\n# VERBS THAT SHOW\n");
	const char *end = strstr(buf_text(*state), "\n# TOP\n");
	unsigned int found = 0;

	assert_non_null(at);
	assert_non_null(end);
	while ((at = strstr(at, "\n*")) && at < end) {
		size_t length = strspn(at + 2, "abcdefghijklmnopqrstuvwxyz");
		char name[32];

		at += 2;
		if (length == 0) /* an option at a line's begin */
			continue;
		assert_true(length < sizeof(name));
		memcpy(name, at, length);
		name[length] = '\0';
		if (!verb_find(name))
			fail_msg("the manual has a verb '%s'", name);
		found++;
	}
	assert_true(found >= verb_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_verb_has_an_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(every_option_of_top_has_an_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(no_other_verb_has_an_entry, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
