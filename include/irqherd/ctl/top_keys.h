/*
 * top_keys: what keys do in top: choose rows, sort, filter, zoom, open and close texts. Pure; who
 * owns the terminal turns its codes into these keys.
 */
#pragma once

#include <stdbool.h>

#include "irqherd/base/buf.h"
#include "irqherd/ctl/heat.h"
#include "irqherd/ctl/heat_draw.h"

enum top_key {
	TOP_KEY_CHARACTER, /* see the argument beside it */
	TOP_KEY_UP,
	TOP_KEY_DOWN,
	TOP_KEY_LEFT,
	TOP_KEY_RIGHT,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_BACKSPACE,
	TOP_KEY_HELP,
};

struct top_state {
	struct heat_view view;
	struct heat_page page;
	struct heat_frame frame;
	struct buf overlay; /* text of page.overlay, unless it is the help */
	char selected[16];  /* label of the chosen row; "" none yet */
	bool quit;
	bool wants_explanation; /* of the chosen row; who owns the data clears it */
};

void top_state_init(struct top_state *state, const struct heat_view *view, bool ascii);
void top_state_deinit(struct top_state *state);

/*
 * Before drawing, after new data or a key: the chosen row is where its IRQ went, and on the screen.
 * -ENOMEM.
 */
int top_state_settle(struct top_state *state, const struct heat_data *data);

void top_state_key(struct top_state *state, const struct heat_data *data, enum top_key key,
		   char character);
