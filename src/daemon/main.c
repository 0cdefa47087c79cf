/* The program: options, settings, the reasons not to run, then the daemon. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/log.h"
#include "irqherd/base/macro.h"
#include "irqherd/base/parse.h"
#include "irqherd/daemon/daemon.h"
#include "irqherd/daemon/pidfile.h"
#include "irqherd/outlet/notify.h"
#include "irqherd/source/sysfs_cpu.h"

static void print_messages(const struct message_list *messages, FILE *stream)
{
	for (size_t i = 0; i < messages->count; i++) {
		const struct message *message = &messages->items[i];
		const char *kind = message->warning ? "warning: " : "";

		if (message->line)
			fprintf(stream, "%s:%u: %s%s\n", message->file, message->line, kind,
				message->text);
		else
			fprintf(stream, "%s: %s%s\n", message->file, kind, message->text);
	}
}

static enum log_target log_target_of(const struct options *options)
{
	if (!options->foreground)
		return LOG_TO_SYSLOG;
	return getenv("JOURNAL_STREAM") ? LOG_TO_STDERR_PREFIXED : LOG_TO_STDERR;
}

/* --------------------------------------------------------------------------------------------------
 * reasons not to run */

static int is_irqbalance(void *context, const char *name)
{
	_cleanup_(buf_deinit) struct buf comm = BUF_INIT;
	uint32_t pid;

	if (parse_u32(name, 1, INT32_MAX, &pid) < 0)
		return 0;
	if (fsroot_read(context, FSROOT_PROC, &comm, "%s/comm", name) < 0)
		return 0;
	return strcmp(buf_text(&comm), "irqbalance\n") == 0 ? (int) pid : 0;
}

/* A manager that waits for READY=1 takes an end before it for a failure, whatever the code is. */
static int end_well(const char *why)
{
	(void) notify_send("READY=1\nSTATUS=Nothing to do: %s", why);
	return EXIT_NOTHING_TO_DO;
}

static int nothing_to_do(struct fsroot *root, const struct options *options,
			 const struct settings *settings)
{
	bool apply = !options->dry_run && settings->config.mode == MODE_APPLY;
	struct cpumask possible;
	int r;

	if (possible_cpus_read(root, &possible) == 0 && cpumask_count(&possible) == 1) {
		log_notice("this machine has one CPU only, there is nothing to balance");
		return end_well("this machine has one CPU only");
	}
	if (!apply)
		return 0;

	r = affinity_proc_probe(root);
	if (r < 0) {
		log_error("/proc/irq can't be written (%s); run as root outside of a read-only "
			  "mount, or with "
			  "mode=observe",
			  strerror(-r));
		return end_well("/proc/irq can't be written");
	}
	r = fsroot_list(root, FSROOT_PROC, is_irqbalance, root, ".");
	if (r > 0) {
		log_error("irqbalance is running (pid %d) and would undo every move; stop it "
			  "first, or use mode=observe",
			  r);
		return EXIT_RUNTIME;
	}
	return 0;
}

static int refuse(const struct options *options, const struct settings *settings)
{
	struct fsroot root = FSROOT_INIT;
	int code;

	if (options->root)
		return 0;
	if (fsroot_init(&root, NULL) < 0)
		return 0; /* daemon_init says it */
	code = nothing_to_do(&root, options, settings);
	fsroot_deinit(&root);
	return code;
}

/* --------------------------------------------------------------------------------------------------
 * main */

static int take_pidfile(const struct options *options, struct pidfile *pidfile)
{
	int r;

	/* what writes nothing may run beside an instance that does */
	if (options->dry_run || options->oneshot)
		return 0;
	r = pidfile_init(pidfile, options->pid_path);
	if (r == -EEXIST)
		log_error("%s: another irqherd is running", options->pid_path);
	else if (r < 0)
		log_error("%s: can't make the pid file: %s", options->pid_path, strerror(-r));
	return r;
}

static int run_daemon(const struct options *options, struct settings *settings)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int code = EXIT_RUNTIME;

	if (!daemon)
		return code;
	if (daemon_init(daemon, options, settings) == 0)
		code = options->oneshot ? daemon_run_once(daemon) : daemon_run(daemon);
	daemon_deinit(daemon);
	free(daemon);
	return code;
}

/* Held until the loop takes them: a reload asked for as soon as the pid file is there would end the
 * process, a stop would leave that file behind. */
static void hold_signals(void)
{
	static const int held[] = { SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGUSR1 };
	sigset_t set;

	(void) sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		(void) sigaddset(&set, held[i]);
	(void) sigprocmask(SIG_BLOCK, &set, NULL);
}

static int run(const struct options *options, struct settings *settings)
{
	struct pidfile pidfile = PIDFILE_INIT;
	int r, code;

	code = refuse(options, settings);
	if (code)
		return code;
	r = take_pidfile(options, &pidfile);
	if (r < 0)
		return r == -EACCES || r == -EPERM ? EXIT_PERMISSION : EXIT_RUNTIME;
	if (!options->oneshot)
		hold_signals();
	if (!options->foreground && daemon(0, 0) < 0) {
		log_error("can't go to the background: %s", strerror(errno));
		return EXIT_RUNTIME;
	}
	if (pidfile.fd >= 0)
		(void) pidfile_write(&pidfile);

	code = run_daemon(options, settings);
	pidfile_deinit(&pidfile);
	return code;
}

int main(int argc, char **argv)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct settings settings = SETTINGS_INIT;
	struct settings_input input;
	struct options options;
	int r, code;

	switch (options_parse(argc, argv, &options)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_DONE:
		return 0;
	case OPTIONS_WRONG:
		return EXIT_USAGE;
	}

	input = options_settings(&options);
	r = settings_load(&settings, &input, &messages);
	print_messages(&messages, options.check_config ? stdout : stderr);
	if (r < 0 || options.check_config) {
		if (options.check_config && r == 0)
			printf("configuration is fine: %s\n", options.config_path);
		message_list_deinit(&messages);
		settings_deinit(&settings);
		return r < 0 ? EXIT_RUNTIME : 0;
	}
	message_list_deinit(&messages);

	log_open(log_target_of(&options), "irqherd", options.facility);
	log_set_level(options.verbose && !options.oneshot ? LOG_DEBUG : LOG_INFO);
	code = run(&options, &settings);
	settings_deinit(&settings);
	return code;
}
