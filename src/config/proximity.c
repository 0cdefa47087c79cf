#include "irqherd/config/proximity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/parse.h"
#include "irqherd/config/config_cpus.h"
#include "irqherd/config/lines.h"

#define BLANKS  " \t"
#define QUOTE_S "'%.80s'" /* what a message quotes of the input */

static void free_rules(struct proximity_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(rules[i].cpus);
	free(rules);
}

void proximity_deinit(struct proximity *proximity)
{
	free_rules(proximity->rules, proximity->count);
	free(proximity->path);
	*proximity = PROXIMITY_INIT;
}

/* Takes over what the rule owns, on failure too. */
static int put_rule(struct proximity *proximity, struct proximity_rule *rule)
{
	if (proximity->count == proximity->size) {
		size_t size = proximity->size ? 2 * proximity->size : 16;
		struct proximity_rule *rules = reallocarray(proximity->rules, size, sizeof(*rules));

		if (!rules) {
			free(rule->cpus);
			return -ENOMEM;
		}
		proximity->rules = rules;
		proximity->size = size;
	}
	proximity->rules[proximity->count++] = *rule;
	return 0;
}

static int set_node(struct proximity_rule *rule, const char *number)
{
	rule->kind = PROXIMITY_NODE;
	return parse_i32(number, -1, CONFIG_NODE_LIMIT - 1, &rule->node);
}

/* The empty mask is refused: birq took it for "no CPU is local", and the device was never served.
 */
static int set_cpumask(struct proximity_rule *rule, const char *hex)
{
	struct cpumask cpus;
	int r;

	if (hex[0] == '0' && (hex[1] == 'x' || hex[1] == 'X'))
		hex += 2;
	r = cpumask_parse(hex, &cpus);
	if (r < 0)
		return r;
	if (cpumask_empty(&cpus))
		return -EINVAL;

	rule->kind = PROXIMITY_CPUMASK;
	rule->cpus = malloc(sizeof(cpus));
	if (!rule->cpus)
		return -ENOMEM;
	*rule->cpus = cpus;
	return 0;
}

static const struct keyword {
	const char *name;
	int (*set)(struct proximity_rule *rule, const char *value);
	const char *accepted;
} keywords[] = {
	{ "node", set_node, "-1 to 1023" },
	{ "cpumask", set_cpumask, "hex groups with at least one CPU, as ff or ff,ffffffff" },
};

static const struct keyword *find_keyword(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (strcasecmp(name, keywords[i].name) == 0)
			return &keywords[i];
	return NULL;
}

/* Cuts the next word off at *p, which is left behind it; NULL: no more. */
static char *next_word(char **p)
{
	char *word = *p + strspn(*p, BLANKS);
	char *end = word + strcspn(word, BLANKS);

	*p = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

/* Complains about everything but the memory. -EINVAL, -ENOMEM. */
static int parse_rule(struct proximity_rule *rule, char *words, const char *file,
		      struct message_list *messages)
{
	const char *address = next_word(&words);
	const char *name = next_word(&words);
	const char *value = next_word(&words);
	const char *extra = next_word(&words);
	const struct keyword *keyword = name ? find_keyword(name) : NULL;
	int r = 0;

	if (pci_prefix_parse(address, &rule->prefix) < 0) {
		message_error(messages, file, rule->line,
			      "bad PCI address " QUOTE_S " (accepted: how an address begins that "
			      "lspci -D shows, as 0000:08:00.0, 0000:08 or 0000:)",
			      address);
		r = -EINVAL;
	}

	if (!name || (keyword && !value)) {
		message_error(messages, file, rule->line,
			      "incomplete line (accepted: ADDRESS node N, ADDRESS cpumask HEX)");
		return -EINVAL;
	}
	if (!keyword) {
		message_error(messages, file, rule->line,
			      "unknown word " QUOTE_S " (accepted: node, cpumask)", name);
		return -EINVAL;
	}

	if (extra) {
		message_error(messages, file, rule->line, "unexpected " QUOTE_S " after the %s",
			      extra, keyword->name);
		r = -EINVAL;
	}

	switch (keyword->set(rule, value)) {
	case 0:
		return r;
	case -ENOMEM:
		return -ENOMEM;
	default:
		message_error(messages, file, rule->line, "bad %s " QUOTE_S " (accepted: %s)",
			      keyword->name, value, keyword->accepted);
		return -EINVAL;
	}
}

static void parse_line(struct proximity *proximity, char *line, unsigned int number,
		       const char *file, struct message_list *messages)
{
	struct proximity_rule rule = { .node = -1, .line = number };
	int r;

	line[strcspn(line, "#")] = '\0';
	if (line[strspn(line, BLANKS)] == '\0')
		return;

	r = parse_rule(&rule, line, file, messages);
	if (r == 0)
		r = put_rule(proximity, &rule);
	else
		free(rule.cpus);
	if (r == -ENOMEM)
		message_error(messages, file, number, "out of memory");
}

int proximity_parse(struct proximity *proximity, const char *file, const char *text, size_t length,
		    struct message_list *messages)
{
	struct lines lines;
	char *line;
	int r;

	lines_init(&lines, file, text, length, messages);
	while ((line = lines_next(&lines)))
		parse_line(proximity, line, lines.number, file, messages);
	r = lines_result(&lines);
	lines_deinit(&lines);
	return r;
}

int proximity_read(struct proximity *proximity, const char *path, struct message_list *messages)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	char *copy = strdup(path);
	int r = copy ? lines_read_file(path, &text) : -ENOMEM;

	if (r < 0) {
		message_error(messages, path, 0, "cannot be read: %s", strerror(-r));
		free(copy);
		return -EINVAL;
	}

	free(proximity->path);
	proximity->path = copy;
	return proximity_parse(proximity, path, buf_text(&text), text.length, messages);
}

const struct proximity_rule *proximity_find(const struct proximity *proximity,
					    const struct pci_addr *addr)
{
	const struct proximity_rule *best = NULL;

	for (size_t i = 0; i < proximity->count; i++) {
		const struct proximity_rule *rule = &proximity->rules[i];

		if (best && rule->prefix.length <= best->prefix.length)
			continue;
		if (pci_prefix_match(&rule->prefix, addr))
			best = rule;
	}
	return best;
}
