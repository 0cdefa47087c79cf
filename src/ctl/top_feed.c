/*
 * Names and homes change seldom and cost much to tell, so they are asked for when the rows are not
 * those that the last answer was about, and else every few seconds for what only irqherd knows.
 */
#include "irqherd/ctl/top_feed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/balance/load.h"
#include "irqherd/base/clock.h"
#include "irqherd/ctl/local.h"
#include "irqherd/ctl/render.h"
#include "irqherd/source/proc_stat.h"

#define ASK_AGAIN_MS      5000
#define ASK_SOONEST_MS    1000
#define TICKS_A_SECOND    100 /* of /proc/stat, on every machine: USER_HZ */
#define THRESHOLD_DEFAULT (95 * (PPM / 100))

int top_feed_init(struct top_feed *feed, const struct ctl *ctl, const struct top_options *options)
{
	int r;

	*feed = (struct top_feed){ .ctl = ctl, .options = options, .root = FSROOT_INIT };
	feed->heat = HEAT_FEED_INIT;
	if (options->replay_count > 0)
		return 0;
	r = fsroot_init(&feed->root, ctl->root);
	feed->has_earlier = r == 0 && !feed->root.live &&
			    fsroot_exists(&feed->root, FSROOT_PROC, "interrupts.before");
	return r;
}

void top_feed_deinit(struct top_feed *feed)
{
	fsroot_deinit(&feed->root);
	buf_deinit(&feed->text);
	for (unsigned int i = 0; i < 2; i++) {
		interrupt_matrix_deinit(&feed->matrices[i]);
		sample_deinit(&feed->samples[i]);
	}
	load_deinit(&feed->load);
	json_decref(feed->cpus);
	json_decref(feed->irqs);
	json_decref(feed->status);
	feed->cpus = feed->irqs = feed->status = NULL;
	heat_feed_deinit(&feed->heat);
}

static bool is_recorded(const struct top_feed *feed)
{
	return feed->options->replay_count > 0 || !feed->root.live;
}

/* A captured machine may have the counters of an interval earlier beside its own. */
static bool reads_earlier(const struct top_feed *feed)
{
	return feed->has_earlier && feed->read == 0;
}

static uint64_t ticks_of(const struct sample *sample)
{
	uint64_t ticks = 0;

	for (unsigned int i = 0; i < CPU_TIMES && sample->cpu_count > 0; i++)
		ticks += sample->cpus[0].ticks[i];
	return ticks;
}

/*
 * Recorded counters have no clock. The ticks that passed on the first CPU tell how far apart two
 * readings are; where there are none, it is an interval.
 */
static uint64_t recorded_ms(const struct top_feed *feed, const struct sample *before,
			    const struct sample *after)
{
	uint64_t ms = feed->options->interval_ms;

	if (before->valid && after->valid && ticks_of(after) > ticks_of(before))
		ms = (ticks_of(after) - ticks_of(before)) * 1000 / TICKS_A_SECOND;
	return before->time_ms + ms;
}

/* A captured machine may lack the times: then there are no loads. */
static int read_sample(struct top_feed *feed, uint64_t now_ms, struct sample *sample)
{
	int r;

	sample->valid = false;
	r = fsroot_read(&feed->root, FSROOT_PROC, &feed->text,
			reads_earlier(feed) ? "stat.before" : "stat");
	if (r == 0)
		r = proc_stat_parse(buf_text(&feed->text), feed->text.length, sample);
	sample->time_ms = now_ms;
	return r == -ENOMEM ? r : 0;
}

static int read_counters(struct top_feed *feed, struct interrupt_matrix *matrix,
			 struct sample *sample)
{
	const struct sample *before = sample == &feed->samples[0] ? &feed->samples[1]
								  : &feed->samples[0];
	uint64_t now_ms = clock_now_ms();
	int r;

	r = interrupt_matrix_read(&feed->root,
				  reads_earlier(feed) ? "interrupts.before" : "interrupts",
				  &feed->text, now_ms, matrix);
	if (r == 0)
		r = read_sample(feed, now_ms, sample);
	if (r == 0 && is_recorded(feed))
		matrix->time_ms = sample->time_ms = recorded_ms(feed, before, sample);
	return r;
}

static int read_replay(struct top_feed *feed, struct interrupt_matrix *matrix,
		       struct sample *sample)
{
	unsigned int which = feed->read < feed->options->replay_count
				     ? feed->read
				     : feed->options->replay_count - 1;
	int r;

	feed->root = FSROOT_INIT;
	r = fsroot_init(&feed->root, feed->options->replays[which]);
	if (r == 0)
		r = read_counters(feed, matrix, sample);
	fsroot_deinit(&feed->root);
	return r;
}

/* Without a daemon the machine itself answers, without waiting for loads: those are ours. Takes
 * over parameters. */
static json_t *answer(struct top_feed *feed, const char *method, json_t *parameters)
{
	struct local *local;
	json_t *reply = NULL;

	if (ctl_daemon_answers(feed->ctl))
		return ctl_ask(feed->ctl, method, parameters, &reply) == CTL_OK ? reply : NULL;
	local = ctl_machine(feed->ctl, false);
	if (local && local_answer(local, method, parameters, &reply) < 0)
		reply = NULL;
	json_decref(parameters);
	return reply;
}

static void replace(struct top_feed *feed, json_t **old, const char *method)
{
	json_t *reply = answer(feed, method, NULL);

	if (!reply)
		return;
	json_decref(*old);
	*old = reply;
}

/* What came and went since the last time; a daemon knows that by itself. */
static void refresh_machine(const struct top_feed *feed)
{
	struct local *local;

	if (ctl_daemon_answers(feed->ctl))
		return;
	local = ctl_machine(feed->ctl, false);
	if (local)
		(void) machine_resync(&local->machine, NULL);
}

static void ask(struct top_feed *feed, const struct interrupt_matrix *matrix)
{
	uint64_t now_ms = clock_now_ms();
	bool known = feed->irqs && heat_feed_knows(feed->irqs, matrix);

	if (feed->asked_ms) {
		/* A machine in files does not change. */
		if (feed->ctl->root || feed->options->replay_count > 0)
			return;
		if (now_ms - feed->asked_ms < (known ? ASK_AGAIN_MS : ASK_SOONEST_MS))
			return;
		refresh_machine(feed);
	}
	feed->asked_ms = now_ms;
	replace(feed, &feed->irqs, "ListIrqs");
	replace(feed, &feed->cpus, "ListCpus");
	replace(feed, &feed->status, "GetStatus");
}

int top_feed_next(struct top_feed *feed)
{
	unsigned int next = 1 - feed->last;
	struct heat_input input;
	int r;

	if (feed->options->replay_count > 0)
		r = read_replay(feed, &feed->matrices[next], &feed->samples[next]);
	else
		r = read_counters(feed, &feed->matrices[next], &feed->samples[next]);
	if (r < 0)
		return r;
	r = load_update(&feed->load, &feed->samples[1 - next], &feed->samples[next],
			LOAD_METRIC_TOTAL);
	if (r < 0)
		return r;
	ask(feed, &feed->matrices[next]);

	input = (struct heat_input){
		.before = &feed->matrices[1 - next],
		.after = &feed->matrices[next],
		.load = &feed->load,
		.cpus = feed->cpus,
		.irqs = feed->irqs,
		.now = clock_today_s(),
	};
	r = heat_feed_update(&feed->heat, &input);
	if (r < 0)
		return r;
	feed->last = next;
	feed->read++;
	return 0;
}

bool top_feed_more(const struct top_feed *feed)
{
	if (feed->options->replay_count > 0)
		return feed->read < feed->options->replay_count;
	return feed->root.live || feed->read < (feed->has_earlier ? 2 : 1);
}

static const json_t *status_of(const struct top_feed *feed)
{
	return json_object_get(feed->status, "status");
}

const char *top_feed_source(const struct top_feed *feed)
{
	const char *mode = json_string_value(json_object_get(status_of(feed), "mode"));

	if (is_recorded(feed))
		return "recorded";
	if (!json_is_number(json_object_get(status_of(feed), "uptime")) || !mode)
		return "no daemon";
	return mode;
}

uint32_t top_feed_threshold(const struct top_feed *feed)
{
	const json_t *load = json_object_get(status_of(feed), "load");
	const json_t *threshold = json_object_get(load, "threshold_ppm");

	return json_is_integer(threshold) ? (uint32_t) json_integer_value(threshold)
					  : THRESHOLD_DEFAULT;
}

int top_feed_explain(struct top_feed *feed, const char *target, struct buf *text)
{
	json_t *parameters = json_pack("{s:s}", "target", target), *reply;
	struct sheet sheet;
	int r;

	reply = parameters ? answer(feed, "Explain", parameters) : NULL;
	if (!reply)
		return -ENOENT;
	sheet_init(&sheet, feed->ctl->width, false, feed->ctl->unicode);
	render_explain(&sheet, reply, clock_today_s());
	r = sheet.error ? sheet.error : buf_append(text, buf_text(&sheet.text), sheet.text.length);
	sheet_deinit(&sheet);
	json_decref(reply);
	return r;
}
