/* The chosen row is remembered by its IRQ, so that it stays chosen while rows are sorted anew. */
#include "irqherd/ctl/top_keys.h"

#include <stdlib.h>
#include <string.h>

static const char keys_rows[] =
	" q quit  / filter  s sort  + - zoom  a all  Enter explain  Space stop  h help";
static const char keys_filter[] = " Enter keeps the filter, Esc takes it away";
static const char keys_text[] = " Up Down scroll  Esc back  q quit";

void top_state_init(struct top_state *state, const struct heat_view *view, bool ascii)
{
	*state = (struct top_state){ .view = *view, .overlay = BUF_INIT };
	state->frame = HEAT_FRAME_INIT;
	state->page = (struct heat_page){
		.time = "", .source = "", .keys = keys_rows, .selected = -1, .ascii = ascii
	};
}

void top_state_deinit(struct top_state *state)
{
	heat_frame_deinit(&state->frame);
	buf_deinit(&state->overlay);
}

static unsigned int body_height(const struct top_state *state, const struct heat_data *data)
{
	unsigned int height = heat_body_height(&state->view, &state->page, data);

	return height ? height : 1;
}

static void select_row(struct top_state *state, const struct heat_data *data, int row)
{
	const struct heat_frame *frame = &state->frame;

	if (row >= (int) frame->row_count)
		row = (int) frame->row_count - 1;
	if (row < 0)
		row = frame->row_count > 0 ? 0 : -1;
	state->page.selected = row;
	if (row >= 0)
		(void) strcpy(state->selected, data->irqs[frame->rows[row]].label);
}

static int find_selected(const struct top_state *state, const struct heat_data *data)
{
	for (unsigned int i = 0; i < state->frame.row_count; i++)
		if (strcmp(data->irqs[state->frame.rows[i]].label, state->selected) == 0)
			return (int) i;
	return -1;
}

int top_state_settle(struct top_state *state, const struct heat_data *data)
{
	unsigned int height = body_height(state, data);
	int r, row;

	r = heat_choose_rows(data, &state->view, &state->frame);
	if (r < 0)
		return r;

	/* Until a row is chosen by hand, the first one is, whichever that is. */
	row = state->selected[0] ? find_selected(state, data) : 0;
	if (row >= 0 && state->selected[0])
		select_row(state, data, row);
	else if (state->selected[0])
		state->page.selected = state->frame.row_count == 0 ? -1
				       : state->page.selected >= (int) state->frame.row_count
					       ? (int) state->frame.row_count - 1
					       : state->page.selected;
	else
		state->page.selected = state->frame.row_count > 0 ? 0 : -1;

	if (state->page.selected < 0)
		state->page.first_row = 0;
	else if ((unsigned int) state->page.selected < state->page.first_row)
		state->page.first_row = (unsigned int) state->page.selected;
	else if ((unsigned int) state->page.selected >= state->page.first_row + height)
		state->page.first_row = (unsigned int) state->page.selected - height + 1;
	if (state->page.first_row + height > state->frame.row_count)
		state->page.first_row = state->frame.row_count > height
						? state->frame.row_count - height
						: 0;

	state->page.keys = state->page.editing   ? keys_filter
			   : state->page.overlay ? keys_text
						 : keys_rows;
	return 0;
}

static void edit_filter(struct top_state *state, enum top_key key, char character)
{
	char *filter = state->view.filter;
	size_t length = strlen(filter);

	switch (key) {
	case TOP_KEY_CHARACTER:
		if (character >= ' ' && character <= '~' && length + 1 < HEAT_FILTER) {
			filter[length] = character;
			filter[length + 1] = '\0';
		}
		break;
	case TOP_KEY_BACKSPACE:
		if (length > 0)
			filter[length - 1] = '\0';
		break;
	case TOP_KEY_ESCAPE:
		filter[0] = '\0';
		state->page.editing = false;
		break;
	default:
		state->page.editing = false;
		break;
	}
}

static void read_overlay(struct top_state *state, enum top_key key, char character)
{
	unsigned int lines = 0;

	for (const char *c = state->page.overlay; *c; c++)
		lines += *c == '\n';
	switch (key) {
	case TOP_KEY_UP:
		state->page.overlay_first -= state->page.overlay_first > 0;
		return;
	case TOP_KEY_DOWN:
		state->page.overlay_first += state->page.overlay_first + 1 < lines;
		return;
	case TOP_KEY_PAGE_UP:
		state->page.overlay_first -= state->page.overlay_first < 10
						     ? state->page.overlay_first
						     : 10;
		return;
	case TOP_KEY_PAGE_DOWN:
		if (state->page.overlay_first + 10 < lines)
			state->page.overlay_first += 10;
		return;
	case TOP_KEY_CHARACTER:
		if (character == 'q')
			state->quit = true;
		break;
	default:
		break;
	}
	state->page.overlay = NULL;
}

static void sort_by(struct top_state *state, enum heat_sort sort)
{
	state->view.sort = sort;
	state->view.reverse = false;
}

static void zoom(struct top_state *state, const struct heat_data *data, int step)
{
	if (state->frame.column_count > 0)
		state->view.zoom = heat_zoom_step(data, &state->view, state->frame.zoom, step);
	state->view.first_column = 0;
}

static void type(struct top_state *state, const struct heat_data *data, char character)
{
	switch (character) {
	case 'q':
		state->quit = true;
		break;
	case 'h':
	case '?':
		state->page.overlay = heat_help;
		state->page.overlay_first = 0;
		break;
	case '/':
	case 'f':
		state->page.editing = true;
		break;
	case 's':
		sort_by(state, (enum heat_sort)((state->view.sort + 1) % HEAT_SORTS));
		break;
	case 'S':
		state->view.reverse = !state->view.reverse;
		break;
	case 'r':
		sort_by(state, HEAT_BY_RATE);
		break;
	case 'c':
		sort_by(state, HEAT_BY_COST);
		break;
	case 'n':
		sort_by(state, HEAT_BY_NAME);
		break;
	case 'i':
		sort_by(state, HEAT_BY_NUMBER);
		break;
	case 'm':
		sort_by(state, HEAT_BY_MOVES);
		break;
	case 'a':
		state->view.all = !state->view.all;
		break;
	case 'k':
		state->view.kernel = !state->view.kernel;
		break;
	case '+':
	case '=':
		zoom(state, data, 1);
		break;
	case '-':
		zoom(state, data, -1);
		break;
	case '0':
		state->view.zoom = HEAT_AUTO;
		state->view.first_column = 0;
		break;
	case 'e':
		state->wants_explanation = state->page.selected >= 0;
		break;
	case ' ':
		state->page.paused = !state->page.paused;
		break;
	default:
		break;
	}
}

void top_state_key(struct top_state *state, const struct heat_data *data, enum top_key key,
		   char character)
{
	unsigned int page = body_height(state, data);
	unsigned int columns = state->frame.visible / 2 + 1;

	if (state->page.editing) {
		edit_filter(state, key, character);
		return;
	}
	if (state->page.overlay) {
		read_overlay(state, key, character);
		return;
	}

	switch (key) {
	case TOP_KEY_CHARACTER:
		type(state, data, character);
		break;
	case TOP_KEY_UP:
		select_row(state, data, state->page.selected - 1);
		break;
	case TOP_KEY_DOWN:
		select_row(state, data, state->page.selected + 1);
		break;
	case TOP_KEY_PAGE_UP:
		select_row(state, data, state->page.selected - (int) page);
		break;
	case TOP_KEY_PAGE_DOWN:
		select_row(state, data, state->page.selected + (int) page);
		break;
	case TOP_KEY_HOME:
		select_row(state, data, 0);
		break;
	case TOP_KEY_END:
		select_row(state, data, (int) state->frame.row_count - 1);
		break;
	case TOP_KEY_LEFT:
		state->view.first_column = state->frame.first > columns
						   ? state->frame.first - columns
						   : 0;
		break;
	case TOP_KEY_RIGHT:
		state->view.first_column = state->frame.first + columns;
		break;
	case TOP_KEY_ENTER:
		state->wants_explanation = state->page.selected >= 0;
		break;
	case TOP_KEY_ESCAPE:
		state->view.filter[0] = '\0';
		state->selected[0] = '\0';
		break;
	case TOP_KEY_HELP:
		type(state, data, 'h');
		break;
	case TOP_KEY_BACKSPACE:
		break;
	}
}
