/*
 * sheet: text for people, made line by line and folded to the terminal: UTF-8 or plain ASCII, with
 * or without colour.
 *
 * The first failure (-ENOMEM) is kept and later calls do nothing. Colours count for no column, and
 * are left out where they are not wanted; characters that the terminal lacks become ASCII of the
 * same width.
 */
#pragma once

#include <stdbool.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/macro.h"

enum ink {
	INK_PLAIN,
	INK_DIM,
	INK_BOLD,
	INK_GOOD,
	INK_WARN,
	INK_BAD,
	INK_NODE, /* the first of INK_NODES hues */
};

#define INK_NODES 6

struct sheet {
	struct buf text; /* finished lines */
	struct buf line; /* the one being written */
	unsigned int width;
	bool color;
	bool unicode;
	int error;
};

void sheet_init(struct sheet *sheet, unsigned int width, bool color, bool unicode);
void sheet_deinit(struct sheet *sheet);

void sheet_printf(struct sheet *sheet, const char *format, ...) _printf_(2, 3);
void sheet_ink(struct sheet *sheet, enum ink ink, const char *format, ...) _printf_(3, 4);
void sheet_keep(struct sheet *sheet, int r);

/* Blanks up to a column; none if the line is longer. */
void sheet_tab(struct sheet *sheet, unsigned int column);

/* Folded at blanks and after commas; what follows the first line is indented. */
void sheet_end_line(struct sheet *sheet, unsigned int indent);
void sheet_blank_line(struct sheet *sheet); /* none at the top of the page, nor two in a row */

/* Writes what was made to standard output. Answers the first failure. */
int sheet_print(const struct sheet *sheet);

/* Columns that a text takes, colours aside. */
unsigned int text_columns(const char *text);

/* The hue of a node; INK_PLAIN for -1. */
enum ink ink_of_node(int node);

/* A load: plain, INK_WARN from 3/4 of the threshold on, INK_BAD from the threshold on. */
enum ink ink_of_load(unsigned int ppm, unsigned int threshold_ppm);
