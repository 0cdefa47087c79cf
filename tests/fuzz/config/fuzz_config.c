/*
 * Any text as a configuration. What is accepted must be written back and read again as the same;
 * what is refused must have been complained about.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *format_key(const struct config_key *key, const struct config *config)
{
	int length = key->format(config, NULL, 0);
	char *text = length < 0 ? NULL : malloc((size_t) length + 1);

	if (!text || key->format(config, text, (size_t) length + 1) != length ||
	    strlen(text) != (size_t) length)
		abort();
	return text;
}

static void check_round_trip(const struct config *config)
{
	struct config again;

	config_init(&again);
	for (size_t i = 0; i < config_key_count; i++) {
		char *text = format_key(&config_keys[i], config), *text_again;

		if (config_keys[i].set(&again, text) < 0)
			abort();
		text_again = format_key(&config_keys[i], &again);
		if (strcmp(text, text_again) != 0)
			abort();
		free(text);
		free(text_again);
	}
	if (!cpumask_equal(&config->use_cpus.cpus, &again.use_cpus.cpus) ||
	    !cpumask_equal(&config->exclude_cpus.cpus, &again.exclude_cpus.cpus) ||
	    config_cpus_empty(&config->use_cpus))
		abort();
	config_deinit(&again);
}

/* The text that adding makes must mean the sum. */
static void check_addition(struct config *config)
{
	const struct cpumask more = cpumask_range(60, 70);
	struct config_cpus *cpus = &config->exclude_cpus, again = { .text = NULL };

	if (config_cpus_add(cpus, &more) < 0 ||
	    config_cpus_parse(&again, config_cpus_text(cpus)) < 0 ||
	    !cpumask_equal(&cpus->cpus, &again.cpus) || cpus->all != again.all ||
	    cpus->isolated != again.isolated ||
	    memcmp(cpus->nodes, again.nodes, sizeof(again.nodes)) != 0)
		abort();
	config_cpus_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct config config;
	int r;

	config_init(&config);
	r = config_parse(&config, "fuzz", (const char *) data, size, &messages);
	if ((r < 0) != (messages.errors > 0))
		abort();
	config_check(&config, "fuzz", &messages);

	check_round_trip(&config);
	check_addition(&config);
	message_list_deinit(&messages);
	config_deinit(&config);
	return 0;
}
