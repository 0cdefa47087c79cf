/*
 * softnet_stat: /proc/net/softnet_stat through a kept descriptor. Opened at the first reading: only
 * who spreads packets (rps) asks.
 */
#pragma once

#include <stddef.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/cpumask.h"
#include "irqherd/base/fsroot.h"
#include "irqherd/model/softnet.h"

struct softnet_stat {
	int fd; /* -1: not open */
	struct buf text;
	struct softnet_cpu *totals; /* of the last reading; since the start of the machine */
	unsigned int size;          /* records allocated, here and in what is returned */
	bool valid;
};

#define SOFTNET_STAT_INIT ((struct softnet_stat){ .fd = -1 })

void softnet_stat_deinit(struct softnet_stat *stat);

/* The differences to the reading before. online names the lines of kernels before 5.10, which do
 * not say their CPU. */
int softnet_stat_read(struct softnet_stat *stat, struct fsroot *root, const struct cpumask *online,
		      struct softnet *softnet);

/* The next reading is the first again: what lies between is nobody's evidence. */
void softnet_stat_forget(struct softnet_stat *stat);

/*
 * Pure. One line into `totals` (size records): the CPU that it names by its 13th column, else
 * `cpu`. Answers the CPU; -EBADMSG: not such a line. -ERANGE: a CPU beyond size; nothing is stored.
 */
int softnet_line_parse(const char *line, size_t length, int cpu, struct softnet_cpu *totals,
		       unsigned int size);
