/*
 * local: this machine, or a captured one, read by irqherdctl itself, with the settings that the
 * daemon would take. Answers as the daemon does, as far as one look and two samples can: nothing of
 * history.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "irqherd/balance/cpus.h"
#include "irqherd/base/fsroot.h"
#include "irqherd/base/rng.h"
#include "irqherd/ctl/ctl.h"
#include "irqherd/model/inventory.h"
#include "irqherd/model/load.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"
#include "irqherd/outlet/view.h"
#include "irqherd/setup/settings.h"
#include "irqherd/source/genl.h"
#include "irqherd/source/machine.h"
#include "irqherd/source/platform.h"
#include "irqherd/source/uevent.h"

#define LOCAL_INTERVAL_MS 1000u

struct local {
	struct fsroot root;
	struct settings settings;
	struct inventory inventory;
	struct machine machine;
	struct dirty dirty; /* of the sources, which are never drained */
	struct uevent_source uevents;
	struct genl_source genl;
	bool has_uevents;
	bool has_genl;
	struct policy policy;
	struct sample samples[2];
	struct load load;
	struct cpu_table cpus;
	struct plan plan;
	struct rng rng;
	struct platform platform;
	json_t *config_files;
	uint64_t now_ms; /* of the last sample */
};

/* Reads settings and machine. Negative errno: said on standard error. */
int local_init(struct local *local, const struct ctl *ctl);
void local_deinit(struct local *local);

/*
 * Loads of one interval and the plan that they give. Waits for LOCAL_INTERVAL_MS on the live
 * machine; on a captured one it is the interval of its two samples, if it has them. Without a
 * sample all loads stay unknown.
 */
int local_sample(struct local *local);

/* Borrows from local. */
void local_view(const struct local *local, struct view *ret_view);

/* The reply to a method that reads. -ENOENT: no such target; -EOPNOTSUPP: only a daemon knows. */
int local_answer(struct local *local, const char *method, const json_t *parameters,
		 json_t **ret_reply);
