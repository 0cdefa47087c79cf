/*
 * change: what one reading changed in the inventory. The inventory's answer to facts.
 */
#pragma once

#include <stddef.h>

#include "irqherd/base/pci_addr.h"
#include "irqherd/model/facts.h"

enum change_kind {
	CHANGE_DEVICE_ARRIVED,
	CHANGE_DEVICE_GONE,
	CHANGE_DEVICE_UPDATED, /* driver, class, ignore flag */
	CHANGE_DEVICE_REHOMED,
	CHANGE_IRQ_ARRIVED, /* a vector of a device, or an IRQ without a device */
	CHANGE_IRQ_GONE,
	CHANGE_IRQ_REMADE, /* same place, new generation: freed and requested again, masks lost */
	CHANGE_IRQ_REQUESTED, /* gained its first action */
	CHANGE_IRQ_RELEASED,  /* lost its last action */
	CHANGE_IRQ_RENAMED,   /* its action names changed */
	CHANGE_IRQ_REHOMED,
	CHANGE_IRQ_MOVED_BY_KERNEL, /* its affinity changed, and an event explains it */
	CHANGE_IRQ_MOVED_BY_OTHERS, /* its affinity changed, and nothing explains it: a foreign hand
				     */
	CHANGE_NETDEV_ARRIVED,
	CHANGE_NETDEV_GONE,
	CHANGE_NETDEV_RENAMED,
	CHANGE_NETDEV_QUEUES, /* count or mapping of its queues */
	CHANGE_NETDEV_LINK,   /* up or down */
	CHANGE_CPU_ONLINE,
	CHANGE_CPU_OFFLINE,
	CHANGE_TOPOLOGY, /* nodes, siblings, isolation, possible CPUs */
};

struct change {
	enum change_kind kind;
	bool has_device;
	struct pci_addr addr; /* if has_device */
	unsigned int irq;     /* IRQ changes */
	unsigned int index;   /* IRQ changes: vector index */
	int ifindex;          /* netdev changes */
	int cpu;              /* CPU changes */
};

struct change_list {
	struct change *items;
	size_t count;
	size_t size;
};

#define CHANGE_LIST_INIT ((struct change_list){ NULL, 0, 0 })

void change_list_deinit(struct change_list *list);
void change_list_reset(struct change_list *list); /* keeps the memory */
int change_list_add(struct change_list *list,
		    const struct change *change);    /* list NULL: nobody wants to know */
const char *change_kind_name(enum change_kind kind); /* "irq-arrived" */
