/*
 * steering: what clients asked for and the daemon keeps to until it ends: pins, bans, CPUs that are
 * kept free, and the freeze. Survives every reload. By slot, so it holds over hotplug.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/model/irq.h"
#include "irqherd/model/rules.h"

#define STEERING_LIMIT 65536u /* pins, and bans */

struct pin {
	char slot[IRQ_SLOT_TEXT];
	struct cpumask cpus;
};

struct steering {
	struct pin **pins;      /* owned */
	struct cpu_rule *rules; /* as the model reads the pins */
	size_t pin_count;
	char **bans; /* owned slots */
	size_t ban_count;
	struct cpumask excluded;
	bool frozen;
	uint64_t frozen_until_ms; /* 0: until thawed */
	bool frozen_by_kernel;    /* the kernel's command line says so; thawed by a client */
};

#define STEERING_INIT ((struct steering){ 0 })

void steering_deinit(struct steering *steering);

/* Each replaces what was said of the slot before. -ENOMEM; -ENOSPC: far too many. */
int steering_pin(struct steering *steering, const char *slot, const struct cpumask *cpus);
int steering_ban(struct steering *steering, const char *slot);
bool steering_release(struct steering *steering, const char *slot); /* false: nothing was said */

/* Adds the pins and bans to rules made of the configuration; they borrow from the steering. */
void steering_add_rules(const struct steering *steering, struct rules *rules);
