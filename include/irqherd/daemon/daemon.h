/*
 * daemon: the one object that owns all parts.
 *
 * daemon.c builds it, wires it to the event loop and takes it down; look.c turns hints into
 * readings and arrivals into moves; cycle.c makes a round; act.c carries a plan out; reload.c swaps
 * the settings; record.c keeps what happened; steer.c does what clients ask for; serve.c answers
 * them.
 */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "irqherd/actuate/affinity.h"
#include "irqherd/actuate/affinity_null.h"
#include "irqherd/actuate/affinity_proc.h"
#include "irqherd/actuate/originals.h"
#include "irqherd/actuate/rps_sysfs.h"
#include "irqherd/balance/cpus.h"
#include "irqherd/base/fsroot.h"
#include "irqherd/base/rng.h"
#include "irqherd/daemon/options.h"
#include "irqherd/daemon/steering.h"
#include "irqherd/model/history.h"
#include "irqherd/model/inventory.h"
#include "irqherd/model/latency.h"
#include "irqherd/model/load.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"
#include "irqherd/outlet/control.h"
#include "irqherd/outlet/openmetrics.h"
#include "irqherd/outlet/view.h"
#include "irqherd/setup/settings.h"
#include "irqherd/source/dirty.h"
#include "irqherd/source/file_watch.h"
#include "irqherd/source/freeze_file.h"
#include "irqherd/source/genl.h"
#include "irqherd/source/machine.h"
#include "irqherd/source/platform.h"
#include "irqherd/source/proc_stat.h"
#include "irqherd/source/rtnl.h"
#include "irqherd/source/slow_check.h"
#include "irqherd/source/softnet_stat.h"
#include "irqherd/source/uevent.h"

/* A move whose outcome is still watched: number and generation name the IRQ. */
struct watched_irq {
	unsigned int number;
	uint32_t generation;
	bool suspected; /* its affinity was seen changed once, and no event explained it yet */
};

/* Counts grow on a number that nothing explains: not asked about again before `until_ms`. */
struct unexplained_irq {
	unsigned int number;
	unsigned int tries;
	uint64_t until_ms;
};

struct daemon {
	const struct options *options; /* borrowed */
	struct settings settings;
	struct fsroot root;
	struct inventory inventory;
	struct machine machine;
	struct dirty dirty;
	struct uevent_source uevents;
	struct rtnl_source links;
	struct genl_source genl;
	struct proc_stat stat;
	struct sample samples[2];    /* the two last ones, used in turn */
	unsigned int newest;         /* index of the last sample */
	uint32_t sampled_generation; /* inventory::generations at that sample */
	struct load load;
	struct slow_check slow_check;
	struct policy policy;
	struct cpu_table cpus;
	struct rng rng;
	struct plan plan;
	struct change_list changes;
	struct affinity_proc affinity_proc;
	struct affinity_null affinity_null;
	struct actuator *actuator; /* &affinity_proc or &affinity_null */
	struct originals originals;
	struct file_watch env_watch; /* irqbalance's environment file */
	struct rps_sysfs rps;
	struct softnet_stat softnet_stat;
	struct softnet softnet;
	struct watched_irq *watched;
	size_t watched_count;
	size_t watched_size;
	struct unexplained_irq *unexplained;
	size_t unexplained_count;
	size_t unexplained_size;
	struct buf line;      /* for log lines */
	struct buf status;    /* last STATUS= sent */
	bool live;            /* sources are open: not a captured machine */
	bool arrivals_wait;   /* some wait for udevd */
	bool policy_is_stale; /* the topology changed since it was made */
	bool said_read_only;
	bool said_unsaved;
	uint64_t rounds;
	uint64_t moves;
	struct view_counts counts; /* of them, those that nobody else counts */
	struct history history;
	struct steering steering;
	struct freeze_file freeze_file;
	uint64_t resync_told_ms;
	bool frozen; /* by a client, a file or the kernel's command line: nothing is written */
	struct message_list config_errors; /* of the last reload, if it was refused */
	double config_loaded;              /* seconds since 1970 */
	uint64_t started_ms;
	struct platform platform;
	json_t *remarks;             /* what this kernel lacks; NULL: nothing */
	struct latency placed_after; /* arrivals: from the receipt of the last event to the write */
	char *metrics_path;          /* of the file that was written last; owned; NULL: none */
	uint64_t metrics_due_ms;
	bool said_metrics;

	struct control *control; /* NULL: no socket */
	uid_t caller;            /* whose call is served just now */
	struct plan asked_plan;  /* made for an answer */
	uint64_t streamed;       /* history::next when streams were told last */

	struct ev_loop *loop;
	ev_io freeze_events;
	ev_io env_events;
	ev_prepare stream_check;
	ev_timer thaw_timer;
	ev_io kernel_uevents;
	ev_io udevd_uevents;
	ev_io link_events;
	ev_io genl_events;
	ev_timer look_timer;
	ev_timer round_timer;
	ev_timer watchdog_timer;
	ev_signal on_hup;
	ev_signal on_term;
	ev_signal on_int;
	ev_signal on_quit;
	ev_signal on_usr1;
	int exit_code;
};

/*
 * Takes the settings over. Reads the whole machine. Negative errno: said in the log; daemon_deinit
 * may be called on whatever was built.
 */
int daemon_init(struct daemon *daemon, const struct options *options, struct settings *settings);
void daemon_deinit(struct daemon *daemon);

int daemon_run(struct daemon *daemon);      /* until a signal; answers the exit code */
int daemon_run_once(struct daemon *daemon); /* --oneshot: one interval, one round, a report */

void daemon_look_now(struct daemon *daemon); /* out of turn, because of an event or a client */
void daemon_hurry(struct daemon *daemon);    /* a round is due soon: something was changed */
bool daemon_reload_now(struct daemon *daemon);
void daemon_arm_thaw(struct daemon *daemon);

/* look.c */
void daemon_look(struct daemon *daemon, uint64_t now_ms); /* all that is due, then arrivals */
void daemon_take_changes(struct daemon *daemon,
			 uint64_t now_ms); /* logs daemon->changes and acts on them */
void daemon_place_arrivals(struct daemon *daemon, uint64_t now_ms);

/* cycle.c */
int daemon_sample(struct daemon *daemon,
		  uint64_t now_ms); /* a sample, and the load since the last */
void daemon_decide(struct daemon *daemon, uint64_t now_ms); /* a plan of the load, not acted on */
bool daemon_round(struct daemon *daemon, uint64_t now_ms);  /* true: the next one soon */

/* act.c */
void daemon_act(struct daemon *daemon, uint64_t now_ms);    /* carries daemon->plan out */
void daemon_settle(struct daemon *daemon, uint64_t now_ms); /* looks after moves under way */
void daemon_choose_actuator(struct daemon *daemon);

/* env.c */
void daemon_watch_env(struct daemon *daemon); /* at start, and after a reload */

/* metrics.c */
int daemon_format_metrics(struct daemon *daemon, enum metrics_format format, struct buf *text);
void daemon_write_metrics(struct daemon *daemon, uint64_t now_ms); /* part of a round */
void daemon_end_metrics(struct daemon *daemon); /* the file is gone: nobody works here any more */

/* rps.c */
void daemon_rps(struct daemon *daemon, uint64_t now_ms); /* part of a round */
void daemon_end_rps(struct daemon *daemon);              /* packets are worked on as before us */

/* reload.c */
bool daemon_reload(struct daemon *daemon); /* false: something was wrong, the old stays */
void daemon_refresh_policy(struct daemon *daemon);
int daemon_apply_rules(struct daemon *daemon, const struct settings *settings);
void daemon_log_messages(const struct message_list *messages);

/* record.c: words NULL or "": none */
void daemon_record_change(struct daemon *daemon, const struct change *change, const char *words);
void daemon_record_move(struct daemon *daemon, const struct irq *irq, const struct move *move,
			enum move_result result, const char *words);
void daemon_record_proposal(struct daemon *daemon, const struct irq *irq, const struct move *move,
			    const char *words);
void daemon_record_outcome(struct daemon *daemon, const struct irq *irq, const char *words);
/* Also logs it, at level info. */
void daemon_record(struct daemon *daemon, enum history_kind kind, const char *format, ...)
	_printf_(3, 4);

/* steer.c: each acts at once, and within a second where a round is needed */
void daemon_update_freeze(struct daemon *daemon);           /* after anything that it depends on */
const char *daemon_why_frozen(const struct daemon *daemon); /* NULL: not frozen */
int daemon_pin(struct daemon *daemon, struct irq *irq, const char *slot,
	       const struct cpumask *cpus); /* irq NULL: it is not there now */
int daemon_ban(struct daemon *daemon, const char *slot);
int daemon_release(struct daemon *daemon, const char *slot);
/* False: no CPU would be left. */
bool daemon_exclude(struct daemon *daemon, const struct cpumask *cpus);
void daemon_include(struct daemon *daemon, const struct cpumask *cpus);
unsigned int daemon_rescan(struct daemon *daemon, const struct pci_addr *addr); /* NULL: all */
struct cpumask daemon_excluded(const struct daemon *daemon);

/* serve.c */

/* What answers about this daemon are made of: borrows from it. */
struct sight {
	struct view view;
	struct cpumask excluded;
	json_t *files; /* owned */
};

void sight_init(struct daemon *daemon, struct sight *sight);
void sight_deinit(struct sight *sight);
void daemon_open_control(struct daemon *daemon);
void daemon_close_control(struct daemon *daemon);
