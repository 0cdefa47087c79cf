/*
 * report: the machine and the plan as text for people: nodes and CPUs, devices with their IRQs,
 * moves with reasons. Fits 100 columns; no colour. Pure: inventory in, text out.
 *
 * All append to text and answer 0 or -ENOMEM. What is made of lines ends with a newline; a move, a
 * change and a home are part of a line.
 */
#pragma once

#include <stdbool.h>

#include "irqherd/base/buf.h"
#include "irqherd/model/inventory.h"
#include "irqherd/model/load.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"

int report_machine(const struct inventory *inventory,
		   struct buf *text); /* nodes, CPUs, isolation */
int report_devices(const struct inventory *inventory, const struct load *load,
		   struct buf *text); /* load NULL: none yet */
int report_cpus(const struct inventory *inventory, const struct load *load,
		const struct policy *policy, struct buf *text);

/* What moves and why; if nothing does, why not, for each overloaded CPU. load NULL: none yet. */
int report_plan(const struct inventory *inventory, const struct load *load, const struct plan *plan,
		const struct policy *policy, bool dry_run, struct buf *text);

/* One move as the log says it: "moved IRQ 87 from CPU 3 to CPU 5: device=… queue=rx-4 load=99.2%
 * reason=overloaded". */
int report_move(const struct inventory *inventory, const struct move *move, const char *verb,
		struct buf *text);

/* Packets spread or gathered again, as the log says it; verb "" or "would ". */
int report_rps(const struct inventory *inventory, const struct rps_change *change, const char *verb,
	       struct buf *text);

/* One change as the log says it: "device arrived: device=0000:3b:00.0 …". */
int report_change(const struct inventory *inventory, const struct change *change, struct buf *text);

/* The home of a device or IRQ in words: "node 1 (proximity file, line 3)". */
int report_home(const struct inventory *inventory, const struct home *home, struct buf *text);
