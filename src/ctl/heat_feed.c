/*
 * Counts say where an IRQ fires; affinities only say where it should. So "stay" and "moved" are
 * judged by the counts: an IRQ is on a CPU while three quarters of an interval's interrupts fire
 * there. What irqherd knows (names, homes, costs, when it moved what) comes in its JSON.
 */
#include "irqherd/ctl/heat_feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/macro.h"
#include "irqherd/ctl/field.h"

#define RESTART_SPAN (1u << 28) /* as balance/load: a fall by more is a new count, not a wrap */

struct heat_place {
	int cpu;
	uint64_t since_ms; /* 0: not seen to change */
	unsigned int moves;
};

void heat_feed_deinit(struct heat_feed *feed)
{
	struct heat_place *place;
	size_t cursor = 0;

	while ((place = map_next(&feed->places, &cursor)))
		free(place);
	map_deinit(&feed->places);
	heat_data_deinit(&feed->data);
	*feed = HEAT_FEED_INIT;
}

static int reserve(struct heat_feed *feed, unsigned int cpus, unsigned int irqs)
{
	struct heat_data *data = &feed->data;
	size_t counts = (size_t) cpus * irqs;

	if (cpus > feed->cpu_size) {
		struct heat_cpu *grown = realloc(data->cpus, cpus * sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		data->cpus = grown;
		feed->cpu_size = cpus;
	}
	if (irqs > feed->irq_size) {
		struct heat_irq *grown = realloc(data->irqs, irqs * sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		data->irqs = grown;
		feed->irq_size = irqs;
	}
	if (counts > feed->count_size) {
		uint32_t *grown = realloc(data->counts, counts * sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		data->counts = grown;
		feed->count_size = counts;
	}
	return 0;
}

static void copy_text(char *to, size_t size, const char *text)
{
	size_t length = strnlen(text, size - 1);

	memcpy(to, text, length);
	to[length] = '\0';
}

/* --- CPUs --- */

static int compare_cpus(const void *a, const void *b)
{
	const struct heat_cpu *left = a, *right = b;

	if (left->node != right->node)
		return left->node < right->node ? -1 : 1;
	return (left->cpu > right->cpu) - (left->cpu < right->cpu);
}

/* JSON records of CPUs or IRQs by their number + 1. */
static int index_records(const json_t *array, const char *key, struct map *ret_map)
{
	size_t i;
	json_t *record;

	json_array_foreach(array, i, record)
	{
		int number = (int) field_int(record, key, -1);
		int r = number < 0 ? 0 : map_put(ret_map, (uint64_t) number + 1, record);

		if (r < 0)
			return r;
	}
	return 0;
}

static void fill_cpus(struct heat_feed *feed, const struct heat_input *input,
		      const struct map *records)
{
	struct heat_data *data = &feed->data;

	data->cpu_count = input->after->columns;
	for (unsigned int i = 0; i < data->cpu_count; i++) {
		struct heat_cpu *cpu = &data->cpus[i];
		const json_t *record = map_find(records, (uint64_t) input->after->cpus[i] + 1);
		const struct cpu_load *load;

		*cpu = (struct heat_cpu){
			.cpu = (int) input->after->cpus[i],
			.node = (int) field_int(record, "node", -1),
			.llc = (int) field_int(record, "llc", -1),
			.core = (int) field_int(record, "core", -1),
			.overloaded = json_is_true(json_object_get(record, "overloaded")),
			.reserved = json_is_false(json_object_get(record, "allowed")) ||
				    json_is_true(json_object_get(record, "isolated")),
		};
		load = input->load && input->load->valid ? load_cpu(input->load, cpu->cpu) : NULL;
		if (load) {
			cpu->measured = true;
			cpu->busy_ppm = load->load_ppm;
			cpu->irq_ppm = load->irq_ppm;
		}
	}
	qsort(data->cpus, data->cpu_count, sizeof(data->cpus[0]), compare_cpus);
}

/* --- IRQs --- */

static enum heat_state state_of(const json_t *record)
{
	static const struct {
		const char *name;
		enum heat_state state;
	} states[] = {
		{ "managed", HEAT_MANAGED },   { "banned", HEAT_BANNED },
		{ "refused", HEAT_REFUSED },   { "stuck", HEAT_STUCK },
		{ "external", HEAT_EXTERNAL },
	};
	const char *name = field_text(record, "state");

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(name, states[i].name) == 0)
			return states[i].state;
	return strcmp(field_text(json_object_get(record, "home"), "origin"), "rule") == 0
		       ? HEAT_PINNED
		       : HEAT_PLAIN;
}

static void fill_names(struct heat_irq *irq, const json_t *record, const char *name)
{
	const char *device = field_text(record, "netdev");
	const json_t *queue = json_object_get(record, "queue");

	if (!*device) {
		device = field_text(record, "device");
		if (strncmp(device, "0000:", 5) == 0)
			device += 5;
	}
	copy_text(irq->device, sizeof(irq->device), device);
	copy_text(irq->what, sizeof(irq->what), name);
	if (json_is_object(queue) && *field_text(record, "netdev"))
		(void) snprintf(irq->what, sizeof(irq->what), "%.24s-%d", field_text(queue, "kind"),
				(int) field_int(queue, "index", 0));
}

static bool same_cpus(const struct interrupt_matrix *a, const struct interrupt_matrix *b)
{
	return a->columns == b->columns &&
	       memcmp(a->cpus, b->cpus, a->columns * sizeof(a->cpus[0])) == 0;
}

/*
 * Counts of the interval, in the order of data::cpus. Answers the largest one's index. A CPU that
 * came or went shifts the columns: such an interval counts nothing.
 */
static unsigned int fill_counts(struct heat_feed *feed, const struct heat_input *input,
				unsigned int row, const unsigned int *column_of, unsigned int *hint)
{
	const struct interrupt_matrix *after = input->after, *before = input->before;
	struct heat_data *data = &feed->data;
	struct heat_irq *irq = &data->irqs[row];
	uint32_t *counts = data->counts + (size_t) row * data->cpu_count;
	const uint32_t *now = interrupt_matrix_row(after, row), *then = NULL;
	bool nothing = false;
	unsigned int most = 0;

	if (data->interval_ms != 0) {
		int found = interrupt_matrix_find(before, &after->rows[row], *hint);

		nothing = !same_cpus(before, after);
		if (found >= 0) {
			then = interrupt_matrix_row(before, (unsigned int) found);
			*hint = (unsigned int) found + 1;
		}
	}

	irq->total = 0;
	for (unsigned int i = 0; i < data->cpu_count; i++) {
		unsigned int column = column_of[i];
		uint32_t count = nothing ? 0 : now[column];

		if (then && !nothing) {
			count -= then[column];
			if (now[column] < then[column] && count >= RESTART_SPAN)
				count = now[column];
		}
		counts[i] = count;
		irq->total += count;
		if (count > counts[most])
			most = i;
	}
	return most;
}

static int judge_place(struct heat_feed *feed, const struct heat_input *input, struct heat_irq *irq,
		       uint32_t most, int cpu, const json_t *record)
{
	struct heat_place *place = map_find(&feed->places, (uint64_t) irq->number + 1);
	json_t *moved = json_object_get(record, "moved");
	struct cpumask home;
	int r;

	irq->cpu = CPU_NONE;
	irq->stay_ms = HEAT_NEVER;
	if (feed->data.interval_ms != 0 && irq->total > 0 && (uint64_t) most * 4 >= irq->total * 3)
		irq->cpu = cpu;

	if (irq->cpu != CPU_NONE) {
		if (!place) {
			place = calloc(1, sizeof(*place));
			if (!place)
				return -ENOMEM;
			place->cpu = CPU_NONE;
			r = map_put(&feed->places, (uint64_t) irq->number + 1, place);
			if (r < 0) {
				free(place);
				return r;
			}
		}
		if (place->cpu != CPU_NONE && place->cpu != irq->cpu) {
			place->since_ms = input->after->time_ms;
			place->moves++;
		}
		place->cpu = irq->cpu;
		irq->away = *field_text(json_object_get(record, "home"), "cpus") &&
			    cpulist_parse(field_text(json_object_get(record, "home"), "cpus"),
					  &home) == 0 &&
			    !cpumask_test(&home, irq->cpu);
	}
	if (place) {
		irq->moves = place->moves;
		if (place->since_ms)
			irq->stay_ms = input->after->time_ms - place->since_ms;
	}
	if (json_is_number(moved) && input->now >= json_number_value(moved)) {
		uint64_t ago = (uint64_t) ((input->now - json_number_value(moved)) * 1000.0);

		if (ago < irq->stay_ms)
			irq->stay_ms = ago;
	}
	return 0;
}

static int fill_irqs(struct heat_feed *feed, const struct heat_input *input,
		     const struct map *records, const unsigned int *column_of)
{
	const struct interrupt_matrix *after = input->after;
	struct heat_data *data = &feed->data;
	unsigned int hint = 0;

	data->irq_count = after->row_count;
	for (unsigned int i = 0; i < data->irq_count; i++) {
		struct heat_irq *irq = &data->irqs[i];
		const struct interrupt_row *row = &after->rows[i];
		const json_t *record = NULL, *cost;
		unsigned int most;
		int r;

		if (row->number != ROW_NO_IRQ)
			record = map_find(records, (uint64_t) row->number + 1);
		*irq = (struct heat_irq){ .number = row->number,
					  .cpu = CPU_NONE,
					  .stay_ms = HEAT_NEVER,
					  .state = state_of(record) };
		copy_text(irq->label, sizeof(irq->label), row->label);
		fill_names(irq, record, interrupt_matrix_name(after, i));
		cost = json_object_get(record, "cost_ppm");
		irq->cost_known = json_is_integer(cost);
		irq->cost_ppm = (uint32_t) json_integer_value(cost);

		most = fill_counts(feed, input, i, column_of, &hint);
		if (row->number == ROW_NO_IRQ) {
			irq->state = HEAT_KERNEL;
			continue;
		}
		r = judge_place(feed, input, irq, data->counts[(size_t) i * data->cpu_count + most],
				data->cpus[most].cpu, record);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Where each CPU of the data is among the matrix' columns. */
static unsigned int *columns_of_cpus(const struct heat_feed *feed,
				     const struct interrupt_matrix *matrix)
{
	unsigned int *column_of = calloc(matrix->columns + 1, sizeof(column_of[0]));
	unsigned int *by_cpu = calloc(CPU_LIMIT, sizeof(by_cpu[0]));

	if (column_of && by_cpu) {
		for (unsigned int i = 0; i < matrix->columns; i++)
			by_cpu[matrix->cpus[i]] = i;
		for (unsigned int i = 0; i < feed->data.cpu_count; i++)
			column_of[i] = by_cpu[feed->data.cpus[i].cpu];
	} else {
		free(column_of);
		column_of = NULL;
	}
	free(by_cpu);
	return column_of;
}

int heat_feed_update(struct heat_feed *feed, const struct heat_input *input)
{
	struct map cpus = MAP_INIT, irqs = MAP_INIT;
	unsigned int *column_of = NULL;
	bool compared = input->before && input->before->valid &&
			input->after->time_ms > input->before->time_ms;
	int r;

	feed->data.cpu_count = 0;
	feed->data.irq_count = 0;
	feed->data.interval_ms = compared ? input->after->time_ms - input->before->time_ms : 0;
	r = reserve(feed, input->after->columns, input->after->row_count);
	if (r == 0)
		r = index_records(json_object_get(input->cpus, "cpus"), "cpu", &cpus);
	if (r == 0)
		r = index_records(json_object_get(input->irqs, "irqs"), "irq", &irqs);
	if (r == 0) {
		fill_cpus(feed, input, &cpus);
		column_of = columns_of_cpus(feed, input->after);
		r = column_of ? fill_irqs(feed, input, &irqs, column_of) : -ENOMEM;
	}
	free(column_of);
	map_deinit(&cpus);
	map_deinit(&irqs);
	return r;
}

bool heat_feed_knows(const json_t *irqs, const struct interrupt_matrix *matrix)
{
	const json_t *array = json_object_get(irqs, "irqs");
	struct map records = MAP_INIT;
	bool known = index_records(array, "irq", &records) == 0;

	for (unsigned int i = 0; known && i < matrix->row_count; i++) {
		const json_t *record;

		if (matrix->rows[i].number == ROW_NO_IRQ)
			continue;
		record = map_find(&records, (uint64_t) matrix->rows[i].number + 1);
		known = record && strcmp(field_text(record, "actions"),
					 interrupt_matrix_name(matrix, i)) == 0;
	}
	map_deinit(&records);
	return known;
}

/* --- for programs --- */

static json_t *rate_json(uint64_t count, uint64_t interval_ms)
{
	if (interval_ms == 0)
		return json_integer((json_int_t) count);
	return json_real((double) count * 1000.0 / (double) interval_ms);
}

static json_t *row_json(const struct heat_data *data, unsigned int index)
{
	const struct heat_irq *irq = &data->irqs[index];
	const uint32_t *counts = data->counts + (size_t) index * data->cpu_count;
	json_t *row = json_object(), *cpus = json_object();

	(void) json_object_set_new(row, "irq",
				   irq->state == HEAT_KERNEL ? json_string(irq->label)
							     : json_integer(irq->number));
	(void) json_object_set_new(row, "device", json_string(irq->device));
	(void) json_object_set_new(row, "what", json_string(irq->what));
	(void) json_object_set_new(row, "rate", rate_json(irq->total, data->interval_ms));
	for (unsigned int i = 0; i < data->cpu_count; i++) {
		char name[16];

		if (counts[i] == 0)
			continue;
		(void) snprintf(name, sizeof(name), "%d", data->cpus[i].cpu);
		(void) json_object_set_new(cpus, name, rate_json(counts[i], data->interval_ms));
	}
	(void) json_object_set_new(row, "cpus", cpus);
	if (irq->cost_known)
		(void) json_object_set_new(row, "cost_ppm", json_integer(irq->cost_ppm));
	if (irq->stay_ms != HEAT_NEVER)
		(void) json_object_set_new(row, "stay", json_real((double) irq->stay_ms / 1e3));
	if (*heat_state_name(irq->state))
		(void) json_object_set_new(row, "state", json_string(heat_state_name(irq->state)));
	if (irq->away)
		(void) json_object_set_new(row, "away", json_true());
	return row;
}

static json_t *cpu_json(const struct heat_cpu *cpu)
{
	json_t *object = json_object();

	(void) json_object_set_new(object, "cpu", json_integer(cpu->cpu));
	if (cpu->node >= 0)
		(void) json_object_set_new(object, "node", json_integer(cpu->node));
	if (cpu->measured) {
		(void) json_object_set_new(object, "busy_ppm", json_integer(cpu->busy_ppm));
		(void) json_object_set_new(object, "irq_ppm", json_integer(cpu->irq_ppm));
	}
	if (cpu->reserved)
		(void) json_object_set_new(object, "reserved", json_true());
	if (cpu->overloaded)
		(void) json_object_set_new(object, "overloaded", json_true());
	return object;
}

json_t *heat_json(const struct heat_data *data, const struct heat_frame *frame, double now)
{
	json_t *object = json_object(), *cpus = json_array(), *irqs = json_array();

	for (unsigned int i = 0; i < data->cpu_count; i++)
		(void) json_array_append_new(cpus, cpu_json(&data->cpus[i]));
	for (unsigned int i = 0; i < frame->row_count; i++)
		(void) json_array_append_new(irqs, row_json(data, frame->rows[i]));
	if (now > 0)
		(void) json_object_set_new(object, "time", json_real(now));
	(void) json_object_set_new(object, "interval", json_real((double) data->interval_ms / 1e3));
	(void) json_object_set_new(object, "cpus", cpus);
	(void) json_object_set_new(object, "irqs", irqs);
	return object;
}
