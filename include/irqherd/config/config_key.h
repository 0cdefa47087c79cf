/*
 * config_key: the table of every key that a configuration file may hold. Parser, manual page test
 * and reports live on it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct config;

struct config_key {
	const char *name;     /* "short-interval" */
	const char *type;     /* "number", "CPU set", "y or n", "word", "path", "patterns",
			       "rules" */
	const char *range;    /* what is accepted, without the unit: "0.1 to 3600" */
	const char *unit;     /* of a number: "seconds"; NULL: none */
	const char *standard; /* the default, as it would be written */
	const char *help;     /* one sentence */
	bool list;            /* takes several words, also without quotes around them */

	/* Leaves the old value alone on failure: -EINVAL, -ERANGE, -ENOMEM. */
	int (*set)(struct config *config, const char *value);
	/* The effective value, as `set` takes it; cut to size, answers its length, like snprintf.
	 */
	int (*format)(const struct config *config, char *text, size_t size);
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

#define CONFIG_KEY_LIMIT 64 /* config_key_count is at most this */

const struct config_key *config_key_find(const char *name); /* NULL: none */
/* The key that a mistyped name probably means; NULL: none is near. */
const struct config_key *config_key_guess(const char *name);
