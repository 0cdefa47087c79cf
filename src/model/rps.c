#include "irqherd/model/rps.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>

#include "irqherd/model/inventory.h"

void rps_plan_deinit(struct rps_plan *plan)
{
	free(plan->items);
	*plan = RPS_PLAN_INIT;
}

int rps_plan_add(struct rps_plan *plan, const struct rps_change *change)
{
	if (plan->count == plan->size) {
		size_t size = plan->size ? 2 * plan->size : 4;
		struct rps_change *items = realloc(plan->items, size * sizeof(*items));

		if (!items)
			return -ENOMEM;
		plan->items = items;
		plan->size = size;
	}
	plan->items[plan->count++] = *change;
	return 0;
}

void received_count(struct received *received, uint32_t total)
{
	received->packets = total - received->total;
	received->total = total;
	if (received->readings < 2)
		received->readings++;
}

const char *rps_reason_name(enum rps_reason reason)
{
	switch (reason) {
	case RPS_FOR_LOAD:
		return "overloaded";
	case RPS_FOR_DROPS:
		return "drops";
	case RPS_FOR_CPUS:
		return "cpus-changed";
	case RPS_CALM:
		return "calm";
	case RPS_UNWANTED:
		return "unwanted";
	}
	return "?";
}

enum rps_wish netdev_rps_wish(const struct inventory *inventory, const struct netdev *netdev)
{
	const struct pattern_list *wanted = &inventory->rules.rps_devices;
	const struct device *device = netdev->device;
	char addr[PCI_ADDR_TEXT];

	if (!device || device->ignored)
		return RPS_OFF;
	if (device->rps_wish != RPS_UNSAID)
		return device->rps_wish;
	if (wanted->count == 0)
		return RPS_OFF;

	pci_addr_format(&device->addr, addr);
	for (size_t i = 0; i < wanted->count; i++)
		if (fnmatch(wanted->items[i], addr, 0) == 0 ||
		    fnmatch(wanted->items[i], netdev->name, 0) == 0)
			return RPS_AUTO;
	return RPS_OFF;
}

static bool receives(const struct irq *irq)
{
	return irq->queue.kind == QUEUE_RX || irq->queue.kind == QUEUE_COMBINED;
}

const struct irq *netdev_only_receiver(const struct netdev *netdev)
{
	const struct device *device = netdev->device;
	const struct irq *receiver = NULL, *only = NULL;
	unsigned int receivers = 0, requested = 0;

	if (!device || netdev->rx_queues != 1)
		return NULL;
	for (unsigned int i = 0; i < netdev->queue_count; i++) {
		const struct queue_facts *queue = &netdev->queues[i];

		if (queue->kind != QUEUE_RX && queue->kind != QUEUE_COMBINED)
			continue;
		list_foreach(vector, &device->vectors, struct vector, device_link)
			if (vector->irq->number == queue->irq && vector->irq->requested)
				return vector->irq;
	}

	/* whose IRQ it is can only be told if the device has no other network device */
	if (device->netdevs.next->next != &device->netdevs)
		return NULL;
	list_foreach(vector, &device->vectors, struct vector, device_link) {
		if (!vector->irq->requested)
			continue;
		requested++;
		only = vector->irq;
		if (receives(vector->irq)) {
			receivers++;
			receiver = vector->irq;
		}
	}
	if (receivers == 1)
		return receiver;
	return requested == 1 ? only : NULL;
}
