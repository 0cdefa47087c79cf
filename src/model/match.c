#include "match.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define DRIVER_PREFIX "driver:"

static bool fits(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, 0) == 0;
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool fits_an_action(const char *pattern, const char *actions)
{
	char name[256];

	for (const char *start = actions; *start;) {
		size_t length = strcspn(start, ",");

		snprintf(name, sizeof(name), "%.*s", (int) length, start);
		if (fits(pattern, name))
			return true;
		start += length + (start[length] == ',');
	}
	return false;
}

static bool fits_a_slot(const char *pattern, const struct irq *irq)
{
	char slot[IRQ_SLOT_TEXT];

	if (list_empty(&irq->owners))
		return fits(pattern, irq_slot(irq, slot));
	list_foreach(vector, &irq->owners, struct vector, irq_link) {
		if (fits(pattern, vector_slot(vector, slot)))
			return true;
	}
	return false;
}

bool match_irq(const char *pattern, const struct irq *irq)
{
	char number[16];

	if (starts_with(pattern, IRQ_SLOT_PREFIX))
		pattern += strlen(IRQ_SLOT_PREFIX);
	else if (strchr(pattern, '/') && fits_a_slot(pattern, irq))
		return true;
	snprintf(number, sizeof(number), "%u", irq->number);
	return fits(pattern, number) || fits_an_action(pattern, irq->actions);
}

bool match_any_irq(const struct pattern_list *patterns, const struct irq *irq)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (match_irq(patterns->items[i], irq))
			return true;
	return false;
}

bool match_any_slot(const struct pattern_list *slots, const struct irq *irq)
{
	for (size_t i = 0; i < slots->count; i++)
		if (fits_a_slot(slots->items[i], irq))
			return true;
	return false;
}

bool match_any_text(const struct pattern_list *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (fits(patterns->items[i], text))
			return true;
	return false;
}

/* "8086:10d3" is shorter than any address, so a pattern for one is hardly one for the other. */
static bool fits_device(const char *pattern, const struct device *device)
{
	char addr[PCI_ADDR_TEXT], id[sizeof("8086:10d3")];

	if (fits(pattern, pci_addr_format(&device->addr, addr)))
		return true;
	(void) snprintf(id, sizeof(id), "%04x:%04x", device->vendor, device->device);
	if (fits(pattern, id))
		return true;
	list_foreach(netdev, &device->netdevs, struct netdev, device_link) {
		if (fits(pattern, netdev->name))
			return true;
	}
	return false;
}

bool match_any_device(const struct pattern_list *patterns, const struct device *device)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (fits_device(patterns->items[i], device))
			return true;
	return false;
}

/* The kernel takes no ':' and no '/' in such a name. */
static bool may_name_netdev(const char *pattern)
{
	return !strpbrk(pattern, ":/");
}

bool match_goes_by_netdev(const struct rules *rules)
{
	for (size_t i = 0; i < rules->ban_devices.count; i++)
		if (may_name_netdev(rules->ban_devices.items[i]))
			return true;
	for (size_t i = 0; i < rules->cpus.count; i++)
		if (may_name_netdev(rules->cpus.items[i].pattern))
			return true;
	return false;
}

static bool rule_fits_irq(const struct cpu_rule *rule, const struct irq *irq)
{
	if (starts_with(rule->pattern, IRQ_SLOT_PREFIX))
		return match_irq(rule->pattern, irq);
	return strchr(rule->pattern, '/') && fits_a_slot(rule->pattern, irq);
}

static bool rule_fits_device(const struct cpu_rule *rule, const struct device *device)
{
	if (starts_with(rule->pattern, IRQ_SLOT_PREFIX) || strchr(rule->pattern, '/'))
		return false;
	if (starts_with(rule->pattern, DRIVER_PREFIX))
		return fits(rule->pattern + strlen(DRIVER_PREFIX), device->driver);
	return fits_device(rule->pattern, device);
}

const struct cpu_rule *match_rule_of_irq(const struct rules *rules, const struct irq *irq)
{
	for (size_t i = 0; i < rules->pins.count; i++)
		if (fits_a_slot(rules->pins.items[i].pattern, irq))
			return &rules->pins.items[i];
	for (size_t i = 0; i < rules->cpus.count; i++)
		if (rule_fits_irq(&rules->cpus.items[i], irq))
			return &rules->cpus.items[i];
	return NULL;
}

const struct cpu_rule *match_rule_of_device(const struct rules *rules, const struct device *device)
{
	for (size_t i = 0; i < rules->cpus.count; i++)
		if (rule_fits_device(&rules->cpus.items[i], device))
			return &rules->cpus.items[i];
	return NULL;
}
