#include "irqherd/outlet/report.h"

#include <string.h>

#include "irqherd/outlet/page.h"
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

static void page_forbidden(struct page *page, const struct inventory *inventory,
			   const struct policy *policy, int cpu)
{
	page_printf(page, "CPU %d may not serve IRQs: ", cpu);
	if (!cpumask_test(&inventory->topology.online, cpu))
		page_printf(page, "it is offline");
	else if (!cpumask_test(&policy->allowed, cpu))
		page_printf(page, "use-cpus and exclude-cpus leave it out");
	else if (cpumask_test(&inventory->topology.isolated, cpu))
		page_printf(page, "it is isolated");
	else
		page_printf(page, "it is not usable any more");
}

static void page_arrival(struct page *page, const struct inventory *inventory,
			 const struct irq *irq, int cpu)
{
	if (cpu == CPU_NONE) {
		page_printf(page, "it is new and has no CPU of its own yet");
	} else if (!irq || mask_test(&inventory->masks, irq->home.cpus, cpu)) {
		page_printf(page, "it is new, and another queue of its device has that core");
	} else {
		page_printf(page, "it is new, and CPU %d is not of its home, CPUs ", cpu);
		page_keep(page, words_cpulist(inventory, irq->home.cpus, &page->line));
	}
}

static void page_reason(struct page *page, const struct inventory *inventory,
			const struct policy *policy, const struct irq *irq, const struct move *move)
{
	char load[PERCENT_TEXT];
	char threshold[PERCENT_TEXT];

	switch (move->reason) {
	case REASON_NONE:
		page_printf(page, "no reason was given");
		return;
	case REASON_OVERLOAD:
		page_printf(page,
			    "CPU %d is overloaded: its load of %s is at or above threshold %s",
			    move->from_cpu, percent_format(move->from_load_ppm, load),
			    percent_format_short(policy->threshold_ppm, threshold));
		return;
	case REASON_FORBIDDEN:
		page_forbidden(page, inventory, policy, move->from_cpu);
		return;
	case REASON_ARRIVAL:
		page_arrival(page, inventory, irq, move->from_cpu);
		return;
	case REASON_GO_HOME:
		page_printf(page,
			    "it was moved out of its home earlier, where there is room again");
		break;
	case REASON_HOME_CHANGED:
		page_printf(page, "its home is another one now");
		break;
	case REASON_AFFINITY_BROKEN:
		page_printf(page, "the kernel moved it out of its home when a CPU went offline");
		break;
	case REASON_GAIN:
		page_printf(page,
			    "below the threshold still, but CPU %d is expected to serve it "
			    "better",
			    move->to_cpu);
		return;
	}
	if (irq) {
		page_printf(page, ": CPUs ");
		page_keep(page, words_cpulist(inventory, irq->home.cpus, &page->line));
		page_printf(page, ", ");
		page_keep(page, report_home(inventory, &irq->home, &page->line));
	}
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
	page_reason(page, inventory, policy, irq, move);
	page_end_line(page, 6);
}

/* Why nobody leaves an overloaded CPU: its active IRQs, by what holds them. */
struct holds {
	unsigned int active;
	unsigned int managed;
	unsigned int banned; /* or of a device that is left alone */
	unsigned int external;
	unsigned int refused;
	unsigned int stuck;
	unsigned int resting; /* moved lately, or a move not confirmed */
	unsigned int any_irq; /* one of the active */
};

static struct holds holds_of(const struct inventory *inventory, const struct load *load, int cpu)
{
	struct holds holds = { 0 };

	inventory_foreach_irq(irq, inventory) {
		const struct device *device = irq_device(irq);

		if (!irq->requested || irq->effective_cpu != cpu ||
		    load_irq_count(load, irq->number) == 0)
			continue;
		holds.active++;
		holds.any_irq = irq->number;
		if (irq->managed)
			holds.managed++;
		else if (irq->banned || (device && device->ignored))
			holds.banned++;
		else if (irq->placement.refused)
			holds.refused++;
		else if (irq->placement.state == PLACEMENT_STUCK)
			holds.stuck++;
		else if (irq->placement.state == PLACEMENT_REQUESTED ||
			 irq->placement.cooldown_until_ms > load->time_ms)
			holds.resting++;
		else if (irq->external)
			holds.external++;
	}
	return holds;
}

static void page_hold(struct page *page, unsigned int count, const char *what,
		      const char **separator)
{
	if (count == 0)
		return;
	page_printf(page, "%s%u %s", *separator, count, what);
	*separator = ", ";
}

static void page_overloaded(struct page *page, const struct inventory *inventory,
			    const struct load *load, const struct policy *policy, int cpu)
{
	struct holds holds = holds_of(inventory, load, cpu);
	unsigned int held = holds.managed + holds.banned + holds.external + holds.refused +
			    holds.stuck + holds.resting;
	const char *separator = "";
	char percent[PERCENT_TEXT];

	page_printf(page, "  CPU %d is overloaded (%s): ", cpu,
		    percent_format(load->cpus[cpu].load_ppm, percent));
	if (holds.active == 0) {
		page_printf(page, "no IRQ fired there, so moving one would not help");
	} else if (holds.active == 1 && held == 0) {
		page_printf(page, "IRQ %u is alone there, moving it would only move the load",
			    holds.any_irq);
	} else if (held < holds.active) {
		page_printf(page,
			    "none of the CPUs that may take one of its %u active IRQs is "
			    "better and below load-limit %s",
			    holds.active, percent_format_short(policy->load_limit_ppm, percent));
	} else {
		if (holds.active == 1)
			page_printf(page, "its only active IRQ %u may not move: ", holds.any_irq);
		else
			page_printf(page, "none of its %u active IRQs may move: ", holds.active);
		page_hold(page, holds.managed, "managed by the kernel", &separator);
		page_hold(page, holds.banned, "banned", &separator);
		page_hold(page, holds.external, "placed by others", &separator);
		page_hold(page, holds.refused, "refused by the kernel", &separator);
		page_hold(page, holds.stuck, "stuck", &separator);
		page_hold(page, holds.resting, "moved a short while ago", &separator);
	}
	page_end_line(page, 6);
}

static void page_nothing(struct page *page, const struct inventory *inventory,
			 const struct load *load, const struct policy *policy)
{
	char percent[PERCENT_TEXT];
	unsigned int overloaded = 0;

	if (!load || !load->valid) {
		page_printf(page, "Plan: nothing to move: no load has been measured yet");
		page_end_line(page, 6);
		return;
	}

	for (unsigned int cpu = 0; cpu < load->cpu_count; cpu++)
		overloaded += is_overloaded(load, (int) cpu, policy->threshold_ppm);
	if (overloaded == 0) {
		page_printf(page, "Plan: nothing to move: no CPU is at or above threshold %s",
			    percent_format_short(policy->threshold_ppm, percent));
		page_end_line(page, 6);
		return;
	}

	page_printf(page, "Plan: nothing to move");
	page_end_line(page, 6);
	for (unsigned int cpu = 0; cpu < load->cpu_count; cpu++)
		if (is_overloaded(load, (int) cpu, policy->threshold_ppm))
			page_overloaded(page, inventory, load, policy, (int) cpu);
}

int report_plan(const struct inventory *inventory, const struct load *load, const struct plan *plan,
		const struct policy *policy, bool dry_run, struct buf *text)
{
	struct page page = PAGE_INIT(text);

	page_begin_section(&page);
	if (plan->count == 0) {
		page_nothing(&page, inventory, load, policy);
		return page_finish(&page);
	}

	page_printf(&page, "Plan: %zu move%s%s", plan->count, plural(plan->count),
		    dry_run ? " (dry run: nothing is written)" : "");
	page_end_line(&page, 6);
	for (size_t i = 0; i < plan->count; i++)
		page_move(&page, inventory, policy, &plan->moves[i]);
	return page_finish(&page);
}
