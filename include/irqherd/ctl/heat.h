/*
 * heat: IRQs × CPUs as a picture: which columns and rows a frame has.
 *
 * Columns are CPUs, or what they are folded to: cores, last-level caches, nodes. Rows are IRQs that
 * fit the filter, sorted. Pure: what is known now and what is asked for in, a frame out; drawing it
 * is heat_draw's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/cpumask.h"

struct heat_cpu {
	int cpu;
	int node;          /* -1 unknown */
	int llc;           /* lowest CPU that shares it; -1 unknown */
	int core;          /* lowest CPU of it; -1 unknown */
	bool reserved;     /* isolated or excluded: IRQs keep off */
	bool overloaded;   /* by irqherd's word */
	bool measured;     /* the loads below are known */
	uint32_t busy_ppm; /* all but idle time, waiting for I/O included in idle */
	uint32_t irq_ppm;  /* hard and soft interrupts */
};

enum heat_state {
	HEAT_PLAIN,
	HEAT_PINNED, /* an administrator or a client gave it its CPUs */
	HEAT_MANAGED,
	HEAT_BANNED,
	HEAT_REFUSED,
	HEAT_STUCK,
	HEAT_EXTERNAL,
	HEAT_KERNEL, /* no IRQ: LOC, RES */
};

#define HEAT_NEVER UINT64_MAX

struct heat_irq {
	char label[16];  /* "38", "LOC" */
	char device[32]; /* network device, else PCI address; "" none */
	char what[64];   /* "rx-4", else its actions */
	uint32_t number; /* UINT32_MAX: none */
	enum heat_state state;
	int cpu;   /* where most of it fired in the interval; -1: nowhere, or all over */
	bool away; /* there, but its home is elsewhere */
	bool cost_known;
	uint32_t cost_ppm;
	uint64_t total;   /* in the interval */
	uint64_t stay_ms; /* since it fires there; HEAT_NEVER: longer than anybody knows */
	unsigned int moves;
};

struct heat_data {
	struct heat_cpu *cpus; /* by node and number */
	unsigned int cpu_count;
	struct heat_irq *irqs; /* by number, the kernel's own last */
	unsigned int irq_count;
	uint32_t *counts;     /* irq_count × cpu_count, in the interval */
	uint64_t interval_ms; /* 0: counts are since boot */
};

enum heat_zoom {
	HEAT_AUTO, /* the finest that fits */
	HEAT_NODES,
	HEAT_LLCS,
	HEAT_CORES,
	HEAT_CPUS,
};

enum heat_sort {
	HEAT_BY_RATE,
	HEAT_BY_COST,
	HEAT_BY_NAME,
	HEAT_BY_NUMBER,
	HEAT_BY_MOVES, /* the latest first */
};

#define HEAT_SORTS  (HEAT_BY_MOVES + 1)
#define HEAT_FILTER 64

struct heat_view {
	unsigned int width;
	unsigned int height;
	enum heat_zoom zoom;
	enum heat_sort sort;
	bool reverse;
	bool all;    /* quiet rows too */
	bool kernel; /* the kernel's own rows too */
	char filter[HEAT_FILTER];
	const struct cpumask *cpus; /* only these columns; NULL: all */
	unsigned int first_column;  /* of those that do not fit at once */
	uint32_t threshold_ppm;
};

struct heat_column {
	int id; /* CPU, lowest CPU of the core or cache, or node */
	int node;
	unsigned int cpus;     /* how many */
	bool reserved;         /* all of them */
	bool overloaded;       /* one of them */
	unsigned int measured; /* CPUs whose loads are known */
	uint64_t busy_ppm;     /* mean */
	uint64_t irq_ppm;
	uint32_t irq_max_ppm; /* of one CPU */
	unsigned int x;       /* if visible: from the left edge of the cells */
};

#define HEAT_NO_COLUMN UINT32_MAX

struct heat_frame {
	enum heat_zoom zoom; /* never HEAT_AUTO */
	struct heat_column *columns;
	unsigned int column_count;
	unsigned int *column_of; /* of each CPU of the data; HEAT_NO_COLUMN: not shown */
	unsigned int *rows;      /* indexes of irqs, in order */
	unsigned int row_count;
	unsigned int hidden;     /* rows that are quiet */
	unsigned int cell_width; /* of a column */
	unsigned int gap;        /* blanks before another node */
	unsigned int first;      /* first column that is visible */
	unsigned int visible;    /* how many are */
	unsigned int width;      /* that the visible ones take */
	unsigned int cpu_size;   /* allocated */
	unsigned int irq_size;
};

#define HEAT_FRAME_INIT ((struct heat_frame){ 0 })

void heat_data_deinit(struct heat_data *data);
void heat_frame_deinit(struct heat_frame *frame);

/* room: columns of the screen that cells may take. -ENOMEM. The frame keeps its memory. */
int heat_fold(const struct heat_data *data, const struct heat_view *view, unsigned int room,
	      struct heat_frame *frame);

/* The rows alone, for who moves through them. */
int heat_choose_rows(const struct heat_data *data, const struct heat_view *view,
		     struct heat_frame *frame);

/* Interrupts of a row in each of the frame's columns. */
void heat_row_cells(const struct heat_data *data, const struct heat_frame *frame, unsigned int irq,
		    uint64_t *ret_cells);

/* How much of a row is in a cell: 0 none, then under 5 %, 25 %, 75 %, and more. */
unsigned int heat_shade(uint64_t cell, uint64_t total);

const char *heat_sort_name(enum heat_sort sort);
const char *heat_zoom_name(enum heat_zoom zoom);
const char *heat_state_name(enum heat_state state); /* "" for HEAT_PLAIN */

/* One step to finer (+1) or coarser (-1) columns, from what is shown. Levels at which the number of
 * columns stays the same are passed over. */
enum heat_zoom heat_zoom_step(const struct heat_data *data, const struct heat_view *view,
			      enum heat_zoom from, int step);
