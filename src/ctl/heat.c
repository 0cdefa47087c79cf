/*
 * A column's cells are as wide as the room allows, and alike: eight columns show the rate as a
 * number, two are a shade and a blank, one is a shade alone. Where even that does not fit,
 * HEAT_AUTO folds CPUs to cores, cores to caches, caches to nodes; a zoom that was asked for is
 * kept, and what does not fit is scrolled.
 */
#include "irqherd/ctl/heat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/macro.h"

static const unsigned int cell_widths[] = { 8, 4, 3, 2, 1 };

void heat_data_deinit(struct heat_data *data)
{
	free(data->cpus);
	free(data->irqs);
	free(data->counts);
	*data = (struct heat_data){ 0 };
}

void heat_frame_deinit(struct heat_frame *frame)
{
	free(frame->columns);
	free(frame->column_of);
	free(frame->rows);
	*frame = HEAT_FRAME_INIT;
}

const char *heat_sort_name(enum heat_sort sort)
{
	switch (sort) {
	case HEAT_BY_RATE:
		return "rate";
	case HEAT_BY_COST:
		return "cost";
	case HEAT_BY_NAME:
		return "name";
	case HEAT_BY_NUMBER:
		return "irq";
	case HEAT_BY_MOVES:
		return "moves";
	}
	return "?";
}

const char *heat_zoom_name(enum heat_zoom zoom)
{
	switch (zoom) {
	case HEAT_AUTO:
		return "auto";
	case HEAT_NODES:
		return "nodes";
	case HEAT_LLCS:
		return "caches";
	case HEAT_CORES:
		return "cores";
	case HEAT_CPUS:
		return "CPUs";
	}
	return "?";
}

const char *heat_state_name(enum heat_state state)
{
	switch (state) {
	case HEAT_PLAIN:
	case HEAT_KERNEL:
		return "";
	case HEAT_PINNED:
		return "pinned";
	case HEAT_MANAGED:
		return "managed";
	case HEAT_BANNED:
		return "banned";
	case HEAT_REFUSED:
		return "refused";
	case HEAT_STUCK:
		return "stuck";
	case HEAT_EXTERNAL:
		return "external";
	}
	return "";
}

unsigned int heat_shade(uint64_t cell, uint64_t total)
{
	if (cell == 0 || total == 0)
		return 0;
	if (cell * 20 < total)
		return 1;
	if (cell * 4 < total)
		return 2;
	return cell * 4 < 3 * total ? 3 : 4;
}

/* --- columns --- */

/* What a CPU is folded to; what is not known folds to the next coarser thing that is. */
static int column_id(const struct heat_cpu *cpu, enum heat_zoom zoom)
{
	switch (zoom) {
	case HEAT_AUTO:
	case HEAT_CPUS:
		break;
	case HEAT_CORES:
		return cpu->core >= 0 ? cpu->core : cpu->cpu;
	case HEAT_LLCS:
		if (cpu->llc >= 0)
			return cpu->llc;
		return cpu->core >= 0 ? cpu->core : cpu->cpu;
	case HEAT_NODES:
		return cpu->node;
	}
	return cpu->cpu;
}

static bool is_wanted(const struct heat_view *view, const struct heat_cpu *cpu)
{
	return !view->cpus || cpumask_test(view->cpus, cpu->cpu);
}

static void column_add(struct heat_column *column, const struct heat_cpu *cpu)
{
	column->cpus++;
	column->reserved = (column->cpus == 1 || column->reserved) && cpu->reserved;
	column->overloaded |= cpu->overloaded;
	if (!cpu->measured)
		return;
	column->measured++;
	column->busy_ppm += cpu->busy_ppm;
	column->irq_ppm += cpu->irq_ppm;
	if (cpu->irq_ppm > column->irq_max_ppm)
		column->irq_max_ppm = cpu->irq_ppm;
}

static int column_compare(const void *a, const void *b)
{
	const struct heat_column *left = a, *right = b;

	if (left->node != right->node)
		return left->node < right->node ? -1 : 1;
	return (left->id > right->id) - (left->id < right->id);
}

/* A cache may lie in two nodes (sub-NUMA clusters): it is a column in each. */
static unsigned int find_column(const struct heat_frame *frame, const struct heat_column *wanted)
{
	const struct heat_column *found = bsearch(wanted, frame->columns, frame->column_count,
						  sizeof(*wanted), column_compare);

	return found ? (unsigned int) (found - frame->columns) : HEAT_NO_COLUMN;
}

static void make_columns(const struct heat_data *data, const struct heat_view *view,
			 enum heat_zoom zoom, struct heat_frame *frame)
{
	unsigned int count = 0, kept = 0;

	for (unsigned int i = 0; i < data->cpu_count; i++) {
		const struct heat_cpu *cpu = &data->cpus[i];

		if (is_wanted(view, cpu))
			frame->columns[count++] = (struct heat_column){ .id = column_id(cpu, zoom),
									.node = cpu->node };
	}
	qsort(frame->columns, count, sizeof(frame->columns[0]), column_compare);
	for (unsigned int i = 0; i < count; i++)
		if (kept == 0 || column_compare(&frame->columns[kept - 1], &frame->columns[i]) != 0)
			frame->columns[kept++] = frame->columns[i];
	frame->column_count = kept;
	frame->zoom = zoom;

	for (unsigned int i = 0; i < data->cpu_count; i++) {
		const struct heat_cpu *cpu = &data->cpus[i];
		struct heat_column wanted = { .id = column_id(cpu, zoom), .node = cpu->node };

		frame->column_of[i] = HEAT_NO_COLUMN;
		if (!is_wanted(view, cpu))
			continue;
		frame->column_of[i] = find_column(frame, &wanted);
		column_add(&frame->columns[frame->column_of[i]], cpu);
	}
	for (unsigned int i = 0; i < kept; i++) {
		struct heat_column *column = &frame->columns[i];

		if (column->measured) {
			column->busy_ppm /= column->measured;
			column->irq_ppm /= column->measured;
		}
	}
}

static unsigned int count_gaps(const struct heat_frame *frame)
{
	unsigned int gaps = 0;

	for (unsigned int i = 1; i < frame->column_count; i++)
		gaps += frame->columns[i].node != frame->columns[i - 1].node;
	return gaps;
}

/* The widest cells with which all columns fit; false: not even the narrowest do. */
static bool choose_width(struct heat_frame *frame, unsigned int room)
{
	unsigned int gaps = count_gaps(frame);

	for (size_t i = 0; i < ARRAY_SIZE(cell_widths); i++) {
		frame->cell_width = cell_widths[i];
		frame->gap = cell_widths[i] >= 2 && cell_widths[i] < 8 ? 2 : 1;
		if (frame->column_count * frame->cell_width + gaps * frame->gap <= room)
			return true;
	}
	return false;
}

/* Columns from frame->first on, as far as they fit the room. */
static void place_visible(struct heat_frame *frame, unsigned int room)
{
	unsigned int i;

	frame->width = 0;
	for (i = frame->first; i < frame->column_count; i++) {
		struct heat_column *column = &frame->columns[i];

		column->x = frame->width;
		if (i > frame->first && column->node != column[-1].node)
			column->x += frame->gap;
		if (column->x + frame->cell_width > room)
			break;
		frame->width = column->x + frame->cell_width;
	}
	frame->visible = i - frame->first;
}

static void fold_columns(const struct heat_data *data, const struct heat_view *view,
			 unsigned int room, struct heat_frame *frame)
{
	static const enum heat_zoom finest_first[] = { HEAT_CPUS, HEAT_CORES, HEAT_LLCS,
						       HEAT_NODES };
	bool fits = false;

	if (view->zoom != HEAT_AUTO) {
		make_columns(data, view, view->zoom, frame);
		fits = choose_width(frame, room);
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(finest_first) && !fits; i++) {
			make_columns(data, view, finest_first[i], frame);
			fits = choose_width(frame, room);
		}
	}

	frame->first = 0;
	place_visible(frame, room);
	if (fits)
		return;
	/* Scrolled, but never beyond the last screenful. */
	while (frame->first < view->first_column &&
	       frame->first + frame->visible < frame->column_count) {
		frame->first++;
		place_visible(frame, room);
	}
}

enum heat_zoom heat_zoom_step(const struct heat_data *data, const struct heat_view *view,
			      enum heat_zoom from, int step)
{
	struct heat_frame frame = HEAT_FRAME_INIT;
	enum heat_zoom zoom = from;
	unsigned int count;

	frame.columns = calloc(data->cpu_count + 1, sizeof(frame.columns[0]));
	frame.column_of = calloc(data->cpu_count + 1, sizeof(frame.column_of[0]));
	if (frame.columns && frame.column_of) {
		make_columns(data, view, from, &frame);
		count = frame.column_count;
		for (int next = (int) from + step; next >= HEAT_NODES && next <= HEAT_CPUS;
		     next += step) {
			make_columns(data, view, (enum heat_zoom) next, &frame);
			if (frame.column_count != count) {
				zoom = (enum heat_zoom) next;
				break;
			}
		}
	}
	heat_frame_deinit(&frame);
	return zoom;
}

void heat_row_cells(const struct heat_data *data, const struct heat_frame *frame, unsigned int irq,
		    uint64_t *ret_cells)
{
	const uint32_t *counts = data->counts + (size_t) irq * data->cpu_count;

	memset(ret_cells, 0, frame->column_count * sizeof(ret_cells[0]));
	for (unsigned int i = 0; i < data->cpu_count; i++)
		if (frame->column_of[i] != HEAT_NO_COLUMN)
			ret_cells[frame->column_of[i]] += counts[i];
}

/* --- rows --- */

static bool contains(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

/* Every word of the filter is in one of the row's texts. */
static bool matches(const struct heat_irq *irq, const char *filter)
{
	char words[HEAT_FILTER];
	char *rest = words, *word;

	(void) strncpy(words, filter, sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	while ((word = strsep(&rest, " ")))
		if (*word && !contains(irq->label, word) && !contains(irq->device, word) &&
		    !contains(irq->what, word) && !contains(heat_state_name(irq->state), word))
			return false;
	return true;
}

/* Numbers within names count as numbers: rx-9 stands before rx-10. */
static int compare_names(const struct heat_irq *a, const struct heat_irq *b)
{
	int r = strverscmp(a->device, b->device);

	return r ? r : strverscmp(a->what, b->what);
}

struct sorting {
	const struct heat_data *data;
	enum heat_sort sort;
	bool reverse;
};

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_rows(const void *left, const void *right, void *context)
{
	const struct sorting *sorting = context;
	unsigned int l = *(const unsigned int *) left, r = *(const unsigned int *) right;
	const struct heat_irq *a = &sorting->data->irqs[l];
	const struct heat_irq *b = &sorting->data->irqs[r];
	int result = 0;

	switch (sorting->sort) {
	case HEAT_BY_RATE:
		result = compare_u64(b->total, a->total);
		break;
	case HEAT_BY_COST:
		result = compare_u64(b->cost_known ? b->cost_ppm + 1ull : 0,
				     a->cost_known ? a->cost_ppm + 1ull : 0);
		if (result == 0)
			result = compare_u64(b->total, a->total);
		break;
	case HEAT_BY_NAME:
		result = compare_names(a, b);
		break;
	case HEAT_BY_NUMBER:
		break;
	case HEAT_BY_MOVES:
		result = compare_u64(a->stay_ms, b->stay_ms);
		if (result == 0)
			result = compare_u64(b->moves, a->moves);
		break;
	}
	if (sorting->reverse)
		result = -result;
	if (result == 0)
		result = sorting->reverse && sorting->sort == HEAT_BY_NUMBER ? compare_u64(r, l)
									     : compare_u64(l, r);
	return result;
}

static void find_rows(const struct heat_data *data, const struct heat_view *view,
		      struct heat_frame *frame)
{
	struct sorting sorting = { data, view->sort, view->reverse };

	frame->row_count = 0;
	frame->hidden = 0;
	for (unsigned int i = 0; i < data->irq_count; i++) {
		const struct heat_irq *irq = &data->irqs[i];

		if (irq->state == HEAT_KERNEL && !view->kernel)
			continue;
		if (!matches(irq, view->filter))
			continue;
		if (irq->total == 0 && !view->all) {
			frame->hidden++;
			continue;
		}
		frame->rows[frame->row_count++] = i;
	}
	qsort_r(frame->rows, frame->row_count, sizeof(frame->rows[0]), compare_rows, &sorting);
}

static int reserve(struct heat_frame *frame, unsigned int cpus, unsigned int irqs)
{
	if (cpus > frame->cpu_size) {
		struct heat_column *columns = realloc(frame->columns, cpus * sizeof(columns[0]));
		unsigned int *column_of;

		if (!columns)
			return -ENOMEM;
		frame->columns = columns;
		column_of = realloc(frame->column_of, cpus * sizeof(column_of[0]));
		if (!column_of)
			return -ENOMEM;
		frame->column_of = column_of;
		frame->cpu_size = cpus;
	}
	if (irqs > frame->irq_size) {
		unsigned int *rows = realloc(frame->rows, irqs * sizeof(rows[0]));

		if (!rows)
			return -ENOMEM;
		frame->rows = rows;
		frame->irq_size = irqs;
	}
	return 0;
}

int heat_choose_rows(const struct heat_data *data, const struct heat_view *view,
		     struct heat_frame *frame)
{
	int r;

	r = reserve(frame, data->cpu_count + 1, data->irq_count + 1);
	if (r == 0)
		find_rows(data, view, frame);
	return r;
}

int heat_fold(const struct heat_data *data, const struct heat_view *view, unsigned int room,
	      struct heat_frame *frame)
{
	int r;

	r = heat_choose_rows(data, view, frame);
	if (r == 0)
		fold_columns(data, view, room, frame);
	return r;
}
