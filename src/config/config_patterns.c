#include "irqherd/config/config_patterns.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATORS " \t,"

static int put(struct config_patterns *patterns, const char *word, size_t length)
{
	char **items, *copy;

	items = reallocarray(patterns->items, patterns->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	patterns->items = items;

	copy = strndup(word, length);
	if (!copy)
		return -ENOMEM;
	items[patterns->count++] = copy;
	return 0;
}

int config_patterns_parse(struct config_patterns *patterns, const char *text)
{
	struct config_patterns words = { .items = NULL };
	bool none = false;
	int r = 0;

	for (text += strspn(text, SEPARATORS); *text; text += strspn(text, SEPARATORS)) {
		size_t length = strcspn(text, SEPARATORS);

		if (length == strlen("none") && strncmp(text, "none", length) == 0)
			none = true;
		else
			r = put(&words, text, length);
		if (r < 0)
			break;
		text += length;
	}
	if (r == 0 && none && words.count > 0)
		r = -EINVAL;
	if (r < 0) {
		config_patterns_deinit(&words);
		return r;
	}

	config_patterns_deinit(patterns);
	*patterns = words;
	return 0;
}

void config_patterns_deinit(struct config_patterns *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		free(patterns->items[i]);
	free(patterns->items);
	*patterns = (struct config_patterns){ .items = NULL };
}

size_t config_patterns_format(const struct config_patterns *patterns, char *text, size_t size)
{
	size_t length = 0;

	if (patterns->count == 0)
		return (size_t) snprintf(text, size, "none");

	for (size_t i = 0; i < patterns->count; i++) {
		char *end = length < size ? text + length : NULL;

		length += (size_t) snprintf(end, end ? size - length : 0, "%s%s", i ? " " : "",
					    patterns->items[i]);
	}
	return length;
}
