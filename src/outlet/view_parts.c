#include "view_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/outlet/words.h"

json_t *maker_finish(struct maker *maker, json_t *answer)
{
	json_decref(maker->home_object);
	json_decref(maker->home_allowed);
	maker->home = NULL;
	maker->home_object = maker->home_allowed = NULL;
	if (!maker->failed)
		return answer;
	json_decref(answer);
	return NULL;
}

json_t *make_object(struct maker *maker)
{
	json_t *object = json_object();

	maker->failed = maker->failed || !object;
	return object;
}

json_t *make_array(struct maker *maker)
{
	json_t *array = json_array();

	maker->failed = maker->failed || !array;
	return array;
}

void put(struct maker *maker, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		maker->failed = true;
}

void add(struct maker *maker, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		maker->failed = true;
}

/* Names come from drivers and users. */
static json_t *string_of(const char *text)
{
	json_t *string;
	char *clean;
	bool dirty = false;

	for (const char *at = text; *at; at++)
		dirty = dirty || (unsigned char) *at < ' ' || *at == 0x7f;
	string = dirty ? NULL : json_string(text);
	if (string)
		return string;

	clean = strdup(text);
	if (!clean)
		return NULL;
	for (char *at = clean; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	string = json_string(clean);
	free(clean);
	return string;
}

void put_text(struct maker *maker, json_t *object, const char *key, const char *text)
{
	if (text && *text)
		put(maker, object, key, string_of(text));
}

void put_words(struct maker *maker, json_t *object, const char *key, const char *text)
{
	put(maker, object, key, string_of(text));
}

void add_words(struct maker *maker, json_t *array, const char *text)
{
	add(maker, array, string_of(text));
}

void add_printf(struct maker *maker, json_t *array, const char *format, ...)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = buf_vprintf(&text, format, arguments);
	va_end(arguments);
	if (r < 0)
		maker->failed = true;
	else
		add_words(maker, array, buf_text(&text));
}

void put_int(struct maker *maker, json_t *object, const char *key, json_int_t value)
{
	put(maker, object, key, json_integer(value));
}

void put_known(struct maker *maker, json_t *object, const char *key, int value)
{
	if (value >= 0)
		put_int(maker, object, key, value);
}

void put_bool(struct maker *maker, json_t *object, const char *key, bool value)
{
	put(maker, object, key, json_boolean(value));
}

void put_seconds(struct maker *maker, json_t *object, const char *key, uint64_t ms)
{
	put(maker, object, key, json_real((double) ms / 1000.));
}

void put_time(struct maker *maker, json_t *object, const char *key, double time)
{
	put(maker, object, key, json_real((double) (int64_t) (time * 1000.) / 1000.));
}

void put_moment(struct maker *maker, json_t *object, const char *key, uint64_t time_ms)
{
	const struct view *view = maker->view;

	if (time_ms == 0)
		return;
	put_time(maker, object, key,
		 view->now + ((double) time_ms - (double) view->now_ms) / 1000.);
}

void put_cpus(struct maker *maker, json_t *object, const char *key, const struct cpumask *cpus)
{
	char list[CPULIST_TEXT];

	(void) cpulist_format(cpus, list, sizeof(list));
	put(maker, object, key, json_string(list));
}

void put_mask(struct maker *maker, json_t *object, const char *key, mask_id cpus)
{
	int single = mask_single(cpus);
	struct cpumask mask;
	char text[16];

	if (single != CPU_NONE) {
		(void) snprintf(text, sizeof(text), "%d", single);
		put(maker, object, key, json_string(text));
		return;
	}
	mask_get(&maker->view->inventory->masks, cpus, &mask);
	put_cpus(maker, object, key, &mask);
}

const struct load *valid_load(const struct view *view)
{
	return view->load && view->load->valid ? view->load : NULL;
}

void put_interval(struct maker *maker, json_t *object)
{
	const struct load *load = valid_load(maker->view);

	if (load)
		put_seconds(maker, object, "interval", load->interval_ms);
}

struct cpumask usable_cpus(const struct view *view)
{
	const struct topology *topology = &view->inventory->topology;
	struct cpumask usable = cpumask_and(&view->policy->allowed, &view->inventory->usable);

	if (view->policy->all_threads)
		return usable;
	for (unsigned int cpu = 0; cpu < topology->cpu_count; cpu++)
		if (!topology->cpus[cpu].first_thread)
			cpumask_clear(&usable, cpu);
	return usable;
}

/* --------------------------------------------------------------------------------------------------
 * home */

static const char *home_origin_word(enum home_origin origin)
{
	switch (origin) {
	case HOME_ALL:
		return "all";
	case HOME_SYSFS:
		return "sysfs";
	case HOME_PARENT:
		return "parent";
	case HOME_PROPERTY:
		return "property";
	case HOME_PROXIMITY:
		return "proximity";
	case HOME_INTERLEAVED:
		return "interleaved";
	case HOME_PREFERRED:
		return "preferred";
	case HOME_IRQ_NODE:
		return "irq_node";
	case HOME_RULE:
		return "rule";
	}
	return "all";
}

json_t *make_home(struct maker *maker, const struct home *home)
{
	_cleanup_(buf_deinit) struct buf words = BUF_INIT;
	_cleanup_(buf_deinit) struct buf origin = BUF_INIT;
	json_t *object = make_object(maker);

	put_mask(maker, object, "cpus", home->cpus);
	put_known(maker, object, "node", home->node);
	put_words(maker, object, "origin", home_origin_word(home->origin));
	if (home->line > 0)
		put_int(maker, object, "line", home->line);
	put_bool(maker, object, "nearest", home->nearest);
	if (words_home_place(home, &words) < 0 || words_home_origin(home, &origin) < 0 ||
	    (origin.length > 0 && buf_printf(&words, " (%s)", origin.data) < 0))
		maker->failed = true;
	put_words(maker, object, "words", buf_text(&words));
	return object;
}

/* --------------------------------------------------------------------------------------------------
 * CPUs */

static json_t *make_cpu_load(struct maker *maker, const struct cpu_load *load)
{
	json_t *object = make_object(maker);

	put_int(maker, object, "load_ppm", load->load_ppm);
	put_int(maker, object, "irq_ppm", load->irq_ppm);
	put_int(maker, object, "busy_ppm", load->busy_ppm);
	put_int(maker, object, "steal_ppm", load->steal_ppm);
	return object;
}

json_t *make_cpu(struct maker *maker, int number, json_t *irqs, unsigned int active)
{
	const struct view *view = maker->view;
	const struct topology *topology = &view->inventory->topology;
	const struct load *load = valid_load(view);
	const struct cpu_load *measured = load ? load_cpu(load, number) : NULL;
	const struct cpu none = {
		.node = NODE_NONE, .core = CPU_NONE, .llc = CPU_NONE, .package = CPU_NONE
	};
	const struct cpu *cpu = (unsigned int) number < topology->cpu_count
					? &topology->cpus[number]
					: &none;
	bool online = cpumask_test(&topology->online, number);
	bool isolated = cpumask_test(&topology->isolated, number);
	bool permitted = cpumask_test(&view->policy->allowed, number);
	json_t *object = make_object(maker);

	put_int(maker, object, "cpu", number);
	put_known(maker, object, "node", cpu->node);
	put_known(maker, object, "package", cpu->package);
	put_known(maker, object, "core", cpu->core);
	put_known(maker, object, "llc", cpu->llc);
	put_bool(maker, object, "first_thread", cpu->first_thread);
	put_bool(maker, object, "online", online);
	put_bool(maker, object, "allowed",
		 permitted && cpumask_test(&view->inventory->usable, number) &&
			 (view->policy->all_threads || cpu->first_thread));
	put_bool(maker, object, "isolated", isolated);
	put_bool(maker, object, "excluded", !permitted);
	put_bool(maker, object, "overloaded",
		 is_overloaded(load, number, view->policy->threshold_ppm));
	if (measured)
		put(maker, object, "load", make_cpu_load(maker, measured));
	put(maker, object, "irqs", irqs);
	put_int(maker, object, "active", active);
	return object;
}
