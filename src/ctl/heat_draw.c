/*
 * The cells take what the texts beside them leave; what the cells then do not need goes to the
 * names. Colours only repeat what shades, numbers and words say: without them nothing is lost.
 */
#include "irqherd/ctl/heat_draw.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/macro.h"
#include "irqherd/model/load.h"

#define LABEL_WIDTH 6
#define RIGHT_WIDTH 28 /* rate, cost, stay, note */
#define RATE_END    7
#define COST_END    14
#define STAY_END    20
#define NOTE_START  21

const char heat_help[] =
	"A row is an IRQ, a column a CPU, or what CPUs are folded to where they do not\n"
	"fit. A shade says how much of the row's interrupts fired there: none, less\n"
	"than 5 %, 25 %, 75 %, or more. Where the dot is missing, IRQs keep off.\n"
	"\n"
	"  busy   CPU time in % that is neither idle nor waiting for I/O; a bar or a\n"
	"         digit for tens where cells are narrow, * is 100\n"
	"  irq    its part in hard and soft interrupts\n"
	"  most   the highest irq of one CPU, where columns are more than a CPU\n"
	"  irq/s  interrupts in a second\n"
	"  cost   of a CPU, as irqherd estimates it; not known without the daemon\n"
	"  stay   for how long the IRQ fires where it does, since it was seen to move\n"
	"  note   moved: a moment ago. away: its home is elsewhere. stuck: moved, but\n"
	"         its load stayed. pinned: by a rule or client. managed: the kernel\n"
	"         keeps its affinity. banned, refused, external: left alone, irqherd(7)\n"
	"\n"
	"  Up Down PgUp PgDn Home End  choose a row     Left Right  scroll columns\n"
	"  Enter, e   explain that row                  + -         finer, coarser\n"
	"  r c n i m  by rate, cost, name, IRQ, moves   0           the finest that fit\n"
	"  s S        next order, reverse it            a           quiet rows, too\n"
	"  /          filter by names or numbers        k           the kernel's own rows\n"
	"  Esc        no filter, no text                Space       stop, go on\n"
	"  h, ?       this page                         q           quit\n";

const char *heat_rate_format(uint64_t count, uint64_t interval_ms, char text[HEAT_RATE])
{
	double rate = interval_ms ? (double) count * 1000.0 / (double) interval_ms : (double) count;

	if (count == 0)
		(void) snprintf(text, HEAT_RATE, "0");
	else if (rate < 9.95 && interval_ms)
		(void) snprintf(text, HEAT_RATE, "%.1f", rate < 0.1 ? 0.1 : rate);
	else if (rate < 9999.5)
		(void) snprintf(text, HEAT_RATE, "%.0f", rate);
	else if (rate < 999950)
		(void) snprintf(text, HEAT_RATE, "%.1fk", rate / 1e3);
	else if (rate < 99.995e6)
		(void) snprintf(text, HEAT_RATE, "%.2fM", rate / 1e6);
	else if (rate < 9999.5e6)
		(void) snprintf(text, HEAT_RATE, "%.0fM", rate / 1e6);
	else
		(void) snprintf(text, HEAT_RATE, ">9999M");
	return text;
}

const char *heat_stay_format(uint64_t stay_ms, char text[HEAT_RATE])
{
	uint64_t s = stay_ms / 1000;

	if (stay_ms == HEAT_NEVER)
		text[0] = '\0';
	else if (s < 3600)
		(void) snprintf(text, HEAT_RATE, "%u:%02u", (unsigned int) (s / 60) % 60,
				(unsigned int) s % 60);
	else if (s < 86400)
		(void) snprintf(text, HEAT_RATE, "%uh%02u", (unsigned int) (s / 3600) % 24,
				(unsigned int) (s / 60) % 60);
	else
		(void) snprintf(text, HEAT_RATE, "%ud", (unsigned int) (s / 86400) % 100000);
	return text;
}

/* One drawing's measures. */
struct layout {
	const struct heat_data *data;
	const struct heat_view *view;
	const struct heat_page *page;
	const struct heat_frame *frame;
	struct canvas *canvas;
	unsigned int device_x, device_width;
	unsigned int what_x, what_width;
	unsigned int cells_x, cells_width;
	unsigned int right_x;
	unsigned int y; /* the next line */
};

static unsigned int clamp(unsigned int value, unsigned int low, unsigned int high)
{
	return value < low ? low : value > high ? high : value;
}

static unsigned int minimum(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static enum style node_style(int node)
{
	return node < 0 ? STYLE_PLAIN : (enum style)(STYLE_NODE + node % STYLE_NODES);
}

static enum style load_style(const struct heat_view *view, uint64_t ppm, enum style calm)
{
	if (view->threshold_ppm == 0)
		return calm;
	if (ppm >= view->threshold_ppm)
		return STYLE_HOT;
	return ppm >= view->threshold_ppm / 4 * 3 ? STYLE_WARM : calm;
}

static bool has_nodes(const struct heat_data *data)
{
	for (unsigned int i = 0; i < data->cpu_count; i++)
		if (data->cpus[i].node >= 0)
			return true;
	return false;
}

/* Title, nodes, columns, busy, irq, and one line for "most", which is there or blank. */
static unsigned int head_height(const struct heat_data *data)
{
	return has_nodes(data) ? 6 : 5;
}

unsigned int heat_body_height(const struct heat_view *view, const struct heat_page *page,
			      const struct heat_data *data)
{
	unsigned int used = head_height(data) + (page->keys ? 1 : 0);

	return view->height > used ? view->height - used : 0;
}

/* Past the last column that is visible. */
static unsigned int visible_end(const struct layout *layout)
{
	return layout->frame->first + layout->frame->visible;
}

static void draw_title(struct layout *layout)
{
	const struct heat_view *view = layout->view;
	const struct heat_page *page = layout->page;
	const struct heat_frame *frame = layout->frame;
	char right[128];
	unsigned int x, length;

	x = canvas_text(layout->canvas, 0, layout->y, 16, page->time, STYLE_BOLD);
	if (layout->data->interval_ms == 0)
		x = canvas_printf(layout->canvas, x, layout->y, STYLE_PLAIN, "  since boot");
	else
		x = canvas_printf(layout->canvas, x, layout->y, STYLE_PLAIN, "  in %.1f s",
				  (double) layout->data->interval_ms / 1e3);
	x = canvas_printf(layout->canvas, x, layout->y, STYLE_PLAIN, "  %s", page->source);
	if (page->paused)
		x = canvas_printf(layout->canvas, x, layout->y, STYLE_NOTE, "  stopped");
	if (page->editing || view->filter[0])
		x = canvas_printf(layout->canvas, x, layout->y, STYLE_NOTE, "  /%s%s", view->filter,
				  page->editing ? "_" : "");

	length = (unsigned int) snprintf(right, sizeof(right), "%u row%s by %s%s", frame->row_count,
					 frame->row_count == 1 ? "" : "s",
					 heat_sort_name(view->sort),
					 view->reverse ? " reversed" : "");
	if (frame->hidden && length < sizeof(right))
		(void) snprintf(right + length, sizeof(right) - length, ", %u quiet",
				frame->hidden);
	if (x + 2 + strlen(right) <= view->width)
		canvas_text_right(layout->canvas, view->width, layout->y, right, STYLE_PLAIN);
	layout->y++;
}

/* Of a column's cell, what is drawn; the rest keeps it from its neighbour. */
static unsigned int fill_width(const struct heat_frame *frame)
{
	return frame->cell_width > 1 ? frame->cell_width - 1 : 1;
}

/* "node 0 ------": a name and a line as long as the node's columns. */
static void draw_nodes(struct layout *layout)
{
	const struct heat_frame *frame = layout->frame;
	char name[24];

	if (!has_nodes(layout->data))
		return;
	for (unsigned int i = frame->first; i < visible_end(layout); i++) {
		unsigned int x = layout->cells_x + frame->columns[i].x, end;
		int node = frame->columns[i].node;

		while (i + 1 < visible_end(layout) && frame->columns[i + 1].node == node)
			i++;
		end = layout->cells_x + frame->columns[i].x + fill_width(frame);

		if (node < 0)
			(void) snprintf(name, sizeof(name), "no node");
		else
			(void) snprintf(name, sizeof(name), end - x >= 6 ? "node %d" : "%d", node);
		x = canvas_text(layout->canvas, x, layout->y, end - x, name, node_style(node));
		for (x++; x < end; x++)
			canvas_put(layout->canvas, x, layout->y, layout->page->ascii ? '-' : 0x2500,
				   STYLE_DIM);
	}
	layout->y++;
}

static unsigned int digits(int number)
{
	unsigned int count = 1;

	for (; number >= 10; number /= 10)
		count++;
	return count;
}

/* Every how many columns one can be named. */
static unsigned int ruler_step(const struct heat_frame *frame, unsigned int widest)
{
	unsigned int step = 1;

	while (step * frame->cell_width < widest + 1 && step < 1024)
		step = step == 1 && frame->cell_width > 1 ? 2 : step < 4 ? 4 : 2 * step;
	return step;
}

static void draw_ids(struct layout *layout)
{
	static const char *const titles[] = { [HEAT_AUTO] = "CPU",
					      [HEAT_NODES] = "node",
					      [HEAT_LLCS] = "cache of CPU",
					      [HEAT_CORES] = "core of CPU",
					      [HEAT_CPUS] = "CPU" };
	const struct heat_frame *frame = layout->frame;
	unsigned int widest = 1, step, run = 0, free_x = 0;
	bool all_named;
	char name[16];

	for (unsigned int i = 0; i < frame->column_count; i++)
		if (digits(frame->columns[i].id) > widest)
			widest = digits(frame->columns[i].id);
	all_named = frame->cell_width >= widest + 1;
	step = all_named ? 1 : ruler_step(frame, widest);

	for (unsigned int i = frame->first; i < visible_end(layout); i++) {
		const struct heat_column *column = &frame->columns[i];
		unsigned int x = layout->cells_x + column->x;

		if (i > frame->first && column->node != column[-1].node)
			run = 0;
		if (run++ % step != 0 || x < free_x)
			continue;
		if (column->id < 0)
			(void) snprintf(name, sizeof(name), "-");
		else
			(void) snprintf(name, sizeof(name), "%d", column->id);
		if (all_named)
			canvas_text_right(layout->canvas, x + fill_width(frame), layout->y, name,
					  node_style(column->node));
		else if (x + strlen(name) <= layout->cells_x + layout->cells_width)
			free_x = 1 + canvas_text(layout->canvas, x, layout->y, sizeof(name), name,
						 node_style(column->node));
	}
	canvas_text_right(layout->canvas, layout->cells_x - 2, layout->y, titles[frame->zoom],
			  STYLE_PLAIN);
	if (frame->first > 0)
		canvas_put(layout->canvas, layout->cells_x - 1, layout->y, '<', STYLE_NOTE);
	if (frame->first + frame->visible < frame->column_count)
		canvas_put(layout->canvas, layout->cells_x + layout->cells_width, layout->y, '>',
			   STYLE_NOTE);
	layout->y++;
}

enum load_row {
	LOAD_BUSY,
	LOAD_IRQ,
	LOAD_MOST,
};

static uint64_t column_load(const struct heat_column *column, enum load_row row)
{
	switch (row) {
	case LOAD_BUSY:
		return column->busy_ppm;
	case LOAD_IRQ:
		return column->irq_ppm;
	case LOAD_MOST:
		return column->irq_max_ppm;
	}
	return 0;
}

static void draw_load(struct layout *layout, enum load_row row)
{
	static const char *const titles[] = { "busy %", "irq %", "most irq %" };
	const struct heat_frame *frame = layout->frame;

	for (unsigned int i = frame->first; i < visible_end(layout); i++) {
		const struct heat_column *column = &frame->columns[i];
		unsigned int x = layout->cells_x + column->x, end = x + fill_width(frame);
		uint64_t ppm = column_load(column, row);
		unsigned int percent = (unsigned int) (ppm * 100 / PPM);
		enum style style = row == LOAD_BUSY ? STYLE_PLAIN
						    : load_style(layout->view, ppm, STYLE_PLAIN);
		char text[16];

		if (row != LOAD_BUSY && column->overloaded)
			style = STYLE_HOT;
		if (!column->measured) {
			canvas_put(layout->canvas, end - 1, layout->y, '-', STYLE_DIM);
		} else if (frame->cell_width >= 3) {
			(void) snprintf(text, sizeof(text), "%u", percent);
			if (strlen(text) >= frame->cell_width)
				(void) snprintf(text, sizeof(text), "**");
			canvas_text_right(layout->canvas, end, layout->y, text, style);
		} else if (percent == 0) {
			continue;
		} else if (layout->page->ascii) {
			canvas_put(layout->canvas, x, layout->y,
				   percent >= 100 ? '*' : '0' + percent / 10, style);
		} else {
			unsigned int eighths = (unsigned int) ((ppm * 8 + PPM / 2) / PPM);

			canvas_put(layout->canvas, x, layout->y,
				   0x2580 + (eighths == 0 ? 1 : minimum(eighths, 8)), style);
		}
	}
	canvas_text_right(layout->canvas, layout->cells_x - 2, layout->y, titles[row], STYLE_PLAIN);
}

static void draw_head(struct layout *layout)
{
	struct canvas *canvas = layout->canvas;
	unsigned int x = layout->right_x;

	draw_nodes(layout);
	draw_ids(layout);
	draw_load(layout, LOAD_BUSY);
	layout->y++;
	draw_load(layout, LOAD_IRQ);
	layout->y++;
	if (layout->frame->zoom != HEAT_CPUS)
		draw_load(layout, LOAD_MOST);

	/* The names of the texts' columns stand in the line above the rows. */
	canvas_text_right(canvas, LABEL_WIDTH - 1, layout->y, "irq", STYLE_BOLD);
	canvas_text(canvas, layout->device_x, layout->y, layout->device_width, "device",
		    STYLE_BOLD);
	if (layout->frame->zoom == HEAT_CPUS)
		canvas_text(canvas, layout->what_x, layout->y, layout->what_width, "queue, action",
			    STYLE_BOLD);
	canvas_text_right(canvas, x + RATE_END, layout->y,
			  layout->data->interval_ms ? "irq/s" : "count", STYLE_BOLD);
	canvas_text_right(canvas, x + COST_END, layout->y, "cost", STYLE_BOLD);
	canvas_text_right(canvas, x + STAY_END, layout->y, "stay", STYLE_BOLD);
	canvas_text(canvas, x + NOTE_START, layout->y, 7, "note", STYLE_BOLD);
	layout->y++;
}

static void draw_cell(struct layout *layout, const struct heat_column *column, unsigned int y,
		      uint64_t cell, uint64_t total)
{
	unsigned int x = layout->cells_x + column->x;
	static const uint32_t ascii[] = { '.', '-', ':', '+', '#' };
	static const uint32_t blocks[] = { 0xb7, 0x2591, 0x2592, 0x2593, 0x2588 };
	unsigned int width = layout->frame->cell_width, shade = heat_shade(cell, total);
	unsigned int fill = fill_width(layout->frame);
	uint32_t glyph = (layout->page->ascii ? ascii : blocks)[shade];
	enum style style = load_style(layout->view, column->irq_max_ppm, node_style(column->node));
	char text[HEAT_RATE];

	if (shade == 0) {
		canvas_put(layout->canvas, x + fill - 1, y, column->reserved ? ' ' : glyph,
			   STYLE_DIM);
		return;
	}
	if (column->overloaded)
		style = STYLE_HOT;
	if (width < 8) {
		for (unsigned int i = 0; i < fill; i++)
			canvas_put(layout->canvas, x + i, y, glyph, style);
		return;
	}
	canvas_put(layout->canvas, x, y, glyph, style);
	canvas_text_right(layout->canvas, x + fill, y,
			  heat_rate_format(cell, layout->data->interval_ms, text), style);
}

#define MOVED_MS 10000

static void draw_note(struct layout *layout, const struct heat_irq *irq, unsigned int x,
		      unsigned int y)
{
	const char *note = heat_state_name(irq->state);
	enum style style = STYLE_DIM;

	if (irq->state == HEAT_STUCK) {
		style = STYLE_HOT;
	} else if (irq->stay_ms < MOVED_MS) {
		note = "moved";
		style = STYLE_NOTE;
	} else if (irq->away && irq->state <= HEAT_PINNED) {
		note = "away";
		style = STYLE_WARM;
	}
	canvas_text(layout->canvas, x, y, 8, note, style);
}

static void draw_row(struct layout *layout, unsigned int index, uint64_t *cells)
{
	const struct heat_irq *irq = &layout->data->irqs[index];
	struct canvas *canvas = layout->canvas;
	unsigned int y = layout->y;
	char text[16];

	canvas_text_right(canvas, LABEL_WIDTH - 1, y, irq->label, STYLE_PLAIN);
	canvas_text(canvas, layout->device_x, y, layout->device_width, irq->device, STYLE_PLAIN);
	canvas_text(canvas, layout->what_x, y, layout->what_width, irq->what, STYLE_PLAIN);

	heat_row_cells(layout->data, layout->frame, index, cells);
	for (unsigned int i = layout->frame->first; i < visible_end(layout); i++)
		draw_cell(layout, &layout->frame->columns[i], y, cells[i], irq->total);

	canvas_text_right(canvas, layout->right_x + RATE_END, y,
			  heat_rate_format(irq->total, layout->data->interval_ms, text),
			  STYLE_PLAIN);
	if (irq->cost_known && irq->cost_ppm < 10 * PPM) {
		(void) snprintf(text, sizeof(text), "%u.%u%%", irq->cost_ppm / (PPM / 100),
				irq->cost_ppm / (PPM / 1000) % 10);
		canvas_text_right(canvas, layout->right_x + COST_END, y, text, STYLE_PLAIN);
	}
	canvas_text_right(canvas, layout->right_x + STAY_END, y,
			  heat_stay_format(irq->stay_ms, text), STYLE_PLAIN);
	draw_note(layout, irq, layout->right_x + NOTE_START, y);
	layout->y++;
}

/* Its texts alone: shades would turn into their opposite. */
static void select_row(struct layout *layout)
{
	canvas_select(layout->canvas, layout->y, 0, layout->cells_x);
	canvas_select(layout->canvas, layout->y, layout->right_x, layout->view->width);
}

static int draw_rows(struct layout *layout)
{
	const struct heat_frame *frame = layout->frame;
	unsigned int body = heat_body_height(layout->view, layout->page, layout->data);
	uint64_t *cells = calloc(frame->column_count + 1, sizeof(cells[0]));

	if (!cells)
		return -ENOMEM;
	for (unsigned int i = layout->page->first_row;
	     i < frame->row_count && i - layout->page->first_row < body; i++) {
		if ((int) i == layout->page->selected)
			select_row(layout);
		draw_row(layout, frame->rows[i], cells);
	}
	if (frame->row_count == 0 && body > 0)
		canvas_text(layout->canvas, LABEL_WIDTH, layout->y, layout->view->width,
			    layout->view->filter[0] ? "no row fits the filter"
			    : frame->hidden         ? "all IRQs are quiet; a shows them"
						    : "no IRQ",
			    STYLE_DIM);
	free(cells);
	return 0;
}

static void draw_overlay(struct layout *layout)
{
	const char *line = layout->page->overlay;
	unsigned int bottom = layout->view->height - (layout->page->keys ? 1 : 0);

	for (unsigned int i = 0; *line && layout->y < bottom; i++) {
		size_t length = strcspn(line, "\n");

		if (i >= layout->page->overlay_first)
			canvas_utf8(layout->canvas, 0, layout->y++, line, length, STYLE_PLAIN);
		line += length + (line[length] == '\n');
	}
}

/* As wide as the longest text, within these bounds. */
static unsigned int text_width(const struct heat_data *data, bool device, unsigned int low,
			       unsigned int high)
{
	size_t longest = 0;

	for (unsigned int i = 0; i < data->irq_count; i++) {
		const char *text = device ? data->irqs[i].device : data->irqs[i].what;
		size_t length = strlen(text);

		/* The kernel's own rows have long explanations that need not be read whole. */
		if (length > longest && data->irqs[i].state != HEAT_KERNEL)
			longest = length;
	}
	return clamp((unsigned int) longest, low, high);
}

static unsigned int left_width(const struct layout *layout)
{
	return LABEL_WIDTH + layout->device_width + 1 + layout->what_width + 1;
}

static void place(struct layout *layout)
{
	unsigned int width = layout->view->width, used = layout->frame->width;
	unsigned int left = left_width(layout), spare;

	spare = left + used + RIGHT_WIDTH < width ? width - left - used - RIGHT_WIDTH : 0;
	layout->what_width += minimum(spare, text_width(layout->data, false, 13, 40) -
						     minimum(layout->what_width, 40));
	layout->device_x = LABEL_WIDTH;
	layout->what_x = layout->device_x + layout->device_width + 1;
	layout->cells_x = layout->what_x + layout->what_width + 1;
	layout->cells_width = used;
	layout->right_x = layout->cells_x + used;
}

int heat_draw(const struct heat_data *data, const struct heat_view *view,
	      const struct heat_page *page, struct heat_frame *frame, struct canvas *canvas)
{
	struct layout layout = {
		.data = data, .view = view, .page = page, .frame = frame, .canvas = canvas
	};
	unsigned int left;
	int r;

	r = canvas_resize(canvas, view->width, view->height);
	if (r < 0)
		return r;
	layout.device_width = text_width(data, true, 6, clamp(view->width / 10, 8, 16));
	layout.what_width = text_width(data, false, 13, clamp(view->width / 8, 13, 24));
	left = left_width(&layout);
	r = heat_fold(data, view,
		      view->width > left + RIGHT_WIDTH ? view->width - left - RIGHT_WIDTH : 1,
		      frame);
	if (r < 0)
		return r;
	place(&layout);

	draw_title(&layout);
	if (page->overlay) {
		layout.y++;
		draw_overlay(&layout);
	} else {
		draw_head(&layout);
		r = draw_rows(&layout);
		if (r < 0)
			return r;
	}

	if (page->keys) {
		for (unsigned int x = 0; x < view->width; x++)
			canvas_put(canvas, x, view->height - 1, ' ', STYLE_BAR);
		canvas_text(canvas, 0, view->height - 1, view->width, page->keys, STYLE_BAR);
	}
	return 0;
}
