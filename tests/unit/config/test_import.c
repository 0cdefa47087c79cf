#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/config.h"
#include "irqherd/config/import.h"

/* The lines that set something; and that our own parser takes the whole. */
static void assert_import(enum import_format format, const char *text, const char *settings,
			  const char *remark)
{
	struct message_list messages = MESSAGE_LIST_INIT, wrong = MESSAGE_LIST_INIT;
	_cleanup_(buf_deinit) struct buf conf = BUF_INIT;
	_cleanup_(buf_deinit) struct buf set = BUF_INIT;
	bool remarked = remark == NULL;
	struct config config;
	char *rest;

	assert_int_equal(import_config(format, "old", text, strlen(text), &conf, &messages), 0);
	config_init(&config);
	if (config_parse(&config, "new", conf.data, conf.length, &wrong) < 0)
		fail_msg("%s: %s\n%s", text, wrong.items[0].text, conf.data);
	for (size_t i = 0; i < messages.count; i++)
		remarked |= remark && strstr(messages.items[i].text, remark);
	if (!remarked)
		fail_msg("%s: no remark '%s' in\n%s", text, remark, conf.data);

	rest = conf.data;
	for (char *line; (line = strsep(&rest, "\n"));)
		if (*line && *line != '#')
			assert_true(buf_printf(&set, "%s;", line) >= 0);
	assert_string_equal(buf_text(&set), settings);
	config_deinit(&config);
	message_list_deinit(&messages);
	message_list_deinit(&wrong);
}

static void birqs_lines_mean_what_birq_makes_of_them(void **state)
{
	static const struct {
		const char *text, *settings, *remark;
	} cases[] = {
		{ "", "", NULL },
		{ "# comment\n\n=x\n", "", NULL },
		{ "  long-interval = 7 \n", "long-interval=7;", NULL },
		{ "long-interval=\"8\"\n", "long-interval=8;", NULL },
		{ "\"long-interval\"=9\n", "long-interval=9;", NULL },
		{ "long-interval=7s\n", "long-interval=7;", "birq read 7 of '7s'" },
		{ "long-interval=7#c\n", "long-interval=7;", "birq read 7" },
		{ "long-interval=7 # c\n", "long-interval=7;", NULL },
		{ "long-interval=7.5\n", "long-interval=7;", "birq read 7 of '7.5'" },
		{ "long-interval=7=8\n", "long-interval=7;", NULL },
		{ "long-interval=7\nlong-interval=8\n", "long-interval=7;", "is there twice" },
		{ "LONG-INTERVAL=7\n", "", "no key of birq" },
		{ "long-interval=0\n", "", "not accepted" },
		{ "short-interval=abc\n", "", "not accepted" },
		{ "threshold=90%\n", "threshold=90;", "birq read 90" },
		{ "threshold=99.5\n", "threshold=99.5;", NULL },
		{ "threshold=-5\n", "", "not accepted" },
		{ "strategy=max\nht=n\n", "strategy=max;ht=n;", "still seen and relieved" },
		{ "strategy=RND\n", "", "not accepted" },
		{ "exclude-cpus=ff,ffffffff\n", "exclude-cpus=ff,ffffffff;", NULL },
		{ "exclude-cpus=\"\"\n", "exclude-cpus=none;", NULL },
		{ "use-cpus=\"\"\n", "", "no CPU at all" },
		{ "use-cpus=3\nnon-local-cpus=yes\n", "use-cpus=3;non-local-cpus=yes;", NULL },
		{ "threshold\n", "", "without '='" },
		{ "threshold=\n", "", "has no value" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_import(IMPORT_BIRQ, cases[i].text, cases[i].settings, cases[i].remark);
}

static void irqbalances_words_get_a_key_or_a_reason(void **state)
{
	static const struct {
		const char *text, *settings, *remark;
	} cases[] = {
		{ "IRQBALANCE_BANNED_CPULIST=2-3,8\n", "exclude-cpus=cpus:2-3,8;",
		  "isolated-cpus=use" },
		{ "IRQBALANCE_BANNED_CPULIST=\"5\"\n", "exclude-cpus=cpus:5;", NULL },
		{ "IRQBALANCE_BANNED_CPULIST=-\n", "", "isolated-cpus=use" },
		{ "IRQBALANCE_BANNED_CPULIST=\n", "", "isolated-cpus=use" },
		{ "IRQBALANCE_BANNED_CPUS=00000000,0000010c\n", "exclude-cpus=cpus:2-3,8;", NULL },
		{ "IRQBALANCE_BANNED_CPUS=\n", "", NULL },
		{ "IRQBALANCE_BANNED_CPUS=xyz\n", "", "no CPU mask" },
		{ "IRQBALANCE_BANNED_CPULIST=1\nIRQBALANCE_BANNED_CPUS=8\n",
		  "exclude-cpus=cpus:1,3;", NULL },
		{ "IRQBALANCE_ONESHOT=1\n", "", "irqherd --oneshot" },
		{ "IRQBALANCE_ONESHOT=\n", "", NULL },
		{ "IRQBALANCE_ARGS=\"--banirq=34 -i 35\"\n", "ban-irq=\"34 35\";",
		  "IRQ numbers change" },
		{ "IRQBALANCE_ARGS='-m nvme'\n", "ban-driver=*nvme*;", "anywhere" },
		{ "IRQBALANCE_ARGS=\"--banmod=i40e --interval=20\"\n",
		  "long-interval=20;ban-driver=*i40e*;", "not needed for new devices" },
		{ "IRQBALANCE_ARGS=\"-t5 -t 6\"\n", "long-interval=6;", NULL },
		{ "IRQBALANCE_ARGS=\"-t 0\"\n", "", "not accepted" },
		{ "IRQBALANCE_ARGS=\"--policyscript=/x\"\n", "", "proximity file" },
		{ "IRQBALANCE_ARGS=\"--powerthresh=2\"\n", "", "to save power" },
		{ "IRQBALANCE_ARGS=\"--deepestcache=3 -e 5 -s /run/p -f -j -d -o\"\n", "",
		  "single CPUs" },
		{ "IRQBALANCE_ARGS=\"--frobnicate\"\n", "", "no option of irqbalance" },
		{ "IRQBALANCE_ARGS=\"stray -\"\n", "", "no option of irqbalance" },
		{ "IRQBALANCE_ARGS=\"--banirq=\"\n", "", "has no argument" },
		{ "IRQBALANCE_ARGS=\n", "", NULL },
		{ "OPTIONS=\"--banirq=7\"\n", "ban-irq=7;", NULL },
		{ "FOO=bar\n", "", "FOO" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_import(IMPORT_IRQBALANCE, cases[i].text, cases[i].settings, cases[i].remark);
}

static void the_kind_of_file_is_told_by_what_it_assigns(void **state)
{
	(void) state;
	assert_import(IMPORT_GUESS, "#IRQBALANCE_ONESHOT=\nIRQBALANCE_BANNED_CPULIST=1\n",
		      "exclude-cpus=cpus:1;", NULL);
	assert_import(IMPORT_GUESS, "threshold=80\n", "threshold=80;", NULL);
}

static void what_is_no_configuration_is_refused(void **state)
{
	static const char *const texts[] = { "IRQBALANCE_ARGS=\"open\n", "IRQBALANCE_X\n",
					     "IRQBALANCE_A=\x01\n" };

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct message_list messages = MESSAGE_LIST_INIT;
		struct buf conf = BUF_INIT;

		assert_int_equal(import_config(IMPORT_GUESS, "old", texts[i], strlen(texts[i]),
					       &conf, &messages),
				 -EINVAL);
		assert_true(messages.errors > 0);
		buf_deinit(&conf);
		message_list_deinit(&messages);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(birqs_lines_mean_what_birq_makes_of_them),
		cmocka_unit_test(irqbalances_words_get_a_key_or_a_reason),
		cmocka_unit_test(the_kind_of_file_is_told_by_what_it_assigns),
		cmocka_unit_test(what_is_no_configuration_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
