/* target: what a person or client names in a word: an IRQ, a device, a network device, a CPU. */
#pragma once

#include "irqherd/model/inventory.h"

enum target_kind {
	TARGET_NONE, /* there is no such thing here */
	TARGET_IRQ,
	TARGET_DEVICE,
	TARGET_CPU,
};

struct target {
	enum target_kind kind;
	struct irq *irq;       /* TARGET_IRQ */
	struct device *device; /* TARGET_DEVICE; of an IRQ the one it belongs to, NULL: none */
	struct netdev *netdev; /* TARGET_DEVICE named by its network device; else NULL */
	int cpu;               /* TARGET_CPU: a possible one; else CPU_NONE */
};

/*
 * An IRQ number ("131"), a slot ("0000:af:00.1/7", "irq:9"), a PCI address (the domain 0000 may be
 * left out), the name of a network device, "cpu5", or an action's name ("eth1-TxRx-6"). The first
 * that fits, in this order.
 */
struct target target_find(const struct inventory *inventory, const char *text);

/* A slot, as irq_slot() writes it, of an IRQ that need not be there. The domain 0000 may be left
 * out. False: the text is none. */
bool target_parse_slot(const char *text, char slot[IRQ_SLOT_TEXT]);
