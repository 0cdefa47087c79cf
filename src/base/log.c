/*
 * Lines go out where they are made, with no queue: a daemon that says a few lines a minute needs
 * none, and the last line before a crash is the one that matters.
 */
#include "irqherd/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

static enum log_target target = LOG_TO_STDERR;
static int level_limit = LOG_INFO;

void log_open(enum log_target new_target, const char *name, int syslog_facility)
{
	if (target == LOG_TO_SYSLOG)
		closelog();
	target = new_target;
	if (target == LOG_TO_SYSLOG)
		openlog(name, LOG_PID, syslog_facility);
}

void log_set_level(int level)
{
	level_limit = level;
}

bool log_enabled(int level)
{
	return level <= level_limit;
}

/* One write per line, so that lines of several processes on one terminal do not mix. A reader that
 * is gone or slow is no reason to fail. */
_printf_(2, 0) static void log_to_stderr(int level, const char *format, va_list arguments)
{
	char line[LINE_MAX_BYTES];
	size_t start = 0;
	int length;
	ssize_t written;

	if (target == LOG_TO_STDERR_PREFIXED)
		start = (size_t) snprintf(line, sizeof(line), "<%d>", level);

	/* One byte is kept for the newline, which takes the place of the NUL. */
	length = vsnprintf(line + start, sizeof(line) - start, format, arguments);
	if (length < 0)
		return;
	if ((size_t) length > sizeof(line) - start - 1)
		length = (int) (sizeof(line) - start - 1);

	for (size_t i = start; i < start + (size_t) length; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	line[start + (size_t) length] = '\n';

	do
		written = write(STDERR_FILENO, line, start + (size_t) length + 1);
	while (written < 0 && errno == EINTR);
}

void log_at(int level, const char *format, ...)
{
	int saved_errno = errno;
	va_list arguments;

	if (!log_enabled(level))
		return;

	va_start(arguments, format);
	if (target == LOG_TO_SYSLOG)
		vsyslog(level, format, arguments);
	else
		log_to_stderr(level, format, arguments);
	va_end(arguments);
	errno = saved_errno;
}

static const struct facility {
	const char *name;
	int facility;
} facilities[] = {
	{ "local0", LOG_LOCAL0 },     { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 },     { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 },     { "local7", LOG_LOCAL7 }, { "auth", LOG_AUTH },
	{ "authpriv", LOG_AUTHPRIV }, { "cron", LOG_CRON },     { "daemon", LOG_DAEMON },
	{ "ftp", LOG_FTP },           { "kern", LOG_KERN },     { "lpr", LOG_LPR },
	{ "mail", LOG_MAIL },         { "news", LOG_NEWS },     { "syslog", LOG_SYSLOG },
	{ "user", LOG_USER },         { "uucp", LOG_UUCP },
};

int log_facility_parse(const char *name, int *ret_facility)
{
	for (size_t i = 0; i < ARRAY_SIZE(facilities); i++) {
		if (strcasecmp(name, facilities[i].name) != 0)
			continue;
		*ret_facility = facilities[i].facility;
		return 0;
	}
	return -EINVAL;
}
