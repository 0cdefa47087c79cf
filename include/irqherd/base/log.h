/*
 * log: one line per event, `what happened key=value …`, to syslog or standard error.
 *
 * The level and the target are the program's only global state. Only daemon, ctl, source, actuate
 * and outlet log.
 */
#pragma once

#include <stdbool.h>
#include <syslog.h>

#include "irqherd/base/macro.h"

enum log_target {
	LOG_TO_STDERR,          /* plain lines */
	LOG_TO_STDERR_PREFIXED, /* "<6>line", as a service manager reads priorities */
	LOG_TO_SYSLOG,
};

void log_open(enum log_target target, const char *name, int syslog_facility);
void log_set_level(int level); /* LOG_ERR … LOG_DEBUG; starts at LOG_INFO */
bool log_enabled(int level);
void log_at(int level, const char *format, ...) _printf_(2, 3);

#define log_error(...)   log_at(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                                  \
	do {                                            \
		if (log_enabled(LOG_DEBUG))             \
			log_at(LOG_DEBUG, __VA_ARGS__); \
	} while (0)

/* syslog facility by birq's names, any letter case: local0-7 auth authpriv cron daemon ftp kern lpr
 * mail news syslog user uucp. */
int log_facility_parse(const char *name, int *ret_facility);
