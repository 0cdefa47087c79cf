#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/config_cpu_rules.h"

static void a_word_is_a_pattern_and_its_cpus(void **state)
{
	static const struct {
		const char *text;
		const char *pattern;
		const char *cpus; /* the plain part */
	} cases[] = {
		{ "eth0=2", "eth0", "2" },
		{ "eth0=10", "eth0", "10" },
		{ "eth0=0-3,8", "eth0", "0-3,8" },
		{ "eth0=0,3", "eth0", "0,3" },
		{ "eth0=0x10", "eth0", "4" },
		{ "eth0=cpus:4-7", "eth0", "4-7" },
		{ "0000:af:00.1/7=2", "0000:af:00.1/7", "2" },
		{ "*/[0-3]=2", "*/[0-3]", "2" },
		{ "irq:9=1", "irq:9", "1" },
		{ "irq:a=b=1", "irq:a=b", "1" },
		{ "driver:mlx5_core=1", "driver:mlx5_core", "1" },
		{ "eth0=1,node3", "eth0", "1" },
		{ "eth0=node3,1", "eth0", "1" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config_cpu_rules rules = { .items = NULL };
		char text[CPULIST_TEXT];

		assert_int_equal(config_cpu_rules_parse(&rules, cases[i].text), 0);
		assert_int_equal(rules.count, 1);
		assert_string_equal(rules.items[0].pattern, cases[i].pattern);
		(void) cpulist_format(&rules.items[0].cpus.cpus, text, sizeof(text));
		assert_string_equal(text, cases[i].cpus);
		assert_int_equal(rules.items[0].cpus.nodes[0] >> 3 & 1,
				 strstr(cases[i].text, "node3") != NULL);
		config_cpu_rules_deinit(&rules);
	}
}

static void words_keep_their_order_and_are_written_as_they_were(void **state)
{
	static const char expected[] = "eth*=0-3,8 irq:9=all driver:nvme=isolated";
	struct config_cpu_rules rules = { .items = NULL };
	char text[64], cut[8];

	(void) state;
	assert_int_equal(config_cpu_rules_parse(&rules,
						"  eth*=0-3,8\tirq:9=all  driver:nvme=isolated "),
			 0);
	assert_int_equal(rules.count, 3);
	assert_true(rules.items[1].cpus.all);
	assert_true(rules.items[2].cpus.isolated);
	assert_int_equal(config_cpu_rules_format(&rules, text, sizeof(text)), strlen(expected));
	assert_string_equal(text, expected);
	assert_int_equal(config_cpu_rules_format(&rules, cut, sizeof(cut)), strlen(expected));
	assert_string_equal(cut, "eth*=0-");

	assert_int_equal(config_cpu_rules_parse(&rules, "none"), 0);
	assert_int_equal(rules.count, 0);
	(void) config_cpu_rules_format(&rules, text, sizeof(text));
	assert_string_equal(text, "none");
	config_cpu_rules_deinit(&rules);
}

static void what_is_no_rule_is_refused_and_changes_nothing(void **state)
{
	static const char *const wrong[] = {
		"eth0",
		"=2",
		"eth0=",
		"eth0=none",
		"eth0=x",
		"eth0=3-1",
		"irq:=2",
		"driver:=2",
		"/7=2",
		"0000:af:00.1/=2",
		"0000:af:00.1/7/8=2",
		"none eth0=2",
		"eth0=2 none",
		"eth0=2 eth1",
		"eth0 = 2",
		"eth0=9000",
		"eth0=node9999",
		"eth0=0x",
	};
	struct config_cpu_rules rules = { .items = NULL };

	(void) state;
	assert_int_equal(config_cpu_rules_parse(&rules, "old=1"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		int r = config_cpu_rules_parse(&rules, wrong[i]);

		if (r != -EINVAL && r != -ERANGE)
			fail_msg("%s: %d", wrong[i], r);
		assert_int_equal(rules.count, 1);
		assert_string_equal(rules.items[0].pattern, "old");
	}
	config_cpu_rules_deinit(&rules);
	config_cpu_rules_deinit(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_is_a_pattern_and_its_cpus),
		cmocka_unit_test(words_keep_their_order_and_are_written_as_they_were),
		cmocka_unit_test(what_is_no_rule_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
