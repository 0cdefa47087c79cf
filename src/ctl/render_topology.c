/*
 * A box for each node, two beside each other: its caches and CPUs, below them the devices that are
 * at home there. Few CPUs are written out with their loads, many are a character each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/base/macro.h"
#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"
#include "irqherd/outlet/words.h"

#define CPUS_IN_FULL  32u /* of a node */
#define DEVICES_SHOWN 6u
#define BOX_LARGEST   72u
#define NAME_SIZE     64
#define LABEL_ROOM    15u

struct drawing {
	struct sheet *sheet;
	const json_t *topology;
	const json_t *cpus;
	const json_t *devices;
	double interval;
	bool wide;       /* some CPU has more to show than its number */
	bool characters; /* some node was drawn with a character per CPU */
	bool flags[4];   /* which of the letters in `letters` were needed */
};

static const struct {
	char letter;
	const char *key;
	bool when;
	const char *word;
	const char *three;
} letters[4] = {
	{ 'o', "online", false, "offline", "off" },
	{ 'i', "isolated", true, "isolated", "iso" },
	{ 'x', "excluded", true, "excluded", "exc" },
	{ 't', "allowed", false, "second thread, not used", "2nd" },
};

static int letter_of(const json_t *cpu)
{
	for (int i = 0; i < 4; i++)
		if (field_true(cpu, letters[i].key) == letters[i].when)
			return i;
	return -1;
}

/* --------------------------------------------------------------------------------------------------
 * CPUs */

static enum ink ink_of_cpu(const json_t *cpu)
{
	json_int_t load = field_int(json_object_get(cpu, "load"), "load_ppm", -1);

	if (field_true(cpu, "overloaded"))
		return INK_BAD;
	return load >= 750000 ? INK_WARN : INK_PLAIN;
}

/* "  4 22%" */
static void put_cell(struct drawing *drawing, struct sheet *box, const json_t *cpu)
{
	json_int_t load = field_int(json_object_get(cpu, "load"), "load_ppm", -1);
	int letter = letter_of(cpu);
	char what[8] = "";

	if (letter >= 0)
		(void) snprintf(what, sizeof(what), "%s", letters[letter].three);
	else if (load >= 0)
		(void) snprintf(what, sizeof(what), "%d%%", (int) (load / 10000));
	sheet_ink(box, letter >= 0 ? INK_DIM : ink_of_cpu(cpu), "%3lld",
		  (long long) field_int(cpu, "cpu", 0));
	if (drawing->wide)
		sheet_ink(box, letter >= 0 ? INK_DIM : ink_of_cpu(cpu), " %4s", what);
}

/* A row of cores, "[  0  12%   4  22%] [  1 …", as many as have room. */
static void put_cores(struct drawing *drawing, struct sheet *box, const json_t **cpus, size_t count)
{
	size_t first = 0;

	while (first < count) {
		json_int_t core = field_int(cpus[first], "core", -1);
		size_t threads = 1;
		unsigned int width;

		while (first + threads < count && core >= 0 &&
		       field_int(cpus[first + threads], "core", -2) == core)
			threads++;
		width = 2 + (unsigned int) threads * (drawing->wide ? 9 : 4) - 1;
		if (text_columns(buf_text(&box->line)) + width + 1 > box->width)
			sheet_end_line(box, 0);
		sheet_printf(box, "%s[", box->line.length ? " " : "");
		for (size_t i = 0; i < threads; i++) {
			sheet_printf(box, "%s", i ? " " : "");
			put_cell(drawing, box, cpus[first + i]);
		}
		sheet_printf(box, "]");
		first += threads;
	}
	sheet_end_line(box, 0);
}

static void put_character(struct drawing *drawing, struct sheet *box, const json_t *cpu)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	json_int_t load = field_int(json_object_get(cpu, "load"), "load_ppm", -1);
	int letter = letter_of(cpu);

	if (letter >= 0) {
		drawing->flags[letter] = true;
		sheet_ink(box, INK_DIM, "%c", letters[letter].letter);
	} else if (load < 0) {
		sheet_ink(box, INK_DIM, "·");
	} else {
		sheet_ink(box, ink_of_cpu(cpu), "%s",
			  bars[load >= 1000000 ? 7 : load * 8 / 1000000]);
	}
}

static void put_characters(struct drawing *drawing, struct sheet *box, const json_t **cpus,
			   size_t count)
{
	unsigned int room = box->width - LABEL_ROOM - 1;
	struct cpumask set = CPUMASK_NONE;
	char list[CPULIST_TEXT], text[NAME_SIZE];

	for (size_t i = 0; i < count; i++)
		cpumask_set(&set, (unsigned int) field_int(cpus[i], "cpu", 0));
	(void) cpulist_format(&set, list, sizeof(list));
	sheet_printf(box, "%s", cpus_format(list, LABEL_ROOM, text, sizeof(text)));
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && i % room == 0)
			sheet_end_line(box, 0);
		if (i % room == 0)
			sheet_tab(box, LABEL_ROOM + 1);
		put_character(drawing, box, cpus[i]);
	}
	sheet_end_line(box, 0);
	drawing->characters = true;
}

/* --------------------------------------------------------------------------------------------------
 * order */

static int compare_cpus(const void *a, const void *b)
{
	static const char *const keys[] = { "llc", "core", "cpu" };
	const json_t *left = *(const json_t *const *) a, *right = *(const json_t *const *) b;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_int_t x = field_int(left, keys[i], -1), y = field_int(right, keys[i], -1);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* Of a character each the threads stand apart, as their numbers mostly do. */
static int compare_threads(const void *a, const void *b)
{
	const json_t *left = *(const json_t *const *) a, *right = *(const json_t *const *) b;
	json_int_t x = field_int(left, "llc", -1), y = field_int(right, "llc", -1);

	if (x == y) {
		x = field_int(left, "cpu", 0);
		y = field_int(right, "cpu", 0);
	}
	return x < y ? -1 : x > y;
}

/* Caches of a core each, as in many guests, are nothing to tell CPUs apart by. */
static bool has_shared_caches(const json_t **cpus, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++)
		if (field_int(cpus[i], "llc", -1) == field_int(cpus[i + 1], "llc", -2) &&
		    field_int(cpus[i], "core", -1) != field_int(cpus[i + 1], "core", -1))
			return true;
	return false;
}

/* Broken firmware lets several nodes claim the same CPUs; a CPU is drawn once. */
static void put_no_cpus(const struct drawing *drawing, struct sheet *box, json_int_t number)
{
	const json_t *nodes = json_object_get(drawing->topology, "nodes"), *node;
	const char *cpus = "";
	size_t i;

	json_array_foreach(nodes, i, node) if (field_int(node, "node", -1) == number)
		cpus = field_text(node, "cpus");
	if (*cpus)
		sheet_ink(box, INK_DIM, "CPUs %s, which other nodes have, too", cpus);
	else
		sheet_ink(box, INK_DIM, "no CPUs, memory only");
	sheet_end_line(box, 2);
}

static void put_cpus(struct drawing *drawing, struct sheet *box, json_int_t node)
{
	const json_t **cpus = calloc(json_array_size(drawing->cpus) + 1, sizeof(cpus[0])), *cpu;
	size_t i, count = 0, length;
	bool in_full, caches;

	if (!cpus) {
		sheet_keep(box, -1);
		return;
	}
	json_array_foreach(drawing->cpus, i, cpu) if (field_int(cpu, "node", -1) == node)
		cpus[count++] = cpu;
	in_full = count <= CPUS_IN_FULL;
	qsort(cpus, count, sizeof(cpus[0]), in_full ? compare_cpus : compare_threads);

	caches = has_shared_caches(cpus, count);
	for (size_t first = 0; first < count; first += length) {
		json_int_t llc = field_int(cpus[first], "llc", -1);

		length = 1;
		while (first + length < count &&
		       (!caches || field_int(cpus[first + length], "llc", -1) == llc))
			length++;
		if (in_full)
			put_cores(drawing, box, cpus + first, length);
		else
			put_characters(drawing, box, cpus + first, length);
	}
	if (count == 0)
		put_no_cpus(drawing, box, node);
	free(cpus);
}

/* --------------------------------------------------------------------------------------------------
 * devices */

static int compare_devices(const void *a, const void *b)
{
	const json_t *left = *(const json_t *const *) a, *right = *(const json_t *const *) b;
	json_int_t x = field_int(left, "interrupts", 0), y = field_int(right, "interrupts", 0);

	if (x != y)
		return x > y ? -1 : 1;
	x = (json_int_t) json_array_size(json_object_get(left, "netdevs"));
	y = (json_int_t) json_array_size(json_object_get(right, "netdevs"));
	if (x != y)
		return x > y ? -1 : 1;
	return strcmp(field_text(left, "address"), field_text(right, "address"));
}

static void put_device(const struct drawing *drawing, struct sheet *box, const json_t *device)
{
	const json_t *home = json_object_get(device, "home");
	const char *origin = field_text(home, "origin");
	size_t irqs = json_array_size(json_object_get(device, "irqs"));
	json_int_t managed = field_int(device, "managed", 0);
	char name[NAME_SIZE], rate[RATE_TEXT];

	sheet_ink(box, INK_BOLD, "%s", device_name(device, name, sizeof(name)));
	if (json_array_size(json_object_get(device, "netdevs")) > 0)
		sheet_printf(box, " %s", field_text(device, "address"));
	else
		sheet_printf(box, " %s", field_text(device, "class"));
	sheet_printf(box, ", %zu IRQ%s", irqs, plural(irqs));
	if (field_is(device, "interrupts"))
		sheet_printf(box, " %s/s",
			     rate_format(field_number(device, "interrupts", 0), drawing->interval,
					 rate));
	if (managed > 0 && (size_t) managed == irqs)
		sheet_ink(box, INK_DIM, " managed");
	sheet_end_line(box, 2);
	if (strcmp(origin, "sysfs") == 0 || strcmp(origin, "parent") == 0 ||
	    strcmp(origin, "all") == 0)
		return;
	if (field_is(device, "node_sysfs"))
		sheet_ink(box, INK_WARN, "  %s; firmware: node %lld", field_text(home, "words"),
			  (long long) field_int(device, "node_sysfs", 0));
	else
		sheet_ink(box, INK_WARN, "  %s; firmware: no node", field_text(home, "words"));
	sheet_end_line(box, 2);
}

/* node -1: those that have none. Answers how many there were. */
static size_t put_devices(const struct drawing *drawing, struct sheet *box, json_int_t node)
{
	const json_t **devices = calloc(json_array_size(drawing->devices) + 1, sizeof(devices[0]));
	const json_t *device;
	size_t i, count = 0;

	if (!devices) {
		sheet_keep(box, -1);
		return 0;
	}
	json_array_foreach(drawing->devices, i,
			   device) if (field_int(json_object_get(device, "home"), "node", -1) ==
				       node) devices[count++] = device;
	qsort(devices, count, sizeof(devices[0]), compare_devices);
	for (i = 0; i < count && i < DEVICES_SHOWN; i++)
		put_device(drawing, box, devices[i]);
	if (count > DEVICES_SHOWN) {
		sheet_ink(box, INK_DIM, "and %zu more", count - DEVICES_SHOWN);
		sheet_end_line(box, 0);
	}
	free(devices);
	return count;
}

/* --------------------------------------------------------------------------------------------------
 * boxes */

static void draw_node(struct drawing *drawing, struct sheet *box, const json_t *node)
{
	json_int_t number = field_int(node, "node", -1);

	put_cpus(drawing, box, number);
	(void) put_devices(drawing, box, number);
}

static void put_edge(struct sheet *sheet, const char *left, const char *right, const char *title,
		     enum ink ink, unsigned int width)
{
	unsigned int used = 2;

	sheet_ink(sheet, INK_DIM, "%s─", left);
	if (*title) {
		sheet_printf(sheet, " ");
		sheet_ink(sheet, ink, "%s", title);
		sheet_printf(sheet, " ");
		used += text_columns(title) + 2;
	}
	for (; used + 1 < width; used++)
		sheet_ink(sheet, INK_DIM, "─");
	sheet_ink(sheet, INK_DIM, "%s", right);
}

/* One line of a box, taken off its text; blanks where it has no more. */
static const char *put_box_line(struct sheet *sheet, const char *text, unsigned int width)
{
	size_t length = strcspn(text, "\n");
	unsigned int start = text_columns(buf_text(&sheet->line));

	sheet_ink(sheet, INK_DIM, "│");
	sheet_printf(sheet, " ");
	sheet_keep(sheet, buf_append(&sheet->line, text, length));
	sheet_tab(sheet, start + width - 1);
	sheet_ink(sheet, INK_DIM, "│");
	return text[length] ? text + length + 1 : text + length;
}

static void title_of(const json_t *node, char *title, size_t size)
{
	json_int_t kb = field_int(node, "memory_kb", -1);
	const json_t *load = json_object_get(node, "load");
	char memory[RATE_TEXT], percent[RATE_TEXT];
	int length;

	length = snprintf(title, size, "node %lld", (long long) field_int(node, "node", 0));
	if (kb > 0)
		length += snprintf(title + length, size - (size_t) length, " ─ %s",
				   memory_format(kb, memory));
	if (load)
		(void) snprintf(title + length, size - (size_t) length, " ─ load %s",
				percent_of(field_int(load, "load_ppm", 0), percent));
}

#define BESIDE 2

/* Boxes beside each other are as high as the highest. */
static void draw_row(struct drawing *drawing, const json_t *const nodes[BESIDE], size_t count,
		     unsigned int width)
{
	struct sheet *sheet = drawing->sheet;
	struct sheet boxes[BESIDE];
	const char *texts[BESIDE];
	char title[NAME_SIZE + 32];
	bool more = false;

	for (size_t i = 0; i < count; i++) {
		sheet_init(&boxes[i], width - 4, sheet->color, sheet->unicode);
		draw_node(drawing, &boxes[i], nodes[i]);
		sheet_keep(sheet, boxes[i].error);
		texts[i] = buf_text(&boxes[i].text);
		more = more || *texts[i];
		title_of(nodes[i], title, sizeof(title));
		sheet_printf(sheet, "%s", i ? "  " : "");
		put_edge(sheet, "┌", "┐", title, ink_of_node((int) field_int(nodes[i], "node", 0)),
			 width);
	}
	sheet_end_line(sheet, 0);
	while (more) {
		more = false;
		for (size_t i = 0; i < count; i++) {
			sheet_printf(sheet, "%s", i ? "  " : "");
			texts[i] = put_box_line(sheet, texts[i], width);
			more = more || *texts[i];
		}
		sheet_end_line(sheet, 0);
	}
	for (size_t i = 0; i < count; i++) {
		sheet_printf(sheet, "%s", i ? "  " : "");
		put_edge(sheet, "└", "┘", "", INK_PLAIN, width);
		sheet_deinit(&boxes[i]);
	}
	sheet_end_line(sheet, 0);
}

/* --------------------------------------------------------------------------------------------------
 * below the boxes */

#define MATRIX_LARGEST 16u

static void put_distances(struct sheet *sheet, const json_t *nodes)
{
	size_t count = json_array_size(nodes), i, k;
	json_int_t least = 255, most = 0;
	const json_t *node, *distance;

	json_array_foreach(nodes, i, node)
		json_array_foreach(json_object_get(node, "distances"), k, distance)
	{
		json_int_t value = json_integer_value(distance);

		if (i == k)
			continue;
		least = value < least ? value : least;
		most = value > most ? value : most;
	}
	if (count < 2 || most == 0)
		return;
	if (least == most || count > MATRIX_LARGEST) {
		sheet_printf(sheet,
			     least == most ? "distance between nodes: %lld"
					   : "distances between nodes: %lld to %lld",
			     (long long) least, (long long) most);
		sheet_end_line(sheet, 2);
		return;
	}
	sheet_printf(sheet, "distances");
	json_array_foreach(nodes, i, node)
	{
		sheet_tab(sheet, 10 + 5 * (unsigned int) i);
		sheet_ink(sheet, ink_of_node((int) field_int(node, "node", 0)), "%4lld",
			  (long long) field_int(node, "node", 0));
	}
	sheet_end_line(sheet, 0);
	json_array_foreach(nodes, i, node)
	{
		sheet_ink(sheet, ink_of_node((int) field_int(node, "node", 0)), "%9lld",
			  (long long) field_int(node, "node", 0));
		json_array_foreach(json_object_get(node, "distances"), k, distance)
		{
			sheet_tab(sheet, 10 + 5 * (unsigned int) k);
			sheet_printf(sheet, "%4lld", (long long) json_integer_value(distance));
		}
		sheet_end_line(sheet, 0);
	}
}

static void put_locality(const struct drawing *drawing)
{
	double total = 0, home = 0;
	const json_t *device;
	char text[RATE_TEXT];
	size_t i;

	json_array_foreach(drawing->devices, i, device)
	{
		double count = field_number(device, "interrupts", 0);

		if (!field_is(device, "home_ppm"))
			continue;
		total += count;
		home += count * field_number(device, "home_ppm", 0) / 1e6;
	}
	if (total == 0)
		return;
	sheet_printf(drawing->sheet, "served out of home: %s of the devices' interrupts",
		     percent_of((json_int_t) ((total - home) / total * 1e6), text));
	sheet_end_line(drawing->sheet, 2);
}

static void put_legend(const struct drawing *drawing)
{
	struct sheet *sheet = drawing->sheet;

	if (!drawing->characters)
		return;
	sheet_ink(sheet, INK_DIM, "a character per CPU: ▁ idle to █ full, · not measured");
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (drawing->flags[i])
			sheet_ink(sheet, INK_DIM, ", %c %s", letters[i].letter, letters[i].word);
	sheet_end_line(sheet, 2);
}

static void put_homeless(struct drawing *drawing, bool boxes)
{
	struct sheet rest;

	sheet_init(&rest, drawing->sheet->width - 2, drawing->sheet->color,
		   drawing->sheet->unicode);
	if (!boxes)
		put_cpus(drawing, &rest, -1);
	if (put_devices(drawing, &rest, -1) > 0 && boxes) {
		sheet_printf(drawing->sheet,
			     json_array_size(json_object_get(drawing->topology, "nodes")) > 1
				     ? "at home on more than one node"
				     : "at home on all CPUs");
		sheet_end_line(drawing->sheet, 0);
	}
	sheet_keep(drawing->sheet, rest.error);
	for (const char *text = buf_text(&rest.text); *text;) {
		size_t length = strcspn(text, "\n");

		sheet_printf(drawing->sheet, "  ");
		sheet_keep(drawing->sheet, buf_append(&drawing->sheet->line, text, length));
		sheet_end_line(drawing->sheet, 4);
		text += length + (text[length] == '\n');
	}
	sheet_deinit(&rest);
}

void render_topology(struct sheet *sheet, const json_t *topology)
{
	struct drawing drawing = {
		.sheet = sheet,
		.topology = topology,
		.cpus = json_object_get(topology, "cpus"),
		.devices = json_object_get(topology, "devices"),
		.interval = field_number(topology, "interval", 0),
	};
	const json_t *nodes = json_object_get(topology, "nodes");
	size_t count = json_array_size(nodes), beside = count > 1 ? BESIDE : 1;
	unsigned int width = beside > 1 ? (sheet->width - 2) / 2 : sheet->width;
	const json_t *cpu;
	size_t k;

	json_array_foreach(drawing.cpus, k, cpu)
		drawing.wide = drawing.wide || field_is(cpu, "load") || letter_of(cpu) >= 0;
	if (width > BOX_LARGEST)
		width = BOX_LARGEST;
	for (size_t i = 0; i < count; i += beside) {
		const json_t *row[BESIDE] = { json_array_get(nodes, i),
					      json_array_get(nodes, i + 1) };

		draw_row(&drawing, row, i + beside <= count ? beside : count - i, width);
	}
	put_homeless(&drawing, count > 0);
	put_distances(sheet, nodes);
	put_locality(&drawing);
	put_legend(&drawing);
}
