#include "irqherd/setup/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/macro.h"

/* --------------------------------------------------------------------------------------------------
 * loading */

static void set_legacy_options(struct settings *settings, const struct settings_input *input,
			       struct message_list *messages)
{
	for (size_t i = 0; i < input->legacy_count; i++) {
		const struct legacy_option *legacy = &input->legacy[i];

		if (!legacy->key) {
			message_warning(messages, "command line", 0,
					"%s does nothing any more; see the key ht in the "
					"configuration file",
					legacy->option);
			continue;
		}
		message_warning(
			messages, "command line", 0,
			"%s is legacy and overrides the configuration file; use the key %s there",
			legacy->option, legacy->key);
		(void) config_set(&settings->config, legacy->key, legacy->value, "command line", 0,
				  messages);
	}
}

static void exclude_from_environment(struct settings *settings, const char *variable,
				     int (*parse)(const char *, struct cpumask *),
				     const char *accepted, struct message_list *messages)
{
	const char *value = getenv(variable);
	struct cpumask cpus;

	if (!value || !*value)
		return;
	if (parse(value, &cpus) < 0) {
		message_error(messages, "environment", 0, "%s: \"%s\" is not %s", variable, value,
			      accepted);
		return;
	}
	if (config_cpus_add(&settings->config.exclude_cpus, &cpus) < 0)
		message_error(messages, "environment", 0, "%s: out of memory", variable);
	config_note_origin(&settings->config, "exclude-cpus", "environment", 0);
}

static int make_cpu_rules(struct settings *settings)
{
	const struct config_cpu_rules *rules = &settings->config.cpus;

	if (rules->count == 0)
		return 0;
	settings->cpu_rules = calloc(rules->count, sizeof(settings->cpu_rules[0]));
	if (!settings->cpu_rules)
		return -ENOMEM;
	for (size_t i = 0; i < rules->count; i++) {
		const struct config_cpus *cpus = &rules->items[i].cpus;

		settings->cpu_rules[i] = (struct cpu_rule){
			.pattern = rules->items[i].pattern,
			.cpus = &cpus->cpus,
			.nodes = cpus->nodes,
			.node_limit = CONFIG_NODE_LIMIT,
			.isolated = cpus->isolated,
			.all = cpus->all,
		};
	}
	return 0;
}

const char *settings_env_path(const struct settings *settings)
{
	static const char *const paths[] = { "/etc/default/irqbalance",
					     "/etc/sysconfig/irqbalance" };
	const char *path = settings->config.irqbalance_env;

	if (!path || strcmp(path, "auto") != 0)
		return path;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], F_OK) == 0)
			return paths[i];
	return access("/etc/sysconfig", F_OK) == 0 ? paths[1] : paths[0];
}

bool settings_read_env(struct settings *settings, struct message_list *messages)
{
	struct message_list said = MESSAGE_LIST_INIT;
	const char *path = settings_env_path(settings);
	struct irqbalance_env env = { .has_banned = false };
	bool changed;

	settings->env_is_old = path && irqbalance_env_read(path, &env, &said) < 0;
	if (settings->env_is_old)
		env = settings->env;
	for (size_t i = 0; i < said.count; i++)
		message_warning(messages, said.items[i].file, said.items[i].line,
				"%s; passed over, what held before stays", said.items[i].text);
	message_list_deinit(&said);
	changed = !cpumask_equal(&env.banned, &settings->env.banned);
	settings->env = env;
	return changed;
}

int settings_load(struct settings *settings, const struct settings_input *input,
		  struct message_list *messages)
{
	const char *pxm;

	*settings = SETTINGS_INIT;
	config_init(&settings->config);
	(void) config_read(&settings->config, input->config_path, input->config_given, messages);
	set_legacy_options(settings, input, messages);
	exclude_from_environment(settings, "IRQBALANCE_BANNED_CPULIST", cpulist_parse, "a CPU list",
				 messages);
	exclude_from_environment(settings, "IRQBALANCE_BANNED_CPUS", cpumask_parse,
				 "a hexadecimal CPU mask", messages);
	config_check(&settings->config, input->config_path, messages);

	pxm = input->pxm_path ? input->pxm_path : settings->config.pxm;
	if (pxm)
		(void) proximity_read(&settings->proximity, pxm, messages);
	(void) settings_read_env(settings, messages);
	if (make_cpu_rules(settings) < 0)
		message_error(messages, input->config_path, 0, "out of memory");
	return messages->errors ? -EINVAL : 0;
}

void settings_deinit(struct settings *settings)
{
	config_deinit(&settings->config);
	proximity_deinit(&settings->proximity);
	free(settings->cpu_rules);
	*settings = SETTINGS_INIT;
}

/* --------------------------------------------------------------------------------------------------
 * translating */

static struct pattern_list patterns_of(const struct config_patterns *patterns)
{
	return (struct pattern_list){ patterns->items, patterns->count };
}

void settings_rules(const struct settings *settings, struct rules *ret_rules)
{
	const struct config *config = &settings->config;
	struct rules rules = RULES_INIT;

	switch (config->unknown_node) {
	case CONFIG_NODE_ALL:
		rules.unknown_node = UNKNOWN_NODE_ALL;
		break;
	case CONFIG_NODE_INTERLEAVE:
		rules.unknown_node = UNKNOWN_NODE_INTERLEAVE;
		break;
	case CONFIG_NODE_PREFERRED:
		rules.unknown_node = UNKNOWN_NODE_PREFERRED;
		break;
	}
	rules.preferred_node = config->preferred_node;
	rules.use_isolated = config->isolated_cpus == ISOLATED_USE;
	rules.cpus = (struct cpu_rule_list){ settings->cpu_rules, config->cpus.count };
	rules.ban_irqs = patterns_of(&config->ban_irq);
	rules.ban_drivers = patterns_of(&config->ban_driver);
	rules.ban_devices = patterns_of(&config->ban_device);
	rules.rps_devices = patterns_of(&config->rps);
	*ret_rules = rules;
}

struct cpumask settings_cpus(const struct config_cpus *cpus, const struct topology *topology)
{
	struct cpumask mask = cpus->cpus;

	if (cpus->all)
		return topology->possible;
	if (cpus->isolated)
		mask = cpumask_or(&mask, &topology->isolated);
	for (unsigned int i = 0; i < topology->node_count; i++) {
		const struct node *node = &topology->nodes[i];

		if (node->number < 0 || (unsigned int) node->number >= CONFIG_NODE_LIMIT)
			continue;
		if (cpus->nodes[node->number / 64] >> (node->number % 64) & 1)
			mask = cpumask_or(&mask, &node->cpus);
	}
	return mask;
}

struct cpumask settings_excluded(const struct settings *settings, const struct topology *topology)
{
	struct cpumask cpus = settings_cpus(&settings->config.exclude_cpus, topology);

	return cpumask_or(&cpus, &settings->env.banned);
}

static enum choice choice_of(enum config_strategy strategy)
{
	switch (strategy) {
	case STRATEGY_MIN:
		return CHOICE_MIN;
	case STRATEGY_MAX:
		return CHOICE_MAX;
	case STRATEGY_RND:
		return CHOICE_RANDOM;
	case STRATEGY_COST:
		return CHOICE_COST;
	}
	return CHOICE_RANDOM;
}

static enum load_metric metric_of(enum config_load_metric metric)
{
	switch (metric) {
	case METRIC_IRQ:
		return LOAD_METRIC_IRQ;
	case METRIC_BUSY:
		return LOAD_METRIC_BUSY;
	case METRIC_TOTAL:
		return LOAD_METRIC_TOTAL;
	}
	return LOAD_METRIC_IRQ;
}

void settings_policy(const struct settings *settings, const struct topology *topology,
		     struct policy *ret_policy)
{
	const struct config *config = &settings->config;
	struct cpumask use = settings_cpus(&config->use_cpus, topology);
	struct cpumask exclude = settings_excluded(settings, topology);

	*ret_policy = (struct policy){
		.threshold_ppm = config->threshold_ppm,
		.load_limit_ppm = config->load_limit_ppm,
		.steal_limit_ppm = config->steal_limit_ppm,
		.choice = choice_of(config->strategy),
		.metric = metric_of(config->load_metric),
		.all_threads = config->ht,
		.non_local_cpus = config->non_local_cpus,
		.spread_arrivals = config->arrival == ARRIVAL_SPREAD,
		.cooldown_ms = config->cooldown_ms,
		.move_budget = config->move_budget,
		.external_ms = config->external_time_ms,
		.allowed = cpumask_andnot(&use, &exclude),
	};
}

int settings_find_override(void *context, struct inventory *inventory, const struct pci_addr *addr,
			   struct home_override *ret_override)
{
	const struct settings *settings = context;
	const struct proximity_rule *rule = proximity_find(&settings->proximity, addr);
	struct home_override override = { .origin = OVERRIDE_FROM_PROXIMITY };
	int r;

	if (!rule)
		return 0;
	override.line = rule->line;
	switch (rule->kind) {
	case PROXIMITY_NODE:
		override.kind = OVERRIDE_NODE;
		override.node = rule->node;
		break;
	case PROXIMITY_CPUMASK:
		override.kind = OVERRIDE_CPUS;
		r = mask_intern(&inventory->masks, rule->cpus, &override.cpus);
		if (r < 0)
			return r;
		break;
	}
	*ret_override = override;
	return 0;
}

void settings_get(const struct settings *settings, const struct config_key *key,
		  struct setting *ret_setting)
{
	ret_setting->key = key;
	(void) key->format(&settings->config, ret_setting->value, sizeof(ret_setting->value));
	(void) config_format_origin(&settings->config, key, ret_setting->origin,
				    sizeof(ret_setting->origin));
}

void settings_check_nodes(const struct settings *settings, const struct topology *topology,
			  struct message_list *messages)
{
	for (size_t i = 0; i < settings->proximity.count; i++) {
		const struct proximity_rule *rule = &settings->proximity.rules[i];

		if (rule->kind != PROXIMITY_NODE || rule->node < 0 ||
		    topology_find_node(topology, rule->node))
			continue;
		message_warning(messages, settings->proximity.path, rule->line,
				"node %d does not exist now, the rule sleeps until it does",
				rule->node);
	}
}
