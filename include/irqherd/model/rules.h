/*
 * rules: what the administrator wants of homes and bans, as plain data. Made by the daemon from the
 * configuration.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/cpumask.h"

enum unknown_node {
	UNKNOWN_NODE_ALL,        /* all CPUs are home */
	UNKNOWN_NODE_INTERLEAVE, /* devices are dealt out over the nodes that have CPUs, by their
				    address */
	UNKNOWN_NODE_PREFERRED,  /* preferred_node */
};

/* Shell patterns (fnmatch). The texts are borrowed from the configuration, which outlives the
 * rules. */
struct pattern_list {
	char **items;
	size_t count;
};

/*
 * "These IRQs belong on these CPUs." A slot ("0000:af:00.1/7", parts may be patterns) or "irq:" and
 * a number or action pattern names IRQs; "driver:NAME", a PCI address, "vendor:device" or a network
 * device names all IRQs of a device. Everything is borrowed.
 */
struct cpu_rule {
	const char *pattern;
	const struct cpumask *cpus; /* and: */
	const uint64_t *nodes;      /* the CPUs of these nodes, a bit per node number */
	unsigned int node_limit;    /* bits of nodes */
	bool isolated;              /* the isolated CPUs */
	bool all;
};

struct cpu_rule_list {
	const struct cpu_rule *items;
	size_t count;
};

struct rules {
	enum unknown_node unknown_node;
	int preferred_node;              /* NODE_NONE: none */
	bool use_isolated;               /* isolated CPUs may be homes */
	struct pattern_list ban_irqs;    /* numbers, slots, or patterns of an action name */
	struct pattern_list ban_drivers; /* driver names */
	struct pattern_list
		ban_devices; /* PCI addresses, "vendor:device", network devices' names */
	struct pattern_list rps_devices; /* likewise: whose packets may be spread */
	struct pattern_list banned;      /* slots, by clients */
	struct cpu_rule_list pins;       /* by clients; exact slots: before all else */
	struct cpu_rule_list cpus; /* IRQs before devices; the first that fits, before properties */
};

#define RULES_INIT ((struct rules){ .preferred_node = -1 })
