#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/irqbalance_env.h"

static void banned_cpus_are_found(void **state)
{
	static const struct {
		const char *text;
		bool has;
		uint64_t cpus;
	} cases[] = {
		{ "", false, 0 },
		{ "# IRQBALANCE_BANNED_CPULIST=1\n", false, 0 },
		{ "IRQBALANCE_BANNED_CPULIST=1-2\n", true, 0x06 },
		{ "IRQBALANCE_BANNED_CPULIST=\"1-2\" \n", true, 0x06 },
		{ "IRQBALANCE_BANNED_CPULIST='1-2'\n", true, 0x06 },
		{ "IRQBALANCE_BANNED_CPULIST=1-2 # those\n", true, 0x06 },
		{ "export IRQBALANCE_BANNED_CPULIST=1-2", true, 0x06 },
		{ "IRQBALANCE_BANNED_CPULIST=\n", true, 0 },
		{ "IRQBALANCE_BANNED_CPULIST=-\n", true, 0 },
		{ "IRQBALANCE_BANNED_CPUS=\"00000000,00000006\"\r\n", true, 0x06 },
		{ "IRQBALANCE_BANNED_CPUS=\n", true, 0 },
		{ "IRQBALANCE_BANNED_CPUS=8\nIRQBALANCE_BANNED_CPULIST=1\n", true, 0x0a },
		{ "IRQBALANCE_ARGS=--banirq=3\nexported=1\n", false, 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_list messages = MESSAGE_LIST_INIT;
		struct irqbalance_env env;

		assert_int_equal(irqbalance_env_parse("env", cases[i].text, strlen(cases[i].text),
						      &env, &messages),
				 0);
		assert_int_equal(env.has_banned, cases[i].has);
		assert_int_equal(env.banned.bits[0], cases[i].cpus);
		assert_int_equal(messages.count, 0);
		message_list_deinit(&messages);
	}
}

static void a_broken_file_leaves_what_was_known(void **state)
{
	static const struct {
		const char *text, *message;
		unsigned int line;
	} cases[] = {
		{ "\nIRQBALANCE_BANNED_CPULIST=x\n", "accepted: a CPU list", 2 },
		{ "IRQBALANCE_BANNED_CPUS=0x\n", "accepted: a hexadecimal mask", 1 },
		{ "IRQBALANCE_BANNED_CPULIST=\"1\n", "does not end with its quote", 1 },
		{ "IRQBALANCE_BANNED_CPULIST=\"1\"2\n", "does not end with its quote", 1 },
		{ "what is this\n", "no assignment", 1 },
		{ "1A=2\n", "no assignment", 1 },
		{ "A B=2\n", "no assignment", 1 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_list messages = MESSAGE_LIST_INIT;
		struct irqbalance_env env = { .has_banned = true, .banned = cpumask_one(7) };

		assert_int_equal(irqbalance_env_parse("env", cases[i].text, strlen(cases[i].text),
						      &env, &messages),
				 -EINVAL);
		assert_true(env.has_banned);
		assert_true(cpumask_test(&env.banned, 7));
		assert_int_equal(messages.items[0].line, cases[i].line);
		if (!strstr(messages.items[0].text, cases[i].message))
			fail_msg("'%s' does not say '%s'", messages.items[0].text,
				 cases[i].message);
		message_list_deinit(&messages);
	}
}

static void a_missing_file_bans_nothing(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct irqbalance_env env = { .has_banned = true };

	(void) state;
	assert_int_equal(irqbalance_env_read("/nonexistent/irqbalance", &env, &messages), 0);
	assert_false(env.has_banned);
	assert_int_equal(irqbalance_env_read("/", &env, &messages), -EINVAL);
	assert_int_equal(messages.count, 1);
	message_list_deinit(&messages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(banned_cpus_are_found),
		cmocka_unit_test(a_broken_file_leaves_what_was_known),
		cmocka_unit_test(a_missing_file_bans_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
