/*
 * settings: configuration and proximity file as one object that is loaded, checked and swapped as a
 * whole; and their translation into what model and balance understand.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "irqherd/config/config.h"
#include "irqherd/config/irqbalance_env.h"
#include "irqherd/config/proximity.h"
#include "irqherd/model/inventory.h"
#include "irqherd/model/policy.h"

struct legacy_option {
	const char *option; /* "--threshold", for messages */
	const char *key;    /* the configuration key it stands for; NULL: it does nothing */
	const char *value;
};

/* What there is to read. All of it is borrowed for as long as settings_load runs. */
struct settings_input {
	const char *config_path;
	bool config_given;    /* then a missing file is an error */
	const char *pxm_path; /* NULL: as the configuration says */
	const struct legacy_option *legacy;
	size_t legacy_count;
};

struct settings {
	struct config config;
	struct proximity proximity;
	struct irqbalance_env env;  /* of the key `irqbalance-env` */
	bool env_is_old;            /* that file can't be understood: env is what held before */
	struct cpu_rule *cpu_rules; /* of the key `cpus`; borrow from config */
};

#define SETTINGS_INIT ((struct settings){ .proximity = PROXIMITY_INIT })

/*
 * Reads all files, the legacy options and the environment (IRQBALANCE_BANNED_CPULIST,
 * IRQBALANCE_BANNED_CPUS) into a fresh object. -EINVAL: `messages` holds at least one error, and
 * the object is not to be used.
 */
int settings_load(struct settings *settings, const struct settings_input *input,
		  struct message_list *messages);
void settings_deinit(struct settings *settings);

/* The file that irqbalance-env means; NULL: none. With `auto` the first that exists, or may come to
 * exist. */
const char *settings_env_path(const struct settings *settings);

/*
 * Reads that file anew. What is wrong with it is a warning, since it is other programs' work; what
 * held before then stays. True: other CPUs are banned now.
 */
bool settings_read_env(struct settings *settings, struct message_list *messages);

/* Rules borrow their patterns from the settings. */
void settings_rules(const struct settings *settings, struct rules *ret_rules);

/* CPU sets are resolved against the topology: to be made anew whenever that changes. */
void settings_policy(const struct settings *settings, const struct topology *topology,
		     struct policy *ret_policy);

/* As override_finder, context being the settings. */
int settings_find_override(void *settings, struct inventory *inventory, const struct pci_addr *addr,
			   struct home_override *ret_override);

/* CPUs that exclude-cpus names on this machine. */
struct cpumask settings_excluded(const struct settings *settings, const struct topology *topology);

/* A CPU set in the words of the configuration as CPUs of this machine. */
struct cpumask settings_cpus(const struct config_cpus *cpus, const struct topology *topology);

/* One key as it holds now. Texts are cut to size where they are very long. */
struct setting {
	const struct config_key *key;
	char value[4096];
	char origin[512]; /* "default", "FILE:LINE", "command line", "environment" */
};

void settings_get(const struct settings *settings, const struct config_key *key,
		  struct setting *ret_setting);

/* Rules for nodes that do not exist now: each gives one warning. */
void settings_check_nodes(const struct settings *settings, const struct topology *topology,
			  struct message_list *messages);
