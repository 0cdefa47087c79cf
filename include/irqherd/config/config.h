/*
 * config: irqherd.conf and its drop-ins, in birq's key=value grammar.
 *
 * A value. Parsing fills a fresh object; the daemon swaps it in when the whole input was right. One
 * table (config_keys) holds every key with type, range, unit, default and help: parser, man page
 * test and `--help` live on it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/config/config_cpu_rules.h"
#include "irqherd/config/config_cpus.h"
#include "irqherd/config/config_key.h"
#include "irqherd/config/config_patterns.h"
#include "irqherd/config/message.h"

enum config_strategy {
	STRATEGY_MIN,
	STRATEGY_MAX,
	STRATEGY_RND,
	STRATEGY_COST,
};

enum config_mode {
	MODE_APPLY,
	MODE_OBSERVE, /* decide, write nothing */
};

enum config_arrival {
	ARRIVAL_SPREAD,
	ARRIVAL_KEEP,
};

enum config_unknown_node {
	CONFIG_NODE_ALL,
	CONFIG_NODE_INTERLEAVE,
	CONFIG_NODE_PREFERRED,
};

enum config_isolated {
	ISOLATED_AVOID,
	ISOLATED_USE,
};

enum config_load_metric {
	METRIC_IRQ,   /* hard and soft interrupts, as birq */
	METRIC_BUSY,  /* all time but idle, iowait and steal */
	METRIC_TOTAL, /* all time but idle and iowait */
};

/* Who set a key last. */
struct config_origin {
	size_t name;       /* index into config_origins::names, plus 1; 0: the default holds */
	unsigned int line; /* 0: not a line of a file */
};

struct config_origins {
	char **names; /* of files that were read, in that order, and "command line" and the like */
	size_t name_count;
	struct config_origin keys[CONFIG_KEY_LIMIT]; /* as config_keys */
};

struct config {
	uint32_t threshold_ppm;
	uint32_t load_limit_ppm;
	uint32_t steal_limit_ppm;
	uint32_t short_interval_ms;
	uint32_t long_interval_ms;
	enum config_strategy strategy;
	struct config_cpus exclude_cpus;
	struct config_cpus use_cpus;
	bool ht;
	bool non_local_cpus;
	char *pxm;            /* path of the proximity file; NULL: none */
	char *irqbalance_env; /* path of irqbalance's environment file, or "auto"; NULL: none */
	enum config_mode mode;
	enum config_arrival arrival;
	int32_t preferred_node; /* -1: none */
	enum config_unknown_node unknown_node;
	enum config_isolated isolated_cpus;
	struct config_cpu_rules cpus;
	struct config_patterns ban_irq;
	struct config_patterns ban_driver;
	struct config_patterns ban_device;
	struct config_patterns rps; /* devices whose packets may be spread; "*": all */
	char *metrics_file;         /* path; NULL: none */
	bool restore_on_exit;
	uint32_t cooldown_ms;
	uint32_t move_budget; /* moves a round */
	uint32_t external_time_ms;
	enum config_load_metric load_metric;
	struct config_origins origins;
};

#define CONFIG_DEFAULT_PATH "/etc/irqherd/irqherd.conf"

void config_init(struct config *config); /* every key's default; cannot fail */
void config_deinit(struct config *config);

/*
 * Reads path and then path's folder of drop-ins ("X.conf.d" beside "X.conf", *.conf in name order).
 * Every message goes to `messages`; answers 0, or -EINVAL if any was an error (config then holds
 * the defaults and what was right, and is to be thrown away). must_exist false: a missing main file
 * means defaults.
 */
int config_read(struct config *config, const char *path, bool must_exist,
		struct message_list *messages);

/* Where config_read looks for the drop-ins of a main file; to be freed. -ENOMEM. */
int config_drop_in_directory(const char *path, char **ret_directory);

/* One file's text; what config_read does for each. For tests and fuzzing. */
int config_parse(struct config *config, const char *file, const char *text, size_t length,
		 struct message_list *messages);

/* One key and its value, as from a legacy command line option. A bad value leaves the old one. */
int config_set(struct config *config, const char *key, const char *value, const char *file,
	       unsigned int line, struct message_list *messages);

/* A key was changed otherwise, as by the environment. Without memory it keeps its old origin. */
void config_note_origin(struct config *config, const char *key, const char *name,
			unsigned int line);

/* "default", "FILE:LINE" or "command line"; cut to size, like snprintf. */
int config_format_origin(const struct config *config, const struct config_key *key, char *text,
			 size_t size);

/* What concerns several keys at once, after all was read: errors and warnings for values that
 * contradict each other. */
void config_check(const struct config *config, const char *file, struct message_list *messages);
