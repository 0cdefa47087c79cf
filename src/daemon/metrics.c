/*
 * Metrics as a file, for collectors that read such files. It is written behind a round, seldom, and
 * in memory (/run) by preference: the round has been made by then, and the next one is a second
 * off.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/log.h"
#include "irqherd/daemon/daemon.h"
#include "irqherd/outlet/textfile.h"

#define METRICS_INTERVAL_MS 15000u

int daemon_format_metrics(struct daemon *daemon, enum metrics_format format, struct buf *text)
{
	struct sight sight;
	int r;

	sight_init(daemon, &sight);
	r = openmetrics_format(&sight.view, format, text);
	sight_deinit(&sight);
	return r;
}

void daemon_end_metrics(struct daemon *daemon)
{
	if (daemon->metrics_path)
		(void) unlink(daemon->metrics_path);
	free(daemon->metrics_path);
	daemon->metrics_path = NULL;
}

/* Said once, and again after a success. */
static void say_failure(struct daemon *daemon, const char *path, int r)
{
	if (!daemon->said_metrics)
		log_warning("metrics can't be written, trying again: file=%s error=\"%s\"", path,
			    strerror(-r));
	daemon->said_metrics = true;
}

void daemon_write_metrics(struct daemon *daemon, uint64_t now_ms)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const char *path = daemon->settings.config.metrics_file;
	int r;

	if (daemon->metrics_path && (!path || strcmp(path, daemon->metrics_path) != 0)) {
		daemon_end_metrics(daemon);
		daemon->metrics_due_ms = 0;
	}
	if (!path || daemon->options->dry_run || now_ms < daemon->metrics_due_ms)
		return;

	daemon->metrics_due_ms = now_ms + METRICS_INTERVAL_MS;
	r = daemon_format_metrics(daemon, METRICS_PROMETHEUS, &text);
	if (r == 0)
		r = textfile_write(path, buf_text(&text), text.length);
	if (r < 0) {
		say_failure(daemon, path, r);
		return;
	}
	daemon->said_metrics = false;
	if (!daemon->metrics_path)
		daemon->metrics_path = strdup(path);
}
