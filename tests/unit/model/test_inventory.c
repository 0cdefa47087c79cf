/* inventory: what facts change, who an IRQ is, who moved it, and that the order of facts does not
 * matter. */
#include "world.h"

#include "irqherd/base/rng.h"

#define NIC   "0000:3b:00.0"
#define OTHER "0000:5e:00.0"

/* Two queues and a vector that nobody requested. */
static const struct device_spec nic = {
	.addr = NIC,
	.driver = "ice",
	.vectors = { { .number = 40,
		       .index = 0,
		       .actions = "ice-0000:3b:00.0:misc",
		       .effective = 1 + 0 },
		     { .number = 41, .index = 1, .actions = "ice-eth0-TxRx-0", .effective = 1 + 1 },
		     { .number = 42, .index = 2 } },
};

static char *text_of(const struct inventory *inventory)
{
	struct buf text = BUF_INIT;

	assert_int_equal(inventory_format(inventory, &text), 0);
	return text.data;
}

/* ---------------------------------------------------------------------------------------------- */

static void device_arrives_with_its_irqs_and_goes_with_them(void **state)
{
	struct world *world = *state;
	char *before = text_of(&world->inventory), *after;

	world_device(world, &nic, LOOK_HINT);
	assert_changes(world, "device-arrived " NIC "; irq-arrived " NIC " 40.0; irq-arrived " NIC
			      " 41.1; irq-arrived " NIC " 42.2");
	assert_int_equal(world->inventory.device_count, 1);
	assert_int_equal(world->inventory.irq_count, 3);
	world_device(world, &nic, LOOK_HINT);
	assert_changes(world, "");

	world_drop(world, NIC);
	assert_changes(world, "irq-gone " NIC " 40.0; irq-gone " NIC " 41.1; irq-gone " NIC
			      " 42.2; device-gone " NIC);
	assert_int_equal(world->inventory.device_count, 0);
	assert_int_equal(world->inventory.irq_count, 0);
	assert_null(inventory_next_irq(&world->inventory, 0));
	world_drop(world, NIC);
	assert_changes(world, "");

	after = text_of(&world->inventory);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void nobody_needs_to_listen(void **state)
{
	struct world *world = *state;
	struct device_facts facts = { .addr = addr_of(NIC), .driver = "" };

	assert_int_equal(inventory_put_device(&world->inventory, &facts, LOOK_HINT, NULL), 0);
	assert_int_equal(inventory_drop_device(&world->inventory, &facts.addr, NULL), 0);
	assert_changes(world, "");
}

static void other_driver_class_or_ignore_flag_is_an_update(void **state)
{
	struct world *world = *state;
	struct device_facts facts = {
		.addr = addr_of(NIC), .driver = "a", .class = 1, .vendor = 2, .device = 3
	};
	uint32_t generation;

	assert_int_equal(
		inventory_put_device(&world->inventory, &facts, LOOK_HINT, &world->changes), 0);
	(void) world_changes(world);
	generation = world_find(world, NIC)->generation;
	for (unsigned int i = 0; i < 6; i++) {
		const char *wanted = i < 5 ? "device-updated " NIC : "";

		facts.class += i == 0;
		facts.vendor = (uint16_t) (facts.vendor + (i == 1));
		facts.device = (uint16_t) (facts.device + (i == 2));
		facts.ignored |= i == 3;
		facts.driver = i >= 4 ? "b" : "a";
		assert_int_equal(inventory_put_device(&world->inventory, &facts, LOOK_HINT,
						      &world->changes),
				 0);
		assert_changes(world, wanted);
		assert_int_equal(world_find(world, NIC)->generation != generation, i >= 4);
	}
	assert_string_equal(world_find(world, NIC)->driver, "b");
}

static void facts_that_cannot_be_change_nothing(void **state)
{
	static const struct irq_facts bad[] = {
		{ .number = IRQ_NUMBER_LIMIT, .actions = "" },
		{ .number = UINT32_MAX, .actions = "" },
		{ .number = 1, .actions = "", .effective_cpu = CPU_LIMIT },
		{ .number = 1, .actions = NULL },
	};
	struct world *world = *state;
	char *before = text_of(&world->inventory), *after;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct device_facts facts = {
			.addr = addr_of(NIC), .driver = "", .irqs = &bad[i], .irq_count = 1
		};

		assert_int_equal(inventory_put_device(&world->inventory, &facts, LOOK_HINT,
						      &world->changes),
				 -EINVAL);
		assert_int_equal(inventory_put_irq(&world->inventory, &bad[i], LOOK_HINT,
						   &world->changes),
				 -EINVAL);
	}
	assert_int_equal(world_try_netdev(world, &(struct netdev_spec){ .name = "eth0" }), -EINVAL);
	assert_int_equal(world_try_netdev(world,
					  &(struct netdev_spec){ .ifindex = -1, .name = "a" }),
			 -EINVAL);
	assert_int_equal(world_try_netdev(world, &(struct netdev_spec){ .ifindex = 2, .name = "" }),
			 -EINVAL);
	assert_changes(world, "");
	after = text_of(&world->inventory);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* ---------------------------------------------------------------------------------------------- */

/* What each reason for a look makes of a vector that is new, one that gained its action, and one
 * whose mask changed. */
static void reason_of_the_look_decides_what_news_are(void **state)
{
	static const struct {
		enum look look;
		bool arrival;
		const char *moved; /* what a changed mask is */
		bool external, reset;
	} cases[] = {
		{ LOOK_START, false, "irq-moved-by-kernel " NIC " 40.0", false, false },
		{ LOOK_HINT, true, "irq-moved-by-kernel " NIC " 40.0", false, true },
		{ LOOK_REMADE, true, "irq-remade " NIC " 40.0; irq-remade " NIC " 41.1", false,
		  true },
		{ LOOK_AGAIN, true, "irq-moved-by-others " NIC " 40.0", true, true },
		{ LOOK_CPU_EVENT, false, "irq-moved-by-kernel " NIC " 40.0", false, false },
		{ LOOK_RESYNC, false, "irq-moved-by-kernel " NIC " 40.0", false, false },
		{ LOOK_SLOW_CHECK, true, "irq-moved-by-others " NIC " 40.0", true, true },
	};
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum look look = cases[i].look;
		struct device_spec spec = nic;
		struct irq *irq;
		uint32_t generation;

		spec.vectors[1].actions = NULL;
		spec.vectors[2].number = 0;
		world_device(world, &spec, look);
		(void) world_changes(world);
		irq = world_find_irq(world, 40);
		assert_int_equal(irq->arrival, cases[i].arrival);

		/* gains an action: from now on it is another IRQ */
		irq->arrival = world_find_irq(world, 41)->arrival = false;
		generation = world_find_irq(world, 41)->generation;
		spec.vectors[1].actions = "ice-eth0-TxRx-0";
		world_device(world, &spec, look == LOOK_REMADE ? LOOK_HINT : look);
		assert_changes(world, "irq-requested " NIC " 41.1");
		assert_int_equal(world_find_irq(world, 41)->arrival, cases[i].arrival);
		assert_int_not_equal(world_find_irq(world, 41)->generation, generation);
		assert_false(irq->arrival);

		/* another mask */
		generation = irq->generation;
		irq->placement.state = PLACEMENT_CONFIRMED;
		irq->placement.refused = true;
		spec.vectors[0].asked = "5";
		spec.vectors[0].effective = 1 + 2;
		world_device(world, &spec, look);
		assert_changes(world, cases[i].moved);
		assert_int_equal(irq->external, cases[i].external);
		assert_int_equal(irq->placement.state,
				 cases[i].reset ? PLACEMENT_IDLE : PLACEMENT_CONFIRMED);
		assert_int_equal(irq->arrival, look == LOOK_HINT || look == LOOK_REMADE);
		/* what the kernel refused it refuses still, until the IRQ is made anew */
		assert_int_equal(irq->placement.refused, look != LOOK_REMADE);
		assert_int_equal(irq->generation != generation, look == LOOK_REMADE);
		assert_mask(world, irq->asked, "5");
		assert_int_equal(irq->effective_cpu, 2);

		world_drop(world, NIC);
		(void) world_changes(world);
	}
}

static void foreign_hand_ends_the_waiting_for_a_place(void **state)
{
	struct world *world = *state;
	struct device_spec spec = nic;

	world_device(world, &spec, LOOK_HINT);
	assert_true(world_find_irq(world, 41)->arrival);
	spec.vectors[1].asked = "3";
	world_device(world, &spec, LOOK_AGAIN);
	assert_false(world_find_irq(world, 41)->arrival);
	assert_true(world_find_irq(world, 41)->external);
	assert_true(world_find_irq(world, 40)->arrival);
}

/* A driver sets the masks of its queues before it is done, and whoever looked meanwhile saw others.
 */
static void masks_that_a_driver_at_work_changes_are_no_foreign_hand(void **state)
{
	struct world *world = *state;
	struct device_spec spec = nic;

	spec.awaits_netdev = true;
	world_device(world, &spec, LOOK_HINT);
	(void) world_changes(world);
	spec.vectors[1].asked = "2";
	world_irq(world, &spec.vectors[1], LOOK_SLOW_CHECK);
	assert_changes(world, "irq-moved-by-kernel " NIC " 41.1");
	spec.awaits_netdev = false;
	spec.vectors[1].asked = "3";
	world_device(world, &spec, LOOK_AGAIN);
	assert_changes(world, "irq-moved-by-kernel " NIC " 41.1");
	assert_true(world_find_irq(world, 41)->arrival);
	assert_false(world_find_irq(world, 41)->external);

	/* it is done: who changes one now is somebody else */
	spec.vectors[1].asked = "4";
	world_device(world, &spec, LOOK_AGAIN);
	assert_changes(world, "irq-moved-by-others " NIC " 41.1");
}

/* What was waited for belongs to one binding of a driver, and the next one has its whole time. */
static void waiting_begins_anew_with_the_driver(void **state)
{
	struct world *world = *state;
	struct device_spec spec = nic;
	struct device *device;

	world_device(world, &spec, LOOK_HINT);
	device = world_find(world, NIC);
	device->awaited_since_ms = 1;
	world_device(world, &spec, LOOK_HINT);
	assert_int_equal(device->awaited_since_ms, 1);
	spec.driver = "other";
	world_device(world, &spec, LOOK_HINT);
	assert_int_equal(device->awaited_since_ms, 0);
	device->awaited_since_ms = 1;
	world_device(world, &spec, LOOK_REMADE);
	assert_int_equal(device->awaited_since_ms, 0);
}

static void our_own_write_is_nobody_elses(void **state)
{
	struct world *world = *state;
	struct device_spec spec = nic;
	uint64_t version;

	world_device(world, &spec, LOOK_HINT);
	(void) world_changes(world);
	version = world->inventory.version;
	inventory_note_asked(&world->inventory, world_find_irq(world, 41), 3);
	assert_true(world->inventory.version > version);
	spec.vectors[1].asked = "3";
	world_device(world, &spec, LOOK_AGAIN);
	assert_changes(world, "");
	assert_false(world_find_irq(world, 41)->external);
}

static void effective_cpu_that_lags_is_no_move(void **state)
{
	struct world *world = *state;
	struct device_spec spec = nic;
	uint64_t version;

	world_device(world, &spec, LOOK_HINT);
	(void) world_changes(world);
	version = world->inventory.version;
	spec.vectors[1].effective = 1 + 6;
	world_device(world, &spec, LOOK_SLOW_CHECK);
	assert_changes(world, "");
	assert_int_equal(world_find_irq(world, 41)->effective_cpu, 6);
	assert_true(world->inventory.version > version);
}

static void action_lost_is_a_release_and_ends_the_history(void **state)
{
	struct world *world = *state;
	struct device_spec spec = nic;
	struct irq *irq;
	uint32_t generation;

	world_device(world, &spec, LOOK_HINT);
	(void) world_changes(world);
	irq = world_find_irq(world, 41);
	irq->external = irq->placement.refused = true;
	generation = irq->generation;
	spec.vectors[1].actions = NULL;
	world_device(world, &spec, LOOK_HINT);
	assert_changes(world, "irq-released " NIC " 41.1");
	assert_false(irq->arrival);
	assert_false(irq->external);
	assert_false(irq->placement.refused);
	assert_int_not_equal(irq->generation, generation);
	assert_string_equal(irq->actions, "");
	assert_int_equal(irq->queue.kind, QUEUE_NONE);
	assert_int_equal(irq->asked, MASK_NONE);
	world_device(world, &spec, LOOK_AGAIN);
	assert_changes(world, "");
}

static void other_action_is_a_rename_of_the_same_irq(void **state)
{
	struct world *world = *state;
	struct device_spec spec = nic;
	uint32_t generation;

	world_device(world, &spec, LOOK_HINT);
	(void) world_changes(world);
	generation = world_find_irq(world, 41)->generation;
	spec.vectors[1].actions = "ice-ens1-TxRx-7";
	world_device(world, &spec, LOOK_HINT);
	assert_changes(world, "irq-renamed " NIC " 41.1");
	assert_int_equal(world_find_irq(world, 41)->generation, generation);
	assert_int_equal(world_find_irq(world, 41)->queue.index, 7);
}

static void remade_device_remakes_what_was_requested(void **state)
{
	struct world *world = *state;
	struct irq *irq;
	uint32_t generation, device_generation;

	world_device(world, &nic, LOOK_HINT);
	(void) world_changes(world);
	irq = world_find_irq(world, 41);
	irq->arrival = false;
	irq->placement.refused = true;
	irq->external = true;
	generation = irq->generation;
	device_generation = world_find(world, NIC)->generation;
	world_device(world, &nic, LOOK_REMADE);
	assert_changes(world, "irq-remade " NIC " 40.0; irq-remade " NIC " 41.1");
	assert_true(irq->arrival);
	assert_false(irq->external);
	assert_false(irq->placement.refused);
	assert_true(irq->generation > generation);
	assert_true(world_find(world, NIC)->generation > device_generation);
}

static void other_driver_makes_other_irqs_of_the_same_numbers(void **state)
{
	static const struct {
		enum look look;
		bool arrival;
	} cases[] = { { LOOK_HINT, true },
		      { LOOK_AGAIN, true },
		      { LOOK_RESYNC, false },
		      { LOOK_START, false } };
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct device_spec spec = nic;
		struct irq *irq;
		uint32_t generation;

		world_device(world, &spec, LOOK_START);
		irq = world_find_irq(world, 41);
		irq->placement.refused = true;
		generation = irq->generation;
		spec.driver = "vfio-pci";
		world_device(world, &spec, cases[i].look);
		assert_int_not_equal(irq->generation, generation);
		assert_false(irq->placement.refused);
		assert_int_equal(irq->arrival, cases[i].arrival);
		world_drop(world, NIC);
	}
}

static void unbound_driver_takes_the_vectors_along(void **state)
{
	struct world *world = *state;
	const struct device_spec unbound = { .addr = NIC, .driver = "" };
	uint32_t generation;

	world_device(world, &nic, LOOK_HINT);
	generation = world_find_irq(world, 41)->generation;
	(void) world_changes(world);
	world_device(world, &unbound, LOOK_REMADE);
	assert_changes(world, "device-updated " NIC "; irq-gone " NIC " 40.0; irq-gone " NIC
			      " 41.1; irq-gone " NIC " 42.2");
	world_device(world, &nic, LOOK_REMADE);
	assert_changes(world, "device-updated " NIC "; irq-arrived " NIC " 40.0; irq-arrived " NIC
			      " 41.1; irq-arrived " NIC " 42.2");
	assert_true(world_find_irq(world, 41)->generation > generation);
	assert_true(world_find_irq(world, 41)->arrival);
}

static void counter_that_fell_voids_the_history(void **state)
{
	struct world *world = *state;
	struct irq *irq;
	uint32_t generation;

	world_device(world, &nic, LOOK_START);
	(void) world_changes(world);
	irq = world_find_irq(world, 41);
	irq->external = irq->placement.refused = true;
	generation = irq->generation;
	inventory_note_remade(&world->inventory, irq, &world->changes);
	assert_changes(world, "irq-remade " NIC " 41.1");
	assert_int_not_equal(irq->generation, generation);
	assert_false(irq->external);
	assert_false(irq->placement.refused);
	assert_true(irq->arrival);
}

/* ---------------------------------------------------------------------------------------------- */

static void number_that_another_device_got_is_another_irq(void **state)
{
	struct world *world = *state;
	struct device_spec other = {
		.addr = OTHER,
		.driver = "nvme",
		.vectors = { { .number = 41, .index = 0, .actions = "nvme0q0", .effective = 1 } },
	};
	struct device_spec late = nic;
	struct irq *irq;
	uint32_t generation;

	world_device(world, &nic, LOOK_HINT);
	irq = world_find_irq(world, 41);
	irq->placement.refused = irq->external = true;
	generation = irq->generation;
	(void) world_changes(world);

	/* the first one lost it, and we have not looked at it yet */
	world_device(world, &other, LOOK_HINT);
	assert_changes(world, "device-arrived " OTHER "; irq-gone " NIC " 41.1; irq-arrived " OTHER
			      " 41.0");
	irq = world_find_irq(world, 41);
	assert_ptr_equal(irq_device(irq), world_find(world, OTHER));
	assert_true(irq->generation > generation);
	assert_false(irq->placement.refused);
	assert_false(irq->external);
	assert_int_equal(world_find(world, NIC)->vector_count, 2);

	late.vectors[1].number = 43;
	world_device(world, &late, LOOK_HINT);
	assert_changes(world, "irq-arrived " NIC " 43.1");
	world_drop(world, NIC);
	assert_ptr_equal(irq_device(world_find_irq(world, 41)), world_find(world, OTHER));
}

static void index_with_another_number_is_made_anew(void **state)
{
	struct world *world = *state;
	struct device_spec spec = nic;

	world_device(world, &spec, LOOK_HINT);
	(void) world_changes(world);
	spec.vectors[1].number = 99;
	world_device(world, &spec, LOOK_HINT);
	assert_changes(world, "irq-gone " NIC " 41.1; irq-arrived " NIC " 99.1");
	assert_null(inventory_find_irq(&world->inventory, 41));
	assert_true(world_find_irq(world, 99)->arrival);

	/* numbers that changed places */
	spec.vectors[0].number = 99;
	spec.vectors[1].number = 40;
	world_device(world, &spec, LOOK_RESYNC);
	assert_changes(world, "irq-gone " NIC " 40.0; irq-gone " NIC " 99.1; irq-arrived " NIC
			      " 99.0; irq-arrived " NIC " 40.1");
	assert_false(world_find_irq(world, 99)->arrival);
	assert_int_equal(world_find(world, NIC)->vector_count, 3);

	/* the same number, another index */
	spec.vectors[1].index = 7;
	world_device(world, &spec, LOOK_HINT);
	assert_changes(world, "irq-gone " NIC " 40.1; irq-arrived " NIC " 40.7");
}

static void other_kind_of_interrupt_is_another_irq(void **state)
{
	struct world *world = *state;
	struct device_spec spec = {
		.addr = NIC, .vectors = { { .number = 40, .actions = "a", .type = IRQ_INTX } }
	};

	world_device(world, &spec, LOOK_HINT);
	(void) world_changes(world);
	spec.vectors[0].type = IRQ_MSI;
	world_device(world, &spec, LOOK_HINT);
	assert_changes(world, "irq-gone " NIC " 40.0; irq-arrived " NIC " 40.0");
	assert_int_equal(world_find_irq(world, 40)->type, IRQ_MSI);
}

static void line_of_several_devices_goes_with_the_last_one(void **state)
{
	struct world *world = *state;
	struct device_spec a = { .addr = "0000:00:1d.0",
				 .vectors = {
					 { .number = 16, .actions = "uhci", .type = IRQ_INTX } } };
	struct device_spec b = a;
	uint32_t generation;

	b.addr = "0000:00:1a.0";
	world_device(world, &a, LOOK_HINT);
	generation = world_find_irq(world, 16)->generation;
	world_find_irq(world, 16)->arrival = false;
	world_find_irq(world, 16)->placement.refused = true;
	(void) world_changes(world);

	/* the second one's driver does not make the line anew */
	a.vectors[0].actions = b.vectors[0].actions = "uhci,ehci";
	world_device(world, &b, LOOK_REMADE);
	assert_changes(world, "device-arrived 0000:00:1a.0; irq-renamed 0000:00:1a.0 16.0");
	assert_int_equal(world_find_irq(world, 16)->generation, generation);
	assert_true(world_find_irq(world, 16)->placement.refused);
	assert_false(world_find_irq(world, 16)->arrival);
	assert_ptr_equal(irq_device(world_find_irq(world, 16)), world_find(world, b.addr));
	world_device(world, &a, LOOK_REMADE);
	assert_changes(world, "");
	assert_int_equal(world->inventory.irq_count, 1);

	world_drop(world, b.addr);
	assert_changes(world, "device-gone 0000:00:1a.0");
	assert_ptr_equal(irq_device(world_find_irq(world, 16)), world_find(world, a.addr));
	world_drop(world, a.addr);
	assert_changes(world, "irq-gone 0000:00:1d.0 16.0; device-gone 0000:00:1d.0");
}

static void shared_line_that_became_a_vector_leaves_its_old_devices(void **state)
{
	struct world *world = *state;
	struct device_spec a = { .addr = "0000:00:1d.0",
				 .vectors = {
					 { .number = 16, .actions = "a", .type = IRQ_INTX } } };
	struct device_spec b = a,
			   c = { .addr = OTHER, .vectors = { { .number = 16, .actions = "c" } } };

	b.addr = "0000:00:1a.0";
	world_device(world, &a, LOOK_HINT);
	world_device(world, &b, LOOK_HINT);
	(void) world_changes(world);
	world_device(world, &c, LOOK_HINT);
	assert_changes(world, "device-arrived " OTHER
			      "; irq-gone 0000:00:1d.0 16.0; irq-arrived " OTHER " 16.0");
	assert_int_equal(world_find(world, a.addr)->vector_count, 0);
	assert_int_equal(world_find(world, b.addr)->vector_count, 0);
	assert_int_equal(world_find_irq(world, 16)->type, IRQ_MSIX);
}

static void irq_without_device_is_claimed_by_one_later(void **state)
{
	struct world *world = *state;
	const struct vector_spec early = {
		.number = 41, .index = 41, .actions = "eth0", .effective = 1
	};

	world_irq(world, &early, LOOK_SLOW_CHECK);
	assert_changes(world, "irq-arrived 41.41");
	assert_null(irq_device(world_find_irq(world, 41)));
	assert_int_equal(world_find_irq(world, 41)->home.origin, HOME_ALL);

	world_device(world, &nic, LOOK_HINT);
	assert_changes(world,
		       "device-arrived " NIC "; irq-arrived " NIC
		       " 40.0; irq-gone 41.41; irq-arrived " NIC " 41.1; irq-arrived " NIC " 42.2");
	assert_ptr_equal(irq_device(world_find_irq(world, 41)), world_find(world, NIC));

	/* facts of it alone change its state, not whose it is */
	world_irq(world, &early, LOOK_HINT);
	assert_changes(world, "irq-renamed " NIC " 41.1");
	assert_int_equal(world_find_irq(world, 41)->type, IRQ_MSIX);
	assert_ptr_equal(irq_device(world_find_irq(world, 41)), world_find(world, NIC));
	assert_string_equal(world_find_irq(world, 41)->actions, "eth0");
}

static void dropped_irq_leaves_its_device(void **state)
{
	struct world *world = *state;
	const struct vector_spec acpi = { .number = 9, .actions = "acpi" };

	world_device(world, &nic, LOOK_HINT);
	world_irq(world, &acpi, LOOK_START);
	(void) world_changes(world);
	assert_int_equal(inventory_drop_irq(&world->inventory, 41, &world->changes), 0);
	assert_changes(world, "irq-gone " NIC " 41.1");
	assert_int_equal(world_find(world, NIC)->vector_count, 2);
	assert_int_equal(inventory_drop_irq(&world->inventory, 9, &world->changes), 0);
	assert_changes(world, "irq-gone 9.9");
	assert_int_equal(inventory_drop_irq(&world->inventory, 9, &world->changes), 0);
	assert_int_equal(inventory_drop_irq(&world->inventory, 4000000000u, &world->changes), 0);
	assert_changes(world, "");
}

static void irqs_are_found_in_the_order_of_their_numbers(void **state)
{
	static const unsigned int numbers[] = { 1000, 3, 200000, 64, 63, 1 };
	static const unsigned int sorted[] = { 1, 3, 63, 64, 1000, 200000 };
	struct world *world = *state;
	size_t i = 0;

	for (size_t k = 0; k < ARRAY_SIZE(numbers); k++)
		world_irq(world, &(struct vector_spec){ .number = numbers[k], .actions = "x" },
			  LOOK_START);
	inventory_foreach_irq(irq, &world->inventory)
		assert_int_equal(irq->number, sorted[i++]);
	assert_int_equal(i, ARRAY_SIZE(sorted));
	assert_int_equal(inventory_next_irq(&world->inventory, 65)->number, 1000);
	assert_null(inventory_next_irq(&world->inventory, 200001));
	assert_null(inventory_find_irq(&world->inventory, 4000000000u));
}

static void devices_and_netdevs_are_kept_sorted(void **state)
{
	static const char *const addrs[] = { "0000:3b:00.1", "10000:e1:00.0", "0000:3b:00.0",
					     "0000:00:02.0", "0001:00:00.0",  "0000:3b:01.0" };
	static const char *const sorted[] = { "0000:00:02.0", "0000:3b:00.0", "0000:3b:00.1",
					      "0000:3b:01.0", "0001:00:00.0", "10000:e1:00.0" };
	static const int ifindexes[] = { 5, 2, 9, 3, 1 };
	static const int sorted_ifindexes[] = { 1, 2, 3, 5, 9 };
	struct world *world = *state;
	size_t i = 0;

	for (size_t k = 0; k < ARRAY_SIZE(addrs); k++)
		world_device(world, &(struct device_spec){ .addr = addrs[k] }, LOOK_START);
	inventory_foreach_device(device, &world->inventory) {
		char text[PCI_ADDR_TEXT];

		assert_string_equal(pci_addr_format(&device->addr, text), sorted[i++]);
	}
	assert_int_equal(i, ARRAY_SIZE(sorted));

	for (size_t k = 0; k < ARRAY_SIZE(ifindexes); k++) {
		char name[8];

		(void) snprintf(name, sizeof(name), "eth%d", ifindexes[k]);
		world_netdev(world, &(struct netdev_spec){
					    .ifindex = ifindexes[k], .name = name, .addr = NIC });
	}
	i = 0;
	inventory_foreach_netdev(netdev, &world->inventory)
		assert_int_equal(netdev->ifindex, sorted_ifindexes[i++]);
	i = 0;
	list_foreach(netdev, &world_find(world, NIC)->netdevs, struct netdev, device_link)
		assert_int_equal(netdev->ifindex, sorted_ifindexes[i++]);
	assert_int_equal(i, ARRAY_SIZE(sorted_ifindexes));
}

/* ---------------------------------------------------------------------------------------------- */

static void bans_match_numbers_actions_drivers_addresses_and_interfaces(void **state)
{
	static char *patterns[] = { "41",        "*TxRx*", "acpi",       "4?",   "ice", "i*",
				    "0000:3b:*", NIC,      "eth0",       "eth*", "1",   "4",
				    "ice-e",     "TxRx-0", "0000:3b:00", "ETH0" };
	static const struct {
		char **irqs, **drivers, **devices;
		bool first, second, acpi; /* 40 misc, 41 queue, 9 acpi */
	} cases[] = {
		{ .irqs = &patterns[0], .second = true },
		{ .irqs = &patterns[1], .second = true },
		{ .irqs = &patterns[2], .acpi = true },
		{ .irqs = &patterns[3], .first = true, .second = true },
		{ .drivers = &patterns[4], .first = true, .second = true },
		{ .drivers = &patterns[5], .first = true, .second = true },
		{ .devices = &patterns[6], .first = true, .second = true },
		{ .devices = &patterns[7], .first = true, .second = true },
		{ .devices = &patterns[8], .first = true, .second = true },
		{ .devices = &patterns[9], .first = true, .second = true },
		/* a pattern covers the whole */
		{ .irqs = &patterns[10] },
		{ .irqs = &patterns[11] },
		{ .irqs = &patterns[12] },
		{ .irqs = &patterns[13] },
		{ .drivers = &patterns[12] },
		{ .devices = &patterns[14] },
		{ .devices = &patterns[15] },
		{ .devices = &patterns[4] }, /* a driver is no device */
		{ .drivers = &patterns[8] },
		{ .irqs = NULL },
	};
	struct world *world = *state;

	world_device(world, &nic, LOOK_START);
	world_netdev(world, &(struct netdev_spec){ .ifindex = 2, .name = "eth0", .addr = NIC });
	world_irq(world, &(struct vector_spec){ .number = 9, .actions = "i8042,acpi" }, LOOK_START);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rules rules = RULES_INIT;
		uint64_t version = world->inventory.version;

		if (cases[i].irqs)
			rules.ban_irqs = (struct pattern_list){ cases[i].irqs, 1 };
		if (cases[i].drivers)
			rules.ban_drivers = (struct pattern_list){ cases[i].drivers, 1 };
		if (cases[i].devices)
			rules.ban_devices = (struct pattern_list){ cases[i].devices, 1 };
		assert_int_equal(inventory_set_rules(&world->inventory, &rules, &world->changes),
				 0);
		assert_true(world->inventory.version > version);
		for (unsigned int round = 0; round < 3; round++) {
			if (world_find_irq(world, 40)->banned != cases[i].first ||
			    world_find_irq(world, 41)->banned != cases[i].second ||
			    world_find_irq(world, 9)->banned != cases[i].acpi)
				fail_msg("case %zu, round %u", i, round);
			/* and it holds when the device comes again, or is bound again */
			if (round == 0) {
				world_drop(world, NIC);
				world_device(world, &nic, LOOK_HINT);
			} else {
				world_device(world, &nic, LOOK_REMADE);
			}
		}
	}
}

static void ban_by_interface_follows_the_interface(void **state)
{
	static char *pattern = "lan*";
	struct world *world = *state;
	const struct rules rules = { .preferred_node = NODE_NONE, .ban_devices = { &pattern, 1 } };
	struct netdev_spec netdev = { .ifindex = 2, .name = "eth0", .addr = NIC };

	assert_int_equal(inventory_set_rules(&world->inventory, &rules, &world->changes), 0);
	world_device(world, &nic, LOOK_START);
	world_netdev(world, &netdev);
	assert_false(world_find_irq(world, 41)->banned);
	netdev.name = "lan1";
	world_netdev(world, &netdev);
	assert_true(world_find_irq(world, 41)->banned);
	netdev.addr = OTHER;
	world_netdev(world, &netdev);
	assert_false(world_find_irq(world, 41)->banned);
	netdev.addr = NIC;
	world_netdev(world, &netdev);
	assert_true(world_find_irq(world, 41)->banned);
	assert_int_equal(inventory_drop_netdev(&world->inventory, 2, &world->changes), 0);
	assert_false(world_find_irq(world, 41)->banned);
}

/* Where a rule may mean it, and only there, an arrival waits for the name of its network device. */
static void rules_by_interface_make_an_arrival_wait_for_the_name(void **state)
{
	static char *patterns[] = { "lan*", NIC, "8086:1572" };
	static const struct cpumask some = { .bits = { 1 } };
	static const struct cpu_rule rules_of_cpus[] = { { .pattern = "lan0", .cpus = &some },
							 { .pattern = "driver:ice", .cpus = &some },
							 { .pattern = "irq:lan0-*", .cpus = &some },
							 { .pattern = NIC "/1", .cpus = &some } };
	static const struct {
		struct rules rules;
		bool waits;
	} cases[] = {
		{ { .preferred_node = NODE_NONE }, false },
		{ { .ban_devices = { &patterns[0], 1 } }, true },
		{ { .ban_devices = { &patterns[1], 2 } }, false },
		{ { .ban_drivers = { &patterns[0], 1 } }, false },
		{ { .cpus = { &rules_of_cpus[0], 1 } }, true },
		{ { .cpus = { &rules_of_cpus[1], 3 } }, false },
	};
	struct world *world = *state;
	struct netdev_spec netdev = { .ifindex = 2, .name = "eth0", .addr = NIC };
	const struct device *device;

	world_device(world, &nic, LOOK_START);
	device = world_find(world, NIC);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool before, named, after;

		assert_int_equal(inventory_set_rules(&world->inventory, &cases[i].rules, NULL), 0);
		before = inventory_awaits_udevd(&world->inventory, device);
		netdev.awaits_udevd = true;
		world_netdev(world, &netdev);
		named = inventory_awaits_udevd(&world->inventory, device);
		netdev.awaits_udevd = false;
		world_netdev(world, &netdev);
		after = inventory_awaits_udevd(&world->inventory, device);
		if (before != cases[i].waits || named != cases[i].waits || after)
			fail_msg("case %zu: %d %d %d", i, before, named, after);
		assert_int_equal(inventory_drop_netdev(&world->inventory, 2, NULL), 0);
	}
}

static void ban_by_action_follows_the_action(void **state)
{
	static char *pattern = "*TxRx*";
	struct world *world = *state;
	const struct rules rules = { .preferred_node = NODE_NONE, .ban_irqs = { &pattern, 1 } };
	struct device_spec spec = nic;

	assert_int_equal(inventory_set_rules(&world->inventory, &rules, &world->changes), 0);
	world_device(world, &spec, LOOK_START);
	assert_true(world_find_irq(world, 41)->banned);
	spec.vectors[1].actions = "ice-ctrl";
	world_device(world, &spec, LOOK_HINT);
	assert_false(world_find_irq(world, 41)->banned);
}

static void line_is_banned_with_any_of_its_devices(void **state)
{
	static char *pattern = "b";
	struct world *world = *state;
	const struct rules rules = { .preferred_node = NODE_NONE, .ban_drivers = { &pattern, 1 } };
	struct device_spec spec = { .addr = "0000:00:1d.0",
				    .driver = "a",
				    .vectors = {
					    { .number = 16, .actions = "x", .type = IRQ_INTX } } };

	assert_int_equal(inventory_set_rules(&world->inventory, &rules, &world->changes), 0);
	world_device(world, &spec, LOOK_START);
	assert_false(world_find_irq(world, 16)->banned);
	spec.addr = "0000:00:1e.0";
	spec.driver = "b";
	world_device(world, &spec, LOOK_START);
	assert_true(world_find_irq(world, 16)->banned);
	world_drop(world, spec.addr);
	assert_false(world_find_irq(world, 16)->banned);
}

/* ---------------------------------------------------------------------------------------------- */

/* IRQ 41 fires on CPU 1 of node 0 at the start of each case. */
static void cpus_that_go_and_come_leave_irqs_to_go_home(void **state)
{
	static const struct {
		const char *what;
		const char *online;
		const char *asked; /* as read after the CPU event; NULL: not read */
		int effective;
		enum away before, after;
	} cases[] = {
		{ "its CPU stayed", "0-6", NULL, 0, AWAY_NO, AWAY_NO },
		{ "home shrank around it", "1-7", NULL, 0, AWAY_NO, AWAY_NO },
		{ "moved within its home", "0,2-7", "0,2-7", 2, AWAY_NO, AWAY_NO },
		{ "moved out of its home", "0,2-7", "0,2-7", 6, AWAY_NO, AWAY_BROKEN },
		{ "moved out, mask kept", "0,2-7", "0-7", 6, AWAY_NO, AWAY_BROKEN },
		{ "its whole home went", "4-7", "4-7", 6, AWAY_NO, AWAY_NO },
		{ "we had moved it, and its CPU stayed", "0-6", NULL, 0, AWAY_MOVED, AWAY_MOVED },
	};
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vector_spec vector = nic.vectors[1];
		const struct irq *irq;

		world_device(world, &nic, LOOK_START);
		irq = world_find_irq(world, 41);
		world_find_irq(world, 41)->placement.away = cases[i].before;
		world_cpus(world, cases[i].online, "");
		if (cases[i].asked) {
			vector.asked = cases[i].asked;
			vector.effective = 1 + cases[i].effective;
			world_irq(world, &vector, LOOK_CPU_EVENT);
		}
		if (irq->placement.away != cases[i].after)
			fail_msg("%s: away %d", cases[i].what, irq->placement.away);
		world_drop(world, NIC);
		world_cpus(world, "0-7", "");
	}
}

static void irq_goes_back_when_its_home_is_back(void **state)
{
	struct world *world = *state;
	struct vector_spec vector = nic.vectors[1];
	const struct irq *irq;

	world_device(world, &nic, LOOK_START);
	irq = world_find_irq(world, 41);
	(void) world_changes(world);
	world_cpus(world, "4-7", "");
	assert_changes(world,
		       "cpu-offline 0; cpu-offline 1; cpu-offline 2; cpu-offline 3; topology; "
		       "device-rehomed " NIC "; irq-rehomed " NIC " 40.0; irq-rehomed " NIC
		       " 41.1; irq-rehomed " NIC " 42.2");
	assert_true(irq->home.nearest);
	assert_mask(world, irq->home.cpus, "4-7");
	vector.asked = "4-7";
	vector.effective = 1 + 5;
	world_irq(world, &vector, LOOK_CPU_EVENT);
	assert_changes(world, "irq-moved-by-kernel " NIC " 41.1");
	assert_int_equal(irq->placement.away, AWAY_NO);

	world_cpus(world, "0-7", "");
	assert_false(irq->home.nearest);
	assert_mask(world, irq->home.cpus, "0-3");
	assert_int_equal(irq->placement.away, AWAY_REHOMED);
	assert_int_equal(irq->effective_cpu, 5);
	world_cpus(world, "4-7", "");
	assert_int_equal(irq->placement.away, AWAY_NO);
}

static void found_outside_its_home_it_stays_until_the_kernel_breaks_it(void **state)
{
	struct world *world = *state;
	struct device_spec spec = nic;
	struct vector_spec vector;
	const struct irq *irq;

	spec.vectors[1].asked = "6";
	spec.vectors[1].effective = 1 + 6;
	world_device(world, &spec, LOOK_START);
	irq = world_find_irq(world, 41);
	assert_int_equal(irq->placement.away, AWAY_NO);
	vector = spec.vectors[1];
	vector.asked = "0-5,7";
	vector.effective = 1 + 7;
	world_cpus(world, "0-5,7", "");
	world_irq(world, &vector, LOOK_CPU_EVENT);
	assert_int_equal(irq->placement.away, AWAY_BROKEN);
}

static void isolation_that_takes_its_cpu_rehomes_it(void **state)
{
	struct world *world = *state;
	const struct irq *irq;

	world_device(world, &nic, LOOK_START);
	irq = world_find_irq(world, 41);
	world_cpus(world, "0-7", "1");
	assert_int_equal(irq->placement.away, AWAY_REHOMED);
	assert_mask(world, irq->home.cpus, "0,2-3");
	world_cpus(world, "0-7", "");
	assert_int_equal(irq->placement.away, AWAY_NO);
}

static void unchanged_topology_is_no_change(void **state)
{
	struct world *world = *state;
	uint64_t version;

	world_device(world, &nic, LOOK_START);
	(void) world_changes(world);
	version = world->inventory.version;
	world_cpus(world, "0-7", "");
	assert_changes(world, "");
	assert_int_equal(world->inventory.version, version);
	world_cpus(world, "0-6", "");
	assert_changes(world, "cpu-offline 7; topology");
	world_cpus(world, "0-5,7", "");
	assert_changes(world, "cpu-offline 6; cpu-online 7; topology");
}

/* A line whose devices both move is judged by where both are in the end. */
static void shared_line_is_rehomed_once(void **state)
{
	struct world *world = *state;
	struct device_spec spec = {
		.addr = "0000:00:1a.0",
		.node = 0,
		.vectors = { { .number = 16,
			       .actions = "a",
			       .type = IRQ_INTX,
			       .effective = 1 + 1 } },
	};

	world_device(world, &spec, LOOK_START);
	spec.addr = "0000:00:1d.0";
	world_device(world, &spec, LOOK_START);
	world_find_irq(world, 16)->placement.away = AWAY_MOVED;
	(void) world_changes(world);
	world_cpus(world, "4-7", "");
	assert_changes(world,
		       "cpu-offline 0; cpu-offline 1; cpu-offline 2; cpu-offline 3; topology; "
		       "device-rehomed 0000:00:1a.0; device-rehomed 0000:00:1d.0; "
		       "irq-rehomed 0000:00:1a.0 16.0");
	assert_int_equal(world_find_irq(world, 16)->placement.away, AWAY_MOVED);
}

/* ---------------------------------------------------------------------------------------------- */

static void interface_comes_before_or_after_its_device(void **state)
{
	struct world *world = *state;
	const struct netdev_spec spec = { .ifindex = 2, .name = "ens1", .addr = NIC, .queues = 1 };
	struct device_spec device = nic;
	char *texts[2];

	device.vectors[1].actions = "ens1-3";
	for (unsigned int order = 0; order < 2; order++) {
		if (order == 0)
			world_device(world, &device, LOOK_HINT);
		world_netdev(world, &spec);
		assert_int_equal(inventory_find_netdev(&world->inventory, 2)->device != NULL,
				 order == 0);
		if (order == 1)
			world_device(world, &device, LOOK_HINT);
		assert_ptr_equal(inventory_find_netdev(&world->inventory, 2)->device,
				 world_find(world, NIC));
		/* only the interface's name tells that "ens1-3" is a queue */
		assert_int_equal(world_find_irq(world, 41)->queue.kind, QUEUE_COMBINED);
		texts[order] = text_of(&world->inventory);
		world_drop(world, NIC);
		assert_null(inventory_find_netdev(&world->inventory, 2)->device);
		assert_int_equal(inventory_drop_netdev(&world->inventory, 2, &world->changes), 0);
	}
	assert_string_equal(texts[0], texts[1]);
	free(texts[0]);
	free(texts[1]);
}

static void interface_tells_what_changed(void **state)
{
	static const struct queue_facts told[] = { { QUEUE_RX, 0, 41 }, { QUEUE_TX, 0, 42 } };
	struct world *world = *state;
	struct netdev_spec spec = { .ifindex = 2, .name = "eth0", .addr = NIC, .queues = 1 };

	world_device(world, &nic, LOOK_HINT);
	(void) world_changes(world);
	world_netdev(world, &spec);
	assert_changes(world, "netdev-arrived " NIC " 2");
	world_netdev(world, &spec);
	assert_changes(world, "");
	spec.up = true;
	world_netdev(world, &spec);
	assert_changes(world, "netdev-link " NIC " 2");
	spec.queues = 2;
	world_netdev(world, &spec);
	assert_changes(world, "netdev-queues " NIC " 2");
	spec.told = told;
	spec.told_count = 1;
	world_netdev(world, &spec);
	assert_changes(world, "netdev-queues " NIC " 2");
	spec.told_count = 2;
	world_netdev(world, &spec);
	assert_changes(world, "netdev-queues " NIC " 2");
	spec.name = "ens1";
	world_netdev(world, &spec);
	assert_changes(world, "netdev-renamed " NIC " 2");
	spec.name = "ens2";
	spec.up = false;
	spec.queues = 1;
	world_netdev(world, &spec);
	assert_changes(world,
		       "netdev-renamed " NIC " 2; netdev-queues " NIC " 2; netdev-link " NIC " 2");
	assert_int_equal(inventory_drop_netdev(&world->inventory, 2, &world->changes), 0);
	assert_changes(world, "netdev-gone " NIC " 2");
	assert_int_equal(inventory_drop_netdev(&world->inventory, 2, &world->changes), 0);
	assert_changes(world, "");

	world_netdev(world, &(struct netdev_spec){ .ifindex = 7, .name = "br0" });
	assert_changes(world, "netdev-arrived 7");
}

static void name_taken_over_ends_the_one_that_had_it(void **state)
{
	struct world *world = *state;

	world_device(world, &nic, LOOK_HINT);
	world_netdev(world, &(struct netdev_spec){ .ifindex = 2, .name = "eth0", .addr = NIC });
	world_netdev(world, &(struct netdev_spec){ .ifindex = 3, .name = "eth1" });
	(void) world_changes(world);
	world_netdev(world, &(struct netdev_spec){ .ifindex = 5, .name = "eth0", .addr = NIC });
	assert_changes(world, "netdev-gone " NIC " 2; netdev-arrived " NIC " 5");
	world_netdev(world, &(struct netdev_spec){ .ifindex = 5, .name = "eth1", .addr = NIC });
	assert_changes(world, "netdev-gone 3; netdev-renamed " NIC " 5");
	assert_null(inventory_find_netdev_by_name(&world->inventory, "eth0"));
	assert_int_equal(inventory_find_netdev_by_name(&world->inventory, "eth1")->ifindex, 5);
	assert_int_equal(world->inventory.netdev_count, 1);
}

static void drivers_word_on_queues_beats_names(void **state)
{
	static const struct queue_facts told[] = { { QUEUE_RX, 9, 41 } };
	struct world *world = *state;
	struct netdev_spec spec = { .ifindex = 2, .name = "eth0", .addr = NIC };
	const struct irq *irq;

	world_device(world, &nic, LOOK_HINT);
	irq = world_find_irq(world, 41);
	assert_int_equal(irq->queue.kind, QUEUE_COMBINED);
	assert_int_equal(irq->queue.index, 0);
	assert_int_equal(irq->queue.origin, ORIGIN_ACTION_NAME);
	spec.told = told;
	spec.told_count = 1;
	world_netdev(world, &spec);
	assert_int_equal(irq->queue.kind, QUEUE_RX);
	assert_int_equal(irq->queue.index, 9);
	assert_int_equal(irq->queue.origin, ORIGIN_NETDEV_GENL);
	world_device(world, &nic, LOOK_HINT);
	assert_int_equal(irq->queue.origin, ORIGIN_NETDEV_GENL);
	spec.told_count = 0;
	world_netdev(world, &spec);
	assert_int_equal(irq->queue.origin, ORIGIN_ACTION_NAME);
	assert_int_equal(world_find_irq(world, 40)->queue.origin, ORIGIN_NONE);
}

/* Of a shared line the first device by address tells the queue; when it goes, the next one does. */
static void queue_of_a_shared_line_is_asked_anew(void **state)
{
	static const struct queue_facts told[] = { { QUEUE_RX, 9, 16 } };
	struct world *world = *state;
	struct device_spec spec = {
		.addr = "0000:00:1a.0",
		.vectors = { { .number = 16, .actions = "eth0-tx-1", .type = IRQ_INTX } }
	};

	world_device(world, &spec, LOOK_START);
	world_netdev(world, &(struct netdev_spec){ .ifindex = 2,
						   .name = "eth0",
						   .addr = "0000:00:1a.0",
						   .told = told,
						   .told_count = 1 });
	spec.addr = "0000:00:1d.0";
	world_device(world, &spec, LOOK_START);
	assert_int_equal(world_find_irq(world, 16)->queue.kind, QUEUE_RX);
	world_drop(world, "0000:00:1a.0");
	assert_int_equal(world_find_irq(world, 16)->queue.kind, QUEUE_TX);
}

/* ---------------------------------------------------------------------------------------------- */

/* A machine of devices, lines and interfaces, told in any order and some of it twice. */
static void tell_one(struct world *world, unsigned int fact)
{
	static const struct device_spec devices[] = {
		{ .addr = NIC,
		  .node = 1,
		  .vectors = { { .number = 40, .actions = "eth0-0", .effective = 1 },
			       { .number = 41,
				 .index = 1,
				 .actions = "eth0-1",
				 .effective = 2 } } },
		{ .addr = OTHER,
		  .node = NODE_NONE,
		  .vectors = { { .number = 42, .actions = "nvme0q0" },
			       { .number = 43,
				 .index = 1,
				 .actions = "nvme0q1",
				 .managed = true } } },
		{ .addr = "0000:00:1a.0",
		  .node = 0,
		  .vectors = { { .number = 16, .actions = "a,b", .type = IRQ_INTX } } },
		{ .addr = "0000:80:1d.0",
		  .node = 1,
		  .vectors = { { .number = 16, .actions = "a,b", .type = IRQ_INTX } } },
	};
	static const struct netdev_spec netdevs[] = {
		{ .ifindex = 2, .name = "eth0", .addr = NIC, .queues = 2 },
		{ .ifindex = 3, .name = "eth1", .addr = "0000:00:1a.0", .queues = 1 },
		{ .ifindex = 4, .name = "eth0-1", .addr = NIC, .queues = 2 },
		{ .ifindex = 5, .name = "br0" },
	};
	static char *pattern = "eth1";
	const struct rules rules = { .unknown_node = UNKNOWN_NODE_INTERLEAVE,
				     .preferred_node = NODE_NONE,
				     .ban_devices = { &pattern, 1 } };

	if (fact < 4)
		world_device(world, &devices[fact], LOOK_HINT);
	else if (fact < 8)
		world_netdev(world, &netdevs[fact - 4]);
	else if (fact == 8)
		world_irq(world, &(struct vector_spec){ .number = 9, .actions = "acpi" },
			  LOOK_HINT);
	else if (fact == 9)
		world_cpus(world, "0-2,4-7", "4");
	else
		assert_int_equal(inventory_set_rules(&world->inventory, &rules, &world->changes),
				 0);
}

#define FACTS 11u

static void same_facts_in_any_order_end_in_the_same_inventory(void **state)
{
	struct rng rng = { 7 };
	char *first = NULL;

	(void) state;
	for (unsigned int history = 0; history < 500; history++) {
		unsigned int order[FACTS + 4];
		void *other = NULL;
		char *text;

		for (unsigned int i = 0; i < FACTS; i++) {
			unsigned int k = rng_below(&rng, i + 1);

			order[i] = order[k];
			order[k] = i;
		}
		for (unsigned int i = FACTS; i < ARRAY_SIZE(order); i++)
			order[i] = rng_below(&rng, FACTS);
		assert_int_equal(world_setup(&other), 0);
		for (unsigned int i = 0; i < ARRAY_SIZE(order); i++)
			tell_one(other, order[i]);
		text = text_of(&((struct world *) other)->inventory);
		if (!first)
			first = strdup(text);
		assert_string_equal(text, first);
		free(text);
		assert_int_equal(world_teardown(&other), 0);
	}
	free(first);
}

static void text_names_all_that_is_known(void **state)
{
	struct world *world = *state;
	char *text;

	for (unsigned int fact = 0; fact < FACTS; fact++)
		tell_one(world, fact);
	text = text_of(&world->inventory);
	assert_non_null(strstr(text, "cpus possible=0-7 present=0-7 online=0-2,4-7 isolated=4 "
				     "usable=0-2,5-7\n"));
	assert_non_null(strstr(text, "cpu 3 node=-1 core=-1 llc=-1 package=-1 first-thread\n"));
	assert_non_null(strstr(text, "node 1 cpus=4-7 distances=20,10\n"));
	assert_non_null(strstr(text, "device " NIC " class=020000 id=8086:1572 driver=drv "
				     "sysfs-node=1 local= home=5-7 node=1 origin=\"sysfs\" line=0 "
				     "vectors=2\n"));
	assert_non_null(
		strstr(text, "irq 16 type=intx vector=0000:00:1a.0/0 vector=0000:80:1d.0/0 "));
	assert_non_null(
		strstr(text, "irq 43 type=msix vector=" OTHER "/1 asked=0-7 effective=-1 "));
	assert_non_null(strstr(text, " managed actions=\"nvme0q1\"\n"));
	assert_non_null(strstr(text, "netdev 2 name=eth0 down rx=2 tx=2 told=0 device=" NIC "\n"));
	assert_non_null(strstr(text, "netdev 5 name=br0 down rx=0 tx=0 told=0 device=none\n"));
	assert_non_null(strstr(text, " banned actions=\"a,b\"\n"));
	free(text);
}

/* ---------------------------------------------------------------------------------------------- */

static void ten_thousand_arrivals_leave_no_trace(void **state)
{
	struct world *world = *state;
	char *before = text_of(&world->inventory), *after;
	uint32_t masks = 0;
	size_t slots = 0;

	for (unsigned int i = 0; i < 10000; i++) {
		struct device_spec spec = nic;
		char list[32];

		/* masks of each arrival's own, as many as there may be */
		(void) snprintf(list, sizeof(list), "%u,%u", i % 4000, 4000 + i / 4000);
		spec.vectors[1].asked = list;
		inventory_tidy_masks(&world->inventory);
		world_device(world, &spec, LOOK_HINT);
		world_netdev(world, &(struct netdev_spec){
					    .ifindex = 2 + (int) i, .name = "eth0", .addr = NIC });
		assert_int_equal(inventory_drop_netdev(&world->inventory, 2 + (int) i, NULL), 0);
		world_drop(world, NIC);
		change_list_reset(&world->changes);
		if (i == 1000) {
			masks = world->inventory.masks.size;
			slots = world->inventory.masks.by_hash.size;
		}
	}
	assert_int_equal(world->inventory.masks.size, masks);
	assert_int_equal(world->inventory.masks.by_hash.size, slots);
	assert_true(masks <= 512);
	assert_true(slots <= 1024);
	assert_true(world->inventory.irq_slots <= 64);
	assert_true(world->inventory.devices_by_addr.size <= 16);
	after = text_of(&world->inventory);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void tidying_keeps_every_set_that_a_record_names(void **state)
{
	struct world *world = *state;
	const struct home_override override = { .kind = OVERRIDE_CPUS,
						.cpus = world_mask(world, "1,3,5") };
	struct device_spec spec = nic;
	char *before, *after;

	spec.node = NODE_NONE;
	spec.local = "2-5";
	spec.vectors[1].asked = "0-1,6";
	assert_int_equal(world_try_device(world, &spec, LOOK_HINT, &override), 0);
	before = text_of(&world->inventory);
	for (unsigned int i = 0; i < 3000; i++) {
		char list[32];

		(void) snprintf(list, sizeof(list), "%u,%u", i, i + 10);
		inventory_tidy_masks(&world->inventory);
		(void) world_mask(world, list);
	}
	after = text_of(&world->inventory);
	assert_string_equal(before, after);
	assert_true(world->inventory.masks.used <= 256);
	assert_mask(world, world_find(world, NIC)->override.cpus, "1,3,5");
	assert_mask(world, world_find(world, NIC)->local_cpus, "2-5");
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(device_arrives_with_its_irqs_and_goes_with_them),
		world_test(nobody_needs_to_listen),
		world_test(other_driver_class_or_ignore_flag_is_an_update),
		world_test(facts_that_cannot_be_change_nothing),
		world_test(reason_of_the_look_decides_what_news_are),
		world_test(foreign_hand_ends_the_waiting_for_a_place),
		world_test(masks_that_a_driver_at_work_changes_are_no_foreign_hand),
		world_test(waiting_begins_anew_with_the_driver),
		world_test(our_own_write_is_nobody_elses),
		world_test(effective_cpu_that_lags_is_no_move),
		world_test(action_lost_is_a_release_and_ends_the_history),
		world_test(other_action_is_a_rename_of_the_same_irq),
		world_test(remade_device_remakes_what_was_requested),
		world_test(other_driver_makes_other_irqs_of_the_same_numbers),
		world_test(unbound_driver_takes_the_vectors_along),
		world_test(counter_that_fell_voids_the_history),
		world_test(number_that_another_device_got_is_another_irq),
		world_test(index_with_another_number_is_made_anew),
		world_test(other_kind_of_interrupt_is_another_irq),
		world_test(line_of_several_devices_goes_with_the_last_one),
		world_test(shared_line_that_became_a_vector_leaves_its_old_devices),
		world_test(irq_without_device_is_claimed_by_one_later),
		world_test(dropped_irq_leaves_its_device),
		world_test(irqs_are_found_in_the_order_of_their_numbers),
		world_test(devices_and_netdevs_are_kept_sorted),
		world_test(bans_match_numbers_actions_drivers_addresses_and_interfaces),
		world_test(ban_by_interface_follows_the_interface),
		world_test(rules_by_interface_make_an_arrival_wait_for_the_name),
		world_test(ban_by_action_follows_the_action),
		world_test(line_is_banned_with_any_of_its_devices),
		world_test(cpus_that_go_and_come_leave_irqs_to_go_home),
		world_test(irq_goes_back_when_its_home_is_back),
		world_test(found_outside_its_home_it_stays_until_the_kernel_breaks_it),
		world_test(isolation_that_takes_its_cpu_rehomes_it),
		world_test(unchanged_topology_is_no_change),
		world_test(shared_line_is_rehomed_once),
		world_test(interface_comes_before_or_after_its_device),
		world_test(interface_tells_what_changed),
		world_test(name_taken_over_ends_the_one_that_had_it),
		world_test(drivers_word_on_queues_beats_names),
		world_test(queue_of_a_shared_line_is_asked_anew),
		cmocka_unit_test(same_facts_in_any_order_end_in_the_same_inventory),
		world_test(text_names_all_that_is_known),
		world_test(ten_thousand_arrivals_leave_no_trace),
		world_test(tidying_keeps_every_set_that_a_record_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
