/* Up to 32 CPUs each has a row. Of more, nodes and caches have, and of the CPUs those that stand
 * out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"
#include "irqherd/ctl/table.h"
#include "irqherd/outlet/words.h"

#define CPUS_IN_FULL 32u
#define SHOWN        12u
#define LIST_ROOM    22u
#define IRQS_ROOM    36u

static const char *flags_of(const json_t *cpu, struct buf *text)
{
	static const struct {
		const char *key;
		bool when;
		const char *word;
	} flags[] = {
		{ "online", false, "offline" },
		{ "overloaded", true, "overloaded" },
		{ "excluded", true, "excluded" },
		{ "isolated", true, "isolated" },
	};

	buf_reset(text);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (field_true(cpu, flags[i].key) == flags[i].when)
			(void) buf_printf(text, "%s%s", text->length ? ", " : "", flags[i].word);
	if (text->length == 0 && !field_true(cpu, "allowed"))
		(void) buf_puts(text, "second thread");
	return buf_text(text);
}

static void put_number(struct table *table, json_int_t number)
{
	table_cell(table, INK_PLAIN, number < 0 ? "-" : "%lld", (long long) number);
}

static void put_loads(struct table *table, const json_t *load, bool overloaded)
{
	json_int_t ppm = field_int(load, "load_ppm", -1);
	enum ink ink = ppm < 0 ? INK_PLAIN : ink_of_load((unsigned int) ppm, 990000);
	char text[RATE_TEXT];

	table_cell(table, overloaded ? INK_BAD : ink, "%s", percent_of(ppm, text));
	table_cell(table, INK_PLAIN, "%s", percent_of(field_int(load, "irq_ppm", -1), text));
	table_cell(table, INK_PLAIN, "%s", percent_of(field_int(load, "busy_ppm", -1), text));
	table_cell(table, INK_PLAIN, "%s", percent_of(field_int(load, "steal_ppm", -1), text));
}

/* "38-41,52", as many as have room. */
static void put_irqs(struct table *table, const json_t *irqs)
{
	struct buf text = BUF_INIT;
	size_t size = json_array_size(irqs), last;

	for (size_t first = 0; first < size; first = last + 1) {
		json_int_t from = json_integer_value(json_array_get(irqs, first)), to = from;

		for (last = first; last + 1 < size; last++, to++)
			if (json_integer_value(json_array_get(irqs, last + 1)) != to + 1)
				break;
		if (text.length > IRQS_ROOM) {
			(void) buf_puts(&text, " ...");
			break;
		}
		(void) buf_printf(&text, "%s%lld", first ? "," : "", (long long) from);
		if (to > from)
			(void) buf_printf(&text, "-%lld", (long long) to);
	}
	table_cell(table, INK_PLAIN, "%s", buf_text(&text));
	buf_deinit(&text);
}

static void put_cpu(struct table *table, const json_t *cpu)
{
	json_int_t node = field_int(cpu, "node", -1);
	const json_t *irqs = json_object_get(cpu, "irqs");
	struct buf flags = BUF_INIT;

	table_cell(table, INK_BOLD, "%lld", (long long) field_int(cpu, "cpu", 0));
	table_cell(table, ink_of_node((int) node), node < 0 ? "-" : "%lld", (long long) node);
	put_number(table, field_int(cpu, "package", -1));
	put_number(table, field_int(cpu, "core", -1));
	put_number(table, field_int(cpu, "llc", -1));
	put_loads(table, json_object_get(cpu, "load"), field_true(cpu, "overloaded"));
	table_cell(table, INK_PLAIN, "%lld/%zu", (long long) field_int(cpu, "active", 0),
		   json_array_size(irqs));
	table_cell(table, INK_DIM, "%s", flags_of(cpu, &flags));
	put_irqs(table, irqs);
	buf_deinit(&flags);
}

static void put_cpus(struct sheet *sheet, const json_t *const *cpus, size_t count)
{
	static const char *const titles[] = { ">CPU",   ">node",   ">package", ">core",
					      ">LLC",   ">load",   ">irq",     ">busy",
					      ">steal", ">active", "",         "IRQs" };
	struct table table;

	table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < count; i++)
		put_cpu(&table, cpus[i]);
	table_put(&table, sheet, 0);
	table_deinit(&table);
}

/* --------------------------------------------------------------------------------------------------
 * many CPUs */

struct sum {
	struct cpumask cpus;
	unsigned int measured;
	unsigned int overloaded;
	uint64_t load_ppm, irq_ppm, busy_ppm, steal_ppm;
	uint32_t most_ppm;
	uint64_t irqs, active;
};

static void add_up(struct sum *sum, const json_t *cpu)
{
	const json_t *load = json_object_get(cpu, "load");
	json_int_t ppm = field_int(load, "load_ppm", 0);

	cpumask_set(&sum->cpus, (unsigned int) field_int(cpu, "cpu", 0));
	sum->irqs += json_array_size(json_object_get(cpu, "irqs"));
	sum->active += (uint64_t) field_int(cpu, "active", 0);
	sum->overloaded += field_true(cpu, "overloaded");
	if (!load)
		return;
	sum->measured++;
	sum->load_ppm += (uint64_t) ppm;
	sum->irq_ppm += (uint64_t) field_int(load, "irq_ppm", 0);
	sum->busy_ppm += (uint64_t) field_int(load, "busy_ppm", 0);
	sum->steal_ppm += (uint64_t) field_int(load, "steal_ppm", 0);
	if ((uint32_t) ppm > sum->most_ppm)
		sum->most_ppm = (uint32_t) ppm;
}

static void put_mean(struct table *table, const struct sum *sum, uint64_t total)
{
	char text[RATE_TEXT];

	table_cell(table, INK_PLAIN, "%s",
		   percent_of(sum->measured ? (json_int_t) (total / sum->measured) : -1, text));
}

static void put_sum(struct table *table, json_int_t node, const struct sum *sum)
{
	char list[CPULIST_TEXT], text[64], percent[RATE_TEXT];

	(void) cpulist_format(&sum->cpus, list, sizeof(list));
	table_cell(table, ink_of_node((int) node), node < 0 ? "-" : "%lld", (long long) node);
	table_cell(table, INK_PLAIN, "%s", cpus_format(list, LIST_ROOM, text, sizeof(text)));
	put_mean(table, sum, sum->load_ppm);
	table_cell(table, sum->overloaded ? INK_BAD : INK_PLAIN, "%s",
		   percent_of(sum->measured ? (json_int_t) sum->most_ppm : -1, percent));
	put_mean(table, sum, sum->irq_ppm);
	put_mean(table, sum, sum->busy_ppm);
	put_mean(table, sum, sum->steal_ppm);
	table_cell(table, INK_PLAIN, "%llu/%llu", (unsigned long long) sum->active,
		   (unsigned long long) sum->irqs);
	if (sum->overloaded)
		table_cell(table, INK_BAD, "%u overloaded", sum->overloaded);
	else
		table_cell(table, INK_PLAIN, "%s", "");
}

/* Sums by a key ("node", "llc"), in the order in which they come. */
static void put_sums(struct sheet *sheet, const json_t *cpus, const char *key, const char *title)
{
	const char *const titles[] = { ">node", "CPUs",   ">load",   ">highest", ">irq",
				       ">busy", ">steal", ">active", "" };
	size_t size = json_array_size(cpus);
	bool *done = calloc(size + 1, sizeof(*done));
	struct table table;

	if (!done) {
		sheet_keep(sheet, -1);
		return;
	}
	table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < size; i++) {
		const json_t *first = json_array_get(cpus, i);
		struct sum sum = { .cpus = CPUMASK_NONE };

		if (done[i] || !field_true(first, "online"))
			continue;
		for (size_t k = i; k < size; k++) {
			const json_t *cpu = json_array_get(cpus, k);

			if (done[k] || !field_true(cpu, "online") ||
			    field_int(cpu, key, -1) != field_int(first, key, -1) ||
			    field_int(cpu, "node", -1) != field_int(first, "node", -1))
				continue;
			done[k] = true;
			add_up(&sum, cpu);
		}
		put_sum(&table, field_int(first, "node", -1), &sum);
	}
	free(done);
	sheet_blank_line(sheet);
	sheet_ink(sheet, INK_BOLD, "%s", title);
	sheet_end_line(sheet, 0);
	table_put(&table, sheet, 2);
	table_deinit(&table);
}

static size_t count_of(const json_t *cpus, const char *key)
{
	struct cpumask seen = CPUMASK_NONE;
	const json_t *cpu;
	size_t i;

	json_array_foreach(cpus, i, cpu) if (field_int(cpu, key, -1) >= 0)
		cpumask_set(&seen, (unsigned int) field_int(cpu, key, -1));
	return cpumask_count(&seen);
}

static json_int_t rank_of(const json_t *cpu)
{
	return field_int(json_object_get(cpu, "load"), "load_ppm", 0) * 1000 +
	       field_int(cpu, "active", 0) * 10 +
	       (json_array_size(json_object_get(cpu, "irqs")) > 0);
}

static int compare_rank(const void *a, const void *b)
{
	const json_t *left = *(const json_t *const *) a, *right = *(const json_t *const *) b;

	if (rank_of(left) != rank_of(right))
		return rank_of(left) > rank_of(right) ? -1 : 1;
	return field_int(left, "cpu", 0) < field_int(right, "cpu", 0) ? -1 : 1;
}

static void put_set(struct sheet *sheet, const json_t *cpus, const char *key, bool when,
		    const char *title)
{
	struct cpumask set = CPUMASK_NONE;
	char list[CPULIST_TEXT];
	const json_t *cpu;
	size_t i;

	json_array_foreach(cpus, i, cpu) if (field_true(cpu, key) == when)
		cpumask_set(&set, (unsigned int) field_int(cpu, "cpu", 0));
	if (cpumask_empty(&set))
		return;
	(void) cpulist_format(&set, list, sizeof(list));
	sheet_printf(sheet, "%-12s%s", title, list);
	sheet_end_line(sheet, 12);
}

static void put_many(struct sheet *sheet, const json_t *cpus, const json_t **rows, size_t count)
{
	size_t llcs = count_of(cpus, "llc");

	put_set(sheet, cpus, "online", false, "offline");
	put_set(sheet, cpus, "excluded", true, "excluded");
	put_set(sheet, cpus, "isolated", true, "isolated");
	put_set(sheet, cpus, "overloaded", true, "overloaded");
	put_sums(sheet, cpus, "node", "nodes");
	if (llcs > count_of(cpus, "node") && llcs <= 64)
		put_sums(sheet, cpus, "llc", "last-level caches");

	qsort(rows, count, sizeof(rows[0]), compare_rank);
	sheet_blank_line(sheet);
	sheet_ink(sheet, INK_BOLD, "the %u busiest CPUs", SHOWN);
	sheet_ink(sheet, INK_DIM, " (--all shows every one)");
	sheet_end_line(sheet, 0);
	put_cpus(sheet, rows, count < SHOWN ? count : SHOWN);
}

void render_cpus(struct sheet *sheet, const json_t *reply, bool all)
{
	const json_t *cpus = json_object_get(reply, "cpus"), *cpu;
	const json_t **rows = calloc(json_array_size(cpus) + 1, sizeof(rows[0]));
	size_t i, count = 0;

	if (!rows) {
		sheet_keep(sheet, -1);
		return;
	}
	json_array_foreach(cpus, i, cpu) rows[count++] = cpu;
	if (all || count <= CPUS_IN_FULL)
		put_cpus(sheet, rows, count);
	else
		put_many(sheet, cpus, rows, count);
	free(rows);
}
