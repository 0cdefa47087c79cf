#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/config_patterns.h"

static void words_are_separated_by_blanks_and_commas(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		const char *formatted;
	} cases[] = {
		{ "eth0", 1, "eth0" },
		{ "eth0 nvme*", 2, "eth0 nvme*" },
		{ "eth0,nvme*", 2, "eth0 nvme*" },
		{ " ,eth0\t, nvme* ,,", 2, "eth0 nvme*" },
		{ "0000:3b:00.* 17 [ab]?", 3, "0000:3b:00.* 17 [ab]?" },
		{ "none", 0, "none" },
		{ "", 0, "none" },
		{ " , ", 0, "none" },
		{ "nonesuch", 1, "nonesuch" },
		{ "non", 1, "non" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config_patterns patterns = { .items = NULL };
		char text[64];

		assert_int_equal(config_patterns_parse(&patterns, cases[i].text), 0);
		assert_int_equal(patterns.count, cases[i].count);
		assert_int_equal(config_patterns_format(&patterns, text, sizeof(text)),
				 strlen(cases[i].formatted));
		assert_string_equal(text, cases[i].formatted);
		config_patterns_deinit(&patterns);
	}
}

static void none_beside_patterns_is_refused_and_changes_nothing(void **state)
{
	struct config_patterns patterns = { .items = NULL };

	(void) state;
	assert_int_equal(config_patterns_parse(&patterns, "old"), 0);
	assert_int_equal(config_patterns_parse(&patterns, "eth0 none"), -EINVAL);
	assert_int_equal(config_patterns_parse(&patterns, "none,eth0"), -EINVAL);
	assert_int_equal(patterns.count, 1);
	assert_string_equal(patterns.items[0], "old");
	config_patterns_deinit(&patterns);
	config_patterns_deinit(&patterns);
	assert_int_equal(patterns.count, 0);
}

static void a_new_list_replaces_the_old_one(void **state)
{
	struct config_patterns patterns = { .items = NULL };

	(void) state;
	assert_int_equal(config_patterns_parse(&patterns, "a b c"), 0);
	assert_int_equal(config_patterns_parse(&patterns, "d"), 0);
	assert_int_equal(patterns.count, 1);
	assert_string_equal(patterns.items[0], "d");
	config_patterns_deinit(&patterns);
}

static void a_text_is_cut_to_its_buffer(void **state)
{
	struct config_patterns patterns = { .items = NULL };
	char text[6];

	(void) state;
	assert_int_equal(config_patterns_parse(&patterns, "eth0 eth1 eth2"), 0);
	assert_int_equal(config_patterns_format(&patterns, text, sizeof(text)), 14);
	assert_string_equal(text, "eth0 ");
	assert_int_equal(config_patterns_format(&patterns, NULL, 0), 14);
	config_patterns_deinit(&patterns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_separated_by_blanks_and_commas),
		cmocka_unit_test(none_beside_patterns_is_refused_and_changes_nothing),
		cmocka_unit_test(a_new_list_replaces_the_old_one),
		cmocka_unit_test(a_text_is_cut_to_its_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
