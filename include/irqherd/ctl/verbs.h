/* verbs: everything that irqherdctl can do, by name. */
#pragma once

#include <stddef.h>

#include "irqherd/ctl/ctl.h"

/* What else the command line says; each verb takes what concerns it. */
struct verb_options {
	bool all;
	bool has_past;
	unsigned int past;
};

struct verb {
	const char *name;
	const char *arguments; /* "IRQ | DEVICE" */
	const char *help;
	unsigned int least; /* arguments that it takes, the verb aside */
	unsigned int most;
	bool own_options; /* gets its part of the command line as it is */
	/* argv[0] is the verb; argv[argc] is NULL. Answers an exit code. */
	int (*run)(const struct ctl *ctl, const struct verb_options *options, int argc,
		   char **argv);
};

extern const struct verb verbs[];
extern const size_t verb_count;

const struct verb *verb_find(const char *name);  /* NULL: none */
const struct verb *verb_guess(const char *name); /* what a mistyped name probably means; NULL */
