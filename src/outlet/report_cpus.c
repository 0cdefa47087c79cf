#include "irqherd/outlet/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "irqherd/outlet/page.h"
#include "irqherd/outlet/words.h"

#define CPUS_IN_FULL  16u /* online CPUs up to which each has its line */
#define BUSIEST_SHOWN 10u

/* IRQs in use that fire on each CPU, indexed by CPU number; the caller's to free. NULL: -ENOMEM. */
static unsigned int *count_irqs(const struct inventory *inventory)
{
	unsigned int cpu_count = inventory->topology.cpu_count;
	unsigned int *counts = calloc(cpu_count + 1, sizeof(*counts));

	if (!counts)
		return NULL;
	inventory_foreach_irq(irq, inventory) {
		if (irq->requested && irq->effective_cpu >= 0 &&
		    (unsigned int) irq->effective_cpu < cpu_count)
			counts[irq->effective_cpu]++;
	}
	return counts;
}

static void page_loads(struct page *page, const struct cpu_load *load)
{
	char percent[PERCENT_TEXT];

	if (!load) {
		page_printf(page, " %8s %8s %8s %8s", "-", "-", "-", "-");
		return;
	}
	page_printf(page, " %8s", percent_format(load->load_ppm, percent));
	page_printf(page, " %8s", percent_format(load->irq_ppm, percent));
	page_printf(page, " %8s", percent_format(load->busy_ppm, percent));
	page_printf(page, " %8s", percent_format(load->steal_ppm, percent));
}

static void page_cpu(struct page *page, const struct inventory *inventory, const struct load *load,
		     const struct policy *policy, const unsigned int *irqs, int cpu)
{
	const struct topology *topology = &inventory->topology;
	const struct cpu *record = &topology->cpus[cpu];
	const char *separator = "  ";
	char node[16] = "-";

	if (record->node != NODE_NONE)
		(void) snprintf(node, sizeof(node), "%d", record->node);
	page_printf(page, "  %5d %5s", cpu, node);
	page_loads(page, load ? load_cpu(load, cpu) : NULL);
	page_printf(page, " %6u", irqs[cpu]);

	page_flag(page, is_overloaded(load, cpu, policy->threshold_ppm), "overloaded", &separator);
	page_flag(page, !cpumask_test(&policy->allowed, cpu), "excluded", &separator);
	page_flag(page, cpumask_test(&topology->isolated, cpu), "isolated", &separator);
	page_flag(page, !policy->all_threads && !record->first_thread, "second thread", &separator);
	page_end_line(page, 64);
}

static void page_cpu_titles(struct page *page, const char *first, const char *second)
{
	page_printf(page, "  %5s %5s %8s %8s %8s %8s %6s", first, second, "load", "irq", "busy",
		    "steal", "IRQs");
	page_end_line(page, 0);
}

/* Means over the CPUs that were measured. */
static void page_node_loads(struct page *page, const struct inventory *inventory,
			    const struct load *load, const struct policy *policy,
			    const unsigned int *irqs, const char *name, const struct cpumask *cpus)
{
	struct cpumask online = cpumask_and(cpus, &inventory->topology.online);
	uint64_t total = 0, irq = 0, busy = 0, steal = 0;
	unsigned int measured = 0, overloaded = 0, irq_count = 0;
	struct cpu_load mean = { 0 };

	cpumask_foreach(cpu, &online) {
		const struct cpu_load *one = load ? load_cpu(load, cpu) : NULL;

		if ((unsigned int) cpu < inventory->topology.cpu_count)
			irq_count += irqs[cpu];
		overloaded += is_overloaded(load, cpu, policy->threshold_ppm);
		if (!one)
			continue;
		total += one->load_ppm;
		irq += one->irq_ppm;
		busy += one->busy_ppm;
		steal += one->steal_ppm;
		measured++;
	}

	if (measured > 0)
		mean = (struct cpu_load){
			.load_ppm = (uint32_t) (total / measured),
			.irq_ppm = (uint32_t) (irq / measured),
			.busy_ppm = (uint32_t) (busy / measured),
			.steal_ppm = (uint32_t) (steal / measured),
		};
	page_printf(page, "  %5s %5u", name, cpumask_count(&online));
	page_loads(page, measured > 0 ? &mean : NULL);
	page_printf(page, " %6u", irq_count);
	if (overloaded > 0)
		page_printf(page, "  %u overloaded", overloaded);
	page_end_line(page, 64);
}

static void page_nodes(struct page *page, const struct inventory *inventory,
		       const struct load *load, const struct policy *policy,
		       const unsigned int *irqs)
{
	const struct topology *topology = &inventory->topology;
	char name[16];

	page_cpu_titles(page, "node", "CPUs");
	for (unsigned int i = 0; i < topology->node_count; i++) {
		if (cpumask_empty(&topology->nodes[i].cpus))
			continue;
		(void) snprintf(name, sizeof(name), "%d", topology->nodes[i].number);
		page_node_loads(page, inventory, load, policy, irqs, name,
				&topology->nodes[i].cpus);
	}
	if (topology->node_count != 1)
		page_node_loads(page, inventory, load, policy, irqs, "all", &topology->online);
	page_end_line(page, 0);
}

struct ranked {
	int cpu;
	uint32_t load_ppm;
	unsigned int irqs;
};

static int compare_busiest(const void *a, const void *b)
{
	const struct ranked *left = a;
	const struct ranked *right = b;

	if (left->load_ppm != right->load_ppm)
		return left->load_ppm > right->load_ppm ? -1 : 1;
	if (left->irqs != right->irqs)
		return left->irqs > right->irqs ? -1 : 1;
	return left->cpu < right->cpu ? -1 : left->cpu > right->cpu;
}

static void page_busiest(struct page *page, const struct inventory *inventory,
			 const struct load *load, const struct policy *policy,
			 const unsigned int *irqs)
{
	const struct topology *topology = &inventory->topology;
	struct ranked *ranks;
	size_t count = 0;

	ranks = calloc(topology->cpu_count + 1, sizeof(*ranks));
	if (!ranks) {
		page_keep(page, -ENOMEM);
		return;
	}
	cpumask_foreach(cpu, &topology->online) {
		const struct cpu_load *measured = load ? load_cpu(load, cpu) : NULL;

		if ((unsigned int) cpu >= topology->cpu_count)
			break;
		ranks[count++] = (struct ranked){
			.cpu = cpu,
			.load_ppm = measured ? measured->load_ppm : 0,
			.irqs = irqs[cpu],
		};
	}
	qsort(ranks, count, sizeof(*ranks), compare_busiest);

	page_printf(page, "The %u busiest CPUs", BUSIEST_SHOWN);
	page_end_line(page, 0);
	page_cpu_titles(page, "CPU", "node");
	for (size_t i = 0; i < count && i < BUSIEST_SHOWN; i++)
		page_cpu(page, inventory, load, policy, irqs, ranks[i].cpu);
	free(ranks);
}

int report_cpus(const struct inventory *inventory, const struct load *load,
		const struct policy *policy, struct buf *text)
{
	const struct topology *topology = &inventory->topology;
	struct page page = PAGE_INIT(text);
	unsigned int *irqs;

	irqs = count_irqs(inventory);
	if (!irqs)
		return -ENOMEM;
	if (load && !load->valid)
		load = NULL;

	page_begin_section(&page);
	if (cpumask_count(&topology->online) > CPUS_IN_FULL) {
		page_nodes(&page, inventory, load, policy, irqs);
		page_busiest(&page, inventory, load, policy, irqs);
	} else {
		page_cpu_titles(&page, "CPU", "node");
		cpumask_foreach(cpu, &topology->online) {
			if ((unsigned int) cpu < topology->cpu_count)
				page_cpu(&page, inventory, load, policy, irqs, cpu);
		}
	}
	free(irqs);
	return page_finish(&page);
}
