#include "irqherd/daemon/steering.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void steering_deinit(struct steering *steering)
{
	for (size_t i = 0; i < steering->pin_count; i++)
		free(steering->pins[i]);
	for (size_t i = 0; i < steering->ban_count; i++)
		free(steering->bans[i]);
	free(steering->pins);
	free(steering->rules);
	free(steering->bans);
	*steering = STEERING_INIT;
}

static void drop_pin(struct steering *steering, size_t i)
{
	free(steering->pins[i]);
	steering->pin_count--;
	steering->pins[i] = steering->pins[steering->pin_count];
	steering->rules[i] = steering->rules[steering->pin_count];
}

static size_t find_pin(const struct steering *steering, const char *slot)
{
	size_t i = 0;

	while (i < steering->pin_count && strcmp(steering->pins[i]->slot, slot) != 0)
		i++;
	return i;
}

static size_t find_ban(const struct steering *steering, const char *slot)
{
	size_t i = 0;

	while (i < steering->ban_count && strcmp(steering->bans[i], slot) != 0)
		i++;
	return i;
}

bool steering_release(struct steering *steering, const char *slot)
{
	size_t pin = find_pin(steering, slot), ban = find_ban(steering, slot);
	bool found = false;

	if (pin < steering->pin_count) {
		drop_pin(steering, pin);
		found = true;
	}
	if (ban < steering->ban_count) {
		free(steering->bans[ban]);
		steering->bans[ban] = steering->bans[--steering->ban_count];
		found = true;
	}
	return found;
}

int steering_pin(struct steering *steering, const char *slot, const struct cpumask *cpus)
{
	struct cpu_rule *rules;
	struct pin **pins, *pin;

	if (find_pin(steering, slot) >= STEERING_LIMIT || strlen(slot) >= IRQ_SLOT_TEXT)
		return -ENOSPC;
	pins = reallocarray(steering->pins, steering->pin_count + 1, sizeof(pins[0]));
	if (!pins)
		return -ENOMEM;
	steering->pins = pins;
	rules = reallocarray(steering->rules, steering->pin_count + 1, sizeof(rules[0]));
	if (!rules)
		return -ENOMEM;
	steering->rules = rules;
	pin = malloc(sizeof(*pin));
	if (!pin)
		return -ENOMEM;
	strcpy(pin->slot, slot);
	pin->cpus = *cpus;

	(void) steering_release(steering, slot);
	steering->pins[steering->pin_count] = pin;
	steering->rules[steering->pin_count] = (struct cpu_rule){ .pattern = pin->slot,
								  .cpus = &pin->cpus };
	steering->pin_count++;
	return 0;
}

int steering_ban(struct steering *steering, const char *slot)
{
	char **bans, *copy;

	if (find_ban(steering, slot) >= STEERING_LIMIT)
		return -ENOSPC;
	bans = reallocarray(steering->bans, steering->ban_count + 1, sizeof(bans[0]));
	if (!bans)
		return -ENOMEM;
	steering->bans = bans;
	copy = strdup(slot);
	if (!copy)
		return -ENOMEM;

	(void) steering_release(steering, slot);
	steering->bans[steering->ban_count++] = copy;
	return 0;
}

void steering_add_rules(const struct steering *steering, struct rules *rules)
{
	rules->pins = (struct cpu_rule_list){ steering->rules, steering->pin_count };
	rules->banned = (struct pattern_list){ steering->bans, steering->ban_count };
}
