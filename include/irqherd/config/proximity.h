/*
 * proximity: the file that corrects where PCI devices are, "ADDRESS node N" or "ADDRESS cpumask
 * HEX" a line.
 */
#pragma once

#include <stddef.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/base/pci_addr.h"
#include "irqherd/config/message.h"

enum proximity_kind {
	PROXIMITY_NODE,
	PROXIMITY_CPUMASK,
};

struct proximity_rule {
	struct pci_prefix prefix;
	enum proximity_kind kind;
	int node;             /* PROXIMITY_NODE; -1: all CPUs */
	struct cpumask *cpus; /* PROXIMITY_CPUMASK; owned; NULL otherwise */
	unsigned int line;
};

struct proximity {
	struct proximity_rule *rules; /* in the file's order */
	size_t count;
	size_t size;
	char *path;
};

#define PROXIMITY_INIT ((struct proximity){ NULL, 0, 0, NULL })

void proximity_deinit(struct proximity *proximity);

/* A missing file is an error. Answers 0 or -EINVAL; messages as for config_read. */
int proximity_read(struct proximity *proximity, const char *path, struct message_list *messages);
int proximity_parse(struct proximity *proximity, const char *file, const char *text, size_t length,
		    struct message_list *messages);

/* The rule with the longest prefix that the address starts with; the first of equals; NULL: none.
 */
const struct proximity_rule *proximity_find(const struct proximity *proximity,
					    const struct pci_addr *addr);
