/*
 * heat_feed: makes the data of a heat map of two readings of the counters and of what irqherd says
 * about CPUs and IRQs (the answers of ListCpus and ListIrqs).
 *
 * Remembers where each IRQ fired last, so that it knows for how long. Pure.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "irqherd/base/map.h"
#include "irqherd/ctl/heat.h"
#include "irqherd/model/load.h"
#include "irqherd/source/proc_interrupts.h"

/* What is fed; all borrowed. */
struct heat_input {
	const struct interrupt_matrix *before; /* NULL or not valid: counts are since boot */
	const struct interrupt_matrix *after;
	const struct load *load; /* of the same time, by LOAD_METRIC_TOTAL; NULL unknown */
	json_t *cpus;            /* {"cpus": […]}; NULL unknown */
	json_t *irqs;            /* {"irqs": […]}; NULL unknown */
	double now;              /* seconds since 1970 */
};

struct heat_feed {
	struct heat_data data;
	struct map places; /* number + 1 to struct heat_place; owned */
	unsigned int cpu_size;
	unsigned int irq_size;
	size_t count_size;
};

#define HEAT_FEED_INIT ((struct heat_feed){ .places = MAP_INIT })

void heat_feed_deinit(struct heat_feed *feed);
int heat_feed_update(struct heat_feed *feed, const struct heat_input *input); /* -ENOMEM */

/* Whether the IRQs of a reading are those that an answer of ListIrqs is about. */
bool heat_feed_knows(const json_t *irqs, const struct interrupt_matrix *matrix);

/* A frame's rows and the data's CPUs as one object, for programs. now 0: not known. NULL: out of
 * memory. */
json_t *heat_json(const struct heat_data *data, const struct heat_frame *frame, double now);
