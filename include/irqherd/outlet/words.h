/* words: the small parts that every text about IRQs is made of. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/buf.h"
#include "irqherd/model/inventory.h"
#include "irqherd/model/load.h"

#define PERCENT_TEXT 16
#define QUEUE_TEXT   24

/* "99.2%", one decimal, rounded down: a load below the threshold must not read like one at it. */
const char *percent_format(uint32_t ppm, char text[PERCENT_TEXT]);
/* A setting as it was written: "99%", "99.5%". */
const char *percent_format_short(uint32_t ppm, char text[PERCENT_TEXT]);

/* "rx-4", "tx-4", "combined-4", "queue-4"; "" for an IRQ that serves no queue. */
const char *queue_format(const struct irq *irq, char text[QUEUE_TEXT]);

/* The network device that an IRQ serves: told by the driver, by its action's name, or the only one
 * of its PCI device. NULL: none, or not known. */
const struct netdev *irq_netdev(const struct irq *irq);

/* Where a home is, "node 1", "all CPUs", "CPU set", and who said so, "proximity file, line 3"; ""
 * if nobody did. */
int words_home_place(const struct home *home, struct buf *text);
int words_home_origin(const struct home *home, struct buf *text);

/* "0-7,16" of a set in the inventory's table; "none" if empty. */
int words_cpulist(const struct inventory *inventory, mask_id cpus, struct buf *text);
int words_cpumask(const struct cpumask *cpus, struct buf *text);

/* "120-182,190": numbers in the given order, neighbours that follow each other joined. */
int words_ranges(const unsigned int *numbers, size_t count, struct buf *text);

/* At or above the threshold; not if the CPU was not measured. load NULL: nothing was. */
static inline bool is_overloaded(const struct load *load, int cpu, uint32_t threshold_ppm)
{
	const struct cpu_load *measured = load ? load_cpu(load, cpu) : NULL;

	return measured && measured->load_ppm >= threshold_ppm;
}

static inline const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}
