/*
 * hint: "this object may have changed", nothing more. The message from the event sources to the
 * dirty set.
 *
 * Hints may be lost, doubled or reordered without harm: what is true is read from /proc and /sys
 * afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/pci_addr.h"
#include "irqherd/model/facts.h"

enum hint_kind {
	HINT_DEVICE, /* addr: a PCI device and its IRQs */
	HINT_NETDEV, /* name (ifindex where known): a network device */
	HINT_IRQ,    /* irq: counts grow on an IRQ that we do not know, or believed unrequested */
	HINT_CPUS,   /* CPUs or nodes: the whole topology */
	HINT_RESYNC, /* events were lost: compare the lists, re-read what differs */
};

struct hint {
	enum hint_kind kind;
	struct pci_addr addr;
	char name[NETDEV_NAME_SIZE];
	int ifindex; /* 0: unknown */
	unsigned int irq;
	bool remade;      /* the driver was bound or unbound, the device added or removed */
	bool from_udevd;  /* udevd has finished its rules: the device's properties are complete */
	uint64_t told_ms; /* when the last event about the object was received; 0: just now */
};
