/* top_options: the command line of the verb top. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/cpumask.h"
#include "irqherd/ctl/heat.h"

#define TOP_REPLAYS 16

struct top_options {
	struct heat_view view; /* width and height 0: the terminal's */
	struct cpumask cpus;   /* if has_cpus */
	bool has_cpus;
	uint32_t interval_ms;
	uint32_t batch; /* frames; 0: a screen */
	bool json_lines;
	bool help;
	const char *replays[TOP_REPLAYS]; /* trees to read instead of the machine, one a frame */
	unsigned int replay_count;
};

/* -EINVAL: problem says what is wrong. */
int top_options_parse(int argc, char **argv, struct top_options *ret_options, struct buf *problem);
