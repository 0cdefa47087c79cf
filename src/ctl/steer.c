/* The verbs that change something. With --persist the change goes to the configuration, too. */
#include <stdlib.h>
#include <string.h>

#include "irqherd/ctl/field.h"
#include "irqherd/ctl/persist.h"
#include "irqherd/ctl/render.h"
#include "irqherd/ctl/verb_list.h"

/* What the daemon answered, in the caller's words or as JSON. */
static int say(const struct ctl *ctl, json_t *reply, const char *words)
{
	int code = CTL_OK;

	if (ctl->json || ctl->json_lines)
		code = show_sheet(ctl, NULL, reply);
	else if (words && *words && printf("%s\n", words) < 0)
		code = CTL_FAILED;
	json_decref(reply);
	return code;
}

static int list_cpus(const struct ctl *ctl, const struct verb_options *options)
{
	struct sheet sheet;
	json_t *reply;
	int code = ctl_ask(ctl, "ListCpus", NULL, &reply);

	if (code != CTL_OK)
		return code;
	sheet_init(&sheet, ctl->width, ctl->color, ctl->unicode);
	render_cpus(&sheet, reply, options->all);
	code = show_sheet(ctl, &sheet, reply);
	sheet_deinit(&sheet);
	json_decref(reply);
	return code;
}

VERB(verb_cpus)
{
	struct buf words = BUF_INIT;
	json_t *reply;
	bool exclude;
	int code;

	if (argc == 1)
		return list_cpus(ctl, options);
	exclude = strcmp(argv[1], "exclude") == 0;
	if (argc != 3 || (!exclude && strcmp(argv[1], "include") != 0)) {
		fprintf(stderr, "usage: irqherdctl cpus [exclude|include LIST]\n");
		return CTL_USAGE;
	}
	if (ctl->persist) {
		code = persist_cpus(ctl, exclude, argv[2]);
		if (code == CTL_OK)
			code = persist_take_effect(ctl);
		/* what a client excluded before is the daemon's alone */
		if (code != CTL_OK || exclude || !ctl_daemon_answers(ctl))
			return code;
	}
	code = ctl_tell(ctl, exclude ? "ExcludeCpus" : "IncludeCpus",
			json_pack("{s:s}", "cpus", argv[2]), &reply);
	if (code != CTL_OK)
		return code;
	(void) buf_printf(&words, "excluded: %s",
			  *field_text(reply, "excluded") ? field_text(reply, "excluded") : "none");
	code = say(ctl, reply, buf_text(&words));
	buf_deinit(&words);
	return code;
}

/* --------------------------------------------------------------------------------------------------
 * one IRQ */

static int irq_usage(void)
{
	fprintf(stderr, "usage: irqherdctl irq IRQ pin CPUS|release|ban\n");
	return CTL_USAGE;
}

/* The slot that a target names, for the configuration. */
static int find_slot(const struct ctl *ctl, const char *target, char *slot, size_t size)
{
	const json_t *irq;
	json_t *reply;
	int code = ctl_ask(ctl, "Explain", json_pack("{s:s}", "target", target), &reply);

	if (code != CTL_OK)
		return code;
	irq = json_object_get(json_object_get(reply, "explanation"), "irq");
	(void) snprintf(slot, size, "%s", field_text(irq, "slot"));
	json_decref(reply);
	if (*slot)
		return CTL_OK;
	fprintf(stderr, "irqherdctl: '%s' is no IRQ\n", target);
	return CTL_USAGE;
}

static int persist_irq(const struct ctl *ctl, const char *target, const char *what,
		       const char *cpus)
{
	char slot[64];
	int code = find_slot(ctl, target, slot, sizeof(slot));

	if (code != CTL_OK)
		return code;
	if (strcmp(what, "pin") == 0)
		code = persist_pin(ctl, slot, cpus);
	else if (strcmp(what, "ban") == 0)
		code = persist_ban(ctl, slot);
	else
		code = persist_release(ctl, slot);
	return code == CTL_OK ? persist_take_effect(ctl) : code;
}

/* A ban holds by being in the files. A pin moves an IRQ that does not fire, and what a client said
 * of it before is the daemon's alone. */
static bool is_done_by_files(const struct ctl *ctl, const char *what)
{
	return strcmp(what, "ban") == 0 || !ctl_daemon_answers(ctl);
}

VERB(verb_irq)
{
	static const struct {
		const char *word, *method;
		int argc;
	} changes[] = {
		{ "pin", "PinIrq", 4 },
		{ "release", "ReleaseIrq", 3 },
		{ "ban", "BanIrq", 3 },
	};
	struct buf words = BUF_INIT;
	json_t *parameters, *reply;
	size_t i = 0;
	int code;

	(void) options;
	while (i < ARRAY_SIZE(changes) && strcmp(changes[i].word, argv[2]) != 0)
		i++;
	if (i == ARRAY_SIZE(changes) || argc != changes[i].argc)
		return irq_usage();
	if (ctl->persist) {
		code = persist_irq(ctl, argv[1], argv[2], argv[3]);
		if (code != CTL_OK || is_done_by_files(ctl, argv[2]))
			return code;
	}

	parameters = json_pack("{s:s, s:s*}", "target", argv[1], "cpus", argc > 3 ? argv[3] : NULL);
	code = ctl_tell(ctl, changes[i].method, parameters, &reply);
	if (code != CTL_OK)
		return code;
	switch (i) {
	case 0:
		(void) buf_printf(&words, "%s is kept on CPUs %s", field_text(reply, "slot"),
				  argv[3]);
		break;
	case 1:
		(void) buf_printf(&words, "%s is released", field_text(reply, "slot"));
		break;
	default:
		(void) buf_printf(&words, "%s is left alone", field_text(reply, "slot"));
		break;
	}
	code = say(ctl, reply, buf_text(&words));
	buf_deinit(&words);
	return code;
}

/* --------------------------------------------------------------------------------------------------
 * the daemon */

VERB(verb_reload)
{
	json_t *reply;
	int code;

	(void) options;
	(void) argc;
	(void) argv;
	code = ctl_tell(ctl, "Reload", NULL, &reply);
	return code == CTL_OK ? say(ctl, reply, "configuration reloaded") : code;
}

VERB(verb_rescan)
{
	struct buf words = BUF_INIT;
	json_t *reply;
	int code;

	(void) options;
	code = ctl_tell(ctl, "Rescan",
			argc > 1 ? json_pack("{s:s}", "device", argv[1]) : json_object(), &reply);
	if (code != CTL_OK)
		return code;
	(void) buf_printf(&words, "%lld devices read again",
			  (long long) field_int(reply, "devices", 0));
	code = say(ctl, reply, buf_text(&words));
	buf_deinit(&words);
	return code;
}

/* "90", "90s", "5min", "2h", "1d"; a fraction is fine. Negative: not a time. */
static double seconds_parse(const char *text)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {
		{ "", 1 },     { "s", 1 },    { "sec", 1 },   { "m", 60 },
		{ "min", 60 }, { "h", 3600 }, { "d", 86400 },
	};
	char *end;
	double number = strtod(text, &end);

	if (end == text || !(number > 0 && number < 1e9))
		return -1;
	end += strspn(end, " ");
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strcmp(end, units[i].unit) == 0)
			return number * units[i].seconds;
	return -1;
}

VERB(verb_freeze)
{
	json_t *parameters = json_object(), *reply;
	int code;

	(void) options;
	if (argc > 1) {
		double seconds = seconds_parse(argv[1]);

		if (seconds < 0) {
			fprintf(stderr, "irqherdctl: '%s' is no time: 90, 90s, 5min, 2h, 1d\n",
				argv[1]);
			json_decref(parameters);
			return CTL_USAGE;
		}
		(void) json_object_set_new(parameters, "seconds", json_real(seconds));
	}
	code = ctl_tell(ctl, "Freeze", parameters, &reply);
	return code == CTL_OK ? say(ctl, reply,
				    argc > 1 ? "frozen for that time: nothing is moved"
					     : "frozen until thaw: nothing is moved")
			      : code;
}

VERB(verb_thaw)
{
	json_t *reply;
	int code;

	(void) options;
	(void) argc;
	(void) argv;
	code = ctl_tell(ctl, "Thaw", NULL, &reply);
	return code == CTL_OK ? say(ctl, reply, "thawed") : code;
}
