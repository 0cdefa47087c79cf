/*
 * A big machine has thousands of vectors that all look alike. Runs of those that nobody looks for
 * (managed by the kernel, idle, not in use) are told in one line, unless all are asked for.
 */
#include <stdio.h>
#include <string.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/cpumask.h"
#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"
#include "irqherd/ctl/table.h"
#include "irqherd/outlet/words.h"

#define NAME_SIZE  96
#define ASKED_ROOM 11u
#define RUN        4u /* alike, from which on they make a line */
#define RUN_ACTIVE 33u

static bool is_dull(const json_t *irq)
{
	const char *state = field_text(irq, "state");

	return strcmp(state, "managed") == 0 || strcmp(state, "idle") == 0 ||
	       strcmp(state, "unrequested") == 0;
}

/* What an action's name has before its number. */
static bool same_stem(const char *a, const char *b)
{
	size_t length = strcspn(a, "0123456789");

	return *a && length == strcspn(b, "0123456789") && strncmp(a, b, length) == 0;
}

static bool alike(const json_t *a, const json_t *b)
{
	return strcmp(field_text(a, "state"), field_text(b, "state")) == 0 &&
	       strcmp(field_text(a, "device"), field_text(b, "device")) == 0 &&
	       strcmp(field_text(a, "netdev"), field_text(b, "netdev")) == 0 &&
	       (field_is(a, "device") ||
		same_stem(field_text(a, "actions"), field_text(b, "actions")));
}

static size_t run_length(const json_t *irqs, size_t first, enum fold fold)
{
	const json_t *irq = json_array_get(irqs, first);
	bool active = strcmp(field_text(irq, "state"), "active") == 0;
	size_t length = 1;

	if (fold == FOLD_NOTHING || !(is_dull(irq) || (active && fold == FOLD_MANY)))
		return 1;
	while (first + length < json_array_size(irqs) &&
	       alike(irq, json_array_get(irqs, first + length)))
		length++;
	return length >= (active ? RUN_ACTIVE : RUN) ? length : 1;
}

static enum ink ink_of_state(const char *state)
{
	if (strcmp(state, "stuck") == 0 || strcmp(state, "refused") == 0)
		return INK_BAD;
	if (strcmp(state, "external") == 0 || strcmp(state, "banned") == 0)
		return INK_WARN;
	return strcmp(state, "active") == 0 ? INK_PLAIN : INK_DIM;
}

static void put_irq(struct table *table, const json_t *irq, double interval)
{
	const json_t *home = json_object_get(irq, "home");
	const char *state = field_text(irq, "state");
	json_int_t effective = field_int(irq, "effective", -1);
	bool away = field_is(irq, "at_home") && !field_true(irq, "at_home");
	char text[NAME_SIZE], rate[RATE_TEXT];

	table_cell(table, INK_BOLD, "%lld", (long long) field_int(irq, "irq", 0));
	table_cell(table, away ? INK_WARN : INK_PLAIN, effective < 0 ? "-" : "%lld",
		   (long long) effective);
	table_cell(table, INK_PLAIN, "%s",
		   field_is(irq, "asked")
			   ? cpus_format(field_text(irq, "asked"), ASKED_ROOM, text, sizeof(text))
			   : "-");
	table_cell(table, ink_of_node((int) field_int(home, "node", -1)), "%s",
		   cpus_format(field_text(home, "cpus"), ASKED_ROOM, text, sizeof(text)));
	table_cell(table, INK_PLAIN, "%s",
		   rate_format(field_number(irq, "interrupts", -1), interval, rate));
	table_cell(table, INK_PLAIN, "%s", percent_of(field_int(irq, "cost_ppm", -1), rate));
	table_cell(table, ink_of_state(state), "%s", state);
	table_cell(table, INK_PLAIN, "%s", field_text(irq, "slot"));
	table_cell(table, INK_PLAIN, "%s", service_format(irq, text, sizeof(text)));
}

static void put_run(struct table *table, const json_t *irqs, size_t first, size_t length,
		    double interval)
{
	const json_t *irq = json_array_get(irqs, first);
	const json_t *last = json_array_get(irqs, first + length - 1);
	const char *state = field_text(irq, "state");
	struct cpumask cpus = CPUMASK_NONE;
	char text[NAME_SIZE], rate[RATE_TEXT], list[CPULIST_TEXT];
	double interrupts = -1, most = 0;
	json_int_t most_irq = -1;

	for (size_t i = first; i < first + length; i++) {
		const json_t *one = json_array_get(irqs, i);
		json_int_t cpu = field_int(one, "effective", -1);

		if (cpu >= 0)
			cpumask_set(&cpus, (unsigned int) cpu);
		if (field_number(one, "interrupts", 0) > most) {
			most = field_number(one, "interrupts", 0);
			most_irq = field_int(one, "irq", -1);
		}
		if (field_is(one, "interrupts"))
			interrupts = (interrupts < 0 ? 0 : interrupts) +
				     field_number(one, "interrupts", 0);
	}
	(void) cpulist_format(&cpus, list, sizeof(list));

	table_cell(table, INK_DIM, "%lld-%lld", (long long) field_int(irq, "irq", 0),
		   (long long) field_int(last, "irq", 0));
	table_cell(table, INK_DIM, "%s",
		   cpumask_empty(&cpus) ? "-" : cpus_format(list, 7, text, sizeof(text)));
	table_cell(table, INK_DIM, "...");
	table_cell(table, INK_DIM, "%s",
		   cpus_format(field_text(json_object_get(irq, "home"), "cpus"), ASKED_ROOM, text,
			       sizeof(text)));
	table_cell(table, INK_DIM, "%s", rate_format(interrupts, interval, rate));
	table_cell(table, INK_DIM, "-");
	table_cell(table, INK_DIM, "%s", state);
	table_cell(table, INK_DIM, "%s", field_text(irq, "device"));
	if (!field_is(irq, "device") &&
	    strcmp(field_text(irq, "actions"), field_text(last, "actions")) == 0)
		(void) snprintf(text, sizeof(text), "%zu IRQs, %.60s", length,
				field_text(irq, "actions"));
	else if (!field_is(irq, "device"))
		(void) snprintf(text, sizeof(text), "%zu IRQs, %.30s to %.30s", length,
				field_text(irq, "actions"), field_text(last, "actions"));
	else
		(void) snprintf(text, sizeof(text), "%zu IRQs%s%s", length,
				*field_text(irq, "netdev") ? " of " : "",
				field_text(irq, "netdev"));
	if (most_irq >= 0 && strcmp(state, "active") == 0)
		table_cell(table, INK_DIM, "%s, most: %lld with %s/s", text, (long long) most_irq,
			   rate_format(most, interval, rate));
	else
		table_cell(table, INK_DIM, "%s", text);
}

void render_irqs(struct sheet *sheet, const json_t *reply, enum fold fold)
{
	static const char *const titles[] = { ">IRQ",  ">CPU",  "asked", "home",  ">int/s",
					      ">cost", "state", "slot",  "serves" };
	const json_t *irqs = json_object_get(reply, "irqs");
	double interval = field_number(reply, "interval", 0);
	struct table table;
	bool folded = false;
	size_t length;

	table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < json_array_size(irqs); i += length) {
		length = run_length(irqs, i, fold);
		if (length > 1)
			put_run(&table, irqs, i, length, interval);
		else
			put_irq(&table, json_array_get(irqs, i), interval);
		folded = folded || length > 1;
	}
	table_put(&table, sheet, 0);
	table_deinit(&table);
	if (folded) {
		sheet_ink(sheet, INK_DIM, "like ones are folded to a line; --all shows each");
		sheet_end_line(sheet, 0);
	}
	if (json_array_size(irqs) == 0) {
		sheet_printf(sheet, "no IRQs");
		sheet_end_line(sheet, 0);
	}
}
