#include "irqherd/outlet/report.h"

#include <string.h>

#include "irqherd/outlet/page.h"
#include "irqherd/outlet/plan_words.h"
#include "irqherd/outlet/words.h"

static void page_irq_words(struct page *page, const struct irq *irq)
{
	const struct device *device = irq_device(irq);
	const struct netdev *netdev = irq_netdev(irq);
	char address[PCI_ADDR_TEXT];
	char queue[QUEUE_TEXT];

	page_printf(page, ":");
	if (device)
		page_printf(page, " %s", pci_addr_format(&device->addr, address));
	if (netdev)
		page_printf(page, " %s", netdev->name);
	if (*queue_format(irq, queue))
		page_printf(page, " %s", queue);
	else if (!netdev || strcmp(irq->actions, netdev->name) != 0)
		page_printf(page, " %s", irq->actions);
}

static void page_move(struct page *page, const struct inventory *inventory,
		      const struct policy *policy, const struct move *move)
{
	const struct irq *irq = inventory_find_irq(inventory, move->irq);

	page_printf(page, "  IRQ %u from ", move->irq);
	if (move->from_cpu != CPU_NONE)
		page_printf(page, "CPU %d", move->from_cpu);
	else
		page_printf(page, "several CPUs");
	page_printf(page, " to CPU %d", move->to_cpu);
	if (irq)
		page_irq_words(page, irq);
	page_end_line(page, 6);

	page_printf(page, "      ");
	page_keep(page, plan_words_reason(inventory, policy, move, &page->line));
	page_end_line(page, 6);
}

static void page_nothing(struct page *page, const struct load *load, const struct policy *policy,
			 const struct plan *plan)
{
	_cleanup_(buf_deinit) struct buf calm = BUF_INIT;
	bool more;

	page_keep(page, plan_words_calm(load, policy, plan, &calm, &more));
	page_printf(page, "Plan: nothing to move%s%s", calm.length > 0 ? ": " : "",
		    buf_text(&calm));
	page_end_line(page, 6);
}

/* CPUs that should be relieved and are not. */
static void page_holds(struct page *page, const struct inventory *inventory,
		       const struct load *load, const struct policy *policy,
		       const struct plan *plan)
{
	for (unsigned int cpu = 0; load && load->valid && cpu < load->cpu_count; cpu++) {
		if (!plan_leaves_alone(load, policy, plan, (int) cpu))
			continue;
		page_printf(page, "  ");
		page_keep(page, plan_words_hold(inventory, load, policy, (int) cpu, &page->line));
		page_end_line(page, 6);
	}
}

int report_plan(const struct inventory *inventory, const struct load *load, const struct plan *plan,
		const struct policy *policy, bool dry_run, struct buf *text)
{
	struct page page = PAGE_INIT(text);

	page_begin_section(&page);
	if (plan->count == 0) {
		page_nothing(&page, load, policy, plan);
		page_holds(&page, inventory, load, policy, plan);
		return page_finish(&page);
	}

	page_printf(&page, "Plan: %zu move%s%s", plan->count, plural(plan->count),
		    dry_run ? " (dry run: nothing is written)" : "");
	page_end_line(&page, 6);
	for (size_t i = 0; i < plan->count; i++)
		page_move(&page, inventory, policy, &plan->moves[i]);
	page_holds(&page, inventory, load, policy, plan);
	return page_finish(&page);
}
