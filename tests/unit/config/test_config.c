#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/config.h"

static int parse(struct config *config, const char *text, struct message_list *messages)
{
	return config_parse(config, "t.conf", text, strlen(text), messages);
}

static void assert_effective(const struct config *config, const char *name, const char *expected)
{
	const struct config_key *key = config_key_find(name);
	char text[128];

	assert_non_null(key);
	(void) key->format(config, text, sizeof(text));
	if (strcmp(text, expected) != 0)
		fail_msg("%s is %s, not %s", name, text, expected);
}

static void assert_message(const struct message_list *messages, size_t index, unsigned int line,
			   const char *text)
{
	assert_true(index < messages->count);
	assert_string_equal(messages->items[index].text, text);
	assert_int_equal(messages->items[index].line, line);
}

static void the_grammar_is_that_of_birq(void **state)
{
	static const struct {
		const char *text;
		const char *key;
		const char *value;
	} cases[] = {
		{ "long-interval=7\n", "long-interval", "7" },
		{ "long-interval=7", "long-interval", "7" },
		{ "  long-interval = 7 \n", "long-interval", "7" },
		{ "\tlong-interval\t=\t7\t\n", "long-interval", "7" },
		{ "long-interval=7\r\n", "long-interval", "7" },
		{ "long-interval=\"8\"\n", "long-interval", "8" },
		{ "\"long-interval\"=9\n", "long-interval", "9" },
		{ "\"long-interval\" = \"9\" # nine\n", "long-interval", "9" },
		{ "long-interval=7 # seven\n", "long-interval", "7" },
		{ "long-interval=7#seven\n", "long-interval", "7" },
		{ "long-interval=7 # \"seven=7\n", "long-interval", "7" },
		{ "\n \n\t\n# c\n   # c = 3\n\r\nlong-interval=7\n", "long-interval", "7" },
		{ "pxm=\"/etc/a #1 b\"# c\n", "pxm", "/etc/a #1 b" },
		{ "pxm=/etc/a=b\\n\n", "pxm", "/etc/a=b\\n" },
		{ "exclude-cpus=\n", "exclude-cpus", "none" },
		{ "exclude-cpus=\r\n", "exclude-cpus", "none" },
		{ "exclude-cpus=\"\"\n", "exclude-cpus", "none" },
		{ "exclude-cpus= # nothing\n", "exclude-cpus", "none" },
		{ "exclude-cpus=FF,ffffffff\n", "exclude-cpus", "FF,ffffffff" },
		{ "ban-irq = 17, eth0-* nvme0q? # three\n", "ban-irq", "17 eth0-* nvme0q?" },
		{ "ban-irq = \"17 # 18\"\n", "ban-irq", "17 # 18" },
		{ "", "long-interval", "5" },
		{ "\n", "long-interval", "5" },
		{ "# only a comment", "long-interval", "5" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_list messages = MESSAGE_LIST_INIT;
		struct config config;

		config_init(&config);
		if (parse(&config, cases[i].text, &messages) < 0)
			fail_msg("'%s': %s", cases[i].text, messages.items[0].text);
		assert_int_equal(messages.count, 0);
		assert_effective(&config, cases[i].key, cases[i].value);
		config_deinit(&config);
	}
}

static void every_kind_of_error_has_its_message(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "thresold=90", "unknown key 'thresold' (did you mean 'threshold'?)" },
		{ "LONG-INTERVAL=7",
		  "unknown key 'LONG-INTERVAL' (did you mean 'long-interval'?)" },
		{ "non_local_cpus=n",
		  "unknown key 'non_local_cpus' (did you mean 'non-local-cpus'?)" },
		{ "colour=blue", "unknown key 'colour'" },
		{ "\"a key\"=1", "unknown key 'a key'" },
		{ "k\xfc=1", "unknown key 'k?'" },
		{ "threshold=101", "bad value '101' for 'threshold' (accepted: 0 to 100 percent)" },
		{ "load-limit=95%", "bad value '95%' for 'load-limit' (accepted: 0 to 100 percent; "
				    "only the number is written)" },
		{ "long-interval=7s", "bad value '7s' for 'long-interval' (accepted: 0.1 to 3600 "
				      "seconds; only the number is written)" },
		{ "long-interval=7=8", "bad value '7=8' for 'long-interval' (accepted: 0.1 to 3600 "
				       "seconds; only the number is written)" },
		{ "short-interval=0",
		  "bad value '0' for 'short-interval' (accepted: 0.1 to 3600 seconds)" },
		{ "move-budget=0",
		  "bad value '0' for 'move-budget' (accepted: 1 to 1048576 moves)" },
		{ "threshold=", "bad value '' for 'threshold' (accepted: 0 to 100 percent)" },
		{ "strategy=random",
		  "bad value 'random' for 'strategy' (accepted: min, max, rnd or cost)" },
		{ "ht=1", "bad value '1' for 'ht' (accepted: y, yes, n or no)" },
		{ "pxm=proximity",
		  "bad value 'proximity' for 'pxm' (accepted: an absolute path, or none)" },
		{ "preferred-node=1024", "bad value '1024' for 'preferred-node' (accepted: 0 to "
					 "1023, or none)" },
		{ "exclude-cpus=8,node0",
		  "bad value '8,node0' for 'exclude-cpus' (accepted: a mask (ff), a list "
		  "(cpus:0-3,8 or 0-3), node0, isolated, all or none)" },
		{ "use-cpus=0", "bad value '0' for 'use-cpus' (accepted: a mask (ff), a list "
				"(cpus:0-3,8 or 0-3), node0, isolated, all or none, but at least "
				"one CPU)" },
		{ "ban-irq=3 none",
		  "bad value '3 none' for 'ban-irq' (accepted: patterns separated "
		  "by blanks or commas, or none)" },
		{ "threshold=90 percent # c", "unexpected 'percent' after the value" },
		{ "threshold=\"90\"%", "unexpected '%' after the value" },
		{ "threshold=\"90\" \"91\" # c", "unexpected '\"91\"' after the value" },
		{ "pxm=/etc/a b c", "unexpected 'b c' after the value" },
		{ "threshold=\"90", "closing quote is missing" },
		{ "\"threshold=90", "closing quote is missing" },
		{ "ban-irq=a \"b c\"", "quote inside of a value (quote the whole value)" },
		{ "threshold", "no key=value line: 'threshold'" },
		{ "threshold 90", "no key=value line: 'threshold 90'" },
		{ "threshold # = 90", "no key=value line: 'threshold'" },
		{ "[irqherd]", "no key=value line: '[irqherd]'" },
		{ "; comment", "no key=value line: '; comment'" },
		{ "=90", "unknown key ''" },
		{ "\"\"=90", "unknown key ''" },
		{ "\"threshold\" 90", "no key=value line: '\"threshold'" },
		{ "two words=90", "no key=value line: 'two words=90'" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_list messages = MESSAGE_LIST_INIT;
		struct config config;
		char text[128];

		config_init(&config);
		(void) snprintf(text, sizeof(text), "\n%s\n", cases[i].text);
		assert_int_equal(parse(&config, text, &messages), -EINVAL);
		assert_int_equal(messages.count, 1);
		assert_int_equal(messages.errors, 1);
		assert_string_equal(messages.items[0].file, "t.conf");
		assert_message(&messages, 0, 2, cases[i].message);
		message_list_deinit(&messages);
		config_deinit(&config);
	}
}

static void the_same_key_twice_names_both_lines(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	(void) state;
	config_init(&config);
	assert_int_equal(parse(&config, "#\nht=n\n\n\"ht\"=n\nmode=observe\nht=y\n", &messages),
			 -EINVAL);
	assert_int_equal(messages.count, 2);
	assert_message(&messages, 0, 4, "'ht' is set twice, first in line 2");
	assert_message(&messages, 1, 6, "'ht' is set twice, first in line 2");
	message_list_deinit(&messages);
	config_deinit(&config);
}

static void all_errors_are_told_and_what_is_right_is_kept(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	(void) state;
	config_init(&config);
	assert_int_equal(parse(&config,
			       "threshold=x\nmode=observe\nnonsense\ncooldown=1\nht=Y\n\0 binary",
			       &messages),
			 -EINVAL);
	assert_int_equal(messages.errors, 3);
	assert_int_equal(messages.items[0].line, 1);
	assert_int_equal(messages.items[1].line, 3);
	assert_int_equal(messages.items[2].line, 5);
	assert_effective(&config, "threshold", "99");
	assert_effective(&config, "mode", "observe");
	assert_effective(&config, "cooldown", "1");
	message_list_deinit(&messages);
	config_deinit(&config);
}

static void a_nul_byte_is_one_error(void **state)
{
	static const char text[] = "ht=n\nmode=obs\0erve\nrubbish\n";
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	(void) state;
	config_init(&config);
	assert_int_equal(config_parse(&config, "t.conf", text, sizeof(text) - 1, &messages),
			 -EINVAL);
	assert_int_equal(messages.count, 1);
	assert_message(&messages, 0, 2, "not a text file (byte 0x00)");
	message_list_deinit(&messages);
	config_deinit(&config);
}

static void a_mask_of_every_cpu_fits_into_a_line(void **state)
{
	struct cpumask every = cpumask_range(0, CPU_LIMIT - 1);
	struct message_list messages = MESSAGE_LIST_INIT;
	static char text[CPUMASK_TEXT + 16] = "use-cpus=";
	struct config config;

	(void) state;
	config_init(&config);
	(void) cpumask_format(&every, text + strlen(text), CPUMASK_TEXT);
	assert_int_equal(parse(&config, text, &messages), 0);
	assert_int_equal(cpumask_count(&config.use_cpus.cpus), CPU_LIMIT);
	config_deinit(&config);
}

static void long_input_is_quoted_in_part(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;
	char value[1000];

	(void) state;
	config_init(&config);
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(config_set(&config, "strategy", value, "command line", 0, &messages),
			 -EINVAL);
	assert_true(strlen(messages.items[0].text) < 200);
	message_list_deinit(&messages);
	config_deinit(&config);
}

/* The value of `cpus` holds "=" itself. */
static void rules_need_no_quotes(void **state)
{
	static const char text[] = "cpus = eth0=0-3,8 eth1\n";
	static const char good[] = "cpus=eth0=0-3,8\t irq:9=2 # comment\n";
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	(void) state;
	config_init(&config);
	assert_int_equal(config_parse(&config, "a.conf", good, strlen(good), &messages), 0);
	assert_effective(&config, "cpus", "eth0=0-3,8 irq:9=2");
	assert_int_equal(config_parse(&config, "a.conf", text, strlen(text), &messages), -EINVAL);
	assert_message(&messages, 0, 1,
		       "bad value 'eth0=0-3,8 eth1' for 'cpus' (accepted: words PATTERN=CPUS "
		       "separated by blanks, or none)");
	config_deinit(&config);
	message_list_deinit(&messages);
}

static void assert_origin(const struct config *config, const char *name, const char *expected)
{
	char text[64];

	(void) config_format_origin(config, config_key_find(name), text, sizeof(text));
	assert_string_equal(text, expected);
}

static void every_value_knows_who_set_it(void **state)
{
	static const char first[] = "threshold = 90\n\nht = n\nload-limit = 400\n";
	static const char second[] = "# more\nthreshold = 80\n";
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	(void) state;
	config_init(&config);
	assert_origin(&config, "threshold", "default");
	(void) config_parse(&config, "a.conf", first, strlen(first), &messages);
	assert_int_equal(config_parse(&config, "b.conf", second, strlen(second), &messages), 0);
	assert_origin(&config, "threshold", "b.conf:2");
	assert_origin(&config, "ht", "a.conf:3");
	assert_origin(&config, "load-limit", "default"); /* a bad value sets nothing */
	(void) config_set(&config, "ht", "y", "command line", 0, &messages);
	assert_origin(&config, "ht", "command line");
	config_note_origin(&config, "exclude-cpus", "environment", 0);
	assert_origin(&config, "exclude-cpus", "environment");
	config_deinit(&config);
	assert_null(config.origins.names);
	message_list_deinit(&messages);
}

static void one_key_can_be_set_from_elsewhere(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	(void) state;
	config_init(&config);
	assert_int_equal(config_set(&config, "threshold", "80", "command line", 0, &messages), 0);
	assert_effective(&config, "threshold", "80");
	assert_int_equal(config_set(&config, "threshold", "800", "command line", 0, &messages),
			 -EINVAL);
	assert_int_equal(config_set(&config, "thresholt", "80", "command line", 0, &messages),
			 -EINVAL);
	assert_effective(&config, "threshold", "80");
	assert_int_equal(messages.count, 2);
	assert_string_equal(messages.items[0].file, "command line");
	assert_message(&messages, 0, 0,
		       "bad value '800' for 'threshold' (accepted: 0 to 100 percent)");
	assert_message(&messages, 1, 0, "unknown key 'thresholt' (did you mean 'threshold'?)");
	message_list_deinit(&messages);
	config_deinit(&config);
}

static void what_contradicts_is_told(void **state)
{
	static const struct {
		const char *text;
		const char *message; /* NULL: nothing to say */
		bool warning;
	} cases[] = {
		{ "", NULL, false },
		{ "load-limit=99\nthreshold=99", NULL, false },
		{ "load-limit=99.1",
		  "'load-limit' is above 'threshold': overloaded CPUs may receive IRQs", true },
		{ "short-interval=5.1", "'short-interval' is longer than 'long-interval'", true },
		{ "unknown-node=preferred",
		  "'unknown-node' is preferred, but 'preferred-node' is not set", false },
		{ "unknown-node=preferred\npreferred-node=0", NULL, false },
		{ "preferred-node=0",
		  "'preferred-node' has no effect unless 'unknown-node' is preferred", true },
		{ "exclude-cpus=all",
		  "'exclude-cpus' leaves nothing of 'use-cpus': no CPU may receive IRQs", false },
		{ "use-cpus=f\nexclude-cpus=cpus:0-7",
		  "'exclude-cpus' leaves nothing of 'use-cpus': no CPU may receive IRQs", false },
		{ "use-cpus=f\nexclude-cpus=7", NULL, false },
		{ "use-cpus=node0\nexclude-cpus=f", NULL, false },
		{ "use-cpus=isolated",
		  "'use-cpus' names the isolated CPUs, but 'isolated-cpus' is avoid", true },
		{ "use-cpus=isolated\nisolated-cpus=use", NULL, false },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_list messages = MESSAGE_LIST_INIT;
		struct config config;

		config_init(&config);
		assert_int_equal(parse(&config, cases[i].text, &messages), 0);
		config_check(&config, "t.conf", &messages);
		assert_int_equal(messages.count, cases[i].message ? 1 : 0);
		if (cases[i].message) {
			assert_message(&messages, 0, 0, cases[i].message);
			assert_int_equal(messages.items[0].warning, cases[i].warning);
			assert_int_equal(messages.errors, cases[i].warning ? 0 : 1);
		}
		message_list_deinit(&messages);
		config_deinit(&config);
	}
}

static void a_configuration_of_birq_is_taken_as_it_is(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	(void) state;
	config_init(&config);
	assert_int_equal(config_read(&config, FIXTURES "/config/birq.conf", true, &messages), 0);
	config_check(&config, "birq.conf", &messages);
	assert_int_equal(messages.count, 0);
	assert_effective(&config, "threshold", "99");
	assert_effective(&config, "load-limit", "95");
	assert_effective(&config, "short-interval", "2");
	assert_effective(&config, "long-interval", "5");
	assert_effective(&config, "strategy", "rnd");
	assert_effective(&config, "exclude-cpus", "1");
	assert_int_equal(cpumask_single(&config.exclude_cpus.cpus), 0);
	assert_int_equal(cpumask_count(&config.use_cpus.cpus), 64);
	assert_effective(&config, "ht", "y");
	assert_effective(&config, "non-local-cpus", "n");
	config_deinit(&config);
}

static void the_example_that_is_installed_says_nothing_wrong(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	(void) state;
	config_init(&config);
	assert_int_equal(
		config_read(&config, FIXTURES "/../../packaging/irqherd.conf", true, &messages), 0);
	config_check(&config, "irqherd.conf", &messages);
	assert_int_equal(messages.count, 0);
	config_deinit(&config);
}

/* A directory with files, made for one test. */
struct folder {
	char path[64];
};

static char *in_folder(const struct folder *folder, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder->path, name) > 0);
	return path;
}

static int folder_setup(void **state)
{
	struct folder *folder = malloc(sizeof(*folder));

	assert_non_null(folder);
	strcpy(folder->path, "/tmp/irqherd-config-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	*state = folder;
	return 0;
}

static int folder_teardown(void **state)
{
	struct folder *folder = *state;
	char command[128];

	(void) snprintf(command, sizeof(command), "rm -r '%s'", folder->path);
	assert_int_equal(system(command), 0);
	free(folder);
	return 0;
}

static void put_file(const struct folder *folder, const char *name, const char *text)
{
	char *path = in_folder(folder, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	free(path);
}

static void put_directory(const struct folder *folder, const char *name)
{
	char *path = in_folder(folder, name);

	assert_int_equal(mkdir(path, 0700), 0);
	free(path);
}

static int read_folder(const struct folder *folder, struct config *config, bool must_exist,
		       struct message_list *messages)
{
	char *path = in_folder(folder, "irqherd.conf");
	int r = config_read(config, path, must_exist, messages);

	free(path);
	return r;
}

static void drop_ins_of_a_file_lie_beside_it(void **state)
{
	static const struct {
		const char *path, *directory;
	} cases[] = {
		{ "/etc/irqherd/irqherd.conf", "/etc/irqherd/irqherd.conf.d" },
		{ "irqherd.conf", "irqherd.conf.d" },
		{ "/etc/birq", "/etc/birq.conf.d" },
		{ "/run/conf", "/run/conf.conf.d" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *directory = NULL;

		assert_int_equal(config_drop_in_directory(cases[i].path, &directory), 0);
		assert_string_equal(directory, cases[i].directory);
		free(directory);
	}
}

static void later_drop_ins_win_in_the_order_of_bytes(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	put_file(*state, "irqherd.conf", "threshold=10\nload-limit=10\nmove-budget=10\nht=n\n");
	put_directory(*state, "irqherd.conf.d");
	put_file(*state, "irqherd.conf.d/9.conf", "threshold=30\n");
	put_file(*state, "irqherd.conf.d/10.conf", "threshold=20\nload-limit=20\n");
	put_file(*state, "irqherd.conf.d/B.conf", "move-budget=20\n");
	put_file(*state, "irqherd.conf.d/a.conf", "move-budget=30\n");
	put_file(*state, "irqherd.conf.d/z.conf~", "not looked at\n");
	put_file(*state, "irqherd.conf.d/.hidden.conf", "not looked at\n");
	put_file(*state, "irqherd.conf.d/README", "not looked at\n");
	put_file(*state, "irqherd.conf.d/.conf", "not looked at\n");

	config_init(&config);
	assert_int_equal(read_folder(*state, &config, true, &messages), 0);
	assert_int_equal(messages.count, 0);
	assert_effective(&config, "threshold", "30");
	assert_effective(&config, "load-limit", "20");
	assert_effective(&config, "move-budget", "30");
	assert_effective(&config, "ht", "n");
	config_deinit(&config);
}

static void errors_of_all_files_come_together_with_their_names(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;
	char *first, *second;

	put_file(*state, "irqherd.conf", "threshold=x\n");
	put_directory(*state, "irqherd.conf.d");
	put_file(*state, "irqherd.conf.d/10.conf", "\nht=x\n");
	put_file(*state, "irqherd.conf.d/20.conf", "mode=observe\n");

	config_init(&config);
	assert_int_equal(read_folder(*state, &config, true, &messages), -EINVAL);
	assert_int_equal(messages.count, 2);
	first = in_folder(*state, "irqherd.conf");
	second = in_folder(*state, "irqherd.conf.d/10.conf");
	assert_string_equal(messages.items[0].file, first);
	assert_int_equal(messages.items[0].line, 1);
	assert_string_equal(messages.items[1].file, second);
	assert_int_equal(messages.items[1].line, 2);
	assert_effective(&config, "mode", "observe");
	free(first);
	free(second);
	message_list_deinit(&messages);
	config_deinit(&config);
}

static void a_missing_main_file_is_an_error_only_when_it_was_named(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	put_directory(*state, "irqherd.conf.d");
	put_file(*state, "irqherd.conf.d/a.conf", "ht=n\n");

	config_init(&config);
	assert_int_equal(read_folder(*state, &config, false, &messages), 0);
	assert_effective(&config, "ht", "n");
	assert_int_equal(read_folder(*state, &config, true, &messages), -EINVAL);
	assert_int_equal(messages.count, 1);
	assert_message(&messages, 0, 0, "cannot be read: No such file or directory");
	message_list_deinit(&messages);
	config_deinit(&config);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;

	put_directory(*state, "irqherd.conf");
	put_directory(*state, "irqherd.conf.d");
	put_directory(*state, "irqherd.conf.d/a.conf");

	config_init(&config);
	assert_int_equal(read_folder(*state, &config, false, &messages), -EINVAL);
	assert_int_equal(messages.count, 2);
	assert_message(&messages, 0, 0, "cannot be read: Is a directory");
	assert_message(&messages, 1, 0, "cannot be read: Is a directory");
	message_list_deinit(&messages);
	config_deinit(&config);
}

static void a_drop_in_folder_that_is_a_file_is_an_error(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;
	char *path = in_folder(*state, "irqherd.conf.d");

	put_file(*state, "irqherd.conf.d", "ht=n\n");
	config_init(&config);
	assert_int_equal(read_folder(*state, &config, false, &messages), -EINVAL);
	assert_int_equal(messages.count, 1);
	assert_string_equal(messages.items[0].file, path);
	assert_message(&messages, 0, 0, "cannot be read: Not a directory");
	free(path);
	message_list_deinit(&messages);
	config_deinit(&config);
}

static void a_link_to_dev_null_switches_a_drop_in_off(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;
	char *off, *dangling;

	put_directory(*state, "irqherd.conf.d");
	off = in_folder(*state, "irqherd.conf.d/off.conf");
	dangling = in_folder(*state, "irqherd.conf.d/lost.conf");
	assert_int_equal(symlink("/dev/null", off), 0);

	config_init(&config);
	assert_int_equal(read_folder(*state, &config, false, &messages), 0);
	assert_int_equal(symlink("/nowhere/at/all", dangling), 0);
	assert_int_equal(read_folder(*state, &config, false, &messages), -EINVAL);
	assert_string_equal(messages.items[0].file, dangling);
	free(off);
	free(dangling);
	message_list_deinit(&messages);
	config_deinit(&config);
}

static void a_main_file_of_another_name_has_drop_ins_too(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;
	char *path = in_folder(*state, "birq");

	put_file(*state, "birq", "ht=n\n");
	put_directory(*state, "birq.conf.d");
	put_file(*state, "birq.conf.d/a.conf", "mode=observe\n");
	config_init(&config);
	assert_int_equal(config_read(&config, path, true, &messages), 0);
	assert_effective(&config, "ht", "n");
	assert_effective(&config, "mode", "observe");
	free(path);
	config_deinit(&config);
}

#define folder_test(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_grammar_is_that_of_birq),
		cmocka_unit_test(every_kind_of_error_has_its_message),
		cmocka_unit_test(the_same_key_twice_names_both_lines),
		cmocka_unit_test(all_errors_are_told_and_what_is_right_is_kept),
		cmocka_unit_test(a_nul_byte_is_one_error),
		cmocka_unit_test(a_mask_of_every_cpu_fits_into_a_line),
		cmocka_unit_test(long_input_is_quoted_in_part),
		cmocka_unit_test(rules_need_no_quotes),
		cmocka_unit_test(every_value_knows_who_set_it),
		cmocka_unit_test(one_key_can_be_set_from_elsewhere),
		cmocka_unit_test(what_contradicts_is_told),
		cmocka_unit_test(a_configuration_of_birq_is_taken_as_it_is),
		cmocka_unit_test(the_example_that_is_installed_says_nothing_wrong),
		folder_test(drop_ins_of_a_file_lie_beside_it),
		folder_test(later_drop_ins_win_in_the_order_of_bytes),
		folder_test(errors_of_all_files_come_together_with_their_names),
		folder_test(a_missing_main_file_is_an_error_only_when_it_was_named),
		folder_test(what_cannot_be_read_is_an_error),
		folder_test(a_drop_in_folder_that_is_a_file_is_an_error),
		folder_test(a_link_to_dev_null_switches_a_drop_in_off),
		folder_test(a_main_file_of_another_name_has_drop_ins_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
