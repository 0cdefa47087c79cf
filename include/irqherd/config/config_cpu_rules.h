/*
 * config_cpu_rules: the words of the key `cpus`, "PATTERN=CPUS" each, separated by blanks. The CPUs
 * stand behind the last "=", so that a pattern may hold one.
 *
 *   0000:af:00.1/7=2      a slot: vector 7 of that device; both parts may be patterns
 *   irq:9=0-3,8           an IRQ by number, or by a pattern of an action's name
 *   driver:mlx5_core=node1
 *   eth*=cpus:4-7         a network device, or a PCI address
 *
 * birq had no such key: a bare number is a CPU here, and a mask is marked by 0x.
 */
#pragma once

#include <stddef.h>

#include "irqherd/config/config_cpus.h"

struct config_cpu_rule {
	char *pattern;
	struct config_cpus cpus;
};

struct config_cpu_rules {
	struct config_cpu_rule *items;
	size_t count;
};

/* Replaces what *rules held; "none" is the empty list. -EINVAL: a word is not of that form, or no
 * CPU set. -ERANGE: beyond the limits. */
int config_cpu_rules_parse(struct config_cpu_rules *rules, const char *text);
void config_cpu_rules_deinit(struct config_cpu_rules *rules);

/* As config_patterns_format. */
size_t config_cpu_rules_format(const struct config_cpu_rules *rules, char *text, size_t size);
