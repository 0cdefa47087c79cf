#include "irqherd/config/config_cpu_rules.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS  " \t"
#define IRQ     "irq:"
#define DRIVER  "driver:"
#define NOTHING "none"

/* "0000:af:00.1/7": something on both sides of the only slash. */
static bool slot_is_whole(const char *pattern)
{
	const char *slash = strchr(pattern, '/');

	return slash != pattern && slash[1] && !strchr(slash + 1, '/');
}

static bool pattern_is_whole(const char *pattern)
{
	if (strncmp(pattern, IRQ, strlen(IRQ)) == 0)
		return pattern[strlen(IRQ)];
	if (strncmp(pattern, DRIVER, strlen(DRIVER)) == 0)
		return pattern[strlen(DRIVER)];
	return strchr(pattern, '/') ? slot_is_whole(pattern) : pattern[0];
}

/* Takes the "=" out of `word`. */
static int parse_rule(char *word, struct config_cpu_rule *ret_rule)
{
	struct config_cpu_rule rule = { .pattern = NULL };
	char *sign = strrchr(word, '=');
	int r;

	if (!sign)
		return -EINVAL;
	*sign = '\0';
	if (!pattern_is_whole(word))
		return -EINVAL;
	r = config_cpus_parse_list(&rule.cpus, sign + 1);
	if (r == 0 && config_cpus_empty(&rule.cpus))
		r = -EINVAL;
	if (r == 0) {
		rule.pattern = strdup(word);
		r = rule.pattern ? 0 : -ENOMEM;
	}
	if (r < 0) {
		config_cpus_deinit(&rule.cpus);
		return r;
	}

	*ret_rule = rule;
	return 0;
}

static int put_word(struct config_cpu_rules *rules, const char *text, size_t length)
{
	struct config_cpu_rule *items;
	char *word;
	int r;

	items = reallocarray(rules->items, rules->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	rules->items = items;

	word = strndup(text, length);
	if (!word)
		return -ENOMEM;
	r = parse_rule(word, &items[rules->count]);
	free(word);
	if (r == 0)
		rules->count++;
	return r;
}

int config_cpu_rules_parse(struct config_cpu_rules *rules, const char *text)
{
	struct config_cpu_rules words = { .items = NULL };
	bool none = false;
	int r = 0;

	for (text += strspn(text, BLANKS); *text && r == 0; text += strspn(text, BLANKS)) {
		size_t length = strcspn(text, BLANKS);

		if (length == strlen(NOTHING) && strncmp(text, NOTHING, length) == 0)
			none = true;
		else
			r = put_word(&words, text, length);
		text += length;
	}
	if (r == 0 && none && words.count > 0)
		r = -EINVAL;
	if (r < 0) {
		config_cpu_rules_deinit(&words);
		return r;
	}

	config_cpu_rules_deinit(rules);
	*rules = words;
	return 0;
}

void config_cpu_rules_deinit(struct config_cpu_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		free(rules->items[i].pattern);
		config_cpus_deinit(&rules->items[i].cpus);
	}
	free(rules->items);
	*rules = (struct config_cpu_rules){ .items = NULL };
}

size_t config_cpu_rules_format(const struct config_cpu_rules *rules, char *text, size_t size)
{
	size_t length = 0;

	if (rules->count == 0)
		return (size_t) snprintf(text, size, NOTHING);

	for (size_t i = 0; i < rules->count; i++) {
		const struct config_cpu_rule *rule = &rules->items[i];
		char *end = length < size ? text + length : NULL;

		length += (size_t) snprintf(end, end ? size - length : 0, "%s%s=%s", i ? " " : "",
					    rule->pattern, config_cpus_text(&rule->cpus));
	}
	return length;
}
