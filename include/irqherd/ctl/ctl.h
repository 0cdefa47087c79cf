/*
 * ctl: what the command line of irqherdctl says for all verbs, and how an answer is got: from the
 * daemon, or where none runs (or none is wanted) from the machine itself.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define CTL_OK          0
#define CTL_FAILED      1 /* a runtime error, or not as wanted */
#define CTL_USAGE       2
#define CTL_NOT_RUNNING 3
#define CTL_PERMISSION  4

struct local;
struct session;

enum ctl_color {
	CTL_COLOR_AUTO, /* on a terminal that has colours, and without NO_COLOR */
	CTL_COLOR_ALWAYS,
	CTL_COLOR_NEVER,
};

struct ctl {
	const char *root;        /* folder of a captured machine; NULL: this one */
	const char *socket;      /* of the daemon */
	const char *config_path; /* NULL: the default, and no error if it is missing */
	bool no_daemon;          /* read the machine, whoever runs */
	bool json;
	bool json_lines; /* streams as one object a line */
	bool persist;    /* changes go to the configuration, too */
	bool color;      /* resolved */
	bool unicode;    /* the locale can show more than ASCII */
	unsigned int width;
	struct session *session; /* owned; what is kept between two questions */
};

/* All is zero but what follows from it. -ENOMEM. */
int ctl_init(struct ctl *ctl);
void ctl_deinit(struct ctl *ctl);

/* Resolves colour, characters and width for standard output. */
void ctl_look_at_terminal(struct ctl *ctl, enum ctl_color color);

/*
 * The reply to a method of io.irqherd that reads, from whichever side. Says on standard error what
 * went wrong, and answers an exit code; *ret_reply is a new reference, set for CTL_OK only.
 * parameters are taken over; NULL: none.
 */
int ctl_ask(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply);

/* A method that changes something: only the daemon can. ret_reply NULL: not wanted. */
int ctl_tell(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply);

/* A method with `more`: each is called for every reply, until it answers another code than CTL_OK.
 */
int ctl_follow(const struct ctl *ctl, const char *method, json_t *parameters,
	       int (*each)(void *context, const json_t *reply), void *context);

bool ctl_daemon_answers(const struct ctl *ctl);

/* The machine itself, read once; with the loads of an interval, or those that it has. NULL: it
 * could not be read, which was said. Borrowed until ctl_deinit. */
struct local *ctl_machine(const struct ctl *ctl, bool loads);
