/*
 * sysfs_pci: reads one PCI device: class, node, local CPUs, driver, vectors. And the list of all.
 */
#pragma once

#include "irqherd/base/fsroot.h"
#include "irqherd/base/pci_addr.h"
#include "irqherd/model/facts.h"
#include "irqherd/model/mask_table.h"
#include "irqherd/source/irq_number_list.h"
#include "irqherd/source/proc_irq.h"

/* What a device is, and who drives it. */
struct device_identity {
	uint32_t class; /* 24 bits */
	uint16_t vendor;
	uint16_t device;
	char driver[64]; /* "" if none */
};

/* Owns the texts and arrays that its facts point to. */
struct device_reading {
	struct device_facts facts;
	struct device_identity identity;
	struct irq_reading *irqs; /* facts.irqs point into an array of their own */
	struct irq_facts *irq_facts;
	size_t irq_count;
};

#define DEVICE_READING_INIT ((struct device_reading){ 0 })

void device_reading_deinit(struct device_reading *reading);

/*
 * -ENOENT: no such device, or it vanished half-way (whatever was read is thrown away). actions: the
 * table of /proc/interrupts, which serves before /sys/kernel/irq; NULL: only that is asked.
 */
int device_read(struct fsroot *root, const struct pci_addr *addr, struct mask_table *masks,
		const struct action_table *actions, struct device_reading *ret_reading);

/* Its identity alone; what is not told is 0 or "". Cheap: for comparing. */
int device_read_identity(struct fsroot *root, const struct pci_addr *addr,
			 struct device_identity *ret_identity);

struct pci_addr_list {
	struct pci_addr *items; /* sorted */
	size_t count;
	size_t size;
};

#define PCI_ADDR_LIST_INIT ((struct pci_addr_list){ NULL, 0, 0 })

void pci_addr_list_deinit(struct pci_addr_list *list);
/* None on a machine without PCI. */
int device_list(struct fsroot *root, struct pci_addr_list *ret_list);

/*
 * The numbers of the IRQs that device_read would find: those in msi_irqs (sorted), or the INTx line
 * if there are none. Cheap: for comparing. -ENOENT: no such device.
 */
int device_irq_numbers(struct fsroot *root, const struct pci_addr *addr,
		       struct irq_number_list *ret_list);
