/*
 * The manual's proximity example from file to move: a machine of two nodes with eight CPUs each,
 * whose firmware says nothing of its devices. All vectors fire on node 1. When the file comes into
 * force, active IRQs of each device go where the longest rule says, several vectors a device, and
 * inactive ones stay.
 */
#include "unit/source/tree.h"

#include "irqherd/balance/load.h"
#include "irqherd/balance/plan.h"
#include "irqherd/balance/settle.h"
#include "irqherd/setup/settings.h"
#include "irqherd/source/machine.h"
#include "irqherd/source/proc_stat.h"

#define CPUS      16u
#define VECTORS   4u
#define FIRST_CPU 8u /* of node 1: where everything fires at first */

static const char example[] = "0000: node 1\n"
			      "0000:08:00.0 node 0\n"
			      "0000:00:1c.6 cpumask ff\n"
			      "# it's comment\n"
			      "\n"
			      "# empty strings are ignored\n";

static const struct {
	const char *addr;
	unsigned int irq; /* the first of its vectors */
	unsigned int home_first, home_last;
} devices[] = {
	{ "0000:08:00.0", 40, 0, 7 },  /* node 0 by its own line */
	{ "0000:00:1c.6", 50, 0, 7 },  /* mask ff */
	{ "0000:09:00.0", 60, 8, 15 }, /* node 1 by the domain's line: at home already */
	{ "0001:08:00.0", 70, 0, 15 }, /* no line: all CPUs */
};

struct world {
	struct tree tree;
	struct inventory inventory;
	struct machine machine;
	struct settings settings;
	struct settings_input input;
	struct policy policy;
	struct cpu_table cpus;
	struct load load;
	struct plan plan;
	struct rng rng;
	uint64_t now_ms;
	char conf[96], pxm[96];
};

static void put_irq(struct world *world, unsigned int device, unsigned int vector)
{
	unsigned int irq = devices[device].irq + vector;
	char name[128], text[64];

	snprintf(name, sizeof(name), "proc/irq/%u/smp_affinity_list", irq);
	tree_put(&world->tree, name, "8\n");
	snprintf(name, sizeof(name), "proc/irq/%u/effective_affinity_list", irq);
	tree_put(&world->tree, name, "8\n");
	snprintf(name, sizeof(name), "sys/kernel/irq/%u/actions", irq);
	snprintf(text, sizeof(text), "nic%u-TxRx-%u\n", device, vector);
	tree_put(&world->tree, name, text);
	snprintf(name, sizeof(name), "sys/kernel/irq/%u/hwirq", irq);
	snprintf(text, sizeof(text), "%u\n", vector);
	tree_put(&world->tree, name, text);
	snprintf(name, sizeof(name), "sys/kernel/irq/%u/chip_name", irq);
	snprintf(text, sizeof(text), "PCI-MSIX-%s\n", devices[device].addr);
	tree_put(&world->tree, name, text);
	snprintf(name, sizeof(name), "sys/bus/pci/devices/%s/msi_irqs/%u", devices[device].addr,
		 irq);
	tree_put(&world->tree, name, "msix\n");
}

static void put_machine(struct world *world)
{
	char name[128];

	tree_put(&world->tree, "sys/devices/system/cpu/possible", "0-15\n");
	tree_put(&world->tree, "sys/devices/system/cpu/present", "0-15\n");
	tree_put(&world->tree, "sys/devices/system/cpu/online", "0-15\n");
	tree_put(&world->tree, "sys/devices/system/node/node0/cpulist", "0-7\n");
	tree_put(&world->tree, "sys/devices/system/node/node0/distance", "10 21\n");
	tree_put(&world->tree, "sys/devices/system/node/node1/cpulist", "8-15\n");
	tree_put(&world->tree, "sys/devices/system/node/node1/distance", "21 10\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++) {
		static const char *const files[][2] = {
			{ "class", "0x020000\n" },
			{ "numa_node", "-1\n" },
			{ "local_cpulist", "0-15\n" },
		};

		for (unsigned int k = 0; k < ARRAY_SIZE(files); k++) {
			snprintf(name, sizeof(name), "sys/bus/pci/devices/%s/%s", devices[i].addr,
				 files[k][0]);
			tree_put(&world->tree, name, files[k][1]);
		}
		for (unsigned int vector = 0; vector < VECTORS; vector++)
			put_irq(world, i, vector);
	}
}

/* Every IRQ but the last vector of each device counted 100 in the interval; all CPUs are 10 %
 * loaded. */
static void measure(struct world *world)
{
	static const char first[] = "cpu%u 0 0 0 1000 0 0 0 0 0 0\n";
	static const char tenth[] = "cpu%u 0 0 0 1900 0 50 50 0 0 0\n";
	static const char half[] = "cpu%u 0 0 0 1500 0 250 250 0 0 0\n";
	struct sample before = SAMPLE_INIT, after = SAMPLE_INIT;
	struct buf text = BUF_INIT;

	for (unsigned int turn = 0; turn < 2; turn++) {
		buf_reset(&text);
		for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
			if (!turn)
				assert_true(buf_printf(&text, first, cpu) >= 0);
			else if (cpu == FIRST_CPU)
				assert_true(buf_printf(&text, half, cpu) >= 0);
			else
				assert_true(buf_printf(&text, tenth, cpu) >= 0);
		}
		assert_true(buf_puts(&text, "intr 0") >= 0);
		for (unsigned int irq = 0; irq < 80; irq++) {
			bool counts = irq >= 40 && irq % 10 < VECTORS - 1;

			assert_true(buf_printf(&text, " %u", turn && counts ? 200u : 100u) >= 0);
		}
		assert_true(buf_puts(&text, "\n") >= 0);
		assert_int_equal(proc_stat_parse(text.data, text.length, turn ? &after : &before),
				 0);
	}
	before.valid = after.valid = true;
	before.time_ms = world->now_ms;
	after.time_ms = world->now_ms + 5000;
	world->now_ms += 5000;
	assert_int_equal(load_update(&world->load, &before, &after, world->policy.metric), 0);
	sample_deinit(&before);
	sample_deinit(&after);
	buf_deinit(&text);
}

static void load_settings(struct world *world)
{
	struct message_list messages = MESSAGE_LIST_INIT;
	struct settings fresh;

	assert_int_equal(settings_load(&fresh, &world->input, &messages), 0);
	assert_int_equal(messages.count, 0);
	settings_deinit(&world->settings);
	world->settings = fresh;
	settings_policy(&world->settings, &world->inventory.topology, &world->policy);
	message_list_deinit(&messages);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->now_ms = 1000000;
	world->rng.state = 1;
	world->settings = SETTINGS_INIT;
	world->load = LOAD_INIT;
	world->plan = PLAN_INIT;
	tree_make(&world->tree);
	put_machine(world);
	tree_put(&world->tree, "irqherd.conf", "");
	tree_put(&world->tree, "proximity", example);
	snprintf(world->conf, sizeof(world->conf), "%s/irqherd.conf", world->tree.path);
	snprintf(world->pxm, sizeof(world->pxm), "%s/proximity", world->tree.path);
	world->input.config_path = world->conf;
	world->input.config_given = true;

	assert_int_equal(inventory_init(&world->inventory), 0);
	assert_int_equal(machine_init(&world->machine, &world->tree.root, &world->inventory,
				      world->tree.path),
			 0);
	world->machine.find_override = settings_find_override;
	world->machine.override_context = &world->settings;
	load_settings(world);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	plan_deinit(&world->plan);
	load_deinit(&world->load);
	cpu_table_deinit(&world->cpus);
	machine_deinit(&world->machine);
	inventory_deinit(&world->inventory);
	settings_deinit(&world->settings);
	tree_remove(&world->tree);
	free(world);
	return 0;
}

static void read_machine(struct world *world)
{
	assert_int_equal(machine_read_all(&world->machine, LOOK_START, NULL), 0);
	settings_policy(&world->settings, &world->inventory.topology, &world->policy);
}

/* Rounds until nothing moves any more; every move is taken by the kernel at once. Answers the
 * moves. */
static unsigned int play(struct world *world)
{
	unsigned int moves = 0;

	for (unsigned int round = 0; round < 20; round++) {
		struct snapshot now;

		measure(world);
		now = (struct snapshot){ world->now_ms, &world->inventory, &world->load };
		plan_reset(&world->plan);
		assert_int_equal(balance_plan(&now, &world->policy, &world->cpus, &world->rng,
					      &world->plan),
				 0);
		for (size_t i = 0; i < world->plan.count; i++) {
			const struct move *move = &world->plan.moves[i];
			struct irq *irq = inventory_find_irq(&world->inventory, move->irq);

			settle_applied(&world->inventory, irq, move, &world->policy, world->now_ms);
			(void) settle_observe(&world->inventory, irq,
					      mask_of_cpu((unsigned int) move->to_cpu),
					      move->to_cpu, &world->load, &world->policy,
					      world->now_ms);
			moves++;
		}
	}
	return moves;
}

static void assert_active_irqs_are_home(const struct world *world)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++) {
		for (unsigned int vector = 0; vector < VECTORS; vector++) {
			const struct irq *irq = inventory_find_irq(&world->inventory,
								   devices[i].irq + vector);

			assert_non_null(irq);
			if (vector == VECTORS - 1) {
				assert_int_equal(irq->effective_cpu,
						 FIRST_CPU); /* inactive: stays */
				continue;
			}
			assert_in_range(irq->effective_cpu, devices[i].home_first,
					devices[i].home_last);
		}
	}
}

static void reloaded_proximity_file_brings_active_irqs_home(void **state)
{
	struct world *world = *state;

	read_machine(world);
	assert_int_equal(play(world), 0);

	world->input.pxm_path = world->pxm;
	load_settings(world);
	assert_int_equal(machine_refresh_overrides(&world->machine, NULL), 0);
	assert_int_equal(play(world), 2 * (VECTORS - 1));
	assert_active_irqs_are_home(world);

	/* taken away again, all CPUs are home and nothing has a reason to move */
	world->input.pxm_path = NULL;
	load_settings(world);
	assert_int_equal(machine_refresh_overrides(&world->machine, NULL), 0);
	assert_int_equal(play(world), 0);
}

static void home_says_which_line_won(void **state)
{
	static const unsigned int lines[] = { 2, 3, 1, 0 };
	struct world *world = *state;

	world->input.pxm_path = world->pxm;
	load_settings(world);
	read_machine(world);
	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++) {
		struct pci_addr addr;
		const struct device *device;
		struct cpumask home,
			wanted = cpumask_range(devices[i].home_first, devices[i].home_last);

		assert_int_equal(pci_addr_parse(devices[i].addr, &addr), 0);
		device = inventory_find_device(&world->inventory, &addr);
		assert_non_null(device);
		assert_int_equal(device->home.line, lines[i]);
		assert_int_equal(device->home.origin, lines[i] ? HOME_PROXIMITY : HOME_ALL);
		mask_get(&world->inventory.masks, device->home.cpus, &home);
		assert_true(cpumask_equal(&home, &wanted));
	}
}

static void irqs_out_of_a_home_found_at_start_stay_until_overload(void **state)
{
	struct world *world = *state;

	world->input.pxm_path = world->pxm;
	load_settings(world);
	read_machine(world);
	assert_int_equal(play(world), 0);

	world->policy.threshold_ppm =
		50000; /* everything is overloaded now: those that leave go home */
	world->policy.load_limit_ppm = PPM;
	assert_true(play(world) > 0);
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int vector = 0; vector < VECTORS - 1; vector++) {
			const struct irq *irq = inventory_find_irq(&world->inventory,
								   devices[i].irq + vector);

			if (irq->effective_cpu != (int) FIRST_CPU)
				assert_in_range(irq->effective_cpu, devices[i].home_first,
						devices[i].home_last);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reloaded_proximity_file_brings_active_irqs_home,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(home_says_which_line_won, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			irqs_out_of_a_home_found_at_start_stay_until_overload, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
