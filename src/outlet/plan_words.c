/* One set of sentences for the reports, the log, the control socket and irqherdctl. */
#include "irqherd/outlet/plan_words.h"

#include "irqherd/outlet/page.h"
#include "irqherd/outlet/report.h"
#include "irqherd/outlet/words.h"

/* What was gathered in the page's line is the sentence. */
static int finish(struct page *page)
{
	page_keep(page, buf_puts(page->text, buf_text(&page->line)));
	return page_finish(page);
}

/* --------------------------------------------------------------------------------------------------
 * why it moves */

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
	case REASON_PINNED:
		page_printf(page, "a client wants it there");
		break;
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

int plan_words_reason(const struct inventory *inventory, const struct policy *policy,
		      const struct move *move, struct buf *text)
{
	struct page page = PAGE_INIT(text);

	page_reason(&page, inventory, policy, inventory_find_irq(inventory, move->irq), move);
	return finish(&page);
}

/* --------------------------------------------------------------------------------------------------
 * why it does not */

static uint32_t level_of(const struct policy *policy, const struct plan *plan)
{
	return plan->level_ppm && plan->level_ppm < policy->threshold_ppm ? plan->level_ppm
									  : policy->threshold_ppm;
}

const char *plan_level_format(const struct policy *policy, const struct plan *plan,
			      char text[PERCENT_TEXT])
{
	uint32_t level_ppm = level_of(policy, plan);

	/* what was set is told as it was set */
	if (level_ppm < policy->threshold_ppm)
		level_ppm = (level_ppm + 999) / 1000 * 1000;
	return percent_format_short(level_ppm, text);
}

bool plan_looks_at(const struct load *load, const struct policy *policy, const struct plan *plan,
		   int cpu)
{
	return is_overloaded(load, cpu, level_of(policy, plan));
}

bool plan_leaves_alone(const struct load *load, const struct policy *policy,
		       const struct plan *plan, int cpu)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->moves[i].from_cpu == cpu)
			return false;
	return plan_looks_at(load, policy, plan, cpu);
}

static void page_calm(struct page *page, const struct load *load, const struct policy *policy,
		      const struct plan *plan, bool *ret_more)
{
	unsigned int looked_at = 0;
	char percent[PERCENT_TEXT];

	*ret_more = false;
	if (!load || !load->valid) {
		page_printf(page, "no load has been measured yet");
		return;
	}
	for (unsigned int cpu = 0; cpu < load->cpu_count; cpu++)
		looked_at += plan_looks_at(load, policy, plan, (int) cpu);
	*ret_more = looked_at > 0;

	if (plan->recent > 0) {
		page_printf(page,
			    "%u IRQs were moved within half a minute, which is enough for a "
			    "while",
			    plan->recent);
	} else if (looked_at == 0 && plan->level_ppm && plan->level_ppm < policy->threshold_ppm) {
		page_printf(
			page,
			"no CPU is at or above %s, from where on strategy=cost looks for a gain",
			plan_level_format(policy, plan, percent));
	} else if (looked_at == 0) {
		page_printf(page, "no CPU is at or above threshold %s",
			    percent_format_short(policy->threshold_ppm, percent));
	}
}

int plan_words_calm(const struct load *load, const struct policy *policy, const struct plan *plan,
		    struct buf *text, bool *ret_more)
{
	struct page page = PAGE_INIT(text);

	page_calm(&page, load, policy, plan, ret_more);
	return finish(&page);
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

static void page_hold_words(struct page *page, const struct inventory *inventory,
			    const struct load *load, const struct policy *policy, int cpu)
{
	struct holds holds = holds_of(inventory, load, cpu);
	unsigned int held = holds.managed + holds.banned + holds.external + holds.refused +
			    holds.stuck + holds.resting;
	bool over = is_overloaded(load, cpu, policy->threshold_ppm);
	const char *separator = "";
	char percent[PERCENT_TEXT];

	page_printf(page, "CPU %d %s (%s): ", cpu, over ? "is overloaded" : "is busy",
		    percent_format(load->cpus[cpu].load_ppm, percent));
	if (holds.active == 0) {
		page_printf(page, "no IRQ fired there, so moving one would not help");
	} else if (holds.active == 1 && held == 0) {
		page_printf(page, "IRQ %u is alone there, moving it would only move the load",
			    holds.any_irq);
	} else if (held < holds.active && policy->choice == CHOICE_COST) {
		page_printf(page, "no move of one of its %u active IRQs is expected to gain enough",
			    holds.active);
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
}

int plan_words_hold(const struct inventory *inventory, const struct load *load,
		    const struct policy *policy, int cpu, struct buf *text)
{
	struct page page = PAGE_INIT(text);

	page_hold_words(&page, inventory, load, policy, cpu);
	return finish(&page);
}
