/*
 * move, plan, snapshot: the messages between the balancer and the actuator.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/model/inventory.h"
#include "irqherd/model/irq.h"
#include "irqherd/model/load.h"

/* What a decision is made of: borrowed, and not changed by deciding. */
struct snapshot {
	uint64_t now_ms;
	const struct inventory *inventory;
	const struct load *load;
};

struct move {
	unsigned int irq; /* number, valid in the inventory that it was decided on */
	uint32_t generation;
	int from_cpu; /* CPU_NONE: several or unknown */
	int to_cpu;
	enum move_reason reason;
	uint32_t from_load_ppm; /* as measured when decided; 0 if unknown */
	uint32_t to_load_ppm;
	bool timed;        /* an arrival that an event told of, and written: after_ms is known */
	uint64_t after_ms; /* from the receipt of its last event to the write */
};

struct plan {
	struct move *moves; /* at most one per IRQ */
	size_t count;
	size_t size;
	unsigned int overloaded; /* CPUs at or above the threshold with a candidate and company */
	int busiest_cpu;         /* the most loaded of them; CPU_NONE */
	bool unrelieved;     /* an overloaded or forbidden CPU could not be relieved: no target */
	bool hurry;          /* something to move, or a CPU overloaded: short-interval */
	uint32_t level_ppm;  /* load from which it was looked for relief: the threshold, or less
				where a gain is enough; 0: nobody looked */
	unsigned int recent; /* so many moves were made lately that none is made for a gain; 0: not
				so many */
};

#define PLAN_INIT ((struct plan){ .busiest_cpu = CPU_NONE })

void plan_deinit(struct plan *plan);
void plan_reset(struct plan *plan);                       /* keeps the memory */
int plan_add(struct plan *plan, const struct move *move); /* -ENOMEM */

enum move_result {
	MOVE_APPLIED,
	MOVE_BUSY,          /* try again next round */
	MOVE_NO_VECTOR,     /* that CPU's vector table is full: avoid it for a while */
	MOVE_NO_ONLINE_CPU, /* EINVAL: the target is not online; re-read the topology, try once more
			     */
	MOVE_NOT_ALLOWED,   /* managed or per-CPU: no candidate in this generation */
	MOVE_GONE,          /* unplugged under us: a hint, not a failure */
	MOVE_READ_ONLY,     /* the system does not let us write at all: observe only */
	MOVE_FAILED,        /* anything else; errno was logged by the actuator */
};

#define MOVE_RESULT_COUNT (MOVE_FAILED + 1)

const char *move_result_name(enum move_result result);
