/*
 * heat_draw: a frame of the heat map on a canvas.
 *
 * From the top: a line of what is shown, nodes, columns, their loads; then a row for each IRQ, with
 * a shade for each column; at the bottom the keys. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/buf.h"
#include "irqherd/ctl/canvas.h"
#include "irqherd/ctl/heat.h"

struct heat_page {
	const char *time;           /* "12:04:31" */
	const char *source;         /* "apply", "no daemon", … */
	const char *keys;           /* the last line; NULL: none, as in a batch */
	const char *overlay;        /* a text (UTF-8) instead of the rows; NULL: none */
	unsigned int overlay_first; /* its first visible line */
	int selected;               /* row of the frame; -1: none */
	unsigned int first_row;     /* of the frame, that is visible */
	bool ascii;
	bool editing; /* the filter is being typed */
	bool paused;
};

/* Rows that this many lines of screen leave for IRQs. */
unsigned int heat_body_height(const struct heat_view *view, const struct heat_page *page,
			      const struct heat_data *data);

/* Folds (into frame) and draws; canvas gets the view's size. -ENOMEM. */
int heat_draw(const struct heat_data *data, const struct heat_view *view,
	      const struct heat_page *page, struct heat_frame *frame, struct canvas *canvas);

#define HEAT_RATE 8

/* "0.5", "38", "1234", "41.2k", "1.23M"; a second's, or with interval_ms 0 the count itself. */
const char *heat_rate_format(uint64_t count, uint64_t interval_ms, char text[HEAT_RATE]);

/* "0:07", "3:10", "2h05", "4d", "" for HEAT_NEVER. */
const char *heat_stay_format(uint64_t stay_ms, char text[HEAT_RATE]);

/* The help page, as the overlay shows it. */
extern const char heat_help[];
