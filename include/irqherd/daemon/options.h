/*
 * options: the command line, parsed and not yet acted on. Texts are borrowed from argv. Relative
 * paths are made absolute, since a daemon leaves its folder and reads its files again at every
 * reload.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "irqherd/setup/settings.h"

#define EXIT_RUNTIME       1
#define EXIT_USAGE         2
#define EXIT_PERMISSION    4
#define EXIT_NOTHING_TO_DO 77

#define OPTIONS_RUN_FOLDER     "/run/irqherd"
#define OPTIONS_PID_PATH       "/run/irqherd/irqherd.pid"
#define OPTIONS_ORIGINALS_PATH "/run/irqherd/originals"
#define OPTIONS_SOCKET_PATH    "/run/irqherd/io.irqherd"
#define OPTIONS_CONFIG_FOLDER  "/etc/irqherd"
#define OPTIONS_RPS_PATH       "/run/irqherd/rps"

struct options {
	bool foreground; /* -f, -d, and all that runs once */
	bool verbose;
	bool check_config;
	bool dry_run;
	bool oneshot;
	const char *config_path;
	bool config_given;    /* then a missing file is an error */
	const char *pxm_path; /* NULL: as the configuration says */
	const char *pid_path;
	const char *socket_path; /* NULL: no socket */
	const char *root;        /* NULL: the live machine */
	int facility;            /* for syslog */
	struct legacy_option legacy[16];
	size_t legacy_count;
	char absolute[4][4096];
	size_t absolute_count;
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE,  /* help or version was printed */
	OPTIONS_WRONG, /* said on standard error: usage */
};

enum options_result options_parse(int argc, char **argv, struct options *ret_options);

/* What of it concerns the settings; borrows from the options. */
struct settings_input options_settings(const struct options *options);
