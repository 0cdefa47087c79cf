#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/setup/settings.h"

struct files {
	char folder[64];
	char config[96];
	char pxm[96];
};

static int make_files(void **state)
{
	struct files *files = calloc(1, sizeof(*files));

	if (!files)
		return -1;
	(void) snprintf(files->folder, sizeof(files->folder), "/tmp/test_settings.XXXXXX");
	if (!mkdtemp(files->folder))
		return -1;
	(void) snprintf(files->config, sizeof(files->config), "%s/a.conf", files->folder);
	(void) snprintf(files->pxm, sizeof(files->pxm), "%s/pxm", files->folder);
	(void) unsetenv("IRQBALANCE_BANNED_CPULIST");
	(void) unsetenv("IRQBALANCE_BANNED_CPUS");
	*state = files;
	return 0;
}

static int remove_files(void **state)
{
	struct files *files = *state;

	(void) unlink(files->config);
	(void) unlink(files->pxm);
	(void) rmdir(files->folder);
	free(files);
	(void) unsetenv("IRQBALANCE_BANNED_CPULIST");
	(void) unsetenv("IRQBALANCE_BANNED_CPUS");
	return 0;
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct settings_input input_of(const struct files *files)
{
	return (struct settings_input){ .config_path = files->config, .config_given = true };
}

static bool says(const struct message_list *messages, const char *part)
{
	for (size_t i = 0; i < messages->count; i++)
		if (strstr(messages->items[i].text, part))
			return true;
	return false;
}

/* CPUs 0-3 on node 0, 4-7 on node 2, 7 isolated; no CPU has a record. */
static struct topology eight_cpus(struct node *nodes)
{
	nodes[0] = (struct node){ .number = 0, .cpus = cpumask_range(0, 3) };
	nodes[1] = (struct node){ .number = 2, .cpus = cpumask_range(4, 7) };
	return (struct topology){
		.nodes = nodes,
		.node_count = 2,
		.possible = cpumask_range(0, 7),
		.present = cpumask_range(0, 7),
		.online = cpumask_range(0, 7),
		.isolated = cpumask_one(7),
	};
}

static struct policy policy_of(const struct files *files, const char *text)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct settings_input input = input_of(files);
	struct settings settings;
	struct topology topology;
	struct node nodes[2];
	struct policy policy;

	write_text(files->config, text);
	topology = eight_cpus(nodes);
	assert_int_equal(settings_load(&settings, &input, &messages), 0);
	settings_policy(&settings, &topology, &policy);
	settings_deinit(&settings);
	message_list_deinit(&messages);
	return policy;
}

static void real_set_is_use_cpus_without_exclude_cpus(void **state)
{
	static const struct {
		const char *text;
		const char *allowed;
	} cases[] = {
		{ "", "0-7" },
		{ "use-cpus = node2\n", "4-7" },
		{ "exclude-cpus = isolated\n", "0-6" },
		{ "use-cpus = node0,cpus:4-5\nexclude-cpus = cpus:0,5\n", "1-4" },
		{ "use-cpus = f0\n", "4-7" },
		{ "use-cpus = all\nexclude-cpus = node9\n", "0-7" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy policy = policy_of(*state, cases[i].text);
		struct cpumask possible = cpumask_range(0, 7);
		char list[CPULIST_TEXT];

		policy.allowed = cpumask_and(&policy.allowed, &possible);
		cpulist_format(&policy.allowed, list, sizeof(list));
		assert_string_equal(list, cases[i].allowed);
	}
}

static void irqbalances_environment_excludes_more_cpus(void **state)
{
	struct policy policy;

	assert_int_equal(setenv("IRQBALANCE_BANNED_CPULIST", "1-2", 1), 0);
	assert_int_equal(setenv("IRQBALANCE_BANNED_CPUS", "00000000,00000081", 1), 0);
	policy = policy_of(*state, "exclude-cpus = cpus:3\n");
	for (unsigned int cpu = 0; cpu < 8; cpu++)
		assert_int_equal(cpumask_test(&policy.allowed, (int) cpu), cpu >= 4 && cpu <= 6);
}

static void a_broken_environment_is_an_error_that_names_it(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct files *files = *state;
	struct settings_input input = input_of(files);
	struct settings settings;

	write_text(files->config, "");
	assert_int_equal(setenv("IRQBALANCE_BANNED_CPUS", "0x", 1), 0);
	assert_int_equal(settings_load(&settings, &input, &messages), -EINVAL);
	assert_true(says(&messages, "IRQBALANCE_BANNED_CPUS"));
	settings_deinit(&settings);
	message_list_deinit(&messages);
}

static void legacy_options_override_the_file_and_say_what_they_are(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct files *files = *state;
	static const struct legacy_option legacy[] = {
		{ "--threshold", "threshold", "60" },
		{ "--ht", NULL, NULL },
	};
	struct settings_input input = input_of(files);
	struct settings settings;

	write_text(files->config, "threshold = 50\nload-limit = 40\n");
	input.legacy = legacy;
	input.legacy_count = ARRAY_SIZE(legacy);
	assert_int_equal(settings_load(&settings, &input, &messages), 0);
	assert_int_equal(settings.config.threshold_ppm, 600000);
	assert_int_equal(settings.config.load_limit_ppm, 400000);
	assert_true(settings.config.ht);
	assert_int_equal(messages.count, 2);
	assert_int_equal(messages.errors, 0);
	assert_true(says(&messages, "--threshold is legacy"));
	assert_true(says(&messages, "--ht does nothing"));
	settings_deinit(&settings);
	message_list_deinit(&messages);
}

static void a_missing_file_is_an_error_only_if_it_was_asked_for(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct files *files = *state;
	struct settings_input input = input_of(files);
	struct settings settings;

	assert_int_equal(settings_load(&settings, &input, &messages), -EINVAL);
	settings_deinit(&settings);
	message_list_deinit(&messages);

	messages = MESSAGE_LIST_INIT;
	input.config_given = false;
	assert_int_equal(settings_load(&settings, &input, &messages), 0);
	settings_deinit(&settings);

	input.pxm_path = files->pxm;
	assert_int_equal(settings_load(&settings, &input, &messages), -EINVAL);
	settings_deinit(&settings);
	message_list_deinit(&messages);
}

static void the_option_names_another_proximity_file_than_the_key(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct files *files = *state;
	struct settings_input input = input_of(files);
	struct settings settings;
	struct topology topology;
	struct node nodes[2];

	write_text(files->config, "pxm = /no/such/file\n");
	write_text(files->pxm, "0000:08 node 2\n0000:09 node 5\n0000:0a node -1\n");
	input.pxm_path = files->pxm;
	assert_int_equal(settings_load(&settings, &input, &messages), 0);
	assert_int_equal(settings.proximity.count, 3);
	assert_int_equal(messages.count, 0);

	topology = eight_cpus(nodes);
	settings_check_nodes(&settings, &topology, &messages);
	assert_int_equal(messages.count, 1);
	assert_true(messages.items[0].warning);
	assert_int_equal(messages.items[0].line, 2);
	assert_true(says(&messages, "node 5"));
	settings_deinit(&settings);
	message_list_deinit(&messages);
}

static void a_rule_becomes_an_override_that_names_its_line(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct files *files = *state;
	struct settings_input input = input_of(files);
	struct inventory inventory;
	struct home_override override = { .kind = OVERRIDE_NONE };
	struct settings settings;
	struct pci_addr addr;
	struct cpumask cpus;

	write_text(files->config, "");
	write_text(files->pxm, "# comment\n0000:08 node 2\n0000:09 cpumask f0\n");
	input.pxm_path = files->pxm;
	assert_int_equal(settings_load(&settings, &input, &messages), 0);
	assert_int_equal(inventory_init(&inventory), 0);

	assert_int_equal(pci_addr_parse("0000:07:00.0", &addr), 0);
	assert_int_equal(settings_find_override(&settings, &inventory, &addr, &override), 0);
	assert_int_equal(override.kind, OVERRIDE_NONE);

	assert_int_equal(pci_addr_parse("0000:08:00.0", &addr), 0);
	assert_int_equal(settings_find_override(&settings, &inventory, &addr, &override), 0);
	assert_int_equal(override.kind, OVERRIDE_NODE);
	assert_int_equal(override.node, 2);
	assert_int_equal(override.line, 2);

	assert_int_equal(pci_addr_parse("0000:09:00.0", &addr), 0);
	assert_int_equal(settings_find_override(&settings, &inventory, &addr, &override), 0);
	assert_int_equal(override.kind, OVERRIDE_CPUS);
	assert_int_equal(override.origin, OVERRIDE_FROM_PROXIMITY);
	assert_int_equal(override.line, 3);
	mask_get(&inventory.masks, override.cpus, &cpus);
	assert_int_equal(cpumask_count(&cpus), 4);
	assert_true(cpumask_test(&cpus, 4));

	inventory_deinit(&inventory);
	settings_deinit(&settings);
	message_list_deinit(&messages);
}

static void words_of_the_file_reach_policy_and_rules(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct files *files = *state;
	struct settings_input input = input_of(files);
	struct settings settings;
	struct policy policy;
	struct rules rules;

	policy = policy_of(files, "strategy = min\nload-metric = total\nht = n\n"
				  "non-local-cpus = y\narrival = keep\ncooldown = 1.5\n"
				  "move-budget = 3\nexternal-time = 7\n");
	assert_int_equal(policy.choice, CHOICE_MIN);
	assert_int_equal(policy.metric, LOAD_METRIC_TOTAL);
	assert_false(policy.all_threads);
	assert_true(policy.non_local_cpus);
	assert_false(policy.spread_arrivals);
	assert_int_equal(policy.cooldown_ms, 1500);
	assert_int_equal(policy.move_budget, 3);
	assert_int_equal(policy.external_ms, 7000);

	write_text(files->config, "unknown-node = preferred\npreferred-node = 2\n"
				  "isolated-cpus = use\nban-irq = 9 eth*\nban-driver = nvme\n"
				  "ban-device = eth0\n");
	assert_int_equal(settings_load(&settings, &input, &messages), 0);
	settings_rules(&settings, &rules);
	assert_int_equal(rules.unknown_node, UNKNOWN_NODE_PREFERRED);
	assert_int_equal(rules.preferred_node, 2);
	assert_true(rules.use_isolated);
	assert_int_equal(rules.ban_irqs.count, 2);
	assert_string_equal(rules.ban_irqs.items[1], "eth*");
	assert_string_equal(rules.ban_drivers.items[0], "nvme");
	assert_string_equal(rules.ban_devices.items[0], "eth0");
	settings_deinit(&settings);
	message_list_deinit(&messages);
}

#define SETTINGS_TEST(name) cmocka_unit_test_setup_teardown(name, make_files, remove_files)

static void rules_of_cpus_reach_the_model(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct files *files = *state;
	struct settings_input input = input_of(files);
	struct settings settings, moved;
	struct rules rules;

	write_text(files->config,
		   "cpus = 0000:af:00.1/7=2,5 eth*=node2 irq:9=all driver:x=isolated\n");
	assert_int_equal(settings_load(&settings, &input, &messages), 0);
	moved = settings; /* it is handed on as a value */
	settings_rules(&moved, &rules);
	assert_int_equal(rules.cpus.count, 4);
	assert_string_equal(rules.cpus.items[0].pattern, "0000:af:00.1/7");
	assert_true(cpumask_test(rules.cpus.items[0].cpus, 2));
	assert_true(cpumask_test(rules.cpus.items[0].cpus, 5));
	assert_int_equal(cpumask_count(rules.cpus.items[0].cpus), 2);
	assert_int_equal(rules.cpus.items[1].nodes[0], 1 << 2);
	assert_true(rules.cpus.items[1].node_limit > 2);
	assert_true(rules.cpus.items[2].all);
	assert_true(rules.cpus.items[3].isolated);
	assert_int_equal(rules.pins.count, 0);
	settings_deinit(&moved);
	message_list_deinit(&messages);
}

static void every_setting_tells_its_value_and_who_set_it(void **state)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct files *files = *state;
	static const struct legacy_option legacy[] = { { "--threshold", "threshold", "60" } };
	struct settings_input input = input_of(files);
	struct settings settings;
	struct setting setting;
	char origin[160];

	write_text(files->config, "\nht = no\nthreshold = 50\n");
	(void) setenv("IRQBALANCE_BANNED_CPULIST", "3", 1);
	input.legacy = legacy;
	input.legacy_count = ARRAY_SIZE(legacy);
	assert_int_equal(settings_load(&settings, &input, &messages), 0);
	settings_get(&settings, config_key_find("ht"), &setting);
	(void) snprintf(origin, sizeof(origin), "%s:2", files->config);
	assert_string_equal(setting.value, "n");
	assert_string_equal(setting.origin, origin);
	settings_get(&settings, config_key_find("threshold"), &setting);
	assert_string_equal(setting.value, "60");
	assert_string_equal(setting.origin, "command line");
	settings_get(&settings, config_key_find("exclude-cpus"), &setting);
	assert_string_equal(setting.value, "cpus:3");
	assert_string_equal(setting.origin, "environment");
	settings_get(&settings, config_key_find("mode"), &setting);
	assert_string_equal(setting.origin, "default");
	settings_deinit(&settings);
	message_list_deinit(&messages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SETTINGS_TEST(real_set_is_use_cpus_without_exclude_cpus),
		SETTINGS_TEST(irqbalances_environment_excludes_more_cpus),
		SETTINGS_TEST(a_broken_environment_is_an_error_that_names_it),
		SETTINGS_TEST(legacy_options_override_the_file_and_say_what_they_are),
		SETTINGS_TEST(a_missing_file_is_an_error_only_if_it_was_asked_for),
		SETTINGS_TEST(the_option_names_another_proximity_file_than_the_key),
		SETTINGS_TEST(a_rule_becomes_an_override_that_names_its_line),
		SETTINGS_TEST(words_of_the_file_reach_policy_and_rules),
		SETTINGS_TEST(rules_of_cpus_reach_the_model),
		SETTINGS_TEST(every_setting_tells_its_value_and_who_set_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
