/*
 * table: rows of cells under titles, each column as wide as it needs. The last column takes what is
 * left and is folded within itself.
 */
#pragma once

#include "irqherd/ctl/sheet.h"

#define TABLE_COLUMNS 12

/* A title that starts with '>' is a column of numbers: set to the right. */
struct table {
	const char *titles[TABLE_COLUMNS]; /* borrowed */
	unsigned int column_count;
	struct table_cell *cells; /* owned; row by row */
	size_t cell_count;
	size_t cell_size;
	int error;
};

void table_init(struct table *table, const char *const *titles, unsigned int count);
void table_deinit(struct table *table);

/* The next cell, from left to right; after the last one a new row begins. */
void table_cell(struct table *table, enum ink ink, const char *format, ...) _printf_(3, 4);

/* Onto the sheet, with blanks before each row. No row, no titles. */
void table_put(const struct table *table, struct sheet *sheet, unsigned int indent);
