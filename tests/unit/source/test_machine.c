/* machine: what each kind of look reads, what it finds gone, and what it costs. */
#include <errno.h>

#include "host.h"
#include "irqherd/source/machine.h"

struct trial {
	struct host host;
	struct inventory inventory;
	struct machine machine;
	struct change_list changes;
	struct hint told[64];
	size_t told_count;
	bool gone; /* of the last look */
	struct hint also;
};

static void keep_hint(void *context, const struct hint *hint)
{
	struct trial *trial = context;

	assert_true(trial->told_count < ARRAY_SIZE(trial->told));
	trial->told[trial->told_count++] = *hint;
}

static int trial_make(void **state, bool old_kernel)
{
	struct trial *trial = calloc(1, sizeof(*trial));

	if (!trial)
		return -1;
	host_init(&trial->host, old_kernel);
	trial->host.tell = keep_hint;
	trial->host.context = trial;
	if (inventory_init(&trial->inventory) < 0)
		return -1;
	*state = trial;
	return machine_init(&trial->machine, &trial->host.tree.root, &trial->inventory, NULL);
}

static int trial_setup(void **state)
{
	return trial_make(state, false);
}

static int old_kernel_setup(void **state)
{
	return trial_make(state, true);
}

static int trial_teardown(void **state)
{
	struct trial *trial = *state;

	change_list_deinit(&trial->changes);
	machine_deinit(&trial->machine);
	inventory_deinit(&trial->inventory);
	host_deinit(&trial->host);
	free(trial);
	return 0;
}

#define trial_test(function) cmocka_unit_test_setup_teardown(function, trial_setup, trial_teardown)
#define old_kernel_test(function) \
	cmocka_unit_test_setup_teardown(function, old_kernel_setup, trial_teardown)

/* ---------------------------------------------------------------------------------------------- */

static void read_all(struct trial *trial)
{
	assert_int_equal(machine_read_all(&trial->machine, LOOK_START, &trial->changes), 0);
	change_list_reset(&trial->changes);
	trial->told_count = 0;
}

static void look(struct trial *trial, const struct hint *hint, enum look why)
{
	change_list_reset(&trial->changes);
	assert_int_equal(machine_look(&trial->machine, hint, why, &trial->changes, &trial->gone,
				      &trial->also),
			 0);
}

static struct hint device_hint(const char *addr)
{
	struct hint hint = { .kind = HINT_DEVICE };

	assert_int_equal(pci_addr_parse(addr, &hint.addr), 0);
	return hint;
}

static struct hint netdev_hint(const char *name, int ifindex)
{
	struct hint hint = { .kind = HINT_NETDEV, .ifindex = ifindex };

	(void) snprintf(hint.name, sizeof(hint.name), "%s", name);
	return hint;
}

static void look_at_device(struct trial *trial, const char *addr, enum look why)
{
	struct hint hint = device_hint(addr);

	look(trial, &hint, why);
}

static void look_at_netdev(struct trial *trial, const char *name, int ifindex)
{
	struct hint hint = netdev_hint(name, ifindex);

	look(trial, &hint, LOOK_HINT);
}

static void look_at_irq(struct trial *trial, unsigned int number)
{
	struct hint hint = { .kind = HINT_IRQ, .irq = number };

	look(trial, &hint, LOOK_HINT);
}

static void look_at_cpus(struct trial *trial, enum look why)
{
	struct hint hint = { .kind = HINT_CPUS };

	look(trial, &hint, why);
}

static struct device *find_device(struct trial *trial, const char *addr)
{
	struct hint hint = device_hint(addr);

	return inventory_find_device(&trial->inventory, &hint.addr);
}

static struct irq *find_irq(struct trial *trial, unsigned int number)
{
	struct irq *irq = inventory_find_irq(&trial->inventory, number);

	assert_non_null(irq);
	return irq;
}

static char *text_of(const struct inventory *inventory)
{
	struct buf text = BUF_INIT;

	assert_int_equal(inventory_format(inventory, &text), 0);
	return text.data;
}

static void assert_as_read_afresh(struct trial *trial)
{
	struct inventory inventory;
	struct machine machine;
	char *known = text_of(&trial->inventory), *found;

	assert_int_equal(inventory_init(&inventory), 0);
	assert_int_equal(machine_init(&machine, &trial->host.tree.root, &inventory, NULL), 0);
	machine.find_override = trial->machine.find_override;
	machine.override_context = trial->machine.override_context;
	assert_int_equal(machine_read_all(&machine, LOOK_START, NULL), 0);
	found = text_of(&inventory);
	assert_string_equal(known, found);
	free(known);
	free(found);
	machine_deinit(&machine);
	inventory_deinit(&inventory);
}

static bool changed(const struct trial *trial, enum change_kind kind)
{
	for (size_t i = 0; i < trial->changes.count; i++)
		if (trial->changes.items[i].kind == kind)
			return true;
	return false;
}

/* Devices 0 to 7 of the host, each bound with three vectors or its line; interfaces are down. */
static void fill(struct trial *trial)
{
	for (unsigned int i = 0; i < HOST_DEVICES; i++) {
		host_add(&trial->host, &trial->host.devices[i]);
		host_bind(&trial->host, &trial->host.devices[i], 3);
	}
	trial->told_count = 0;
}

#define NIC    (&trial->host.devices[0])
#define VIRTIO (&trial->host.devices[2])
#define NVME   (&trial->host.devices[3])
#define LINE   (&trial->host.devices[4])
#define SHARER (&trial->host.devices[5])

/* ---------------------------------------------------------------------------------------------- */

static void whole_machine_is_read_without_arrivals(void **state)
{
	struct trial *trial = *state;
	const struct irq *irq;

	fill(trial);
	host_set_up(&trial->host, NIC, true);
	assert_int_equal(machine_read_all(&trial->machine, LOOK_START, &trial->changes), 0);
	assert_true(changed(trial, CHANGE_TOPOLOGY));
	assert_int_equal(trial->inventory.device_count, HOST_DEVICES);
	assert_int_equal(trial->inventory.netdev_count, 4);
	assert_int_equal(trial->inventory.irq_count, 5 * 3 + 2);
	assert_int_equal(trial->machine.devices_read, HOST_DEVICES);
	inventory_foreach_irq(any, &trial->inventory)
		assert_false(any->arrival);

	irq = find_irq(trial, NIC->numbers[1]);
	assert_ptr_equal(irq_device(irq), find_device(trial, NIC->addr));
	assert_int_equal(irq->queue.kind, QUEUE_COMBINED);
	assert_true(irq->requested);
	assert_true(find_irq(trial, NVME->numbers[1])->managed);
	assert_false(find_irq(trial, NVME->numbers[0])->managed);
	assert_false(find_irq(trial, trial->host.devices[1].numbers[0])->requested);
	assert_string_equal(find_irq(trial, 16)->actions, "uhci:usb4,uhci:usb5");
	assert_string_equal(find_irq(trial, 17)->actions, "i801_smbus,uhci:usb6");
}

static void folder_without_cpus_is_no_machine(void **state)
{
	struct trial *trial = *state;

	host_drop(&trial->host, "sys/devices/system");
	assert_int_equal(machine_read_all(&trial->machine, LOOK_START, NULL), -ENOENT);
}

static void machine_without_pci_network_or_irq_folders_is_one(void **state)
{
	struct trial *trial = *state;

	host_drop(&trial->host, "sys/bus");
	host_drop(&trial->host, "sys/class");
	host_drop(&trial->host, "proc/irq");
	host_drop(&trial->host, "sys/kernel");
	read_all(trial);
	assert_int_equal(trial->inventory.device_count, 0);
	assert_int_equal(trial->inventory.irq_count, 0);
	assert_int_equal(machine_resync(&trial->machine, &trial->changes), 0);
	assert_int_equal(trial->changes.count, 0);
}

static void second_reading_of_the_same_machine_changes_nothing(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	read_all(trial);
	assert_int_equal(machine_read_all(&trial->machine, LOOK_RESYNC, &trial->changes), 0);
	assert_int_equal(trial->changes.count, 0);
}

/* --- devices --- */

static void device_that_is_named_is_read_and_no_other(void **state)
{
	struct trial *trial = *state;
	uint64_t devices, irqs;

	fill(trial);
	host_unbind(&trial->host, NIC);
	read_all(trial);
	host_bind(&trial->host, NIC, 4);
	devices = trial->machine.devices_read;
	irqs = trial->machine.irqs_read;
	look_at_device(trial, NIC->addr, LOOK_REMADE);
	assert_int_equal(trial->machine.devices_read - devices, 1);
	assert_int_equal(trial->machine.irqs_read - irqs, 4);
	assert_false(trial->gone);
	assert_int_equal(trial->also.kind, HINT_RESYNC);
	assert_true(find_irq(trial, NIC->numbers[0])->arrival);
	/* and its interface with it */
	assert_non_null(inventory_find_netdev_by_name(&trial->inventory, NIC->name));
	assert_as_read_afresh(trial);
}

static void cost_of_a_look_is_the_size_of_its_object(void **state)
{
	struct trial *trial = *state;
	uint64_t small, large;

	host_add(&trial->host, NIC);
	host_bind(&trial->host, NIC, 3);
	read_all(trial);
	small = trial->host.tree.root.opened;
	look_at_device(trial, NIC->addr, LOOK_HINT);
	small = trial->host.tree.root.opened - small;

	for (unsigned int i = 1; i < HOST_DEVICES; i++) {
		host_add(&trial->host, &trial->host.devices[i]);
		host_bind(&trial->host, &trial->host.devices[i], 3);
	}
	read_all(trial);
	large = trial->host.tree.root.opened;
	look_at_device(trial, NIC->addr, LOOK_HINT);
	large = trial->host.tree.root.opened - large;
	assert_int_equal(small, large);
}

static void vanished_device_goes_with_its_interface(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	read_all(trial);
	host_remove(&trial->host, NIC);
	look_at_device(trial, NIC->addr, LOOK_REMADE);
	assert_true(trial->gone);
	assert_null(find_device(trial, NIC->addr));
	assert_true(changed(trial, CHANGE_NETDEV_GONE));
	assert_as_read_afresh(trial);

	look_at_device(trial, "0000:99:00.0", LOOK_HINT);
	assert_true(trial->gone);
	assert_int_equal(trial->changes.count, 0);
}

/* Surprise removal while the reader is at it: each file may be the last that was there. */
static void device_that_vanishes_half_way_is_gone(void **state)
{
	static const char *const parts[] = { "class",         "vendor",   "driver", "numa_node",
					     "local_cpulist", "msi_irqs", "irq",    "net" };
	struct trial *trial = *state;

	fill(trial);
	read_all(trial);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		host_drop(&trial->host, "sys/devices/pci0000:00/%s/%s", NIC->addr, parts[i]);
	/* the folder is there, and empty: nothing more is known, and nothing breaks */
	look_at_device(trial, NIC->addr, LOOK_HINT);
	assert_false(trial->gone);
	assert_int_equal(find_device(trial, NIC->addr)->vector_count, 0);
	/* the link leads nowhere */
	host_drop(&trial->host, "sys/devices/pci0000:00/%s", NIC->addr);
	look_at_device(trial, NIC->addr, LOOK_HINT);
	assert_true(trial->gone);
	assert_null(find_device(trial, NIC->addr));
}

static void line_that_its_device_left_is_read_for_itself(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	read_all(trial);
	host_unbind(&trial->host, LINE);
	look_at_device(trial, LINE->addr, LOOK_REMADE);
	assert_int_equal(trial->also.kind, HINT_IRQ);
	assert_int_equal(trial->also.irq, 16);
	assert_string_equal(find_irq(trial, 16)->actions, "uhci:usb5");
	assert_ptr_equal(irq_device(find_irq(trial, 16)), find_device(trial, SHARER->addr));
	assert_as_read_afresh(trial);

	host_remove(&trial->host, SHARER);
	look_at_device(trial, SHARER->addr, LOOK_REMADE);
	assert_null(irq_device(find_irq(trial, 16)));
	assert_false(find_irq(trial, 16)->requested);
	assert_as_read_afresh(trial);

	host_bind(&trial->host, LINE, 0);
	look_at_device(trial, LINE->addr, LOOK_REMADE);
	assert_ptr_equal(irq_device(find_irq(trial, 16)), find_device(trial, LINE->addr));
	assert_true(find_irq(trial, 16)->arrival);
	assert_as_read_afresh(trial);
}

/* --- network devices --- */

static void interface_asks_for_its_device_too(void **state)
{
	struct trial *trial = *state;
	struct pci_addr addr;

	fill(trial);
	read_all(trial);
	host_set_up(&trial->host, NIC, true);
	look_at_netdev(trial, NIC->name, NIC->ifindex);
	assert_false(trial->gone);
	assert_int_equal(trial->also.kind, HINT_DEVICE);
	assert_int_equal(pci_addr_parse(NIC->addr, &addr), 0);
	assert_true(pci_addr_equal(&trial->also.addr, &addr));
	/* the vectors that it requested at up are the device's matter, and its flags are read with
	 * them */
	assert_int_equal(trial->changes.count, 0);
	assert_false(find_irq(trial, NIC->numbers[1])->requested);
	look_at_device(trial, NIC->addr, LOOK_HINT);
	assert_true(changed(trial, CHANGE_NETDEV_LINK));
	assert_true(find_irq(trial, NIC->numbers[1])->requested);
	assert_true(find_irq(trial, NIC->numbers[1])->arrival);
	assert_as_read_afresh(trial);
}

static void vanished_interface_asks_for_its_device_once_more(void **state)
{
	struct trial *trial = *state;
	char name[NETDEV_NAME_SIZE];
	int ifindex;

	fill(trial);
	read_all(trial);
	memcpy(name, NIC->name, sizeof(name));
	ifindex = NIC->ifindex;
	host_unbind(&trial->host, NIC);
	look_at_netdev(trial, name, ifindex);
	assert_true(trial->gone);
	assert_int_equal(trial->also.kind, HINT_DEVICE);
	assert_null(inventory_find_netdev(&trial->inventory, ifindex));
	look_at_netdev(trial, name, ifindex);
	assert_true(trial->gone);
	assert_int_equal(trial->also.kind, HINT_RESYNC);
	assert_int_equal(trial->changes.count, 0);
}

static void virtual_interface_asks_for_nobody(void **state)
{
	struct trial *trial = *state;

	read_all(trial);
	host_put(&trial->host, "9\n", "sys/class/net/br0/ifindex");
	host_put(&trial->host, "0x1003\n", "sys/class/net/br0/flags");
	look_at_netdev(trial, "br0", 9);
	assert_int_equal(trial->also.kind, HINT_RESYNC);
	assert_true(inventory_find_netdev(&trial->inventory, 9)->up);
	assert_false(inventory_find_netdev(&trial->inventory, 9)->has_device);
}

/* A USB adapter is below the controller's PCI device, which does not list it. */
static void interface_further_below_is_read_by_its_name(void **state)
{
	struct trial *trial = *state;
	char target[256];

	fill(trial);
	host_put(&trial->host, "0x1002\n", "sys/devices/pci0000:00/%s/usb1/1-1/net/usb0/flags",
		 NIC->addr);
	host_put(&trial->host, "77\n", "sys/devices/pci0000:00/%s/usb1/1-1/net/usb0/ifindex",
		 NIC->addr);
	(void) snprintf(target, sizeof(target), "../../devices/pci0000:00/%s/usb1/1-1/net/usb0",
			NIC->addr);
	tree_link(&trial->host.tree, "sys/class/net/usb0", target);
	read_all(trial);
	assert_true(inventory_find_netdev(&trial->inventory, 77)->has_device);
	assert_false(inventory_find_netdev(&trial->inventory, 77)->up);
	host_put(&trial->host, "0x1003\n", "sys/devices/pci0000:00/%s/usb1/1-1/net/usb0/flags",
		 NIC->addr);
	look_at_netdev(trial, "usb0", 77);
	assert_int_equal(trial->also.kind, HINT_DEVICE);
	assert_true(changed(trial, CHANGE_NETDEV_LINK));
	assert_true(inventory_find_netdev(&trial->inventory, 77)->up);
}

/* Which hints come, in which order, and with what they carry, must not matter. */
static void renamed_interface_is_found_by_any_hint_of_it(void **state)
{
	static const struct {
		const char *names[3]; /* "" : ifindex alone */
		bool with_ifindex;
	} cases[] = {
		{ { "lan0" }, true },
		{ { "lan0", "eth2" }, true },
		{ { "eth2", "lan0" }, true },
		{ { "eth2", "lan0", "eth2" }, true },
		{ { "lan0", "eth2", "lan0" }, true },
		{ { "lan0", "eth2" }, false },
		{ { "eth2", "lan0" }, false },
		{ { "", "lan0" }, true },
		{ { "lan0", "" }, true },
	};
	struct trial *trial = *state;

	fill(trial);
	assert_string_equal(NIC->name, "eth2");
	read_all(trial);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		host_rename(&trial->host, NIC, "lan0");
		for (size_t k = 0; k < 3 && cases[i].names[k]; k++)
			look_at_netdev(trial, cases[i].names[k],
				       cases[i].with_ifindex ? NIC->ifindex : 0);
		assert_as_read_afresh(trial);
		host_rename(&trial->host, NIC, "eth2");
		look_at_netdev(trial, "eth2", NIC->ifindex);
		assert_as_read_afresh(trial);
	}
}

/* Its "add" is often looked at when udevd has renamed it already. */
static void renamed_interface_keeps_its_record(void **state)
{
	struct trial *trial = *state;
	const struct netdev *before;

	fill(trial);
	read_all(trial);
	before = inventory_find_netdev(&trial->inventory, NIC->ifindex);
	host_rename(&trial->host, NIC, "lan0");
	look_at_netdev(trial, "eth2", 0);
	assert_true(trial->gone);
	assert_ptr_equal(inventory_find_netdev(&trial->inventory, NIC->ifindex), before);
	assert_string_equal(before->name, "lan0");
	for (size_t i = 0; i < trial->changes.count; i++) {
		assert_int_not_equal(trial->changes.items[i].kind, CHANGE_NETDEV_GONE);
		assert_int_not_equal(trial->changes.items[i].kind, CHANGE_NETDEV_ARRIVED);
	}
	assert_as_read_afresh(trial);
}

static void hint_that_names_no_interface_finds_none(void **state)
{
	struct trial *trial = *state;

	read_all(trial);
	look_at_netdev(trial, "", 77);
	assert_true(trial->gone);
	look_at_netdev(trial, "../../etc", 0);
	assert_true(trial->gone);
	assert_int_equal(trial->changes.count, 0);
}

static void captured_interface_without_ifindex_gets_one_of_its_own(void **state)
{
	struct trial *trial = *state;
	int ifindex;

	fill(trial);
	for (unsigned int i = 0; i < HOST_DEVICES; i++)
		host_drop(&trial->host, "sys/devices/pci0000:00/%s/net/%s/ifindex",
			  trial->host.devices[i].addr, trial->host.devices[i].name);
	read_all(trial);
	assert_int_equal(trial->inventory.netdev_count, 4);
	ifindex = inventory_find_netdev_by_name(&trial->inventory, NIC->name)->ifindex;
	look_at_netdev(trial, NIC->name, 0);
	assert_int_equal(trial->changes.count, 0);
	assert_int_equal(inventory_find_netdev_by_name(&trial->inventory, NIC->name)->ifindex,
			 ifindex);
}

static void live_interface_without_ifindex_just_went(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	read_all(trial);
	trial->host.tree.root.live = true;
	host_drop(&trial->host, "sys/devices/pci0000:00/%s/net/%s/ifindex", NIC->addr, NIC->name);
	look_at_netdev(trial, NIC->name, NIC->ifindex);
	look_at_device(trial, NIC->addr, LOOK_HINT);
	assert_true(changed(trial, CHANGE_NETDEV_GONE));
	look_at_netdev(trial, NIC->name, NIC->ifindex);
	assert_true(trial->gone);
	trial->host.tree.root.live = false;
}

/* --- IRQs --- */

static void unknown_irq_is_found_at_its_device(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	host_unbind(&trial->host, NVME);
	read_all(trial);
	host_bind(&trial->host, NVME, 4);
	look_at_irq(trial, NVME->numbers[2]);
	assert_false(trial->gone);
	assert_ptr_equal(irq_device(find_irq(trial, NVME->numbers[2])),
			 find_device(trial, NVME->addr));
	assert_int_equal(find_device(trial, NVME->addr)->vector_count, 4);
	assert_as_read_afresh(trial);
}

/* Kernels that do not name the device in the chip: the devices' lists are searched. */
static void device_of_an_unknown_irq_is_searched_for(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	host_unbind(&trial->host, NVME);
	read_all(trial);
	host_bind(&trial->host, NVME, 2);
	for (unsigned int i = 0; i < 2; i++)
		host_put(&trial->host, "PCI-MSI\n", "sys/kernel/irq/%u/chip_name",
			 NVME->numbers[i]);
	look_at_irq(trial, NVME->numbers[1]);
	assert_ptr_equal(irq_device(find_irq(trial, NVME->numbers[1])),
			 find_device(trial, NVME->addr));
}

static void number_that_went_to_another_device_is_found_there(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	fill(trial);
	read_all(trial);
	number = NIC->numbers[0];
	host_remove(&trial->host, NIC);
	host_unbind(&trial->host, NVME);
	host_bind(&trial->host, NVME, 2);
	assert_int_equal(NVME->numbers[0], number);
	look_at_irq(trial, number);
	assert_false(trial->gone);
	assert_ptr_equal(irq_device(find_irq(trial, number)), find_device(trial, NVME->addr));
}

static void irq_of_no_device_comes_and_goes(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	fill(trial);
	read_all(trial);
	number = host_new_irq(&trial->host, -1, 3);
	host_request(&trial->host, number, "gpio-keys");
	look_at_irq(trial, number);
	assert_false(trial->gone);
	assert_int_equal(find_irq(trial, number)->type, IRQ_OTHER);
	assert_as_read_afresh(trial);

	host_free_irq(&trial->host, number);
	look_at_irq(trial, number);
	assert_true(trial->gone);
	assert_null(inventory_find_irq(&trial->inventory, number));
	look_at_irq(trial, number);
	assert_true(trial->gone);
	assert_int_equal(trial->changes.count, 0);
}

/* A chip may name a device that does not list the number (its own messages, not vectors). */
static void irq_that_its_chips_device_disowns_is_an_irq_of_nobody(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	fill(trial);
	read_all(trial);
	number = host_new_irq(&trial->host, 3, 0);
	host_request(&trial->host, number, "ims");
	look_at_irq(trial, number);
	assert_int_equal(find_irq(trial, number)->type, IRQ_OTHER);
	assert_as_read_afresh(trial);
}

static void descriptor_that_nobody_requested_is_no_irq(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	read_all(trial);
	number = host_new_irq(&trial->host, -1, 3);
	host_show_irq(&trial->host, number);
	look_at_irq(trial, number);
	assert_true(trial->gone);
	assert_null(inventory_find_irq(&trial->inventory, number));
	assert_as_read_afresh(trial);
}

/* --- CPUs --- */

static void irqs_of_a_cpu_that_went_are_read_again_and_no_others(void **state)
{
	struct trial *trial = *state;
	unsigned int moved, other;
	uint64_t irqs, devices;

	fill(trial);
	moved = VIRTIO->numbers[0];
	other = VIRTIO->numbers[1];
	host_set_affinity(&trial->host, moved, 1u << 7);
	host_set_affinity(&trial->host, other, 1u << 5);
	read_all(trial);
	irqs = trial->machine.irqs_read;
	devices = trial->machine.devices_read;
	host_set_cpu(&trial->host, 7, false);
	look_at_cpus(trial, LOOK_HINT);
	assert_true(changed(trial, CHANGE_CPU_OFFLINE));
	assert_true(changed(trial, CHANGE_IRQ_MOVED_BY_KERNEL));
	assert_int_equal(trial->machine.irqs_read - irqs, 1);
	assert_int_equal(trial->machine.devices_read - devices, 0);
	assert_int_equal(find_irq(trial, moved)->effective_cpu, 0);
	assert_as_read_afresh(trial);

	host_set_cpu(&trial->host, 7, true);
	look_at_cpus(trial, LOOK_HINT);
	assert_true(changed(trial, CHANGE_CPU_ONLINE));
	assert_as_read_afresh(trial);
}

static void managed_irqs_stop_and_start_with_their_cpus(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	fill(trial);
	read_all(trial);
	number = NVME->numbers[1]; /* CPUs 2 and 3 */
	assert_int_equal(find_irq(trial, number)->effective_cpu, 2);
	host_set_cpu(&trial->host, 2, false);
	look_at_cpus(trial, LOOK_HINT);
	assert_int_equal(find_irq(trial, number)->effective_cpu, 3);
	host_set_cpu(&trial->host, 3, false);
	look_at_cpus(trial, LOOK_HINT);
	assert_int_equal(find_irq(trial, number)->effective_cpu, CPU_NONE);
	assert_as_read_afresh(trial);
	host_set_cpu(&trial->host, 3, true);
	look_at_cpus(trial, LOOK_HINT);
	assert_int_equal(find_irq(trial, number)->effective_cpu, 3);
	assert_as_read_afresh(trial);
}

/* Where the effective CPU is not told, a mask that lost its last CPU is the kernel's doing too, and
 * not a foreign hand's. */
static void mask_that_lost_its_last_cpu_was_changed_by_the_kernel(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	fill(trial);
	number = VIRTIO->numbers[0];
	host_set_affinity(&trial->host, number, 3u << 2);
	host_drop(&trial->host, "proc/irq/%u/effective_affinity_list", number);
	read_all(trial);
	assert_int_equal(find_irq(trial, number)->effective_cpu, CPU_NONE);
	host_set_cpu(&trial->host, 2, false);
	look_at_cpus(trial, LOOK_HINT);
	trial->host.irqs[number].effective = 3;
	host_set_cpu(&trial->host, 3, false);
	host_drop(&trial->host, "proc/irq/%u/effective_affinity_list", number);
	look_at_cpus(trial, LOOK_HINT);
	assert_true(changed(trial, CHANGE_IRQ_MOVED_BY_KERNEL));
	assert_false(find_irq(trial, number)->external);
	assert_as_read_afresh(trial);
}

/* As through a suspend: all is as before, but for where the IRQs are. */
static void cpu_that_went_and_came_unseen_is_noticed_by_the_look_that_follows(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	fill(trial);
	number = VIRTIO->numbers[0];
	host_set_affinity(&trial->host, number, 1u << 3);
	read_all(trial);
	host_set_cpu(&trial->host, 3, false);
	host_set_cpu(&trial->host, 3, true);
	look_at_cpus(trial, LOOK_HINT);
	assert_int_equal(trial->changes.count, 0);
	look_at_cpus(trial, LOOK_AGAIN);
	assert_true(changed(trial, CHANGE_IRQ_MOVED_BY_KERNEL));
	assert_int_equal(find_irq(trial, number)->effective_cpu, 0);
	assert_as_read_afresh(trial);
}

static void device_of_unknown_node_follows_the_cpus(void **state)
{
	struct trial *trial = *state;

	for (unsigned int cpu = 2; cpu < HOST_CPUS; cpu++)
		host_set_cpu(&trial->host, cpu, false);
	fill(trial);
	read_all(trial);
	for (unsigned int cpu = 2; cpu < HOST_CPUS; cpu++)
		host_set_cpu(&trial->host, cpu, true);
	look_at_cpus(trial, LOOK_HINT);
	assert_int_equal(find_device(trial, VIRTIO->addr)->home.origin, HOME_ALL);
	assert_as_read_afresh(trial);
}

/* --- by schedule --- */

/* A listing of the vectors, and the files of the network device: nothing for a vector. */
static void look_by_schedule_opens_no_file_of_a_vector(void **state)
{
	struct trial *trial = *state;
	uint64_t opened, few, many;

	fill(trial);
	host_set_up(&trial->host, NIC, true);
	read_all(trial);
	opened = trial->host.tree.root.opened;
	look_at_device(trial, NIC->addr, LOOK_AGAIN);
	few = trial->host.tree.root.opened - opened;

	host_set_up(&trial->host, NIC, false);
	host_unbind(&trial->host, NIC);
	host_bind(&trial->host, NIC, HOST_VECTORS);
	host_set_up(&trial->host, NIC, true);
	look_at_device(trial, NIC->addr, LOOK_REMADE);
	opened = trial->host.tree.root.opened;
	look_at_device(trial, NIC->addr, LOOK_AGAIN);
	many = trial->host.tree.root.opened - opened;
	assert_int_equal(many, few);
	assert_int_equal(trial->changes.count, 0);
	assert_as_read_afresh(trial);
}

static void look_by_schedule_finds_what_came_late(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	read_all(trial);
	look_at_device(trial, NIC->addr, LOOK_AGAIN);
	assert_int_equal(trial->changes.count, 0);

	/* requests */
	host_set_up(&trial->host, NIC, true);
	look_at_device(trial, NIC->addr, LOOK_AGAIN);
	assert_true(changed(trial, CHANGE_IRQ_REQUESTED));
	assert_as_read_afresh(trial);

	/* the start of an IRQ that was requested before */
	trial->host.irqs[NIC->numbers[1]].effective = -1;
	host_show_irq(&trial->host, NIC->numbers[1]);
	look_at_device(trial, NIC->addr, LOOK_HINT);
	assert_int_equal(find_irq(trial, NIC->numbers[1])->effective_cpu, CPU_NONE);
	trial->host.irqs[NIC->numbers[1]].effective = 3;
	host_show_irq(&trial->host, NIC->numbers[1]);
	look_at_device(trial, NIC->addr, LOOK_AGAIN);
	assert_int_equal(find_irq(trial, NIC->numbers[1])->effective_cpu, 3);

	/* vectors */
	host_set_up(&trial->host, NIC, false);
	host_unbind(&trial->host, NIC);
	host_bind(&trial->host, NIC, 5);
	look_at_device(trial, NIC->addr, LOOK_AGAIN);
	assert_int_equal(find_device(trial, NIC->addr)->vector_count, 5);
	assert_as_read_afresh(trial);
}

/* --- a driver at work --- */

static void adapter_is_awaited_until_its_network_device_was_there_before_it(void **state)
{
	static const enum look looks[] = { LOOK_HINT, LOOK_AGAIN };
	struct trial *trial = *state;

	fill(trial);
	read_all(trial);
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
		assert_false(find_device(trial, VIRTIO->addr)->awaits_netdev);
		host_unbind(&trial->host, VIRTIO);
		look_at_device(trial, VIRTIO->addr, LOOK_HINT);
		/* nobody works on it */
		assert_false(find_device(trial, VIRTIO->addr)->awaits_netdev);

		host_bind(&trial->host, VIRTIO, 3);
		host_hide_netdev(&trial->host, VIRTIO, VIRTIO->name);
		look_at_device(trial, VIRTIO->addr, LOOK_REMADE);
		assert_true(find_device(trial, VIRTIO->addr)->awaits_netdev);

		/* the next look reads all of it again, though no vector shows a difference */
		host_show_netdev(&trial->host, VIRTIO);
		look_at_device(trial, VIRTIO->addr, looks[i]);
		assert_false(find_device(trial, VIRTIO->addr)->awaits_netdev);
		assert_int_equal(find_device(trial, VIRTIO->addr)->vector_count, 3);
		assert_as_read_afresh(trial);
	}
	/* what is no network adapter has none to wait for */
	host_unbind(&trial->host, NVME);
	look_at_device(trial, NVME->addr, LOOK_HINT);
	host_bind(&trial->host, NVME, 3);
	look_at_device(trial, NVME->addr, LOOK_REMADE);
	assert_false(find_device(trial, NVME->addr)->awaits_netdev);
}

/* Whatever one of its vectors may show, a look finds it that an event asked for. */
static void look_for_an_event_finds_each_difference(void **state)
{
	struct trial *trial = *state;
	unsigned int number;

	fill(trial);
	host_set_up(&trial->host, NIC, true);
	read_all(trial);
	number = NIC->numbers[2];
	look_at_device(trial, NIC->addr, LOOK_HINT);
	assert_int_equal(trial->changes.count, 0);

	host_set_affinity(&trial->host, number, 1u << 6);
	look_at_device(trial, NIC->addr, LOOK_HINT);
	assert_true(changed(trial, CHANGE_IRQ_MOVED_BY_KERNEL));
	assert_as_read_afresh(trial);

	/* freed and requested again, with the same mask */
	host_set_affinity(&trial->host, number, 0xf0);
	look_at_device(trial, NIC->addr, LOOK_HINT);
	trial->host.irqs[number].effective = 7;
	host_show_irq(&trial->host, number);
	look_at_device(trial, NIC->addr, LOOK_HINT);
	assert_int_equal(find_irq(trial, number)->effective_cpu, 7);

	(void) snprintf(trial->host.irqs[number].actions, sizeof(trial->host.irqs[number].actions),
			"other-rx-0");
	host_show_irq(&trial->host, number);
	look_at_device(trial, NIC->addr, LOOK_HINT);
	assert_true(changed(trial, CHANGE_IRQ_RENAMED));
	assert_as_read_afresh(trial);

	host_release(&trial->host, number);
	look_at_device(trial, NIC->addr, LOOK_HINT);
	assert_true(changed(trial, CHANGE_IRQ_RELEASED));
	assert_as_read_afresh(trial);
}

/* --- resync --- */

static void resync_of_an_unchanged_machine_reads_nothing_again(void **state)
{
	struct trial *trial = *state;
	uint64_t devices, irqs;

	fill(trial);
	host_set_up(&trial->host, NIC, true);
	read_all(trial);
	devices = trial->machine.devices_read;
	irqs = trial->machine.irqs_read;
	assert_int_equal(machine_resync(&trial->machine, &trial->changes), 0);
	assert_int_equal(trial->changes.count, 0);
	assert_int_equal(trial->machine.devices_read, devices);
	assert_int_equal(trial->machine.irqs_read, irqs);
}

static void set_card(struct host *host, const struct host_device *device, const char *file,
		     const char *text)
{
	host_put(host, text, "sys/devices/pci0000:00/%s/%s", device->addr, file);
}

/* What no event told, one thing at a time. */
static void happen(struct trial *trial, unsigned int what)
{
	struct host *host = &trial->host;

	switch (what) {
	case 0:
		host_remove(host, NVME);
		break;
	case 1:
		host_add(host, NVME);
		host_bind(host, NVME, 5);
		break;
	case 2:
		host_unbind(host, NIC);
		break;
	case 3:
		host_bind(host, NIC, 2);
		break;
	case 4:
		host_set_up(host, NIC, true);
		break;
	case 5:
		host_rename(host, NIC, "lan0");
		break;
	case 6:
		host_set_affinity(host, NIC->numbers[0], 1u << 5);
		break;
	case 7:
		host_set_cpu(host, 5, false);
		break;
	case 8:
		set_card(host, NVME, "device", "0x9999\n");
		break;
	case 9:
		set_card(host, NVME, "numa_node", "0\n");
		NVME->node = 0;
		break;
	case 10:
		host_unbind(host, SHARER);
		break;
	case 11:
		/* to the other line, which others have already */
		host_unbind(host, LINE);
		LINE->line = 17;
		set_card(host, LINE, "irq", "17\n");
		host_bind(host, LINE, 0);
		break;
	case 12:
		host_request(host, host_new_irq(host, -1, 3), "gpio-keys");
		break;
	case 13:
		for (unsigned int n = HOST_FIRST_MSI; n < HOST_NUMBERS; n++)
			if (host->irqs[n].exists && host->irqs[n].owner < 0)
				host_free_irq(host, n);
		break;
	case 14:
		/* the same numbers, in another order */
		host_put(host, "1\n", "sys/kernel/irq/%u/hwirq", NIC->numbers[0]);
		host_put(host, "0\n", "sys/kernel/irq/%u/hwirq", NIC->numbers[1]);
		host_put(host, "lan0-TxRx-0\n", "sys/kernel/irq/%u/actions", NIC->numbers[0]);
		host_put(host, "lan0\n", "sys/kernel/irq/%u/actions", NIC->numbers[1]);
		break;
	}
}

static void resync_finds_whatever_no_event_told(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	read_all(trial);
	for (unsigned int what = 0; what < 15; what++) {
		happen(trial, what);
		change_list_reset(&trial->changes);
		assert_int_equal(machine_resync(&trial->machine, &trial->changes), 0);
		assert_int_not_equal(trial->changes.count, 0);
		inventory_foreach_irq(irq, &trial->inventory) {
			assert_false(irq->arrival);
			assert_false(irq->external);
		}
		assert_as_read_afresh(trial);
	}
}

static void resync_reads_only_what_differs(void **state)
{
	struct trial *trial = *state;
	uint64_t devices, irqs;

	fill(trial);
	read_all(trial);
	host_set_affinity(&trial->host, VIRTIO->numbers[1], 1u << 5);
	devices = trial->machine.devices_read;
	irqs = trial->machine.irqs_read;
	assert_int_equal(machine_resync(&trial->machine, &trial->changes), 0);
	assert_int_equal(trial->machine.devices_read - devices, 1);
	assert_int_equal(trial->machine.irqs_read - irqs, 3);
}

/* --- overrides --- */

struct rule {
	struct home_override override;
	const char *cpus;
	unsigned int asked;
};

static int find_rule(void *context, struct inventory *inventory, const struct pci_addr *addr,
		     struct home_override *ret_override)
{
	struct rule *rule = context;
	struct cpumask cpus;

	rule->asked++;
	if (addr->bus != 1)
		return 0;
	*ret_override = rule->override;
	if (!rule->cpus)
		return 0;
	assert_int_equal(cpulist_parse(rule->cpus, &cpus), 0);
	return mask_intern(&inventory->masks, &cpus, &ret_override->cpus);
}

static void proximity_rule_is_asked_at_every_reading_and_on_reload(void **state)
{
	struct trial *trial = *state;
	struct rule rule = {
		.override = { .kind = OVERRIDE_NODE,
			      .origin = OVERRIDE_FROM_PROXIMITY,
			      .node = 1,
			      .line = 4 },
	};

	fill(trial);
	trial->machine.find_override = find_rule;
	trial->machine.override_context = &rule;
	read_all(trial);
	assert_int_equal(rule.asked, HOST_DEVICES);
	assert_int_equal(find_device(trial, NIC->addr)->home.origin, HOME_PROXIMITY);
	assert_int_equal(find_device(trial, NIC->addr)->home.node, 1);
	assert_int_equal(find_device(trial, VIRTIO->addr)->home.origin, HOME_ALL);

	rule.override.kind = OVERRIDE_CPUS;
	rule.cpus = "1,6";
	assert_int_equal(machine_refresh_overrides(&trial->machine, &trial->changes), 0);
	assert_true(changed(trial, CHANGE_DEVICE_REHOMED));
	assert_as_read_afresh(trial);

	change_list_reset(&trial->changes);
	assert_int_equal(machine_refresh_overrides(&trial->machine, &trial->changes), 0);
	assert_int_equal(trial->changes.count, 0);
	assert_int_equal(machine_resync(&trial->machine, &trial->changes), 0);
	assert_int_equal(trial->changes.count, 0);
}

/* --- captured machines --- */

static void recapture(struct trial *trial, const char *properties, const char *queues)
{
	machine_deinit(&trial->machine);
	inventory_deinit(&trial->inventory);
	tree_drop(&trial->host.tree, "udev-properties");
	tree_drop(&trial->host.tree, "netdev-queues.json");
	if (properties)
		tree_put(&trial->host.tree, "udev-properties", properties);
	if (queues)
		tree_put(&trial->host.tree, "netdev-queues.json", queues);
	assert_int_equal(inventory_init(&trial->inventory), 0);
	assert_int_equal(machine_init(&trial->machine, &trial->host.tree.root, &trial->inventory,
				      trial->host.tree.path),
			 0);
	read_all(trial);
}

static void captured_properties_decide_homes_before_rules(void **state)
{
	static const struct {
		const char *property;
		const char *home;
		enum home_origin origin;
		bool ignored;
	} cases[] = {
		{ "IRQHERD_NODE=0", "0-3", HOME_PROPERTY, false },
		{ "IRQHERD_NODE=-1", "0-7", HOME_PROPERTY, false },
		{ "IRQHERD_NODE=7", "4-7", HOME_PROXIMITY, false }, /* sleeps */
		{ "IRQHERD_NODE=x", "4-7", HOME_PROXIMITY, false },
		{ "IRQHERD_CPUS=1-2", "1-2", HOME_PROPERTY, false },
		{ "IRQHERD_CPUS=1-2,5", "1-2,5", HOME_PROPERTY, false },
		{ "IRQHERD_CPUS=30", "4-5", HOME_PROPERTY, false },
		{ "IRQHERD_CPUS=00000000,00000081", "0,7", HOME_PROPERTY, false },
		{ "IRQHERD_CPUS=0xf0", "4-7", HOME_PROPERTY, false },
		{ "IRQHERD_CPUS=zebra", "4-7", HOME_PROXIMITY, false },
		{ "IRQHERD_CPUS=0", "4-7", HOME_PROXIMITY, false },
		{ "IRQHERD_IGNORE=1", "4-7", HOME_PROXIMITY, true },
		{ "IRQHERD_IGNORE=0", "4-7", HOME_PROXIMITY, false },
		{ "ID_VENDOR=x", "4-7", HOME_PROXIMITY, false },
	};
	struct trial *trial = *state;
	struct rule rule = {
		.override = { .kind = OVERRIDE_NODE, .origin = OVERRIDE_FROM_PROXIMITY, .node = 1 },
	};

	fill(trial);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct device *device;
		struct cpumask cpus;
		char text[512], list[CPULIST_TEXT];

		(void) snprintf(text, sizeof(text),
				"P: /devices/pci0000:00/0000:01:00.0\nE: SUBSYSTEM=pci\nE: %s\n\n",
				cases[i].property);
		recapture(trial, text, NULL);
		trial->machine.find_override = find_rule;
		trial->machine.override_context = &rule;
		look_at_device(trial, NIC->addr, LOOK_HINT);
		device = find_device(trial, NIC->addr);
		mask_get(&trial->inventory.masks, device->home.cpus, &cpus);
		(void) cpulist_format(&cpus, list, sizeof(list));
		if (strcmp(list, cases[i].home) != 0 || device->home.origin != cases[i].origin ||
		    device->ignored != cases[i].ignored)
			fail_msg("%s: %s by %s%s", cases[i].property, list,
				 home_origin_name(device->home.origin),
				 device->ignored ? ", ignored" : "");
	}
}

static void property_for_a_node_wakes_with_it(void **state)
{
	struct trial *trial = *state;
	struct rule rule = {
		.override = { .kind = OVERRIDE_NODE, .origin = OVERRIDE_FROM_PROXIMITY, .node = 1 },
	};

	fill(trial);
	recapture(trial,
		  "P: /devices/pci0000:00/0000:01:00.0\nE: SUBSYSTEM=pci\nE: IRQHERD_NODE=5\n",
		  NULL);
	trial->machine.find_override = find_rule;
	trial->machine.override_context = &rule;
	read_all(trial);
	assert_int_equal(find_device(trial, NIC->addr)->home.origin, HOME_PROXIMITY);
	host_put(&trial->host, "2-3\n", "sys/devices/system/node/node5/cpulist");
	look_at_cpus(trial, LOOK_HINT);
	assert_int_equal(find_device(trial, NIC->addr)->home.origin, HOME_PROPERTY);
	assert_int_equal(find_device(trial, NIC->addr)->home.node, 5);
	host_drop(&trial->host, "sys/devices/system/node/node5");
	look_at_cpus(trial, LOOK_HINT);
	assert_int_equal(find_device(trial, NIC->addr)->home.origin, HOME_PROXIMITY);
}

static void captured_queues_tell_which_irq_serves_which(void **state)
{
	struct trial *trial = *state;
	char text[256];

	fill(trial);
	(void) snprintf(text, sizeof(text),
			"{\"%s\": [{\"kind\": \"rx\", \"index\": 5, \"irq\": %u}]}", NIC->name,
			NIC->numbers[2]);
	recapture(trial, NULL, text);
	assert_int_equal(find_irq(trial, NIC->numbers[2])->queue.kind, QUEUE_RX);
	assert_int_equal(find_irq(trial, NIC->numbers[2])->queue.index, 5);
	assert_int_equal(find_irq(trial, NIC->numbers[2])->queue.origin, ORIGIN_NETDEV_GENL);
	assert_int_equal(find_irq(trial, NIC->numbers[1])->queue.origin, ORIGIN_NONE);

	recapture(trial, "rubbish\n\nE:", "{ rubbish");
	assert_int_equal(trial->inventory.device_count, HOST_DEVICES);
	assert_int_equal(find_irq(trial, NIC->numbers[2])->queue.origin, ORIGIN_NONE);
}

/* One that a driver is just setting up would hold us for as long as that takes. */
static void queues_are_asked_for_only_of_what_is_up(void **state)
{
	struct genl_source nobody = { .netdev_family = -1 };
	struct trial *trial = *state;
	struct hint hint;

	fill(trial);
	host_set_up(&trial->host, NIC, false);
	trial->machine.genl = &nobody;
	hint = device_hint(NIC->addr);
	look(trial, &hint, LOOK_HINT);
	assert_int_equal(nobody.asked, 0);

	host_set_up(&trial->host, NIC, true);
	look(trial, &hint, LOOK_HINT);
	assert_int_equal(nobody.asked, 1);
}

/* While a driver closes another adapter it would hold us, too. */
static void look_by_schedule_asks_no_queues_again(void **state)
{
	struct genl_source nobody = { .netdev_family = -1 };
	struct trial *trial = *state;
	struct hint hint;

	fill(trial);
	host_set_up(&trial->host, NIC, true);
	trial->machine.genl = &nobody;
	hint = device_hint(NIC->addr);
	look(trial, &hint, LOOK_HINT);
	assert_int_equal(nobody.asked, 1);
	look(trial, &hint, LOOK_AGAIN);
	assert_int_equal(nobody.asked, 1);
	look(trial, &hint, LOOK_HINT);
	assert_int_equal(nobody.asked, 2);

	/* what was told before it went down holds no more */
	host_set_up(&trial->host, NIC, false);
	look(trial, &hint, LOOK_HINT);
	host_set_up(&trial->host, NIC, true);
	look(trial, &hint, LOOK_AGAIN);
	assert_int_equal(nobody.asked, 3);

	/* other vectors may have other queues */
	host_set_channels(&trial->host, NIC, 2);
	look(trial, &hint, LOOK_AGAIN);
	assert_int_equal(nobody.asked, 4);
	assert_int_equal(find_device(trial, NIC->addr)->vector_count, 2);
}

/* --- kernels without /sys/kernel/irq --- */

static void names_come_from_proc_interrupts_where_sysfs_has_none(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	host_set_up(&trial->host, NIC, true);
	read_all(trial);
	assert_false(trial->machine.kernel_irq_folder);
	assert_string_equal(find_irq(trial, NIC->numbers[1])->actions, "eth2-TxRx-0");
	assert_int_equal(find_irq(trial, NIC->numbers[1])->queue.kind, QUEUE_COMBINED);
	assert_false(find_irq(trial, trial->host.devices[1].numbers[1])->requested);
	assert_string_equal(find_irq(trial, 16)->actions, "uhci:usb4,uhci:usb5");

	/* read anew for each look that needs names */
	host_set_up(&trial->host, &trial->host.devices[1], true);
	look_at_device(trial, trial->host.devices[1].addr, LOOK_HINT);
	assert_string_equal(find_irq(trial, trial->host.devices[1].numbers[1])->actions,
			    "eth3-TxRx-0");
	assert_as_read_afresh(trial);
	assert_int_equal(machine_resync(&trial->machine, &trial->changes), 0);
	assert_as_read_afresh(trial);
}

static void resync_finds_the_same_on_an_old_kernel(void **state)
{
	struct trial *trial = *state;

	fill(trial);
	read_all(trial);
	for (unsigned int what = 0; what < 14; what++) {
		happen(trial, what);
		assert_int_equal(machine_resync(&trial->machine, &trial->changes), 0);
		assert_as_read_afresh(trial);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		trial_test(whole_machine_is_read_without_arrivals),
		trial_test(folder_without_cpus_is_no_machine),
		trial_test(machine_without_pci_network_or_irq_folders_is_one),
		trial_test(second_reading_of_the_same_machine_changes_nothing),
		trial_test(device_that_is_named_is_read_and_no_other),
		trial_test(cost_of_a_look_is_the_size_of_its_object),
		trial_test(vanished_device_goes_with_its_interface),
		trial_test(device_that_vanishes_half_way_is_gone),
		trial_test(line_that_its_device_left_is_read_for_itself),
		trial_test(interface_asks_for_its_device_too),
		trial_test(vanished_interface_asks_for_its_device_once_more),
		trial_test(virtual_interface_asks_for_nobody),
		trial_test(interface_further_below_is_read_by_its_name),
		trial_test(renamed_interface_is_found_by_any_hint_of_it),
		trial_test(renamed_interface_keeps_its_record),
		trial_test(hint_that_names_no_interface_finds_none),
		trial_test(captured_interface_without_ifindex_gets_one_of_its_own),
		trial_test(live_interface_without_ifindex_just_went),
		trial_test(unknown_irq_is_found_at_its_device),
		trial_test(device_of_an_unknown_irq_is_searched_for),
		trial_test(number_that_went_to_another_device_is_found_there),
		trial_test(irq_of_no_device_comes_and_goes),
		trial_test(irq_that_its_chips_device_disowns_is_an_irq_of_nobody),
		trial_test(descriptor_that_nobody_requested_is_no_irq),
		trial_test(irqs_of_a_cpu_that_went_are_read_again_and_no_others),
		trial_test(managed_irqs_stop_and_start_with_their_cpus),
		trial_test(mask_that_lost_its_last_cpu_was_changed_by_the_kernel),
		trial_test(cpu_that_went_and_came_unseen_is_noticed_by_the_look_that_follows),
		trial_test(device_of_unknown_node_follows_the_cpus),
		trial_test(look_by_schedule_opens_no_file_of_a_vector),
		trial_test(look_by_schedule_finds_what_came_late),
		trial_test(adapter_is_awaited_until_its_network_device_was_there_before_it),
		trial_test(look_for_an_event_finds_each_difference),
		trial_test(resync_of_an_unchanged_machine_reads_nothing_again),
		trial_test(resync_finds_whatever_no_event_told),
		trial_test(resync_reads_only_what_differs),
		trial_test(proximity_rule_is_asked_at_every_reading_and_on_reload),
		trial_test(captured_properties_decide_homes_before_rules),
		trial_test(property_for_a_node_wakes_with_it),
		trial_test(captured_queues_tell_which_irq_serves_which),
		trial_test(queues_are_asked_for_only_of_what_is_up),
		trial_test(look_by_schedule_asks_no_queues_again),
		old_kernel_test(names_come_from_proc_interrupts_where_sysfs_has_none),
		old_kernel_test(resync_finds_the_same_on_an_old_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
