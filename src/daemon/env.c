/* irqbalance's environment file, followed while we run (irqbalance-env). */
#include <string.h>

#include "irqherd/base/log.h"
#include "irqherd/daemon/daemon.h"
#include "irqherd/outlet/words.h"

static void on_env(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct daemon *daemon = watcher->data;
	bool changed;

	(void) loop;
	(void) events;
	if (!file_watch_drain(&daemon->env_watch))
		return;
	changed = settings_read_env(&daemon->settings, &messages);
	daemon_log_messages(&messages);
	message_list_deinit(&messages);
	if (!changed)
		return;
	daemon_refresh_policy(daemon);
	buf_reset(&daemon->line);
	(void) words_cpumask(&daemon->settings.env.banned, &daemon->line);
	daemon_record(daemon, HISTORY_RELOAD, "irqbalance's environment file changed: banned=%s",
		      buf_text(&daemon->line));
	daemon_hurry(daemon);
}

/* The folder's events come even if the file is not there yet. */
void daemon_watch_env(struct daemon *daemon)
{
	const char *path = settings_env_path(&daemon->settings);
	int r;

	ev_io_stop(daemon->loop, &daemon->env_events);
	file_watch_deinit(&daemon->env_watch);
	if (!path || daemon->options->root)
		return;
	r = file_watch_init(&daemon->env_watch);
	if (r == 0)
		r = file_watch_put(&daemon->env_watch, path);
	if (r < 0) {
		file_watch_deinit(&daemon->env_watch);
		log_info("%s is not watched, only read at start and reload: %s", path,
			 strerror(-r));
		return;
	}
	ev_io_init(&daemon->env_events, on_env, daemon->env_watch.fd, EV_READ);
	daemon->env_events.data = daemon;
	ev_io_start(daemon->loop, &daemon->env_events);
}
