/* A made machine's data for the heat map: nodes, caches, cores and IRQs by formula. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/ctl/heat.h"
#include "irqherd/model/load.h"

/* CPUs of a node follow each other; threads of a core lie `cores` apart within their node. */
struct heat_shape {
	unsigned int nodes;
	unsigned int caches; /* of a node */
	unsigned int cores;  /* of a cache */
	unsigned int threads;
	unsigned int irqs;
};

static inline void heat_machine_make(struct heat_data *data, const struct heat_shape *shape)
{
	unsigned int of_cache = shape->cores * shape->threads;
	unsigned int of_node = shape->caches * of_cache;

	*data = (struct heat_data){ .cpu_count = shape->nodes * of_node,
				    .irq_count = shape->irqs,
				    .interval_ms = 1000 };
	data->cpus = calloc(data->cpu_count, sizeof(data->cpus[0]));
	data->irqs = calloc(shape->irqs + 1, sizeof(data->irqs[0]));
	data->counts = calloc((size_t) (shape->irqs + 1) * data->cpu_count, sizeof(uint32_t));
	assert_non_null(data->cpus);
	assert_non_null(data->irqs);
	assert_non_null(data->counts);
	for (unsigned int i = 0; i < data->cpu_count; i++) {
		unsigned int cache = i - i % of_cache;

		data->cpus[i] = (struct heat_cpu){
			.cpu = (int) i,
			.node = (int) (i / of_node),
			.llc = (int) cache,
			.core = (int) (cache + i % of_cache % shape->cores),
			.measured = true,
			.busy_ppm = PPM / 100 * (i * 7 % 101),
			.irq_ppm = PPM / 100 * (i * 7 % 101) / 2,
		};
	}
	for (unsigned int i = 0; i < shape->irqs; i++) {
		struct heat_irq *irq = &data->irqs[i];

		irq->number = 30 + i;
		(void) snprintf(irq->label, sizeof(irq->label), "%u", irq->number);
		(void) snprintf(irq->device, sizeof(irq->device), "eth%u", i / 8);
		(void) snprintf(irq->what, sizeof(irq->what), "rx-%u", i % 8);
		irq->cpu = CPU_NONE;
		irq->stay_ms = HEAT_NEVER;
	}
}

/* So many interrupts of an IRQ on a CPU in the interval. */
static inline void heat_machine_fire(struct heat_data *data, unsigned int irq, unsigned int cpu,
				     uint32_t count)
{
	data->counts[(size_t) irq * data->cpu_count + cpu] += count;
	data->irqs[irq].total += count;
}
