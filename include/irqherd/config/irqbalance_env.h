/*
 * irqbalance_env: irqbalance's environment file, /etc/default/irqbalance or
 * /etc/sysconfig/irqbalance, as systemd reads it: NAME=value lines, optional quotes, `export`
 * before a name.
 *
 * Other programs (CRI-O, TuneD, node tuning operators) keep CPUs free by rewriting it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/config/message.h"

/* What is said of CPUs. The list wins over the mask, as there is one meaning only in either. */
struct irqbalance_env {
	bool has_banned;       /* a list or mask is given, perhaps an empty one */
	struct cpumask banned; /* IRQBALANCE_BANNED_CPULIST and IRQBALANCE_BANNED_CPUS together */
};

/* Every assignment of a file, in order; a NAME given twice is given twice. */
struct env_line {
	const char *name; /* valid until the callback returns */
	const char *value;
	unsigned int line;
};

/* -EINVAL: a line that is no assignment, or not a text file; said, the others are still told. */
int env_parse(const char *file, const char *text, size_t length, struct message_list *messages,
	      void (*each)(void *context, const struct env_line *line), void *context);

/* -EINVAL: not such a file, or a value that is no CPU set; *ret_env is untouched then. */
int irqbalance_env_parse(const char *file, const char *text, size_t length,
			 struct irqbalance_env *ret_env, struct message_list *messages);

/* The same of a file. A missing file means nothing is banned. */
int irqbalance_env_read(const char *path, struct irqbalance_env *ret_env,
			struct message_list *messages);

/* A value of IRQBALANCE_BANNED_CPULIST: a list; "-" was the way to write an empty one. */
int irqbalance_list_parse(const char *value, struct cpumask *ret_cpus);
