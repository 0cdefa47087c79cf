/* sysfs_cpu: topology from small trees, whole, old, sparse, odd and large. */
#include <errno.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/sysfs_cpu.h"
#include "tree.h"

#define CPU  "sys/devices/system/cpu/"
#define NODE "sys/devices/system/node/"

static void put_cpu(const struct tree *tree, unsigned int cpu, const char *file, const char *text)
{
	char name[256];

	(void) snprintf(name, sizeof(name), CPU "cpu%u/%s", cpu, file);
	tree_put(tree, name, text);
}

static void put_cache(const struct tree *tree, unsigned int cpu, unsigned int index,
		      const char *level, const char *type, const char *shared)
{
	char file[64];

	(void) snprintf(file, sizeof(file), "cache/index%u/level", index);
	put_cpu(tree, cpu, file, level);
	(void) snprintf(file, sizeof(file), "cache/index%u/type", index);
	put_cpu(tree, cpu, file, type);
	(void) snprintf(file, sizeof(file), "cache/index%u/shared_cpu_list", index);
	put_cpu(tree, cpu, file, shared);
}

static void put_lists(const struct tree *tree, const char *possible, const char *present,
		      const char *online)
{
	tree_put(tree, CPU "possible", possible);
	tree_put(tree, CPU "present", present);
	tree_put(tree, CPU "online", online);
}

static void assert_list(const struct cpumask *mask, const char *wanted)
{
	char text[CPULIST_TEXT];

	cpulist_format(mask, text, sizeof(text));
	assert_string_equal(text, wanted);
}

static struct topology read_tree(struct tree *tree)
{
	struct topology topology = TOPOLOGY_INIT;

	assert_int_equal(topology_read(&tree->root, &topology), 0);
	return topology;
}

static void siblings_packages_and_caches_are_named_by_their_lowest_cpu(void **state)
{
	static const char *const cores[] = { "0,4\n", "1,5\n", "2,6\n", "3,7\n" };
	struct tree *tree = *state;
	struct topology topology;

	put_lists(tree, "0-7\n", "0-7\n", "0-7\n");
	for (unsigned int cpu = 0; cpu < 8; cpu++) {
		const char *package = cpu % 4 < 2 ? "0-1,4-5\n" : "2-3,6-7\n";

		put_cpu(tree, cpu, "topology/core_cpus_list", cores[cpu % 4]);
		put_cpu(tree, cpu, "topology/package_cpus_list", package);
		put_cache(tree, cpu, 0, "1\n", "Data\n", cores[cpu % 4]);
		put_cache(tree, cpu, 1, "1\n", "Instruction\n", cores[cpu % 4]);
		put_cache(tree, cpu, 2, "2\n", "Unified\n", cores[cpu % 4]);
		put_cache(tree, cpu, 3, "3\n", "Unified\n", package);
	}

	topology = read_tree(tree);
	assert_int_equal(topology.cpu_count, 8);
	assert_int_equal(topology.node_count, 0);
	for (unsigned int cpu = 0; cpu < 8; cpu++) {
		const struct cpu *record = &topology.cpus[cpu];
		int package = cpu % 4 < 2 ? 0 : 2;

		assert_int_equal(record->core, cpu % 4);
		assert_int_equal(record->package, package);
		assert_int_equal(record->llc, package);
		assert_int_equal(record->first_thread, cpu < 4);
		assert_int_equal(record->node, NODE_NONE);
	}
	topology_deinit(&topology);
}

static void older_names_and_hex_files_serve_as_well(void **state)
{
	static const struct {
		const char *core_file, *core, *package_file, *package;
	} cases[] = {
		{ "topology/thread_siblings_list", "0-1\n", "topology/core_siblings_list",
		  "0-3\n" },
		{ "topology/core_cpus", "3\n", "topology/package_cpus", "f\n" },
		{ "topology/thread_siblings", "00000000,00000003\n", "topology/core_siblings",
		  "0000000f\n" },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct topology topology;

		put_lists(tree, "0-3\n", "0-3\n", "0-3\n");
		put_cpu(tree, 0, cases[i].core_file, cases[i].core);
		put_cpu(tree, 0, cases[i].package_file, cases[i].package);
		put_cpu(tree, 0, "cache/index0/level", "3\n");
		put_cpu(tree, 0, "cache/index0/type", "Unified\n");
		put_cpu(tree, 0, "cache/index0/shared_cpu_map", "7\n");

		topology = read_tree(tree);
		assert_int_equal(topology.cpus[1].core, 0);
		assert_false(topology.cpus[1].first_thread);
		assert_int_equal(topology.cpus[2].core, CPU_NONE);
		assert_true(topology.cpus[2].first_thread);
		assert_int_equal(topology.cpus[3].package, 0);
		assert_int_equal(topology.cpus[2].llc, 0);
		assert_int_equal(topology.cpus[3].llc, CPU_NONE);
		topology_deinit(&topology);
		tree_drop(tree, "sys/devices");
	}
}

static void offline_cpus_have_no_topology_and_are_nobodys_first_thread(void **state)
{
	struct tree *tree = *state;
	struct topology topology;

	put_lists(tree, "0-5\n", "0-3\n", "1,3\n");
	put_cpu(tree, 1, "topology/core_cpus_list", "0-1\n");
	tree_dir(tree, CPU "cpu3/topology/core_cpus_list");

	topology = read_tree(tree);
	assert_int_equal(topology.cpu_count, 6);
	assert_list(&topology.possible, "0-5");
	assert_list(&topology.present, "0-3");
	assert_list(&topology.online, "1,3");
	assert_int_equal(topology.cpus[0].core, CPU_NONE);
	assert_int_equal(topology.cpus[1].core, 1);
	assert_true(topology.cpus[1].first_thread);
	assert_int_equal(topology.cpus[3].core, CPU_NONE);
	assert_true(topology.cpus[3].first_thread);
	topology_deinit(&topology);
}

static void an_offline_cpu_belongs_to_the_node_that_its_link_names(void **state)
{
	struct tree *tree = *state;
	struct topology topology;
	struct cpumask nearest;

	put_lists(tree, "0-5\n", "0-4\n", "0-2\n");
	tree_put(tree, NODE "node0/cpulist", "0-1\n");
	tree_put(tree, NODE "node1/cpulist", "2\n");
	tree_dir(tree, CPU "cpu3/node1");
	tree_dir(tree, CPU "cpu4/node");
	tree_dir(tree, CPU "cpu4/nodex");
	tree_dir(tree, CPU "cpu5/node1");

	topology = read_tree(tree);
	assert_int_equal(topology.cpus[3].node, 1);
	assert_int_equal(topology.cpus[4].node, NODE_NONE);
	assert_int_equal(topology.cpus[5].node, NODE_NONE); /* not there */
	assert_list(&topology.nodes[1].cpus, "2");
	nearest = topology_nearest(&topology, topology.cpus[3].node, &topology.online);
	assert_list(&nearest, "2");
	topology_deinit(&topology);
}

static void a_missing_list_is_replaced_by_the_next_best(void **state)
{
	static const struct {
		const char *possible, *present, *online, *folders; /* NULL: missing */
		const char *want_possible, *want_present, *want_online;
	} cases[] = {
		{ "0-7\n", "0-3\n", "0-1\n", "0-3", "0-7", "0-3", "0-1" },
		{ NULL, "0-3\n", "0-1\n", "0-3", "0-3", "0-3", "0-1" },
		{ NULL, NULL, "0-1\n", "0-3", "0-1", "0-1", "0-1" },
		{ NULL, NULL, NULL, "0-1,8", "0-1,8", "0-1,8", "0-1,8" },
		{ "0-7\n", NULL, NULL, "0-1", "0-7", "0-1", "0-1" },
		{ "0-7\n", NULL, NULL, "", "0-7", "0-7", "0-7" },
		{ "\n", "x\n", "9-1\n", "5", "5", "5", "5" },
		{ "0-99999\n", "0-3\n", "0-3\n", "", "0-3", "0-3", "0-3" },
		{ "0-1\n", "0-1\n", "0-2\n", "", "0-2", "0-2", "0-2" },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct topology topology;
		struct cpumask folders;

		if (cases[i].possible)
			tree_put(tree, CPU "possible", cases[i].possible);
		if (cases[i].present)
			tree_put(tree, CPU "present", cases[i].present);
		if (cases[i].online)
			tree_put(tree, CPU "online", cases[i].online);
		assert_int_equal(cpulist_parse(cases[i].folders, &folders), 0);
		cpumask_foreach(cpu, &folders)
			put_cpu(tree, (unsigned int) cpu, "uevent", "");
		tree_dir(tree, CPU "cpufreq");
		tree_dir(tree, CPU "cpu99999");

		topology = read_tree(tree);
		assert_list(&topology.possible, cases[i].want_possible);
		assert_list(&topology.present, cases[i].want_present);
		assert_list(&topology.online, cases[i].want_online);
		topology_deinit(&topology);
		tree_drop(tree, "sys/devices");
	}
}

static void without_the_online_list_each_cpu_is_asked(void **state)
{
	struct tree *tree = *state;
	struct topology topology;

	tree_put(tree, CPU "present", "0-3\n");
	put_cpu(tree, 1, "online", "0\n");
	put_cpu(tree, 2, "online", "1\n");
	put_cpu(tree, 3, "online", "rubbish\n");
	topology = read_tree(tree);
	assert_list(&topology.online, "0,2-3");
	topology_deinit(&topology);
}

static void a_tree_without_cpus_is_refused_and_leaves_the_output_alone(void **state)
{
	struct tree *tree = *state;
	struct topology topology = { .cpu_count = 77 };

	assert_int_equal(topology_read(&tree->root, &topology), -ENOENT);
	assert_int_equal(topology.cpu_count, 77);
}

static void isolation_is_gathered_from_three_places(void **state)
{
	static const struct {
		const char *isolated, *nohz_full, *cpuset;
		const char *wanted;
	} cases[] = {
		{ NULL, NULL, NULL, "" },         { "\n", " (null)\n", "\n", "" },
		{ "1\n", "2\n", "3-4\n", "1-4" }, { "1\n", " (null)\n", NULL, "1" },
		{ "1", "x", "5-", "1" },          { "6-9\n", NULL, NULL, "6-7" },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct topology topology;

		put_lists(tree, "0-7\n", "0-7\n", "0-7\n");
		if (cases[i].isolated)
			tree_put(tree, CPU "isolated", cases[i].isolated);
		if (cases[i].nohz_full)
			tree_put(tree, CPU "nohz_full", cases[i].nohz_full);
		if (cases[i].cpuset)
			tree_put(tree, "sys/fs/cgroup/cpuset.cpus.isolated", cases[i].cpuset);
		topology = read_tree(tree);
		assert_list(&topology.isolated, cases[i].wanted);
		topology_deinit(&topology);
		tree_drop(tree, "sys/devices");
		tree_drop(tree, "sys/fs");
	}
}

static void sparse_and_cpuless_nodes_keep_their_numbers_and_distances(void **state)
{
	struct tree *tree = *state;
	struct topology topology;

	put_lists(tree, "0-3\n", "0-3\n", "0-3\n");
	tree_put(tree, NODE "online", "0,8,252\n");
	tree_put(tree, NODE "node252/cpulist", "\n");
	tree_put(tree, NODE "node252/distance", "80 40 10\n");
	tree_put(tree, NODE "node8/cpumap", "0000000c\n");
	tree_put(tree, NODE "node8/distance", "20 10 40\n");
	tree_put(tree, NODE "node0/cpulist", "0-1\n");
	tree_put(tree, NODE "node0/distance", "10 20 80\n");
	tree_put(tree, NODE "node99999/cpulist", "0-1\n");
	tree_put(tree, NODE "nodes/cpulist", "0-1\n");

	topology = read_tree(tree);
	assert_int_equal(topology.node_count, 3);
	assert_int_equal(topology.nodes[0].number, 0);
	assert_int_equal(topology.nodes[1].number, 8);
	assert_int_equal(topology.nodes[2].number, 252);
	assert_list(&topology.nodes[1].cpus, "2-3");
	assert_true(cpumask_empty(&topology.nodes[2].cpus));
	assert_int_equal(topology_distance(&topology, 252, 0), 80);
	assert_int_equal(topology_distance(&topology, 252, 8), 40);
	assert_int_equal(topology_distance(&topology, 8, 0), 20);
	assert_int_equal(topology.cpus[1].node, 0);
	assert_int_equal(topology.cpus[2].node, 8);
	topology_deinit(&topology);
}

static void the_online_list_tells_whose_distances_they_are(void **state)
{
	static const struct {
		const char *online; /* NULL: missing */
		const char *line;   /* of node 1, folders are 0, 1 and 2 */
		int to_0, to_2;     /* -1: no distances */
	} cases[] = {
		{ "0-2\n", "20 10 30\n", 20, 30 },
		{ NULL, "20 10 30\n", 20, 30 },
		{ "0-1\n", "21 10\n", 21, 255 },
		{ "1-2\n", "10 31\n", 255, 31 },
		{ "0-3\n", "20 10 30 40\n", 20, 30 },
		{ NULL, "20 10\n", -1, -1 },
		{ "0-2\n", "\n", -1, -1 },
		{ "0-2\n", "20 10 x\n", -1, -1 },
		{ "0-2\n", "20 10 300\n", -1, -1 },
		{ "0-2\n", "20 10 99999999999999999999\n", -1, -1 },
		{ "0-2\n", "20 10 30 40 50\n", -1, -1 },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct topology topology;

		put_lists(tree, "0\n", "0\n", "0\n");
		tree_dir(tree, NODE "node0");
		tree_put(tree, NODE "node1/distance", cases[i].line);
		tree_dir(tree, NODE "node2");
		if (cases[i].online)
			tree_put(tree, NODE "online", cases[i].online);

		topology = read_tree(tree);
		assert_int_equal(topology.node_count, 3);
		if (cases[i].to_0 < 0) {
			assert_null(topology.nodes[1].distances);
		} else {
			assert_non_null(topology.nodes[1].distances);
			assert_int_equal(topology.nodes[1].distances[0], cases[i].to_0);
			assert_int_equal(topology.nodes[1].distances[1], 10);
			assert_int_equal(topology.nodes[1].distances[2], cases[i].to_2);
		}
		topology_deinit(&topology);
		tree_drop(tree, "sys/devices");
	}
}

static void a_cpu_that_two_nodes_claim_belongs_to_the_first(void **state)
{
	struct tree *tree = *state;
	struct topology topology;

	put_lists(tree, "0-3\n", "0-3\n", "0-3\n");
	tree_put(tree, NODE "node1/cpulist", "0-3,9000\n");
	tree_put(tree, NODE "node1/cpumap", "f\n");
	tree_put(tree, NODE "node0/cpulist", "0-1\n");
	topology = read_tree(tree);
	assert_int_equal(topology.cpus[0].node, 0);
	assert_int_equal(topology.cpus[1].node, 0);
	assert_int_equal(topology.cpus[2].node, 1);
	topology_deinit(&topology);
}

static void odd_sets_leave_the_cpu_unknown(void **state)
{
	static const char *const texts[] = { "",     "\n",    "1\n",
					     "0-\n", "x\n",   "0-99999999\n",
					     "-1\n", "0 1\n", "0,,1\n" };
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct topology topology;

		put_lists(tree, "0-1\n", "0-1\n", "0-1\n");
		put_cpu(tree, 0, "topology/core_cpus_list", texts[i]);
		put_cpu(tree, 0, "topology/package_cpus_list", texts[i]);
		put_cache(tree, 0, 0, "3\n", "Unified\n", texts[i]);
		topology = read_tree(tree);
		assert_int_equal(topology.cpus[0].core, CPU_NONE);
		assert_int_equal(topology.cpus[0].package, CPU_NONE);
		assert_int_equal(topology.cpus[0].llc, CPU_NONE);
		assert_true(topology.cpus[0].first_thread);
		topology_deinit(&topology);
		tree_drop(tree, "sys/devices");
	}
}

static void sets_that_overlap_never_share_a_cpu(void **state)
{
	struct tree *tree = *state;
	struct topology topology;

	put_lists(tree, "0-3\n", "0-3\n", "0-3\n");
	put_cpu(tree, 0, "topology/core_cpus_list", "0-1\n");
	put_cpu(tree, 2, "topology/core_cpus_list", "1-2\n");
	put_cpu(tree, 3, "topology/core_cpus_list", "0-3\n");
	topology = read_tree(tree);
	assert_int_equal(topology.cpus[1].core, 0);
	assert_int_equal(topology.cpus[2].core, 2);
	assert_int_equal(topology.cpus[3].core, 3);
	assert_true(topology.cpus[3].first_thread);
	topology_deinit(&topology);
}

static void caches_need_not_be_in_order_nor_alike(void **state)
{
	struct tree *tree = *state;
	struct topology topology;

	put_lists(tree, "0-3\n", "0-3\n", "0-3\n");
	put_cache(tree, 0, 0, "3\n", "Unified\n", "0-1\n");
	put_cache(tree, 0, 1, "2\n", "Unified\n", "0\n");
	put_cache(tree, 0, 2, "4\n", "Data\n", "0\n");
	put_cache(tree, 2, 0, "1\n", "Data\n", "2\n");
	put_cache(tree, 2, 1, "\n", "Unified\n", "2\n");
	put_cache(tree, 2, 2, "2\n", "Unified\n", "2\n");
	put_cache(tree, 3, 0, "1\n", "Unified\n", "3\n");
	topology = read_tree(tree);
	assert_int_equal(topology.cpus[1].llc, 0);
	assert_int_equal(topology.cpus[2].llc, 2);
	assert_int_equal(topology.cpus[3].llc, 3);
	topology_deinit(&topology);
}

/* cpus CPUs, two threads a core, `share` CPUs to a last-level cache. */
static void put_large(const struct tree *tree, unsigned int cpus, unsigned int share)
{
	char list[32], text[64];
	unsigned int cores = cpus / 2;

	(void) snprintf(list, sizeof(list), "0-%u\n", cpus - 1);
	put_lists(tree, list, list, list);
	for (unsigned int cpu = 0; cpu < cpus; cpu++) {
		unsigned int first = cpu % cores / share * share;

		(void) snprintf(text, sizeof(text), "%u,%u\n", cpu % cores, cpu % cores + cores);
		put_cpu(tree, cpu, "topology/core_cpus_list", text);
		put_cpu(tree, cpu, "topology/thread_siblings_list", text);
		put_cpu(tree, cpu, "topology/package_cpus_list", list);
		put_cache(tree, cpu, 0, "1\n", "Data\n", text);
		put_cache(tree, cpu, 1, "1\n", "Instruction\n", text);
		put_cache(tree, cpu, 2, "2\n", "Unified\n", text);
		(void) snprintf(text, sizeof(text), "%u-%u,%u-%u\n", first, first + share - 1,
				first + cores, first + cores + share - 1);
		put_cache(tree, cpu, 3, "3\n", "Unified\n", text);
	}
}

static void a_large_machine_is_read_by_cores_not_by_cpus(void **state)
{
	static const unsigned int shares[] = { 8, 1 };
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
		struct topology topology;
		uint64_t before;

		put_large(tree, 256, shares[i]);
		before = tree->root.opened;
		topology = read_tree(tree);
		assert_true(tree->root.opened - before < 600);
		assert_int_equal(topology.cpus[200].core, 72);
		assert_int_equal(topology.cpus[200].llc, 72);
		assert_int_equal(topology.cpus[255].package, 0);
		topology_deinit(&topology);
		tree_drop(tree, "sys/devices");
	}
}

static void the_most_cpus_that_fit_are_read(void **state)
{
	struct tree *tree = *state;
	struct topology topology;
	uint64_t before;

	put_lists(tree, "0-8191\n", "0-8191\n", "0-8190\n");
	put_cpu(tree, 8190, "topology/core_cpus_list", "8190-8191\n");
	put_cpu(tree, 0, "topology/package_cpus_list", "0-8191\n");
	tree_put(tree, NODE "node0/cpulist", "0-8191\n");
	before = tree->root.opened;
	topology = read_tree(tree);
	assert_true(tree->root.opened - before < 20);
	assert_int_equal(topology.cpu_count, CPU_LIMIT);
	assert_int_equal(topology.cpus[8190].core, 8190);
	assert_int_equal(topology.cpus[8190].package, 0);
	assert_int_equal(topology.cpus[8191].package, CPU_NONE);
	assert_int_equal(topology.cpus[8191].node, 0);
	topology_deinit(&topology);
}

static void rubbish_of_any_kind_is_survived(void **state)
{
	struct tree *tree = *state;
	struct topology topology;

	put_lists(tree, "0-3\n", "0-3\n", "0-3\n");
	tree_link(tree, CPU "cpu0", "nowhere");
	tree_put(tree, CPU "cpu1", "a file");
	tree_dir(tree, CPU "cpu2/cache/index0/level");
	tree_dir(tree, CPU "cpu2/topology/core_cpus_list");
	tree_link(tree, CPU "cpu3/topology", "../cpu3");
	tree_put(tree, CPU "cpu3/cache/index0/level", "99999999999999999999\n");
	tree_dir(tree, CPU "isolated");
	tree_link(tree, NODE "node0", "nowhere");
	tree_put(tree, NODE "node1", "a file");
	tree_dir(tree, NODE "node2/distance");
	tree_dir(tree, NODE "node2/cpulist");

	topology = read_tree(tree);
	assert_int_equal(topology.cpu_count, 4);
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		assert_int_equal(topology.cpus[cpu].core, CPU_NONE);
	topology_deinit(&topology);
}

static void two_readings_of_one_machine_are_equal(void **state)
{
	struct fsroot root = FSROOT_INIT;
	struct topology a = TOPOLOGY_INIT, b = TOPOLOGY_INIT;

	(void) state;
	if (fsroot_init(&root, NULL) < 0)
		skip();
	assert_int_equal(topology_read(&root, &a), 0);
	assert_int_equal(topology_read(&root, &b), 0);
	assert_true(topology_equal(&a, &b));
	assert_false(cpumask_empty(&a.online));
	topology_deinit(&a);
	topology_deinit(&b);
	fsroot_deinit(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(siblings_packages_and_caches_are_named_by_their_lowest_cpu),
		tree_test(older_names_and_hex_files_serve_as_well),
		tree_test(offline_cpus_have_no_topology_and_are_nobodys_first_thread),
		tree_test(an_offline_cpu_belongs_to_the_node_that_its_link_names),
		tree_test(a_missing_list_is_replaced_by_the_next_best),
		tree_test(without_the_online_list_each_cpu_is_asked),
		tree_test(a_tree_without_cpus_is_refused_and_leaves_the_output_alone),
		tree_test(isolation_is_gathered_from_three_places),
		tree_test(sparse_and_cpuless_nodes_keep_their_numbers_and_distances),
		tree_test(the_online_list_tells_whose_distances_they_are),
		tree_test(a_cpu_that_two_nodes_claim_belongs_to_the_first),
		tree_test(odd_sets_leave_the_cpu_unknown),
		tree_test(sets_that_overlap_never_share_a_cpu),
		tree_test(caches_need_not_be_in_order_nor_alike),
		tree_test(a_large_machine_is_read_by_cores_not_by_cpus),
		tree_test(the_most_cpus_that_fit_are_read),
		tree_test(rubbish_of_any_kind_is_survived),
		cmocka_unit_test(two_readings_of_one_machine_are_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
