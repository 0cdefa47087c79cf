/*
 * view_parts: what the answers of view.h are put together from.
 *
 * A maker carries one answer from its first object to its last: a failure (out of memory) is kept
 * and told at the end, so that objects are filled without a check at every field.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "irqherd/base/buf.h"
#include "irqherd/outlet/view.h"

struct maker {
	const struct view *view;
	bool failed;

	/* The home that was made last: IRQs of a device have the same, and lists of CPUs are long.
	 */
	const struct home *home; /* NULL: none yet */
	json_t *home_object;     /* owned */
	json_t *home_allowed;
};

/* The answer, or NULL if anything failed on the way. */
json_t *maker_finish(struct maker *maker, json_t *answer);

json_t *make_object(struct maker *maker);
json_t *make_array(struct maker *maker);

/* Take the value over, put it into the object, or at the array's end. */
void put(struct maker *maker, json_t *object, const char *key, json_t *value);
void add(struct maker *maker, json_t *array, json_t *value);

/* Bytes that are no UTF-8, and control characters, become '?'. NULL or "": no field. */
void put_text(struct maker *maker, json_t *object, const char *key, const char *text);
void put_words(struct maker *maker, json_t *object, const char *key, const char *text); /* "" too */
void add_words(struct maker *maker, json_t *array, const char *text);
void add_printf(struct maker *maker, json_t *array, const char *format, ...) _printf_(3, 4);

void put_int(struct maker *maker, json_t *object, const char *key, json_int_t value);
void put_known(struct maker *maker, json_t *object, const char *key,
	       int value); /* negative: no field */
void put_bool(struct maker *maker, json_t *object, const char *key, bool value);
void put_seconds(struct maker *maker, json_t *object, const char *key, uint64_t ms);
void put_time(struct maker *maker, json_t *object, const char *key, double time);
void put_moment(struct maker *maker, json_t *object, const char *key,
		uint64_t time_ms); /* monotonic; 0: no field */

void put_cpus(struct maker *maker, json_t *object, const char *key, const struct cpumask *cpus);
void put_mask(struct maker *maker, json_t *object, const char *key, mask_id cpus);

/* The length of the interval that counts and loads are of; no field where nothing was sampled. */
void put_interval(struct maker *maker, json_t *object);

/* CPUs that balancing may use: allowed, online, not isolated, first threads if ht=n. */
struct cpumask usable_cpus(const struct view *view);

/* NULL: nothing was measured. */
const struct load *valid_load(const struct view *view);

json_t *make_home(struct maker *maker, const struct home *home);
json_t *make_irq(struct maker *maker, const struct irq *irq, const struct cpumask *usable);
json_t *make_device(struct maker *maker, const struct device *device);
json_t *make_cpu(struct maker *maker, int cpu, json_t *irqs, unsigned int active);
json_t *make_move(struct maker *maker, const struct move *move, const char *result);
json_t *make_event(struct maker *maker, const struct history_entry *entry);

const char *move_reason_word(enum move_reason reason);
const char *move_result_word(enum move_result result);

enum irq_state {
	IRQ_STATE_UNREQUESTED,
	IRQ_STATE_MANAGED,
	IRQ_STATE_BANNED,
	IRQ_STATE_REFUSED,
	IRQ_STATE_STUCK,
	IRQ_STATE_EXTERNAL,
	IRQ_STATE_ACTIVE,
	IRQ_STATE_IDLE,
};

#define IRQ_STATE_COUNT (IRQ_STATE_IDLE + 1)

enum irq_state irq_state_of(const struct view *view, const struct irq *irq);
const char *irq_state_word(enum irq_state state);

unsigned int devices_with_irqs(const struct view *view);

/* Interrupts of the last interval, and how many of them were served on home CPUs. IRQs that fire on
 * several CPUs, or nobody knows where, are left out. */
struct served {
	uint64_t interrupts; /* all */
	uint64_t placed;     /* of IRQs whose CPU is known */
	uint64_t at_home;    /* of them */
};

struct served served_of_device(const struct view *view, const struct device *device);
