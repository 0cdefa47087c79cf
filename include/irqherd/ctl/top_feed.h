/*
 * top_feed: the frames' data, one interval after the other: reads the counters of a machine (the
 * live one, or recorded ones in turn), and asks what CPUs and IRQs are when that may have changed.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/fsroot.h"
#include "irqherd/ctl/ctl.h"
#include "irqherd/ctl/heat_feed.h"
#include "irqherd/ctl/top_options.h"
#include "irqherd/model/load.h"
#include "irqherd/source/proc_interrupts.h"

struct top_feed {
	const struct ctl *ctl;             /* borrowed */
	const struct top_options *options; /* borrowed */
	struct fsroot root;
	struct buf text;
	struct interrupt_matrix matrices[2];
	struct sample samples[2];
	unsigned int last; /* the later of the two */
	unsigned int read; /* readings so far */
	bool has_earlier;  /* a captured machine with two readings */
	struct load load;
	json_t *cpus;
	json_t *irqs;
	json_t *status; /* of the daemon; NULL: none answers */
	uint64_t asked_ms;
	struct heat_feed heat;
};

/* 0 or a negative errno; -ENOENT: no such machine. deinit is right after a failure, too. */
int top_feed_init(struct top_feed *feed, const struct ctl *ctl, const struct top_options *options);
void top_feed_deinit(struct top_feed *feed);

/* Reads the counters once and makes feed->heat.data of this and the reading before. */
int top_feed_next(struct top_feed *feed);

/* Whether there will be anything new to read. */
bool top_feed_more(const struct top_feed *feed);

/* "apply", "observe", "frozen", "no daemon", "recorded". */
const char *top_feed_source(const struct top_feed *feed);
uint32_t top_feed_threshold(const struct top_feed *feed); /* ppm */

/* What the verb explain says of an IRQ; appended. -ENOENT: nothing is known of it. */
int top_feed_explain(struct top_feed *feed, const char *target, struct buf *text);
