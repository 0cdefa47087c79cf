/*
 * The grammar is birq's, read as its manual describes it: a key, "=", a value, a comment behind
 * them. birq's code passed over what it did not understand ("long-interval=7s", "LONG-INTERVAL=7",
 * unknown keys); here every such line is an error, since a setting that silently does not hold is
 * worse than a daemon that does not start.
 */
#include "irqherd/config/config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/buf.h"
#include "irqherd/config/lines.h"

#define BLANKS  " \t"
#define QUOTE_S "'%.80s'" /* what a message quotes of the input */

void config_init(struct config *config)
{
	*config = (struct config){
		.threshold_ppm = 990000,
		.load_limit_ppm = 950000,
		.steal_limit_ppm = 200000,
		.short_interval_ms = 2000,
		.long_interval_ms = 5000,
		.strategy = STRATEGY_RND,
		.use_cpus = { .all = true },
		.ht = true,
		.mode = MODE_APPLY,
		.arrival = ARRIVAL_SPREAD,
		.preferred_node = -1,
		.unknown_node = CONFIG_NODE_ALL,
		.isolated_cpus = ISOLATED_AVOID,
		.cooldown_ms = 30000,
		.move_budget = 64,
		.external_time_ms = 600000,
		.load_metric = METRIC_IRQ,
	};
}

void config_deinit(struct config *config)
{
	config_cpus_deinit(&config->exclude_cpus);
	config_cpus_deinit(&config->use_cpus);
	config_cpu_rules_deinit(&config->cpus);
	config_patterns_deinit(&config->ban_irq);
	config_patterns_deinit(&config->ban_driver);
	config_patterns_deinit(&config->ban_device);
	config_patterns_deinit(&config->rps);
	free(config->pxm);
	config->pxm = NULL;
	free(config->irqbalance_env);
	config->irqbalance_env = NULL;
	free(config->metrics_file);
	config->metrics_file = NULL;
	for (size_t i = 0; i < config->origins.name_count; i++)
		free(config->origins.names[i]);
	free(config->origins.names);
	config->origins = (struct config_origins){ .names = NULL };
}

/* --------------------------------------------------------------------------------------------------
 * origins */

/* Its index plus 1; 0: out of memory. */
static size_t origin_name(struct config_origins *origins, const char *name)
{
	char **names, *copy;

	for (size_t i = 0; i < origins->name_count; i++)
		if (strcmp(origins->names[i], name) == 0)
			return i + 1;
	names = reallocarray(origins->names, origins->name_count + 1, sizeof(names[0]));
	if (!names)
		return 0;
	origins->names = names;
	copy = strdup(name);
	if (!copy)
		return 0;
	names[origins->name_count++] = copy;
	return origins->name_count;
}

static void note_origin(struct config *config, const struct config_key *key, const char *name,
			unsigned int line)
{
	const struct config_origin origin = { origin_name(&config->origins, name), line };

	if (origin.name)
		config->origins.keys[key - config_keys] = origin;
}

void config_note_origin(struct config *config, const char *key, const char *name, unsigned int line)
{
	note_origin(config, config_key_find(key), name, line);
}

int config_format_origin(const struct config *config, const struct config_key *key, char *text,
			 size_t size)
{
	const struct config_origin *origin = &config->origins.keys[key - config_keys];

	if (!origin->name)
		return snprintf(text, size, "default");
	if (!origin->line)
		return snprintf(text, size, "%s", config->origins.names[origin->name - 1]);
	return snprintf(text, size, "%s:%u", config->origins.names[origin->name - 1], origin->line);
}

/* --------------------------------------------------------------------------------------------------
 * keys */

/* One place in a file, and where to complain about it. */
struct place {
	const char *file;
	unsigned int line;
	struct message_list *messages;
};

static void report_unknown_key(const struct place *place, const char *name)
{
	const struct config_key *guess = config_key_guess(name);

	if (guess)
		message_error(place->messages, place->file, place->line,
			      "unknown key " QUOTE_S " (did you mean '%s'?)", name, guess->name);
	else
		message_error(place->messages, place->file, place->line, "unknown key " QUOTE_S,
			      name);
}

/* "95%", "5s": a good number, but for the unit. */
static bool ends_in_unit(const struct config_key *key, const char *value)
{
	size_t digits = strspn(value, "0123456789.");

	return key->unit && digits > 0 && value[digits];
}

static void report_bad_value(const struct place *place, const struct config_key *key,
			     const char *value)
{
	message_error(place->messages, place->file, place->line,
		      "bad value " QUOTE_S " for '%s' (accepted: %s%s%s%s)", value, key->name,
		      key->range, key->unit ? " " : "", key->unit ? key->unit : "",
		      ends_in_unit(key, value) ? "; only the number is written" : "");
}

static int set_key(struct config *config, const struct config_key *key, const char *value,
		   const struct place *place)
{
	int r = key->set(config, value);

	if (r == 0) {
		note_origin(config, key, place->file, place->line);
		return 0;
	}
	if (r == -ENOMEM)
		message_error(place->messages, place->file, place->line, "out of memory");
	else
		report_bad_value(place, key, value);
	return -EINVAL;
}

int config_set(struct config *config, const char *name, const char *value, const char *file,
	       unsigned int line, struct message_list *messages)
{
	const struct place place = { file, line, messages };
	const struct config_key *key = config_key_find(name);

	if (!key) {
		report_unknown_key(&place, name);
		return -EINVAL;
	}
	return set_key(config, key, value, &place);
}

/* The two halves of a line, as pointers into it. */
struct pair {
	char *key; /* NULL: the line holds nothing */
	char *value;
	bool value_quoted;
};

static bool at_comment_or_end(const char *p)
{
	return *p == '\0' || *p == '#';
}

static char *skip_blanks(char *p)
{
	return p + strspn(p, BLANKS);
}

/* Cuts a quoted text off at *p and moves *p behind it. NULL: the closing quote is missing. */
static char *cut_quoted(char **p)
{
	char *text = *p + 1;
	char *end = strchr(text, '"');

	if (!end)
		return NULL;
	*end = '\0';
	*p = end + 1;
	return text;
}

/* What stands up to the comment, without the blanks around it. */
static char *cut_rest(char *p)
{
	size_t length;

	p[strcspn(p, "#")] = '\0';
	length = strlen(p);
	while (length > 0 && strchr(BLANKS, p[length - 1]))
		length--;
	p[length] = '\0';
	return p;
}

static int split_value(char *p, struct pair *ret_pair, const struct place *place)
{
	ret_pair->value_quoted = *p == '"';
	if (!ret_pair->value_quoted) {
		ret_pair->value = cut_rest(p);
		if (!strchr(ret_pair->value, '"'))
			return 0;
		message_error(place->messages, place->file, place->line,
			      "quote inside of a value (quote the whole value)");
		return -EINVAL;
	}

	ret_pair->value = cut_quoted(&p);
	if (!ret_pair->value) {
		message_error(place->messages, place->file, place->line,
			      "closing quote is missing");
		return -EINVAL;
	}
	p = skip_blanks(p);
	if (!at_comment_or_end(p)) {
		message_error(place->messages, place->file, place->line,
			      "unexpected " QUOTE_S " after the value", cut_rest(p));
		return -EINVAL;
	}
	return 0;
}

static int split_line(char *line, struct pair *ret_pair, const struct place *place)
{
	char *p = skip_blanks(line);
	char *key_end;

	ret_pair->key = NULL;
	if (at_comment_or_end(p))
		return 0;

	ret_pair->key = p;
	if (*p == '"') {
		ret_pair->key = cut_quoted(&p);
		if (!ret_pair->key) {
			message_error(place->messages, place->file, place->line,
				      "closing quote is missing");
			return -EINVAL;
		}
		key_end = p;
	} else {
		p += strcspn(p, BLANKS "=#\"");
		key_end = p;
	}

	p = skip_blanks(p);
	if (*p != '=') {
		message_error(place->messages, place->file, place->line,
			      "no key=value line: " QUOTE_S, cut_rest(skip_blanks(line)));
		return -EINVAL;
	}

	p = skip_blanks(p + 1);
	*key_end = '\0';
	return split_value(p, ret_pair, place);
}

/* Without quotes, a value is one word, except for keys that take a list of them. */
static int check_words(const struct config_key *key, const struct pair *pair,
		       const struct place *place)
{
	const char *blank = strpbrk(pair->value, BLANKS);

	if (pair->value_quoted || key->list || !blank)
		return 0;
	message_error(place->messages, place->file, place->line,
		      "unexpected " QUOTE_S " after the value", blank + strspn(blank, BLANKS));
	return -EINVAL;
}

/* seen[i] is the line that set config_keys[i], 0: none yet. Errors are in the messages. */
static void parse_line(struct config *config, char *line, const struct place *place,
		       unsigned int *seen)
{
	const struct config_key *key;
	struct pair pair;
	size_t index;

	if (split_line(line, &pair, place) < 0 || !pair.key)
		return;

	key = config_key_find(pair.key);
	if (!key) {
		report_unknown_key(place, pair.key);
		return;
	}

	index = (size_t) (key - config_keys);
	if (seen[index]) {
		message_error(place->messages, place->file, place->line,
			      "'%s' is set twice, first in line %u", key->name, seen[index]);
		return;
	}
	seen[index] = place->line;

	if (check_words(key, &pair, place) == 0)
		(void) set_key(config, key, pair.value, place);
}

int config_parse(struct config *config, const char *file, const char *text, size_t length,
		 struct message_list *messages)
{
	unsigned int seen[CONFIG_KEY_LIMIT] = { 0 };
	struct lines lines;
	char *line;
	int r;

	lines_init(&lines, file, text, length, messages);
	while ((line = lines_next(&lines))) {
		const struct place place = { file, lines.number, messages };

		parse_line(config, line, &place, seen);
	}
	r = lines_result(&lines);
	lines_deinit(&lines);
	return r;
}

static void read_one(struct config *config, const char *path, bool must_exist,
		     struct message_list *messages)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r;

	r = lines_read_file(path, &text);
	if (r == -ENOENT && !must_exist)
		return;
	if (r < 0) {
		message_error(messages, path, 0, "cannot be read: %s", strerror(-r));
		return;
	}
	(void) origin_name(&config->origins, path);
	(void) config_parse(config, path, buf_text(&text), text.length, messages);
}

/* What a shell means by *.conf. */
static int is_drop_in(const struct dirent *entry)
{
	static const char suffix[] = ".conf";
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length >= sizeof(suffix) &&
	       strcmp(entry->d_name + length - strlen(suffix), suffix) == 0;
}

/* By bytes: the order must not depend on anybody's locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_drop_ins(struct config *config, const char *directory,
			  struct message_list *messages)
{
	struct dirent **entries;
	int count;

	count = scandir(directory, &entries, is_drop_in, compare_names);
	if (count < 0 && errno == ENOENT)
		return;
	if (count < 0) {
		message_error(messages, directory, 0, "cannot be read: %s", strerror(errno));
		return;
	}

	for (int i = 0; i < count; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0) {
			message_error(messages, directory, 0, "out of memory");
		} else {
			read_one(config, path, true, messages);
			free(path);
		}
		free(entries[i]);
	}
	free(entries);
}

int config_drop_in_directory(const char *path, char **ret_directory)
{
	size_t length = strlen(path);

	if (length > strlen(".conf") && strcmp(path + length - strlen(".conf"), ".conf") == 0)
		length -= strlen(".conf");
	return asprintf(ret_directory, "%.*s.conf.d", (int) length, path) < 0 ? -ENOMEM : 0;
}

int config_read(struct config *config, const char *path, bool must_exist,
		struct message_list *messages)
{
	size_t errors_before = messages->errors;
	char *directory;

	read_one(config, path, must_exist, messages);

	if (config_drop_in_directory(path, &directory) < 0) {
		message_error(messages, path, 0, "out of memory");
	} else {
		read_drop_ins(config, directory, messages);
		free(directory);
	}
	return messages->errors > errors_before ? -EINVAL : 0;
}

static void check_cpus(const struct config *config, const char *file, struct message_list *messages)
{
	if (config_cpus_empty_without(&config->use_cpus, &config->exclude_cpus))
		message_error(
			messages, file, 0,
			"'exclude-cpus' leaves nothing of 'use-cpus': no CPU may receive IRQs");
	else if (config->use_cpus.isolated && config->isolated_cpus == ISOLATED_AVOID)
		message_warning(messages, file, 0,
				"'use-cpus' names the isolated CPUs, but 'isolated-cpus' is avoid");
}

static void check_node(const struct config *config, const char *file, struct message_list *messages)
{
	bool preferred = config->unknown_node == CONFIG_NODE_PREFERRED;

	if (preferred && config->preferred_node < 0)
		message_error(messages, file, 0,
			      "'unknown-node' is preferred, but 'preferred-node' is not set");
	else if (!preferred && config->preferred_node >= 0)
		message_warning(
			messages, file, 0,
			"'preferred-node' has no effect unless 'unknown-node' is preferred");
}

void config_check(const struct config *config, const char *file, struct message_list *messages)
{
	check_cpus(config, file, messages);
	check_node(config, file, messages);

	if (config->load_limit_ppm > config->threshold_ppm)
		message_warning(
			messages, file, 0,
			"'load-limit' is above 'threshold': overloaded CPUs may receive IRQs");
	if (config->short_interval_ms > config->long_interval_ms)
		message_warning(messages, file, 0,
				"'short-interval' is longer than 'long-interval'");
}
