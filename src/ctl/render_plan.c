#include <stdio.h>
#include <string.h>
#include <time.h>

#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"
#include "irqherd/outlet/words.h"

static void put_move(struct sheet *sheet, const json_t *move)
{
	const char *queue = field_text(move, "queue"), *netdev = field_text(move, "netdev");
	char text[RATE_TEXT];

	sheet_printf(sheet, "  ");
	sheet_ink(sheet, INK_BOLD, "IRQ %lld", (long long) field_int(move, "irq", 0));
	if (*netdev || *queue)
		sheet_printf(sheet, " %s%s%s", netdev, *netdev && *queue ? " " : "", queue);
	if (field_is(move, "from"))
		sheet_printf(sheet, " from CPU %lld (%s)", (long long) field_int(move, "from", 0),
			     percent_of(field_int(move, "from_load_ppm", 0), text));
	sheet_ink(sheet, INK_BOLD, " to CPU %lld", (long long) field_int(move, "to", 0));
	sheet_printf(sheet, " (%s)", percent_of(field_int(move, "to_load_ppm", 0), text));
	sheet_end_line(sheet, 6);
	sheet_printf(sheet, "      %s", field_text(move, "words"));
	sheet_end_line(sheet, 6);
}

void render_plan(struct sheet *sheet, const json_t *reply)
{
	const json_t *plan = json_object_get(reply, "plan"), *item;
	const json_t *moves = json_object_get(plan, "moves");
	const json_t *words = json_object_get(plan, "words");
	size_t count = json_array_size(moves), i;

	if (count == 0)
		sheet_printf(sheet, "nothing to move");
	else
		sheet_printf(sheet, "%zu move%s", count, plural(count));
	if (field_true(plan, "frozen"))
		sheet_ink(sheet, INK_WARN, ", frozen: nothing is written");
	if (count == 0 && json_array_size(words) == 1)
		sheet_printf(sheet, ": %s", json_string_value(json_array_get(words, 0)));
	sheet_end_line(sheet, 2);
	json_array_foreach(moves, i, item) put_move(sheet, item);
	if (count == 0 && json_array_size(words) == 1)
		return;
	json_array_foreach(words, i, item)
	{
		sheet_printf(sheet, "  %s", json_string_value(item));
		sheet_end_line(sheet, 6);
	}
}

void render_verify(struct sheet *sheet, const json_t *reply)
{
	const json_t *problems = json_object_get(reply, "problems"), *problem;
	size_t i;

	if (json_array_size(problems) == 0) {
		sheet_ink(sheet, INK_GOOD, "all affinities are as wanted");
		sheet_end_line(sheet, 0);
		return;
	}
	json_array_foreach(problems, i, problem)
	{
		sheet_ink(sheet, INK_BAD, "!");
		sheet_printf(sheet, " IRQ %lld", (long long) field_int(problem, "irq", 0));
		if (*field_text(problem, "device"))
			sheet_printf(sheet, " of %s", field_text(problem, "device"));
		sheet_printf(sheet, ": %s", field_text(problem, "words"));
		sheet_end_line(sheet, 4);
	}
}

void render_event(struct sheet *sheet, const json_t *reply)
{
	const json_t *event = json_object_get(reply, "event");
	const json_t *move = json_object_get(event, "move");
	double time_now = field_number(event, "time", 0);
	const char *words = field_text(event, "words");
	const char *kind = field_text(event, "kind");
	enum ink ink = strcmp(kind, "move") == 0 ? INK_BOLD : INK_PLAIN;
	time_t seconds = (time_t) time_now;
	char text[MOMENT_TEXT];
	struct tm tm;

	(void) localtime_r(&seconds, &tm);
	(void) strftime(text, sizeof(text), "%H:%M:%S", &tm);
	sheet_ink(sheet, INK_DIM, "%s.%03d", text, (int) ((time_now - (double) seconds) * 1000));
	sheet_printf(sheet, "  ");
	if (strcmp(field_text(move, "result"), "stuck") == 0)
		ink = INK_BAD;
	sheet_ink(sheet, ink, "%s", *words ? words : kind);
	sheet_end_line(sheet, 14);
}

void render_config(struct sheet *sheet, const json_t *reply)
{
	const json_t *settings = json_object_get(reply, "settings"), *setting;
	size_t i;

	json_array_foreach(settings, i, setting)
	{
		const char *value = field_text(setting, "value");
		bool set = strcmp(field_text(setting, "origin"), "default") != 0;

		sheet_ink(sheet, set ? INK_BOLD : INK_PLAIN, "%s=%s", field_text(setting, "key"),
			  value);
		if (*field_text(setting, "unit"))
			sheet_ink(sheet, INK_DIM, " %s", field_text(setting, "unit"));
		sheet_tab(sheet, 34);
		sheet_ink(sheet, INK_DIM, "# %s", field_text(setting, "origin"));
		if (set)
			sheet_ink(sheet, INK_DIM, ", default %s", field_text(setting, "default"));
		sheet_end_line(sheet, 34);
	}
}
