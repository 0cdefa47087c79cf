/* How the machine and the daemon are, on one page. */

#include "irqherd/outlet/words.h"
#include "view_parts.h"

#define HOUR_MS       3600000u
#define REMARKS_SHOWN 8u

/* --------------------------------------------------------------------------------------------------
 * counts */

static json_int_t count_cores(const struct topology *topology)
{
	struct cpumask cores = CPUMASK_NONE;

	cpumask_foreach(number, &topology->online) {
		int core = (unsigned int) number < topology->cpu_count ? topology->cpus[number].core
								       : CPU_NONE;

		cpumask_set(&cores, (unsigned int) (core >= 0 ? core : number));
	}
	return cpumask_count(&cores);
}

static json_t *make_irq_counts(struct maker *maker)
{
	const struct view *view = maker->view;
	json_int_t counts[IRQ_STATE_COUNT] = { 0 }, total = 0;
	json_t *object = make_object(maker);

	inventory_foreach_irq(irq, view->inventory) {
		counts[irq_state_of(view, irq)]++;
		total++;
	}
	put_int(maker, object, "total", total);
	for (unsigned int i = 0; i < IRQ_STATE_COUNT; i++)
		put_int(maker, object, irq_state_word((enum irq_state) i), counts[i]);
	return object;
}

static json_t *make_machine_load(struct maker *maker, const struct load *load)
{
	const struct policy *policy = maker->view->policy;
	struct cpumask overloaded = CPUMASK_NONE;
	uint64_t total = 0, irq = 0, steal = 0;
	json_int_t measured = 0;
	int busiest = CPU_NONE;
	json_t *object;

	for (int cpu = 0; cpu < (int) load->cpu_count; cpu++) {
		const struct cpu_load *one = load_cpu(load, cpu);

		if (!one)
			continue;
		if (busiest == CPU_NONE || one->load_ppm > load->cpus[busiest].load_ppm)
			busiest = cpu;
		if (one->load_ppm >= policy->threshold_ppm)
			cpumask_set(&overloaded, (unsigned int) cpu);
		total += one->load_ppm;
		irq += one->irq_ppm;
		steal += one->steal_ppm;
		measured++;
	}
	if (measured == 0)
		return NULL;
	object = make_object(maker);
	put_seconds(maker, object, "interval", load->interval_ms);
	put_int(maker, object, "mean_ppm", (json_int_t) total / measured);
	put_int(maker, object, "busiest_cpu", busiest);
	put_int(maker, object, "busiest_ppm", load->cpus[busiest].load_ppm);
	put_cpus(maker, object, "overloaded", &overloaded);
	put_int(maker, object, "threshold_ppm", policy->threshold_ppm);
	put_int(maker, object, "irq_ppm", (json_int_t) irq / measured);
	put_int(maker, object, "steal_ppm", (json_int_t) steal / measured);
	return object;
}

static const struct history_entry *next_entry(const struct history *history,
					      const struct history_entry *entry)
{
	return history_from(history, entry->sequence + 1);
}

static json_t *make_move_counts(struct maker *maker)
{
	static const struct view_counts none;
	const struct view *view = maker->view;
	const struct view_counts *counts = view->counts ? view->counts : &none;
	const struct history_entry *last = NULL;
	json_t *object = make_object(maker);
	json_t *reasons = make_object(maker);
	json_t *errors = make_object(maker);
	json_int_t last_hour = 0;

	for (unsigned int i = 0; i < REASON_COUNT; i++)
		if (counts->moves_by_reason[i] > 0)
			put_int(maker, reasons, move_reason_word((enum move_reason) i),
				(json_int_t) counts->moves_by_reason[i]);
	for (unsigned int i = 0; i < MOVE_RESULT_COUNT; i++)
		if (i != MOVE_APPLIED && counts->move_errors[i] > 0)
			put_int(maker, errors, move_result_word((enum move_result) i),
				(json_int_t) counts->move_errors[i]);
	for (const struct history_entry *entry = view->history ? history_from(view->history, 0)
							       : NULL;
	     entry; entry = next_entry(view->history, entry)) {
		if (entry->kind != HISTORY_MOVE || entry->result != MOVE_APPLIED)
			continue;
		last = entry;
		last_hour += view->now_ms - entry->time_ms < HOUR_MS;
	}

	put_int(maker, object, "total", (json_int_t) counts->moves);
	put_int(maker, object, "last_hour", last_hour);
	put(maker, object, "by_reason", reasons);
	put(maker, object, "errors", errors);
	if (last) {
		json_t *event = make_event(maker, last);

		put(maker, object, "last", json_incref(json_object_get(event, "move")));
		json_decref(event);
	}
	return object;
}

static json_t *make_event_counts(struct maker *maker)
{
	static const struct view_counts none;
	const struct view *view = maker->view;
	const struct view_counts *counts = view->counts ? view->counts : &none;
	const struct history_entry *last = NULL;
	json_t *object = make_object(maker);

	for (const struct history_entry *entry = view->history ? history_from(view->history, 0)
							       : NULL;
	     entry; entry = next_entry(view->history, entry))
		if (entry->kind == HISTORY_CHANGE)
			last = entry;
	put_int(maker, object, "rounds", (json_int_t) counts->rounds);
	put_int(maker, object, "received", (json_int_t) counts->events);
	put_int(maker, object, "overruns", (json_int_t) counts->overruns);
	put_int(maker, object, "looks", (json_int_t) counts->looks);
	if (last)
		put(maker, object, "last", make_event(maker, last));
	return object;
}

static json_t *make_locality(struct maker *maker)
{
	const struct view *view = maker->view;
	json_t *array = make_array(maker);

	inventory_foreach_device(device, view->inventory) {
		struct served served = served_of_device(view, device);
		char address[PCI_ADDR_TEXT];
		json_t *object;

		if (served.placed == 0)
			continue;
		object = make_object(maker);
		put_words(maker, object, "device", pci_addr_format(&device->addr, address));
		put_known(maker, object, "node", device->home.node);
		put_int(maker, object, "interrupts", (json_int_t) served.interrupts);
		put_int(maker, object, "home_ppm",
			(json_int_t) (served.at_home * PPM / served.placed));
		add(maker, array, object);
	}
	return array;
}

/* --------------------------------------------------------------------------------------------------
 * problems and remarks */

static unsigned int count_stuck(const struct view *view)
{
	unsigned int stuck = 0;

	inventory_foreach_irq(irq, view->inventory)
		stuck += irq_state_of(view, irq) == IRQ_STATE_STUCK;
	return stuck;
}

static json_t *make_problems(struct maker *maker)
{
	const struct view *view = maker->view;
	const struct plan *plan = view->plan;
	unsigned int stuck = count_stuck(view);
	json_t *problems = make_array(maker);

	if (!view->running)
		return problems;
	if (view->apply && !view->writes && !view->frozen)
		add_words(maker, problems,
			  "/proc/irq can't be written: observing only, though mode=apply is set");
	if (!view->config_valid)
		add_words(maker, problems,
			  "the last reload was refused, the configuration from before is in force");
	if (plan && plan->unrelieved && plan->overloaded > 0)
		add_printf(maker, problems, "%u overloaded CPU%s, which cannot all be relieved",
			   plan->overloaded, plural(plan->overloaded));
	else if (plan && plan->unrelieved)
		add_words(maker, problems,
			  "IRQs fire on CPUs that may not be used, and no other CPU may take them");
	if (stuck > 0)
		add_printf(maker, problems, "%u stuck IRQ%s: moved, but the load stayed", stuck,
			   plural(stuck));
	return problems;
}

static const char *name_of(const struct device *device, char address[PCI_ADDR_TEXT])
{
	if (list_empty(&device->netdevs))
		return pci_addr_format(&device->addr, address);
	return list_entry(device->netdevs.next, struct netdev, device_link)->name;
}

/* Where the administrator's word and the firmware's differ, or nobody knows. */
static bool remark_on(struct maker *maker, json_t *remarks, const struct device *device,
		      unsigned int *told)
{
	bool several = maker->view->inventory->topology.node_count > 1;
	const struct home *home = &device->home;
	_cleanup_(buf_deinit) struct buf words = BUF_INIT;
	char address[PCI_ADDR_TEXT];

	if (device->vector_count == 0 || !several)
		return false;
	if (home->origin != HOME_ALL && home->origin != HOME_PROXIMITY &&
	    home->origin != HOME_PROPERTY)
		return false;
	if ((*told)++ >= REMARKS_SHOWN)
		return true;
	if (home->origin == HOME_ALL) {
		add_printf(maker, remarks, "%s: the firmware tells no node, all CPUs are its home",
			   name_of(device, address));
		return true;
	}
	if (words_home_place(home, &words) < 0 || buf_puts(&words, " by ") < 0 ||
	    words_home_origin(home, &words) < 0)
		maker->failed = true;
	if (device->node >= 0)
		add_printf(maker, remarks, "%s: %s; the firmware says node %d",
			   name_of(device, address), buf_text(&words), device->node);
	else
		add_printf(maker, remarks, "%s: %s; the firmware tells no node",
			   name_of(device, address), buf_text(&words));
	return true;
}

static json_t *make_remarks(struct maker *maker)
{
	const struct view *view = maker->view;
	const struct load *load = valid_load(view);
	json_t *remarks = view->remarks ? json_copy(view->remarks) : make_array(maker);
	struct cpumask hit = CPUMASK_NONE;
	unsigned int told = 0, hits = 0;
	char list[CPULIST_TEXT];

	inventory_foreach_device(device, view->inventory)
		(void) remark_on(maker, remarks, device, &told);
	if (told > REMARKS_SHOWN)
		add_printf(maker, remarks, "and %u more devices like these; see devices",
			   told - REMARKS_SHOWN);

	inventory_foreach_irq(irq, view->inventory) {
		if (!irq->requested || !load || load_irq_count(load, irq->number) == 0 ||
		    !cpumask_test(&view->inventory->topology.isolated, irq->effective_cpu))
			continue;
		cpumask_set(&hit, (unsigned int) irq->effective_cpu);
		hits++;
	}
	if (hits > 0) {
		(void) cpulist_format(&hit, list, sizeof(list));
		add_printf(maker, remarks, "%u IRQ%s fire%s on isolated CPUs %s", hits,
			   plural(hits), hits == 1 ? "s" : "", list);
	}
	return remarks;
}

/* --------------------------------------------------------------------------------------------------
 * the page */

static const char *mode_of(const struct view *view)
{
	if (view->frozen)
		return "frozen";
	return view->writes ? "apply" : "observe";
}

static void put_daemon(struct maker *maker, json_t *status)
{
	const struct view *view = maker->view;

	put_words(maker, status, "mode", mode_of(view));
	if (view->running)
		put_seconds(maker, status, "uptime", view->now_ms - view->started_ms);
	if (view->frozen)
		put_moment(maker, status, "frozen_until", view->frozen_until_ms);
	if (view->config_loaded > 0)
		put_time(maker, status, "config_loaded", view->config_loaded);
	put(maker, status, "config_files",
	    view->config_files ? json_copy(view->config_files) : json_array());
	put_bool(maker, status, "config_valid", view->config_valid);
}

static void put_machine(struct maker *maker, json_t *status)
{
	const struct view *view = maker->view;
	const struct topology *topology = &view->inventory->topology;
	struct cpumask usable = usable_cpus(view);

	put_words(maker, status, "kernel", view->kernel ? view->kernel : "");
	put_text(maker, status, "virtualization", view->virtualization);
	put_int(maker, status, "nodes", topology->node_count);
	put_int(maker, status, "cpus", cpumask_count(&topology->online));
	put_int(maker, status, "cores", count_cores(topology));
	put_cpus(maker, status, "cpus_online", &topology->online);
	put_cpus(maker, status, "cpus_allowed", &usable);
	put_cpus(maker, status, "cpus_isolated", &topology->isolated);
	put_int(maker, status, "devices", devices_with_irqs(view));
}

json_t *view_status(const struct view *view)
{
	struct maker maker = { .view = view };
	const struct load *load = valid_load(view);
	json_t *answer = make_object(&maker);
	json_t *status = make_object(&maker);
	json_t *problems = make_problems(&maker);
	json_t *machine_load = load ? make_machine_load(&maker, load) : NULL;
	const char *state = json_array_size(problems) > 0 ? "degraded" : "calm";

	put_words(&maker, status, "version", view->version ? view->version : "");
	put_words(&maker, status, "state", view->running ? state : "stopped");
	put_daemon(&maker, status);
	put(&maker, status, "problems", problems);
	put(&maker, status, "remarks", make_remarks(&maker));
	put_machine(&maker, status);
	put(&maker, status, "irqs", make_irq_counts(&maker));
	if (machine_load)
		put(&maker, status, "load", machine_load);
	put(&maker, status, "moves", make_move_counts(&maker));
	put(&maker, status, "events", make_event_counts(&maker));
	put(&maker, status, "locality", make_locality(&maker));
	put(&maker, answer, "status", status);
	return maker_finish(&maker, answer);
}
