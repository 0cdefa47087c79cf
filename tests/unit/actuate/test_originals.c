#include "temp_tree.h"

#include <errno.h>

#include "irqherd/actuate/originals.h"
#include "irqherd/base/log.h"
#include "irqherd/base/macro.h"

#define BOOT_ID "0f3a52a1-7d6e-4b6e-9a54-1f0c2f1f7b11"
#define TITLE   "irqherd originals " BOOT_ID "\n"

struct world {
	struct temp_tree tree;
	struct inventory inventory;
	struct originals originals;
	char file[256];
};

static mask_id mask(struct world *world, const char *list)
{
	struct cpumask cpus;
	mask_id id;

	assert_int_equal(cpulist_parse(list, &cpus), 0);
	assert_int_equal(mask_intern(&world->inventory.masks, &cpus, &id), 0);
	return id;
}

/* A device with two vectors, IRQ 40 and 41, both asked for CPUs 0-3. */
static void put_device(struct world *world, const char *first_action)
{
	struct irq_facts irqs[] = {
		{ .number = 40,
		  .index = 0,
		  .type = IRQ_MSIX,
		  .requested = true,
		  .actions = first_action,
		  .asked = mask(world, "0-3"),
		  .effective_cpu = 0 },
		{ .number = 41,
		  .index = 1,
		  .type = IRQ_MSIX,
		  .requested = true,
		  .actions = "ens1-rx-1",
		  .asked = mask(world, "0-3"),
		  .effective_cpu = 1 },
	};
	struct device_facts device = {
		.class = 0x020000,
		.driver = "igb",
		.node = NODE_NONE,
		.irqs = irqs,
		.irq_count = 2,
	};

	assert_int_equal(pci_addr_parse("0000:3b:00.0", &device.addr), 0);
	assert_int_equal(inventory_put_device(&world->inventory, &device, LOOK_START, NULL), 0);
}

static void put_topology(struct world *world)
{
	struct topology topology = TOPOLOGY_INIT;

	topology.cpu_count = 4;
	topology.cpus = calloc(4, sizeof(*topology.cpus));
	assert_non_null(topology.cpus);
	for (int i = 0; i < 4; i++)
		topology.cpus[i] = (struct cpu){ NODE_NONE, (int16_t) i, 0, 0, true };
	topology.possible = topology.present = topology.online = cpumask_range(0, 3);
	assert_int_equal(inventory_put_topology(&world->inventory, &topology, NULL), 0);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	tree_init(&world->tree);
	tree_folder(&world->tree, "proc/sys");
	tree_folder(&world->tree, "proc/sys/kernel");
	tree_folder(&world->tree, "proc/sys/kernel/random");
	tree_file(&world->tree, "proc/sys/kernel/random/boot_id", BOOT_ID "\n", 0444);
	tree_folder(&world->tree, "proc/irq");
	tree_folder(&world->tree, "proc/irq/40");
	tree_folder(&world->tree, "proc/irq/41");
	tree_file(&world->tree, "proc/irq/40/smp_affinity_list", "", 0644);
	tree_file(&world->tree, "proc/irq/41/smp_affinity_list", "", 0644);
	tree_path(&world->tree, "originals", world->file);

	assert_int_equal(inventory_init(&world->inventory), 0);
	put_topology(world);
	put_device(world, "ens1-rx-0");
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	originals_deinit(&world->originals);
	inventory_deinit(&world->inventory);
	tree_deinit(&world->tree);
	free(world);
	return 0;
}

static void start(struct world *world)
{
	assert_int_equal(originals_init(&world->originals, &world->tree.root, world->file), 0);
}

static void restart(struct world *world)
{
	originals_deinit(&world->originals);
	start(world);
}

/* What the daemon does: note, then move. */
static void move(struct world *world, unsigned int number, unsigned int cpu)
{
	struct irq *irq = inventory_find_irq(&world->inventory, number);

	assert_int_equal(originals_note(&world->originals, &world->inventory, irq), 0);
	inventory_note_asked(&world->inventory, irq, cpu);
}

static int restore(struct world *world)
{
	return originals_restore(&world->originals, &world->tree.root, &world->inventory);
}

static void masks_are_put_back_after_a_crash(void **state)
{
	struct world *world = *state;
	struct stat status;

	start(world);
	move(world, 40, 2);
	assert_int_equal(originals_save(&world->originals), 0);
	assert_int_equal(stat(world->file, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);

	restart(world);
	assert_int_equal(restore(world), 1);
	assert_tree_file(&world->tree, "proc/irq/40/smp_affinity_list", "0-3");
	assert_tree_file(&world->tree, "proc/irq/41/smp_affinity_list", "");
	assert_int_equal(access(world->file, F_OK), -1);
	assert_int_equal(restore(world), 0);
}

static void file_is_as_documented(void **state)
{
	struct world *world = *state;
	struct irq *irq = inventory_find_irq(&world->inventory, 41);
	char expected[256];

	start(world);
	move(world, 41, 2);
	(void) snprintf(expected, sizeof(expected), TITLE "41 %016llx 0-3\n",
			(unsigned long long) original_identity(irq));
	assert_int_equal(originals_save(&world->originals), 0);
	assert_tree_file(&world->tree, "originals", expected);
}

static void only_the_first_mask_is_remembered(void **state)
{
	struct world *world = *state;

	start(world);
	move(world, 40, 2);
	assert_int_equal(originals_save(&world->originals), 0);
	assert_false(world->originals.dirty);
	move(world, 40, 3);
	assert_false(world->originals.dirty);
	assert_int_equal(restore(world), 1);
	assert_tree_file(&world->tree, "proc/irq/40/smp_affinity_list", "0-3");
}

static void reused_number_is_not_the_same_irq(void **state)
{
	struct world *world = *state;

	start(world);
	move(world, 40, 2);
	put_device(world, "other");
	inventory_note_asked(&world->inventory, inventory_find_irq(&world->inventory, 40), 1);
	assert_int_equal(restore(world), 0);
	assert_tree_file(&world->tree, "proc/irq/40/smp_affinity_list", "");
}

static void identity_tells_places_apart(void **state)
{
	struct world *world = *state;
	uint64_t first = original_identity(inventory_find_irq(&world->inventory, 40));
	uint64_t second = original_identity(inventory_find_irq(&world->inventory, 41));

	assert_true(first != second);
	put_device(world, "other");
	assert_true(original_identity(inventory_find_irq(&world->inventory, 40)) != first);
	assert_true(original_identity(inventory_find_irq(&world->inventory, 41)) == second);
	put_device(world, "ens1-rx-0");
	assert_true(original_identity(inventory_find_irq(&world->inventory, 40)) == first);
}

static void irq_with_its_original_mask_is_left_alone(void **state)
{
	struct world *world = *state;

	start(world);
	assert_int_equal(originals_note(&world->originals, &world->inventory,
					inventory_find_irq(&world->inventory, 40)),
			 0);
	assert_int_equal(restore(world), 0);
	assert_tree_file(&world->tree, "proc/irq/40/smp_affinity_list", "");
}

static void foreign_placement_is_left_alone(void **state)
{
	struct world *world = *state;

	start(world);
	move(world, 40, 2);
	inventory_find_irq(&world->inventory, 40)->external = true;
	assert_int_equal(restore(world), 0);
	assert_tree_file(&world->tree, "proc/irq/40/smp_affinity_list", "");
}

static void vanished_irq_does_not_hinder_the_others(void **state)
{
	struct world *world = *state;
	char path[256];

	start(world);
	move(world, 40, 2);
	move(world, 41, 2);
	tree_path(&world->tree, "proc/irq/40/smp_affinity_list", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(restore(world), 1);
	assert_tree_file(&world->tree, "proc/irq/41/smp_affinity_list", "0-3");
}

static void broken_files_are_ignored_whole(void **state)
{
	static const char *const files[] = {
		"",
		"\n",
		"irqherd originals\n40 0000000000000001 0-3\n",
		"irqherd originals 00000000-0000-0000-0000-000000000000\n40 0000000000000001 0-3\n",
		TITLE "40 0000000000000001 0-3", /* cut off */
		TITLE "40 0000000000000001 0-3\n\n",
		TITLE "40 0000000000000001\n",
		TITLE "40 0000000000000001 \n",
		TITLE "40 0000000000000001 3-0\n",
		TITLE "40 0000000000000001 0-3 7\n",
		TITLE "40 000000000000001 0-3\n",
		TITLE "40 000000000000000g 0-3\n",
		TITLE "40 00000000000000001 0-3\n",
		TITLE "-1 0000000000000001 0-3\n",
		TITLE "99999999999 0000000000000001 0-3\n",
		TITLE "40/../41 0000000000000001 0-3\n",
		TITLE "41 0000000000000001 0-3\n40 0000000000000001 0-9999999\n",
		TITLE "40 0000000000000001 0-3\n40 0000000000000001 0-3\n",
	};
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		tree_file(&world->tree, "originals", files[i], 0600);
		restart(world);
		assert_int_equal(world->originals.by_irq.used, 0);
	}

	/* The same with nothing wrong is taken, lest the cases prove nothing. */
	tree_file(&world->tree, "originals", TITLE "40 0000000000000001 0-3\n", 0600);
	restart(world);
	assert_int_equal(world->originals.by_irq.used, 1);
}

static void huge_line_and_nul_are_ignored(void **state)
{
	struct world *world = *state;
	FILE *file;

	file = fopen(world->file, "w");
	assert_non_null(file);
	(void) fputs(TITLE "40 0000000000000001 ", file);
	for (int i = 0; i < 1000000; i++)
		(void) fputs("0,", file);
	(void) fputs("\n", file);
	assert_int_equal(fclose(file), 0);
	start(world);
	assert_int_equal(world->originals.by_irq.used, 0);

	file = fopen(world->file, "w");
	assert_non_null(file);
	(void) fwrite(TITLE "40 0000000000000001 0-3\0\n", 1,
		      sizeof(TITLE "40 0000000000000001 0-3\0\n") - 1, file);
	assert_int_equal(fclose(file), 0);
	restart(world);
	assert_int_equal(world->originals.by_irq.used, 0);
}

static void file_that_others_could_write_is_ignored(void **state)
{
	struct world *world = *state;
	char other[256];

	tree_file(&world->tree, "originals", TITLE "40 0000000000000001 0-3\n", 0666);
	start(world);
	assert_int_equal(world->originals.by_irq.used, 0);

	tree_file(&world->tree, "other", TITLE "40 0000000000000001 0-3\n", 0600);
	tree_path(&world->tree, "other", other);
	assert_int_equal(unlink(world->file), 0);
	assert_int_equal(symlink(other, world->file), 0);
	restart(world);
	assert_int_equal(world->originals.by_irq.used, 0);

	/* Saving replaces the link, not what it points to. */
	move(world, 40, 2);
	assert_int_equal(originals_save(&world->originals), 0);
	assert_tree_file(&world->tree, "other", TITLE "40 0000000000000001 0-3\n");

	assert_int_equal(unlink(world->file), 0);
	assert_int_equal(mkfifo(world->file, 0600), 0);
	restart(world);
	assert_int_equal(world->originals.by_irq.used, 0);
}

static void without_boot_id_nothing_is_kept_on_disk(void **state)
{
	struct world *world = *state;
	char path[256];

	tree_path(&world->tree, "proc/sys/kernel/random/boot_id", path);
	assert_int_equal(unlink(path), 0);
	start(world);
	move(world, 40, 2);
	assert_int_equal(originals_save(&world->originals), 0);
	assert_int_equal(access(world->file, F_OK), -1);
	assert_int_equal(restore(world), 1);
}

static void failing_save_stays_due(void **state)
{
	struct world *world = *state;

	tree_path(&world->tree, "missing/originals", world->file);
	start(world);
	move(world, 40, 2);
	assert_int_equal(originals_save(&world->originals), -ENOENT);
	tree_folder(&world->tree, "missing");
	assert_int_equal(originals_save(&world->originals), 0);
	assert_int_equal(access(world->file, F_OK), 0);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(masks_are_put_back_after_a_crash),
		WITH_WORLD(file_is_as_documented),
		WITH_WORLD(only_the_first_mask_is_remembered),
		WITH_WORLD(reused_number_is_not_the_same_irq),
		WITH_WORLD(identity_tells_places_apart),
		WITH_WORLD(irq_with_its_original_mask_is_left_alone),
		WITH_WORLD(foreign_placement_is_left_alone),
		WITH_WORLD(vanished_irq_does_not_hinder_the_others),
		WITH_WORLD(broken_files_are_ignored_whole),
		WITH_WORLD(huge_line_and_nul_are_ignored),
		WITH_WORLD(file_that_others_could_write_is_ignored),
		WITH_WORLD(without_boot_id_nothing_is_kept_on_disk),
		WITH_WORLD(failing_save_stays_due),
	};

	log_set_level(LOG_CRIT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
