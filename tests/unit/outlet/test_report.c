/*
 * What people read is held to the letter on a small machine with two nodes, a NIC, an NVMe and IRQs
 * without a device; on a large one only width and length are.
 */
#include "irqherd/outlet/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/outlet/page.h"

struct world {
	struct inventory inventory;
	struct load load;
	struct policy policy;
	struct plan plan;
	struct buf text;
};

static mask_id mask(struct world *world, const char *list)
{
	struct cpumask cpus;
	mask_id id;

	assert_int_equal(cpulist_parse(list, &cpus), 0);
	assert_int_equal(mask_intern(&world->inventory.masks, &cpus, &id), 0);
	return id;
}

/* nodes × cores CPUs a node, two threads a core: thread siblings are n and n + all cores. */
static void put_topology(struct world *world, int nodes, int cores, const char *isolated)
{
	int all = nodes * cores;
	struct topology topology = TOPOLOGY_INIT;

	topology.cpu_count = (unsigned int) all * 2;
	topology.cpus = calloc(topology.cpu_count, sizeof(*topology.cpus));
	topology.node_count = (unsigned int) nodes;
	topology.nodes = calloc((size_t) nodes, sizeof(*topology.nodes));
	assert_non_null(topology.cpus);
	assert_non_null(topology.nodes);

	for (int i = 0; i < nodes; i++) {
		topology.nodes[i].number = i;
		topology.nodes[i].distances = calloc((size_t) nodes, 1);
		assert_non_null(topology.nodes[i].distances);
		for (int j = 0; j < nodes; j++)
			topology.nodes[i].distances[j] = i == j ? 10 : j / 2 == i / 2 ? 12 : 32;
	}
	for (int cpu = 0; cpu < all * 2; cpu++) {
		int core = cpu % all;
		int node = core / cores;

		topology.cpus[cpu] = (struct cpu){
			.node = (int16_t) node,
			.core = (int16_t) core,
			.llc = (int16_t) (node * cores),
			.package = (int16_t) (node * cores),
			.first_thread = cpu < all,
		};
		cpumask_set(&topology.nodes[node].cpus, (unsigned int) cpu);
	}
	topology.possible = topology.present = topology.online = cpumask_range(
		0, (unsigned int) all * 2 - 1);
	assert_int_equal(cpulist_parse(isolated, &topology.isolated), 0);
	assert_int_equal(inventory_put_topology(&world->inventory, &topology, NULL), 0);
}

static struct pci_addr addr(const char *text)
{
	struct pci_addr result;

	assert_int_equal(pci_addr_parse(text, &result), 0);
	return result;
}

static void put_nic(struct world *world)
{
	struct irq_facts irqs[] = {
		{ .number = 86,
		  .index = 0,
		  .type = IRQ_MSIX,
		  .requested = true,
		  .actions = "ens1",
		  .asked = mask(world, "0-7"),
		  .effective_cpu = 0 },
		{ .number = 87,
		  .index = 1,
		  .type = IRQ_MSIX,
		  .requested = true,
		  .actions = "ens1-rx-0",
		  .asked = mask(world, "1"),
		  .effective_cpu = 1 },
		{ .number = 88,
		  .index = 2,
		  .type = IRQ_MSIX,
		  .requested = true,
		  .actions = "ens1-rx-1",
		  .asked = mask(world, "0,2,4,6,8,10,12,14"),
		  .effective_cpu = CPU_NONE },
		{ .number = 89,
		  .index = 3,
		  .type = IRQ_MSIX,
		  .actions = "",
		  .effective_cpu = CPU_NONE },
	};
	struct device_facts device = {
		.addr = addr("0000:3b:00.0"),
		.class = 0x020000,
		.driver = "igb",
		.node = 0,
		.irqs = irqs,
		.irq_count = ARRAY_SIZE(irqs),
	};
	struct netdev_facts netdev = {
		.ifindex = 3,
		.name = "ens1",
		.up = true,
		.has_device = true,
		.addr = device.addr,
		.rx_queues = 2,
		.tx_queues = 2,
	};

	assert_int_equal(inventory_put_device(&world->inventory, &device, LOOK_START, NULL), 0);
	assert_int_equal(inventory_put_netdev(&world->inventory, &netdev, NULL), 0);
}

static void put_nvme(struct world *world)
{
	struct irq_facts irqs[9];
	char actions[9][16];
	struct device_facts device = {
		.addr = addr("0000:5e:00.0"),
		.class = 0x010802,
		.driver = "nvme",
		.node = NODE_NONE,
		.irqs = irqs,
		.irq_count = 9,
		.override = { .kind = OVERRIDE_NODE,
			      .origin = OVERRIDE_FROM_PROXIMITY,
			      .node = 1,
			      .line = 3 },
	};

	for (unsigned int i = 0; i < 9; i++) {
		(void) snprintf(actions[i], sizeof(actions[i]), "nvme0q%u", i);
		irqs[i] = (struct irq_facts){
			.number = 120 + i,
			.index = i,
			.type = IRQ_MSIX,
			.requested = true,
			.managed = i > 0,
			.actions = actions[i],
			.asked = i > 0 ? mask_of_cpu(i - 1) : mask(world, "0-15"),
			.effective_cpu = i > 0 ? (int) i - 1 : 8,
		};
	}
	assert_int_equal(inventory_put_device(&world->inventory, &device, LOOK_START, NULL), 0);
}

static void put_others(struct world *world)
{
	struct device_facts bridge = {
		.addr = addr("0000:00:1c.0"),
		.class = 0x060400,
		.driver = "",
		.node = NODE_NONE,
	};
	struct irq_facts timer = {
		.number = 0,
		.type = IRQ_OTHER,
		.requested = true,
		.actions = "timer",
		.asked = mask(world, "0-15"),
		.effective_cpu = 0,
		.node = NODE_NONE,
	};
	struct irq_facts serial = {
		.number = 4,
		.type = IRQ_OTHER,
		.requested = true,
		.actions = "ttyS0",
		.asked = mask(world, "4-7,12-15"),
		.effective_cpu = 4,
		.node = 1,
	};

	assert_int_equal(inventory_put_device(&world->inventory, &bridge, LOOK_START, NULL), 0);
	assert_int_equal(inventory_put_irq(&world->inventory, &timer, LOOK_START, NULL), 0);
	assert_int_equal(inventory_put_irq(&world->inventory, &serial, LOOK_START, NULL), 0);
}

static void init_load(struct world *world, unsigned int cpus, unsigned int irqs)
{
	struct load *load = &world->load;

	*load = LOAD_INIT;
	load->time_ms = 100000;
	load->interval_ms = 2000;
	load->cpus = calloc(cpus, sizeof(*load->cpus));
	load->irq_counts = calloc(irqs, sizeof(*load->irq_counts));
	assert_non_null(load->cpus);
	assert_non_null(load->irq_counts);
	load->cpu_count = load->cpu_size = cpus;
	load->irq_slots = load->irq_size = irqs;
	load->valid = true;
	for (unsigned int i = 0; i < cpus; i++)
		load->cpus[i] = (struct cpu_load){
			.load_ppm = 15000, .irq_ppm = 5000, .busy_ppm = 10000, .valid = true
		};
}

static int setup_machine(void **state, int nodes, int cores)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	assert_int_equal(inventory_init(&world->inventory), 0);
	put_topology(world, nodes, cores, "");
	init_load(world, (unsigned int) (nodes * cores) * 2, 8192);
	world->policy = (struct policy){
		.threshold_ppm = 990000,
		.load_limit_ppm = 950000,
		.all_threads = true,
		.allowed = cpumask_range(0, CPU_LIMIT - 1),
	};
	world->plan = PLAN_INIT;
	*state = world;
	return 0;
}

/* Two nodes of four cores: node 0 has CPUs 0-3,8-11, node 1 has 4-7,12-15. */
static int setup(void **state)
{
	struct world *world;

	(void) setup_machine(state, 2, 4);
	world = *state;
	put_nic(world);
	put_nvme(world);
	put_others(world);
	return 0;
}

static int setup_large(void **state)
{
	return setup_machine(state, 8, 64);
}

static int teardown(void **state)
{
	struct world *world = *state;

	plan_deinit(&world->plan);
	load_deinit(&world->load);
	inventory_deinit(&world->inventory);
	buf_deinit(&world->text);
	free(world);
	return 0;
}

static void add_move(struct world *world, unsigned int irq, int from, int to,
		     enum move_reason reason)
{
	struct move move = { .irq = irq,
			     .from_cpu = from,
			     .to_cpu = to,
			     .reason = reason,
			     .from_load_ppm = 992900 };

	assert_int_equal(plan_add(&world->plan, &move), 0);
}

static void overload(struct world *world, int cpu)
{
	world->load.cpus[cpu] = (struct cpu_load){
		.load_ppm = 992900, .irq_ppm = 980000, .busy_ppm = 12900, .valid = true
	};
}

static const char *machine_text(struct world *world)
{
	buf_reset(&world->text);
	assert_int_equal(report_machine(&world->inventory, &world->text), 0);
	return buf_text(&world->text);
}

static const char *cpus_text(struct world *world)
{
	buf_reset(&world->text);
	assert_int_equal(report_cpus(&world->inventory, &world->load, &world->policy, &world->text),
			 0);
	return buf_text(&world->text);
}

static const char *plan_text(struct world *world)
{
	buf_reset(&world->text);
	assert_int_equal(report_plan(&world->inventory, &world->load, &world->plan, &world->policy,
				     true, &world->text),
			 0);
	return buf_text(&world->text);
}

static const char *devices_text(struct world *world)
{
	buf_reset(&world->text);
	assert_int_equal(report_devices(&world->inventory, &world->load, &world->text), 0);
	return buf_text(&world->text);
}

static const char *move_text(struct world *world, const struct move *move)
{
	buf_reset(&world->text);
	assert_int_equal(report_move(&world->inventory, move, "moved", &world->text), 0);
	return buf_text(&world->text);
}

static const char *change_text(struct world *world, const struct change *change)
{
	buf_reset(&world->text);
	assert_int_equal(report_change(&world->inventory, change, &world->text), 0);
	return buf_text(&world->text);
}

static void machine_is_told_with_nodes_and_distances(void **state)
{
	assert_string_equal(
		machine_text(*state),
		"Machine: 2 packages, 8 cores, 16 CPUs (2 threads a core), 2 NUMA nodes\n"
		"  online    CPUs 0-15\n"
		"  node 0    CPUs 0-3,8-11; distance 12 to node 1\n"
		"  node 1    CPUs 4-7,12-15; distance 12 to node 0\n");
}

static void offline_absent_and_isolated_cpus_are_told(void **state)
{
	struct world *world = *state;
	struct topology topology = TOPOLOGY_INIT;

	topology.cpu_count = 8;
	topology.cpus = calloc(8, sizeof(*topology.cpus));
	assert_non_null(topology.cpus);
	for (int i = 0; i < 8; i++)
		topology.cpus[i] = (struct cpu){ NODE_NONE, CPU_NONE, CPU_NONE, CPU_NONE, true };
	topology.possible = cpumask_range(0, 7);
	topology.present = cpumask_range(0, 3);
	topology.online = cpumask_range(0, 2);
	topology.isolated = cpumask_one(2);
	assert_int_equal(inventory_put_topology(&world->inventory, &topology, NULL), 0);

	assert_string_equal(machine_text(world),
			    "Machine: 3 cores, 3 CPUs\n"
			    "  online    CPUs 0-2\n"
			    "  offline   CPUs 3\n"
			    "  absent    CPUs 4-7 (may be added while running)\n"
			    "  isolated  CPUs 2 (avoided)\n");
}

static void devices_are_told_with_home_and_irqs(void **state)
{
	struct world *world = *state;

	world->load.irq_counts[87] = 12345;
	world->load.irq_counts[121] = 17;
	inventory_find_irq(&world->inventory, 86)->external = true;
	assert_string_equal(
		devices_text(world),
		"Interrupts were counted for 2.0 s.\n"
		"CPU: where an IRQ fires; asked: what its smp_affinity says.\n"
		"\n"
		"0000:3b:00.0  Ethernet, driver igb, ens1 (up, 2 queues)\n"
		"    home CPUs 0-3,8-11: node 0 (sysfs)\n"
		"      IRQ  vector    CPU  asked          interrupts  queue         action\n"
		"       86       0      0  0-7                     0  -             ens1  "
		"external\n"
		"       87       1      1  1                   12345  rx-0          ens1-rx-0\n"
		"       88       2      -  8 CPUs                  0  rx-1          ens1-rx-1\n"
		"       89       3      -  -                       0  -             -  not in use\n"
		"\n"
		"0000:5e:00.0  NVMe, driver nvme\n"
		"    home CPUs 4-7,12-15: node 1 (proximity file, line 3)\n"
		"      IRQ  vector    CPU  asked          interrupts  queue         action\n"
		"      120       0      8  0-15                    0  -             nvme0q0\n"
		"    vectors 1-8: IRQ 121-128, one per CPU 0-7, managed, 17 interrupts (most: IRQ "
		"121 with 17),\n"
		"        nvme0q1 to nvme0q8\n"
		"\n"
		"IRQs without a PCI device\n"
		"      IRQ  vector    CPU  asked          interrupts  queue         action\n"
		"        0       -      0  0-15                    0  -             timer\n"
		"        4       -      4  4-7,12-15               0  -             ttyS0  home "
		"node 1 (IRQ's node)\n"
		"\n"
		"1 more PCI device without interrupts.\n");
}

static void without_load_counts_are_unknown(void **state)
{
	struct world *world = *state;
	const char *text;

	world->load.valid = false;
	text = devices_text(world);
	assert_non_null(strstr(text, "Interrupts have not been counted yet.\n"));
	assert_non_null(strstr(text, " 1                       -  rx-0          ens1-rx-0\n"));
	assert_non_null(strstr(text, "one per CPU 0-7, managed, nvme0q1 to nvme0q8\n"));
}

static void cpus_are_told_with_load_and_marks(void **state)
{
	struct world *world = *state;
	const char *text;

	overload(world, 1);
	world->load.cpus[2].valid = false;
	cpumask_clear(&world->policy.allowed, 3);
	text = cpus_text(world);
	assert_non_null(strstr(
		text, "      0     0     1.5%     0.5%     1.0%     0.0%      3\n"
		      "      1     0    99.2%    98.0%     1.2%     0.0%      2  overloaded\n"
		      "      2     0        -        -        -        -      1\n"
		      "      3     0     1.5%     0.5%     1.0%     0.0%      1  excluded\n"
		      "      4     1     1.5%     0.5%     1.0%     0.0%      2\n"));
}

static void unmoved_plan_says_why(void **state)
{
	struct world *world = *state;

	assert_string_equal(plan_text(world),
			    "Plan: nothing to move: no CPU is at or above threshold 99%\n");

	world->policy.threshold_ppm = 995000;
	overload(world, 1);
	assert_string_equal(plan_text(world),
			    "Plan: nothing to move: no CPU is at or above threshold 99.5%\n");

	world->load.valid = false;
	assert_string_equal(plan_text(world),
			    "Plan: nothing to move: no load has been measured yet\n");
}

static void each_overloaded_cpu_that_keeps_its_irqs_says_why(void **state)
{
	struct world *world = *state;

	for (int cpu = 0; cpu < 5; cpu++)
		overload(world, cpu);
	world->load.irq_counts[87] = 12345; /* CPU 1 */
	world->load.irq_counts[122] = 1;
	world->load.irq_counts[124] = 12345; /* CPU 3 */
	world->load.irq_counts[4] = 10;      /* CPU 4 */
	world->load.irq_counts[125] = 10;
	world->load.irq_counts[86] = 10; /* CPU 0 */
	inventory_find_irq(&world->inventory, 86)->placement.cooldown_until_ms = 100001;
	world->load.irq_counts[121] = 10;
	world->load.irq_counts[122] = 0;
	assert_string_equal(
		plan_text(world),
		"Plan: nothing to move\n"
		"  CPU 0 is overloaded (99.2%): none of its 2 active IRQs may move: 1 managed by "
		"the kernel, 1 moved\n"
		"      a short while ago\n"
		"  CPU 1 is overloaded (99.2%): IRQ 87 is alone there, moving it would only move "
		"the load\n"
		"  CPU 2 is overloaded (99.2%): no IRQ fired there, so moving one would not help\n"
		"  CPU 3 is overloaded (99.2%): its only active IRQ 124 may not move: 1 managed by "
		"the kernel\n"
		"  CPU 4 is overloaded (99.2%): none of the CPUs that may take one of its 2 active "
		"IRQs is better and\n"
		"      below load-limit 95%\n");
}

static void moves_are_told_with_their_reason(void **state)
{
	struct world *world = *state;

	add_move(world, 87, 1, 2, REASON_OVERLOAD);
	add_move(world, 86, 0, 2, REASON_FORBIDDEN);
	add_move(world, 88, 12, 2, REASON_ARRIVAL);
	add_move(world, 4, CPU_NONE, 5, REASON_HOME_CHANGED);
	cpumask_clear(&world->policy.allowed, 0);
	assert_string_equal(
		plan_text(world),
		"Plan: 4 moves (dry run: nothing is written)\n"
		"  IRQ 87 from CPU 1 to CPU 2: 0000:3b:00.0 ens1 rx-0\n"
		"      CPU 1 is overloaded: its load of 99.2% is at or above threshold 99%\n"
		"  IRQ 86 from CPU 0 to CPU 2: 0000:3b:00.0 ens1\n"
		"      CPU 0 may not serve IRQs: use-cpus and exclude-cpus leave it out\n"
		"  IRQ 88 from CPU 12 to CPU 2: 0000:3b:00.0 ens1 rx-1\n"
		"      it is new, and CPU 12 is not of its home, CPUs 0-3,8-11\n"
		"  IRQ 4 from several CPUs to CPU 5: ttyS0\n"
		"      its home is another one now: CPUs 4-7,12-15, node 1 (IRQ's node)\n");
}

static void reports_are_parted_by_a_blank_line(void **state)
{
	struct world *world = *state;

	(void) machine_text(world);
	assert_int_equal(report_plan(&world->inventory, NULL, &world->plan, &world->policy, false,
				     &world->text),
			 0);
	assert_non_null(
		strstr(buf_text(&world->text),
		       "to node 0\n\nPlan: nothing to move: no load has been measured yet\n"));
}

static void move_is_one_log_line(void **state)
{
	struct move move = { .irq = 87,
			     .from_cpu = 3,
			     .to_cpu = 5,
			     .reason = REASON_OVERLOAD,
			     .from_load_ppm = 992900 };

	assert_string_equal(move_text(*state, &move),
			    "moved IRQ 87 from CPU 3 to CPU 5: device=0000:3b:00.0 netdev=ens1 "
			    "queue=rx-0 load=99.2% reason=overloaded");

	move = (struct move){
		.irq = 4, .from_cpu = CPU_NONE, .to_cpu = 5, .reason = REASON_GO_HOME
	};
	assert_string_equal(move_text(*state, &move),
			    "moved IRQ 4 from several CPUs to CPU 5: action=ttyS0 reason=go-home");

	move = (struct move){ .irq = 999, .from_cpu = 1, .to_cpu = 5, .reason = REASON_ARRIVAL };
	assert_string_equal(move_text(*state, &move),
			    "moved IRQ 999 from CPU 1 to CPU 5: reason=arrival");

	move.timed = true;
	move.after_ms = 12;
	assert_string_equal(move_text(*state, &move),
			    "moved IRQ 999 from CPU 1 to CPU 5: reason=arrival after=12ms");
}

static void every_change_is_one_log_line(void **state)
{
#define NIC .has_device = true, .addr = {.bus = 0x3b }
	static const struct {
		struct change change;
		const char *text;
	} cases[] = {
		{ { .kind = CHANGE_DEVICE_ARRIVED, NIC },
		  "device arrived: device=0000:3b:00.0 driver=igb irqs=4 home=0-3,8-11 (node 0, "
		  "sysfs)" },
		{ { .kind = CHANGE_DEVICE_GONE, .has_device = true, .addr = { .bus = 9 } },
		  "device gone: device=0000:09:00.0" },
		{ { .kind = CHANGE_DEVICE_UPDATED, NIC },
		  "device changed: device=0000:3b:00.0 driver=igb irqs=4" },
		{ { .kind = CHANGE_DEVICE_REHOMED, .has_device = true, .addr = { .bus = 0x5e } },
		  "device has a new home: device=0000:5e:00.0 home=4-7,12-15 (node 1, proximity "
		  "file, line 3)" },
		{ { .kind = CHANGE_IRQ_ARRIVED, NIC, .irq = 87, .index = 1 },
		  "IRQ arrived: irq=87 device=0000:3b:00.0 vector=1 netdev=ens1 queue=rx-0" },
		{ { .kind = CHANGE_IRQ_ARRIVED, .irq = 0 },
		  "IRQ arrived: irq=0 action=timer home=0-15 (all CPUs)" },
		{ { .kind = CHANGE_IRQ_GONE, NIC, .irq = 99, .index = 7 },
		  "IRQ gone: irq=99 device=0000:3b:00.0 vector=7" },
		{ { .kind = CHANGE_IRQ_REMADE, NIC, .irq = 87, .index = 1 },
		  "IRQ made anew: irq=87 device=0000:3b:00.0 vector=1 netdev=ens1 queue=rx-0" },
		{ { .kind = CHANGE_IRQ_REQUESTED, NIC, .irq = 86, .index = 0 },
		  "IRQ taken into use: irq=86 device=0000:3b:00.0 vector=0 netdev=ens1 "
		  "action=ens1" },
		{ { .kind = CHANGE_IRQ_RELEASED, NIC, .irq = 89, .index = 3 },
		  "IRQ not in use any more: irq=89 device=0000:3b:00.0 vector=3 netdev=ens1" },
		{ { .kind = CHANGE_IRQ_RENAMED, .irq = 4 }, "IRQ renamed: irq=4 action=ttyS0" },
		{ { .kind = CHANGE_IRQ_REHOMED, .irq = 4 },
		  "IRQ has a new home: irq=4 home=4-7,12-15 (node 1, IRQ's node)" },
		{ { .kind = CHANGE_IRQ_MOVED_BY_KERNEL, .irq = 4 },
		  "IRQ moved by the kernel: irq=4 action=ttyS0 asked=4-7,12-15 cpu=4" },
		{ { .kind = CHANGE_IRQ_MOVED_BY_OTHERS, .irq = 0 },
		  "IRQ moved by others: irq=0 action=timer asked=0-15 cpu=0" },
		{ { .kind = CHANGE_NETDEV_ARRIVED, NIC, .ifindex = 3 },
		  "network device arrived: netdev=ens1 ifindex=3 device=0000:3b:00.0 rx-queues=2 "
		  "tx-queues=2" },
		{ { .kind = CHANGE_NETDEV_GONE, .ifindex = 8 }, "network device gone: ifindex=8" },
		{ { .kind = CHANGE_NETDEV_RENAMED, .ifindex = 3 },
		  "network device renamed: netdev=ens1 ifindex=3" },
		{ { .kind = CHANGE_NETDEV_QUEUES, .ifindex = 3 },
		  "network device has other queues: netdev=ens1 ifindex=3 rx-queues=2 "
		  "tx-queues=2" },
		{ { .kind = CHANGE_NETDEV_LINK, .ifindex = 3 },
		  "network device up: netdev=ens1 ifindex=3" },
		{ { .kind = CHANGE_CPU_ONLINE, .cpu = 5 }, "CPU online: cpu=5 node=1" },
		{ { .kind = CHANGE_CPU_OFFLINE, .cpu = 5 }, "CPU offline: cpu=5 node=1" },
		{ { .kind = CHANGE_TOPOLOGY },
		  "topology changed: online=0-15 isolated=none nodes=2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(change_text(*state, &cases[i].change), cases[i].text);
}

static void home_says_where_and_who_said_so(void **state)
{
	static const struct {
		struct home home;
		const char *text;
	} cases[] = {
		{ { .node = NODE_NONE, .origin = HOME_ALL }, "all CPUs" },
		{ { .node = 1, .origin = HOME_SYSFS }, "node 1 (sysfs)" },
		{ { .node = NODE_NONE, .origin = HOME_SYSFS }, "local CPUs (sysfs)" },
		{ { .node = 1, .origin = HOME_PARENT }, "node 1 (parent device)" },
		{ { .node = 1, .origin = HOME_PROXIMITY, .line = 3 },
		  "node 1 (proximity file, line 3)" },
		{ { .node = NODE_NONE, .origin = HOME_PROPERTY }, "CPU set (udev property)" },
		{ { .node = 1, .origin = HOME_SYSFS, .nearest = true },
		  "node 1 (sysfs; nearest usable CPUs)" },
		{ { .node = NODE_NONE, .origin = HOME_ALL, .nearest = true },
		  "all CPUs (nearest usable CPUs)" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buf_reset(&world->text);
		assert_int_equal(report_home(&world->inventory, &cases[i].home, &world->text), 0);
		assert_string_equal(buf_text(&world->text), cases[i].text);
	}
}

static void names_cannot_break_a_line(void **state)
{
	struct world *world = *state;
	struct irq_facts irq = {
		.number = 200,
		.type = IRQ_OTHER,
		.requested = true,
		.actions = "a\nb\033[31m c",
		.asked = mask_of_cpu(0),
		.effective_cpu = 0,
		.node = NODE_NONE,
	};
	struct move move = { .irq = 200, .from_cpu = 0, .to_cpu = 1, .reason = REASON_ARRIVAL };

	assert_int_equal(inventory_put_irq(&world->inventory, &irq, LOOK_START, NULL), 0);
	assert_string_equal(
		move_text(world, &move),
		"moved IRQ 200 from CPU 0 to CPU 1: action=\"a?b?[31m c\" reason=arrival");
	assert_non_null(strstr(devices_text(world), "a?b?[31m c\n"));
}

static void assert_width(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		assert_in_range(length, 0, PAGE_WIDTH);
		assert_int_equal(text[length], '\n');
		assert_true(length == 0 || text[length - 1] != ' ');
		text += length + 1;
	}
}

/* A NIC with a queue per CPU of a node, its numbers and CPUs scattered, long names. */
static void put_large_nic(struct world *world, unsigned int bus)
{
	struct irq_facts irqs[128];
	char actions[128][64];
	struct device_facts device = {
		.addr = { .domain = 0x10000, .bus = (uint8_t) bus },
		.class = 0x020000,
		.driver = "a_driver_with_a_rather_long_name",
		.node = (int) (bus % 8),
		.irqs = irqs,
		.irq_count = 128,
	};

	for (unsigned int i = 0; i < 128; i++) {
		(void) snprintf(actions[i], sizeof(actions[i]), "mlx5_comp%u@pci:0000:%02x:00.%u",
				i, bus, i % 8);
		irqs[i] = (struct irq_facts){
			.number = bus * 256 + i * 2,
			.index = i,
			.type = IRQ_MSIX,
			.requested = true,
			.actions = actions[i],
			.asked = mask_of_cpu(i * 7 % 1024),
			.effective_cpu = (int) (i * 7 % 1024),
		};
	}
	assert_int_equal(inventory_put_device(&world->inventory, &device, LOOK_START, NULL), 0);

	for (int port = 0; port < 4; port++) {
		struct netdev_facts netdev = {
			.ifindex = (int) bus * 4 + port + 1,
			.has_device = true,
			.addr = device.addr,
			.rx_queues = 32,
			.tx_queues = 31,
		};

		(void) snprintf(netdev.name, sizeof(netdev.name), "enP65536s%02xf%x", bus & 0xffu,
				(unsigned int) port & 0xfu);
		assert_int_equal(inventory_put_netdev(&world->inventory, &netdev, NULL), 0);
	}
}

static void large_machine_is_told_briefly_and_within_the_width(void **state)
{
	struct world *world = *state;
	unsigned int lines = 0;

	for (unsigned int bus = 0; bus < 16; bus++)
		put_large_nic(world, bus);
	overload(world, 1);
	overload(world, 700);

	assert_width(machine_text(world));
	assert_width(cpus_text(world));
	assert_width(plan_text(world));
	assert_width(devices_text(world));

	/* 2,048 vectors: no line for each. */
	for (size_t i = 0; i < world->text.length; i++)
		lines += world->text.data[i] == '\n';
	assert_in_range(lines, 16 * 3, 16 * 8);
}

static void large_machine_shows_nodes_and_the_busiest_cpus(void **state)
{
	struct world *world = *state;
	const char *text;

	overload(world, 1);
	overload(world, 700);
	text = cpus_text(world);
	assert_non_null(strstr(
		text, "   node  CPUs     load      irq     busy    steal   IRQs\n"
		      "      0   128     2.2%     1.2%     1.0%     0.0%      0  1 overloaded\n"
		      "      1   128     1.5%     0.5%     1.0%     0.0%      0\n"));
	assert_non_null(strstr(
		text, "    all  1024     1.6%     0.6%     1.0%     0.0%      0  2 overloaded\n"
		      "\n"
		      "The 10 busiest CPUs\n"
		      "    CPU  node     load      irq     busy    steal   IRQs\n"
		      "      1     0    99.2%    98.0%     1.2%     0.0%      0  overloaded\n"
		      "    700     2    99.2%    98.0%     1.2%     0.0%      0  overloaded\n"
		      "      0     0     1.5%     0.5%     1.0%     0.0%      0\n"));
}

static void long_lines_are_folded(void **state)
{
	struct buf text = BUF_INIT;
	struct page page = PAGE_INIT(&text);

	(void) state;
	page_printf(&page, "  ");
	for (int i = 0; i < 12; i++)
		page_printf(&page, "%s1234567890", i > 0 ? i % 2 ? "," : " " : "");
	page_end_line(&page, 4);
	for (int i = 0; i < 21; i++)
		page_printf(&page, "1234567890");
	page_end_line(&page, 0);
	assert_int_equal(page_finish(&page), 0);
	assert_string_equal(
		buf_text(&text),
		"  1234567890,1234567890 1234567890,1234567890 1234567890,1234567890 "
		"1234567890,1234567890\n"
		"    1234567890,1234567890 1234567890,1234567890\n"
		"1234567890123456789012345678901234567890123456789012345678901234567890123456789012"
		"345678901234567890\n"
		"1234567890123456789012345678901234567890123456789012345678901234567890123456789012"
		"345678901234567890\n"
		"1234567890\n");
	buf_deinit(&text);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define WITH_LARGE(test) cmocka_unit_test_setup_teardown(test, setup_large, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(machine_is_told_with_nodes_and_distances),
		WITH_WORLD(offline_absent_and_isolated_cpus_are_told),
		WITH_WORLD(devices_are_told_with_home_and_irqs),
		WITH_WORLD(without_load_counts_are_unknown),
		WITH_WORLD(cpus_are_told_with_load_and_marks),
		WITH_WORLD(unmoved_plan_says_why),
		WITH_WORLD(each_overloaded_cpu_that_keeps_its_irqs_says_why),
		WITH_WORLD(moves_are_told_with_their_reason),
		WITH_WORLD(reports_are_parted_by_a_blank_line),
		WITH_WORLD(move_is_one_log_line),
		WITH_WORLD(every_change_is_one_log_line),
		WITH_WORLD(home_says_where_and_who_said_so),
		WITH_WORLD(names_cannot_break_a_line),
		WITH_LARGE(large_machine_is_told_briefly_and_within_the_width),
		WITH_LARGE(large_machine_shows_nodes_and_the_busiest_cpus),
		cmocka_unit_test(long_lines_are_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
