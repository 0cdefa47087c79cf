/* match: which IRQs and devices an administrator's patterns name, seen in the inventory: bans by
 * slot, and rules that give CPUs. */
#include "world.h"

#define NIC   "0000:3b:00.0"
#define OTHER "0000:3c:00.0"

static void set_rules(struct world *world, const struct rules *rules)
{
	assert_int_equal(inventory_set_rules(&world->inventory, rules, &world->changes), 0);
}

/* A NIC on node 0 with vectors 0 and 7, another device, and IRQ 9 that has none. */
static void put_machine(struct world *world)
{
	static const struct device_spec nic = {
		.addr = NIC,
		.vendor = 0x15b3,
		.device = 0x101d,
		.driver = "mlx5_core",
		.vectors = { { .number = 40, .index = 0, .actions = "eth0-TxRx-0", .effective = 1 },
			     { .number = 47,
			       .index = 7,
			       .actions = "eth0-TxRx-7",
			       .effective = 2 } },
	};
	static const struct device_spec other = {
		.addr = OTHER,
		.driver = "nvme",
		.vectors = { { .number = 50, .index = 7, .actions = "nvme0q7", .effective = 3 } },
	};
	static const struct vector_spec acpi = { .number = 9, .actions = "acpi", .effective = 1 };
	const struct irq_facts facts = irq_facts_of(world, &acpi);
	struct netdev_facts eth0 = { .ifindex = 2, .name = "eth0", .has_device = true };

	eth0.addr = addr_of(NIC);
	world_device(world, &nic, LOOK_START);
	world_device(world, &other, LOOK_START);
	assert_int_equal(inventory_put_irq(&world->inventory, &facts, LOOK_START, NULL), 0);
	assert_int_equal(inventory_put_netdev(&world->inventory, &eth0, NULL), 0);
	change_list_reset(&world->changes);
}

static void slots_name_irqs_by_device_and_index(void **state)
{
	struct world *world = *state;
	char text[IRQ_SLOT_TEXT];

	put_machine(world);
	assert_string_equal(irq_slot(world_find_irq(world, 47), text), NIC "/7");
	assert_string_equal(irq_slot(world_find_irq(world, 9), text), "irq:9");
}

static void bans_match_slots(void **state)
{
	static const struct {
		const char *pattern;
		bool first, seventh, other, acpi;
	} cases[] = {
		{ NIC "/7", false, true, false, false },
		{ NIC "/*", true, true, false, false },
		{ "*/7", false, true, true, false },
		{ NIC "/70", false, false, false, false },
		{ "0000:3b:00.1/7", false, false, false, false },
		{ "irq:9", false, false, false, true },
		{ "irq:47", false, true, false, false },
		{ "irq:nvme*", false, false, true, false },
		{ "irq:*/7", false, false, false, false },
	};
	struct world *world = *state;

	put_machine(world);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *pattern = (char *) (uintptr_t) cases[i].pattern;
		const struct rules rules = { .preferred_node = NODE_NONE,
					     .ban_irqs = { &pattern, 1 } };

		set_rules(world, &rules);
		if (world_find_irq(world, 40)->banned != cases[i].first ||
		    world_find_irq(world, 47)->banned != cases[i].seventh ||
		    world_find_irq(world, 50)->banned != cases[i].other ||
		    world_find_irq(world, 9)->banned != cases[i].acpi)
			fail_msg("%s", cases[i].pattern);
	}
}

static void bans_match_vendor_and_device(void **state)
{
	static const struct {
		const char *pattern;
		bool nic;
	} cases[] = {
		{ "15b3:101d", true },  { "15b3:*", true },     { "15b3:101?", true },
		{ "15b3:101e", false }, { "15b3", false },      { "101d", false },
		{ "8086:101d", false }, { "15B3:101D", false }, { "0000:15b3:101d", false },
	};
	struct world *world = *state;

	put_machine(world);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *pattern = (char *) (uintptr_t) cases[i].pattern;
		const struct rules rules = { .preferred_node = NODE_NONE,
					     .ban_devices = { &pattern, 1 } };

		set_rules(world, &rules);
		if (world_find_irq(world, 40)->banned != cases[i].nic ||
		    world_find_irq(world, 47)->banned != cases[i].nic ||
		    world_find_irq(world, 50)->banned)
			fail_msg("%s", cases[i].pattern);
	}
}

static void ban_by_a_client_holds_over_hotplug(void **state)
{
	struct world *world = *state;
	char slot[] = NIC "/7";
	char *slots[] = { slot };
	const struct rules rules = { .preferred_node = NODE_NONE, .banned = { slots, 1 } };

	put_machine(world);
	set_rules(world, &rules);
	assert_true(world_find_irq(world, 47)->banned);
	assert_false(world_find_irq(world, 50)->banned);
	world_drop(world, NIC);
	world_drop(world, OTHER);
	assert_null(inventory_find_irq(&world->inventory, 47));
	put_machine(world);
	assert_true(world_find_irq(world, 47)->banned);
	assert_false(world_find_irq(world, 40)->banned);
}

static void assert_homes(struct world *world, const char *what, const char *first,
			 const char *seventh, const char *acpi)
{
	static const unsigned int numbers[] = { 40, 47, 9 };
	const char *want[] = { first, seventh, acpi };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char text[CPULIST_TEXT];
		struct cpumask mask;

		inventory_home(&world->inventory, world_find_irq(world, numbers[i]), &mask);
		(void) cpulist_format(&mask, text, sizeof(text));
		if (strcmp(text, want[i]) != 0)
			fail_msg("%s: IRQ %u has home %s, not %s", what, numbers[i], text, want[i]);
	}
}

static void rules_name_irqs_and_devices_in_many_ways(void **state)
{
	static const struct {
		const char *pattern, *cpus, *first, *seventh, *acpi;
	} cases[] = {
		{ NIC "/7", "5", "0-3", "5", "0-7" },
		{ NIC "/[0-6]", "5-6", "5-6", "0-3", "0-7" },
		{ "*:3b:*", "1,6", "1,6", "1,6", "0-7" },
		{ NIC, "1", "1", "1", "0-7" },
		{ "15b3:*", "1", "1", "1", "0-7" },
		{ "eth*", "2", "2", "2", "0-7" },
		{ "driver:mlx5*", "3", "3", "3", "0-7" },
		{ "driver:nvme", "3", "0-3", "0-3", "0-7" },
		{ "irq:9", "6", "0-3", "0-3", "6" },
		{ "irq:40", "6", "6", "0-3", "0-7" },
		{ "irq:eth0-*", "6", "6", "6", "0-7" },
		{ "irq:acpi", "7", "0-3", "0-3", "7" },
		{ "mlx5_core", "7", "0-3", "0-3", "0-7" },
		{ OTHER "/0", "7", "0-3", "0-3", "0-7" },
	};
	struct world *world = *state;

	put_machine(world);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cpumask mask = cpus(cases[i].cpus);
		const struct cpu_rule rule = { .pattern = cases[i].pattern, .cpus = &mask };
		const struct rules rules = { .preferred_node = NODE_NONE, .cpus = { &rule, 1 } };

		set_rules(world, &rules);
		assert_homes(world, cases[i].pattern, cases[i].first, cases[i].seventh,
			     cases[i].acpi);
	}
	set_rules(world, &RULES_INIT);
	assert_homes(world, "no rule", "0-3", "0-3", "0-7");
}

/* pin, rule of the IRQ, rule of the device, property, proximity, sysfs */
static void most_specific_word_wins(void **state)
{
	const struct cpumask pin = cpus("1"), irq = cpus("2"), device = cpus("3");
	const struct cpu_rule pins[] = { { .pattern = NIC "/7", .cpus = &pin } };
	const struct cpu_rule rules_of_all[] = {
		{ .pattern = "eth0", .cpus = &device },
		{ .pattern = "*/7", .cpus = &irq },
	};
	struct rules rules = { .preferred_node = NODE_NONE,
			       .pins = { pins, 1 },
			       .cpus = { rules_of_all, 2 } };
	struct home_override override = { .kind = OVERRIDE_NODE, .node = 1 };
	struct world *world = *state;
	struct pci_addr addr = addr_of(NIC);

	put_machine(world);
	assert_int_equal(inventory_set_override(&world->inventory, &addr, &override, NULL), 0);
	set_rules(world, &rules);
	assert_homes(world, "pin", "3", "1", "0-7");
	assert_int_equal(world_find_irq(world, 47)->home.origin, HOME_RULE);
	rules.pins.count = 0;
	set_rules(world, &rules);
	assert_homes(world, "rule of the IRQ", "3", "2", "0-7");
	rules.cpus.count = 1;
	set_rules(world, &rules);
	assert_homes(world, "rule of the device", "3", "3", "0-7");
	assert_int_equal(world_find_irq(world, 47)->home.origin, HOME_RULE);
	rules.cpus.count = 0;
	set_rules(world, &rules);
	assert_homes(world, "property", "4-7", "4-7", "0-7");
	assert_int_equal(world_find_irq(world, 47)->home.origin, HOME_PROPERTY);
}

static void first_rule_of_equals_wins(void **state)
{
	const struct cpumask one = cpus("1"), two = cpus("2");
	const struct cpu_rule list[] = { { .pattern = "eth*", .cpus = &one },
					 { .pattern = NIC, .cpus = &two } };
	const struct rules rules = { .preferred_node = NODE_NONE, .cpus = { list, 2 } };
	struct world *world = *state;

	put_machine(world);
	set_rules(world, &rules);
	assert_homes(world, "first", "1", "1", "0-7");
}

static void words_for_cpus_are_resolved_against_the_machine(void **state)
{
	static const struct cpumask none = CPUMASK_NONE;
	const uint64_t node_1 = 1 << 1, node_5 = 1 << 5;
	struct cpu_rule rule = {
		.pattern = "eth0", .cpus = &none, .nodes = &node_1, .node_limit = 64
	};
	struct rules rules = { .preferred_node = NODE_NONE, .cpus = { &rule, 1 } };
	struct world *world = *state;

	put_machine(world);
	set_rules(world, &rules);
	assert_homes(world, "node1", "4-7", "4-7", "0-7");
	world_cpus(world, "0-6", "");
	assert_homes(world, "node1 with CPU 7 offline", "4-6", "4-6", "0-6");
	world_cpus(world, "0-7", "");

	rule.nodes = &node_5;
	set_rules(world, &rules);
	assert_homes(world, "a node that does not exist: the rule sleeps", "0-3", "0-3", "0-7");
	rule = (struct cpu_rule){ .pattern = "eth0", .cpus = &none, .all = true };
	set_rules(world, &rules);
	assert_homes(world, "all", "0-7", "0-7", "0-7");

	rule = (struct cpu_rule){ .pattern = "eth0", .cpus = &none, .isolated = true };
	rules.use_isolated = true;
	world_cpus(world, "0-7", "2,5");
	set_rules(world, &rules);
	assert_homes(world, "isolated", "2,5", "2,5", "0-7");
}

static void rule_by_interface_follows_the_interface(void **state)
{
	const struct cpumask mask = cpus("6");
	const struct cpu_rule rule = { .pattern = "lan0", .cpus = &mask };
	const struct rules rules = { .preferred_node = NODE_NONE, .cpus = { &rule, 1 } };
	struct netdev_facts netdev = { .ifindex = 2, .name = "lan0", .has_device = true };
	struct world *world = *state;

	put_machine(world);
	set_rules(world, &rules);
	assert_homes(world, "before", "0-3", "0-3", "0-7");
	(void) world_changes(world);

	netdev.addr = addr_of(NIC);
	assert_int_equal(inventory_put_netdev(&world->inventory, &netdev, &world->changes), 0);
	assert_homes(world, "renamed", "6", "6", "0-7");
	assert_non_null(strstr(world_changes(world), "irq-rehomed " NIC " 40.0"));
	assert_int_equal(world_find_irq(world, 40)->placement.away, AWAY_REHOMED);

	assert_int_equal(inventory_drop_netdev(&world->inventory, 2, &world->changes), 0);
	assert_homes(world, "gone", "0-3", "0-3", "0-7");
}

static void rule_by_action_follows_the_action(void **state)
{
	const struct cpumask mask = cpus("6");
	const struct cpu_rule rule = { .pattern = "irq:lan0-*", .cpus = &mask };
	const struct rules rules = { .preferred_node = NODE_NONE, .cpus = { &rule, 1 } };
	struct vector_spec spec = { .number = 47, .index = 7, .actions = "lan0-7", .effective = 2 };
	struct world *world = *state;
	struct irq_facts facts;

	put_machine(world);
	set_rules(world, &rules);
	assert_homes(world, "before", "0-3", "0-3", "0-7");
	spec.type = IRQ_MSIX;
	facts = irq_facts_of(world, &spec);
	assert_int_equal(inventory_put_irq(&world->inventory, &facts, LOOK_HINT, NULL), 0);
	assert_homes(world, "renamed", "0-3", "6", "0-7");
}

static void irq_found_outside_of_its_rule_goes_there(void **state)
{
	const struct cpumask mask = cpus("6");
	const struct cpu_rule rule = { .pattern = "eth0", .cpus = &mask };
	const struct rules rules = { .preferred_node = NODE_NONE, .cpus = { &rule, 1 } };
	struct world *world = *state;
	struct irq *irq;

	/* at the start */
	set_rules(world, &rules);
	put_machine(world);
	assert_int_equal(world_find_irq(world, 47)->placement.away, AWAY_REHOMED);
	assert_int_equal(world_find_irq(world, 50)->placement.away, AWAY_NO);

	/* a rule that comes later is not made to wait */
	set_rules(world, &RULES_INIT);
	irq = world_find_irq(world, 47);
	irq->placement.cooldown_until_ms = 12345;
	irq->external = true;
	set_rules(world, &rules);
	assert_int_equal(irq->placement.away, AWAY_REHOMED);
	assert_int_equal(irq->placement.cooldown_until_ms, 0);
	assert_false(irq->external);
}

/* Its effective CPU is in its new home, but only until its next interrupt. */
static void a_move_under_way_is_where_a_home_is_judged_from(void **state)
{
	const struct cpumask mask = cpus("1");
	const struct cpu_rule rule = { .pattern = "irq:47", .cpus = &mask };
	const struct rules rules = { .preferred_node = NODE_NONE, .cpus = { &rule, 1 } };
	struct world *world = *state;
	struct irq *irq;

	put_machine(world);
	irq = world_find_irq(world, 47);
	assert_int_equal(irq->effective_cpu, 1);
	inventory_note_asked(&world->inventory, irq, 3);
	set_rules(world, &rules);
	assert_int_equal(irq->placement.away, AWAY_REHOMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(slots_name_irqs_by_device_and_index),
		world_test(bans_match_slots),
		world_test(bans_match_vendor_and_device),
		world_test(ban_by_a_client_holds_over_hotplug),
		world_test(rules_name_irqs_and_devices_in_many_ways),
		world_test(most_specific_word_wins),
		world_test(first_rule_of_equals_wins),
		world_test(words_for_cpus_are_resolved_against_the_machine),
		world_test(rule_by_interface_follows_the_interface),
		world_test(rule_by_action_follows_the_action),
		world_test(irq_found_outside_of_its_rule_goes_there),
		world_test(a_move_under_way_is_where_a_home_is_judged_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
