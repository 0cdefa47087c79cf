/*
 * openmetrics: a view as metrics for Prometheus and its like.
 *
 * Few series, and as many tomorrow as today: none per IRQ. CPUs have their own up to
 * METRICS_CPUS of them online, larger machines have one for each node; devices have theirs up to
 * METRICS_DEVICES with IRQs that can be moved. About 150 on a machine with 64 CPUs. Pure.
 */
#pragma once

#include "irqherd/base/buf.h"
#include "irqherd/outlet/view.h"

#define METRICS_CPUS    64
#define METRICS_DEVICES 16

enum metrics_format {
	METRICS_OPENMETRICS, /* with units and the final "# EOF" */
	METRICS_PROMETHEUS,  /* the older text format, which collectors of text files read */
};

/* Appends. -ENOMEM. */
int openmetrics_format(const struct view *view, enum metrics_format format, struct buf *text);
