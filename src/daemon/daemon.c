/*
 * Building, wiring, running and taking down. A wake-up always goes: drain all sources, look at what
 * is dirty, then make the round if it is time.
 */
#include "irqherd/daemon/daemon.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "irqherd/base/clock.h"
#include "irqherd/base/log.h"
#include "irqherd/outlet/notify.h"
#include "irqherd/outlet/report.h"
#include "irqherd/source/kernel.h"

#define FIRST_SAMPLE_MS 1000u
#define SOON_MS         500u
#define AFTER_MOVE_MS   1000u

#define HISTORY_LEAST 256u
#define HISTORY_MOST  4096u

static void arm_looks(struct daemon *daemon);
static void arm_round(struct daemon *daemon, uint64_t in_ms);

/* --------------------------------------------------------------------------------------------------
 * telling */

static void tell_status(struct daemon *daemon)
{
	struct buf status = BUF_INIT;

	if (!notify_enabled())
		return;
	(void) buf_printf(&status, "%u devices, %u IRQs, %s%s, %llu moves",
			  daemon->inventory.device_count, daemon->inventory.irq_count,
			  daemon->plan.overloaded ? "overloaded" : "calm",
			  daemon->frozen             ? " (frozen)"
			  : daemon->actuator->writes ? ""
						     : " (observing)",
			  (unsigned long long) daemon->moves);
	if (strcmp(buf_text(&status), buf_text(&daemon->status)) == 0) {
		buf_deinit(&status);
		return;
	}
	(void) notify_send("STATUS=%s", buf_text(&status));
	buf_deinit(&daemon->status);
	daemon->status = status;
}

static void log_lines(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length)
			log_notice("%.*s", (int) length, text);
		text += length + (text[length] == '\n');
	}
}

static void dump_state(struct daemon *daemon)
{
	struct buf text = BUF_INIT;

	(void) report_machine(&daemon->inventory, &text);
	(void) report_devices(&daemon->inventory, &daemon->load, &text);
	(void) report_cpus(&daemon->inventory, &daemon->load, &daemon->policy, &text);
	(void) report_plan(&daemon->inventory, &daemon->load, &daemon->plan, &daemon->policy,
			   !daemon->actuator->writes, &text);
	(void) buf_puts(&text, "arrivals written, ms after the last event:");
	(void) latency_format(&daemon->placed_after, &text);
	(void) buf_puts(&text, "\n");
	(void) buf_printf(&text,
			  "rounds=%llu moves=%llu looks=%llu hints=%llu waiting=%zu "
			  "watched=%zu devices-read=%llu irqs-read=%llu "
			  "uevents=%llu links=%llu genl=%llu overruns=%llu slow-check-passes=%llu "
			  "found=%llu\n",
			  (unsigned long long) daemon->rounds, (unsigned long long) daemon->moves,
			  (unsigned long long) daemon->dirty.looks,
			  (unsigned long long) daemon->dirty.hints,
			  daemon->dirty.hinted + daemon->arrivals_wait, dirty_count(&daemon->dirty),
			  (unsigned long long) daemon->machine.devices_read,
			  (unsigned long long) daemon->machine.irqs_read,
			  (unsigned long long) daemon->uevents.received,
			  (unsigned long long) daemon->links.received,
			  (unsigned long long) daemon->genl.received,
			  (unsigned long long) (daemon->uevents.overruns + daemon->links.overruns +
						daemon->genl.overruns),
			  (unsigned long long) daemon->slow_check.passes,
			  (unsigned long long) daemon->slow_check.found);
	log_lines(buf_text(&text));
	buf_deinit(&text);
}

/* --------------------------------------------------------------------------------------------------
 * wake-ups */

static void drain_sources(struct daemon *daemon, uint64_t now_ms)
{
	(void) uevent_drain(&daemon->uevents, now_ms);
	(void) rtnl_drain(&daemon->links, now_ms);
	(void) genl_drain(&daemon->genl, now_ms);
}

void daemon_look_now(struct daemon *daemon)
{
	uint64_t now_ms = clock_now_ms();
	uint64_t moves = daemon->moves;

	daemon_look(daemon, now_ms);
	arm_looks(daemon);
	/* what became of an arrival's moves is soon to be seen */
	if (daemon->moves != moves &&
	    ev_timer_remaining(daemon->loop, &daemon->round_timer) > AFTER_MOVE_MS / 1e3)
		arm_round(daemon, AFTER_MOVE_MS);
	tell_status(daemon);
}

static void on_event(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct daemon *daemon = watcher->data;

	(void) loop;
	(void) events;
	drain_sources(daemon, clock_now_ms());
	daemon_look_now(daemon);
}

static void on_look_timer(struct ev_loop *loop, ev_timer *watcher, int events)
{
	(void) loop;
	(void) events;
	daemon_look_now(watcher->data);
}

static void on_round_timer(struct ev_loop *loop, ev_timer *watcher, int events)
{
	struct daemon *daemon = watcher->data;
	const struct config *config = &daemon->settings.config;
	bool hurry;

	(void) loop;
	(void) events;
	hurry = daemon_round(daemon, clock_now_ms());
	arm_round(daemon, hurry ? config->short_interval_ms : config->long_interval_ms);
	arm_looks(daemon);
	tell_status(daemon);
	daemon_write_metrics(daemon, clock_now_ms());
}

static void on_watchdog_timer(struct ev_loop *loop, ev_timer *watcher, int events)
{
	(void) loop;
	(void) watcher;
	(void) events;
	(void) notify_send("WATCHDOG=1");
}

static void on_stop(struct ev_loop *loop, ev_signal *watcher, int events)
{
	(void) events;
	log_notice("stopping: signal=%d", watcher->signum);
	ev_break(loop, EVBREAK_ALL);
}

bool daemon_reload_now(struct daemon *daemon)
{
	struct timespec now;
	bool done;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	(void) notify_send("RELOADING=1\nMONOTONIC_USEC=%llu",
			   (unsigned long long) now.tv_sec * 1000000u +
				   (unsigned long long) now.tv_nsec / 1000u);
	done = daemon_reload(daemon);
	if (done) {
		daemon_take_changes(daemon, clock_now_ms());
		arm_round(daemon, SOON_MS);
	}
	(void) notify_send("READY=1");
	return done;
}

static void on_reload(struct ev_loop *loop, ev_signal *watcher, int events)
{
	(void) loop;
	(void) events;
	(void) daemon_reload_now(watcher->data);
}

static void on_freeze_file(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct daemon *daemon = watcher->data;

	(void) loop;
	(void) events;
	freeze_file_drain(&daemon->freeze_file);
	daemon_update_freeze(daemon);
}

static void on_thaw_timer(struct ev_loop *loop, ev_timer *watcher, int events)
{
	struct daemon *daemon = watcher->data;

	(void) loop;
	(void) events;
	daemon->steering.frozen = false;
	daemon->steering.frozen_until_ms = 0;
	daemon_update_freeze(daemon);
}

/* Before each wait: whatever was recorded since the last one is on its way to those who watch. */
static void on_before_wait(struct ev_loop *loop, ev_prepare *watcher, int events)
{
	struct daemon *daemon = watcher->data;

	(void) loop;
	(void) events;
	if (daemon->streamed == daemon->history.next)
		return;
	daemon->streamed = daemon->history.next;
	control_stream(daemon->control);
}

static void on_dump(struct ev_loop *loop, ev_signal *watcher, int events)
{
	(void) loop;
	(void) events;
	dump_state(watcher->data);
}

/* --------------------------------------------------------------------------------------------------
 * timers */

static void arm(struct daemon *daemon, ev_timer *timer, uint64_t in_ms)
{
	ev_timer_stop(daemon->loop, timer);
	ev_timer_set(timer, (double) in_ms / 1e3, 0.);
	ev_timer_start(daemon->loop, timer);
}

static void arm_round(struct daemon *daemon, uint64_t in_ms)
{
	arm(daemon, &daemon->round_timer, in_ms);
}

void daemon_hurry(struct daemon *daemon)
{
	if (daemon->loop && ev_timer_remaining(daemon->loop, &daemon->round_timer) > SOON_MS / 1e3)
		arm_round(daemon, SOON_MS);
}

void daemon_arm_thaw(struct daemon *daemon)
{
	uint64_t until_ms = daemon->steering.frozen_until_ms, now_ms = clock_now_ms();

	ev_timer_stop(daemon->loop, &daemon->thaw_timer);
	if (until_ms)
		arm(daemon, &daemon->thaw_timer, until_ms > now_ms ? until_ms - now_ms : 0);
}

static void arm_looks(struct daemon *daemon)
{
	uint64_t due = dirty_next_due(&daemon->dirty);
	uint64_t now_ms = clock_now_ms();

	if (daemon->arrivals_wait && (due == DIRTY_NEVER || due > now_ms + 100))
		due = now_ms + 100;
	if (due == DIRTY_NEVER) {
		ev_timer_stop(daemon->loop, &daemon->look_timer);
		return;
	}
	arm(daemon, &daemon->look_timer, due > now_ms ? due - now_ms : 0);
}

/* --------------------------------------------------------------------------------------------------
 * building */

/* Subscribed before the first reading, so that nothing that comes in between is missed. */
static void open_sources(struct daemon *daemon)
{
	int uevents, links, genl;

	uevents = uevent_init(&daemon->uevents, &daemon->dirty, 0);
	links = rtnl_init(&daemon->links, &daemon->dirty, 0);
	genl = genl_init(&daemon->genl, &daemon->dirty, 0);
	if (uevents < 0)
		log_warning("no device events, working by sampling and the slow check: %s",
			    strerror(-uevents));
	if (links < 0)
		log_warning("no link events, working by sampling and the slow check: %s",
			    strerror(-links));
	if (genl < 0)
		log_info("no generic netlink, queues are known by the names of actions: %s",
			 strerror(-genl));
	daemon->live = true;
	if (uevents >= 0)
		daemon->machine.uevents = &daemon->uevents;
	if (genl >= 0)
		daemon->machine.genl = &daemon->genl;
}

static void remark(struct daemon *daemon, const char *text)
{
	log_notice("%s", text);
	if (!daemon->remarks)
		daemon->remarks = json_array();
	(void) json_array_append_new(daemon->remarks, json_string(text));
}

/* What limits us on this kernel is said once, at the start. */
static void say_what_is_missing(struct daemon *daemon)
{
	if (kernel_foreign_netns(&daemon->root) == KERNEL_YES)
		remark(daemon, "in another network namespace than the first process: events of "
			       "network devices outside of it may be missing");
	if (kernel_accounts_irq_time(&daemon->root) == KERNEL_NO)
		remark(daemon, "this kernel does not account interrupt time exactly: loads are "
			       "estimated by its tick");
}

/* Before anything may be written. */
static void look_for_freeze(struct daemon *daemon)
{
	static const char *const folders[FREEZE_FOLDERS] = { OPTIONS_RUN_FOLDER,
							     OPTIONS_CONFIG_FOLDER };
	int r;

	if (daemon->options->root)
		return;
	if (!daemon->options->dry_run)
		(void) mkdir(OPTIONS_RUN_FOLDER, 0755);
	r = freeze_file_init(&daemon->freeze_file, folders);
	if (r < 0)
		log_info("no inotify, a freeze file is only looked for at start and reload: %s",
			 strerror(-r));
	daemon->steering.frozen_by_kernel = kernel_has_word(&daemon->root, "irqherd.freeze");
	daemon_update_freeze(daemon);
}

/* Enough to tell of a storm's beginning, not so much that it weighs: 400 bytes each. */
static size_t history_size(const struct inventory *inventory)
{
	size_t size = HISTORY_LEAST + inventory->irq_count;

	return size < HISTORY_MOST ? size : HISTORY_MOST;
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < IRQ_FILES_KEPT + 512u &&
	    limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max < IRQ_FILES_KEPT + 512u ? limit.rlim_max
									: IRQ_FILES_KEPT + 512u;
		(void) setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void prepare(struct daemon *daemon, const struct options *options, struct settings *settings)
{
	*daemon = (struct daemon){
		.options = options,
		.settings = *settings,
		.root = FSROOT_INIT,
		.stat = PROC_STAT_INIT,
		.samples = { SAMPLE_INIT, SAMPLE_INIT },
		.load = LOAD_INIT,
		.cpus = CPU_TABLE_INIT,
		.plan = PLAN_INIT,
		.changes = CHANGE_LIST_INIT,
		.originals = ORIGINALS_INIT,
		.asked_plan = PLAN_INIT,
		.history = HISTORY_INIT,
		.steering = STEERING_INIT,
		.freeze_file = FREEZE_FILE_INIT,
		.env_watch = FILE_WATCH_INIT,
		.config_loaded = clock_today_s(),
		.started_ms = clock_now_ms(),
		.rps = RPS_SYSFS_INIT,
		.softnet_stat = SOFTNET_STAT_INIT,
	};
	*settings = SETTINGS_INIT;
}

int daemon_init(struct daemon *daemon, const struct options *options, struct settings *settings)
{
	int r;

	prepare(daemon, options, settings);
	raise_descriptor_limit();
	daemon->rng.state = (uint64_t) time(NULL) * 2654435761u + (uint64_t) getpid();

	r = fsroot_init(&daemon->root, options->root);
	if (r < 0) {
		log_error("%s: can't open /proc and /sys there: %s",
			  options->root ? options->root : "/", strerror(-r));
		return r;
	}
	r = inventory_init(&daemon->inventory);
	if (r < 0)
		return r;
	r = dirty_init(&daemon->dirty);
	if (r < 0)
		return r;
	r = machine_init(&daemon->machine, &daemon->root, &daemon->inventory, options->root);
	if (r < 0)
		return r;
	daemon->machine.find_override = settings_find_override;
	daemon->machine.override_context = &daemon->settings;
	if (!options->root) {
		say_what_is_missing(daemon);
		open_sources(daemon);
	}

	platform_read(&daemon->root, &daemon->platform);
	r = daemon_apply_rules(daemon, &daemon->settings);
	change_list_reset(&daemon->changes);
	if (r < 0)
		return r;
	r = machine_read_all(&daemon->machine, LOOK_START, NULL);
	if (r < 0) {
		log_error("can't read this machine: %s", strerror(-r));
		return r;
	}
	daemon_refresh_policy(daemon);
	r = history_init(&daemon->history, history_size(&daemon->inventory));
	if (r < 0)
		return r;

	affinity_proc_init(&daemon->affinity_proc, &daemon->root);
	affinity_null_init(&daemon->affinity_null);
	daemon_choose_actuator(daemon);
	look_for_freeze(daemon);
	/* frozen is for a while */
	r = originals_init(&daemon->originals, &daemon->root,
			   daemon->actuator->writes || daemon->frozen ? OPTIONS_ORIGINALS_PATH
								      : NULL);
	if (r < 0)
		return r;
	r = rps_sysfs_init(&daemon->rps, &daemon->root,
			   daemon->actuator->writes || daemon->frozen ? OPTIONS_RPS_PATH : NULL);
	if (r < 0)
		return r;
	r = slow_check_init(&daemon->slow_check);
	if (r < 0)
		return r;
	r = proc_stat_init(&daemon->stat, &daemon->root);
	if (r < 0 && !options->root) {
		log_error("can't read /proc/stat: %s", strerror(-r));
		return r;
	}
	return 0;
}

void daemon_deinit(struct daemon *daemon)
{
	proc_stat_deinit(&daemon->stat);
	slow_check_deinit(&daemon->slow_check);
	originals_deinit(&daemon->originals);
	rps_sysfs_deinit(&daemon->rps);
	softnet_stat_deinit(&daemon->softnet_stat);
	softnet_deinit(&daemon->softnet);
	if (daemon->live) {
		genl_deinit(&daemon->genl);
		rtnl_deinit(&daemon->links);
		uevent_deinit(&daemon->uevents);
	}
	machine_deinit(&daemon->machine);
	dirty_deinit(&daemon->dirty);
	inventory_deinit(&daemon->inventory);
	sample_deinit(&daemon->samples[0]);
	sample_deinit(&daemon->samples[1]);
	load_deinit(&daemon->load);
	cpu_table_deinit(&daemon->cpus);
	plan_deinit(&daemon->plan);
	change_list_deinit(&daemon->changes);
	buf_deinit(&daemon->line);
	buf_deinit(&daemon->status);
	free(daemon->watched);
	free(daemon->unexplained);
	freeze_file_deinit(&daemon->freeze_file);
	file_watch_deinit(&daemon->env_watch);
	steering_deinit(&daemon->steering);
	history_deinit(&daemon->history);
	plan_deinit(&daemon->asked_plan);
	message_list_deinit(&daemon->config_errors);
	json_decref(daemon->remarks);
	settings_deinit(&daemon->settings);
	fsroot_deinit(&daemon->root);
}

/* --------------------------------------------------------------------------------------------------
 * running */

static void start_io(struct daemon *daemon, ev_io *watcher, int fd)
{
	ev_io_init(watcher, on_event, fd, EV_READ);
	ev_set_priority(watcher, EV_MAXPRI); /* events before the round that is due with them */
	watcher->data = daemon;
	if (fd >= 0)
		ev_io_start(daemon->loop, watcher);
}

static void start_signal(struct daemon *daemon, ev_signal *watcher,
			 void (*callback)(struct ev_loop *, ev_signal *, int), int signum)
{
	sigset_t set;

	ev_signal_init(watcher, callback, signum);
	watcher->data = daemon;
	ev_signal_start(daemon->loop, watcher);

	/* held since before the pid file was written */
	(void) sigemptyset(&set);
	(void) sigaddset(&set, signum);
	(void) sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void start_watchers(struct daemon *daemon)
{
	uint64_t watchdog_ms = notify_watchdog_interval_ms();

	ev_timer_init(&daemon->look_timer, on_look_timer, 0., 0.);
	ev_timer_init(&daemon->round_timer, on_round_timer, 0., 0.);
	ev_timer_init(&daemon->watchdog_timer, on_watchdog_timer, (double) watchdog_ms / 1e3,
		      (double) watchdog_ms / 1e3);
	daemon->look_timer.data = daemon;
	daemon->round_timer.data = daemon;
	if (watchdog_ms)
		ev_timer_start(daemon->loop, &daemon->watchdog_timer);

	start_io(daemon, &daemon->kernel_uevents,
		 daemon->live ? uevent_kernel_fd(&daemon->uevents) : -1);
	start_io(daemon, &daemon->udevd_uevents,
		 daemon->live ? uevent_udevd_fd(&daemon->uevents) : -1);
	start_io(daemon, &daemon->link_events, daemon->live ? rtnl_fd(&daemon->links) : -1);
	start_io(daemon, &daemon->genl_events, daemon->live ? genl_fd(&daemon->genl) : -1);

	ev_timer_init(&daemon->thaw_timer, on_thaw_timer, 0., 0.);
	daemon->thaw_timer.data = daemon;
	ev_prepare_init(&daemon->stream_check, on_before_wait);
	daemon->stream_check.data = daemon;
	ev_prepare_start(daemon->loop, &daemon->stream_check);
	start_io(daemon, &daemon->freeze_events, freeze_file_fd(&daemon->freeze_file));
	ev_set_cb(&daemon->freeze_events, on_freeze_file);
	daemon_watch_env(daemon);

	start_signal(daemon, &daemon->on_hup, on_reload, SIGHUP);
	start_signal(daemon, &daemon->on_term, on_stop, SIGTERM);
	start_signal(daemon, &daemon->on_int, on_stop, SIGINT);
	start_signal(daemon, &daemon->on_quit, on_stop, SIGQUIT);
	start_signal(daemon, &daemon->on_usr1, on_dump, SIGUSR1);
}

/* A watcher leaves the loop before its descriptor is closed. */
static void stop_watchers(struct daemon *daemon)
{
	ev_io_stop(daemon->loop, &daemon->kernel_uevents);
	ev_io_stop(daemon->loop, &daemon->udevd_uevents);
	ev_io_stop(daemon->loop, &daemon->link_events);
	ev_io_stop(daemon->loop, &daemon->genl_events);
	ev_io_stop(daemon->loop, &daemon->freeze_events);
	ev_io_stop(daemon->loop, &daemon->env_events);
	ev_prepare_stop(daemon->loop, &daemon->stream_check);
	ev_timer_stop(daemon->loop, &daemon->thaw_timer);
	ev_timer_stop(daemon->loop, &daemon->look_timer);
	ev_timer_stop(daemon->loop, &daemon->round_timer);
	ev_timer_stop(daemon->loop, &daemon->watchdog_timer);
	ev_signal_stop(daemon->loop, &daemon->on_hup);
	ev_signal_stop(daemon->loop, &daemon->on_term);
	ev_signal_stop(daemon->loop, &daemon->on_int);
	ev_signal_stop(daemon->loop, &daemon->on_quit);
	ev_signal_stop(daemon->loop, &daemon->on_usr1);
}

static void put_originals_back(struct daemon *daemon)
{
	if (!daemon->settings.config.restore_on_exit || !daemon->actuator->writes)
		return;
	(void) originals_restore(&daemon->originals, &daemon->root, &daemon->inventory);
}

/* What the start read and parsed leaves holes behind; nothing as large comes again. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
	(void) malloc_trim(0);
#endif
}

int daemon_run(struct daemon *daemon)
{
	const struct config *config = &daemon->settings.config;
	uint32_t first_ms = config->short_interval_ms < FIRST_SAMPLE_MS ? config->short_interval_ms
									: FIRST_SAMPLE_MS;

	daemon->loop = ev_default_loop(EVFLAG_AUTO);
	if (!daemon->loop) {
		log_error("no event loop");
		return EXIT_RUNTIME;
	}
	start_watchers(daemon);
	(void) daemon_sample(daemon, clock_now_ms());
	if (daemon->live)
		drain_sources(daemon, clock_now_ms());
	arm_round(daemon, first_ms);
	arm_looks(daemon);
	daemon_open_control(daemon);
	log_notice("started: devices=%u irqs=%u cpus=%u nodes=%u mode=%s",
		   daemon->inventory.device_count, daemon->inventory.irq_count,
		   cpumask_count(&daemon->inventory.topology.online),
		   daemon->inventory.topology.node_count,
		   daemon->actuator->writes ? "apply"
		   : daemon->frozen         ? "frozen"
					    : "observe");
	(void) notify_send("READY=1");
	tell_status(daemon);
	give_memory_back();

	ev_run(daemon->loop, 0);

	(void) notify_send("STOPPING=1");
	daemon_close_control(daemon);
	stop_watchers(daemon);
	put_originals_back(daemon);
	daemon_end_rps(daemon);
	daemon_end_metrics(daemon);
	return daemon->exit_code;
}

/* --------------------------------------------------------------------------------------------------
 * once */

static void wait_ms(uint32_t ms)
{
	struct timespec time = { ms / 1000, (long) (ms % 1000) * 1000000L };

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

static bool measure(struct daemon *daemon)
{
	if (daemon_sample(daemon, clock_now_ms()) < 0)
		return false;
	wait_ms(daemon->settings.config.short_interval_ms);
	return daemon_sample(daemon, clock_now_ms()) == 0;
}

static void print_text(struct buf *text)
{
	(void) fputs(buf_text(text), stdout);
	(void) fflush(stdout);
	buf_reset(text);
}

int daemon_run_once(struct daemon *daemon)
{
	const struct load *load = NULL;
	struct buf text = BUF_INIT;
	uint64_t now_ms;

	if (!daemon->options->root || daemon->stat.fd >= 0)
		load = measure(daemon) ? &daemon->load : NULL;
	now_ms = clock_now_ms();
	plan_reset(&daemon->plan);
	if (load)
		daemon_decide(daemon, now_ms);
	if (daemon->options->verbose) {
		(void) report_machine(&daemon->inventory, &text);
		(void) report_devices(&daemon->inventory, load, &text);
		if (load)
			(void) report_cpus(&daemon->inventory, load, &daemon->policy, &text);
	}
	(void) report_plan(&daemon->inventory, load, &daemon->plan, &daemon->policy,
			   !daemon->actuator->writes, &text);
	print_text(&text);
	daemon_act(daemon, now_ms);
	buf_deinit(&text);
	return daemon->said_read_only ? EXIT_RUNTIME : 0;
}
