#include "balance_machine.h"

#include "irqherd/balance/rps.h"

/* A NIC at slot 10 of node 0 with one receive IRQ, 20, on CPU 1, and its network device. */
struct nic {
	struct machine m;
	struct softnet softnet;
	struct netdev *netdev;
	char *pattern;
};

static void put_netdev(struct nic *nic, unsigned int queues)
{
	const struct netdev_facts facts = { .ifindex = 3,
					    .name = "eth0",
					    .up = true,
					    .has_device = true,
					    .addr = { .bus = 10 },
					    .rx_queues = queues,
					    .tx_queues = queues };

	assert_int_equal(inventory_put_netdev(&nic->m.inventory, &facts, NULL), 0);
	nic->netdev = inventory_find_netdev(&nic->m.inventory, 3);
}

static void init(struct nic *nic, unsigned int cpus, unsigned int threads)
{
	static char pattern[] = "eth*";
	struct rules rules = RULES_INIT;
	int fires = 1;

	memset(nic, 0, sizeof(*nic));
	machine_init(&nic->m, cpus, cpus / 2, threads);
	nic->pattern = pattern;
	rules.rps_devices = (struct pattern_list){ &nic->pattern, 1 };
	assert_int_equal(inventory_set_rules(&nic->m.inventory, &rules, NULL), 0);
	machine_put_nic(&nic->m, 10, 0, 20, &fires, 1, true, LOOK_START);
	nic->m.load.irq_counts[20] = 1000;
	put_netdev(nic, 1);
	nic->softnet.cpus = calloc(cpus, sizeof(nic->softnet.cpus[0]));
	assert_non_null(nic->softnet.cpus);
	nic->softnet.cpu_count = cpus;
	nic->softnet.valid = true;
}

static void deinit(struct nic *nic)
{
	softnet_deinit(&nic->softnet);
	machine_deinit(&nic->m);
}

/* One round; the change that it decides on, if any. */
static bool round_of(struct nic *nic, struct rps_change *ret_change)
{
	struct snapshot now = machine_snapshot(&nic->m);
	struct rps_plan plan = RPS_PLAN_INIT;
	bool any;

	nic->m.now_ms += 1000;
	now.now_ms = nic->m.now_ms;
	rps_watch(&nic->m.inventory, &now, &nic->m.policy, &nic->softnet, &nic->m.plan);
	assert_int_equal(balance_rps(&now, &nic->m.policy, &nic->softnet, &plan), 0);
	assert_true(plan.count <= 1);
	any = plan.count == 1;
	if (any)
		*ret_change = plan.items[0];
	rps_plan_deinit(&plan);
	return any;
}

static void spread(struct nic *nic, uint64_t cpus)
{
	struct cpumask mask = mask_of_bits(cpus);

	nic->netdev->rps = (struct rps){ .state = RPS_SPREAD,
					 .cpus = machine_mask(&nic->m, &mask),
					 .since_ms = nic->m.now_ms };
}

static void assert_cpus(const struct cpumask *cpus, uint64_t bits)
{
	struct cpumask expected = mask_of_bits(bits);

	assert_true(cpumask_equal(cpus, &expected));
}

static void a_hot_queue_is_spread_over_the_rest_of_its_home(void **state)
{
	struct rps_change change;
	struct nic nic;

	(void) state;
	init(&nic, 8, 1);
	machine_set_load(&nic.m, 1, 100);
	assert_false(round_of(&nic, &change)); /* one round may be chance */
	assert_true(round_of(&nic, &change));
	assert_int_equal(change.ifindex, 3);
	assert_int_equal(change.reason, RPS_FOR_LOAD);
	assert_int_equal(change.irq_cpu, 1);
	assert_cpus(&change.cpus, 0x0d); /* node 0 is CPUs 0-3 */
	deinit(&nic);
}

static void nothing_is_spread_without_need_or_leave(void **state)
{
	enum what {
		CALM,
		NOT_WANTED,
		PROPERTY_OFF,
		IGNORED,
		TWO_QUEUES,
		RELIEVED,
		SILENT,
		FOREIGN,
		REFUSED,
		ALONE_AT_HOME,
		NOWHERE,
		CASES,
	};

	(void) state;
	for (enum what what = CALM; what < CASES; what++) {
		struct rps_change change;
		struct device *device;
		struct nic nic;

		init(&nic, 8, 1);
		device = nic.netdev->device;
		assert_non_null(device);
		machine_set_load(&nic.m, 1, what == CALM ? 98 : 100);
		switch (what) {
		case CALM:
			break;
		case NOT_WANTED:
			nic.pattern = (char *) "wlan*";
			break;
		case PROPERTY_OFF:
			device->rps_wish = RPS_OFF;
			break;
		case IGNORED:
			device->ignored = true;
			break;
		case TWO_QUEUES:
			put_netdev(&nic, 2);
			break;
		case RELIEVED: {
			const struct move move = { .irq = 30, .from_cpu = 1, .to_cpu = 2 };

			assert_int_equal(plan_add(&nic.m.plan, &move), 0);
			break;
		}
		case SILENT:
			nic.m.load.irq_counts[20] = 0;
			break;
		case FOREIGN:
			nic.netdev->rps.state = RPS_FOREIGN;
			break;
		case REFUSED:
			nic.netdev->rps.state = RPS_REFUSED;
			break;
		case ALONE_AT_HOME:
			nic.m.policy.allowed = mask_of_bits(0xf2);
			break;
		case NOWHERE:
			machine_irq(&nic.m, 20)->effective_cpu = CPU_NONE;
			break;
		case CASES:
			break;
		}
		for (int i = 0; i < 5; i++)
			if (round_of(&nic, &change))
				fail_msg("case %d spreads", (int) what);
		deinit(&nic);
	}
}

static void a_property_wins_over_the_configuration(void **state)
{
	struct rps_change change;
	struct nic nic;

	(void) state;
	init(&nic, 8, 1);
	nic.pattern = (char *) "none";
	nic.netdev->device->rps_wish = RPS_AUTO;
	machine_set_load(&nic.m, 1, 100);
	(void) round_of(&nic, &change);
	assert_true(round_of(&nic, &change));
	deinit(&nic);
}

static void drops_count_before_the_threshold_does(void **state)
{
	struct rps_change change;
	struct nic nic;

	(void) state;
	init(&nic, 8, 1);
	machine_set_load(&nic.m, 1, 60);
	nic.softnet.cpus[1].dropped = 1;
	(void) round_of(&nic, &change);
	assert_true(round_of(&nic, &change));
	assert_int_equal(change.reason, RPS_FOR_DROPS);
	assert_int_equal(change.dropped, 1);
	deinit(&nic);

	/* not on a CPU that has time */
	init(&nic, 8, 1);
	machine_set_load(&nic.m, 1, 40);
	nic.softnet.cpus[1].dropped = 1;
	for (int i = 0; i < 5; i++)
		assert_false(round_of(&nic, &change));
	deinit(&nic);
}

static void a_queue_that_is_polled_and_silent_is_spread_too(void **state)
{
	struct rps_change change;
	struct nic nic;

	(void) state;
	init(&nic, 8, 1);
	machine_set_load(&nic.m, 1, 100);
	nic.m.load.irq_counts[20] = 0;
	nic.softnet.cpus[1].processed = 5000;
	(void) round_of(&nic, &change);
	assert_true(round_of(&nic, &change));
	deinit(&nic);

	/* unless it is down: some drivers request their IRQs long before */
	init(&nic, 8, 1);
	machine_set_load(&nic.m, 1, 100);
	nic.m.load.irq_counts[20] = 0;
	nic.softnet.cpus[1].processed = 5000;
	nic.netdev->up = false;
	for (int i = 0; i < 5; i++)
		assert_false(round_of(&nic, &change));
	deinit(&nic);

	/* or the packets may be those of another who interrupts there */
	init(&nic, 8, 1);
	machine_set_load(&nic.m, 1, 100);
	machine_put_irq(&nic.m, 30, 0, 1, 10);
	nic.m.load.irq_counts[20] = 0;
	nic.softnet.cpus[1].processed = 5000;
	for (int i = 0; i < 5; i++)
		assert_false(round_of(&nic, &change));
	deinit(&nic);
}

/* Two silent queues on a CPU, or a few interrupts without packets: the device's own count decides.
 */
static void who_received_the_packets_is_spread(void **state)
{
	static const struct {
		uint32_t packets, processed, interrupts;
		bool spread;
	} cases[] = {
		{ 5000, 5000, 0, true }, { 2600, 5000, 0, true }, { 1249, 5000, 0, false },
		{ 0, 5000, 0, false },   { 0, 5000, 3, false },   { 20, 5000, 3, false },
		{ 5000, 5000, 3, true }, { 9000, 5000, 0, true }, /* several to a batch */
		{ 5000, 0, 1000, true }, { 0, 0, 1000, false },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rps_change change;
		uint32_t total = UINT32_MAX - 7;
		struct nic nic;

		init(&nic, 8, 1);
		machine_set_load(&nic.m, 1, 100);
		machine_put_irq(&nic.m, 30, 0, 1, 10);
		nic.m.load.irq_counts[20] = cases[i].interrupts;
		nic.softnet.cpus[1].processed = cases[i].processed;
		for (unsigned int round = 0; round < 4; round++) {
			/* the first reading says nothing, then it takes two rounds */
			bool want = cases[i].spread && round >= 2;

			received_count(&nic.netdev->rps.received, total);
			total += cases[i].packets;
			if (round_of(&nic, &change) != want)
				fail_msg("case %zu, round %u", i, round);
		}
		deinit(&nic);
	}
}

static void only_who_may_be_the_cause_is_asked_for_packets(void **state)
{
	struct snapshot now;
	struct nic nic;

	(void) state;
	init(&nic, 8, 1);
	now = machine_snapshot(&nic.m);
	assert_false(rps_is_suspected(&now, &nic.m.policy, &nic.softnet, nic.netdev));
	machine_set_load(&nic.m, 1, 100);
	assert_true(rps_is_suspected(&now, &nic.m.policy, &nic.softnet, nic.netdev));
	nic.netdev->up = false;
	assert_false(rps_is_suspected(&now, &nic.m.policy, &nic.softnet, nic.netdev));
	nic.netdev->up = true;
	nic.pattern = (char *) "wlan*";
	assert_false(rps_is_suspected(&now, &nic.m.policy, &nic.softnet, nic.netdev));
	nic.pattern = (char *) "eth*";
	spread(&nic, 0x0d);
	assert_false(rps_is_suspected(&now, &nic.m.policy, &nic.softnet, nic.netdev));
	deinit(&nic);
}

static void siblings_and_loaded_cpus_are_left_out(void **state)
{
	struct rps_change change;
	struct nic nic;

	(void) state;
	init(&nic, 16, 2); /* node 0: cores 0-1, 2-3, 4-5, 6-7 */
	machine_set_load(&nic.m, 1, 100);
	machine_set_load(&nic.m, 2, 96);
	(void) round_of(&nic, &change);
	assert_true(round_of(&nic, &change));
	assert_cpus(&change.cpus, 0xf8); /* not 0, sibling of 1; not 2 */
	deinit(&nic);

	/* a core that is all there is is better than nothing */
	init(&nic, 4, 2);
	machine_set_load(&nic.m, 1, 100);
	(void) round_of(&nic, &change);
	assert_true(round_of(&nic, &change));
	assert_cpus(&change.cpus, 0x01);
	deinit(&nic);
}

static void a_big_home_gives_its_idlest_cores(void **state)
{
	struct rps_change change;
	struct nic nic;

	(void) state;
	init(&nic, 128, 2); /* node 0: CPUs 0-63 */
	machine_set_load(&nic.m, 1, 100);
	for (int cpu = 4; cpu < 20; cpu++)
		machine_set_load(&nic.m, cpu, 50);
	(void) round_of(&nic, &change);
	assert_true(round_of(&nic, &change));
	assert_int_equal(cpumask_count(&change.cpus), RPS_CPUS_MOST);
	assert_true(cpumask_test(&change.cpus, 2));
	assert_false(cpumask_test(&change.cpus, 3)); /* second threads come later */
	assert_false(cpumask_test(&change.cpus, 4)); /* busy */
	assert_true(cpumask_test(&change.cpus, 20));
	deinit(&nic);
}

static void it_ends_when_one_cpu_is_enough_for_long(void **state)
{
	struct rps_change change;
	struct nic nic;
	int rounds = 0;

	(void) state;
	init(&nic, 8, 1);
	spread(&nic, 0x0d);
	machine_set_load(&nic.m, 1, 30);
	machine_set_load(&nic.m, 2, 30);
	for (int i = 0; i < 100; i++)
		assert_false(round_of(&nic, &change)); /* 60 % together */

	machine_set_load(&nic.m, 2, 10);
	while (!round_of(&nic, &change))
		assert_true(++rounds < 100);
	assert_int_equal(rounds, 30); /* cooldown, in rounds of a second */
	assert_int_equal(change.reason, RPS_CALM);
	assert_true(cpumask_empty(&change.cpus));
	deinit(&nic);
}

static void a_peak_begins_the_calm_anew(void **state)
{
	struct rps_change change;
	struct nic nic;

	(void) state;
	init(&nic, 8, 1);
	spread(&nic, 0x0d);
	for (int i = 0; i < 200; i++) {
		machine_set_load(&nic.m, 1, i % 20 == 0 ? 90 : 10);
		assert_false(round_of(&nic, &change));
	}
	deinit(&nic);
}

static void it_ends_when_it_is_no_longer_wanted(void **state)
{
	struct rps_change change;
	struct nic nic;

	(void) state;
	init(&nic, 8, 1);
	spread(&nic, 0x0d);
	machine_set_load(&nic.m, 1, 100);
	nic.netdev->device->rps_wish = RPS_OFF;
	assert_true(round_of(&nic, &change));
	assert_int_equal(change.reason, RPS_UNWANTED);

	nic.netdev->device->rps_wish = RPS_AUTO;
	put_netdev(&nic, 4);
	assert_true(round_of(&nic, &change));
	assert_int_equal(change.reason, RPS_UNWANTED);
	assert_true(cpumask_empty(&change.cpus));
	deinit(&nic);
}

static void the_set_follows_policy_and_the_irq(void **state)
{
	struct rps_change change;
	struct nic nic;

	(void) state;
	init(&nic, 8, 1);
	spread(&nic, 0x0d);
	machine_set_load(&nic.m, 1, 90);
	assert_false(round_of(&nic, &change));

	nic.m.policy.allowed = mask_of_bits(0xfb); /* CPU 2 excluded */
	assert_true(round_of(&nic, &change));
	assert_int_equal(change.reason, RPS_FOR_CPUS);
	assert_cpus(&change.cpus, 0x09);

	nic.m.policy.allowed = cpumask_range(0, CPU_LIMIT - 1);
	machine_irq(&nic.m, 20)->effective_cpu = 3;
	assert_true(round_of(&nic, &change));
	assert_cpus(&change.cpus, 0x07);
	deinit(&nic);
}

static void a_renamed_device_keeps_what_was_said_of_it(void **state)
{
	struct netdev_facts facts = { .ifindex = 3,
				      .name = "lan0",
				      .up = true,
				      .has_device = true,
				      .addr = { .bus = 10 },
				      .rx_queues = 1,
				      .tx_queues = 1 };
	struct nic nic;

	(void) state;
	init(&nic, 8, 1);
	spread(&nic, 0x0d);
	assert_int_equal(inventory_put_netdev(&nic.m.inventory, &facts, NULL), 0);
	assert_int_equal(inventory_find_netdev(&nic.m.inventory, 3)->rps.state, RPS_SPREAD);
	deinit(&nic);
}

static void nobody_asks_where_nothing_is_wanted(void **state)
{
	struct nic nic;

	(void) state;
	init(&nic, 8, 1);
	assert_true(rps_is_wanted(&nic.m.inventory));
	nic.pattern = (char *) "wlan*";
	assert_false(rps_is_wanted(&nic.m.inventory));
	spread(&nic, 0x0d);
	assert_true(rps_is_wanted(&nic.m.inventory));
	deinit(&nic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hot_queue_is_spread_over_the_rest_of_its_home),
		cmocka_unit_test(nothing_is_spread_without_need_or_leave),
		cmocka_unit_test(a_property_wins_over_the_configuration),
		cmocka_unit_test(drops_count_before_the_threshold_does),
		cmocka_unit_test(a_queue_that_is_polled_and_silent_is_spread_too),
		cmocka_unit_test(who_received_the_packets_is_spread),
		cmocka_unit_test(only_who_may_be_the_cause_is_asked_for_packets),
		cmocka_unit_test(siblings_and_loaded_cpus_are_left_out),
		cmocka_unit_test(a_big_home_gives_its_idlest_cores),
		cmocka_unit_test(it_ends_when_one_cpu_is_enough_for_long),
		cmocka_unit_test(a_peak_begins_the_calm_anew),
		cmocka_unit_test(it_ends_when_it_is_no_longer_wanted),
		cmocka_unit_test(the_set_follows_policy_and_the_irq),
		cmocka_unit_test(a_renamed_device_keeps_what_was_said_of_it),
		cmocka_unit_test(nobody_asks_where_nothing_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
