/*
 * A row of the table has two small functions of its own, made by the macros below, because a key
 * knows its field in struct config only through them: no offsets, no casts. The limits stand twice,
 * as numbers and as the text of a row; the unit test holds them together.
 */
#include "irqherd/config/config_key.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/parse.h"
#include "irqherd/config/config.h"

#define PPM_DIGITS 4 /* a percentage times 10^4 is in parts per million */
#define MS_DIGITS  3

static int set_decimal(const char *value, unsigned int digits, uint32_t min, uint32_t max,
		       uint32_t *ret)
{
	uint64_t number;
	int r;

	r = parse_decimal(value, digits, min, max, &number);
	if (r < 0)
		return r;

	*ret = (uint32_t) number;
	return 0;
}

/* Without needless zeros: 99, 99.5 */
static int format_decimal(uint32_t number, unsigned int digits, char *text, size_t size)
{
	uint32_t scale = 1, fraction;

	for (unsigned int i = 0; i < digits; i++)
		scale *= 10;
	fraction = number % scale;
	if (fraction == 0)
		return snprintf(text, size, "%u", number / scale);

	for (; fraction % 10 == 0; fraction /= 10)
		digits--;
	return snprintf(text, size, "%u.%0*u", number / scale, (int) digits, fraction);
}

#define PERCENT_KEY(field)                                                               \
	static int set_##field(struct config *config, const char *value)                 \
	{                                                                                \
		return set_decimal(value, PPM_DIGITS, 0, 1000000, &config->field##_ppm); \
	}                                                                                \
	static int format_##field(const struct config *config, char *text, size_t size)  \
	{                                                                                \
		return format_decimal(config->field##_ppm, PPM_DIGITS, text, size);      \
	}

#define SECONDS_KEY(field, min_ms, max_ms)                                                 \
	static int set_##field(struct config *config, const char *value)                   \
	{                                                                                  \
		return set_decimal(value, MS_DIGITS, min_ms, max_ms, &config->field##_ms); \
	}                                                                                  \
	static int format_##field(const struct config *config, char *text, size_t size)    \
	{                                                                                  \
		return format_decimal(config->field##_ms, MS_DIGITS, text, size);          \
	}

PERCENT_KEY(threshold)
PERCENT_KEY(load_limit)
PERCENT_KEY(steal_limit)
SECONDS_KEY(short_interval, 100, 3600000)
SECONDS_KEY(long_interval, 100, 3600000)
SECONDS_KEY(cooldown, 0, 86400000)
SECONDS_KEY(external_time, 0, 86400000)

static int set_move_budget(struct config *config, const char *value)
{
	return parse_u32(value, 1, 1048576, &config->move_budget);
}

static int format_move_budget(const struct config *config, char *text, size_t size)
{
	return snprintf(text, size, "%u", config->move_budget);
}

static int find_word(const char *value, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(value, words[i]) == 0)
			return (int) i;
	return -EINVAL;
}

/* The words stand in the order of the enum. */
#define WORD_KEY(field, type, ...)                                                      \
	static const char *const field##_words[] = { __VA_ARGS__ };                     \
	static int set_##field(struct config *config, const char *value)                \
	{                                                                               \
		int word = find_word(value, field##_words, ARRAY_SIZE(field##_words));  \
                                                                                        \
		if (word < 0)                                                           \
			return word;                                                    \
		config->field = (type) word;                                            \
		return 0;                                                               \
	}                                                                               \
	static int format_##field(const struct config *config, char *text, size_t size) \
	{                                                                               \
		return snprintf(text, size, "%s", field##_words[config->field]);        \
	}

WORD_KEY(strategy, enum config_strategy, "min", "max", "rnd", "cost")
WORD_KEY(mode, enum config_mode, "apply", "observe")
WORD_KEY(arrival, enum config_arrival, "spread", "keep")
WORD_KEY(unknown_node, enum config_unknown_node, "all", "interleave", "preferred")
WORD_KEY(isolated_cpus, enum config_isolated, "avoid", "use")
WORD_KEY(load_metric, enum config_load_metric, "irq", "busy", "total")

static int set_yes_no(const char *value, bool *ret)
{
	static const char *const words[] = { "n", "no", "y", "yes" };
	int word = find_word(value, words, ARRAY_SIZE(words));

	if (word < 0)
		return word;

	*ret = word >= 2;
	return 0;
}

#define YES_NO_KEY(field)                                                               \
	static int set_##field(struct config *config, const char *value)                \
	{                                                                               \
		return set_yes_no(value, &config->field);                               \
	}                                                                               \
	static int format_##field(const struct config *config, char *text, size_t size) \
	{                                                                               \
		return snprintf(text, size, "%s", config->field ? "y" : "n");           \
	}

YES_NO_KEY(ht)
YES_NO_KEY(non_local_cpus)
YES_NO_KEY(restore_on_exit)

#define PATTERNS_KEY(field)                                                             \
	static int set_##field(struct config *config, const char *value)                \
	{                                                                               \
		return config_patterns_parse(&config->field, value);                    \
	}                                                                               \
	static int format_##field(const struct config *config, char *text, size_t size) \
	{                                                                               \
		return (int) config_patterns_format(&config->field, text, size);        \
	}

PATTERNS_KEY(ban_irq)
PATTERNS_KEY(ban_driver)
PATTERNS_KEY(ban_device)

/* "off" and "auto" are short for no pattern and for all. */
static int set_rps(struct config *config, const char *value)
{
	if (strcmp(value, "off") == 0)
		value = "none";
	else if (strcmp(value, "auto") == 0)
		value = "*";
	return config_patterns_parse(&config->rps, value);
}

static int format_rps(const struct config *config, char *text, size_t size)
{
	if (config->rps.count == 0)
		return snprintf(text, size, "off");
	if (config->rps.count == 1 && strcmp(config->rps.items[0], "*") == 0)
		return snprintf(text, size, "auto");
	return (int) config_patterns_format(&config->rps, text, size);
}

static int set_cpus(struct config *config, const char *value)
{
	return config_cpu_rules_parse(&config->cpus, value);
}

static int format_cpus(const struct config *config, char *text, size_t size)
{
	return (int) config_cpu_rules_format(&config->cpus, text, size);
}

static int set_exclude_cpus(struct config *config, const char *value)
{
	return config_cpus_parse(&config->exclude_cpus, value);
}

static int format_exclude_cpus(const struct config *config, char *text, size_t size)
{
	return snprintf(text, size, "%s", config_cpus_text(&config->exclude_cpus));
}

static int set_use_cpus(struct config *config, const char *value)
{
	struct config_cpus cpus = { .text = NULL };
	int r;

	r = config_cpus_parse(&cpus, value);
	if (r < 0)
		return r;
	if (config_cpus_empty(&cpus)) {
		config_cpus_deinit(&cpus);
		return -ERANGE;
	}

	config_cpus_deinit(&config->use_cpus);
	config->use_cpus = cpus;
	return 0;
}

static int format_use_cpus(const struct config *config, char *text, size_t size)
{
	return snprintf(text, size, "%s", config_cpus_text(&config->use_cpus));
}

/* Absolute, because the daemon's directory is / and a reload must find what the start found. */
static int set_path(char **field, const char *value)
{
	char *path = NULL;

	if (strcmp(value, "none") != 0) {
		if (value[0] != '/')
			return -EINVAL;
		path = strdup(value);
		if (!path)
			return -ENOMEM;
	}

	free(*field);
	*field = path;
	return 0;
}

#define PATH_KEY(field)                                                                    \
	static int set_##field(struct config *config, const char *value)                   \
	{                                                                                  \
		return set_path(&config->field, value);                                    \
	}                                                                                  \
	static int format_##field(const struct config *config, char *text, size_t size)    \
	{                                                                                  \
		return snprintf(text, size, "%s", config->field ? config->field : "none"); \
	}

PATH_KEY(pxm)
PATH_KEY(metrics_file)

static int set_irqbalance_env(struct config *config, const char *value)
{
	char *word;

	if (strcmp(value, "auto") != 0)
		return set_path(&config->irqbalance_env, value);
	word = strdup(value);
	if (!word)
		return -ENOMEM;
	free(config->irqbalance_env);
	config->irqbalance_env = word;
	return 0;
}

static int format_irqbalance_env(const struct config *config, char *text, size_t size)
{
	return snprintf(text, size, "%s", config->irqbalance_env ? config->irqbalance_env : "none");
}

static int set_preferred_node(struct config *config, const char *value)
{
	if (strcmp(value, "none") == 0) {
		config->preferred_node = -1;
		return 0;
	}
	return parse_i32(value, 0, CONFIG_NODE_LIMIT - 1, &config->preferred_node);
}

static int format_preferred_node(const struct config *config, char *text, size_t size)
{
	if (config->preferred_node < 0)
		return snprintf(text, size, "none");
	return snprintf(text, size, "%d", config->preferred_node);
}

#define CPU_SET        "a mask (ff), a list (cpus:0-3,8 or 0-3), node0, isolated, all or none"
#define PATTERNS       "patterns separated by blanks or commas, or none"
#define YES_NO         "y, yes, n or no"
#define ACTIONS(field) .set = set_##field, .format = format_##field

const struct config_key config_keys[] = {
	{ .name = "threshold",
	  .type = "number",
	  .range = "0 to 100",
	  .unit = "percent",
	  .standard = "99",
	  .help = "A CPU with at least this load is overloaded.",
	  ACTIONS(threshold) },
	{ .name = "load-limit",
	  .type = "number",
	  .range = "0 to 100",
	  .unit = "percent",
	  .standard = "95",
	  .help = "A CPU with at least this load receives no IRQ.",
	  ACTIONS(load_limit) },
	{ .name = "steal-limit",
	  .type = "number",
	  .range = "0 to 100",
	  .unit = "percent",
	  .standard = "20",
	  .help = "A CPU of which a hypervisor takes at least this much receives no IRQ.",
	  ACTIONS(steal_limit) },
	{ .name = "load-metric",
	  .type = "word",
	  .range = "irq, busy or total",
	  .standard = "irq",
	  .help = "Which part of a CPU's time counts as its load.",
	  ACTIONS(load_metric) },
	{ .name = "short-interval",
	  .type = "number",
	  .range = "0.1 to 3600",
	  .unit = "seconds",
	  .standard = "2",
	  .help = "Time to the next round while a CPU is overloaded or something moved.",
	  ACTIONS(short_interval) },
	{ .name = "long-interval",
	  .type = "number",
	  .range = "0.1 to 3600",
	  .unit = "seconds",
	  .standard = "5",
	  .help = "Time to the next round while all is well.",
	  ACTIONS(long_interval) },
	{ .name = "strategy",
	  .type = "word",
	  .range = "min, max, rnd or cost",
	  .standard = "rnd",
	  .help = "Which IRQ leaves an overloaded CPU.",
	  ACTIONS(strategy) },
	{ .name = "use-cpus",
	  .type = "CPU set",
	  .range = CPU_SET ", but at least one CPU",
	  .standard = "all",
	  .help = "CPUs that may receive IRQs.",
	  ACTIONS(use_cpus) },
	{ .name = "exclude-cpus",
	  .type = "CPU set",
	  .range = CPU_SET,
	  .standard = "none",
	  .help = "CPUs that may not, although use-cpus names them.",
	  ACTIONS(exclude_cpus) },
	{ .name = "irqbalance-env",
	  .type = "path",
	  .range = "an absolute path, auto, or none",
	  .standard = "none",
	  .help = "irqbalance's environment file, whose banned CPUs are excluded as well.",
	  ACTIONS(irqbalance_env) },
	{ .name = "isolated-cpus",
	  .type = "word",
	  .range = "avoid or use",
	  .standard = "avoid",
	  .help = "Whether CPUs that the system keeps for other work may receive IRQs.",
	  ACTIONS(isolated_cpus) },
	{ .name = "ht",
	  .type = "y or n",
	  .range = YES_NO,
	  .standard = "y",
	  .help = "Whether second threads of a core may receive IRQs.",
	  ACTIONS(ht) },
	{ .name = "non-local-cpus",
	  .type = "y or n",
	  .range = YES_NO,
	  .standard = "n",
	  .help = "Whether an IRQ may leave its home CPUs when none of them has room.",
	  ACTIONS(non_local_cpus) },
	{ .name = "pxm",
	  .type = "path",
	  .range = "an absolute path, or none",
	  .standard = "none",
	  .help = "Proximity file: where PCI devices really are.",
	  ACTIONS(pxm) },
	{ .name = "unknown-node",
	  .type = "word",
	  .range = "all, interleave or preferred",
	  .standard = "all",
	  .help = "Home of devices of which nobody knows the node.",
	  ACTIONS(unknown_node) },
	{ .name = "preferred-node",
	  .type = "number",
	  .range = "0 to 1023, or none",
	  .standard = "none",
	  .help = "The node for unknown-node=preferred.",
	  ACTIONS(preferred_node) },
	{ .name = "mode",
	  .type = "word",
	  .range = "apply or observe",
	  .standard = "apply",
	  .help = "Whether decisions are written to the kernel or only reported.",
	  ACTIONS(mode) },
	{ .name = "arrival",
	  .type = "word",
	  .range = "spread or keep",
	  .standard = "spread",
	  .help = "Whether badly placed IRQs of a new device are spread at once.",
	  ACTIONS(arrival) },
	{ .name = "cooldown",
	  .type = "number",
	  .range = "0 to 86400",
	  .unit = "seconds",
	  .standard = "30",
	  .help = "An IRQ that was moved is left alone for this time.",
	  ACTIONS(cooldown) },
	{ .name = "move-budget",
	  .type = "number",
	  .range = "1 to 1048576",
	  .unit = "moves",
	  .standard = "64",
	  .help = "At most this many moves in one round.",
	  ACTIONS(move_budget) },
	{ .name = "external-time",
	  .type = "number",
	  .range = "0 to 86400",
	  .unit = "seconds",
	  .standard = "600",
	  .help = "An IRQ that somebody else placed is left alone for this time.",
	  ACTIONS(external_time) },
	{ .name = "cpus",
	  .type = "rules",
	  .range = "words PATTERN=CPUS separated by blanks, or none",
	  .standard = "none",
	  .help = "IRQs and devices that belong on these CPUs, before all that else says where.",
	  .list = true,
	  ACTIONS(cpus) },
	{ .name = "ban-irq",
	  .type = "patterns",
	  .range = PATTERNS,
	  .standard = "none",
	  .help = "IRQs that are never touched, by number, slot or name.",
	  .list = true,
	  ACTIONS(ban_irq) },
	{ .name = "ban-driver",
	  .type = "patterns",
	  .range = PATTERNS,
	  .standard = "none",
	  .help = "Drivers whose IRQs are never touched.",
	  .list = true,
	  ACTIONS(ban_driver) },
	{ .name = "ban-device",
	  .type = "patterns",
	  .range = PATTERNS,
	  .standard = "none",
	  .help = "Devices whose IRQs are never touched, by PCI address, vendor:device or network "
		  "device name.",
	  .list = true,
	  ACTIONS(ban_device) },
	{ .name = "rps",
	  .type = "patterns",
	  .range = "off, auto, or patterns separated by blanks or commas",
	  .standard = "off",
	  .help = "Network devices of one receive queue whose packets may be spread over CPUs.",
	  .list = true,
	  ACTIONS(rps) },
	{ .name = "metrics-file",
	  .type = "path",
	  .range = "an absolute path, or none",
	  .standard = "none",
	  .help = "Where metrics are written for a collector of text files.",
	  ACTIONS(metrics_file) },
	{ .name = "restore-on-exit",
	  .type = "y or n",
	  .range = YES_NO,
	  .standard = "n",
	  .help = "Whether the affinities found at start are put back at the end.",
	  ACTIONS(restore_on_exit) },
};

const size_t config_key_count = ARRAY_SIZE(config_keys);

_Static_assert(ARRAY_SIZE(config_keys) <= CONFIG_KEY_LIMIT, "CONFIG_KEY_LIMIT is too small");

const struct config_key *config_key_find(const char *name)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (strcmp(name, config_keys[i].name) == 0)
			return &config_keys[i];
	return NULL;
}

/* Capitals and underscores are no typing mistakes, but they are not our names either. */
static void put_into_our_shape(char *name)
{
	for (; *name; name++)
		*name = *name == '_' ? '-' : (char) tolower((unsigned char) *name);
}

/* Two edits, but never half of a short name: "x" is not near to "ht". */
const struct config_key *config_key_guess(const char *name)
{
	const struct config_key *guess = NULL;
	unsigned int nearest = 3;
	char word[64];

	if (strlen(name) >= sizeof(word))
		return NULL;
	strcpy(word, name);
	put_into_our_shape(word);

	for (size_t i = 0; i < config_key_count; i++) {
		unsigned int distance = edit_distance(word, config_keys[i].name);

		if (distance < nearest && 2 * distance <= strlen(config_keys[i].name)) {
			nearest = distance;
			guess = &config_keys[i];
		}
	}
	return guess;
}
