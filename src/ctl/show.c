/* The verbs that only show. */
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/clock.h"
#include "irqherd/base/parse.h"
#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"
#include "irqherd/ctl/verb_list.h"
#include "irqherd/outlet/varlink.h"

int show_sheet(const struct ctl *ctl, const struct sheet *sheet, const json_t *object)
{
	int r;

	if (ctl->json || ctl->json_lines) {
		size_t flags = VARLINK_NUMBERS | (ctl->json_lines ? JSON_COMPACT : JSON_INDENT(2));

		r = json_dumpf(object, stdout, flags);
		if (r == 0)
			r = fputs("\n", stdout) < 0 ? -1 : 0;
	} else {
		r = sheet_print(sheet);
	}
	if (r < 0 || fflush(stdout) != 0) {
		fprintf(stderr, "irqherdctl: can't write the answer\n");
		return CTL_FAILED;
	}
	return CTL_OK;
}

static void begin(const struct ctl *ctl, struct sheet *sheet)
{
	sheet_init(sheet, ctl->width, ctl->color, ctl->unicode);
}

static int finish(const struct ctl *ctl, struct sheet *sheet, json_t *reply)
{
	int code = show_sheet(ctl, sheet, reply);

	sheet_deinit(sheet);
	json_decref(reply);
	return code;
}

VERB(verb_status)
{
	struct sheet sheet;
	json_t *reply;
	const char *state;
	int code, wanted = CTL_OK;

	(void) options;
	(void) argc;
	(void) argv;
	code = ctl_ask(ctl, "GetStatus", NULL, &reply);
	if (code != CTL_OK)
		return code;
	state = field_text(json_object_get(reply, "status"), "state");
	if (strcmp(state, "stopped") == 0)
		wanted = CTL_NOT_RUNNING;
	else if (strcmp(state, "calm") != 0)
		wanted = CTL_FAILED;
	begin(ctl, &sheet);
	render_status(&sheet, reply, clock_today_s());
	code = finish(ctl, &sheet, reply);
	return code == CTL_OK ? wanted : code;
}

VERB(verb_devices)
{
	struct sheet sheet;
	json_t *reply;
	int code;

	(void) argc;
	(void) argv;
	code = ctl_ask(ctl, "ListDevices", json_pack("{s:b}", "all", options->all), &reply);
	if (code != CTL_OK)
		return code;
	begin(ctl, &sheet);
	render_devices(&sheet, reply);
	return finish(ctl, &sheet, reply);
}

static json_t *irq_filter(const char *word)
{
	uint32_t cpu;

	if (!word)
		return json_object();
	if (strncmp(word, "cpu", 3) == 0 && parse_u32(word + 3, 0, INT32_MAX, &cpu) == 0)
		return json_pack("{s:i}", "cpu", (int) cpu);
	return json_pack("{s:s}", "device", word);
}

VERB(verb_irqs)
{
	enum fold fold = FOLD_MANY;
	struct sheet sheet;
	json_t *reply;
	int code;

	code = ctl_ask(ctl, "ListIrqs", irq_filter(argc > 1 ? argv[1] : NULL), &reply);
	if (code != CTL_OK)
		return code;
	begin(ctl, &sheet);
	if (options->all)
		fold = FOLD_NOTHING;
	else if (argc > 1)
		fold = FOLD_DULL;
	render_irqs(&sheet, reply, fold);
	return finish(ctl, &sheet, reply);
}

VERB(verb_explain)
{
	struct sheet sheet;
	json_t *reply;
	int code;

	(void) options;
	(void) argc;
	code = ctl_ask(ctl, "Explain", json_pack("{s:s}", "target", argv[1]), &reply);
	if (code != CTL_OK)
		return code;
	begin(ctl, &sheet);
	render_explain(&sheet, reply, clock_today_s());
	return finish(ctl, &sheet, reply);
}

VERB(verb_plan)
{
	struct sheet sheet;
	json_t *reply;
	int code;

	(void) options;
	(void) argc;
	(void) argv;
	code = ctl_ask(ctl, "GetPlan", NULL, &reply);
	if (code != CTL_OK)
		return code;
	begin(ctl, &sheet);
	render_plan(&sheet, reply);
	return finish(ctl, &sheet, reply);
}

VERB(verb_verify)
{
	struct sheet sheet;
	bool problems;
	json_t *reply;
	int code;

	(void) options;
	(void) argc;
	(void) argv;
	code = ctl_ask(ctl, "Verify", NULL, &reply);
	if (code != CTL_OK)
		return code;
	problems = json_array_size(json_object_get(reply, "problems")) > 0;
	begin(ctl, &sheet);
	render_verify(&sheet, reply);
	code = finish(ctl, &sheet, reply);
	return code == CTL_OK && problems ? CTL_FAILED : code;
}

VERB(verb_config)
{
	struct sheet sheet;
	json_t *reply;
	int code;

	(void) options;
	(void) argc;
	(void) argv;
	code = ctl_ask(ctl, "GetConfig", NULL, &reply);
	if (code != CTL_OK)
		return code;
	begin(ctl, &sheet);
	render_config(&sheet, reply);
	return finish(ctl, &sheet, reply);
}

VERB(verb_metrics)
{
	json_t *reply;
	int code;

	(void) options;
	(void) argc;
	(void) argv;
	code = ctl_ask(ctl, "GetMetrics", NULL, &reply);
	if (code != CTL_OK)
		return code;
	if (ctl->json || ctl->json_lines)
		code = show_sheet(ctl, NULL, reply);
	else if (fputs(field_text(reply, "text"), stdout) < 0 || fflush(stdout) != 0)
		code = CTL_FAILED;
	json_decref(reply);
	return code;
}

static int show_event(void *context, const json_t *reply)
{
	const struct ctl *ctl = context;
	struct ctl lines = *ctl;
	struct sheet sheet;
	int code;

	lines.json_lines = ctl->json || ctl->json_lines;
	begin(ctl, &sheet);
	render_event(&sheet, reply);
	code = show_sheet(&lines, &sheet, reply);
	sheet_deinit(&sheet);
	return code;
}

VERB(verb_watch)
{
	json_t *parameters = json_object();

	(void) argc;
	(void) argv;
	if (options->has_past)
		(void) json_object_set_new(parameters, "past", json_integer(options->past));
	return ctl_follow(ctl, "Watch", parameters, show_event, (void *) ctl);
}
