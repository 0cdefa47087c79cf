/*
 * A row has exactly one count per column of the header, so names that begin with digits are no
 * counts. Most counts of a large machine are zeros that the kernel prints in eleven bytes each;
 * those are taken as a block.
 */
#include "irqherd/source/proc_interrupts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupts_text.h"
#include "irqherd/base/cpumask.h"
#include "irqherd/model/inventory.h"

static const char ZERO[] = "          0"; /* "%10u" behind a blank */

void interrupt_matrix_deinit(struct interrupt_matrix *matrix)
{
	free(matrix->cpus);
	free(matrix->rows);
	free(matrix->counts);
	buf_deinit(&matrix->names);
	*matrix = INTERRUPT_MATRIX_INIT;
}

static bool is_digit(char c)
{
	return (unsigned char) (c - '0') < 10;
}

static int add_column(struct interrupt_matrix *matrix, unsigned int cpu)
{
	if (matrix->columns == matrix->column_size) {
		unsigned int size = matrix->column_size ? 2 * matrix->column_size : 64;
		unsigned int *grown = realloc(matrix->cpus, size * sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		matrix->cpus = grown;
		matrix->column_size = size;
	}
	matrix->cpus[matrix->columns++] = cpu;
	return 0;
}

/* "CPU0       CPU1 …": any other line is none. */
static int parse_header(struct interrupt_matrix *matrix, const char *text, const char *end)
{
	for (;;) {
		struct token token = next_token(&text, end);
		unsigned int cpu = 0;
		int r;

		if (token.length == 0)
			return 0;
		if (token.length < 4 || token.length > 8 || memcmp(token.text, "CPU", 3) != 0)
			return -EBADMSG;
		for (size_t i = 3; i < token.length; i++) {
			if (!is_digit(token.text[i]))
				return -EBADMSG;
			cpu = cpu * 10 + (unsigned int) (token.text[i] - '0');
		}
		if (cpu >= CPU_LIMIT || matrix->columns >= CPU_LIMIT)
			return -EBADMSG;
		r = add_column(matrix, cpu);
		if (r < 0)
			return r;
	}
}

/* Room for one more row and its counts. */
static int reserve_row(struct interrupt_matrix *matrix)
{
	size_t counts = ((size_t) matrix->row_count + 1) * matrix->columns;

	if (matrix->row_count >= ROW_LIMIT || counts > COUNTS_LIMIT)
		return -EFBIG;
	if (matrix->row_count == matrix->row_size) {
		unsigned int size = matrix->row_size ? 2 * matrix->row_size : 64;
		struct interrupt_row *grown = realloc(matrix->rows, size * sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		matrix->rows = grown;
		matrix->row_size = size;
	}
	if (counts > matrix->count_size) {
		size_t size = counts + counts / 2;
		uint32_t *grown = realloc(matrix->counts, size * sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		matrix->counts = grown;
		matrix->count_size = size;
	}
	return 0;
}

/* Answers where the counts end; *ret_read is how many there were, columns at most. */
static const char *parse_counts(const char *text, const char *end, unsigned int columns,
				uint32_t *counts, unsigned int *ret_read, uint64_t *ret_total)
{
	const size_t block = sizeof(ZERO) - 1;
	unsigned int i = 0;
	uint64_t total = 0;

	while (i < columns) {
		const char *start = text;
		uint32_t value = 0;

		if ((size_t) (end - text) > block && text[block] == ' ' &&
		    memcmp(text, ZERO, block) == 0) {
			counts[i++] = 0;
			text += block;
			continue;
		}

		while (text < end && *text == ' ')
			text++;
		if (text == end || !is_digit(*text)) {
			text = start;
			break;
		}
		do
			value = value * 10 + (uint32_t) (*text++ - '0');
		while (text < end && is_digit(*text));
		if (text < end && *text != ' ') {
			text = start;
			break;
		}
		counts[i++] = value;
		total += value;
	}
	*ret_read = i;
	*ret_total = total;
	return text;
}

/* "  38:" or "LOC:"; answers what follows the colon, NULL: no row. */
static const char *parse_label(const char *text, const char *end, struct interrupt_row *row)
{
	const char *colon;
	size_t length;
	uint32_t number = 0;

	while (text < end && *text == ' ')
		text++;
	colon = memchr(text, ':', (size_t) (end - text));
	if (!colon || colon == text)
		return NULL;
	length = (size_t) (colon - text);
	if (length >= sizeof(row->label))
		return NULL;

	memcpy(row->label, text, length);
	row->label[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if (text[i] == ' ')
			return NULL;
		if (number != ROW_NO_IRQ && is_digit(text[i]) && number < IRQ_NUMBER_LIMIT)
			number = number * 10 + (uint32_t) (text[i] - '0');
		else
			number = ROW_NO_IRQ;
	}
	row->number = number < IRQ_NUMBER_LIMIT ? number : ROW_NO_IRQ;
	return colon + 1;
}

static int put_name(struct interrupt_matrix *matrix, struct interrupt_row *row, const char *text,
		    const char *end)
{
	struct token name;
	int r;

	if (row->number == ROW_NO_IRQ) {
		while (text < end && *text == ' ')
			text++;
		while (end > text && (end[-1] == ' ' || end[-1] == '\r'))
			end--;
		name = (struct token){ text, (size_t) (end - text) };
	} else {
		name = row_tail_parse(text, end).actions;
	}

	r = buf_reserve(&matrix->names, name.length + 1);
	if (r < 0)
		return r;
	row->name = matrix->names.length;
	if (row->number == ROW_NO_IRQ) {
		memcpy(matrix->names.data + row->name, name.text, name.length);
		matrix->names.data[row->name + name.length] = '\0';
	} else {
		name.length = row_actions_copy(matrix->names.data + row->name, &name);
	}
	matrix->names.length += name.length + 1;
	return 0;
}

static int parse_line(void *context, const char *text, const char *end)
{
	struct interrupt_matrix *matrix = context;
	struct interrupt_row row = { 0 };
	unsigned int read;
	uint32_t *counts;
	int r;

	if (matrix->columns == 0)
		return parse_header(matrix, text, end);

	text = parse_label(text, end, &row);
	if (!text)
		return 0;
	r = reserve_row(matrix);
	if (r < 0)
		return r;

	counts = matrix->counts + (size_t) matrix->row_count * matrix->columns;
	text = parse_counts(text, end, matrix->columns, counts, &read, &row.total);
	if (read < matrix->columns && row.number == ROW_NO_IRQ)
		return 0;
	for (unsigned int i = read; i < matrix->columns; i++)
		counts[i] = 0;

	r = put_name(matrix, &row, text, end);
	if (r < 0)
		return r;
	matrix->rows[matrix->row_count++] = row;
	return 0;
}

static void matrix_begin(struct interrupt_matrix *matrix)
{
	matrix->valid = false;
	matrix->columns = 0;
	matrix->row_count = 0;
	buf_reset(&matrix->names);
}

static int matrix_end(struct interrupt_matrix *matrix, int r)
{
	if (r == 0 && matrix->columns == 0)
		r = -EBADMSG;
	if (r < 0) {
		matrix_begin(matrix);
		return r;
	}
	matrix->valid = true;
	return 0;
}

int interrupt_matrix_parse(const char *text, size_t length, struct interrupt_matrix *matrix)
{
	matrix_begin(matrix);
	return matrix_end(matrix, lines_of_text(text, length, parse_line, matrix));
}

int interrupt_matrix_read(struct fsroot *root, const char *name, struct buf *text, uint64_t now_ms,
			  struct interrupt_matrix *matrix)
{
	int fd, r;

	matrix_begin(matrix);
	fd = fsroot_open(root, FSROOT_PROC, O_RDONLY, "%s", name);
	if (fd < 0)
		return fd;
	r = matrix_end(matrix, lines_of_file(fd, text, parse_line, matrix));
	(void) close(fd);
	matrix->time_ms = now_ms;
	return r;
}

static bool same_row(const struct interrupt_row *a, const struct interrupt_row *b)
{
	return a->number == b->number &&
	       (a->number != ROW_NO_IRQ || strcmp(a->label, b->label) == 0);
}

int interrupt_matrix_find(const struct interrupt_matrix *matrix, const struct interrupt_row *row,
			  unsigned int hint)
{
	/* Rows of two readings differ in few places: what moved is mostly right behind the hint. */
	for (unsigned int i = hint; i < matrix->row_count; i++)
		if (same_row(&matrix->rows[i], row))
			return (int) i;
	for (unsigned int i = 0; i < hint && i < matrix->row_count; i++)
		if (same_row(&matrix->rows[i], row))
			return (int) i;
	return -1;
}
