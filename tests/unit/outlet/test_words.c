#include "irqherd/outlet/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"

static void percent_is_never_rounded_up(void **state)
{
	static const struct {
		uint32_t ppm;
		const char *load;
		const char *setting;
	} cases[] = {
		{ 0, "0.0%", "0%" },
		{ 989999, "98.9%", "98.9999%" },
		{ 990000, "99.0%", "99%" },
		{ 995000, "99.5%", "99.5%" },
		{ 1000000, "100.0%", "100%" },
		{ 500, "0.0%", "0.05%" },
		{ UINT32_MAX, "429496.7%", "429496.7295%" },
	};
	char text[PERCENT_TEXT];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(percent_format(cases[i].ppm, text), cases[i].load);
		assert_string_equal(percent_format_short(cases[i].ppm, text), cases[i].setting);
	}
}

static void neighbours_are_joined_to_ranges(void **state)
{
	static const unsigned int numbers[] = { 5, 120, 121, 122, 7, 8, 4294967295u };
	struct buf text = BUF_INIT;

	(void) state;
	assert_int_equal(words_ranges(numbers, 0, &text), 0);
	assert_string_equal(buf_text(&text), "");
	assert_int_equal(words_ranges(numbers, ARRAY_SIZE(numbers), &text), 0);
	assert_string_equal(buf_text(&text), "5,120-122,7-8,4294967295");
	buf_deinit(&text);
}

/* One device with two ports: queue facts first, then the name in the action. */
static void irq_finds_its_port_among_several(void **state)
{
	struct irq_facts irqs[] = {
		{ .number = 1,
		  .index = 0,
		  .type = IRQ_MSIX,
		  .requested = true,
		  .actions = "eth10-rx-0",
		  .effective_cpu = CPU_NONE },
		{ .number = 2,
		  .index = 1,
		  .type = IRQ_MSIX,
		  .requested = true,
		  .actions = "mlx4-9@pci",
		  .effective_cpu = CPU_NONE },
		{ .number = 3,
		  .index = 2,
		  .type = IRQ_MSIX,
		  .requested = true,
		  .actions = "mlx4-async@pci",
		  .effective_cpu = CPU_NONE },
	};
	struct queue_facts queue = { .kind = QUEUE_RX, .index = 0, .irq = 2 };
	struct device_facts device = {
		.addr = { .bus = 1 },
		.driver = "mlx4",
		.node = NODE_NONE,
		.irqs = irqs,
		.irq_count = ARRAY_SIZE(irqs),
	};
	struct netdev_facts ports[] = {
		{ .ifindex = 3,
		  .name = "eth1",
		  .has_device = true,
		  .addr = { .bus = 1 },
		  .queues = &queue,
		  .queue_count = 1 },
		{ .ifindex = 4, .name = "eth10", .has_device = true, .addr = { .bus = 1 } },
	};
	struct inventory inventory;

	(void) state;
	assert_int_equal(inventory_init(&inventory), 0);
	assert_int_equal(inventory_put_device(&inventory, &device, LOOK_START, NULL), 0);
	assert_int_equal(inventory_put_netdev(&inventory, &ports[0], NULL), 0);
	/* With one port, all is its. */
	assert_int_equal(irq_netdev(inventory_find_irq(&inventory, 3))->ifindex, 3);

	assert_int_equal(inventory_put_netdev(&inventory, &ports[1], NULL), 0);
	assert_int_equal(irq_netdev(inventory_find_irq(&inventory, 1))->ifindex, 4);
	assert_int_equal(irq_netdev(inventory_find_irq(&inventory, 2))->ifindex, 3);
	assert_null(irq_netdev(inventory_find_irq(&inventory, 3)));
	inventory_deinit(&inventory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percent_is_never_rounded_up),
		cmocka_unit_test(neighbours_are_joined_to_ranges),
		cmocka_unit_test(irq_finds_its_port_among_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
