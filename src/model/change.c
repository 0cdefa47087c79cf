#include "irqherd/model/change.h"

#include <errno.h>
#include <stdlib.h>

void change_list_deinit(struct change_list *list)
{
	free(list->items);
	*list = CHANGE_LIST_INIT;
}

void change_list_reset(struct change_list *list)
{
	list->count = 0;
}

int change_list_add(struct change_list *list, const struct change *change)
{
	if (!list)
		return 0;
	if (list->count == list->size) {
		size_t size = list->size ? 2 * list->size : 16;
		struct change *items = realloc(list->items, size * sizeof(items[0]));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->size = size;
	}
	list->items[list->count++] = *change;
	return 0;
}

const char *change_kind_name(enum change_kind kind)
{
	switch (kind) {
	case CHANGE_DEVICE_ARRIVED:
		return "device-arrived";
	case CHANGE_DEVICE_GONE:
		return "device-gone";
	case CHANGE_DEVICE_UPDATED:
		return "device-updated";
	case CHANGE_DEVICE_REHOMED:
		return "device-rehomed";
	case CHANGE_IRQ_ARRIVED:
		return "irq-arrived";
	case CHANGE_IRQ_GONE:
		return "irq-gone";
	case CHANGE_IRQ_REMADE:
		return "irq-remade";
	case CHANGE_IRQ_REQUESTED:
		return "irq-requested";
	case CHANGE_IRQ_RELEASED:
		return "irq-released";
	case CHANGE_IRQ_RENAMED:
		return "irq-renamed";
	case CHANGE_IRQ_REHOMED:
		return "irq-rehomed";
	case CHANGE_IRQ_MOVED_BY_KERNEL:
		return "irq-moved-by-kernel";
	case CHANGE_IRQ_MOVED_BY_OTHERS:
		return "irq-moved-by-others";
	case CHANGE_NETDEV_ARRIVED:
		return "netdev-arrived";
	case CHANGE_NETDEV_GONE:
		return "netdev-gone";
	case CHANGE_NETDEV_RENAMED:
		return "netdev-renamed";
	case CHANGE_NETDEV_QUEUES:
		return "netdev-queues";
	case CHANGE_NETDEV_LINK:
		return "netdev-link";
	case CHANGE_CPU_ONLINE:
		return "cpu-online";
	case CHANGE_CPU_OFFLINE:
		return "cpu-offline";
	case CHANGE_TOPOLOGY:
		return "topology";
	}
	return "unknown";
}
