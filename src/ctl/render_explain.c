#include <stdio.h>
#include <string.h>

#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"
#include "irqherd/outlet/words.h"

#define LABEL     12
#define NAME_SIZE 96

static void label(struct sheet *sheet, const char *name)
{
	sheet_printf(sheet, "  ");
	sheet_ink(sheet, INK_DIM, "%s", name);
	sheet_tab(sheet, LABEL + 2);
}

static void put_texts(struct sheet *sheet, const char *name, const json_t *texts)
{
	const json_t *text;
	size_t i;

	json_array_foreach(texts, i, text)
	{
		label(sheet, i ? "" : name);
		sheet_printf(sheet, "%s", json_string_value(text));
		sheet_end_line(sheet, LABEL + 4);
	}
}

static void put_history(struct sheet *sheet, const json_t *history, double now)
{
	const json_t *event;
	char text[MOMENT_TEXT];
	size_t i;

	json_array_foreach(history, i, event)
	{
		label(sheet, i ? "" : "history");
		sheet_ink(sheet, INK_DIM, "%s",
			  moment_format(field_number(event, "time", 0), now, text));
		sheet_printf(sheet, "  %s", field_text(event, "words"));
		sheet_end_line(sheet, LABEL + 6);
	}
}

static void put_home(struct sheet *sheet, const json_t *home)
{
	label(sheet, "home");
	sheet_ink(sheet, ink_of_node((int) field_int(home, "node", -1)), "%s",
		  field_text(home, "words"));
	sheet_printf(sheet, ", CPUs %s", field_text(home, "cpus"));
	sheet_end_line(sheet, LABEL + 4);
}

static void put_allowed(struct sheet *sheet, const char *cpus, const json_t *why)
{
	const json_t *text;
	size_t i;

	label(sheet, "allowed");
	sheet_ink(sheet, *cpus ? INK_BOLD : INK_BAD, "%s", *cpus ? cpus : "none");
	sheet_end_line(sheet, LABEL + 4);
	json_array_foreach(why, i, text)
	{
		label(sheet, "");
		sheet_ink(sheet, INK_DIM, "%s", json_string_value(text));
		sheet_end_line(sheet, LABEL + 4);
	}
}

/* --------------------------------------------------------------------------------------------------
 * an IRQ */

static void put_owner(struct sheet *sheet, const json_t *explanation, const json_t *irq)
{
	const json_t *device = json_object_get(explanation, "device");
	const json_t *queue = json_object_get(irq, "queue");
	char name[NAME_SIZE];

	label(sheet, "belongs to");
	if (!device) {
		sheet_printf(sheet, "no PCI device");
		sheet_end_line(sheet, LABEL + 4);
		return;
	}
	sheet_printf(sheet, "%s vector %lld, %s", field_text(device, "address"),
		     (long long) field_int(irq, "vector", 0), field_text(device, "class"));
	if (*field_text(device, "driver"))
		sheet_printf(sheet, ", driver %s", field_text(device, "driver"));
	if (json_array_size(json_object_get(device, "netdevs")) > 0)
		sheet_printf(sheet, ", %s", device_name(device, name, sizeof(name)));
	if (queue)
		sheet_printf(sheet, "; %s queue %lld (%s)", field_text(queue, "kind"),
			     (long long) field_int(queue, "index", 0),
			     strcmp(field_text(queue, "origin"), "netdev_genl") == 0
				     ? "told by the driver"
				     : "by its action's name");
	sheet_end_line(sheet, LABEL + 4);
}

static void put_place(struct sheet *sheet, const json_t *irq)
{
	json_int_t cpu = field_int(irq, "effective", -1);
	const char *placement = field_text(irq, "placement");

	label(sheet, "now");
	if (cpu >= 0)
		sheet_ink(sheet, INK_BOLD, "CPU %lld", (long long) cpu);
	else
		sheet_printf(sheet, "no single CPU");
	if (field_is(irq, "at_home"))
		sheet_ink(sheet, field_true(irq, "at_home") ? INK_GOOD : INK_WARN, "%s",
			  field_true(irq, "at_home") ? ", at home" : ", out of its home");
	if (field_is(irq, "asked"))
		sheet_printf(sheet, "; asked for: %s", field_text(irq, "asked"));
	sheet_printf(sheet, "; %s", field_text(irq, "state"));
	if (strcmp(placement, "idle") != 0)
		sheet_printf(sheet, "; last move %s", placement);
	sheet_end_line(sheet, LABEL + 4);
}

static void put_load(struct sheet *sheet, const json_t *irq, double interval)
{
	char rate[RATE_TEXT], percent[RATE_TEXT];

	label(sheet, "load");
	if (!field_is(irq, "interrupts")) {
		sheet_printf(sheet, "not measured");
	} else {
		sheet_printf(sheet, "%s interrupts/s",
			     rate_format(field_number(irq, "interrupts", 0), interval, rate));
		if (field_is(irq, "cost_ppm"))
			sheet_printf(sheet, ", %s of a CPU (%s)",
				     percent_of(field_int(irq, "cost_ppm", 0), percent),
				     field_true(irq, "cost_measured") ? "measured" : "learned");
	}
	sheet_end_line(sheet, LABEL + 4);
}

static void explain_irq(struct sheet *sheet, const json_t *explanation, double now)
{
	const json_t *irq = json_object_get(explanation, "irq");
	char name[NAME_SIZE];

	sheet_ink(sheet, INK_BOLD, "IRQ %lld", (long long) field_int(irq, "irq", 0));
	sheet_printf(sheet, "  %s  %s  %s", service_format(irq, name, sizeof(name)),
		     field_text(irq, "type"), field_text(irq, "slot"));
	sheet_end_line(sheet, 4);
	put_owner(sheet, explanation, irq);
	if (*field_text(irq, "actions")) {
		label(sheet, "action");
		sheet_printf(sheet, "%s", field_text(irq, "actions"));
		sheet_end_line(sheet, LABEL + 4);
	}
	put_home(sheet, json_object_get(irq, "home"));
	put_allowed(sheet, field_text(irq, "allowed"), json_object_get(explanation, "allowed_why"));
	put_place(sheet, irq);
	put_load(sheet, irq, field_number(explanation, "interval", 0));
	put_history(sheet, json_object_get(explanation, "history"), now);
	label(sheet, "next");
	sheet_printf(sheet, "%s", field_text(explanation, "next"));
	sheet_end_line(sheet, LABEL + 4);
}

/* --------------------------------------------------------------------------------------------------
 * a device */

static void explain_device(struct sheet *sheet, const json_t *explanation, double now)
{
	const json_t *device = json_object_get(explanation, "device"), *netdev;
	const json_t *netdevs = json_object_get(device, "netdevs");
	char text[RATE_TEXT];
	size_t i;

	sheet_ink(sheet, INK_BOLD, "%s", field_text(device, "address"));
	sheet_printf(sheet, "  %s, %s%s", field_text(device, "class"),
		     *field_text(device, "driver") ? "driver " : "no driver",
		     field_text(device, "driver"));
	sheet_end_line(sheet, 4);
	json_array_foreach(netdevs, i, netdev)
	{
		label(sheet, i ? "" : "network");
		sheet_ink(sheet, INK_BOLD, "%s", field_text(netdev, "name"));
		sheet_printf(sheet, " is %s, %lld rx and %lld tx queues",
			     field_true(netdev, "up") ? "up" : "down",
			     (long long) field_int(netdev, "rx_queues", 0),
			     (long long) field_int(netdev, "tx_queues", 0));
		sheet_end_line(sheet, LABEL + 4);
	}
	put_home(sheet, json_object_get(device, "home"));
	label(sheet, "firmware");
	if (field_is(device, "node_sysfs"))
		sheet_printf(sheet, "says node %lld",
			     (long long) field_int(device, "node_sysfs", 0));
	else
		sheet_printf(sheet, "does not tell its node");
	sheet_end_line(sheet, LABEL + 4);
	put_texts(sheet, "allowed", json_object_get(explanation, "allowed_why"));
	if (field_is(device, "home_ppm")) {
		label(sheet, "locality");
		sheet_printf(sheet, "%s of its interrupts are served at home",
			     percent_of(field_int(device, "home_ppm", 0), text));
		sheet_end_line(sheet, LABEL + 4);
	}
	put_history(sheet, json_object_get(explanation, "history"), now);
	sheet_blank_line(sheet);
	render_irqs(sheet, explanation, FOLD_DULL);
}

/* --------------------------------------------------------------------------------------------------
 * a CPU */

static void put_number(struct sheet *sheet, const json_t *cpu, const char *key, const char *word)
{
	if (field_is(cpu, key))
		sheet_printf(sheet, ", %s %lld", word, (long long) field_int(cpu, key, 0));
}

static void explain_cpu(struct sheet *sheet, const json_t *explanation, double now)
{
	const json_t *cpu = json_object_get(explanation, "cpu");
	const json_t *load = json_object_get(cpu, "load");
	char a[RATE_TEXT], b[RATE_TEXT], c[RATE_TEXT], d[RATE_TEXT];

	sheet_ink(sheet, INK_BOLD, "CPU %lld", (long long) field_int(cpu, "cpu", 0));
	put_number(sheet, cpu, "node", "node");
	put_number(sheet, cpu, "package", "package of CPU");
	put_number(sheet, cpu, "core", "core of CPU");
	put_number(sheet, cpu, "llc", "cache of CPU");
	sheet_end_line(sheet, 4);
	put_texts(sheet, "serves", json_object_get(explanation, "allowed_why"));
	label(sheet, "load");
	if (load)
		sheet_printf(sheet, "%s, interrupts %s, other work %s, steal %s",
			     percent_of(field_int(load, "load_ppm", 0), a),
			     percent_of(field_int(load, "irq_ppm", 0), b),
			     percent_of(field_int(load, "busy_ppm", 0), c),
			     percent_of(field_int(load, "steal_ppm", 0), d));
	else
		sheet_printf(sheet, "not measured");
	if (field_true(cpu, "overloaded"))
		sheet_ink(sheet, INK_BAD, ", overloaded");
	sheet_end_line(sheet, LABEL + 4);
	put_history(sheet, json_object_get(explanation, "history"), now);
	label(sheet, "next");
	sheet_printf(sheet, "%s", field_text(explanation, "next"));
	sheet_end_line(sheet, LABEL + 4);
	sheet_blank_line(sheet);
	render_irqs(sheet, explanation, FOLD_DULL);
}

void render_explain(struct sheet *sheet, const json_t *reply, double now)
{
	const json_t *explanation = json_object_get(reply, "explanation");
	const json_t *advice = json_object_get(explanation, "advice"), *text;
	const char *kind = field_text(explanation, "kind");
	size_t i;

	if (strcmp(kind, "irq") == 0)
		explain_irq(sheet, explanation, now);
	else if (strcmp(kind, "device") == 0)
		explain_device(sheet, explanation, now);
	else
		explain_cpu(sheet, explanation, now);
	if (json_array_size(advice) > 0)
		sheet_blank_line(sheet);
	json_array_foreach(advice, i, text)
	{
		sheet_ink(sheet, INK_NODE, "%s", "→");
		sheet_printf(sheet, " %s", json_string_value(text));
		sheet_end_line(sheet, 2);
	}
}
