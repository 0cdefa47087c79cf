/* top_screen: the terminal, and nothing else: a canvas on it, keys from it. The only user of
 * curses.
 */
#pragma once

#include <stdbool.h>

#include "irqherd/ctl/canvas.h"
#include "irqherd/ctl/top_keys.h"

struct top_screen;

enum top_event {
	TOP_EVENT_TIMEOUT,
	TOP_EVENT_KEY,
	TOP_EVENT_RESIZE,
	TOP_EVENT_END, /* a signal, or the terminal is gone */
};

/* NULL: no terminal that can do it; errno says. Signals that end us, end the loop instead. */
struct top_screen *top_screen_new(bool color);
/* Gives the terminal back as it was. */
struct top_screen *top_screen_free(struct top_screen *screen);

void top_screen_size(unsigned int *ret_width, unsigned int *ret_height);
void top_screen_show(const struct top_screen *screen, const struct canvas *canvas);
enum top_event top_screen_wait(struct top_screen *screen, int timeout_ms, enum top_key *ret_key,
			       char *ret_character);
