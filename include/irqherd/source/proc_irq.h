/*
 * proc_irq: reads one IRQ: /proc/irq/N, /sys/kernel/irq/N; and the action names of /proc/interrupts
 * for kernels without the latter.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/fsroot.h"
#include "irqherd/base/map.h"
#include "irqherd/model/facts.h"
#include "irqherd/model/mask_table.h"
#include "irqherd/source/irq_number_list.h"

/* Owns the texts that its facts point to. */
struct irq_reading {
	struct irq_facts facts;
	char *actions;
	char chip[48]; /* chip name, "PCI-MSIX-0000:00:03.0" on kernels with per-device domains; ""
			  unknown */
	int64_t hwirq; /* -1 unknown; PCI domains above 15 need more than 32 bits */
	int fd;        /* smp_affinity_list, still open for whoever wants to keep it; -1: none */
};

#define IRQ_READING_INIT ((struct irq_reading){ .fd = -1 })

void irq_reading_deinit(struct irq_reading *reading);

/*
 * Number to actions and chip, from one pass over /proc/interrupts. The counts are not read: memory
 * grows with the IRQs alone, not with the CPUs. Chip names of kernels before 3.x lose their flow
 * ("PCI-MSI-edge" is "PCI-MSI"), actions are joined as sysfs does it ("a,b").
 */
struct action_table {
	struct map rows; /* number + 1 to struct action_row; owned */
};

#define ACTION_TABLE_INIT ((struct action_table){ MAP_INIT })

struct action_row {
	char *actions;
	char *chip;
	int64_t hwirq; /* -1 unknown */
};

void action_table_deinit(struct action_table *table);
int action_table_read(struct fsroot *root, struct action_table *ret_table);
int action_table_parse(const char *text, size_t length, struct action_table *ret_table); /* pure */
const struct action_row *action_table_find(const struct action_table *table, unsigned int number);

/*
 * facts.index is the hwirq where known (its low 11 bits for PCI-MSI chips without an address in
 * their name), else 0; the device's reader corrects it to the rank. facts.type is IRQ_OTHER; the
 * device's reader corrects it. -ENOENT: the IRQ does not exist. An IRQ that exists without an
 * action is requested = false.
 */
int irq_read(struct fsroot *root, unsigned int number, struct mask_table *masks,
	     const struct action_table *actions, struct irq_reading *ret_reading);

/*
 * irq_read for a vector of a PCI device: facts.node is not read. chip: the chip name, where another
 * vector of the device has told it (all of them have the same); NULL: to be read.
 */
int irq_read_vector(struct fsroot *root, unsigned int number, struct mask_table *masks,
		    const struct action_table *actions, const char *chip,
		    struct irq_reading *ret_reading);

/* Whether facts.index is the vector's index for sure: PCI-MSI or MSI-X, and its hwirq is known. */
bool irq_index_known(const struct irq_reading *reading);

/* Where it fires now; CPU_NONE: several or not told. -ENOENT: gone. */
int irq_read_effective(struct fsroot *root, unsigned int number, int *ret_cpu);

/* Only smp_affinity and effective_affinity, for a round's checks. */
int irq_read_affinity(struct fsroot *root, unsigned int number, struct mask_table *masks,
		      mask_id *ret_asked, int *ret_effective_cpu);

/* All numbers that have a folder in /proc/irq, sorted; none where there is no such folder. */
int irq_list(struct fsroot *root, struct irq_number_list *ret_list);

/* The device in a chip name like "PCI-MSIX-0000:00:03.0". -ENOENT: none in it. */
int chip_pci_addr(const char *chip, struct pci_addr *ret_addr);
