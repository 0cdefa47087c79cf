/*
 * sample, load: what the counters say, and what the difference of two samples says.
 *
 * sample is filled by source/proc_stat; load is made by balance/load. Both keep their memory
 * between rounds. Source: /proc/stat (times in clock ticks, interrupts as 32-bit totals that wrap).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PPM 1000000u /* loads are parts per million: 1,000,000 is a full CPU */

enum cpu_time {
	CPU_TIME_USER,
	CPU_TIME_NICE,
	CPU_TIME_SYSTEM,
	CPU_TIME_IDLE,
	CPU_TIME_IOWAIT,
	CPU_TIME_IRQ,
	CPU_TIME_SOFTIRQ,
	CPU_TIME_STEAL,
	CPU_TIMES, /* guest times are part of user and nice already */
};

struct cpu_sample {
	uint64_t ticks[CPU_TIMES];
	bool online; /* the CPU had a line */
};

struct sample {
	uint64_t time_ms;        /* when it was read */
	struct cpu_sample *cpus; /* cpu_count records, indexed by CPU number */
	unsigned int cpu_count;
	uint32_t *irq_totals; /* irq_slots values, indexed by IRQ number */
	unsigned int irq_slots;
	unsigned int cpu_size; /* allocated */
	unsigned int irq_size;
	bool valid;
};

#define SAMPLE_INIT ((struct sample){ 0 })

void sample_deinit(struct sample *sample);
int sample_reserve_cpus(struct sample *sample,
			unsigned int count); /* grows cpus; new ones offline; -ENOMEM */
int sample_reserve_irqs(struct sample *sample,
			unsigned int count); /* grows irq_totals; new ones 0 */

struct cpu_load {
	uint32_t load_ppm; /* what load-metric chose: compared with threshold and load-limit */
	uint32_t irq_ppm;  /* hard and soft interrupts */
	uint32_t busy_ppm; /* user, nice and system */
	uint32_t steal_ppm;
	bool valid; /* false: no time passed on it, or it was offline in one of the samples */
};

struct load {
	uint64_t time_ms; /* of the later sample */
	uint64_t interval_ms;
	struct cpu_load *cpus; /* cpu_count records, indexed by CPU number */
	unsigned int cpu_count;
	uint32_t *irq_counts; /* interrupts in the interval, indexed by IRQ number */
	unsigned int irq_slots;
	unsigned int cpu_size; /* allocated */
	unsigned int irq_size;
	unsigned int *active; /* IRQs whose count is not 0, by number: most of a quiet machine's
				 have none */
	unsigned int active_count;
	unsigned int active_size; /* allocated */
	unsigned int *restarted;  /* IRQs whose total fell: freed and requested again since the last
				     sample */
	unsigned int restarted_count;
	unsigned int restarted_size; /* allocated */
	bool valid;                  /* false: fewer than two samples */
};

#define LOAD_INIT ((struct load){ 0 })

void load_deinit(struct load *load);

static inline uint32_t load_irq_count(const struct load *load, unsigned int number)
{
	return number < load->irq_slots ? load->irq_counts[number] : 0;
}

static inline const struct cpu_load *load_cpu(const struct load *load, int cpu)
{
	return cpu >= 0 && (unsigned int) cpu < load->cpu_count && load->cpus[cpu].valid
		       ? &load->cpus[cpu]
		       : 0;
}
