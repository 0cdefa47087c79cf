/* What a person wants to know first: is all well, and if not, what is wrong. */
#include <stdio.h>
#include <string.h>

#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"
#include "irqherd/outlet/words.h"

#define LABEL 11

static void label(struct sheet *sheet, const char *name)
{
	sheet_ink(sheet, INK_BOLD, "%s", name);
	sheet_tab(sheet, LABEL);
}

static void put_head(struct sheet *sheet, const json_t *status, double now)
{
	const char *state = field_text(status, "state");
	double until = field_number(status, "frozen_until", 0);
	char text[MOMENT_TEXT];

	sheet_ink(sheet, INK_BOLD, "irqherd %s", field_text(status, "version"));
	sheet_printf(sheet, "  ");
	if (strcmp(state, "stopped") == 0) {
		sheet_ink(sheet, INK_WARN, "not running");
		sheet_printf(sheet, "; what follows was read from the machine itself");
		sheet_end_line(sheet, LABEL);
		return;
	}
	sheet_ink(sheet, strcmp(state, "calm") == 0 ? INK_GOOD : INK_BAD, "%s", state);
	sheet_printf(sheet, ", mode %s", field_text(status, "mode"));
	if (until > 0)
		sheet_printf(sheet, " until %s", moment_format(until, now, text));
	sheet_printf(sheet, ", up %s", duration_format(field_number(status, "uptime", 0), text));
	sheet_end_line(sheet, LABEL);
}

static void put_config(struct sheet *sheet, const json_t *status, double now)
{
	const json_t *files = json_object_get(status, "config_files"), *file;
	double loaded = field_number(status, "config_loaded", 0);
	char text[MOMENT_TEXT];
	size_t i;

	label(sheet, "config");
	if (json_array_size(files) == 0)
		sheet_printf(sheet, "defaults");
	json_array_foreach(files, i, file)
		sheet_printf(sheet, "%s%s", i ? ", " : "", json_string_value(file));
	if (loaded > 0)
		sheet_printf(sheet, ", read %s", moment_format(loaded, now, text));
	sheet_end_line(sheet, LABEL);
}

static void put_machine(struct sheet *sheet, const json_t *status)
{
	json_int_t nodes = field_int(status, "nodes", 0);
	json_int_t cpus = field_int(status, "cpus", 0);
	json_int_t cores = field_int(status, "cores", 0);
	const char *allowed = field_text(status, "cpus_allowed");
	const char *isolated = field_text(status, "cpus_isolated");

	label(sheet, "machine");
	if (nodes > 0)
		sheet_printf(sheet, "%lld node%s, ", (long long) nodes, plural((uint64_t) nodes));
	sheet_printf(sheet, "%lld CPU%s", (long long) cpus, plural((uint64_t) cpus));
	if (cores != cpus)
		sheet_printf(sheet, " (%lld cores)", (long long) cores);
	sheet_printf(sheet, ", for IRQs: %s", *allowed ? allowed : "none");
	if (*isolated)
		sheet_printf(sheet, ", isolated: %s", isolated);
	sheet_end_line(sheet, LABEL);
	if (*field_text(status, "kernel")) {
		sheet_tab(sheet, LABEL);
		sheet_printf(sheet, "Linux %s", field_text(status, "kernel"));
		if (*field_text(status, "virtualization"))
			sheet_printf(sheet, ", guest of %s", field_text(status, "virtualization"));
		sheet_end_line(sheet, LABEL);
	}
}

static void put_counts(struct sheet *sheet, const json_t *status)
{
	static const struct {
		const char *key, *words;
	} parts[] = {
		{ "active", "active" },
		{ "idle", "idle" },
		{ "managed", "managed by the kernel" },
		{ "external", "placed by others" },
		{ "stuck", "stuck" },
		{ "refused", "refused by the kernel" },
		{ "banned", "banned" },
		{ "unrequested", "not in use" },
	};
	const json_t *irqs = json_object_get(status, "irqs");
	const char *separator = ": ";

	label(sheet, "IRQs");
	sheet_printf(sheet, "%lld, on %lld PCI devices and others",
		     (long long) field_int(irqs, "total", 0),
		     (long long) field_int(status, "devices", 0));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		json_int_t count = field_int(irqs, parts[i].key, 0);

		if (count == 0)
			continue;
		sheet_printf(sheet, "%s%lld %s", separator, (long long) count, parts[i].words);
		separator = ", ";
	}
	sheet_end_line(sheet, LABEL);
}

static void put_load(struct sheet *sheet, const json_t *load)
{
	json_int_t busiest = field_int(load, "busiest_ppm", 0);
	json_int_t threshold = field_int(load, "threshold_ppm", 0);
	char a[RATE_TEXT], b[RATE_TEXT], c[RATE_TEXT], d[PERCENT_TEXT];

	label(sheet, "load");
	if (!load) {
		sheet_printf(sheet, "not measured");
		sheet_end_line(sheet, LABEL);
		return;
	}
	sheet_printf(sheet, "busiest CPU %lld at ", (long long) field_int(load, "busiest_cpu", 0));
	sheet_ink(sheet, ink_of_load((unsigned int) busiest, (unsigned int) threshold), "%s",
		  percent_of(busiest, a));
	sheet_printf(sheet, " (threshold %s), mean %s, interrupts %s",
		     percent_format_short((uint32_t) threshold, d),
		     percent_of(field_int(load, "mean_ppm", 0), b),
		     percent_of(field_int(load, "irq_ppm", 0), c));
	if (field_int(load, "steal_ppm", 0) > 0)
		sheet_printf(sheet, ", steal %s", percent_of(field_int(load, "steal_ppm", 0), b));
	sheet_printf(sheet, ", over %.1f s", field_number(load, "interval", 0));
	sheet_end_line(sheet, LABEL);
}

static void put_ago(struct sheet *sheet, const json_t *object, double now)
{
	char text[MOMENT_TEXT];

	if (field_is(object, "time"))
		sheet_printf(sheet, ", %s ago",
			     duration_format(now - field_number(object, "time", now), text));
}

static void put_moves(struct sheet *sheet, const json_t *moves, double now)
{
	const json_t *last = json_object_get(moves, "last");
	const json_t *errors = json_object_get(moves, "errors"), *count;
	const char *error;

	label(sheet, "moves");
	sheet_printf(sheet, "%lld, %lld in the last hour", (long long) field_int(moves, "total", 0),
		     (long long) field_int(moves, "last_hour", 0));
	json_object_foreach((json_t *) errors, error, count)
		sheet_printf(sheet, ", %lld %s", (long long) json_integer_value(count), error);
	sheet_end_line(sheet, LABEL);
	if (!last)
		return;
	sheet_tab(sheet, LABEL);
	sheet_printf(sheet, "last: %s", field_text(last, "words"));
	put_ago(sheet, last, now);
	sheet_end_line(sheet, LABEL);
}

static void put_events(struct sheet *sheet, const json_t *events, double now)
{
	const json_t *last = json_object_get(events, "last");

	label(sheet, "events");
	sheet_printf(sheet, "%lld, %lld looks, %lld rounds",
		     (long long) field_int(events, "received", 0),
		     (long long) field_int(events, "looks", 0),
		     (long long) field_int(events, "rounds", 0));
	if (field_int(events, "overruns", 0) > 0)
		sheet_printf(sheet, ", %lld times some were lost and made up for",
			     (long long) field_int(events, "overruns", 0));
	sheet_end_line(sheet, LABEL);
	if (!last)
		return;
	sheet_tab(sheet, LABEL);
	sheet_printf(sheet, "last: %s", field_text(last, "words"));
	put_ago(sheet, last, now);
	sheet_end_line(sheet, LABEL);
}

static void put_locality(struct sheet *sheet, const json_t *status)
{
	const json_t *locality = json_object_get(status, "locality"), *device, *worst = NULL;
	double total = 0, home = 0;
	char text[RATE_TEXT];
	size_t i;

	json_array_foreach(locality, i, device)
	{
		double count = field_number(device, "interrupts", 0);
		double share = field_number(device, "home_ppm", 0);

		total += count;
		home += count * share / 1e6;
		if (!worst ||
		    count * (1e6 - share) > field_number(worst, "interrupts", 0) *
						    (1e6 - field_number(worst, "home_ppm", 0)))
			worst = device;
	}
	if (total == 0)
		return;
	label(sheet, "locality");
	sheet_printf(sheet, "%s of the devices' interrupts are served on their home CPUs",
		     percent_of((json_int_t) (home / total * 1e6), text));
	if (field_int(worst, "home_ppm", 0) < 1000000)
		sheet_printf(sheet, "; %s: %s", field_text(worst, "device"),
			     percent_of(field_int(worst, "home_ppm", 0), text));
	sheet_end_line(sheet, LABEL);
}

static void put_list(struct sheet *sheet, const json_t *texts, enum ink ink, const char *mark)
{
	const json_t *text;
	size_t i;

	if (json_array_size(texts) > 0)
		sheet_blank_line(sheet);
	json_array_foreach(texts, i, text)
	{
		sheet_ink(sheet, ink, "%s", mark);
		sheet_printf(sheet, " %s", json_string_value(text));
		sheet_end_line(sheet, 2);
	}
}

void render_status(struct sheet *sheet, const json_t *reply, double now)
{
	const json_t *status = json_object_get(reply, "status");
	bool running = strcmp(field_text(status, "state"), "stopped") != 0;

	put_head(sheet, status, now);
	put_config(sheet, status, now);
	put_machine(sheet, status);
	put_counts(sheet, status);
	put_load(sheet, json_object_get(status, "load"));
	if (running) {
		put_moves(sheet, json_object_get(status, "moves"), now);
		put_events(sheet, json_object_get(status, "events"), now);
	}
	put_locality(sheet, status);
	put_list(sheet, json_object_get(status, "problems"), INK_BAD, "!");
	put_list(sheet, json_object_get(status, "remarks"), INK_DIM, "·");
}
