/*
 * canvas: a screen's worth of styled cells. Who draws needs no terminal, and who shows it knows
 * nothing of what is shown: curses, a plain page, a test.
 *
 * What lies outside is cut. One cell is one column: only characters of that width are drawn.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/macro.h"

enum style {
	STYLE_PLAIN,
	STYLE_DIM,
	STYLE_BOLD,
	STYLE_WARM, /* near the threshold */
	STYLE_HOT,  /* at or above it */
	STYLE_NOTE, /* something happened: a move, a filter */
	STYLE_BAR,  /* the line of keys */
	STYLE_NODE, /* the first of STYLE_NODES hues */
};

#define STYLE_NODES 6
#define STYLE_COUNT (STYLE_NODE + STYLE_NODES)

struct canvas_cell {
	uint32_t character;
	uint8_t style;
	bool selected;
};

struct canvas {
	struct canvas_cell *cells; /* height rows of width */
	unsigned int width;
	unsigned int height;
	size_t size; /* allocated */
};

#define CANVAS_INIT ((struct canvas){ 0 })

void canvas_deinit(struct canvas *canvas);
int canvas_resize(struct canvas *canvas, unsigned int width, unsigned int height); /* and clears */

void canvas_put(struct canvas *canvas, unsigned int x, unsigned int y, uint32_t character,
		enum style style);

/* ASCII; other bytes become '?'. Answers the column behind it. text may be cut to `room`. */
unsigned int canvas_text(struct canvas *canvas, unsigned int x, unsigned int y, unsigned int room,
			 const char *text, enum style style);
unsigned int canvas_printf(struct canvas *canvas, unsigned int x, unsigned int y, enum style style,
			   const char *format, ...) _printf_(5, 6);
/* Ends before column x_end. */
void canvas_text_right(struct canvas *canvas, unsigned int x_end, unsigned int y, const char *text,
		       enum style style);
/* UTF-8, for texts that others made; what is not printable becomes '?'. */
unsigned int canvas_utf8(struct canvas *canvas, unsigned int x, unsigned int y, const char *text,
			 size_t length, enum style style);

/* From column x up to, without, x_end. */
void canvas_select(struct canvas *canvas, unsigned int y, unsigned int x, unsigned int x_end);

/* One row as UTF-8, without blanks at its end. -ENOMEM. */
int canvas_row_text(const struct canvas *canvas, unsigned int y, struct buf *text);
/* All rows, each with its newline; empty ones at the end are left out. */
int canvas_page(const struct canvas *canvas, struct buf *text);

size_t utf8_encode(uint32_t character, char text[4]); /* bytes */
