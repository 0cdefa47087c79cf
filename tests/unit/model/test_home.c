/* home: who says where a device belongs, in which order, and what is left when CPUs are taken away.
 */
#include "world.h"

#define NIC "0000:3b:00.0"

struct home_case {
	const char *what;
	int node; /* as sysfs says */
	const char *local;
	struct home_override override;
	const char *override_cpus;
	enum unknown_node policy;
	int preferred;
	const char *online, *isolated; /* NULL: 0-7, none */
	const char *home;
	int home_node;
	enum home_origin origin;
	bool nearest;
};

#define BY_NODE(n, who)                                                        \
	{                                                                      \
		.kind = OVERRIDE_NODE, .node = (n), .origin = (who), .line = 7 \
	}
#define BY_CPUS(who)                                              \
	{                                                         \
		.kind = OVERRIDE_CPUS, .origin = (who), .line = 7 \
	}

static const struct home_case home_cases[] = {
	{ .what = "sysfs names the node",
	  .node = 1,
	  .local = "4-7",
	  .home = "4-7",
	  .home_node = 1,
	  .origin = HOME_SYSFS },
	{ .what = "the node counts, not the list read with it",
	  .node = 1,
	  .local = "4",
	  .home = "4-7",
	  .home_node = 1,
	  .origin = HOME_SYSFS },
	{ .what = "nobody knows: all",
	  .node = -1,
	  .local = "0-7",
	  .home = "0-7",
	  .home_node = -1,
	  .origin = HOME_ALL },
	{ .what = "no list either",
	  .node = -1,
	  .home = "0-7",
	  .home_node = -1,
	  .origin = HOME_ALL },
	{ .what = "no node, but a list that says more than all",
	  .node = -1,
	  .local = "2-3",
	  .home = "2-3",
	  .home_node = -1,
	  .origin = HOME_SYSFS },
	{ .what = "a node that does not exist, with a list",
	  .node = 9,
	  .local = "2-3",
	  .home = "2-3",
	  .home_node = -1,
	  .origin = HOME_SYSFS },
	{ .what = "a node that does not exist, without",
	  .node = 9,
	  .home = "0-7",
	  .home_node = -1,
	  .origin = HOME_ALL },

	{ .what = "property beats sysfs",
	  .node = 1,
	  .override = BY_NODE(0, OVERRIDE_FROM_PROPERTY),
	  .home = "0-3",
	  .home_node = 0,
	  .origin = HOME_PROPERTY },
	{ .what = "proximity rule beats sysfs",
	  .node = 1,
	  .override = BY_NODE(0, OVERRIDE_FROM_PROXIMITY),
	  .home = "0-3",
	  .home_node = 0,
	  .origin = HOME_PROXIMITY },
	{ .what = "a rule's CPUs",
	  .node = 1,
	  .override = BY_CPUS(OVERRIDE_FROM_PROXIMITY),
	  .override_cpus = "1,6",
	  .home = "1,6",
	  .home_node = -1,
	  .origin = HOME_PROXIMITY },
	{ .what = "a property's CPUs",
	  .node = 1,
	  .override = BY_CPUS(OVERRIDE_FROM_PROPERTY),
	  .override_cpus = "1",
	  .home = "1",
	  .home_node = -1,
	  .origin = HOME_PROPERTY },
	{ .what = "node -1 means all CPUs",
	  .node = 1,
	  .override = BY_NODE(-1, OVERRIDE_FROM_PROXIMITY),
	  .home = "0-7",
	  .home_node = -1,
	  .origin = HOME_PROXIMITY },
	{ .what = "a rule for a node that does not exist sleeps",
	  .node = 1,
	  .override = BY_NODE(5, OVERRIDE_FROM_PROXIMITY),
	  .home = "4-7",
	  .home_node = 1,
	  .origin = HOME_SYSFS },
	{ .what = "a sleeping rule leaves unknown nodes to the policy",
	  .node = -1,
	  .override = BY_NODE(5, OVERRIDE_FROM_PROPERTY),
	  .policy = UNKNOWN_NODE_PREFERRED,
	  .preferred = 1,
	  .home = "4-7",
	  .home_node = 1,
	  .origin = HOME_PREFERRED },

	{ .what = "preferred node",
	  .node = -1,
	  .local = "0-7",
	  .policy = UNKNOWN_NODE_PREFERRED,
	  .preferred = 1,
	  .home = "4-7",
	  .home_node = 1,
	  .origin = HOME_PREFERRED },
	{ .what = "preferred node that does not exist",
	  .node = -1,
	  .policy = UNKNOWN_NODE_PREFERRED,
	  .preferred = 4,
	  .home = "0-7",
	  .home_node = -1,
	  .origin = HOME_ALL },
	{ .what = "the policy is for unknown nodes only",
	  .node = 0,
	  .policy = UNKNOWN_NODE_PREFERRED,
	  .preferred = 1,
	  .home = "0-3",
	  .home_node = 0,
	  .origin = HOME_SYSFS },

	{ .what = "offline CPUs are no home",
	  .node = 0,
	  .online = "1-7",
	  .home = "1-3",
	  .home_node = 0,
	  .origin = HOME_SYSFS },
	{ .what = "isolated CPUs are no home",
	  .node = 0,
	  .isolated = "0,2-3",
	  .home = "1",
	  .home_node = 0,
	  .origin = HOME_SYSFS },
	{ .what = "a whole node offline: the nearest",
	  .node = 0,
	  .online = "4-7",
	  .home = "4-7",
	  .home_node = 0,
	  .origin = HOME_SYSFS,
	  .nearest = true },
	{ .what = "a whole node isolated: the nearest",
	  .node = 1,
	  .isolated = "4-7",
	  .home = "0-3",
	  .home_node = 1,
	  .origin = HOME_SYSFS,
	  .nearest = true },
	{ .what = "a rule's CPUs isolated: the nearest of their node",
	  .node = 0,
	  .override = BY_CPUS(OVERRIDE_FROM_PROXIMITY),
	  .override_cpus = "5",
	  .isolated = "5",
	  .home = "4,6-7",
	  .home_node = -1,
	  .origin = HOME_PROXIMITY,
	  .nearest = true },
	{ .what = "a rule's CPUs that cannot be: all",
	  .node = 0,
	  .override = BY_CPUS(OVERRIDE_FROM_PROXIMITY),
	  .override_cpus = "4000-4001",
	  .home = "0-7",
	  .home_node = -1,
	  .origin = HOME_PROXIMITY,
	  .nearest = true },
	{ .what = "a machine that isolates every CPU uses them all",
	  .node = 0,
	  .isolated = "0-7",
	  .home = "0-3",
	  .home_node = 0,
	  .origin = HOME_SYSFS },
	{ .what = "all CPUs means all that may be used",
	  .node = -1,
	  .isolated = "0",
	  .online = "0-5",
	  .home = "1-5",
	  .home_node = -1,
	  .origin = HOME_ALL },
};

static void set_rules(struct world *world, const struct rules *rules)
{
	assert_int_equal(inventory_set_rules(&world->inventory, rules, &world->changes), 0);
}

static void assert_home(struct world *world, const struct home *home, const struct home_case *want)
{
	struct cpumask mask;
	char text[CPULIST_TEXT];

	mask_get(&world->inventory.masks, home->cpus, &mask);
	(void) cpulist_format(&mask, text, sizeof(text));
	if (strcmp(text, want->home) != 0 || home->node != want->home_node ||
	    home->origin != want->origin || home->nearest != want->nearest)
		fail_msg("%s: CPUs %s node %d by %s%s", want->what, text, home->node,
			 home_origin_name(home->origin), home->nearest ? ", nearest" : "");
}

static void put_case(struct world *world, const struct home_case *c, enum look look)
{
	const struct device_spec spec = {
		.addr = NIC,
		.node = c->node,
		.local = c->local,
		.vectors = { { .number = 40, .actions = "eth0-TxRx-0" } },
	};
	struct home_override override = c->override;

	if (c->override_cpus)
		override.cpus = world_mask(world, c->override_cpus);
	assert_int_equal(world_try_device(world, &spec, look, &override), 0);
}

static void home_is_what_the_first_that_knows_says(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(home_cases); i++) {
		const struct home_case *c = &home_cases[i];
		struct rules rules = RULES_INIT;
		struct home home;

		rules.unknown_node = c->policy;
		rules.preferred_node = c->preferred;
		set_rules(world, &rules);
		world_cpus(world, c->online ? c->online : "0-7", c->isolated ? c->isolated : "");
		put_case(world, c, LOOK_START);
		home = world_find(world, NIC)->home;
		assert_home(world, &home, c);
		assert_home(world, &world_find_irq(world, 40)->home, c);
		assert_int_equal(home.line,
				 c->origin == HOME_PROXIMITY || c->origin == HOME_PROPERTY ? 7 : 0);
		world_drop(world, NIC);
	}
}

/* The same, but the device is there before the rules and the CPUs are. */
static void order_of_device_rules_and_cpus_does_not_matter(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(home_cases); i++) {
		const struct home_case *c = &home_cases[i];
		struct rules rules = RULES_INIT;

		set_rules(world, &rules);
		world_cpus(world, "0-7", "");
		put_case(world, c, LOOK_START);
		world_cpus(world, c->online ? c->online : "0-7", c->isolated ? c->isolated : "");
		rules.unknown_node = c->policy;
		rules.preferred_node = c->preferred;
		set_rules(world, &rules);
		assert_home(world, &world_find(world, NIC)->home, c);
		assert_home(world, &world_find_irq(world, 40)->home, c);
		world_drop(world, NIC);
	}
}

static void parent_that_knows_is_named_as_the_origin(void **state)
{
	struct world *world = *state;
	struct device_facts facts = {
		.addr = addr_of(NIC), .driver = "", .node = 1, .node_from_parent = true
	};

	assert_int_equal(inventory_put_device(&world->inventory, &facts, LOOK_START, NULL), 0);
	assert_int_equal(world_find(world, NIC)->home.origin, HOME_PARENT);
	assert_mask(world, world_find(world, NIC)->home.cpus, "4-7");
}

static void isolated_cpus_are_homes_where_the_rules_say_so(void **state)
{
	struct world *world = *state;
	struct rules rules = RULES_INIT;

	world_cpus(world, "0-7", "0-3");
	put_case(world, &home_cases[7], LOOK_START); /* property: node 0 */
	assert_true(world_find(world, NIC)->home.nearest);
	rules.use_isolated = true;
	set_rules(world, &rules);
	assert_false(world_find(world, NIC)->home.nearest);
	assert_mask(world, world_find(world, NIC)->home.cpus, "0-3");
}

static void interleaved_neighbours_get_different_nodes_and_keep_them(void **state)
{
	static const char *const addrs[] = { "0000:3b:00.0", "0000:3b:00.1", "0000:3b:00.2",
					     "0000:3c:00.0" };
	static const int nodes[] = { 2, 0, 1, 0 };
	struct world *world = *state;
	struct rules rules = { .unknown_node = UNKNOWN_NODE_INTERLEAVE,
			       .preferred_node = NODE_NONE };

	world->nodes = 4;
	world->cpus_a_node = 2;
	world_cpus(world, "0-5", ""); /* node 3 has no CPUs and takes no part */
	set_rules(world, &rules);
	for (unsigned int round = 0; round < 2; round++) {
		for (size_t k = 0; k < ARRAY_SIZE(addrs); k++) {
			size_t i = round ? ARRAY_SIZE(addrs) - 1 - k : k;
			struct device_spec spec = { .addr = addrs[i], .node = NODE_NONE };

			world_device(world, &spec, LOOK_HINT);
		}
		for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
			const struct home *home = &world_find(world, addrs[i])->home;

			assert_int_equal(home->origin, HOME_INTERLEAVED);
			assert_int_equal(home->node, nodes[i]);
			world_drop(world, addrs[i]);
		}
	}
}

static void irq_without_device_lives_at_its_own_node(void **state)
{
	static const struct {
		int node;
		const char *home;
		enum home_origin origin;
	} cases[] = {
		{ 1, "4-7", HOME_IRQ_NODE },
		{ 0, "0-3", HOME_IRQ_NODE },
		{ NODE_NONE, "0-7", HOME_ALL },
		{ 9, "0-7", HOME_ALL },
	};
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct irq_facts facts = {
			.number = 9,
			.requested = true,
			.actions = "acpi",
			.effective_cpu = CPU_NONE,
			.node = cases[i].node,
		};
		const struct irq *irq;

		assert_int_equal(inventory_put_irq(&world->inventory, &facts, LOOK_START,
						   &world->changes),
				 0);
		irq = world_find_irq(world, 9);
		assert_mask(world, irq->home.cpus, cases[i].home);
		assert_int_equal(irq->home.origin, cases[i].origin);
	}
}

static void shared_line_lives_where_all_its_devices_do_else_where_any_does(void **state)
{
	static const struct {
		const char *a, *b, *c; /* homes of three devices; NULL: not there */
		const char *home;
	} cases[] = {
		{ "0-3", NULL, NULL, "0-3" },  { "0-3", "0-3", NULL, "0-3" },
		{ "0-3", "2-5", NULL, "2-3" }, { "0-3", "4-5", NULL, "0-5" },
		{ "0-3", "2-5", "3-4", "3" },  { "0-3", "2-5", "4-5", "0-5" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *homes[] = { cases[i].a, cases[i].b, cases[i].c };
		static const char *const addrs[] = { "0000:00:1a.0", "0000:00:1d.0",
						     "0000:00:1f.2" };

		/* in turn from the front and from the back */
		for (size_t n = 0; n < 3; n++) {
			size_t k = i % 2 ? 2 - n : n;
			struct home_override override = { .kind = OVERRIDE_CPUS };
			struct device_spec spec = {
				.addr = addrs[k],
				.vectors = { { .number = 16, .actions = "a", .type = IRQ_INTX } },
			};

			if (!homes[k])
				continue;
			override.cpus = world_mask(world, homes[k]);
			assert_int_equal(world_try_device(world, &spec, LOOK_HINT, &override), 0);
		}
		assert_mask(world, world_find_irq(world, 16)->home.cpus, cases[i].home);
		for (size_t k = 3; k-- > 1;)
			world_drop(world, addrs[k]);
		assert_mask(world, world_find_irq(world, 16)->home.cpus, cases[i].a);
		world_drop(world, addrs[0]);
		assert_null(inventory_find_irq(&world->inventory, 16));
	}
}

static void shared_line_of_two_nodes_is_of_none(void **state)
{
	struct world *world = *state;
	struct device_spec spec = {
		.addr = "0000:00:1a.0",
		.node = 0,
		.vectors = { { .number = 16, .actions = "a", .type = IRQ_INTX } },
	};

	world_device(world, &spec, LOOK_START);
	assert_int_equal(world_find_irq(world, 16)->home.node, 0);
	spec.addr = "0000:80:1a.0";
	spec.node = 1;
	world_device(world, &spec, LOOK_START);
	assert_int_equal(world_find_irq(world, 16)->home.node, NODE_NONE);
	assert_mask(world, world_find_irq(world, 16)->home.cpus, "0-7");
}

static void sleeping_rule_wakes_when_its_node_appears(void **state)
{
	struct world *world = *state;
	const struct home_override override = {
		.kind = OVERRIDE_NODE, .origin = OVERRIDE_FROM_PROXIMITY, .node = 2, .line = 3
	};
	const struct device_spec spec = {
		.addr = NIC,
		.node = 0,
		.vectors = { { .number = 40, .actions = "eth0-rx-0", .effective = 1 + 1 } },
	};

	assert_int_equal(world_try_device(world, &spec, LOOK_START, &override), 0);
	assert_int_equal(world_find(world, NIC)->home.origin, HOME_SYSFS);
	(void) world_changes(world);

	world->nodes = 3;
	world_cpus(world, "0-11", "");
	assert_changes(world, "cpu-online 8; cpu-online 9; cpu-online 10; cpu-online 11; topology; "
			      "device-rehomed 0000:3b:00.0; irq-rehomed 0000:3b:00.0 40.0");
	assert_int_equal(world_find(world, NIC)->home.origin, HOME_PROXIMITY);
	assert_int_equal(world_find(world, NIC)->home.line, 3);
	assert_mask(world, world_find_irq(world, 40)->home.cpus, "8-11");
	assert_int_equal(world_find_irq(world, 40)->placement.away, AWAY_REHOMED);

	world->nodes = 2;
	world_cpus(world, "0-7", "");
	assert_int_equal(world_find(world, NIC)->home.origin, HOME_SYSFS);
	assert_int_equal(world_find_irq(world, 40)->placement.away, AWAY_NO);
}

/* A device whose node nobody knows says of itself what CPUs are online, as they were when it was
 * read. */
static void list_of_all_cpus_grows_with_them_once_it_is_read_again(void **state)
{
	struct world *world = *state;
	struct pci_addr addr = addr_of(NIC);
	struct device_spec spec = { .addr = NIC, .node = NODE_NONE, .local = "0-3" };

	world_cpus(world, "0-3", "");
	world_device(world, &spec, LOOK_START);
	assert_int_equal(world_find(world, NIC)->home.origin, HOME_ALL);
	world_cpus(world, "0-7", "");
	assert_int_equal(inventory_set_local_cpus(&world->inventory, &addr,
						  world_mask(world, "0-7"), &world->changes),
			 0);
	assert_int_equal(world_find(world, NIC)->home.origin, HOME_ALL);
	assert_mask(world, world_find(world, NIC)->home.cpus, "0-7");

	/* where the node is known the list is of no use */
	spec.node = 1;
	world_device(world, &spec, LOOK_HINT);
	assert_int_equal(inventory_set_local_cpus(&world->inventory, &addr, world_mask(world, "1"),
						  &world->changes),
			 0);
	assert_int_equal(world_find(world, NIC)->local_cpus, MASK_NONE);
	assert_mask(world, world_find(world, NIC)->home.cpus, "4-7");
	addr = addr_of("0000:99:00.0");
	assert_int_equal(inventory_set_local_cpus(&world->inventory, &addr, MASK_NONE, NULL),
			 -ENOENT);
}

static void other_line_that_says_the_same_is_no_other_home(void **state)
{
	struct world *world = *state;
	struct pci_addr addr = addr_of(NIC);
	struct home_override override = {
		.kind = OVERRIDE_NODE, .origin = OVERRIDE_FROM_PROXIMITY, .node = 1, .line = 3
	};
	const struct device_spec spec = { .addr = NIC, .node = 0 };

	assert_int_equal(world_try_device(world, &spec, LOOK_START, &override), 0);
	(void) world_changes(world);
	override.line = 4;
	assert_int_equal(
		inventory_set_override(&world->inventory, &addr, &override, &world->changes), 0);
	assert_changes(world, "");
	assert_int_equal(world_find(world, NIC)->home.line, 4);

	override.node = 0;
	assert_int_equal(
		inventory_set_override(&world->inventory, &addr, &override, &world->changes), 0);
	assert_changes(world, "device-rehomed 0000:3b:00.0");
	assert_int_equal(
		inventory_set_override(&world->inventory, &addr, &override, &world->changes), 0);
	assert_changes(world, "");
	addr = addr_of("0000:99:00.0");
	assert_int_equal(inventory_set_override(&world->inventory, &addr, &override,
						&world->changes),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(home_is_what_the_first_that_knows_says),
		world_test(order_of_device_rules_and_cpus_does_not_matter),
		world_test(parent_that_knows_is_named_as_the_origin),
		world_test(isolated_cpus_are_homes_where_the_rules_say_so),
		world_test(interleaved_neighbours_get_different_nodes_and_keep_them),
		world_test(irq_without_device_lives_at_its_own_node),
		world_test(shared_line_lives_where_all_its_devices_do_else_where_any_does),
		world_test(shared_line_of_two_nodes_is_of_none),
		world_test(sleeping_rule_wakes_when_its_node_appears),
		world_test(list_of_all_cpus_grows_with_them_once_it_is_read_again),
		world_test(other_line_that_says_the_same_is_no_other_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
