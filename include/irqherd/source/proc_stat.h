/*
 * proc_stat: the round's only regular reading. One pread of /proc/stat through a kept descriptor
 * gives every CPU's times and every IRQ's total.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/fsroot.h"
#include "irqherd/model/load.h"

struct proc_stat {
	int fd;
	struct buf text;
};

#define PROC_STAT_INIT ((struct proc_stat){ .fd = -1 })

int proc_stat_init(struct proc_stat *stat, struct fsroot *root);
void proc_stat_deinit(struct proc_stat *stat);
int proc_stat_read(struct proc_stat *stat, uint64_t now_ms, struct sample *sample);

/*
 * Pure. CPUs without a line are offline; slots beyond the line's end are 0. Unknown lines are
 * passed over, a broken number ends its line. -EBADMSG: no CPU line at all. No allocation once the
 * sample is large enough.
 */
int proc_stat_parse(const char *text, size_t length, struct sample *sample);
