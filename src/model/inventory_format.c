/*
 * The inventory as text: sorted, complete, and free of what depends on history. Two inventories
 * that know the same things give the same text; the property tests live on that.
 */
#include "irqherd/model/inventory.h"

static int puts_list(struct buf *text, const char *key, const struct cpumask *cpus)
{
	char list[CPULIST_TEXT];

	cpulist_format(cpus, list, sizeof(list));
	return buf_printf(text, " %s=%s", key, list);
}

static int puts_mask(const struct inventory *inventory, struct buf *text, const char *key,
		     mask_id id)
{
	struct cpumask cpus;

	mask_get(&inventory->masks, id, &cpus);
	return puts_list(text, key, &cpus);
}

static int puts_home(const struct inventory *inventory, struct buf *text, const struct home *home)
{
	int r = puts_mask(inventory, text, "home", home->cpus);

	if (r < 0)
		return r;
	return buf_printf(text, " node=%d origin=\"%s\" line=%u%s", home->node,
			  home_origin_name(home->origin), home->line,
			  home->nearest ? " nearest" : "");
}

static int format_topology(const struct inventory *inventory, struct buf *text)
{
	const struct topology *topology = &inventory->topology;
	int r;

	r = buf_puts(text, "cpus");
	if (r >= 0)
		r = puts_list(text, "possible", &topology->possible);
	if (r >= 0)
		r = puts_list(text, "present", &topology->present);
	if (r >= 0)
		r = puts_list(text, "online", &topology->online);
	if (r >= 0)
		r = puts_list(text, "isolated", &topology->isolated);
	if (r >= 0)
		r = puts_list(text, "usable", &inventory->usable);
	if (r >= 0)
		r = buf_puts(text, "\n");
	for (unsigned int i = 0; r >= 0 && i < topology->cpu_count; i++) {
		const struct cpu *cpu = &topology->cpus[i];

		r = buf_printf(text, "cpu %u node=%d core=%d llc=%d package=%d%s\n", i, cpu->node,
			       cpu->core, cpu->llc, cpu->package,
			       cpu->first_thread ? " first-thread" : "");
	}
	for (unsigned int i = 0; r >= 0 && i < topology->node_count; i++) {
		const struct node *node = &topology->nodes[i];

		r = buf_printf(text, "node %d", node->number);
		if (r >= 0)
			r = puts_list(text, "cpus", &node->cpus);
		for (unsigned int k = 0; r >= 0 && node->distances && k < topology->node_count; k++)
			r = buf_printf(text, "%s%u", k ? "," : " distances=", node->distances[k]);
		if (r >= 0)
			r = buf_puts(text, "\n");
	}
	return r;
}

static const char *queue_kind_name(enum queue_kind kind)
{
	switch (kind) {
	case QUEUE_NONE:
		return "none";
	case QUEUE_RX:
		return "rx";
	case QUEUE_TX:
		return "tx";
	case QUEUE_COMBINED:
		return "combined";
	case QUEUE_OTHER:
		return "queue";
	}
	return "unknown";
}

static int format_irq(const struct inventory *inventory, const struct irq *irq, struct buf *text)
{
	int r;

	r = buf_printf(text, "irq %u type=%s", irq->number, irq_type_name(irq->type));
	list_foreach(vector, &irq->owners, struct vector, irq_link) {
		char addr[PCI_ADDR_TEXT];

		if (r >= 0)
			r = buf_printf(text, " vector=%s/%u",
				       pci_addr_format(&vector->device->addr, addr), vector->index);
	}
	if (r >= 0)
		r = puts_mask(inventory, text, "asked", irq->asked);
	if (r >= 0)
		r = buf_printf(text, " effective=%d", irq->effective_cpu);
	if (r >= 0)
		r = puts_home(inventory, text, &irq->home);
	if (r >= 0 && irq->queue.kind != QUEUE_NONE)
		r = buf_printf(text, " queue=%s-%u(%s)", queue_kind_name(irq->queue.kind),
			       irq->queue.index,
			       irq->queue.origin == ORIGIN_NETDEV_GENL ? "driver" : "name");
	if (r >= 0)
		r = buf_printf(text, "%s%s%s actions=\"%s\"\n",
			       irq->requested ? "" : " unrequested", irq->managed ? " managed" : "",
			       irq->banned ? " banned" : "", irq->actions);
	return r;
}

static int format_device(const struct inventory *inventory, const struct device *device,
			 struct buf *text)
{
	char addr[PCI_ADDR_TEXT];
	int r;

	r = buf_printf(text, "device %s class=%06x id=%04x:%04x driver=%s sysfs-node=%d%s",
		       pci_addr_format(&device->addr, addr), device->class, device->vendor,
		       device->device, device->driver, device->node,
		       device->node_from_parent ? "(parent)" : "");
	if (r >= 0)
		r = puts_mask(inventory, text, "local", device->local_cpus);
	if (r >= 0)
		r = puts_home(inventory, text, &device->home);
	if (r >= 0)
		r = buf_printf(text, " vectors=%u%s\n", device->vector_count,
			       device->ignored ? " ignored" : "");
	return r;
}

static int format_netdev(const struct netdev *netdev, struct buf *text)
{
	char addr[PCI_ADDR_TEXT];

	return buf_printf(text, "netdev %d name=%s %s rx=%u tx=%u told=%u device=%s%s\n",
			  netdev->ifindex, netdev->name, netdev->up ? "up" : "down",
			  netdev->rx_queues, netdev->tx_queues, netdev->queue_count,
			  netdev->has_device ? pci_addr_format(&netdev->addr, addr) : "none",
			  netdev->has_device && !netdev->device ? "(unknown)" : "");
}

int inventory_format(const struct inventory *inventory, struct buf *text)
{
	int r = format_topology(inventory, text);

	inventory_foreach_device(device, inventory) {
		if (r >= 0)
			r = format_device(inventory, device, text);
	}
	inventory_foreach_irq(irq, inventory) {
		if (r >= 0)
			r = format_irq(inventory, irq, text);
	}
	inventory_foreach_netdev(netdev, inventory) {
		if (r >= 0)
			r = format_netdev(netdev, text);
	}
	return r;
}
