/*
 * The two formats differ in three things: OpenMetrics names a counter's family without "_total",
 * knows units and the type info, and ends with "# EOF". A family is announced once, then come its
 * samples; what is not known has no sample.
 */
#include "irqherd/outlet/openmetrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "irqherd/model/latency.h"
#include "view_parts.h"

#define PREFIX "irqherd_"

enum metric_type {
	METRIC_GAUGE,
	METRIC_COUNTER,
	METRIC_HISTOGRAM,
	METRIC_INFO,
};

struct metrics {
	const struct view *view;
	struct buf *text;
	enum metrics_format format;
	const char *name; /* of the family that was announced last */
	int error;
};

static void put_line(struct metrics *metrics, const char *format, ...) _printf_(2, 3);

static void put_line(struct metrics *metrics, const char *format, ...)
{
	va_list arguments;
	int r;

	if (metrics->error < 0)
		return;
	va_start(arguments, format);
	r = buf_vprintf(metrics->text, format, arguments);
	va_end(arguments);
	if (r < 0)
		metrics->error = r;
}

/* unit: as the name's end says it, without a blank; NULL: a plain number. */
static void family(struct metrics *metrics, const char *name, enum metric_type type,
		   const char *unit, const char *help)
{
	static const char *const types[] = { "gauge", "counter", "histogram", "info" };
	bool open = metrics->format == METRICS_OPENMETRICS;
	const char *suffix = "", *word = types[type];

	if (!open && type == METRIC_COUNTER)
		suffix = "_total";
	if (!open && type == METRIC_INFO) {
		suffix = "_info";
		word = "gauge";
	}
	metrics->name = name;
	put_line(metrics, "# TYPE " PREFIX "%s%s %s\n", name, suffix, word);
	if (open && unit)
		put_line(metrics, "# UNIT " PREFIX "%s%s %s\n", name, suffix, unit);
	put_line(metrics, "# HELP " PREFIX "%s%s %s\n", name, suffix, help);
}

/* A label's value: backslash, quote and newline are escaped; what is not ASCII becomes '?'. */
static void put_label(struct metrics *metrics, const char *key, const char *value)
{
	put_line(metrics, "%s=\"", key);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			put_line(metrics, "\\%c", *value);
		else if (*value == '\n')
			put_line(metrics, "\\n");
		else
			put_line(metrics, "%c", *value >= ' ' && *value <= '~' ? *value : '?');
	}
	put_line(metrics, "\"");
}

/* Begins a sample; key NULL: no label. */
static void begin(struct metrics *metrics, const char *suffix, const char *key, const char *value)
{
	put_line(metrics, PREFIX "%s%s", metrics->name, suffix);
	if (key) {
		put_line(metrics, "{");
		put_label(metrics, key, value);
		put_line(metrics, "}");
	}
}

static void count(struct metrics *metrics, const char *suffix, const char *key, const char *value,
		  uint64_t number)
{
	begin(metrics, suffix, key, value);
	put_line(metrics, " %llu\n", (unsigned long long) number);
}

static void ratio(struct metrics *metrics, const char *key, const char *value, uint64_t ppm)
{
	begin(metrics, "", key, value);
	put_line(metrics, " %llu.%06llu\n", (unsigned long long) (ppm / PPM),
		 (unsigned long long) (ppm % PPM));
}

static void seconds(struct metrics *metrics, const char *suffix, uint64_t ms)
{
	begin(metrics, suffix, NULL, NULL);
	put_line(metrics, " %llu.%03llu\n", (unsigned long long) (ms / 1000),
		 (unsigned long long) (ms % 1000));
}

static void gauge(struct metrics *metrics, const char *name, const char *help, uint64_t number)
{
	family(metrics, name, METRIC_GAUGE, NULL, help);
	count(metrics, "", NULL, NULL, number);
}

static void counter(struct metrics *metrics, const char *name, const char *help, uint64_t number)
{
	family(metrics, name, METRIC_COUNTER, NULL, help);
	count(metrics, "_total", NULL, NULL, number);
}

/* --- the daemon --- */

static void put_daemon(struct metrics *metrics)
{
	const struct view *view = metrics->view;
	uint64_t now_ms = view->now > 0 ? (uint64_t) (view->now * 1000.0) : 0;
	uint64_t uptime_ms = view->now_ms - view->started_ms;
	const char *mode = view->frozen ? "frozen" : view->writes ? "apply" : "observe";
	static const char *const modes[] = { "apply", "observe", "frozen" };

	gauge(metrics, "up", "Whether irqherd works here: 1.", 1);
	family(metrics, "build", METRIC_INFO, NULL, "Which irqherd this is.");
	begin(metrics, "_info", "version", view->version ? view->version : "");
	put_line(metrics, " 1\n");

	family(metrics, "mode", METRIC_GAUGE, NULL,
	       "1 for what irqherd does with its decisions: apply, observe (only report), frozen.");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		count(metrics, "", "mode", modes[i], strcmp(modes[i], mode) == 0);

	family(metrics, "start_time_seconds", METRIC_GAUGE, "seconds",
	       "When the daemon started, in seconds since 1970.");
	seconds(metrics, "", now_ms > uptime_ms ? now_ms - uptime_ms : 0);
	family(metrics, "config_loaded_time_seconds", METRIC_GAUGE, "seconds",
	       "When the configuration in force was read, in seconds since 1970.");
	seconds(metrics, "", view->config_loaded > 0 ? (uint64_t) (view->config_loaded * 1000) : 0);
	gauge(metrics, "config_valid", "0 if the last reload was refused and the old one stays.",
	      view->config_valid);
}

static void put_counts(struct metrics *metrics)
{
	static const struct view_counts none;
	static const struct latency never;
	static const char *const sources[] = { "uevent", "rtnetlink", "genetlink" };
	const struct view_counts *counts = metrics->view->counts ? metrics->view->counts : &none;
	const struct latency *placed = counts->placed_after ? counts->placed_after : &never;
	uint64_t sum = 0;

	counter(metrics, "rounds", "Rounds of balancing.", counts->rounds);

	family(metrics, "moves", METRIC_COUNTER, NULL, "IRQs moved, by the reason.");
	for (unsigned int i = REASON_NONE + 1; i < REASON_COUNT; i++)
		count(metrics, "_total", "reason", move_reason_word((enum move_reason) i),
		      counts->moves_by_reason[i]);
	family(metrics, "move_errors", METRIC_COUNTER, NULL,
	       "Moves that the kernel did not take, by what it said.");
	for (unsigned int i = MOVE_APPLIED + 1; i < MOVE_RESULT_COUNT; i++)
		count(metrics, "_total", "error", move_result_word((enum move_result) i),
		      counts->move_errors[i]);

	counter(metrics, "proposals",
		"Moves decided and not made, observing or frozen; each once while it stands.",
		counts->proposals);

	family(metrics, "events", METRIC_COUNTER, NULL,
	       "Events received about devices, network devices and CPUs.");
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		count(metrics, "_total", "source", sources[i], counts->events_by_source[i]);
	counter(metrics, "netlink_overruns", "Times that events were lost, all of them looked for.",
		counts->overruns);
	counter(metrics, "resyncs", "Comparisons of the whole machine after lost events.",
		counts->resyncs);
	counter(metrics, "looks", "Readings of a device, a network device or an IRQ.",
		counts->looks);
	counter(metrics, "foreign_writes", "Affinities that somebody else set.",
		counts->foreign_writes);

	family(metrics, "event_to_placed_seconds", METRIC_HISTOGRAM, "seconds",
	       "From the last event of an arrival to the moment its IRQ is placed.");
	for (size_t i = 0; i < LATENCY_BOUNDS; i++) {
		char bound[16];

		sum += placed->counts[i];
		if (latency_bounds_ms[i] % 1000 == 0)
			(void) snprintf(bound, sizeof(bound), "%u.0", latency_bounds_ms[i] / 1000);
		else
			(void) snprintf(bound, sizeof(bound), "0.%03u", latency_bounds_ms[i]);
		/* 0.100 is 0.1 in its canonical form. */
		while (bound[strlen(bound) - 1] == '0' && bound[strlen(bound) - 2] != '.')
			bound[strlen(bound) - 1] = '\0';
		count(metrics, "_bucket", "le", bound, sum);
	}
	count(metrics, "_bucket", "le", "+Inf", latency_count(placed));
	seconds(metrics, "_sum", placed->sum_ms);
	count(metrics, "_count", NULL, NULL, latency_count(placed));
}

/* --- the machine --- */

static void put_irqs(struct metrics *metrics)
{
	const struct view *view = metrics->view;
	const struct topology *topology = &view->inventory->topology;
	uint64_t states[IRQ_STATE_COUNT] = { 0 }, reserved = 0;

	inventory_foreach_irq(irq, view->inventory) {
		int cpu = irq->effective_cpu;
		bool kept_off = cpumask_test(&topology->isolated, cpu) ||
				(view->excluded && cpumask_test(view->excluded, cpu));

		states[irq_state_of(view, irq)]++;
		if (kept_off && valid_load(view) && load_irq_count(view->load, irq->number) > 0)
			reserved++;
	}
	family(metrics, "irqs", METRIC_GAUGE, NULL, "IRQs by state; each counts once.");
	for (unsigned int i = 0; i < IRQ_STATE_COUNT; i++)
		count(metrics, "", "state", irq_state_word((enum irq_state) i), states[i]);
	gauge(metrics, "reserved_cpu_irqs",
	      "IRQs that fired in the last interval on CPUs that are isolated or excluded.",
	      reserved);
	gauge(metrics, "devices", "PCI devices with IRQs.", devices_with_irqs(view));
}

struct node_load {
	uint64_t irq_ppm;
	uint64_t busy_ppm;
	uint32_t most_ppm;
	uint32_t cpus;
};

/* Of the CPUs of a set that were measured. */
static struct node_load load_of_cpus(const struct load *load, const struct cpumask *cpus)
{
	struct node_load sum = { 0 };

	cpumask_foreach(cpu, cpus) {
		const struct cpu_load *measured = load_cpu(load, cpu);

		if (!measured)
			continue;
		sum.irq_ppm += measured->irq_ppm;
		sum.busy_ppm += measured->irq_ppm + measured->busy_ppm + measured->steal_ppm;
		if (measured->irq_ppm > sum.most_ppm)
			sum.most_ppm = measured->irq_ppm;
		sum.cpus++;
	}
	return sum;
}

/* A machine without nodes is one node, 0. */
static unsigned int node_count(const struct topology *topology)
{
	return topology->node_count ? topology->node_count : 1;
}

static bool node_load(const struct metrics *metrics, unsigned int index, char name[16],
		      struct node_load *ret_load)
{
	const struct topology *topology = &metrics->view->inventory->topology;
	const struct cpumask *cpus = topology->node_count ? &topology->nodes[index].cpus
							  : &topology->online;

	(void) snprintf(name, 16, "%d", topology->node_count ? topology->nodes[index].number : 0);
	*ret_load = load_of_cpus(metrics->view->load, cpus);
	return ret_load->cpus > 0;
}

static void put_nodes(struct metrics *metrics)
{
	unsigned int nodes = node_count(&metrics->view->inventory->topology);
	struct node_load load;
	char name[16];

	family(metrics, "node_irq_ratio", METRIC_GAUGE, "ratio",
	       "Share of a node's CPU time in hard and soft interrupts, in the last interval.");
	for (unsigned int i = 0; i < nodes; i++)
		if (node_load(metrics, i, name, &load))
			ratio(metrics, "node", name, load.irq_ppm / load.cpus);
	family(metrics, "node_irq_max_ratio", METRIC_GAUGE, "ratio",
	       "The same of the one CPU of the node that has the most.");
	for (unsigned int i = 0; i < nodes; i++)
		if (node_load(metrics, i, name, &load))
			ratio(metrics, "node", name, load.most_ppm);
	family(metrics, "node_busy_ratio", METRIC_GAUGE, "ratio",
	       "Share of a node's CPU time that is neither idle nor waiting for I/O.");
	for (unsigned int i = 0; i < nodes; i++)
		if (node_load(metrics, i, name, &load))
			ratio(metrics, "node", name, load.busy_ppm / load.cpus);
}

static void put_cpus_loads(struct metrics *metrics)
{
	const struct view *view = metrics->view;
	const struct topology *topology = &view->inventory->topology;
	const struct load *load = valid_load(view);
	uint64_t overloaded = 0;

	gauge(metrics, "cpus_online", "CPUs that are online.", cpumask_count(&topology->online));
	family(metrics, "threshold_ratio", METRIC_GAUGE, "ratio",
	       "Load from which on a CPU is overloaded.");
	ratio(metrics, NULL, NULL, view->policy->threshold_ppm);
	if (!load)
		return;

	cpumask_foreach(cpu, &topology->online) {
		const struct cpu_load *measured = load_cpu(load, cpu);

		overloaded += measured && measured->load_ppm >= view->policy->threshold_ppm;
	}
	gauge(metrics, "overloaded_cpus", "CPUs at or above the threshold, in the last interval.",
	      overloaded);
	put_nodes(metrics);
	if (cpumask_count(&topology->online) > METRICS_CPUS)
		return;
	family(metrics, "cpu_irq_ratio", METRIC_GAUGE, "ratio",
	       "Share of a CPU's time in hard and soft interrupts, in the last interval; not on "
	       "machines with more than 64 CPUs.");
	cpumask_foreach(cpu, &topology->online) {
		const struct cpu_load *measured = load_cpu(load, cpu);
		char name[16];

		(void) snprintf(name, sizeof(name), "%d", cpu);
		if (measured)
			ratio(metrics, "cpu", name, measured->irq_ppm);
	}
}

static bool has_movable(const struct device *device)
{
	list_foreach(vector, &device->vectors, struct vector, device_link)
		if (irq_movable(vector->irq))
			return true;
	return false;
}

static void put_locality(struct metrics *metrics)
{
	const struct view *view = metrics->view;
	struct served all = { 0 };
	unsigned int devices = 0;

	if (!valid_load(view))
		return;
	inventory_foreach_device(device, view->inventory) {
		struct served served = served_of_device(view, device);

		all.placed += served.placed;
		all.at_home += served.at_home;
		devices += has_movable(device);
	}
	if (all.placed > 0) {
		family(metrics, "home_ratio", METRIC_GAUGE, "ratio",
		       "Share of the devices' interrupts of the last interval that was served on "
		       "their home CPUs.");
		ratio(metrics, NULL, NULL, all.at_home * PPM / all.placed);
	}
	if (devices == 0 || devices > METRICS_DEVICES)
		return;
	family(metrics, "device_home_ratio", METRIC_GAUGE, "ratio",
	       "The same of one device; not on machines with more than 16 devices whose IRQs can "
	       "be moved.");
	inventory_foreach_device(device, view->inventory) {
		struct served served = served_of_device(view, device);
		char name[PCI_ADDR_TEXT];

		if (has_movable(device) && served.placed > 0)
			ratio(metrics, "device", pci_addr_format(&device->addr, name),
			      served.at_home * PPM / served.placed);
	}
}

int openmetrics_format(const struct view *view, enum metrics_format format, struct buf *text)
{
	struct metrics metrics = { .view = view, .text = text, .format = format };

	put_daemon(&metrics);
	put_counts(&metrics);
	put_irqs(&metrics);
	put_cpus_loads(&metrics);
	put_locality(&metrics);
	if (format == METRICS_OPENMETRICS)
		put_line(&metrics, "# EOF\n");
	return metrics.error;
}
