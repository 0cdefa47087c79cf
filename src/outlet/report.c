/* The texts that are part of a line. The pages are in report_machine.c, _devices.c, _cpus.c,
 * _plan.c. */
#include "irqherd/outlet/report.h"

#include <string.h>

#include "irqherd/outlet/page.h"
#include "irqherd/outlet/words.h"

int report_home(const struct inventory *inventory, const struct home *home, struct buf *text)
{
	_cleanup_(buf_deinit) struct buf origin = BUF_INIT;
	int r;

	(void) inventory;
	r = words_home_origin(home, &origin);
	if (r < 0)
		return r;

	r = words_home_place(home, text);
	if (r >= 0 && origin.length > 0)
		r = buf_printf(text, " (%s)", origin.data);
	return r;
}

/* A value as the last part of key=value: quoted where a blank would end it. */
static void put_value(struct page *page, const char *key, const char *value)
{
	if (strpbrk(value, " =\""))
		page_printf(page, " %s=\"%s\"", key, value);
	else
		page_printf(page, " %s=%s", key, value);
}

static void put_device(struct page *page, const struct pci_addr *addr)
{
	char address[PCI_ADDR_TEXT];

	page_printf(page, " device=%s", pci_addr_format(addr, address));
}

/* "home=0-15 (node 0, sysfs)" */
static void put_home(struct page *page, const struct inventory *inventory, const struct home *home)
{
	_cleanup_(buf_deinit) struct buf origin = BUF_INIT;

	page_printf(page, " home=");
	page_keep(page, words_cpulist(inventory, home->cpus, &page->line));
	page_printf(page, " (");
	page_keep(page, words_home_place(home, &page->line));
	page_keep(page, words_home_origin(home, &origin));
	page_printf(page, "%s%s)", origin.length > 0 ? ", " : "", buf_text(&origin));
}

/* What it serves: its queue where that is known, else its action's name. */
static void put_service(struct page *page, const struct irq *irq)
{
	const struct netdev *netdev = irq_netdev(irq);
	char queue[QUEUE_TEXT];

	if (netdev)
		put_value(page, "netdev", netdev->name);
	if (*queue_format(irq, queue))
		put_value(page, "queue", queue);
	else if (*irq->actions)
		put_value(page, "action", irq->actions);
}

/* Hands the finished line over; it is not folded. */
static int finish_line(struct page *page)
{
	text_clean(&page->line, 0);
	page_keep(page, buf_puts(page->text, buf_text(&page->line)));
	return page_finish(page);
}

int report_move(const struct inventory *inventory, const struct move *move, const char *verb,
		struct buf *text)
{
	const struct irq *irq = inventory_find_irq(inventory, move->irq);
	const struct device *device = irq ? irq_device(irq) : NULL;
	struct page page = PAGE_INIT(text);
	char percent[PERCENT_TEXT];

	page_printf(&page, "%s IRQ %u from ", verb, move->irq);
	if (move->from_cpu != CPU_NONE)
		page_printf(&page, "CPU %d", move->from_cpu);
	else
		page_printf(&page, "several CPUs");
	page_printf(&page, " to CPU %d:", move->to_cpu);

	if (device)
		put_device(&page, &device->addr);
	if (irq)
		put_service(&page, irq);
	if (move->from_load_ppm > 0)
		page_printf(&page, " load=%s", percent_format(move->from_load_ppm, percent));
	page_printf(&page, " reason=%s", move_reason_name(move->reason));
	if (move->timed)
		page_printf(&page, " after=%llums", (unsigned long long) move->after_ms);
	return finish_line(&page);
}

int report_rps(const struct inventory *inventory, const struct rps_change *change, const char *verb,
	       struct buf *text)
{
	const struct netdev *netdev = inventory_find_netdev(inventory, change->ifindex);
	struct page page = PAGE_INIT(text);
	char percent[PERCENT_TEXT];

	if (cpumask_empty(&change->cpus)) {
		page_printf(&page, "%s packets of %s:", *verb ? "would gather" : "gathered",
			    netdev ? netdev->name : "?");
	} else {
		page_printf(&page, "%sspread packets of %s over CPUs ", verb,
			    netdev ? netdev->name : "?");
		page_keep(&page, words_cpumask(&change->cpus, &page.line));
		page_printf(&page, ":");
	}
	if (netdev && netdev->has_device)
		put_device(&page, &netdev->addr);
	if (change->irq_cpu != CPU_NONE)
		page_printf(&page, " cpu=%d", change->irq_cpu);
	page_printf(&page, " load=%s", percent_format(change->load_ppm, percent));
	if (change->dropped > 0)
		page_printf(&page, " dropped=%u", change->dropped);
	page_printf(&page, " reason=%s", rps_reason_name(change->reason));
	return finish_line(&page);
}

/* The record may be gone already: then the line says what the change itself knows. */
static void put_irq_change(struct page *page, const struct inventory *inventory,
			   const struct change *change)
{
	const struct irq *irq = inventory_find_irq(inventory, change->irq);

	page_printf(page, " irq=%u", change->irq);
	if (change->has_device) {
		put_device(page, &change->addr);
		page_printf(page, " vector=%u", change->index);
	}
	if (!irq || change->kind == CHANGE_IRQ_GONE)
		return;

	if (change->kind != CHANGE_IRQ_REHOMED)
		put_service(page, irq);
	if (irq->managed && change->kind == CHANGE_IRQ_ARRIVED)
		page_printf(page, " managed=yes");
	if (change->kind == CHANGE_IRQ_REHOMED ||
	    (change->kind == CHANGE_IRQ_ARRIVED && !change->has_device))
		put_home(page, inventory, &irq->home);
	if (change->kind == CHANGE_IRQ_MOVED_BY_KERNEL ||
	    change->kind == CHANGE_IRQ_MOVED_BY_OTHERS) {
		page_printf(page, " asked=");
		page_keep(page, words_cpulist(inventory, irq->asked, &page->line));
		if (irq->effective_cpu != CPU_NONE)
			page_printf(page, " cpu=%d", irq->effective_cpu);
	}
}

static void put_device_change(struct page *page, const struct inventory *inventory,
			      const struct change *change)
{
	const struct device *device = inventory_find_device(inventory, &change->addr);

	put_device(page, &change->addr);
	if (!device || change->kind == CHANGE_DEVICE_GONE)
		return;

	if (change->kind != CHANGE_DEVICE_REHOMED) {
		put_value(page, "driver", *device->driver ? device->driver : "none");
		page_printf(page, " irqs=%u", device->vector_count);
		if (device->ignored)
			page_printf(page, " ignored=yes");
	}
	if (change->kind != CHANGE_DEVICE_UPDATED)
		put_home(page, inventory, &device->home);
}

static void put_netdev_change(struct page *page, const struct change *change,
			      const struct netdev *netdev)
{
	if (netdev)
		put_value(page, "netdev", netdev->name);
	page_printf(page, " ifindex=%d", change->ifindex);
	if (change->has_device)
		put_device(page, &change->addr);
	if (netdev &&
	    (change->kind == CHANGE_NETDEV_ARRIVED || change->kind == CHANGE_NETDEV_QUEUES))
		page_printf(page, " rx-queues=%u tx-queues=%u", netdev->rx_queues,
			    netdev->tx_queues);
}

static void put_cpu_change(struct page *page, const struct inventory *inventory, int cpu)
{
	const struct topology *topology = &inventory->topology;

	page_printf(page, " cpu=%d", cpu);
	if (cpu >= 0 && (unsigned int) cpu < topology->cpu_count &&
	    topology->cpus[cpu].node != NODE_NONE)
		page_printf(page, " node=%d", topology->cpus[cpu].node);
}

static void put_topology(struct page *page, const struct topology *topology)
{
	page_printf(page, " online=");
	page_keep(page, words_cpumask(&topology->online, &page->line));
	page_printf(page, " isolated=");
	page_keep(page, words_cpumask(&topology->isolated, &page->line));
	page_printf(page, " nodes=%u", topology->node_count);
}

static const char *change_words(enum change_kind kind, const struct netdev *netdev)
{
	switch (kind) {
	case CHANGE_DEVICE_ARRIVED:
		return "device arrived";
	case CHANGE_DEVICE_GONE:
		return "device gone";
	case CHANGE_DEVICE_UPDATED:
		return "device changed";
	case CHANGE_DEVICE_REHOMED:
		return "device has a new home";
	case CHANGE_IRQ_ARRIVED:
		return "IRQ arrived";
	case CHANGE_IRQ_GONE:
		return "IRQ gone";
	case CHANGE_IRQ_REMADE:
		return "IRQ made anew";
	case CHANGE_IRQ_REQUESTED:
		return "IRQ taken into use";
	case CHANGE_IRQ_RELEASED:
		return "IRQ not in use any more";
	case CHANGE_IRQ_RENAMED:
		return "IRQ renamed";
	case CHANGE_IRQ_REHOMED:
		return "IRQ has a new home";
	case CHANGE_IRQ_MOVED_BY_KERNEL:
		return "IRQ moved by the kernel";
	case CHANGE_IRQ_MOVED_BY_OTHERS:
		return "IRQ moved by others";
	case CHANGE_NETDEV_ARRIVED:
		return "network device arrived";
	case CHANGE_NETDEV_GONE:
		return "network device gone";
	case CHANGE_NETDEV_RENAMED:
		return "network device renamed";
	case CHANGE_NETDEV_QUEUES:
		return "network device has other queues";
	case CHANGE_NETDEV_LINK:
		if (!netdev)
			return "network device up or down";
		return netdev->up ? "network device up" : "network device down";
	case CHANGE_CPU_ONLINE:
		return "CPU online";
	case CHANGE_CPU_OFFLINE:
		return "CPU offline";
	case CHANGE_TOPOLOGY:
		return "topology changed";
	}
	return "changed";
}

int report_change(const struct inventory *inventory, const struct change *change, struct buf *text)
{
	struct page page = PAGE_INIT(text);
	const struct netdev *netdev = NULL;

	if (change->ifindex > 0)
		netdev = inventory_find_netdev(inventory, change->ifindex);
	page_printf(&page, "%s:", change_words(change->kind, netdev));

	switch (change->kind) {
	case CHANGE_DEVICE_ARRIVED:
	case CHANGE_DEVICE_GONE:
	case CHANGE_DEVICE_UPDATED:
	case CHANGE_DEVICE_REHOMED:
		put_device_change(&page, inventory, change);
		break;
	case CHANGE_IRQ_ARRIVED:
	case CHANGE_IRQ_GONE:
	case CHANGE_IRQ_REMADE:
	case CHANGE_IRQ_REQUESTED:
	case CHANGE_IRQ_RELEASED:
	case CHANGE_IRQ_RENAMED:
	case CHANGE_IRQ_REHOMED:
	case CHANGE_IRQ_MOVED_BY_KERNEL:
	case CHANGE_IRQ_MOVED_BY_OTHERS:
		put_irq_change(&page, inventory, change);
		break;
	case CHANGE_NETDEV_ARRIVED:
	case CHANGE_NETDEV_GONE:
	case CHANGE_NETDEV_RENAMED:
	case CHANGE_NETDEV_QUEUES:
	case CHANGE_NETDEV_LINK:
		put_netdev_change(&page, change, netdev);
		break;
	case CHANGE_CPU_ONLINE:
	case CHANGE_CPU_OFFLINE:
		put_cpu_change(&page, inventory, change->cpu);
		break;
	case CHANGE_TOPOLOGY:
		put_topology(&page, &inventory->topology);
		break;
	}
	return finish_line(&page);
}
