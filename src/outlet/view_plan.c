/* Moves, the plan, and whether all is as it should be. */
#include "irqherd/outlet/plan_words.h"
#include "irqherd/outlet/words.h"
#include "view_parts.h"

const char *move_reason_word(enum move_reason reason)
{
	switch (reason) {
	case REASON_NONE:
		break;
	case REASON_OVERLOAD:
		return "overload";
	case REASON_FORBIDDEN:
		return "forbidden";
	case REASON_ARRIVAL:
		return "arrival";
	case REASON_GO_HOME:
		return "go_home";
	case REASON_HOME_CHANGED:
		return "home_changed";
	case REASON_AFFINITY_BROKEN:
		return "affinity_broken";
	case REASON_GAIN:
		return "gain";
	case REASON_PINNED:
		return "pinned";
	}
	return "none";
}

const char *move_result_word(enum move_result result)
{
	switch (result) {
	case MOVE_APPLIED:
		return "applied";
	case MOVE_BUSY:
		return "busy";
	case MOVE_NO_VECTOR:
		return "no_vector";
	case MOVE_NO_ONLINE_CPU:
		return "no_online_cpu";
	case MOVE_NOT_ALLOWED:
		return "not_allowed";
	case MOVE_GONE:
		return "gone";
	case MOVE_READ_ONLY:
		return "read_only";
	case MOVE_FAILED:
		break;
	}
	return "failed";
}

static void put_irq_of_move(struct maker *maker, json_t *object, const struct irq *irq)
{
	const struct device *device = irq_device(irq);
	const struct netdev *netdev = irq_netdev(irq);
	char address[PCI_ADDR_TEXT];
	char queue[QUEUE_TEXT];
	char slot[IRQ_SLOT_TEXT];

	put_text(maker, object, "slot", irq_slot(irq, slot));
	if (device)
		put_text(maker, object, "device", pci_addr_format(&device->addr, address));
	if (netdev)
		put_text(maker, object, "netdev", netdev->name);
	put_text(maker, object, "queue", queue_format(irq, queue));
}

json_t *make_move(struct maker *maker, const struct move *move, const char *result)
{
	const struct view *view = maker->view;
	const struct irq *irq = inventory_find_irq(view->inventory, move->irq);
	json_t *object = make_object(maker);

	put_int(maker, object, "irq", move->irq);
	if (irq && irq->generation == move->generation)
		put_irq_of_move(maker, object, irq);
	put_known(maker, object, "from", move->from_cpu);
	put_int(maker, object, "to", move->to_cpu);
	put_words(maker, object, "reason", move_reason_word(move->reason));
	put_words(maker, object, "result", result);
	if (move->from_load_ppm > 0)
		put_int(maker, object, "from_load_ppm", move->from_load_ppm);
	if (move->to_load_ppm > 0)
		put_int(maker, object, "to_load_ppm", move->to_load_ppm);
	return object;
}

static json_t *make_planned(struct maker *maker, const struct move *move)
{
	const struct view *view = maker->view;
	_cleanup_(buf_deinit) struct buf words = BUF_INIT;
	json_t *object = make_move(maker, move, "planned");

	if (plan_words_reason(view->inventory, view->policy, move, &words) < 0)
		maker->failed = true;
	put_words(maker, object, "words", buf_text(&words));
	return object;
}

static void add_holds(struct maker *maker, json_t *words)
{
	const struct view *view = maker->view;
	const struct load *load = valid_load(view);
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	bool more;

	if (plan_words_calm(load, view->policy, view->plan, &text, &more) < 0)
		maker->failed = true;
	if (text.length > 0 && view->plan->count == 0)
		add_words(maker, words, buf_text(&text));
	for (unsigned int cpu = 0; more && cpu < load->cpu_count; cpu++) {
		if (!plan_leaves_alone(load, view->policy, view->plan, (int) cpu))
			continue;
		buf_reset(&text);
		if (plan_words_hold(view->inventory, load, view->policy, (int) cpu, &text) < 0)
			maker->failed = true;
		add_words(maker, words, buf_text(&text));
	}
}

json_t *view_plan(const struct view *view)
{
	struct maker maker = { .view = view };
	const struct load *load = valid_load(view);
	const struct plan *plan = view->plan;
	struct cpumask overloaded = CPUMASK_NONE;
	json_t *answer = make_object(&maker);
	json_t *object = make_object(&maker);
	json_t *moves = make_array(&maker);
	json_t *words = make_array(&maker);

	for (size_t i = 0; plan && i < plan->count; i++)
		add(&maker, moves, make_planned(&maker, &plan->moves[i]));
	for (unsigned int cpu = 0; load && cpu < load->cpu_count; cpu++)
		if (is_overloaded(load, (int) cpu, view->policy->threshold_ppm))
			cpumask_set(&overloaded, cpu);
	if (!plan || !load)
		add_words(&maker, words, "no load has been measured yet");
	else
		add_holds(&maker, words);

	put(&maker, object, "moves", moves);
	put_cpus(&maker, object, "overloaded", &overloaded);
	put_int(&maker, object, "threshold_ppm", view->policy->threshold_ppm);
	put_int(&maker, object, "level_ppm",
		plan && plan->level_ppm ? plan->level_ppm : view->policy->threshold_ppm);
	put_bool(&maker, object, "frozen", view->frozen);
	put(&maker, object, "words", words);
	put(&maker, answer, "plan", object);
	return maker_finish(&maker, answer);
}

/* --------------------------------------------------------------------------------------------------
 * verify */

static void add_problem(struct maker *maker, json_t *problems, const struct irq *irq,
			const struct buf *words)
{
	const struct device *device = irq_device(irq);
	json_t *object = make_object(maker);
	char address[PCI_ADDR_TEXT];

	put_int(maker, object, "irq", irq->number);
	if (device)
		put_text(maker, object, "device", pci_addr_format(&device->addr, address));
	put_known(maker, object, "cpu", irq->effective_cpu);
	put_words(maker, object, "words", buf_text(words));
	add(maker, problems, object);
}

static bool fired(const struct view *view, const struct irq *irq)
{
	return valid_load(view) && load_irq_count(view->load, irq->number) > 0;
}

static bool is_away(const struct inventory *inventory, const struct irq *irq)
{
	return irq->placement.away != AWAY_NO &&
	       !mask_test(&inventory->masks, irq->home.cpus, irq->effective_cpu);
}

/* What is wrong with the place of one IRQ; nothing appended: all is as wanted. IRQs that are not
 * ours to move, or that do not fire, are where they may be. */
static int judge(const struct view *view, const struct irq *irq, struct buf *words)
{
	const struct inventory *inventory = view->inventory;
	int cpu = irq->effective_cpu;

	if (!irq->requested || irq->managed)
		return 0;
	if (irq->placement.refused && cpu != CPU_NONE &&
	    !mask_test(&inventory->masks, irq->home.cpus, cpu))
		return buf_printf(words, "the kernel refuses to move it from CPU %d", cpu);
	if (!irq_movable(irq))
		return 0;
	switch (irq->placement.state) {
	case PLACEMENT_STUCK:
		return buf_printf(words, "its load stays on CPU %d, moved to CPU %d",
				  irq->placement.source_cpu, irq->placement.target_cpu);
	case PLACEMENT_FAILED:
		return buf_printf(words, "the kernel refused to move it to CPU %d",
				  irq->placement.target_cpu);
	case PLACEMENT_REQUESTED:
	case PLACEMENT_IDLE:
	case PLACEMENT_CONFIRMED:
	case PLACEMENT_REVERTED:
		break;
	}
	if (irq->external)
		return buf_puts(words, "somebody else placed it, it is left alone for a while");
	if (cpu == CPU_NONE || !fired(view, irq))
		return 0;
	if (!cpumask_test(&view->policy->allowed, cpu))
		return buf_printf(words, "it fires on CPU %d, which is excluded", cpu);
	if (!cpumask_test(&inventory->usable, cpu))
		return buf_printf(words, "it fires on CPU %d, which is isolated", cpu);
	if (irq->asked != MASK_NONE && !mask_test(&inventory->masks, irq->asked, cpu))
		return buf_printf(words, "it fires on CPU %d, but is asked elsewhere", cpu);
	if (is_away(inventory, irq))
		return buf_printf(words, "it fires on CPU %d, out of its home", cpu);
	return 0;
}

json_t *view_verify(const struct view *view)
{
	struct maker maker = { .view = view };
	json_t *answer = make_object(&maker);
	json_t *problems = make_array(&maker);
	_cleanup_(buf_deinit) struct buf words = BUF_INIT;

	inventory_foreach_irq(irq, view->inventory) {
		buf_reset(&words);
		if (judge(view, irq, &words) < 0)
			maker.failed = true;
		if (words.length > 0)
			add_problem(&maker, problems, irq, &words);
	}
	put(&maker, answer, "problems", problems);
	return maker_finish(&maker, answer);
}
