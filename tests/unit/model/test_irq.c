/* irq: names, what may be moved, and queues read from the names that drivers give their actions. */
#include "world.h"

static void queue_is_read_from_the_drivers_name_of_it(void **state)
{
	static const struct {
		const char *actions, *netdev;
		enum queue_kind kind;
		unsigned int index;
	} cases[] = {
		/* network devices */
		{ "i40e-eth0-TxRx-17", "eth0", QUEUE_COMBINED, 17 },
		{ "i40e-enp196s0f0-TxRx-103", "enp196s0f0", QUEUE_COMBINED, 103 },
		{ "i40e-0000:c2:00.0:misc", "eth0", QUEUE_NONE, 0 },
		{ "i40e-0000:c2:00.0:fdir-TxRx-0", "eth0", QUEUE_NONE, 0 },
		{ "iavf-eth0-TxRx-3", "eth0", QUEUE_COMBINED, 3 },
		{ "iavf-0000:3b:02.0:mbx", "eth0", QUEUE_NONE, 0 },
		{ "ice-eth0-TxRx-0", "eth0", QUEUE_COMBINED, 0 },
		{ "ice-0000:3b:00.0:misc", "eth0", QUEUE_NONE, 0 },
		{ "idpf-eth0-TxRx-4", "eth0", QUEUE_COMBINED, 4 },
		{ "idpf-0000:af:00.0-Mailbox-0", "eth0", QUEUE_NONE, 0 },
		{ "ens1f0-TxRx-11", "ens1f0", QUEUE_COMBINED, 11 }, /* ixgbe, igb, igc */
		{ "ens1f0", "ens1f0", QUEUE_NONE, 0 },
		{ "eth0-TxRx-0", "eth0", QUEUE_COMBINED, 0 },
		{ "eth0-rx-0", "eth0", QUEUE_RX, 0 }, /* e1000e */
		{ "eth0-tx-1", "eth0", QUEUE_TX, 1 },
		{ "eth0", "eth0", QUEUE_NONE, 0 },
		{ "eth0:lsc", "eth0", QUEUE_NONE, 0 },
		{ "lan7-rx-2", "lan8", QUEUE_RX, 2 }, /* renamed while up */
		{ "mlx5_comp3@pci:0000:3b:00.0", "eth0", QUEUE_COMBINED, 3 },
		{ "mlx5_comp63@pci:0003:00:00.0", NULL, QUEUE_COMBINED, 63 },
		{ "mlx5_async0@pci:0000:3b:00.0", "eth0", QUEUE_NONE, 0 },
		{ "mlx5_async@pci:0002:00:00.0", "eth0", QUEUE_NONE, 0 },
		{ "mlx5_pages_eq@pci:0002:00:00.0", "eth0", QUEUE_NONE, 0 },
		{ "mlx4-3@0000:3b:00.0", "eth0", QUEUE_COMBINED, 3 },
		{ "mlx4-async@pci:0000:3b:00.0", "eth0", QUEUE_NONE, 0 },
		{ "eth0-TxRx-5", "eth0", QUEUE_COMBINED, 5 },  /* bnxt */
		{ "eth0-Tx-Rx-0", "eth0", QUEUE_COMBINED, 0 }, /* ena */
		{ "ena-mgmnt@pci:0000:00:05.0", "eth0", QUEUE_NONE, 0 },
		{ "eth0-txrx-1", "eth0", QUEUE_COMBINED, 1 }, /* tg3 */
		{ "eth0-rxtx-0", "eth0", QUEUE_COMBINED, 0 }, /* vmxnet3, nfp */
		{ "eth0-event-8", "eth0", QUEUE_NONE, 0 },
		{ "eth0-fp-12", "eth0", QUEUE_COMBINED, 12 }, /* bnx2x, qede */
		{ "qede-fp-0", "eth0", QUEUE_COMBINED, 0 },
		{ "eth0-q0", "eth0", QUEUE_OTHER, 0 },   /* be2net */
		{ "eth0-7", "eth0", QUEUE_COMBINED, 7 }, /* sfc, bnx2 */
		{ "eth0-7", "ens1", QUEUE_COMBINED, 7 },
		{ "eth0-7", NULL, QUEUE_NONE, 0 },
		{ "eth1-0", "eth1", QUEUE_COMBINED, 0 },
		{ "mana_q0@pci:7870:00:00.0", "eth0", QUEUE_COMBINED, 0 },
		{ "mana_hwc@pci:7870:00:00.0", "eth0", QUEUE_NONE, 0 },
		{ "gve-ntfy-blk3@pci:0000:00:04.0", "ens4", QUEUE_OTHER, 3 },
		{ "gve-mgmnt@pci:0000:00:04.0", "ens4", QUEUE_NONE, 0 },
		{ "hns3-0000:7d:00.0-TxRx-2", "eth0", QUEUE_COMBINED, 2 },
		{ "hns3-misc-0000:7d:00.0", "eth0", QUEUE_NONE, 0 },
		{ "eth0-Rx12 (queue 12)", "eth0", QUEUE_OTHER, 12 }, /* cxgb4 */
		{ "hinic_rxq3", "eth0", QUEUE_RX, 3 },
		{ "hinic_txq3", "eth0", QUEUE_TX, 3 },
		{ "eth0:slice-4", "eth0", QUEUE_COMBINED, 4 }, /* myri10ge */
		{ "eth0-TR-4", "eth0", QUEUE_COMBINED, 4 },
		{ "virtio2-input.0", "eth0", QUEUE_RX, 0 },
		{ "virtio2-input.3", NULL, QUEUE_RX, 3 },
		{ "virtio2-output.1", "eth0", QUEUE_TX, 1 },
		{ "virtio2-config", "eth0", QUEUE_NONE, 0 },
		{ "virtio2-control", "eth0", QUEUE_NONE, 0 },
		/* storage and the rest */
		{ "nvme0q3", NULL, QUEUE_OTHER, 3 },
		{ "nvme1q128", NULL, QUEUE_OTHER, 128 },
		{ "nvme0q10", NULL, QUEUE_OTHER, 10 },
		{ "nvme0q0", NULL, QUEUE_NONE, 0 }, /* administration */
		{ "nvme12q0", NULL, QUEUE_NONE, 0 },
		{ "virtio0-req.0", NULL, QUEUE_OTHER, 0 },
		{ "virtio1-request", NULL, QUEUE_NONE, 0 },
		{ "virtio1-config", NULL, QUEUE_NONE, 0 },
		{ "lpfc:17", NULL, QUEUE_OTHER, 17 },
		{ "smartpqi", NULL, QUEUE_NONE, 0 },
		{ "mpt3sas0-msix3", NULL, QUEUE_OTHER, 3 },
		{ "megasas0-msix12", NULL, QUEUE_OTHER, 12 },
		{ "ahci[0000:00:17.0]", NULL, QUEUE_NONE, 0 },
		{ "0000:00:1f.2", NULL, QUEUE_NONE, 0 },
		{ "PCIe PME,pciehp", NULL, QUEUE_NONE, 0 },
		{ "snd_hda_intel:card0", NULL, QUEUE_NONE, 0 },
		{ "ehci_hcd:usb4", NULL, QUEUE_NONE, 0 },
		{ "i801_smbus", NULL, QUEUE_NONE, 0 },
		{ "xhci_hcd", NULL, QUEUE_NONE, 0 },
		{ "dmar0", NULL, QUEUE_NONE, 0 },
		{ "ttyS4", NULL, QUEUE_NONE, 0 },
		{ "i8042", NULL, QUEUE_NONE, 0 },
		/* names that try to mislead */
		{ "", NULL, QUEUE_NONE, 0 },
		{ "", "eth0", QUEUE_NONE, 0 },
		{ "7", "eth0", QUEUE_NONE, 0 },
		{ "-7", "eth0", QUEUE_NONE, 0 },
		{ "tx0", "tx0", QUEUE_NONE, 0 },
		{ "tx0-rx-3", "tx0", QUEUE_RX, 3 },
		{ "eth10-TxRx-2", "eth1", QUEUE_COMBINED, 2 },
		{ "eth10", "eth1", QUEUE_NONE, 0 },
		{ "eth0-TxRx-99999", "eth0", QUEUE_COMBINED, 99999 },
		{ "eth0-TxRx-123456", "eth0", QUEUE_NONE, 0 },
		{ "vmux3", NULL, QUEUE_NONE, 0 },
		{ "eth0-TxRx-3,ehci_hcd:usb1", "eth0", QUEUE_COMBINED, 3 },
		{ "@pci:0000:3b:00.0", "eth0", QUEUE_NONE, 0 },
		{ "rx", NULL, QUEUE_NONE, 0 },
		{ "eth0-TxRx-]", "eth0", QUEUE_NONE, 0 },
		{ "eth0[3]", "eth0", QUEUE_NONE, 0 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum queue_kind kind = QUEUE_TX;
		unsigned int index = 77;

		queue_from_action(cases[i].actions, cases[i].netdev, &kind, &index);
		if (kind != cases[i].kind || index != cases[i].index)
			fail_msg("%s of %s: kind %d index %u", cases[i].actions,
				 cases[i].netdev ? cases[i].netdev : "nobody", kind, index);
	}
}

static void every_enum_value_has_a_name_of_its_own(void **state)
{
	(void) state;
#define CHECK_NAMES(type, function, last)                                        \
	for (int value = 0; value <= (int) (last); value++) {                    \
		assert_string_not_equal(function((enum type) value), "unknown"); \
		for (int other = 0; other < value; other++)                      \
			assert_string_not_equal(function((enum type) value),     \
						function((enum type) other));    \
	}                                                                        \
	assert_string_equal(function((enum type)((last) + 1)), "unknown")

	CHECK_NAMES(home_origin, home_origin_name, HOME_IRQ_NODE);
	CHECK_NAMES(move_reason, move_reason_name, REASON_PINNED);
	CHECK_NAMES(placement_state, placement_state_name, PLACEMENT_FAILED);
	CHECK_NAMES(irq_type, irq_type_name, IRQ_MSIX);
#undef CHECK_NAMES
}

static void only_a_requested_irq_of_nobody_else_may_be_moved(void **state)
{
	struct world *world = *state;
	const struct device_spec spec = {
		.addr = "0000:3b:00.0",
		.vectors = { { .number = 40, .actions = "eth0-TxRx-0" },
			     { .number = 41, .index = 1 },
			     { .number = 42, .index = 2, .actions = "nvme0q1", .managed = true } },
	};
	struct device_spec ignored = spec;
	struct irq *irq;

	world_device(world, &spec, LOOK_START);
	irq = world_find_irq(world, 40);
	assert_true(irq_movable(irq));
	assert_false(irq_movable(world_find_irq(world, 41)));
	assert_false(irq_movable(world_find_irq(world, 42)));

	irq->external = true; /* makes it wait, not immovable */
	assert_true(irq_movable(irq));
	irq->placement.refused = true;
	assert_false(irq_movable(irq));
	irq->placement.refused = false;
	irq->banned = true;
	assert_false(irq_movable(irq));
	irq->banned = false;

	ignored.ignored = true;
	world_device(world, &ignored, LOOK_HINT);
	assert_false(irq_movable(irq));
	world_device(world, &spec, LOOK_HINT);
	assert_true(irq_movable(irq));
}

static void shared_line_is_ignored_with_any_of_its_devices(void **state)
{
	struct world *world = *state;
	struct device_spec spec = {
		.addr = "0000:00:1d.0",
		.vectors = { { .number = 16, .actions = "a,b", .type = IRQ_INTX } },
	};

	world_device(world, &spec, LOOK_START);
	spec.addr = "0000:00:1f.0";
	spec.ignored = true;
	world_device(world, &spec, LOOK_START);
	assert_false(irq_movable(world_find_irq(world, 16)));
	world_drop(world, "0000:00:1f.0");
	assert_true(irq_movable(world_find_irq(world, 16)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_is_read_from_the_drivers_name_of_it),
		cmocka_unit_test(every_enum_value_has_a_name_of_its_own),
		world_test(only_a_requested_irq_of_nobody_else_may_be_moved),
		world_test(shared_line_is_ignored_with_any_of_its_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
