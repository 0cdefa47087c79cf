/*
 * What a person wants to see first is where the interrupts of a device go and why there. So devices
 * lead, each with its home and its IRQs below it.
 *
 * A big machine has thousands of vectors that all look alike (a queue per CPU); a line for each
 * would hide the rest. Runs of like vectors are told in one line: those that the kernel manages
 * from three on, others when there are more than sixteen.
 */
#include "irqherd/outlet/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/outlet/page.h"
#include "irqherd/outlet/pci_class.h"
#include "irqherd/outlet/words.h"

#define RUN_MANAGED 3u /* like vectors that make a line */
#define RUN_LIKE    17u
#define LIST_WIDTH  40u /* a list of numbers up to which it is written out */

struct row {
	const struct irq *irq;
	unsigned int index; /* vector; of no meaning for IRQs without a device */
};

static bool is_stuck(const struct irq *irq)
{
	return irq->placement.state == PLACEMENT_STUCK;
}

static bool alike(const struct irq *a, const struct irq *b)
{
	return a->requested == b->requested && a->managed == b->managed && a->banned == b->banned &&
	       a->external == b->external && is_stuck(a) == is_stuck(b) &&
	       a->placement.refused == b->placement.refused && a->queue.kind == b->queue.kind &&
	       list_empty(&a->owners) == list_empty(&b->owners);
}

/* How many rows from the first on are told in one line; 1: it has its own. */
static size_t run_length(const struct row *rows, size_t count)
{
	const struct irq *first = rows[0].irq;
	size_t length = 1;

	/* Those without a device have nothing in common but that. */
	if (list_empty(&first->owners) && first->requested && !first->managed)
		return 1;

	while (length < count && alike(first, rows[length].irq))
		length++;
	return length >= (first->managed ? RUN_MANAGED : RUN_LIKE) ? length : 1;
}

static void page_flags(struct page *page, const struct inventory *inventory, const struct irq *irq,
		       const char *separator)
{
	bool shared = !list_empty(&irq->owners) && irq->owners.next->next != &irq->owners;

	page_flag(page, !irq->requested, "not in use", &separator);
	page_flag(page, irq->managed, "managed", &separator);
	page_flag(page, irq->banned, "banned", &separator);
	page_flag(page, irq->external, "external", &separator);
	page_flag(page, shared, "shared", &separator);
	page_flag(page, irq->placement.refused, "refused by the kernel", &separator);
	page_flag(page, is_stuck(irq), "stuck", &separator);
	if (irq->home.origin == HOME_IRQ_NODE) {
		page_flag(page, true, "home ", &separator);
		page_keep(page, report_home(inventory, &irq->home, &page->line));
	}
}

static void page_row_titles(struct page *page)
{
	page_printf(page, "  %7s %7s %6s  %-14s %10s  %-13s %s", "IRQ", "vector", "CPU", "asked",
		    "interrupts", "queue", "action");
	page_end_line(page, 0);
}

#define ASKED_WIDTH 14

/* A set that is too long for its column is told by its size. */
static void asked_text(const struct inventory *inventory, const struct irq *irq,
		       struct buf *ret_text)
{
	struct cpumask asked;

	if (irq->asked == MASK_NONE) {
		(void) buf_puts(ret_text, "-");
		return;
	}
	mask_get(&inventory->masks, irq->asked, &asked);
	(void) words_cpumask(&asked, ret_text);
	if (ret_text->length > ASKED_WIDTH) {
		buf_reset(ret_text);
		(void) buf_printf(ret_text, "%u CPUs", cpumask_count(&asked));
	}
}

static void page_row(struct page *page, const struct inventory *inventory, const struct load *load,
		     const struct row *row)
{
	_cleanup_(buf_deinit) struct buf asked = BUF_INIT;
	const struct irq *irq = row->irq;
	char index[16] = "-";
	char cpu[16] = "-";
	char count[16] = "-";
	char queue[QUEUE_TEXT];

	asked_text(inventory, irq, &asked);
	if (!list_empty(&irq->owners))
		(void) snprintf(index, sizeof(index), "%u", row->index);
	if (irq->effective_cpu != CPU_NONE && irq->requested)
		(void) snprintf(cpu, sizeof(cpu), "%d", irq->effective_cpu);
	if (load)
		(void) snprintf(count, sizeof(count), "%u", load_irq_count(load, irq->number));
	(void) queue_format(irq, queue);

	page_printf(page, "  %7u %7s %6s  %-14s %10s  %-13s %s", irq->number, index, cpu,
		    buf_text(&asked), count, *queue ? queue : "-",
		    *irq->actions ? irq->actions : "-");
	page_flags(page, inventory, irq, "  ");
	page_end_line(page, 66);
}

struct run_sum {
	struct cpumask cpus; /* where they fire */
	unsigned int known;  /* how many fire on one known CPU */
	uint64_t interrupts;
	unsigned int most; /* of one IRQ */
	unsigned int most_irq;
};

static struct run_sum sum_run(const struct load *load, const struct row *rows, size_t count)
{
	struct run_sum sum = { .cpus = CPUMASK_NONE };

	for (size_t i = 0; i < count; i++) {
		const struct irq *irq = rows[i].irq;
		unsigned int interrupts = load ? load_irq_count(load, irq->number) : 0;

		if (irq->effective_cpu != CPU_NONE && irq->requested) {
			cpumask_set(&sum.cpus, (unsigned int) irq->effective_cpu);
			sum.known++;
		}
		sum.interrupts += interrupts;
		if (interrupts > sum.most) {
			sum.most = interrupts;
			sum.most_irq = irq->number;
		}
	}
	return sum;
}

/* Scattered numbers would fill the page and say nothing: then first and last stand for them. */
static void page_numbers(struct page *page, const char *name, const char *names,
			 const unsigned int *numbers, size_t count)
{
	_cleanup_(buf_deinit) struct buf ranges = BUF_INIT;

	page_keep(page, words_ranges(numbers, count, &ranges));
	if (ranges.length <= LIST_WIDTH)
		page_printf(page, "%s %s", name, buf_text(&ranges));
	else
		page_printf(page, "%zu %s from %u to %u", count, names, numbers[0],
			    numbers[count - 1]);
}

static void page_run_numbers(struct page *page, const struct row *rows, size_t count)
{
	unsigned int *numbers;

	numbers = calloc(count, sizeof(*numbers));
	if (!numbers) {
		page_keep(page, -ENOMEM);
		return;
	}

	page_printf(page, "    ");
	if (!list_empty(&rows[0].irq->owners)) {
		for (size_t i = 0; i < count; i++)
			numbers[i] = rows[i].index;
		page_numbers(page, "vectors", "vectors", numbers, count);
		page_printf(page, ": ");
	}
	for (size_t i = 0; i < count; i++)
		numbers[i] = rows[i].irq->number;
	page_numbers(page, "IRQ", "IRQs", numbers, count);
	free(numbers);
}

static void page_run_cpus(struct page *page, const struct cpumask *cpus, size_t count)
{
	_cleanup_(buf_deinit) struct buf list = BUF_INIT;
	bool each_its_own = cpumask_count(cpus) == count;

	page_keep(page, words_cpumask(cpus, &list));
	if (list.length <= LIST_WIDTH)
		page_printf(page, "%s %s", each_its_own ? ", one per CPU" : ", on CPUs",
			    buf_text(&list));
	else if (each_its_own)
		page_printf(page, ", each on its own CPU");
	else
		page_printf(page, ", on %u CPUs", cpumask_count(cpus));
}

/* "vectors 0-62: IRQ 120-182, one per CPU 0-62, …": what a row of the table says, of all of them.
 */
static void page_run(struct page *page, const struct inventory *inventory, const struct load *load,
		     const struct row *rows, size_t count)
{
	const struct irq *first = rows[0].irq;
	const struct irq *last = rows[count - 1].irq;
	struct run_sum sum = sum_run(load, rows, count);

	page_run_numbers(page, rows, count);
	if (sum.known > 0)
		page_run_cpus(page, &sum.cpus, count);
	page_flags(page, inventory, first, ", ");
	if (load && first->requested) {
		page_printf(page, ", %llu interrupt%s", (unsigned long long) sum.interrupts,
			    plural(sum.interrupts));
		if (sum.interrupts > 0)
			page_printf(page, " (most: IRQ %u with %u)", sum.most_irq, sum.most);
	}
	if (*first->actions && strcmp(first->actions, last->actions) != 0)
		page_printf(page, ", %s to %s", first->actions, last->actions);
	else if (*first->actions)
		page_printf(page, ", %s", first->actions);
	page_end_line(page, 8);
}

static void page_rows(struct page *page, const struct inventory *inventory, const struct load *load,
		      const struct row *rows, size_t count)
{
	bool titled = false;
	size_t length;

	for (size_t i = 0; i < count; i += length) {
		length = run_length(rows + i, count - i);
		if (length > 1) {
			page_run(page, inventory, load, rows + i, length);
			continue;
		}
		if (!titled)
			page_row_titles(page);
		titled = true;
		page_row(page, inventory, load, &rows[i]);
	}
}

static void page_netdev(struct page *page, const struct netdev *netdev)
{
	page_printf(page, ", %s (%s, ", netdev->name, netdev->up ? "up" : "down");
	if (netdev->rx_queues == netdev->tx_queues)
		page_printf(page, "%u queue%s)", netdev->rx_queues, plural(netdev->rx_queues));
	else
		page_printf(page, "%u rx and %u tx queues)", netdev->rx_queues, netdev->tx_queues);
}

static void page_device(struct page *page, const struct inventory *inventory,
			const struct load *load, const struct device *device)
{
	char address[PCI_ADDR_TEXT];
	struct row *rows;
	size_t count = 0;

	rows = calloc(device->vector_count + 1, sizeof(*rows));
	if (!rows) {
		page_keep(page, -ENOMEM);
		return;
	}
	list_foreach(vector, &device->vectors, struct vector, device_link)
		rows[count++] = (struct row){ .irq = vector->irq, .index = vector->index };

	page_end_line(page, 0);
	page_printf(page, "%s  %s, ", pci_addr_format(&device->addr, address),
		    pci_class_word(device->class, device->vendor, device->device));
	if (*device->driver)
		page_printf(page, "driver %s", device->driver);
	else
		page_printf(page, "no driver");
	list_foreach(netdev, &device->netdevs, struct netdev, device_link)
		page_netdev(page, netdev);
	if (device->ignored)
		page_printf(page, ", left alone (IRQHERD_IGNORE)");
	page_end_line(page, 14);

	page_printf(page, "    home CPUs ");
	page_keep(page, words_cpulist(inventory, device->home.cpus, &page->line));
	page_printf(page, ": ");
	page_keep(page, report_home(inventory, &device->home, &page->line));
	page_end_line(page, 8);

	page_rows(page, inventory, load, rows, count);
	free(rows);
}

/* Bridges, sensors and the like have no interrupts and would hide those that do. */
static bool is_worth_a_line(const struct device *device)
{
	return device->vector_count > 0 || !list_empty(&device->netdevs);
}

static void page_other_irqs(struct page *page, const struct inventory *inventory,
			    const struct load *load)
{
	struct row *rows;
	size_t count = 0;

	rows = calloc(inventory->irq_count + 1, sizeof(*rows));
	if (!rows) {
		page_keep(page, -ENOMEM);
		return;
	}
	inventory_foreach_irq(irq, inventory) {
		if (list_empty(&irq->owners))
			rows[count++] = (struct row){ .irq = irq };
	}

	if (count > 0) {
		page_end_line(page, 0);
		page_printf(page, "IRQs without a PCI device");
		page_end_line(page, 0);
		page_rows(page, inventory, load, rows, count);
	}
	free(rows);
}

int report_devices(const struct inventory *inventory, const struct load *load, struct buf *text)
{
	struct page page = PAGE_INIT(text);
	unsigned int silent = 0;

	if (load && !load->valid)
		load = NULL;
	page_begin_section(&page);
	if (load)
		page_printf(&page, "Interrupts were counted for %llu.%llu s.",
			    (unsigned long long) load->interval_ms / 1000,
			    (unsigned long long) load->interval_ms / 100 % 10);
	else
		page_printf(&page, "Interrupts have not been counted yet.");
	page_end_line(&page, 0);
	page_printf(&page, "CPU: where an IRQ fires; asked: what its smp_affinity says.");
	page_end_line(&page, 0);

	inventory_foreach_device(device, inventory) {
		if (is_worth_a_line(device))
			page_device(&page, inventory, load, device);
		else
			silent++;
	}
	page_other_irqs(&page, inventory, load);

	if (silent > 0) {
		page_end_line(&page, 0);
		page_printf(&page, "%u more PCI device%s without interrupts.", silent,
			    plural(silent));
		page_end_line(&page, 0);
	}
	return page_finish(&page);
}
