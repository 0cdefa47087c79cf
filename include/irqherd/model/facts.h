/*
 * facts: what a reader found out about one object at one moment. The message from the sources to
 * the inventory.
 *
 * Texts and arrays belong to who filled the facts; the inventory copies what it keeps. Sets are ids
 * in the inventory's own mask table.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/pci_addr.h"
#include "irqherd/model/mask_table.h"
#include "irqherd/model/rps.h"
#include "irqherd/model/topology.h"

#define NETDEV_NAME_SIZE 16 /* IFNAMSIZ */

/* Why the reader looked: decides whether what is new is an arrival and whether a changed mask is a
 * foreign hand. */
enum look {
	LOOK_START,  /* first reading: nothing is an arrival */
	LOOK_HINT,   /* an event named this device or IRQ */
	LOOK_REMADE, /* an event said that the driver was bound or unbound: all vectors are new */
	LOOK_AGAIN,  /* by schedule after an event: new vectors are arrivals, a changed mask is a
		      * foreign  hand's */
	LOOK_CPU_EVENT,  /* CPUs or nodes changed: the kernel may have moved IRQs */
	LOOK_RESYNC,     /* events were lost: no arrival, no foreign hand */
	LOOK_SLOW_CHECK, /* nothing pointed here: a difference is a foreign hand's */
};

enum irq_type {
	IRQ_OTHER, /* no PCI device: platform, ACPI, timer */
	IRQ_INTX,  /* a line, perhaps shared by several devices */
	IRQ_MSI,
	IRQ_MSIX,
};

struct irq_facts {
	unsigned int number; /* Linux IRQ number */
	unsigned int index;  /* vector index within the device: hwirq (low 11 bits before per-device
				domains), or rank */
	enum irq_type type;
	bool requested; /* a driver has requested it: it has an action and a folder in /proc/irq */
	bool managed;   /* the kernel owns its affinity (smp_affinity without write bit, Linux 6.12
			   on) */
	const char *actions; /* comma-joined action names, "" if none; never NULL */
	mask_id asked;       /* smp_affinity; MASK_NONE while there is no folder in /proc/irq */
	int effective_cpu;   /* effective_affinity; CPU_NONE: several, empty or not told */
	int node;            /* /proc/irq/N/node; NODE_NONE unknown. Read for IRQ_OTHER only */
};

/* What an administrator said about a device's place, already looked up. */
enum override_kind {
	OVERRIDE_NONE,
	OVERRIDE_NODE, /* node, -1 meaning all CPUs */
	OVERRIDE_CPUS, /* cpus */
};

enum override_origin {
	OVERRIDE_FROM_PROPERTY,  /* udev: IRQHERD_CPUS or IRQHERD_NODE */
	OVERRIDE_FROM_PROXIMITY, /* the proximity file */
};

struct home_override {
	enum override_kind kind;
	enum override_origin origin;
	int node;
	mask_id cpus;
	unsigned int line; /* of the proximity file; 0 for a property */
};

#define PCI_CLASS_NETWORK 0x02u /* base class, the upper 8 of 24 bits */

struct device_facts {
	struct pci_addr addr;
	uint32_t class; /* 24 bits, e.g. 0x020000 Ethernet */
	uint16_t vendor;
	uint16_t device;
	const char *driver; /* "" if none is bound; never NULL */
	int node; /* numa_node of the device, or of its nearest parent that knows; NODE_NONE */
	mask_id local_cpus; /* local_cpulist; MASK_NONE if the file is missing */
	bool node_from_parent;
	bool awaits_udevd; /* a udevd runs and has not finished with it: the override may still come
			    */
	bool awaits_netdev; /* a network adapter without a network device when the reading began:
			       its driver may be at work on the vectors still */
	enum rps_wish rps_wish; /* udev: IRQHERD_RPS */
	bool ignored;           /* udev: IRQHERD_IGNORE is set: none of its IRQs is ever written */
	struct home_override
		override; /* property or proximity rule that applies; OVERRIDE_NONE: sysfs counts */
	const struct irq_facts *irqs;
	unsigned int irq_count;
};

/* How a queue's IRQ was found out. */
enum fact_origin {
	ORIGIN_NONE,
	ORIGIN_ACTION_NAME, /* read from the action's name */
	ORIGIN_NETDEV_GENL, /* the driver told the kernel: queue to NAPI to IRQ */
};

enum queue_kind {
	QUEUE_NONE, /* not a queue: control, link, configuration */
	QUEUE_RX,
	QUEUE_TX,
	QUEUE_COMBINED, /* receives and transmits */
	QUEUE_OTHER,    /* a queue of another kind, e.g. storage */
};

struct queue_facts {
	enum queue_kind kind;
	unsigned int index;
	unsigned int irq;
};

struct netdev_facts {
	int ifindex;
	char name[NETDEV_NAME_SIZE];
	bool up;                /* IFF_UP */
	bool awaits_udevd;      /* a udevd runs and may still rename it */
	bool has_device;        /* false: virtual, no PCI device behind it */
	struct pci_addr addr;   /* the nearest PCI ancestor, if has_device */
	unsigned int rx_queues; /* entries of queues/, not IFLA_NUM_RX_QUEUES (that is the allocated
				   maximum) */
	unsigned int tx_queues;
	const struct queue_facts
		*queues; /* from the netdev genl family; none where the driver does not tell */
	unsigned int queue_count;
	bool queues_asked; /* the kernel was asked for them since it is up */
};
