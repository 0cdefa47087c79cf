#include "unit/model/world.h"

#include "irqherd/outlet/target.h"

static void fill(struct world *world)
{
	const struct device_spec nic = {
		.addr = "0000:af:00.1",
		.node = 1,
		.vectors = { { .number = 131, .index = 7, .actions = "eth1-TxRx-6" },
			     { .number = 132, .index = 8, .actions = "a-7,b-7" } },
	};
	const struct netdev_spec netdev = { .ifindex = 3, .name = "eth1", .addr = nic.addr };
	const struct netdev_spec bridge = { .ifindex = 4, .name = "br0" };
	const struct vector_spec serial = { .number = 9, .actions = "ttyS0" };

	world_device(world, &nic, LOOK_START);
	world_netdev(world, &netdev);
	world_netdev(world, &bridge);
	world_irq(world, &serial, LOOK_START);
}

static void a_word_names_an_irq_a_device_or_a_cpu(void **state)
{
	static const struct {
		const char *text;
		enum target_kind kind;
		unsigned int irq;
		int cpu;
	} cases[] = {
		{ "131", TARGET_IRQ, 131, -1 },
		{ "0000:af:00.1/7", TARGET_IRQ, 131, -1 },
		{ "af:00.1/8", TARGET_IRQ, 132, -1 },
		{ "irq:9", TARGET_IRQ, 9, -1 },
		{ "eth1-TxRx-6", TARGET_IRQ, 131, -1 },
		{ "b-7", TARGET_IRQ, 132, -1 },
		{ "ttyS0", TARGET_IRQ, 9, -1 },
		{ "0000:AF:00.1", TARGET_DEVICE, 0, -1 },
		{ "af:00.1", TARGET_DEVICE, 0, -1 },
		{ "eth1", TARGET_DEVICE, 0, -1 },
		{ "cpu0", TARGET_CPU, 0, 0 },
		{ "cpu7", TARGET_CPU, 0, 7 },
		{ "cpu8", TARGET_NONE, 0, -1 },
		{ "cpu", TARGET_NONE, 0, -1 },
		{ "133", TARGET_NONE, 0, -1 },
		{ "-1", TARGET_NONE, 0, -1 },
		{ "irq:", TARGET_NONE, 0, -1 },
		{ "irq:99999999999", TARGET_NONE, 0, -1 },
		{ "0000:af:00.1/9", TARGET_NONE, 0, -1 },
		{ "0000:af:00.1/", TARGET_NONE, 0, -1 },
		{ "0000:00:00.0", TARGET_NONE, 0, -1 },
		{ "0000:00:00.0/0", TARGET_NONE, 0, -1 },
		{ "/7", TARGET_NONE, 0, -1 },
		{ "b-", TARGET_NONE, 0, -1 },
		{ "br0", TARGET_NONE, 0, -1 },
		{ "", TARGET_NONE, 0, -1 },
	};
	struct world *world = *state;

	fill(world);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct target target = target_find(&world->inventory, cases[i].text);

		assert_int_equal(target.kind, cases[i].kind);
		assert_int_equal(target.cpu, cases[i].cpu);
		if (cases[i].kind == TARGET_IRQ)
			assert_int_equal(target.irq->number, cases[i].irq);
		if (cases[i].kind == TARGET_DEVICE)
			assert_ptr_equal(target.device, world_find(world, "0000:af:00.1"));
	}
	assert_non_null(target_find(&world->inventory, "eth1").netdev);
	assert_null(target_find(&world->inventory, "af:00.1").netdev);
}

static void a_slot_is_found_by_its_own_text(void **state)
{
	struct world *world = *state;
	char text[IRQ_SLOT_TEXT];

	fill(world);
	inventory_foreach_irq(irq, &world->inventory) {
		struct target target = target_find(&world->inventory, irq_slot(irq, text));

		assert_int_equal(target.kind, TARGET_IRQ);
		assert_ptr_equal(target.irq, irq);
	}
}

static void a_slot_need_not_be_there(void **state)
{
	static const struct {
		const char *text, *slot; /* NULL: none */
	} cases[] = {
		{ "0000:3b:00.0/4", "0000:3b:00.0/4" },
		{ "3b:00.0/4", "0000:3b:00.0/4" },
		{ "10000:3b:00.0/0", "10000:3b:00.0/0" },
		{ "irq:009", "irq:9" },
		{ "irq:9/1", NULL },
		{ "irq:x", NULL },
		{ "3b:00.0", NULL },
		{ "3b:00.0/", NULL },
		{ "3b:00.0/65536", NULL },
		{ "/4", NULL },
		{ "a name that is longer than an address/4", NULL },
	};
	char slot[IRQ_SLOT_TEXT];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(target_parse_slot(cases[i].text, slot), cases[i].slot != NULL);
		if (cases[i].slot)
			assert_string_equal(slot, cases[i].slot);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(a_word_names_an_irq_a_device_or_a_cpu),
		world_test(a_slot_is_found_by_its_own_text),
		cmocka_unit_test(a_slot_need_not_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
