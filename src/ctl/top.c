/*
 * The loop around the parts: read the counters, settle what is chosen, draw, wait for the next
 * interval or a key. Plain frames and JSON take the same way without a terminal.
 */
#include "irqherd/ctl/top.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "irqherd/base/clock.h"
#include "irqherd/ctl/heat_draw.h"
#include "irqherd/ctl/heat_feed.h"
#include "irqherd/ctl/top_feed.h"
#include "irqherd/ctl/top_keys.h"
#include "irqherd/ctl/top_options.h"
#include "irqherd/ctl/top_screen.h"
#include "irqherd/outlet/varlink.h"

#define FIRST_INTERVAL_MS 300 /* a picture soon, a good one a second later */
#define PAGE_COLUMNS      100
#define HEAD_ROWS         8

struct top {
	const struct ctl *ctl;
	struct top_options options;
	struct top_feed feed;
	struct top_state state;
	struct canvas canvas;
	char time[16];
	double now;
};

static void sleep_ms(uint64_t ms)
{
	(void) poll(NULL, 0, (int) ms);
}

static void note_time(struct top *top)
{
	struct timespec now = { 0 };
	struct tm tm;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	top->now = (double) now.tv_sec + (double) (now.tv_nsec / 1000000) / 1e3;
	if (localtime_r(&now.tv_sec, &tm))
		(void) strftime(top->time, sizeof(top->time), "%H:%M:%S", &tm);
}

/* Recorded counters have no time of day: a page of them is always the same. */
static int next_reading(struct top *top)
{
	int r = top_feed_next(&top->feed);

	if (r < 0)
		return r;
	note_time(top);
	top->state.page.time = top->options.replay_count > 0 || top->ctl->root ? "irqherdctl top"
									       : top->time;
	top->state.page.source = top_feed_source(&top->feed);
	top->state.view.threshold_ppm = top_feed_threshold(&top->feed);
	return 0;
}

static int draw(struct top *top)
{
	const struct heat_data *data = &top->feed.heat.data;
	int r;

	r = top_state_settle(&top->state, data);
	if (r < 0)
		return r;
	return heat_draw(data, &top->state.view, &top->state.page, &top->state.frame, &top->canvas);
}

/* --- without a terminal --- */

static int print_page(struct top *top)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const struct heat_data *data = &top->feed.heat.data;
	struct heat_view *view = &top->state.view;
	int r;

	if (top->options.view.height == 0) {
		r = heat_choose_rows(data, view, &top->state.frame);
		if (r < 0)
			return r;
		view->height = top->state.frame.row_count + HEAD_ROWS;
	}
	top->state.page.keys = NULL;
	top->state.page.selected = -1;
	r = heat_draw(data, view, &top->state.page, &top->state.frame, &top->canvas);
	if (r == 0)
		r = canvas_page(&top->canvas, &text);
	if (r < 0)
		return r;
	(void) fputs(buf_text(&text), stdout);
	return 0;
}

static int print_json(struct top *top)
{
	const struct heat_data *data = &top->feed.heat.data;
	json_t *object;
	int r;

	r = heat_choose_rows(data, &top->state.view, &top->state.frame);
	if (r < 0)
		return r;
	object = heat_json(data, &top->state.frame,
			   top->options.replay_count > 0 || top->ctl->root ? 0 : top->now);
	if (!object)
		return -ENOMEM;
	r = json_dumpf(object, stdout, JSON_COMPACT | VARLINK_NUMBERS);
	json_decref(object);
	(void) putchar('\n');
	return r < 0 ? -EIO : 0;
}

static int run_batch(struct top *top)
{
	uint32_t frames = top->options.batch ? top->options.batch : UINT32_MAX;
	bool recorded = top->options.replay_count > 0 || top->ctl->root;

	/* A rate needs two readings; a single recorded one has its counts since boot. */
	if (!recorded)
		sleep_ms(top->options.interval_ms);
	for (uint32_t i = 0; i < frames; i++) {
		int r;

		if (top_feed_more(&top->feed)) {
			r = next_reading(top);
			if (r < 0)
				return r;
		} else if (i > 0) {
			return 0;
		}
		if (i > 0 && !top->options.json_lines)
			(void) putchar('\n');
		r = top->options.json_lines ? print_json(top) : print_page(top);
		if (r < 0)
			return r;
		if (fflush(stdout) != 0)
			return 0; /* nobody reads any more */
		if (i + 1 < frames && top_feed_more(&top->feed) && !recorded)
			sleep_ms(top->options.interval_ms);
	}
	return 0;
}

/* --- on a terminal --- */

static void explain(struct top *top)
{
	struct top_state *state = &top->state;

	state->wants_explanation = false;
	if (!state->selected[0])
		(void) strcpy(
			state->selected,
			top->feed.heat.data.irqs[state->frame.rows[state->page.selected]].label);
	buf_reset(&state->overlay);
	if (top_feed_explain(&top->feed, state->selected, &state->overlay) < 0 ||
	    state->overlay.length == 0)
		(void) buf_printf(&state->overlay, "Nothing is known of %s.\n", state->selected);
	state->page.overlay = buf_text(&state->overlay);
	state->page.overlay_first = 0;
}

static int run_screen(struct top *top, struct top_screen *screen)
{
	uint64_t due = clock_now_ms() + FIRST_INTERVAL_MS;

	while (!top->state.quit) {
		uint64_t now = clock_now_ms();
		enum top_key key;
		char character;
		int r;

		if (now >= due) {
			if (!top->state.page.paused && top_feed_more(&top->feed)) {
				r = next_reading(top);
				if (r < 0)
					return r;
			}
			due = now + top->options.interval_ms;
		}
		top_screen_size(&top->state.view.width, &top->state.view.height);
		r = draw(top);
		if (r < 0)
			return r;
		top_screen_show(screen, &top->canvas);

		now = clock_now_ms();
		switch (top_screen_wait(screen, due > now ? (int) (due - now) : 0, &key,
					&character)) {
		case TOP_EVENT_END:
			return 0;
		case TOP_EVENT_KEY:
			top_state_key(&top->state, &top->feed.heat.data, key, character);
			if (top->state.wants_explanation)
				explain(top);
			break;
		case TOP_EVENT_TIMEOUT:
		case TOP_EVENT_RESIZE:
			break;
		}
	}
	return 0;
}

static int run_terminal(struct top *top)
{
	struct top_screen *screen;
	int r;

	screen = top_screen_new(top->ctl->color);
	if (!screen) {
		(void) fprintf(stderr, "irqherdctl: this terminal cannot show top (TERM); "
				       "see top --batch\n");
		return CTL_FAILED;
	}
	r = run_screen(top, screen);
	top_screen_free(screen);
	return r;
}

static int run(struct top *top)
{
	bool plain = top->options.batch > 0 || top->options.json_lines;
	int r;

	if (!plain && (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))) {
		(void) fprintf(stderr,
			       "irqherdctl: top wants a terminal; --batch N prints plain frames\n");
		return CTL_USAGE;
	}
	if (top->state.view.width == 0)
		top->state.view.width = PAGE_COLUMNS;

	r = top_feed_init(&top->feed, top->ctl, &top->options);
	if (r == 0)
		r = next_reading(top);
	if (r == 0)
		r = plain ? run_batch(top) : run_terminal(top);
	if (r < 0) {
		(void) fprintf(stderr, "irqherdctl: top: %s\n", strerror(-r));
		return r == -EACCES || r == -EPERM ? CTL_PERMISSION : CTL_FAILED;
	}
	return r;
}

int top_run(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(buf_deinit) struct buf problem = BUF_INIT;
	struct top top = { .ctl = ctl, .canvas = CANVAS_INIT };
	int code;

	if (top_options_parse(argc, argv, &top.options, &problem) < 0) {
		(void) fprintf(stderr, "irqherdctl: top: %s\n", buf_text(&problem));
		return CTL_USAGE;
	}
	if (top.options.help) {
		(void) fputs(top_usage, stdout);
		return CTL_OK;
	}
	top.options.json_lines |= ctl->json_lines || ctl->json;
	top.options.view.cpus = top.options.has_cpus ? &top.options.cpus : NULL;
	top_state_init(&top.state, &top.options.view, !ctl->unicode);

	code = run(&top);
	top_feed_deinit(&top.feed);
	top_state_deinit(&top.state);
	canvas_deinit(&top.canvas);
	return code;
}
