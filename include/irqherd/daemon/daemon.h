/*
 * daemon: the one object that owns all parts.
 *
 * daemon.c builds it, wires it to the event loop and takes it down; look.c turns hints into
 * readings and arrivals into moves; cycle.c makes a round; act.c carries a plan out; reload.c swaps
 * the settings.
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
#include "irqherd/model/inventory.h"
#include "irqherd/model/latency.h"
#include "irqherd/model/load.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"
#include "irqherd/setup/settings.h"
#include "irqherd/source/dirty.h"
#include "irqherd/source/genl.h"
#include "irqherd/source/machine.h"
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
	struct latency placed_after; /* arrivals: from the receipt of the last event to the write */

	struct ev_loop *loop;
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

/* rps.c */
void daemon_rps(struct daemon *daemon, uint64_t now_ms); /* part of a round */
void daemon_end_rps(struct daemon *daemon);              /* packets are worked on as before us */

/* reload.c */
bool daemon_reload(struct daemon *daemon); /* false: something was wrong, the old stays */
void daemon_refresh_policy(struct daemon *daemon);
void daemon_log_messages(const struct message_list *messages);
