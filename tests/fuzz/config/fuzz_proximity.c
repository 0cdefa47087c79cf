/*
 * Any text as a proximity file. Every rule must be whole, and the rule that is found for an address
 * must be the longest that fits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/proximity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rule(const struct proximity_rule *rule)
{
	switch (rule->kind) {
	case PROXIMITY_NODE:
		if (rule->cpus || rule->node < -1)
			abort();
		break;
	case PROXIMITY_CPUMASK:
		if (!rule->cpus || cpumask_empty(rule->cpus))
			abort();
		break;
	}
	if (rule->line == 0 || rule->prefix.length == 0)
		abort();
}

static void check_find(const struct proximity *proximity, const struct pci_addr *addr)
{
	const struct proximity_rule *found = proximity_find(proximity, addr);

	for (size_t i = 0; i < proximity->count; i++) {
		const struct proximity_rule *rule = &proximity->rules[i];

		if (!pci_prefix_match(&rule->prefix, addr))
			continue;
		if (!found || rule->prefix.length > found->prefix.length ||
		    (rule->prefix.length == found->prefix.length && rule < found))
			abort();
	}
	if (found && !pci_prefix_match(&found->prefix, addr))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pci_addr addresses[] = {
		{ 0, 0, 0, 0 }, { 0, 8, 0, 0 }, { 0, 0, 0x1c, 6 }, { 0x10000, 0xe1, 0, 0 }
	};
	struct message_list messages = MESSAGE_LIST_INIT;
	struct proximity proximity = PROXIMITY_INIT;
	int r;

	r = proximity_parse(&proximity, "fuzz", (const char *) data, size, &messages);
	if ((r < 0) != (messages.errors > 0))
		abort();

	for (size_t i = 0; i < proximity.count; i++)
		check_rule(&proximity.rules[i]);
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		check_find(&proximity, &addresses[i]);

	message_list_deinit(&messages);
	proximity_deinit(&proximity);
	return 0;
}
