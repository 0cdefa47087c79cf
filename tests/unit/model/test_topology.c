/* topology: distances, the nearest CPUs, and when two topologies are the same. */
#include "world.h"

static struct topology plain(void)
{
	return topology_of(4, 2, "0-7", "");
}

#define assert_cpus(mask, list)                                      \
	do {                                                         \
		struct cpumask mask_ = (mask);                       \
		char text_[CPULIST_TEXT];                            \
                                                                     \
		(void) cpulist_format(&mask_, text_, sizeof(text_)); \
		assert_string_equal(text_, (list));                  \
	} while (0)

static void nearest_is_all_of_the_nearest_node_that_has_any(void **state)
{
	static const struct {
		int node;
		const char *wanted, *nearest;
	} cases[] = {
		{ 0, "0-7", "0-1" },     { 0, "1-7", "1" },
		{ 0, "3-7", "3" },       { 0, "4-7", "4-5" },
		{ 3, "0-5", "4-5" },     { 3, "0-1", "0-1" },
		{ 2, "0-3,6-7", "2-3" }, /* nodes 1 and 3 are as far: the lower number */
		{ 1, "", "" },           { NODE_NONE, "1,3,5", "1,3,5" },
		{ 9, "1,3,5", "1,3,5" },
	};
	struct topology topology = plain();

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpumask wanted = cpus(cases[i].wanted);

		assert_cpus(topology_nearest(&topology, cases[i].node, &wanted), cases[i].nearest);
	}
	topology_deinit(&topology);
}

static void cpus_outside_all_nodes_are_taken_where_nothing_else_is(void **state)
{
	struct topology topology = plain();
	struct cpumask wanted = cpus("6-7");

	(void) state;
	topology.nodes[3].cpus = CPUMASK_NONE;
	assert_cpus(topology_nearest(&topology, 0, &wanted), "6-7");
	topology_deinit(&topology);
}

static void node_without_cpus_means_the_nearest_with_cpus(void **state)
{
	struct topology topology = plain();
	struct cpumask wanted = cpus("0-7");

	(void) state;
	topology.nodes[1].cpus = CPUMASK_NONE;
	topology.nodes[1].distances[0] = 40;
	assert_cpus(topology_nearest(&topology, 1, &wanted), "4-5");
	topology_deinit(&topology);
}

static void distances_are_firmwares_or_ten_and_twenty(void **state)
{
	struct topology topology = plain();

	(void) state;
	assert_int_equal(topology_distance(&topology, 0, 3), 40);
	assert_int_equal(topology_distance(&topology, 2, 2), 10);
	assert_int_equal(topology_distance(&topology, 0, 9), 20);
	assert_int_equal(topology_distance(&topology, 9, 9), 10);
	free(topology.nodes[0].distances);
	topology.nodes[0].distances = NULL;
	assert_int_equal(topology_distance(&topology, 0, 3), 20);
	assert_int_equal(topology_distance(&topology, 0, 0), 10);
	assert_int_equal(topology_distance(&topology, 3, 0), 40);
	topology_deinit(&topology);
}

static void node_numbers_may_have_gaps(void **state)
{
	struct topology topology = plain();
	struct cpumask wanted = cpus("0-7");

	(void) state;
	topology.nodes[3].number = 250;
	assert_non_null(topology_find_node(&topology, 250));
	assert_null(topology_find_node(&topology, 3));
	assert_null(topology_find_node(&topology, NODE_NONE));
	assert_int_equal(topology_distance(&topology, 0, 250), 40);
	assert_cpus(topology_nearest(&topology, 250, &wanted), "6-7");
	topology_deinit(&topology);
}

static void change_nothing(struct topology *topology)
{
	(void) topology;
}

static void change_possible(struct topology *topology)
{
	cpumask_set(&topology->possible, 100);
}

static void change_present(struct topology *topology)
{
	cpumask_clear(&topology->present, 7);
}

static void change_online(struct topology *topology)
{
	cpumask_clear(&topology->online, 7);
}

static void change_isolated(struct topology *topology)
{
	cpumask_set(&topology->isolated, 7);
}

static void change_core(struct topology *topology)
{
	topology->cpus[7].core = 6;
}

static void change_llc(struct topology *topology)
{
	topology->cpus[7].llc = 0;
}

static void change_package(struct topology *topology)
{
	topology->cpus[7].package = 0;
}

static void change_first_thread(struct topology *topology)
{
	topology->cpus[7].first_thread = false;
}

static void change_cpu_node(struct topology *topology)
{
	topology->cpus[7].node = 0;
}

static void change_node_number(struct topology *topology)
{
	topology->nodes[3].number = 4;
}

static void change_node_cpus(struct topology *topology)
{
	cpumask_clear(&topology->nodes[3].cpus, 7);
}

static void change_distance(struct topology *topology)
{
	topology->nodes[3].distances[0] = 99;
}

static void drop_distances(struct topology *topology)
{
	free(topology->nodes[3].distances);
	topology->nodes[3].distances = NULL;
}

static void drop_a_cpu(struct topology *topology)
{
	topology->cpu_count--;
}

static void any_difference_makes_topologies_differ(void **state)
{
	static const struct {
		void (*change)(struct topology *topology);
		bool equal;
	} cases[] = {
		{ change_nothing, true },       { change_possible, false },
		{ change_present, false },      { change_online, false },
		{ change_isolated, false },     { change_core, false },
		{ change_llc, false },          { change_package, false },
		{ change_first_thread, false }, { change_cpu_node, false },
		{ change_node_number, false },  { change_node_cpus, false },
		{ change_distance, false },     { drop_distances, false },
		{ drop_a_cpu, false },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct topology a = plain(), b = plain();

		cases[i].change(&b);
		assert_int_equal(topology_equal(&a, &b), cases[i].equal);
		assert_int_equal(topology_equal(&b, &a), cases[i].equal);
		topology_deinit(&a);
		topology_deinit(&b);
	}
}

static void machine_without_numa_has_no_nodes(void **state)
{
	struct topology topology = plain();
	struct cpumask wanted = cpus("2-3");

	(void) state;
	for (unsigned int i = 0; i < topology.node_count; i++)
		free(topology.nodes[i].distances);
	topology.node_count = 0;
	assert_null(topology_find_node(&topology, 0));
	assert_cpus(topology_nearest(&topology, 0, &wanted), "2-3");
	topology_deinit(&topology);
	topology_deinit(&topology);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearest_is_all_of_the_nearest_node_that_has_any),
		cmocka_unit_test(cpus_outside_all_nodes_are_taken_where_nothing_else_is),
		cmocka_unit_test(node_without_cpus_means_the_nearest_with_cpus),
		cmocka_unit_test(distances_are_firmwares_or_ten_and_twenty),
		cmocka_unit_test(node_numbers_may_have_gaps),
		cmocka_unit_test(any_difference_makes_topologies_differ),
		cmocka_unit_test(machine_without_numa_has_no_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
