/* The verb advise: where a program that uses a device should run. */
#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"
#include "irqherd/ctl/verb_list.h"

#define LABEL 16

static void label(struct sheet *sheet, const char *name)
{
	sheet_printf(sheet, "  ");
	sheet_ink(sheet, INK_DIM, "%s", name);
	sheet_tab(sheet, LABEL);
}

static void put_lines(struct sheet *sheet, const char *name, const json_t *lines)
{
	const json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
	{
		label(sheet, i ? "" : name);
		sheet_printf(sheet, "%s", json_string_value(line));
		sheet_end_line(sheet, LABEL + 2);
	}
}

static void put_avoid(struct sheet *sheet, const json_t *avoid)
{
	const json_t *one;
	size_t i;

	json_array_foreach(avoid, i, one)
	{
		label(sheet, i ? "" : "not");
		sheet_printf(sheet, "CPU %lld, %s", (long long) field_int(one, "cpu", -1),
			     field_text(one, "why"));
		sheet_end_line(sheet, LABEL + 2);
	}
}

static void put_nodes(struct sheet *sheet, const json_t *nodes)
{
	const json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
	{
		json_int_t room = field_int(node, "room_ppm", -1);

		label(sheet, i ? "" : "nodes");
		sheet_ink(sheet, ink_of_node((int) field_int(node, "node", -1)), "node %lld",
			  (long long) field_int(node, "node", -1));
		if (field_is(node, "distance"))
			sheet_printf(sheet, ", distance %lld",
				     (long long) field_int(node, "distance", 0));
		if (room >= 0)
			sheet_printf(sheet, ", room for %lld.%lld CPUs", (long long) room / 1000000,
				     (long long) room / 100000 % 10);
		sheet_printf(sheet, ", CPUs %s", field_text(node, "cpus"));
		sheet_end_line(sheet, LABEL + 2);
	}
}

void render_advise(struct sheet *sheet, const json_t *reply)
{
	const json_t *advice = json_object_get(reply, "advice");
	const json_t *home = json_object_get(advice, "home");
	const json_t *netdev;
	size_t i;

	sheet_ink(sheet, INK_BOLD, "%s", field_text(advice, "device"));
	json_array_foreach(json_object_get(advice, "netdevs"), i, netdev)
		sheet_printf(sheet, "%s%s", i ? ", " : "  ", json_string_value(netdev));
	sheet_end_line(sheet, 2);

	label(sheet, "home");
	sheet_printf(sheet, "%s, CPUs %s", field_text(home, "words"), field_text(home, "cpus"));
	sheet_end_line(sheet, LABEL + 2);
	label(sheet, "interrupts");
	sheet_printf(sheet, "on CPUs %s",
		     *field_text(advice, "serving") ? field_text(advice, "serving") : "none yet");
	sheet_end_line(sheet, LABEL + 2);
	put_nodes(sheet, json_object_get(advice, "nodes"));

	label(sheet, "run it on");
	sheet_ink(sheet, INK_GOOD, "CPUs %s", field_text(advice, "cpus"));
	if (field_is(advice, "node"))
		sheet_printf(sheet, ", node %lld", (long long) field_int(advice, "node", -1));
	sheet_end_line(sheet, LABEL + 2);
	put_avoid(sheet, json_object_get(advice, "avoid"));
	put_lines(sheet, "because", json_object_get(advice, "words"));
	sheet_blank_line(sheet);
	put_lines(sheet, "commands", json_object_get(advice, "commands"));
	sheet_blank_line(sheet);
	put_lines(sheet, "unit drop-in", json_object_get(advice, "drop_in"));
}

VERB(verb_advise)
{
	struct sheet sheet;
	json_t *reply;
	int code;

	(void) options;
	(void) argc;
	code = ctl_ask(ctl, "Advise", json_pack("{s:s}", "target", argv[1]), &reply);
	if (code != CTL_OK)
		return code;
	sheet_init(&sheet, ctl->width, ctl->color, ctl->unicode);
	render_advise(&sheet, reply);
	code = show_sheet(ctl, &sheet, reply);
	sheet_deinit(&sheet);
	json_decref(reply);
	return code;
}
