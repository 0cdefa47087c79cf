/* openmetrics: what is told of a machine, in both formats, and how much at most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/outlet/openmetrics.h"

struct world {
	struct inventory inventory;
	struct load load;
	struct policy policy;
	struct latency latency;
	struct view_counts counts;
	struct view view;
	struct buf text;
};

static void make_world(struct world *world, unsigned int nodes, unsigned int cpus)
{
	struct topology topology = TOPOLOGY_INIT;
	unsigned int of_node = cpus / (nodes ? nodes : 1);

	memset(world, 0, sizeof(*world));
	assert_int_equal(inventory_init(&world->inventory), 0);
	topology.cpu_count = cpus;
	topology.cpus = calloc(cpus, sizeof(*topology.cpus));
	topology.node_count = nodes;
	topology.nodes = nodes ? calloc(nodes, sizeof(*topology.nodes)) : NULL;
	assert_non_null(topology.cpus);
	for (unsigned int i = 0; i < nodes; i++) {
		topology.nodes[i].number = (int) i;
		topology.nodes[i].cpus = cpumask_range(i * of_node, (i + 1) * of_node - 1);
	}
	for (unsigned int i = 0; i < cpus; i++)
		topology.cpus[i] = (struct cpu){ (int16_t) (nodes ? i / of_node : 0), (int16_t) i,
						 0, 0, true };
	topology.possible = topology.present = topology.online = cpumask_range(0, cpus - 1);
	cpumask_set(&topology.isolated, cpus - 1);
	assert_int_equal(inventory_put_topology(&world->inventory, &topology, NULL), 0);

	world->load.cpus = calloc(cpus, sizeof(world->load.cpus[0]));
	world->load.irq_counts = calloc(4096, sizeof(world->load.irq_counts[0]));
	assert_non_null(world->load.cpus);
	assert_non_null(world->load.irq_counts);
	world->load.cpu_count = world->load.cpu_size = cpus;
	world->load.irq_slots = world->load.irq_size = 4096;
	world->load.valid = true;
	world->load.interval_ms = 1000;
	for (unsigned int i = 0; i < cpus; i++)
		world->load.cpus[i] = (struct cpu_load){
			.load_ppm = i * 1000, .irq_ppm = i * 1000, .busy_ppm = 5000, .valid = true
		};
	world->policy.threshold_ppm = 990000;
	world->policy.allowed = cpumask_range(0, cpus - 1);
	world->latency.counts[0] = 3;
	world->latency.counts[3] = 2;
	world->latency.counts[LATENCY_BOUNDS] = 1;
	world->latency.sum_ms = 2021;
	world->counts.rounds = 77;
	world->counts.moves_by_reason[REASON_OVERLOAD] = 5;
	world->counts.move_errors[MOVE_NO_VECTOR] = 2;
	world->counts.proposals = 4;
	world->counts.events_by_source[1] = 9;
	world->counts.placed_after = &world->latency;
	world->view = (struct view){
		.inventory = &world->inventory,
		.load = &world->load,
		.policy = &world->policy,
		.counts = &world->counts,
		.version = "0.1 \"x\\y\"\n",
		.now_ms = 65000,
		.started_ms = 5000,
		.now = 1000060.0,
		.config_valid = true,
		.writes = true,
		.running = true,
	};
}

static void put_device(struct world *world, unsigned int bus, unsigned int irq, int cpu, int node)
{
	const struct irq_facts irqs[] = {
		{ irq, 0, IRQ_MSIX, true, false, "nic", mask_of_cpu((unsigned int) cpu), cpu,
		  NODE_NONE },
	};
	const struct device_facts facts = { .addr = { .bus = (uint8_t) bus },
					    .driver = "nic",
					    .node = node,
					    .irqs = irqs,
					    .irq_count = 1 };

	assert_int_equal(inventory_put_device(&world->inventory, &facts, LOOK_START, NULL), 0);
	world->load.irq_counts[irq] = 10;
}

static void free_world(struct world *world)
{
	load_deinit(&world->load);
	inventory_deinit(&world->inventory);
	buf_deinit(&world->text);
}

static const char *format(struct world *world, enum metrics_format which)
{
	buf_reset(&world->text);
	assert_int_equal(openmetrics_format(&world->view, which, &world->text), 0);
	return buf_text(&world->text);
}

static unsigned int count_series(const char *text)
{
	unsigned int series = 0;

	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		series += *line != '#';
	return series;
}

static void has(const char *text, const char *line)
{
	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[strlen(line)] == '\n')
			return;
	fail_msg("no line '%s'", line);
}

static void numbers_are_those_of_the_view(void **state)
{
	const struct device_facts bridge = { .addr = { .bus = 1 }, .driver = "", .node = 0 };
	struct world world;
	const char *text;

	(void) state;
	make_world(&world, 2, 8);
	put_device(&world, 0x3b, 40, 1, 0);
	put_device(&world, 0xaf, 41, 2, 1); /* away from home */
	put_device(&world, 0xb0, 42, 7, 1); /* at home, but on an isolated CPU */
	assert_int_equal(inventory_put_device(&world.inventory, &bridge, LOOK_START, NULL), 0);
	text = format(&world, METRICS_OPENMETRICS);
	has(text, "irqherd_up 1");
	has(text, "irqherd_build_info{version=\"0.1 \\\"x\\\\y\\\"\\n\"} 1");
	has(text, "irqherd_mode{mode=\"apply\"} 1");
	has(text, "irqherd_mode{mode=\"frozen\"} 0");
	has(text, "irqherd_start_time_seconds 1000000.000");
	has(text, "irqherd_rounds_total 77");
	has(text, "irqherd_moves_total{reason=\"overload\"} 5");
	has(text, "irqherd_move_errors_total{error=\"no_vector\"} 2");
	has(text, "irqherd_proposals_total 4");
	has(text, "irqherd_events_total{source=\"rtnetlink\"} 9");
	has(text, "irqherd_event_to_placed_seconds_bucket{le=\"0.001\"} 3");
	has(text, "irqherd_event_to_placed_seconds_bucket{le=\"0.005\"} 3");
	has(text, "irqherd_event_to_placed_seconds_bucket{le=\"0.01\"} 5");
	has(text, "irqherd_event_to_placed_seconds_bucket{le=\"1.0\"} 5");
	has(text, "irqherd_event_to_placed_seconds_bucket{le=\"+Inf\"} 6");
	has(text, "irqherd_event_to_placed_seconds_sum 2.021");
	has(text, "irqherd_event_to_placed_seconds_count 6");
	has(text, "irqherd_irqs{state=\"active\"} 3");
	has(text, "irqherd_reserved_cpu_irqs 1");
	has(text, "irqherd_devices 3");
	has(text, "irqherd_cpus_online 8");
	has(text, "irqherd_threshold_ratio 0.990000");
	has(text, "irqherd_overloaded_cpus 0");
	has(text, "irqherd_node_irq_ratio{node=\"1\"} 0.005500");
	has(text, "irqherd_node_irq_max_ratio{node=\"1\"} 0.007000");
	has(text, "irqherd_node_busy_ratio{node=\"0\"} 0.006500");
	has(text, "irqherd_cpu_irq_ratio{cpu=\"3\"} 0.003000");
	has(text, "irqherd_device_home_ratio{device=\"0000:3b:00.0\"} 1.000000");
	has(text, "irqherd_device_home_ratio{device=\"0000:af:00.0\"} 0.000000");
	free_world(&world);
}

static void openmetrics_has_units_and_an_end_and_the_older_format_has_not(void **state)
{
	struct world world;
	const char *text;

	(void) state;
	make_world(&world, 2, 8);
	text = format(&world, METRICS_OPENMETRICS);
	has(text, "# TYPE irqherd_moves counter");
	has(text, "# TYPE irqherd_build info");
	has(text, "# UNIT irqherd_start_time_seconds seconds");
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");

	text = format(&world, METRICS_PROMETHEUS);
	has(text, "# TYPE irqherd_moves_total counter");
	has(text, "# TYPE irqherd_build_info gauge");
	assert_null(strstr(text, "# UNIT"));
	assert_null(strstr(text, "# EOF"));
	assert_null(strstr(text, " info\n"));
	free_world(&world);
}

/* The most that there can be: 64 CPUs, 2 nodes, 16 devices. */
static void a_host_with_64_cpus_has_about_150_series(void **state)
{
	struct world world;

	(void) state;
	make_world(&world, 2, 64);
	for (unsigned int i = 0; i < METRICS_DEVICES; i++)
		put_device(&world, i + 1, 100 + i, (int) i, 0);
	assert_in_range(count_series(format(&world, METRICS_OPENMETRICS)), 130, 155);
	put_device(&world, 200, 300, 5, 0);
	assert_null(strstr(format(&world, METRICS_OPENMETRICS), "device_home_ratio{"));
	assert_non_null(strstr(format(&world, METRICS_OPENMETRICS), "irqherd_home_ratio "));
	free_world(&world);
}

static void larger_machines_are_folded_to_nodes(void **state)
{
	struct world world;
	const char *text;

	(void) state;
	make_world(&world, 8, 1152);
	text = format(&world, METRICS_OPENMETRICS);
	assert_null(strstr(text, "cpu_irq_ratio"));
	has(text, "irqherd_node_irq_max_ratio{node=\"7\"} 1.151000");
	assert_in_range(count_series(text), 60, 100);
	free_world(&world);
}

static void what_was_not_measured_is_not_told(void **state)
{
	struct world world;
	const char *text;

	(void) state;
	make_world(&world, 0, 4);
	world.view.load = NULL;
	world.view.counts = NULL;
	world.view.frozen = true;
	world.view.config_valid = false;
	text = format(&world, METRICS_OPENMETRICS);
	assert_null(strstr(text, "irq_ratio"));
	assert_null(strstr(text, "overloaded_cpus"));
	has(text, "irqherd_mode{mode=\"frozen\"} 1");
	has(text, "irqherd_mode{mode=\"apply\"} 0");
	has(text, "irqherd_config_valid 0");
	has(text, "irqherd_rounds_total 0");
	free_world(&world);

	make_world(&world, 0, 4); /* without NUMA there is node 0 */
	has(format(&world, METRICS_OPENMETRICS), "irqherd_node_irq_max_ratio{node=\"0\"} 0.003000");
	free_world(&world);
}

static void the_manual_tells_every_family(void **state)
{
	struct buf manual = BUF_INIT;
	struct world world;
	char part[65536];
	FILE *file = fopen(FIXTURES "/../../docs/man/irqherd.8.scd", "r");
	unsigned int families = 0;

	(void) state;
	assert_non_null(file);
	for (size_t got; (got = fread(part, 1, sizeof(part), file)) > 0;)
		assert_int_equal(buf_append(&manual, part, got), 0);
	(void) fclose(file);

	make_world(&world, 2, 8);
	put_device(&world, 0x3b, 40, 1, 0);
	for (const char *at = format(&world, METRICS_PROMETHEUS);
	     (at = strstr(at, "# TYPE irqherd_")); families++) {
		char name[64], entry[80];

		at += strlen("# TYPE irqherd_");
		(void) snprintf(name, sizeof(name), "%.*s", (int) strcspn(at, " "), at);
		(void) snprintf(entry, sizeof(entry), "\n*%s", name);
		at = strstr(at, "\n");
		if (!strstr(buf_text(&manual), entry))
			fail_msg("irqherd(8) does not tell of %s", name);
	}
	assert_true(families >= 25);
	buf_deinit(&manual);
	free_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_the_view),
		cmocka_unit_test(openmetrics_has_units_and_an_end_and_the_older_format_has_not),
		cmocka_unit_test(a_host_with_64_cpus_has_about_150_series),
		cmocka_unit_test(larger_machines_are_folded_to_nodes),
		cmocka_unit_test(what_was_not_measured_is_not_told),
		cmocka_unit_test(the_manual_tells_every_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
