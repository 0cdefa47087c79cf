/*
 * birq passes over what it does not understand, and reads numbers up to the first strange letter;
 * what it makes of a line is what is imported. irqbalance's options come as one line of words,
 * IRQBALANCE_ARGS.
 */
#include "irqherd/config/import.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/parse.h"
#include "irqherd/config/config.h"
#include "irqherd/config/irqbalance_env.h"
#include "irqherd/config/lines.h"

#define BLANKS  " \t"
#define VALUE_S "%.200s"

struct import {
	const char *file;
	struct message_list *messages;
	struct buf *conf;
	struct buf bans[2];     /* ban-irq, ban-driver: one line at the end */
	struct buf cpus;        /* exclude-cpus, likewise */
	struct buf interval;    /* long-interval, likewise: the last one holds */
	unsigned int keys_seen; /* bits of birq_keys */
	int error;              /* -ENOMEM */
};

enum {
	BAN_IRQ,
	BAN_DRIVER
};

static void keep(struct import *import, int r)
{
	if (r < 0)
		import->error = r;
}

/* A comment in the result, and a warning for who runs the import. */
_printf_(3, 4) static void remark(struct import *import, unsigned int line, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	(void) vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	message_warning(import->messages, import->file, line, "%s", text);
	keep(import, buf_printf(import->conf, "# %s\n", text));
}

/* Whether our own parser takes it; the result must be right as a whole. */
static bool is_right(const char *key, const char *value)
{
	struct message_list unheard = MESSAGE_LIST_INIT;
	struct config config;
	int r;

	config_init(&config);
	r = config_set(&config, key, value, "", 0, &unheard);
	config_deinit(&config);
	message_list_deinit(&unheard);
	return r == 0;
}

static void put_key(struct import *import, const char *key, const char *value)
{
	bool quoted = strpbrk(value, BLANKS "#") || *value == '\0';

	keep(import, buf_printf(import->conf, quoted ? "%s=\"%s\"\n" : "%s=%s\n", key, value));
}

static void add_word(struct import *import, struct buf *list, const char *word)
{
	keep(import, buf_printf(list, list->length ? " %s" : "%s", word));
}

/* --------------------------------------------------------------------------------------------------
 * birq.conf */

static const char *const birq_keys[] = {
	"threshold", "load-limit", "short-interval", "long-interval", "strategy", "exclude-cpus",
	"use-cpus",  "ht",         "non-local-cpus",
};

static int find_birq_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(birq_keys); i++)
		if (strcmp(name, birq_keys[i]) == 0)
			return (int) i;
	return -1;
}

/* birq's word: up to a blank or to `stop`, or what is between quotes. Answers what follows. */
static char *birq_word(char *text, char stop, char **ret_word)
{
	char *end;

	text += strspn(text, BLANKS);
	if (*text == '"') {
		*ret_word = text + 1;
		end = strchr(text + 1, '"');
		if (!end)
			return text + strlen(text);
		*end = '\0';
		return end + 1;
	}
	*ret_word = text;
	for (end = text; *end && *end != stop && !strchr(BLANKS, *end); end++)
		continue;
	if (*end == '\0')
		return end;
	if (*end == stop)
		return *end = '\0', end;
	*end = '\0';
	return end + 1;
}

/* What birq's strtoul makes of "7s", "7.5" and "7#c". Empty: no number at all. */
static void cut_number(char *value, bool fraction)
{
	char *end = value + strspn(value, "0123456789");

	if (fraction && *end == '.' && end > value)
		end += 1 + strspn(end + 1, "0123456789");
	*end = '\0';
}

static void import_birq_value(struct import *import, unsigned int line, const char *key,
			      char *value)
{
	char written[204];
	bool percent = strcmp(key, "threshold") == 0 || strcmp(key, "load-limit") == 0;
	bool interval = strcmp(key, "short-interval") == 0 || strcmp(key, "long-interval") == 0;

	(void) snprintf(written, sizeof(written), VALUE_S, value);
	if (percent || interval)
		cut_number(value, percent);
	if (is_right(key, value)) {
		if (strcmp(written, value) != 0)
			remark(import, line, "%s: birq read " VALUE_S " of '" VALUE_S "'", key,
			       value, written);
		if (strcmp(key, "ht") == 0 && *value == 'n')
			remark(import, line,
			       "ht: second threads are no targets, but unlike in birq the IRQs "
			       "on them are still seen and relieved");
		put_key(import, key, value);
		return;
	}
	remark(import, line, "%s: '" VALUE_S "' is not accepted (%s), the default %s is in force",
	       key, written, config_key_find(key)->range, config_key_find(key)->standard);
	keep(import, buf_printf(import->conf, "#%s=" VALUE_S "\n", key, written));
}

static void import_birq_line(struct import *import, unsigned int number, char *text)
{
	char *key, *value, *equals;
	int index;

	text += strspn(text, BLANKS);
	if (*text == '\0' || *text == '#' || *text == '=')
		return;
	equals = strchr(text, '=');
	if (!equals) {
		remark(import, number, "'" VALUE_S "': birq passes over a line without '='", text);
		return;
	}
	*equals = '\0';
	(void) birq_word(text, '\0', &key);
	(void) birq_word(equals + 1, '=', &value);

	index = find_birq_key(key);
	if (index < 0) {
		remark(import, number, "'" VALUE_S "' is no key of birq, which passes over it",
		       key);
		return;
	}
	if (import->keys_seen >> index & 1) {
		remark(import, number, "%s is there twice, the first holds in birq", key);
		return;
	}
	import->keys_seen |= 1u << index;
	if (*value == '\0' && strcmp(key, "exclude-cpus") != 0 && strcmp(key, "use-cpus") != 0) {
		remark(import, number, "%s has no value, which is its default in birq", key);
		return;
	}
	if (*value == '\0')
		value = (char *) "none";
	if (strcmp(value, "none") == 0) {
		if (is_right(key, value))
			put_key(import, key, value);
		else
			remark(import, number, "%s: no CPU at all is not accepted, all are used",
			       key);
		return;
	}
	import_birq_value(import, number, key, value);
}

static void import_birq(struct import *import, const char *text, size_t length)
{
	struct lines lines;
	char *line;

	lines_init(&lines, import->file, text, length, import->messages);
	while ((line = lines_next(&lines)))
		import_birq_line(import, lines.number, line);
	lines_deinit(&lines);
	keep(import, buf_puts(import->conf,
			      "# birq's proximity file is given with -x; here: pxm=/path/of/it\n"));
}

/* --------------------------------------------------------------------------------------------------
 * irqbalance */

struct irqbalance_option {
	char letter;
	const char *name;
	bool argument;
	void (*import)(struct import *import, unsigned int line, const char *value);
	const char *remark; /* if there is no function */
};

static void import_ban_irq(struct import *import, unsigned int line, const char *value)
{
	if (!is_right("ban-irq", value) || strpbrk(value, BLANKS ",\"#")) {
		remark(import, line, "--banirq=" VALUE_S " is no IRQ number", value);
		return;
	}
	remark(import, line,
	       "--banirq=%s: IRQ numbers change when devices come and go; a name as in "
	       "/proc/interrupts, or ban-device with a PCI address, stays right",
	       value);
	add_word(import, &import->bans[BAN_IRQ], value);
}

static void import_ban_module(struct import *import, unsigned int line, const char *value)
{
	char pattern[128];

	(void) snprintf(pattern, sizeof(pattern), "*%.100s*", value);
	if (!is_right("ban-driver", pattern) || strpbrk(value, BLANKS ",\"#")) {
		remark(import, line, "--banmod=" VALUE_S " is no driver's name", value);
		return;
	}
	remark(import, line,
	       "--banmod=%s: irqbalance looks for the text anywhere in the driver's name, so does "
	       "this pattern",
	       value);
	add_word(import, &import->bans[BAN_DRIVER], pattern);
}

static void import_interval(struct import *import, unsigned int line, const char *value)
{
	if (!is_right("long-interval", value)) {
		remark(import, line, "--interval=" VALUE_S " is not accepted (%s seconds)", value,
		       config_key_find("long-interval")->range);
		return;
	}
	remark(import, line,
	       "--interval=%s: not needed for new devices, which are seen at once; it is the time "
	       "between looks at the loads of a calm machine",
	       value);
	buf_reset(&import->interval);
	keep(import, buf_puts(&import->interval, value));
}

static const struct irqbalance_option irqbalance_options[] = {
	{ 'i', "banirq", true, import_ban_irq, NULL },
	{ 'm', "banmod", true, import_ban_module, NULL },
	{ 't', "interval", true, import_interval, NULL },
	{ 'o', "oneshot", false, NULL,
	  "--oneshot: run `irqherd --oneshot` instead of the service; it measures, moves once and "
	  "ends" },
	{ 'd', "debug", false, NULL, "--debug: run `irqherd -f -v`" },
	{ 'f', "foreground", false, NULL, "--foreground: the service does that by itself" },
	{ 'j', "journal", false, NULL, "--journal: the service does that by itself" },
	{ 'p', "powerthresh", true, NULL, "--powerthresh: no CPUs are emptied to save power" },
	{ 'l', "policyscript", true, NULL,
	  "--policyscript: no scripts are run; nodes go into a proximity file (pxm) or "
	  "IRQHERD_NODE in a udev rule, bans into ban-device or IRQHERD_IGNORE" },
	{ 'c', "deepestcache", true, NULL,
	  "--deepestcache: IRQs are given to single CPUs, no cache level is needed" },
	{ 'e', "migrateval", true, NULL,
	  "--migrateval: moves always need a gain; see cooldown and move-budget" },
	{ 's', "pid", true, NULL, "--pid: option -p of irqherd" },
	{ 'h', "hintpolicy", true, NULL,
	  "--hintpolicy: what a driver spread well is left as it is" },
	{ 'b', "banscript", true, NULL, "--banscript: see ban-irq, ban-driver, ban-device" },
};

static const struct irqbalance_option *find_option(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(irqbalance_options); i++) {
		const struct irqbalance_option *option = &irqbalance_options[i];

		if (length == 1 && *name == option->letter)
			return option;
		if (length > 1 && strncmp(name, option->name, length) == 0)
			return option; /* getopt accepts what is unambiguous */
	}
	return NULL;
}

static void import_option(struct import *import, unsigned int line,
			  const struct irqbalance_option *option, const char *value)
{
	if (option->argument && (!value || !*value))
		remark(import, line, "--%s has no argument", option->name);
	else if (option->import)
		option->import(import, line, value);
	else
		remark(import, line, "%s", option->remark);
}

static void import_arguments(struct import *import, unsigned int line, const char *text)
{
	char *words = strdup(text), *next = words;

	if (!words) {
		keep(import, -ENOMEM);
		return;
	}
	while (next && *(next += strspn(next, BLANKS))) {
		const struct irqbalance_option *option;
		char *word = next, *name, *value = NULL;
		size_t length;

		next = word + strcspn(word, BLANKS);
		if (*next)
			*next++ = '\0';
		name = word + strspn(word, "-");
		if (name == word || name > word + 2) {
			remark(import, line, "'" VALUE_S "' is no option of irqbalance", word);
			continue;
		}
		length = name == word + 1 ? 1 : strcspn(name, "=");
		if (name == word + 1 && name[0] && name[1])
			value = name + 1;
		else if (name == word + 2 && name[length] == '=')
			value = name + length + 1;
		option = find_option(name, length);
		if (!option) {
			remark(import, line, "'" VALUE_S "' is no option of irqbalance", word);
			continue;
		}
		if (option->argument && !value && *next) {
			value = next;
			next += strcspn(next, BLANKS);
			if (*next)
				*next++ = '\0';
		}
		import_option(import, line, option, value);
	}
	free(words);
}

static void import_cpus(struct import *import, const struct env_line *line, bool list)
{
	char text[CPULIST_TEXT];
	struct cpumask cpus = CPUMASK_NONE;
	int r = 0;

	if (list)
		r = irqbalance_list_parse(line->value, &cpus);
	else if (*line->value)
		r = cpumask_parse(line->value, &cpus);
	if (r < 0) {
		remark(import, line->line, "%s: '" VALUE_S "' is no CPU %s, ignored", line->name,
		       line->value, list ? "list" : "mask");
		return;
	}
	remark(import, line->line,
	       "%s: with it irqbalance used isolated CPUs, too, unless they were named here; "
	       "isolated-cpus=use does that",
	       line->name);
	if (cpumask_empty(&cpus))
		return;
	(void) cpulist_format(&cpus, text, sizeof(text));
	keep(import, buf_printf(&import->cpus, import->cpus.length ? ",%s" : "cpus:%s", text));
}

static void import_env_line(void *context, const struct env_line *line)
{
	struct import *import = context;

	if (strcmp(line->name, "IRQBALANCE_BANNED_CPULIST") == 0)
		import_cpus(import, line, true);
	else if (strcmp(line->name, "IRQBALANCE_BANNED_CPUS") == 0)
		import_cpus(import, line, false);
	else if (strcmp(line->name, "IRQBALANCE_ARGS") == 0 || strcmp(line->name, "OPTIONS") == 0)
		import_arguments(import, line->line, line->value);
	else if (strcmp(line->name, "IRQBALANCE_ONESHOT") == 0 && *line->value)
		import_option(import, line->line, find_option("oneshot", 7), "");
	else if (strcmp(line->name, "IRQBALANCE_DEBUG") == 0 && *line->value)
		import_option(import, line->line, find_option("debug", 5), "");
	else if (*line->value)
		remark(import, line->line,
		       "%s: not a variable of irqbalance that has a "
		       "counterpart",
		       line->name);
}

static void import_irqbalance(struct import *import, const char *text, size_t length)
{
	static const char *const keys[] = { "ban-irq", "ban-driver" };

	(void) env_parse(import->file, text, length, import->messages, import_env_line, import);
	if (import->interval.length)
		put_key(import, "long-interval", import->interval.data);
	if (import->cpus.length)
		put_key(import, "exclude-cpus", import->cpus.data);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (import->bans[i].length)
			put_key(import, keys[i], import->bans[i].data);
}

/* --------------------------------------------------------------------------------------------------
 * both */

static enum import_format guess(const char *text, size_t length)
{
	return memmem(text, length, "IRQBALANCE_", 11) ? IMPORT_IRQBALANCE : IMPORT_BIRQ;
}

int import_config(enum import_format format, const char *file, const char *text, size_t length,
		  struct buf *conf, struct message_list *messages)
{
	struct import import = { .file = file, .messages = messages, .conf = conf };
	size_t errors = messages->errors;

	if (format == IMPORT_GUESS)
		format = guess(text, length);
	keep(&import, buf_printf(conf, "# Made of a file of %s.\n",
				 format == IMPORT_BIRQ ? "birq" : "irqbalance"));
	if (format == IMPORT_BIRQ)
		import_birq(&import, text, length);
	else
		import_irqbalance(&import, text, length);
	for (size_t i = 0; i < ARRAY_SIZE(import.bans); i++)
		buf_deinit(&import.bans[i]);
	buf_deinit(&import.cpus);
	buf_deinit(&import.interval);
	if (import.error < 0)
		return import.error;
	return messages->errors > errors ? -EINVAL : 0;
}
