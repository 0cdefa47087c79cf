#include "irqherd/outlet/report.h"

#include <errno.h>
#include <stdlib.h>

#include "irqherd/outlet/page.h"
#include "irqherd/outlet/words.h"

struct shape {
	unsigned int packages;
	unsigned int cores;
	unsigned int cpus;
};

/* Packages and cores are named by their lowest CPU, so each is counted at the first CPU that names
 * it. */
static struct shape shape_of(const struct topology *topology)
{
	struct cpumask packages = CPUMASK_NONE;
	struct cpumask cores = CPUMASK_NONE;
	struct shape shape = { 0 };

	cpumask_foreach(number, &topology->online) {
		const struct cpu *cpu;

		shape.cpus++;
		if ((unsigned int) number >= topology->cpu_count)
			continue;
		cpu = &topology->cpus[number];
		if (cpu->package >= 0)
			cpumask_set(&packages, (unsigned int) cpu->package);
		cpumask_set(&cores, (unsigned int) (cpu->core >= 0 ? cpu->core : number));
	}

	shape.packages = cpumask_count(&packages);
	shape.cores = cpumask_count(&cores);
	return shape;
}

/* "21 to node 1, 31 to nodes 2-3": nearest first. */
static void page_distances(struct page *page, const struct topology *topology,
			   const struct node *node)
{
	unsigned int *others;
	unsigned int told = 0;

	if (!node->distances || topology->node_count < 2)
		return;
	others = calloc(topology->node_count, sizeof(*others));
	if (!others) {
		page_keep(page, -ENOMEM);
		return;
	}

	page_printf(page, "; distance");
	for (unsigned int distance = 0; distance < 256; distance++) {
		size_t count = 0;

		for (unsigned int i = 0; i < topology->node_count; i++)
			if (&topology->nodes[i] != node && node->distances[i] == distance)
				others[count++] = (unsigned int) topology->nodes[i].number;
		if (count == 0)
			continue;
		page_printf(page, "%s %u to node%s ", told++ > 0 ? "," : "", distance,
			    plural(count));
		page_keep(page, words_ranges(others, count, &page->line));
	}
	free(others);
}

static void page_cpu_set(struct page *page, const char *name, const struct cpumask *cpus,
			 const char *remark)
{
	page_printf(page, "  %-9s CPUs ", name);
	page_keep(page, words_cpumask(cpus, &page->line));
	page_printf(page, "%s", remark);
	page_end_line(page, 12);
}

int report_machine(const struct inventory *inventory, struct buf *text)
{
	const struct topology *topology = &inventory->topology;
	struct cpumask offline = cpumask_andnot(&topology->present, &topology->online);
	struct cpumask absent = cpumask_andnot(&topology->possible, &topology->present);
	struct shape shape = shape_of(topology);
	struct page page = PAGE_INIT(text);

	page_begin_section(&page);
	page_printf(&page, "Machine: ");
	if (shape.packages > 0)
		page_printf(&page, "%u package%s, ", shape.packages, plural(shape.packages));
	page_printf(&page, "%u core%s, %u CPU%s", shape.cores, plural(shape.cores), shape.cpus,
		    plural(shape.cpus));
	if (shape.cpus > shape.cores && shape.cpus % shape.cores == 0)
		page_printf(&page, " (%u threads a core)", shape.cpus / shape.cores);
	if (topology->node_count > 0)
		page_printf(&page, ", %u NUMA node%s", topology->node_count,
			    plural(topology->node_count));
	page_end_line(&page, 9);

	page_cpu_set(&page, "online", &topology->online, "");
	if (!cpumask_empty(&offline))
		page_cpu_set(&page, "offline", &offline, "");
	if (!cpumask_empty(&absent))
		page_cpu_set(&page, "absent", &absent, " (may be added while running)");
	if (!cpumask_empty(&topology->isolated))
		page_cpu_set(&page, "isolated", &topology->isolated,
			     inventory->rules.use_isolated ? " (used all the same)" : " (avoided)");

	for (unsigned int i = 0; i < topology->node_count; i++) {
		const struct node *node = &topology->nodes[i];

		page_printf(&page, "  node %-4d ", node->number);
		if (cpumask_empty(&node->cpus)) {
			page_printf(&page, "no CPUs, memory only");
		} else {
			page_printf(&page, "CPUs ");
			page_keep(&page, words_cpumask(&node->cpus, &page.line));
		}
		page_distances(&page, topology, node);
		page_end_line(&page, 12);
	}
	return page_finish(&page);
}
