/* All about one thing: what it is, why it is where it is, what was done, what would be done next.
 */
#include <errno.h>

#include "irqherd/outlet/plan_words.h"
#include "irqherd/outlet/words.h"
#include "view_advice.h"
#include "view_parts.h"

#define HISTORY_SHOWN 50u

/* --------------------------------------------------------------------------------------------------
 * where it may be */

static void add_cut(struct maker *maker, json_t *why, const struct cpumask *home,
		    const struct cpumask *left_out, const char *reason)
{
	struct cpumask cut = cpumask_and(home, left_out);
	char list[CPULIST_TEXT];

	if (cpumask_empty(&cut))
		return;
	(void) cpulist_format(&cut, list, sizeof(list));
	add_printf(maker, why, "%s: %s", reason, list);
}

/* The node's own CPUs, where the home is a node; else the home, which lacks what may not be used.
 */
static struct cpumask wished_cpus(const struct inventory *inventory, const struct home *home)
{
	const struct node *node = home->node != NODE_NONE
					  ? topology_find_node(&inventory->topology, home->node)
					  : NULL;
	struct cpumask cpus;

	if (node && !home->nearest)
		return node->cpus;
	mask_get(&inventory->masks, home->cpus, &cpus);
	return cpus;
}

static json_t *make_allowed_why(struct maker *maker, const struct home *home)
{
	const struct view *view = maker->view;
	const struct inventory *inventory = view->inventory;
	const struct topology *topology = &inventory->topology;
	struct cpumask wished = wished_cpus(inventory, home), usable = usable_cpus(view);
	struct cpumask excluded = cpumask_andnot(&topology->possible, &view->policy->allowed);
	struct cpumask offline = cpumask_andnot(&topology->possible, &topology->online);
	struct cpumask threads = CPUMASK_NONE, cpus;
	json_t *why = make_array(maker);

	mask_get(&inventory->masks, home->cpus, &cpus);
	for (unsigned int cpu = 0; cpu < topology->cpu_count; cpu++)
		if (!topology->cpus[cpu].first_thread)
			cpumask_set(&threads, cpu);
	add_cut(maker, why, &wished, &excluded, "use-cpus and exclude-cpus leave out");
	if (!inventory->rules.use_isolated)
		add_cut(maker, why, &wished, &topology->isolated, "isolated, and avoided");
	add_cut(maker, why, &wished, &offline, "offline");
	if (!view->policy->all_threads)
		add_cut(maker, why, &wished, &threads, "second threads, no targets with ht=n");

	cpus = cpumask_and(&cpus, &usable);
	if (cpumask_empty(&cpus) && view->policy->non_local_cpus && home->origin != HOME_RULE)
		add_words(maker, why,
			  "nothing of its home is left: other CPUs, nearest node first");
	else if (cpumask_empty(&cpus))
		add_words(maker, why, "nothing of its home is left: it is moved nowhere");
	return why;
}

/* --------------------------------------------------------------------------------------------------
 * what was */

struct subject {
	const struct irq *irq;
	const struct device *device;
	int cpu; /* CPU_NONE: one of the others */
};

static bool is_of_irq(const struct history_entry *entry, const struct irq *irq)
{
	bool same_number = entry->kind == HISTORY_CHANGE ? entry->change.irq == irq->number
							 : entry->move.irq == irq->number;

	if (list_empty(&irq->owners))
		return same_number && irq->number > 0 && !entry->has_device &&
		       entry->kind != HISTORY_STEER;
	if (!entry->has_device)
		return false;
	list_foreach(vector, &irq->owners, struct vector, irq_link)
		if (vector->index == entry->index &&
		    pci_addr_equal(&vector->device->addr, &entry->addr) &&
		    (entry->kind != HISTORY_CHANGE || entry->change.irq > 0))
			return true;
	return false;
}

static bool is_of_device(const struct history_entry *entry, const struct device *device)
{
	return (entry->has_device && pci_addr_equal(&entry->addr, &device->addr)) ||
	       (entry->kind == HISTORY_CHANGE && entry->change.has_device &&
		pci_addr_equal(&entry->change.addr, &device->addr));
}

static bool is_of_cpu(const struct history_entry *entry, int cpu)
{
	if (entry->kind == HISTORY_CHANGE)
		return (entry->change.kind == CHANGE_CPU_ONLINE ||
			entry->change.kind == CHANGE_CPU_OFFLINE) &&
		       entry->change.cpu == cpu;
	return (entry->kind == HISTORY_MOVE || entry->kind == HISTORY_SETTLED ||
		entry->kind == HISTORY_PROPOSAL) &&
	       (entry->move.from_cpu == cpu || entry->move.to_cpu == cpu);
}

static bool concerns(const struct history_entry *entry, const struct subject *subject)
{
	if (subject->irq)
		return is_of_irq(entry, subject->irq);
	if (subject->device)
		return is_of_device(entry, subject->device);
	return is_of_cpu(entry, subject->cpu);
}

/* Oldest first; of many the last ones. */
static json_t *make_history(struct maker *maker, const struct subject *subject)
{
	const struct history *history = maker->view->history;
	json_t *events = make_array(maker);

	for (const struct history_entry *entry = history ? history_from(history, 0) : NULL; entry;
	     entry = history_from(history, entry->sequence + 1)) {
		if (!concerns(entry, subject))
			continue;
		add(maker, events, make_event(maker, entry));
		if (json_array_size(events) > HISTORY_SHOWN)
			(void) json_array_remove(events, 0);
	}
	return events;
}

/* --------------------------------------------------------------------------------------------------
 * what would be next */

static const struct move *planned_move(const struct plan *plan, const struct irq *irq)
{
	for (size_t i = 0; plan && i < plan->count; i++)
		if (plan->moves[i].irq == irq->number &&
		    plan->moves[i].generation == irq->generation)
			return &plan->moves[i];
	return NULL;
}

static int seconds_until(const struct view *view, uint64_t ms)
{
	return ms > view->now_ms ? (int) ((ms - view->now_ms + 999) / 1000) : 0;
}

/* Why an IRQ that may move stays. */
static int words_staying(const struct view *view, const struct irq *irq, struct buf *text)
{
	const struct load *load = valid_load(view);
	const struct placement *placement = &irq->placement;
	static const struct plan no_plan = PLAN_INIT;
	const struct plan *plan = view->plan ? view->plan : &no_plan;
	int cpu = irq->effective_cpu;
	char percent[PERCENT_TEXT], level[PERCENT_TEXT];

	if (placement->state == PLACEMENT_REQUESTED)
		return buf_printf(text,
				  "waits for its next interrupt, with which it goes to CPU %d",
				  placement->target_cpu);
	if (!load)
		return buf_puts(text, "stays: no load has been measured yet");
	if (load_irq_count(load, irq->number) == 0)
		return buf_puts(text, "stays: it did not fire in the last interval");
	if (cpu == CPU_NONE)
		return buf_puts(text,
				"stays: it fires on several CPUs, or the kernel does not tell "
				"where");
	if (placement->cooldown_until_ms > view->now_ms)
		return buf_printf(text, "stays for %d s: it was moved a short while ago",
				  seconds_until(view, placement->cooldown_until_ms));
	if (!load_cpu(load, cpu))
		return buf_printf(text, "stays: the load of CPU %d is not known", cpu);
	if (!plan_looks_at(load, view->policy, plan, cpu))
		return buf_printf(text, "stays: CPU %d at %s is below %s, from where on IRQs leave",
				  cpu, percent_format(load->cpus[cpu].load_ppm, percent),
				  plan_level_format(view->policy, plan, level));
	if (buf_puts(text, "stays: ") < 0)
		return -ENOMEM;
	return plan_words_hold(view->inventory, load, view->policy, cpu, text);
}

static int words_of_next(const struct view *view, const struct irq *irq, struct buf *text)
{
	const struct move *move = planned_move(view->plan, irq);

	if (move) {
		if (buf_printf(text, "moves to CPU %d%s: ", move->to_cpu,
			       view->frozen ? " once it is thawed" : "") < 0)
			return -ENOMEM;
		return plan_words_reason(view->inventory, view->policy, move, text);
	}
	switch (irq_state_of(view, irq)) {
	case IRQ_STATE_UNREQUESTED:
		return buf_puts(text, "nothing: no driver uses it");
	case IRQ_STATE_MANAGED:
		return buf_puts(text, "stays: the kernel manages its affinity");
	case IRQ_STATE_BANNED:
		return buf_puts(text, "stays: it is banned");
	case IRQ_STATE_REFUSED:
		return buf_puts(text, "stays: the kernel refuses to move it");
	case IRQ_STATE_STUCK:
		return buf_printf(text,
				  "stays for %d s: it is stuck on CPU %d, its load did not follow",
				  seconds_until(view, irq->placement.stuck_until_ms),
				  irq->placement.source_cpu);
	case IRQ_STATE_EXTERNAL:
		return buf_printf(text,
				  "stays for %d s, unless its CPU gets overloaded: somebody else "
				  "placed it",
				  seconds_until(view, irq->external_until_ms));
	case IRQ_STATE_ACTIVE:
	case IRQ_STATE_IDLE:
		break;
	}
	return words_staying(view, irq, text);
}

static void put_next(struct maker *maker, json_t *object, const struct irq *irq)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	if (words_of_next(maker->view, irq, &text) < 0)
		maker->failed = true;
	put_words(maker, object, "next", buf_text(&text));
}

/* --------------------------------------------------------------------------------------------------
 * the three kinds */

static json_t *explain_irq(struct maker *maker, const struct irq *irq)
{
	const struct subject subject = { .irq = irq, .cpu = CPU_NONE };
	struct cpumask usable = usable_cpus(maker->view);
	json_t *object = make_object(maker);

	put_words(maker, object, "kind", "irq");
	put(maker, object, "irq", make_irq(maker, irq, &usable));
	if (irq_device(irq))
		put(maker, object, "device", make_device(maker, irq_device(irq)));
	put(maker, object, "irqs", make_array(maker));
	put(maker, object, "allowed_why", make_allowed_why(maker, &irq->home));
	put(maker, object, "history", make_history(maker, &subject));
	put_next(maker, object, irq);
	put(maker, object, "advice", make_irq_advice(maker, irq));
	return object;
}

static json_t *explain_device(struct maker *maker, const struct target *target)
{
	const struct subject subject = { .device = target->device, .cpu = CPU_NONE };
	struct cpumask usable = usable_cpus(maker->view);
	json_t *object = make_object(maker);
	json_t *irqs = make_array(maker);

	list_foreach(vector, &target->device->vectors, struct vector, device_link)
		if (!target->netdev || irq_netdev(vector->irq) == target->netdev)
			add(maker, irqs, make_irq(maker, vector->irq, &usable));
	put_words(maker, object, "kind", "device");
	put(maker, object, "device", make_device(maker, target->device));
	put(maker, object, "irqs", irqs);
	put(maker, object, "allowed_why", make_allowed_why(maker, &target->device->home));
	put(maker, object, "history", make_history(maker, &subject));
	put(maker, object, "advice", make_device_advice(maker, target->device));
	return object;
}

static json_t *make_cpu_why(struct maker *maker, int cpu)
{
	const struct view *view = maker->view;
	const struct topology *topology = &view->inventory->topology;
	json_t *why = make_array(maker);

	if (!cpumask_test(&topology->online, cpu)) {
		add_words(maker, why, "it is offline");
		return why;
	}
	if (!cpumask_test(&view->policy->allowed, cpu))
		add_words(maker, why, "use-cpus and exclude-cpus leave it out");
	if (cpumask_test(&topology->isolated, cpu))
		add_words(maker, why,
			  view->inventory->rules.use_isolated
				  ? "it is isolated, and used all the same"
				  : "it is isolated, and avoided");
	if (!view->policy->all_threads && (unsigned int) cpu < topology->cpu_count &&
	    !topology->cpus[cpu].first_thread)
		add_words(maker, why, "it is the second thread of its core: no target with ht=n");
	if (json_array_size(why) == 0)
		add_words(maker, why, "it may serve IRQs");
	return why;
}

static void put_next_of_cpu(struct maker *maker, json_t *object, int cpu)
{
	const struct view *view = maker->view;
	const struct load *load = valid_load(view);
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	unsigned int leave = 0, come = 0;
	int r = 0;

	for (size_t i = 0; view->plan && i < view->plan->count; i++) {
		leave += view->plan->moves[i].from_cpu == cpu;
		come += view->plan->moves[i].to_cpu == cpu;
	}
	if (leave + come > 0)
		r = buf_printf(&text, "%u IRQ%s leave%s it, %u come%s", leave, plural(leave),
			       leave == 1 ? "s" : "", come, come == 1 ? "s" : "");
	else if (load && view->plan && plan_looks_at(load, view->policy, view->plan, cpu))
		r = plan_words_hold(view->inventory, load, view->policy, cpu, &text);
	else
		r = buf_puts(&text, "nothing");
	if (r < 0)
		maker->failed = true;
	put_words(maker, object, "next", buf_text(&text));
}

static json_t *explain_cpu(struct maker *maker, int cpu)
{
	const struct subject subject = { .cpu = cpu };
	struct cpumask usable = usable_cpus(maker->view);
	json_t *object = make_object(maker);
	json_t *numbers = make_array(maker);
	json_t *irqs = make_array(maker);
	unsigned int active = 0;

	inventory_foreach_irq(irq, maker->view->inventory) {
		if (!irq->requested || irq->effective_cpu != cpu)
			continue;
		add(maker, numbers, json_integer(irq->number));
		add(maker, irqs, make_irq(maker, irq, &usable));
		active += valid_load(maker->view) &&
			  load_irq_count(maker->view->load, irq->number) > 0;
	}
	put_words(maker, object, "kind", "cpu");
	put(maker, object, "cpu", make_cpu(maker, cpu, numbers, active));
	put(maker, object, "irqs", irqs);
	put(maker, object, "allowed_why", make_cpu_why(maker, cpu));
	put(maker, object, "history", make_history(maker, &subject));
	put_next_of_cpu(maker, object, cpu);
	put(maker, object, "advice", make_cpu_advice(maker, cpu));
	return object;
}

json_t *view_explain(const struct view *view, const char *text, int *ret_error)
{
	struct target target = target_find(view->inventory, text);
	struct maker maker = { .view = view };
	json_t *explanation = NULL;
	json_t *answer;

	*ret_error = 0;
	switch (target.kind) {
	case TARGET_NONE:
		*ret_error = -ENOENT;
		return NULL;
	case TARGET_IRQ:
		explanation = explain_irq(&maker, target.irq);
		break;
	case TARGET_DEVICE:
		explanation = explain_device(&maker, &target);
		break;
	case TARGET_CPU:
		explanation = explain_cpu(&maker, target.cpu);
		break;
	}
	put_interval(&maker, explanation);
	answer = make_object(&maker);
	put(&maker, answer, "explanation", explanation);
	answer = maker_finish(&maker, answer);
	if (!answer)
		*ret_error = -ENOMEM;
	return answer;
}
