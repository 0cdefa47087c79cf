#include "irqherd/model/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sample_deinit(struct sample *sample)
{
	free(sample->cpus);
	free(sample->irq_totals);
	*sample = SAMPLE_INIT;
}

int sample_reserve_cpus(struct sample *sample, unsigned int count)
{
	if (count > sample->cpu_size) {
		unsigned int size = sample->cpu_size ? 2 * sample->cpu_size : 8;
		struct cpu_sample *cpus;

		if (size < count)
			size = count;
		cpus = realloc(sample->cpus, size * sizeof(cpus[0]));
		if (!cpus)
			return -ENOMEM;
		sample->cpus = cpus;
		sample->cpu_size = size;
	}
	if (count > sample->cpu_count) {
		memset(&sample->cpus[sample->cpu_count], 0,
		       (count - sample->cpu_count) * sizeof(sample->cpus[0]));
		sample->cpu_count = count;
	}
	return 0;
}

int sample_reserve_irqs(struct sample *sample, unsigned int count)
{
	if (count > sample->irq_size) {
		unsigned int size = sample->irq_size ? 2 * sample->irq_size : 256;
		uint32_t *totals;

		if (size < count)
			size = count;
		totals = realloc(sample->irq_totals, size * sizeof(totals[0]));
		if (!totals)
			return -ENOMEM;
		sample->irq_totals = totals;
		sample->irq_size = size;
	}
	if (count > sample->irq_slots) {
		memset(&sample->irq_totals[sample->irq_slots], 0,
		       (count - sample->irq_slots) * sizeof(sample->irq_totals[0]));
		sample->irq_slots = count;
	}
	return 0;
}

void load_deinit(struct load *load)
{
	free(load->cpus);
	free(load->irq_counts);
	free(load->active);
	free(load->restarted);
	*load = LOAD_INIT;
}
