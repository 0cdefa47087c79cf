/* config_patterns: the words of a list value, "eth0 nvme*" or "eth0,nvme*"; "none" is the empty
 * list. What a pattern matches is for those who use it. */
#pragma once

#include <stddef.h>

struct config_patterns {
	char **items;
	size_t count;
};

/* Replaces what *patterns held. -EINVAL: "none" beside other words. */
int config_patterns_parse(struct config_patterns *patterns, const char *text);
void config_patterns_deinit(struct config_patterns *patterns);

/* Cut to size and answering the whole length, like snprintf; "none" for the empty list. */
size_t config_patterns_format(const struct config_patterns *patterns, char *text, size_t size);
