/*
 * birq's masks come first: whatever can be read as a hex mask is one. A list must therefore say
 * that it is a list. A number without a range or "cpus:" in its text is refused beside words
 * ("node0,8"), because its writer may have meant either CPU 8 or mask 8.
 */
#include "irqherd/config/config_cpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/parse.h"

#define HEX_DIGITS  "0123456789abcdefABCDEF"
#define DIGITS      "0123456789"
#define LIST_PREFIX "cpus:"

static bool consists_of(const char *text, const char *accepted)
{
	return text[strspn(text, accepted)] == '\0';
}

static int parse_hex(struct config_cpus *set, const char *text)
{
	return cpumask_parse(text, &set->cpus);
}

/* One CPU or one range. */
static int parse_list_item(struct config_cpus *set, const char *item)
{
	struct cpumask cpus;
	int r;

	r = cpulist_parse(item, &cpus);
	if (r < 0)
		return r;

	set->cpus = cpumask_or(&set->cpus, &cpus);
	return 0;
}

static int parse_node(struct config_cpus *set, const char *number)
{
	uint32_t node;
	int r;

	if (!consists_of(number, DIGITS))
		return -EINVAL;
	r = parse_u32(number, 0, CONFIG_NODE_LIMIT - 1, &node);
	if (r < 0)
		return r;

	set->nodes[node / 64] |= UINT64_C(1) << node % 64;
	return 0;
}

static int parse_item(struct config_cpus *set, const char *item, bool numbers_are_cpus)
{
	bool marked = strncmp(item, LIST_PREFIX, strlen(LIST_PREFIX)) == 0;

	if (strcmp(item, "isolated") == 0) {
		set->isolated = true;
		return 0;
	}
	if (strncmp(item, "node", strlen("node")) == 0)
		return parse_node(set, item + strlen("node"));

	/* A script may fill in an empty list: "cpus:" is the empty set. */
	if (marked)
		item += strlen(LIST_PREFIX);
	if (marked && *item == '\0')
		return 0;

	if (*item == '\0' || !numbers_are_cpus || !consists_of(item, DIGITS "-"))
		return -EINVAL;
	return parse_list_item(set, item);
}

/* Takes the commas out of `text`. */
static int parse_items(struct config_cpus *set, char *text, bool numbers_are_cpus)
{
	char *item = text;

	while (item) {
		char *comma = strchr(item, ',');
		int r;

		if (comma)
			*comma = '\0';
		r = parse_item(set, item, numbers_are_cpus);
		if (r < 0)
			return r;
		item = comma ? comma + 1 : NULL;
	}
	return 0;
}

/* `text` is trimmed and is changed. */
static int parse_trimmed(struct config_cpus *set, char *text, bool is_list)
{
	if (*text == '\0' || strcmp(text, "none") == 0)
		return 0;
	if (strcmp(text, "all") == 0) {
		set->all = true;
		return 0;
	}
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return parse_hex(set, text + 2);
	if (!is_list && consists_of(text, HEX_DIGITS ","))
		return parse_hex(set, text);
	return parse_items(set, text, is_list || strchr(text, '-') || strstr(text, LIST_PREFIX));
}

static char *copy_trimmed(const char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && strchr(" \t", text[length - 1]))
		length--;
	return strndup(text, length);
}

static int parse(struct config_cpus *cpus, const char *text, bool is_list)
{
	struct config_cpus set = { .text = copy_trimmed(text) };
	char *scratch = set.text ? strdup(set.text) : NULL;
	int r = -ENOMEM;

	if (scratch)
		r = parse_trimmed(&set, scratch, is_list);
	free(scratch);
	if (r < 0) {
		config_cpus_deinit(&set);
		return r;
	}

	config_cpus_deinit(cpus);
	*cpus = set;
	return 0;
}

int config_cpus_parse(struct config_cpus *cpus, const char *text)
{
	return parse(cpus, text, false);
}

int config_cpus_parse_list(struct config_cpus *cpus, const char *text)
{
	return parse(cpus, text, true);
}

void config_cpus_deinit(struct config_cpus *cpus)
{
	free(cpus->text);
	*cpus = (struct config_cpus){ .text = NULL };
}

static int put_comma(struct buf *text)
{
	return text->length > 0 ? buf_puts(text, ",") : 0;
}

static int put_words(struct buf *text, const struct config_cpus *set)
{
	int r = 0;

	if (set->isolated)
		r = buf_puts(text, "isolated");
	for (unsigned int node = 0; r == 0 && node < CONFIG_NODE_LIMIT; node++) {
		if (!(set->nodes[node / 64] >> node % 64 & 1))
			continue;
		r = put_comma(text);
		if (r == 0)
			r = buf_printf(text, "node%u", node);
	}
	return r;
}

static int put_list(struct buf *text, const struct cpumask *cpus)
{
	char list[CPULIST_TEXT];
	int r;

	if (cpumask_empty(cpus))
		return 0;
	r = put_comma(text);
	if (r < 0)
		return r;
	(void) cpulist_format(cpus, list, sizeof(list));
	return buf_printf(text, LIST_PREFIX "%s", list);
}

int config_cpus_add(struct config_cpus *cpus, const struct cpumask *more)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct cpumask sum = cpumask_or(&cpus->cpus, more);
	int r;

	if (cpus->all || cpumask_subset(more, &cpus->cpus))
		return 0;

	r = put_words(&text, cpus);
	if (r == 0)
		r = put_list(&text, &sum);
	if (r < 0)
		return r;

	free(cpus->text);
	cpus->text = text.data;
	cpus->cpus = sum;
	text = BUF_INIT;
	return 0;
}

bool config_cpus_empty(const struct config_cpus *cpus)
{
	static const struct config_cpus nothing;

	return config_cpus_empty_without(cpus, &nothing);
}

bool config_cpus_empty_without(const struct config_cpus *cpus, const struct config_cpus *less)
{
	if (less->all)
		return true;
	if (cpus->all || (cpus->isolated && !less->isolated))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(cpus->nodes); i++)
		if (cpus->nodes[i] & ~less->nodes[i])
			return false;
	return cpumask_subset(&cpus->cpus, &less->cpus);
}

const char *config_cpus_text(const struct config_cpus *cpus)
{
	if (cpus->text && *cpus->text)
		return cpus->text;
	return cpus->all ? "all" : "none";
}
