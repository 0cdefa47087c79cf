#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/config.h"
#include "irqherd/config/lines.h"

#define MANUAL  FIXTURES "/../../docs/man/irqherd.conf.5.scd"
#define EXAMPLE FIXTURES "/../../packaging/irqherd.conf"

static void formatted(const struct config *config, const char *name, char *text, size_t size)
{
	const struct config_key *key = config_key_find(name);

	assert_non_null(key);
	assert_in_range(key->format(config, text, size), 1, size - 1);
}

static void every_row_is_complete_and_its_name_unique(void **state)
{
	(void) state;
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];

		assert_non_null(key->type);
		assert_non_null(key->range);
		assert_non_null(key->standard);
		assert_int_equal(key->help[strlen(key->help) - 1], '.');
		assert_ptr_equal(config_key_find(key->name), key);
	}
	assert_int_equal(config_key_count, 28);
	assert_null(config_key_find("no-such-key"));
}

static void the_standard_is_what_init_sets_and_can_be_set(void **state)
{
	struct config config;

	(void) state;
	config_init(&config);
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		char text[64];

		formatted(&config, key->name, text, sizeof(text));
		assert_string_equal(text, key->standard);
		assert_int_equal(key->set(&config, key->standard), 0);
		formatted(&config, key->name, text, sizeof(text));
		assert_string_equal(text, key->standard);
	}
	config_deinit(&config);
}

/* What is accepted, and how the key writes it itself. */
static void good_values_are_taken(void **state)
{
	static const struct {
		const char *key;
		const char *value;
		const char *text;
	} cases[] = {
		{ "threshold", "0", "0" },
		{ "threshold", "100", "100" },
		{ "threshold", "100.0", "100" },
		{ "threshold", "98.5", "98.5" },
		{ "threshold", "0.0001", "0.0001" },
		{ "threshold", " 90 ", "90" },
		{ "steal-limit", "0", "0" },
		{ "irqbalance-env", "auto", "auto" },
		{ "irqbalance-env", "/etc/x", "/etc/x" },
		{ "irqbalance-env", "none", "none" },
		{ "load-limit", "0", "0" },
		{ "load-limit", "100", "100" },
		{ "load-limit", "94.25", "94.25" },
		{ "load-metric", "irq", "irq" },
		{ "load-metric", "busy", "busy" },
		{ "load-metric", "total", "total" },
		{ "short-interval", "0.1", "0.1" },
		{ "short-interval", "3600", "3600" },
		{ "short-interval", "1.050", "1.05" },
		{ "long-interval", "0.1", "0.1" },
		{ "long-interval", "3600", "3600" },
		{ "strategy", "min", "min" },
		{ "strategy", "max", "max" },
		{ "strategy", "rnd", "rnd" },
		{ "strategy", "cost", "cost" },
		{ "use-cpus", "ff,ffffffff", "ff,ffffffff" },
		{ "use-cpus", "node0,cpus:3", "node0,cpus:3" },
		{ "use-cpus", "isolated", "isolated" },
		{ "exclude-cpus", "0-3,8", "0-3,8" },
		{ "exclude-cpus", "", "none" },
		{ "exclude-cpus", "0", "0" },
		{ "exclude-cpus", "all", "all" },
		{ "isolated-cpus", "use", "use" },
		{ "isolated-cpus", "avoid", "avoid" },
		{ "ht", "n", "n" },
		{ "ht", "no", "n" },
		{ "ht", "y", "y" },
		{ "ht", "yes", "y" },
		{ "non-local-cpus", "yes", "y" },
		{ "non-local-cpus", "no", "n" },
		{ "pxm", "/etc/irqherd/pro ximity#1", "/etc/irqherd/pro ximity#1" },
		{ "pxm", "none", "none" },
		{ "metrics-file", "/run/irqherd/irqherd.prom", "/run/irqherd/irqherd.prom" },
		{ "metrics-file", "none", "none" },
		{ "unknown-node", "interleave", "interleave" },
		{ "unknown-node", "preferred", "preferred" },
		{ "unknown-node", "all", "all" },
		{ "preferred-node", "0", "0" },
		{ "preferred-node", "1023", "1023" },
		{ "preferred-node", "none", "none" },
		{ "mode", "observe", "observe" },
		{ "mode", "apply", "apply" },
		{ "arrival", "keep", "keep" },
		{ "arrival", "spread", "spread" },
		{ "cooldown", "0", "0" },
		{ "cooldown", "86400", "86400" },
		{ "cooldown", "0.5", "0.5" },
		{ "move-budget", "1", "1" },
		{ "move-budget", "1048576", "1048576" },
		{ "external-time", "0", "0" },
		{ "external-time", "86400", "86400" },
		{ "cpus", "eth0=0-3,8 irq:9=2", "eth0=0-3,8 irq:9=2" },
		{ "cpus", "none", "none" },
		{ "ban-irq", "17 eth0-*", "17 eth0-*" },
		{ "ban-irq", "", "none" },
		{ "ban-driver", "nvme,ixgbe", "nvme ixgbe" },
		{ "ban-device", "0000:3b:00.?", "0000:3b:00.?" },
		{ "rps", "off", "off" },
		{ "rps", "auto", "auto" },
		{ "rps", "eth0,wlan*", "eth0 wlan*" },
		{ "restore-on-exit", "y", "y" },
		{ "restore-on-exit", "no", "n" },
	};
	struct config config;

	(void) state;
	config_init(&config);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct config_key *key = config_key_find(cases[i].key);
		char text[64];

		assert_non_null(key);
		assert_int_equal(key->set(&config, cases[i].value), 0);
		formatted(&config, key->name, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		assert_int_equal(key->set(&config, text), 0);
	}
	config_deinit(&config);
}

static void bad_values_are_refused_and_the_old_one_stays(void **state)
{
	static const struct {
		const char *key;
		const char *value;
	} cases[] = {
		{ "threshold", "100.0001" },
		{ "threshold", "101" },
		{ "threshold", "-5" },
		{ "threshold", "90%" },
		{ "threshold", "nan" },
		{ "threshold", "1e1" },
		{ "threshold", "99,5" },
		{ "threshold", "0x10" },
		{ "threshold", ".5" },
		{ "threshold", "5." },
		{ "threshold", "" },
		{ "threshold", "99999999999999999999" },
		{ "load-limit", "100.1" },
		{ "load-limit", "-0" },
		{ "load-metric", "softirq" },
		{ "short-interval", "0.099" },
		{ "short-interval", "0" },
		{ "short-interval", "3600.001" },
		{ "short-interval", "5s" },
		{ "short-interval", "4294967299" },
		{ "long-interval", "0.0999" },
		{ "long-interval", "3601" },
		{ "long-interval", "abc" },
		{ "strategy", "RND" },
		{ "strategy", "random" },
		{ "strategy", "" },
		{ "use-cpus", "0" },
		{ "use-cpus", "" },
		{ "use-cpus", "none" },
		{ "use-cpus", "cpus:" },
		{ "use-cpus", "1ffffffff" },
		{ "exclude-cpus", "zz" },
		{ "exclude-cpus", "8,node0" },
		{ "exclude-cpus", "cpus:8192" },
		{ "isolated-cpus", "y" },
		{ "ht", "Y" },
		{ "ht", "1" },
		{ "ht", "" },
		{ "ht", "true" },
		{ "non-local-cpus", "on" },
		{ "pxm", "proximity" },
		{ "pxm", "./proximity" },
		{ "metrics-file", "irqherd.prom" },
		{ "pxm", "" },
		{ "unknown-node", "0" },
		{ "preferred-node", "-1" },
		{ "preferred-node", "1024" },
		{ "preferred-node", "node0" },
		{ "preferred-node", "" },
		{ "mode", "dry-run" },
		{ "arrival", "y" },
		{ "cooldown", "86400.001" },
		{ "cooldown", "-1" },
		{ "move-budget", "0" },
		{ "move-budget", "1048577" },
		{ "move-budget", "1.5" },
		{ "external-time", "86401" },
		{ "ban-irq", "none 3" },
		{ "ban-driver", "a,none" },
		{ "ban-device", "none,none,a" },
		{ "restore-on-exit", "maybe" },
	};
	struct config config;

	(void) state;
	config_init(&config);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct config_key *key = config_key_find(cases[i].key);
		char text[64];
		int r;

		assert_non_null(key);
		r = key->set(&config, cases[i].value);
		if (r != -EINVAL && r != -ERANGE)
			fail_msg("%s=%s: %d", cases[i].key, cases[i].value, r);
		formatted(&config, key->name, text, sizeof(text));
		assert_string_equal(text, key->standard);
	}
	config_deinit(&config);
}

static void values_reach_their_fields(void **state)
{
	struct config config;

	(void) state;
	config_init(&config);
	assert_int_equal(config_key_find("threshold")->set(&config, "98.5"), 0);
	assert_int_equal(config_key_find("load-limit")->set(&config, "0.0001"), 0);
	assert_int_equal(config_key_find("short-interval")->set(&config, "0.1"), 0);
	assert_int_equal(config_key_find("long-interval")->set(&config, "3600"), 0);
	assert_int_equal(config_key_find("cooldown")->set(&config, "86400"), 0);
	assert_int_equal(config_key_find("external-time")->set(&config, "1.0019"), 0);
	assert_int_equal(config_key_find("preferred-node")->set(&config, "3"), 0);
	assert_int_equal(config.threshold_ppm, 985000);
	assert_int_equal(config.load_limit_ppm, 1);
	assert_int_equal(config.short_interval_ms, 100);
	assert_int_equal(config.long_interval_ms, 3600000);
	assert_int_equal(config.cooldown_ms, 86400000);
	assert_int_equal(config.external_time_ms, 1001);
	assert_int_equal(config.preferred_node, 3);

	assert_int_equal(config_key_find("strategy")->set(&config, "cost"), 0);
	assert_int_equal(config_key_find("mode")->set(&config, "observe"), 0);
	assert_int_equal(config_key_find("arrival")->set(&config, "keep"), 0);
	assert_int_equal(config_key_find("unknown-node")->set(&config, "preferred"), 0);
	assert_int_equal(config_key_find("isolated-cpus")->set(&config, "use"), 0);
	assert_int_equal(config_key_find("load-metric")->set(&config, "total"), 0);
	assert_int_equal(config.strategy, STRATEGY_COST);
	assert_int_equal(config.mode, MODE_OBSERVE);
	assert_int_equal(config.arrival, ARRIVAL_KEEP);
	assert_int_equal(config.unknown_node, CONFIG_NODE_PREFERRED);
	assert_int_equal(config.isolated_cpus, ISOLATED_USE);
	assert_int_equal(config.load_metric, METRIC_TOTAL);
	config_deinit(&config);
}

static void a_mistyped_name_is_guessed_when_it_is_near(void **state)
{
	static const struct {
		const char *name;
		const char *guess;
	} cases[] = {
		{ "thresold", "threshold" },
		{ "threshhold", "threshold" },
		{ "THRESHOLD", "threshold" },
		{ "long_interval", "long-interval" },
		{ "NON_LOCAL_CPUS", "non-local-cpus" },
		{ "srtategy", "strategy" },
		{ "shrt-intrval", "short-interval" },
		{ "excludecpus", "exclude-cpus" },
		{ "h", "ht" },
		{ "hd", "ht" },
		{ "ban-irqs", "ban-irq" },
		{ "x", NULL },
		{ "", NULL },
		{ "px", "pxm" },
		{ "xy", NULL },
		{ "treshol-d-x", NULL },
		{ "interval", NULL },
	};
	char monster[4096];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct config_key *guess = config_key_guess(cases[i].name);

		if (!cases[i].guess)
			assert_null(guess);
		else if (!guess)
			fail_msg("no guess for %s", cases[i].name);
		else
			assert_string_equal(guess->name, cases[i].guess);
	}

	memset(monster, 'x', sizeof(monster) - 1);
	monster[sizeof(monster) - 1] = '\0';
	assert_null(config_key_guess(monster));
}

/* The text of a file, with all runs of blanks and ends of lines as one blank, and without the
 * backslashes of scdoc. */
static char *read_squeezed(const char *path)
{
	struct buf text = BUF_INIT;
	size_t length = 0;

	assert_int_equal(lines_read_file(path, &text), 0);
	for (size_t i = 0; i < text.length; i++) {
		char c = text.data[i];

		if (c == '\\')
			continue;
		if (c == '\t' || c == '\n')
			c = ' ';
		if (c == ' ' && length > 0 && text.data[length - 1] == ' ')
			continue;
		text.data[length++] = c;
	}
	text.data[length] = '\0';
	return text.data;
}

static void the_manual_page_tells_every_key_with_range_and_default(void **state)
{
	char *manual = read_squeezed(MANUAL);

	(void) state;
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		char heading[64], facts[256];
		const char *entry;

		(void) snprintf(heading, sizeof(heading), " *%s*=_%s_ ", key->name, key->type);
		(void) snprintf(facts, sizeof(facts), "++ Accepted: %s%s%s.++ Default: %s. ",
				key->range, key->unit ? " " : "", key->unit ? key->unit : "",
				key->standard);

		entry = strstr(manual, heading);
		if (!entry)
			fail_msg("the manual has no '%s'", heading);
		entry = strstr(entry, "++ Accepted: ");
		if (!entry || strncmp(entry, facts, strlen(facts)) != 0)
			fail_msg("the manual does not say of %s: %s", key->name, facts);
	}
	free(manual);
}

static void the_manual_page_has_no_key_that_does_not_exist(void **state)
{
	char *manual = read_squeezed(MANUAL);
	size_t entries = 0;

	(void) state;
	for (const char *p = manual; (p = strstr(p, "++ Default: ")); p++)
		entries++;
	assert_int_equal(entries, config_key_count);
	free(manual);
}

static void the_example_shows_every_key_with_its_default(void **state)
{
	struct buf text = BUF_INIT;
	size_t shown = 0;

	(void) state;
	assert_int_equal(lines_read_file(EXAMPLE, &text), 0);
	for (size_t i = 0; i < config_key_count; i++) {
		char line[128];

		(void) snprintf(line, sizeof(line), "\n#%s = %s\n", config_keys[i].name,
				config_keys[i].standard);
		if (!strstr(text.data, line))
			fail_msg("the example has no line %s", line);
	}
	for (const char *p = text.data; (p = strstr(p, " = ")); p++)
		shown++;
	assert_int_equal(shown, config_key_count);
	buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_complete_and_its_name_unique),
		cmocka_unit_test(the_standard_is_what_init_sets_and_can_be_set),
		cmocka_unit_test(good_values_are_taken),
		cmocka_unit_test(bad_values_are_refused_and_the_old_one_stays),
		cmocka_unit_test(values_reach_their_fields),
		cmocka_unit_test(a_mistyped_name_is_guessed_when_it_is_near),
		cmocka_unit_test(the_manual_page_tells_every_key_with_range_and_default),
		cmocka_unit_test(the_manual_page_has_no_key_that_does_not_exist),
		cmocka_unit_test(the_example_shows_every_key_with_its_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
