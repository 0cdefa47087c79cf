/*
 * latency: how long something took, counted in buckets of 1 to 1000 ms.
 *
 * A value without an owner; all zero is the empty one.
 */
#pragma once

#include <stdint.h>

#include "irqherd/base/buf.h"

#define LATENCY_BOUNDS 10u

/* Upper bounds, inclusive: 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000 ms. */
extern const unsigned int latency_bounds_ms[LATENCY_BOUNDS];

struct latency {
	uint64_t counts[LATENCY_BOUNDS + 1]; /* the last one: longer than all bounds */
	uint64_t sum_ms;
};

void latency_put(struct latency *latency, uint64_t ms);
uint64_t latency_count(const struct latency *latency); /* values in all */

/* " 1:12 2:3 20:1 more:1": those that are not empty; " none". -ENOMEM. */
int latency_format(const struct latency *latency, struct buf *text);
