/* Two nodes of four CPUs, and a NIC on node 0 whose IRQs fire on CPUs 0 and 1. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/outlet/view.h"

struct world {
	struct inventory inventory;
	struct load load;
	struct policy policy;
	struct view view;
	json_t *answer;
};

static void put_topology(struct world *world, const char *isolated)
{
	struct topology topology = TOPOLOGY_INIT;

	topology.cpu_count = 8;
	topology.cpus = calloc(8, sizeof(*topology.cpus));
	topology.node_count = 2;
	topology.nodes = calloc(2, sizeof(*topology.nodes));
	assert_non_null(topology.cpus);
	assert_non_null(topology.nodes);
	for (int i = 0; i < 2; i++) {
		topology.nodes[i].number = i;
		topology.nodes[i].cpus = cpumask_range(4 * (unsigned int) i,
						       4 * (unsigned int) i + 3);
		topology.nodes[i].distances = calloc(2, 1);
		assert_non_null(topology.nodes[i].distances);
		topology.nodes[i].distances[i] = 10;
		topology.nodes[i].distances[1 - i] = 21;
	}
	for (int cpu = 0; cpu < 8; cpu++)
		topology.cpus[cpu] = (struct cpu){ (int16_t) (cpu / 4), (int16_t) cpu, 0, 0, true };
	topology.possible = topology.present = topology.online = cpumask_range(0, 7);
	assert_int_equal(cpulist_parse(isolated, &topology.isolated), 0);
	assert_int_equal(inventory_put_topology(&world->inventory, &topology, NULL), 0);
}

static void put_nic(struct world *world, int node)
{
	const struct irq_facts irqs[] = {
		{ 40, 0, IRQ_MSIX, true, false, "eth0-rx-0", mask_of_cpu(0), 0, NODE_NONE },
		{ 41, 1, IRQ_MSIX, true, false, "eth0-rx-1", mask_of_cpu(1), 1, NODE_NONE },
	};
	const struct device_facts facts = {
		.addr = { .bus = 0x3b }, .driver = "nic", .node = node, .irqs = irqs, .irq_count = 2
	};
	const struct netdev_facts netdev = {
		.ifindex = 3, .name = "eth0", .has_device = true, .addr = { .bus = 0x3b }
	};

	assert_int_equal(inventory_put_device(&world->inventory, &facts, LOOK_START, NULL), 0);
	assert_int_equal(inventory_put_netdev(&world->inventory, &netdev, NULL), 0);
}

static void set_load(struct world *world, int cpu, uint32_t irq, uint32_t busy, uint32_t steal)
{
	world->load.cpus[cpu] = (struct cpu_load){ .load_ppm = irq * 10000,
						   .irq_ppm = irq * 10000,
						   .busy_ppm = busy * 10000,
						   .steal_ppm = steal * 10000,
						   .valid = true };
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	assert_int_equal(inventory_init(&world->inventory), 0);
	put_topology(world, "");
	world->load.cpus = calloc(8, sizeof(world->load.cpus[0]));
	assert_non_null(world->load.cpus);
	world->load.cpu_count = world->load.cpu_size = 8;
	world->load.valid = true;
	for (int cpu = 0; cpu < 8; cpu++)
		set_load(world, cpu, 0, 0, 0);
	world->policy.allowed = cpumask_range(0, 7);
	world->view = (struct view){ .inventory = &world->inventory,
				     .load = &world->load,
				     .policy = &world->policy };
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	json_decref(world->answer);
	load_deinit(&world->load);
	inventory_deinit(&world->inventory);
	free(world);
	return 0;
}

static const json_t *advise(struct world *world, const char *target)
{
	int error;

	json_decref(world->answer);
	world->answer = view_advise(&world->view, target, &error);
	assert_int_equal(error, 0);
	assert_non_null(world->answer);
	return json_object_get(world->answer, "advice");
}

static const char *text(const json_t *advice, const char *key)
{
	return json_string_value(json_object_get(advice, key));
}

static bool says(const json_t *advice, const char *key, const char *words)
{
	size_t index;
	json_t *line;

	json_array_foreach(json_object_get(advice, key), index,
			   line) if (strstr(json_string_value(line), words)) return true;
	return false;
}

static void a_calm_node_is_recommended_whole(void **state)
{
	struct world *world = *state;
	const json_t *advice;

	put_nic(world, 0);
	advice = advise(world, "eth0");
	assert_string_equal(text(advice, "device"), "0000:3b:00.0");
	assert_string_equal(text(advice, "cpus"), "0-3");
	assert_string_equal(text(advice, "serving"), "0-1");
	assert_int_equal(json_integer_value(json_object_get(advice, "node")), 0);
	assert_true(says(advice, "commands", "numactl --physcpubind=0-3 --preferred=0 PROGRAM"));
	assert_true(says(advice, "commands", "taskset --cpu-list 0-3 PROGRAM"));
	assert_true(says(advice, "drop_in", "CPUAffinity=0-3"));
	assert_true(says(advice, "drop_in", "NUMAMask=0"));
	assert_true(says(advice, "words", "Node 0 is its own"));
	/* the same by an IRQ and an address */
	assert_string_equal(text(advise(world, "41"), "device"), "0000:3b:00.0");
	assert_string_equal(text(advise(world, "0000:3b:00.0"), "cpus"), "0-3");
}

static void cpus_that_have_no_time_are_left_out_with_their_reasons(void **state)
{
	struct world *world = *state;
	const json_t *advice;

	put_topology(world, "2");
	put_nic(world, 0);
	set_load(world, 0, 25, 0, 0);
	set_load(world, 1, 0, 80, 0);
	advice = advise(world, "eth0");
	assert_string_equal(text(advice, "cpus"), "3");
	assert_int_equal(json_array_size(json_object_get(advice, "avoid")), 3);
	set_load(world, 3, 24, 55, 0);
	set_load(world, 0, 0, 0, 9);
	assert_string_equal(text(advise(world, "eth0"), "cpus"), "0,3");
	set_load(world, 0, 0, 0, 10);
	assert_string_equal(text(advise(world, "eth0"), "cpus"), "4-7");
}

static void a_full_node_leads_to_the_nearest_with_room(void **state)
{
	struct world *world = *state;
	const json_t *advice;

	put_nic(world, 0);
	for (int cpu = 0; cpu < 4; cpu++)
		set_load(world, cpu, 0, 90, 0);
	advice = advise(world, "eth0");
	assert_string_equal(text(advice, "cpus"), "4-7");
	assert_int_equal(json_integer_value(json_object_get(advice, "node")), 1);
	assert_true(says(advice, "words", "node 1 is the nearest that has"));

	/* nowhere: near is better than nothing */
	for (int cpu = 4; cpu < 8; cpu++)
		set_load(world, cpu, 0, 90, 0);
	advice = advise(world, "eth0");
	assert_string_equal(text(advice, "cpus"), "0-3");
}

static void an_unknown_node_is_said_and_not_guessed(void **state)
{
	struct world *world = *state;
	const json_t *advice;

	put_nic(world, NODE_NONE);
	advice = advise(world, "eth0");
	assert_string_equal(text(advice, "cpus"), "0-7");
	assert_null(json_object_get(advice, "node"));
	assert_true(says(advice, "words", "proximity file"));
	assert_false(says(advice, "drop_in", "NUMA"));
	world->view.load = NULL;
	assert_true(says(advise(world, "eth0"), "words", "not measured"));
}

static void who_is_no_device_is_told_so(void **state)
{
	static const char *const targets[] = { "eth7", "cpu1", "0000:00:00.0", "99", "" };
	struct world *world = *state;

	put_nic(world, 0);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		int error = 0;

		assert_null(view_advise(&world->view, targets[i], &error));
		assert_int_equal(error, -ENOENT);
	}
}

#define WITH_WORLD(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(a_calm_node_is_recommended_whole),
		WITH_WORLD(cpus_that_have_no_time_are_left_out_with_their_reasons),
		WITH_WORLD(a_full_node_leads_to_the_nearest_with_room),
		WITH_WORLD(an_unknown_node_is_said_and_not_guessed),
		WITH_WORLD(who_is_no_device_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
