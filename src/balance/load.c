/*
 * Counters become loads here, and nowhere else: all the doubts about counters (fields that go
 * backwards, CPUs that came or went between two samples, totals that wrap or start anew) are
 * settled in this file, so that whoever decides can trust the numbers.
 */
#include "irqherd/balance/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A total of 32 bits that fell has wrapped if the way over the top is shorter than this: 268
 * million interrupts, more than any IRQ makes in one interval. */
#define WRAP_SPAN (1u << 28)

/* IRQ numbers compared at once: most belong to nobody, or to who was silent. */
#define BLOCK 64u

static int reserve(struct load *load, unsigned int cpus, unsigned int irqs)
{
	if (cpus > load->cpu_size) {
		struct cpu_load *grown = realloc(load->cpus, cpus * sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		load->cpus = grown;
		load->cpu_size = cpus;
	}
	if (irqs > load->irq_size) {
		uint32_t *grown = realloc(load->irq_counts, irqs * sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		load->irq_counts = grown;
		load->irq_size = irqs;
	}
	return 0;
}

/* Appends to one of the lists of numbers. */
static int note(unsigned int **items, unsigned int *count, unsigned int *size, unsigned int number)
{
	if (*count == *size) {
		unsigned int wanted = *size ? 2 * *size : 16;
		unsigned int *grown = realloc(*items, wanted * sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		*items = grown;
		*size = wanted;
	}
	(*items)[(*count)++] = number;
	return 0;
}

static uint32_t part_of(uint64_t part, uint64_t total)
{
	/* ticks of an interval are far below 2^44, so the product holds */
	return (uint32_t) (part * PPM / total);
}

static struct cpu_load cpu_load_between(const struct cpu_sample *before,
					const struct cpu_sample *after, enum load_metric metric)
{
	struct cpu_load result = { 0 };
	uint64_t spent[CPU_TIMES] = { 0 }, total = 0;
	uint64_t irq, busy, chosen = 0;

	if (!before->online || !after->online)
		return result;
	for (unsigned int i = 0; i < CPU_TIMES; i++) {
		spent[i] = after->ticks[i] > before->ticks[i] ? after->ticks[i] - before->ticks[i]
							      : 0;
		total += spent[i];
	}
	if (total == 0)
		return result;

	irq = spent[CPU_TIME_IRQ] + spent[CPU_TIME_SOFTIRQ];
	busy = spent[CPU_TIME_USER] + spent[CPU_TIME_NICE] + spent[CPU_TIME_SYSTEM];
	switch (metric) {
	case LOAD_METRIC_IRQ:
		chosen = irq;
		break;
	case LOAD_METRIC_BUSY:
		chosen = irq + busy;
		break;
	case LOAD_METRIC_TOTAL:
		chosen = irq + busy + spent[CPU_TIME_STEAL];
		break;
	}
	result.load_ppm = part_of(chosen, total);
	result.irq_ppm = part_of(irq, total);
	result.busy_ppm = part_of(busy, total);
	result.steal_ppm = part_of(spent[CPU_TIME_STEAL], total);
	result.valid = true;
	return result;
}

static int count_irq(struct load *load, unsigned int number, uint32_t before, uint32_t after)
{
	uint32_t count = after - before;
	int r;

	if (after < before && count >= WRAP_SPAN) {
		r = note(&load->restarted, &load->restarted_count, &load->restarted_size, number);
		if (r < 0)
			return r;
		count = after;
	}
	load->irq_counts[number] = count;
	return count ? note(&load->active, &load->active_count, &load->active_size, number) : 0;
}

static int count_irqs(struct load *load, const struct sample *before, const struct sample *after)
{
	unsigned int both = before->irq_slots < after->irq_slots ? before->irq_slots
								 : after->irq_slots;
	int r;

	for (unsigned int i = 0; i < after->irq_slots;) {
		unsigned int end = i + BLOCK;

		if (end <= both && memcmp(&before->irq_totals[i], &after->irq_totals[i],
					  BLOCK * sizeof(after->irq_totals[0])) == 0) {
			memset(&load->irq_counts[i], 0, BLOCK * sizeof(load->irq_counts[0]));
			i = end;
			continue;
		}
		for (; i < end && i < after->irq_slots; i++) {
			r = count_irq(load, i, i < both ? before->irq_totals[i] : 0,
				      after->irq_totals[i]);
			if (r < 0)
				return r;
		}
	}
	load->irq_slots = after->irq_slots;
	return 0;
}

int load_update(struct load *load, const struct sample *before, const struct sample *after,
		enum load_metric metric)
{
	const struct cpu_sample offline = { 0 };
	int r;

	/* an invalid load answers 0 for every IRQ and no CPU at all */
	load->valid = false;
	load->cpu_count = 0;
	load->irq_slots = 0;
	load->active_count = 0;
	load->restarted_count = 0;
	load->time_ms = after->time_ms;
	load->interval_ms = 0;
	if (!before->valid || !after->valid)
		return 0;

	r = reserve(load, after->cpu_count, after->irq_slots);
	if (r < 0)
		return r;

	for (unsigned int i = 0; i < after->cpu_count; i++)
		load->cpus[i] = cpu_load_between(i < before->cpu_count ? &before->cpus[i]
								       : &offline,
						 &after->cpus[i], metric);
	r = count_irqs(load, before, after);
	if (r < 0) {
		load->irq_slots = 0;
		load->active_count = 0;
		load->restarted_count = 0;
		return r;
	}
	load->cpu_count = after->cpu_count;
	if (after->time_ms > before->time_ms)
		load->interval_ms = after->time_ms - before->time_ms;
	load->valid = true;
	return 0;
}
