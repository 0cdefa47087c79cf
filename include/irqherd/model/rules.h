/*
 * rules: what the administrator wants of homes and bans, as plain data. Made by the daemon from the
 * configuration.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

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

struct rules {
	enum unknown_node unknown_node;
	int preferred_node;              /* NODE_NONE: none */
	bool use_isolated;               /* isolated CPUs may be homes */
	struct pattern_list ban_irqs;    /* numbers, or patterns of an action name */
	struct pattern_list ban_drivers; /* driver names */
	struct pattern_list ban_devices; /* PCI addresses or network device names */
	struct pattern_list rps_devices; /* likewise: whose packets may be spread */
};

#define RULES_INIT ((struct rules){ .preferred_node = -1 })
