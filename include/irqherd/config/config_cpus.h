/*
 * config_cpus: a CPU set as an administrator writes it, for use-cpus and exclude-cpus.
 *
 * It may name what only the machine knows ("node0", "isolated"): the words are kept, and resolved
 * against a topology whenever that changes.
 *
 *   ff   ff,ffffffff   0xff        hex groups as in smp_affinity: a bare "10" is CPU 4
 *   cpus:0-3,8   0-3,8             a list: when marked, or when a range shows that it is one
 *   node0  isolated                words, joined with each other and with a list by commas
 *   all   none   (nothing)         stand alone; nothing is none
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/cpumask.h"

#define CONFIG_NODE_LIMIT 1024u /* node numbers are 0 … CONFIG_NODE_LIMIT - 1, as in the kernel */

struct config_cpus {
	struct cpumask cpus; /* the plain part */
	bool all;
	bool isolated;                          /* and the isolated CPUs */
	uint64_t nodes[CONFIG_NODE_LIMIT / 64]; /* and the CPUs of these nodes, a bit per node */
	char *text; /* as written, for reports; NULL: a default, "all" or "none" */
};

/* Replaces what *cpus held. -EINVAL: not such a text; -ERANGE: a CPU or node beyond the limits. */
int config_cpus_parse(struct config_cpus *cpus, const char *text);

/* The same where nobody expects birq's masks: "2" is CPU 2, "0-3,8" a list, and a mask starts with
 * 0x. */
int config_cpus_parse_list(struct config_cpus *cpus, const char *text);

void config_cpus_deinit(struct config_cpus *cpus);

/* Adds plain CPUs, as from the environment; the text is made anew. */
int config_cpus_add(struct config_cpus *cpus, const struct cpumask *more);

/* Whether it is empty on every machine; that "node7" has no CPU is known later. */
bool config_cpus_empty(const struct config_cpus *cpus);
/* Whether every machine leaves nothing of `cpus` without `less`. */
bool config_cpus_empty_without(const struct config_cpus *cpus, const struct config_cpus *less);

const char *config_cpus_text(const struct config_cpus *cpus);
