#include "temp_tree.h"

#include "irqherd/actuate/rps_sysfs.h"
#include "irqherd/base/macro.h"

#define QUEUE "sys/class/net/eth0/queues/rx-0/rps_cpus"

struct world {
	struct temp_tree tree;
	char file[256];
	struct rps_sysfs rps;
	struct netdev netdev;
};

static int setup(void **state)
{
	static const char *const folders[] = { "proc/sys",
					       "proc/sys/kernel",
					       "proc/sys/kernel/random",
					       "sys/class",
					       "sys/class/net",
					       "sys/class/net/eth0",
					       "sys/class/net/eth0/queues",
					       "sys/class/net/eth0/queues/rx-0" };
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	tree_init(&world->tree);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		tree_folder(&world->tree, folders[i]);
	tree_file(&world->tree, "proc/sys/kernel/random/boot_id", "boot-1\n", 0444);
	tree_file(&world->tree, QUEUE, "0\n", 0644);
	tree_path(&world->tree, "rps", world->file);
	world->netdev = (struct netdev){
		.ifindex = 3, .name = "eth0", .has_device = true, .addr = { .bus = 0x3b }
	};
	assert_int_equal(rps_sysfs_init(&world->rps, &world->tree.root, world->file), 0);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	rps_sysfs_deinit(&world->rps);
	tree_deinit(&world->tree);
	free(world);
	return 0;
}

static struct cpumask cpus_of(const char *list)
{
	struct cpumask cpus;

	assert_int_equal(cpulist_parse(list, &cpus), 0);
	return cpus;
}

static void restart(struct world *world)
{
	rps_sysfs_deinit(&world->rps);
	assert_int_equal(rps_sysfs_init(&world->rps, &world->tree.root, world->file), 0);
}

static void a_set_is_written_as_the_kernel_wants_it(void **state)
{
	static const struct {
		const char *cpus, *text;
	} cases[] = {
		{ "0,2-3", "0000000d" },
		{ "33", "00000002,00000000" },
		{ "0-63", "ffffffff,ffffffff" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpumask cpus = cpus_of(cases[i].cpus);

		/* the kernel's file has no length; this one has */
		tree_file(&world->tree, QUEUE, "", 0644);
		assert_int_equal(rps_sysfs_write(&world->rps, &world->netdev, &cpus), RPS_DONE);
		assert_tree_file(&world->tree, QUEUE, cases[i].text);
		assert_true(rps_sysfs_is_ours(&world->rps, &world->netdev, &cpus));
	}
}

static void what_is_ours_is_known_after_a_crash_and_not_after_a_boot(void **state)
{
	struct world *world = *state;
	struct cpumask cpus = cpus_of("0,2"), other = cpus_of("1");

	assert_int_equal(rps_sysfs_write(&world->rps, &world->netdev, &cpus), RPS_DONE);
	assert_tree_file(&world->tree, "rps", "irqherd rps boot-1\n0000:3b:00.0 0,2\n");
	restart(world);
	assert_true(rps_sysfs_is_ours(&world->rps, &world->netdev, &cpus));
	assert_false(rps_sysfs_is_ours(&world->rps, &world->netdev, &other));

	tree_file(&world->tree, "proc/sys/kernel/random/boot_id", "boot-2\n", 0644);
	restart(world);
	assert_false(rps_sysfs_is_ours(&world->rps, &world->netdev, &cpus));
}

static void taking_back_leaves_nothing(void **state)
{
	struct world *world = *state;
	struct cpumask cpus = cpus_of("2"), none = CPUMASK_NONE, now;

	assert_int_equal(rps_sysfs_write(&world->rps, &world->netdev, &cpus), RPS_DONE);
	assert_int_equal(rps_sysfs_write(&world->rps, &world->netdev, &none), RPS_DONE);
	assert_int_equal(rps_sysfs_read(&world->rps, &world->netdev, &now), RPS_DONE);
	assert_true(cpumask_empty(&now));
	assert_int_equal(access(world->file, F_OK), -1);
}

static void broken_files_are_ignored_whole(void **state)
{
	static const char *const texts[] = {
		"",
		"irqherd rps boot-1",
		"irqherd originals boot-1\n0000:3b:00.0 0,2\n",
		"irqherd rps boot-1\n0000:3b:00.0 0,2\n0000:3c:00.0\n",
		"irqherd rps boot-1\n0000:3b:00.0 0,2\nelsewhere 1\n",
		"irqherd rps boot-1\n0000:3b:00.0 0,2\n0000:3c:00.0 x\n",
		"irqherd rps boot-1\n0000:3b:00.0 0,2\n0000:3c:00.0 \n",
	};
	struct world *world = *state;
	struct cpumask cpus = cpus_of("0,2");

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		tree_file(&world->tree, "rps", texts[i], 0600);
		restart(world);
		assert_false(rps_sysfs_is_ours(&world->rps, &world->netdev, &cpus));
	}
	/* one that others may write */
	tree_file(&world->tree, "rps", "irqherd rps boot-1\n0000:3b:00.0 0,2\n", 0666);
	restart(world);
	assert_false(rps_sysfs_is_ours(&world->rps, &world->netdev, &cpus));
}

static void a_queue_that_went_is_told_and_not_kept(void **state)
{
	struct world *world = *state;
	struct cpumask cpus = cpus_of("2"), now;

	strcpy(world->netdev.name, "eth1");
	assert_int_equal(rps_sysfs_write(&world->rps, &world->netdev, &cpus), RPS_GONE);
	assert_int_equal(rps_sysfs_read(&world->rps, &world->netdev, &now), RPS_GONE);
	assert_false(rps_sysfs_is_ours(&world->rps, &world->netdev, &cpus));
	assert_int_equal(access(world->file, F_OK), -1);
}

#define WITH_WORLD(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(a_set_is_written_as_the_kernel_wants_it),
		WITH_WORLD(what_is_ours_is_known_after_a_crash_and_not_after_a_boot),
		WITH_WORLD(taking_back_leaves_nothing),
		WITH_WORLD(broken_files_are_ignored_whole),
		WITH_WORLD(a_queue_that_went_is_told_and_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
