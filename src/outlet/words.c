#include "irqherd/outlet/words.h"

#include <stdio.h>
#include <string.h>

const char *percent_format(uint32_t ppm, char text[PERCENT_TEXT])
{
	(void) snprintf(text, PERCENT_TEXT, "%u.%u%%", ppm / 10000, ppm / 1000 % 10);
	return text;
}

const char *percent_format_short(uint32_t ppm, char text[PERCENT_TEXT])
{
	size_t length;

	length = (size_t) snprintf(text, PERCENT_TEXT, "%u.%04u", ppm / 10000, ppm % 10000);
	while (text[length - 1] == '0')
		length--;
	if (text[length - 1] == '.')
		length--;
	(void) snprintf(text + length, PERCENT_TEXT - length, "%%");
	return text;
}

const char *queue_format(const struct irq *irq, char text[QUEUE_TEXT])
{
	const char *kind = "";

	switch (irq->queue.kind) {
	case QUEUE_NONE:
		text[0] = '\0';
		return text;
	case QUEUE_RX:
		kind = "rx";
		break;
	case QUEUE_TX:
		kind = "tx";
		break;
	case QUEUE_COMBINED:
		kind = "combined";
		break;
	case QUEUE_OTHER:
		kind = "queue";
		break;
	}
	(void) snprintf(text, QUEUE_TEXT, "%s-%u", kind, irq->queue.index);
	return text;
}

static bool has_queue_on(const struct netdev *netdev, unsigned int irq)
{
	for (unsigned int i = 0; i < netdev->queue_count; i++)
		if (netdev->queues[i].irq == irq)
			return true;
	return false;
}

/* The name stands at the start of a word: "eth1-rx-0" is not of "h1", "eth10-rx-0" not of "eth1".
 */
static bool names(const char *actions, const char *name)
{
	const char *separators = "-:@, .([/";
	size_t length = strlen(name);

	for (const char *at = strstr(actions, name); at; at = strstr(at + 1, name))
		if ((at == actions || strchr(separators, at[-1])) &&
		    (at[length] == '\0' || strchr(separators, at[length])))
			return true;
	return false;
}

const struct netdev *irq_netdev(const struct irq *irq)
{
	const struct device *device = irq_device(irq);
	const struct netdev *only = NULL;
	unsigned int count = 0;

	if (!device)
		return NULL;

	list_foreach(netdev, &device->netdevs, struct netdev, device_link) {
		if (has_queue_on(netdev, irq->number))
			return netdev;
		only = netdev;
		count++;
	}
	if (count == 1)
		return only;

	list_foreach(netdev, &device->netdevs, struct netdev, device_link)
		if (names(irq->actions, netdev->name))
			return netdev;
	return NULL;
}

int words_home_place(const struct home *home, struct buf *text)
{
	if (home->node != NODE_NONE)
		return buf_printf(text, "node %d", home->node);

	switch (home->origin) {
	case HOME_ALL:
		return buf_puts(text, "all CPUs");
	case HOME_SYSFS:
	case HOME_PARENT:
		return buf_puts(text, "local CPUs");
	case HOME_PROPERTY:
	case HOME_PROXIMITY:
	case HOME_RULE:
		return buf_puts(text, "CPU set");
	case HOME_INTERLEAVED:
	case HOME_PREFERRED:
	case HOME_IRQ_NODE:
		break;
	}
	return buf_puts(text, "several nodes");
}

int words_home_origin(const struct home *home, struct buf *text)
{
	int r = 0;

	if (home->origin != HOME_ALL)
		r = buf_puts(text, home_origin_name(home->origin));
	if (r >= 0 && home->origin == HOME_PROXIMITY && home->line > 0)
		r = buf_printf(text, ", line %u", home->line);
	if (r >= 0 && home->nearest)
		r = buf_printf(text, "%snearest usable CPUs", home->origin == HOME_ALL ? "" : "; ");
	return r;
}

int words_cpumask(const struct cpumask *cpus, struct buf *text)
{
	char list[CPULIST_TEXT];

	if (cpumask_empty(cpus))
		return buf_puts(text, "none");
	(void) cpulist_format(cpus, list, sizeof(list));
	return buf_puts(text, list);
}

int words_cpulist(const struct inventory *inventory, mask_id cpus, struct buf *text)
{
	struct cpumask mask;

	mask_get(&inventory->masks, cpus, &mask);
	return words_cpumask(&mask, text);
}

int words_ranges(const unsigned int *numbers, size_t count, struct buf *text)
{
	size_t last;
	int r = 0;

	for (size_t first = 0; first < count && r >= 0; first = last + 1) {
		const char *comma = first > 0 ? "," : "";

		last = first;
		while (last + 1 < count && numbers[last + 1] == numbers[last] + 1)
			last++;
		if (last > first)
			r = buf_printf(text, "%s%u-%u", comma, numbers[first], numbers[last]);
		else
			r = buf_printf(text, "%s%u", comma, numbers[first]);
	}
	return r;
}
