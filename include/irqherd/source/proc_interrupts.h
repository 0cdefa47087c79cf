/*
 * proc_interrupts: the counts of /proc/interrupts, every IRQ on every CPU.
 *
 * For who wants to see where interrupts fire, not for a balancer's round: the file has 13 MB on a
 * machine with 1,152 CPUs, and the kernel takes longer to print it than we to read it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/fsroot.h"

#define ROW_NO_IRQ   UINT32_MAX /* one of the kernel's own rows: LOC, RES, NMI */
#define ROW_LABEL    16
#define ROW_LIMIT    (1u << 20)
#define COUNTS_LIMIT (1u << 28) /* 1 GiB of counts */

struct interrupt_row {
	uint32_t number; /* Linux IRQ number, or ROW_NO_IRQ */
	char label[ROW_LABEL];
	size_t name;    /* offset in matrix::names: actions "a,b", or "Local timer interrupts" */
	uint64_t total; /* of all its counts */
};

struct interrupt_matrix {
	uint64_t time_ms;   /* when it was read; set by who read it */
	unsigned int *cpus; /* CPU number of each column; offline CPUs have none */
	unsigned int columns;
	struct interrupt_row *rows; /* as they come; numbers grow, the kernel's own are last */
	unsigned int row_count;
	uint32_t *counts; /* row_count × columns; wrap at 2^32 */
	struct buf names;
	unsigned int column_size; /* allocated */
	unsigned int row_size;
	size_t count_size;
	bool valid;
};

#define INTERRUPT_MATRIX_INIT ((struct interrupt_matrix){ .names = BUF_INIT })

void interrupt_matrix_deinit(struct interrupt_matrix *matrix);

/*
 * Pure. Rows that are not per CPU (ERR, MIS) are passed over; a row that is cut has 0 for the rest.
 * -EBADMSG: no line of CPUs before the rows. -EFBIG: more than the limits above. The matrix keeps
 * its memory; it is not valid after a failure.
 */
int interrupt_matrix_parse(const char *text, size_t length, struct interrupt_matrix *matrix);

/* name: "interrupts", or what a captured machine has beside it. text: room to read through, kept
 * between readings by who calls. */
int interrupt_matrix_read(struct fsroot *root, const char *name, struct buf *text, uint64_t now_ms,
			  struct interrupt_matrix *matrix);

static inline const uint32_t *interrupt_matrix_row(const struct interrupt_matrix *matrix,
						   unsigned int row)
{
	return matrix->counts + (size_t) row * matrix->columns;
}

static inline const char *interrupt_matrix_name(const struct interrupt_matrix *matrix,
						unsigned int row)
{
	return buf_text(&matrix->names) + matrix->rows[row].name;
}

/* The row of the same IRQ (or label) in another matrix; hint: where it may be. -1: none. */
int interrupt_matrix_find(const struct interrupt_matrix *matrix, const struct interrupt_row *row,
			  unsigned int hint);
