/*
 * view: everything that an answer about the machine is made of, and the answers, as JSON objects in
 * the shapes of io.irqherd.varlink. The daemon's socket and irqherdctl without a daemon make their
 * answers here, so both say the same; texts for people are made of these objects by irqherdctl
 * alone.
 *
 * Pure: no file, clock or socket; what is asked is in the view. All that a view points to is
 * borrowed.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "irqherd/model/history.h"
#include "irqherd/model/inventory.h"
#include "irqherd/model/latency.h"
#include "irqherd/model/load.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"
#include "irqherd/outlet/target.h"

/* Counts that only a running daemon has; all 0 without. */
struct view_counts {
	uint64_t rounds;
	uint64_t moves;
	uint64_t moves_by_reason[REASON_COUNT];
	uint64_t move_errors[MOVE_RESULT_COUNT];
	uint64_t events;              /* uevents, rtnetlink, generic netlink */
	uint64_t events_by_source[3]; /* in that order */
	uint64_t overruns;
	uint64_t looks;
	uint64_t resyncs;
	uint64_t foreign_writes;
	uint64_t proposals; /* moves decided and not made, each once while it stands */
	const struct latency *placed_after; /* of arrivals, from their last event; NULL unknown */
};

struct view {
	uint64_t now_ms; /* monotonic, as in all records */
	double now;      /* the same moment in seconds since 1970 */
	const struct inventory *inventory;
	const struct load *load; /* NULL: nothing was sampled */
	const struct policy *policy;
	const struct plan *plan;       /* of the present loads, not acted on; NULL: none was made */
	const struct history *history; /* NULL: no daemon */
	const struct view_counts *counts; /* NULL: no daemon */
	const char *version;
	const char *kernel;         /* release; NULL unknown */
	const char *virtualization; /* NULL: none, or not known */
	bool running;               /* a daemon answers */
	bool apply;                 /* configured to write: mode=apply and no dry run */
	bool writes;                /* and able to */
	bool frozen;
	uint64_t frozen_until_ms; /* 0: until thawed */
	uint64_t started_ms;
	double config_loaded; /* seconds since 1970 */
	bool config_valid;    /* false: the last reload was refused */
	json_t *config_files; /* array of paths; NULL: none */
	json_t *remarks; /* array of texts for the status: what this kernel or place lacks; NULL */
	const struct cpumask *excluded; /* by configuration and clients; NULL: none */
};

/* Each answers a new reference, NULL: out of memory. Objects are the reply's parameters, whole;
 * VARLINK_NUMBERS says how they are printed. */

json_t *view_status(const struct view *view);
json_t *view_devices(const struct view *view, bool all);
json_t *view_cpus(const struct view *view);
json_t *view_plan(const struct view *view);
json_t *view_verify(const struct view *view);

/* NULL device, cpu CPU_NONE: no filter. *ret_error: 0, or -ENOENT: no such device or CPU (then
 * NULL). */
json_t *view_irqs(const struct view *view, const char *device, int cpu, int *ret_error);
json_t *view_explain(const struct view *view, const char *target, int *ret_error);
json_t *view_advise(const struct view *view, const char *target,
		    int *ret_error); /* -ENOENT: no device either */

json_t *view_event(const struct view *view, const struct history_entry *entry); /* {"event": …} */
