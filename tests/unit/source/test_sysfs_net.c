/* sysfs_net: network devices out of small trees, and the PCI devices that they belong to. */
#include <errno.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/sysfs_net.h"
#include "tree.h"

#define NET "sys/class/net/"
#define PCI "sys/bus/pci/devices/"

/* A folder in the device tree, and the class's link to it. */
static void put_netdev(const struct tree *tree, const char *parent, const char *name,
		       const char *flags)
{
	char path[256], target[256];

	(void) snprintf(path, sizeof(path), "sys/devices/%s/net/%s/ifindex", parent, name);
	tree_put(tree, path, "7\n");
	(void) snprintf(path, sizeof(path), "sys/devices/%s/net/%s/flags", parent, name);
	tree_put(tree, path, flags);
	(void) snprintf(path, sizeof(path), NET "%s", name);
	(void) snprintf(target, sizeof(target), "../../devices/%s/net/%s", parent, name);
	tree_link(tree, path, target);
}

/* irq NULL: no file */
static void put_pci(const struct tree *tree, const char *addr, const char *path, bool msi_irqs,
		    const char *irq)
{
	char name[256], target[256];

	(void) snprintf(name, sizeof(name), "sys/devices/%s/class", path);
	tree_put(tree, name, "0x020000\n");
	if (msi_irqs) {
		(void) snprintf(name, sizeof(name), "sys/devices/%s/msi_irqs", path);
		tree_dir(tree, name);
	}
	if (irq) {
		(void) snprintf(name, sizeof(name), "sys/devices/%s/irq", path);
		tree_put(tree, name, irq);
	}
	(void) snprintf(name, sizeof(name), PCI "%s", addr);
	(void) snprintf(target, sizeof(target), "../../../devices/%s", path);
	tree_link(tree, name, target);
}

static void assert_owner(const struct netdev_facts *facts, const char *wanted)
{
	char text[PCI_ADDR_TEXT];

	assert_int_equal(facts->has_device, wanted != NULL);
	if (wanted)
		assert_string_equal(pci_addr_format(&facts->addr, text), wanted);
}

static void a_network_device_tells_its_state_queues_and_owner(void **state)
{
	struct tree *tree = *state;
	struct netdev_facts facts;

	put_pci(tree, "0000:03:00.0", "pci0000:00/0000:00:1c.0/0000:03:00.0", true, "0\n");
	put_netdev(tree, "pci0000:00/0000:00:1c.0/0000:03:00.0", "eth0", "0x1003\n");
	tree_dir(tree, NET "eth0/queues/rx-0");
	tree_dir(tree, NET "eth0/queues/rx-1");
	tree_dir(tree, NET "eth0/queues/tx-0");
	tree_dir(tree, NET "eth0/queues/tx-10");
	tree_dir(tree, NET "eth0/queues/tx-9");
	tree_dir(tree, NET "eth0/queues/tx-");
	tree_dir(tree, NET "eth0/queues/power");

	assert_int_equal(netdev_read(&tree->root, "eth0", &facts), 0);
	assert_string_equal(facts.name, "eth0");
	assert_int_equal(facts.ifindex, 7);
	assert_true(facts.up);
	assert_owner(&facts, "0000:03:00.0");
	assert_int_equal(facts.rx_queues, 2);
	assert_int_equal(facts.tx_queues, 3);
	assert_int_equal(facts.queue_count, 0);
}

static void up_is_the_administrators_flag(void **state)
{
	static const struct {
		const char *flags, *operstate; /* NULL: no file */
		bool up;
	} cases[] = {
		{ "0x1003\n", "down\n", true }, { "0x1002\n", "up\n", false },
		{ "0x1\n", NULL, true },        { NULL, "up\n", true },
		{ NULL, "down\n", false },      { NULL, NULL, false },
		{ "rubbish\n", "up\n", true },  { "\n", "down\n", false },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct netdev_facts facts;

		tree_dir(tree, NET "eth0");
		if (cases[i].flags)
			tree_put(tree, NET "eth0/flags", cases[i].flags);
		if (cases[i].operstate)
			tree_put(tree, NET "eth0/operstate", cases[i].operstate);
		assert_int_equal(netdev_read(&tree->root, "eth0", &facts), 0);
		assert_int_equal(facts.up, cases[i].up);
		tree_drop(tree, "sys/class");
	}
}

static void the_vectors_of_virtio_are_its_pci_parents(void **state)
{
	struct tree *tree = *state;
	struct netdev_facts facts;

	put_pci(tree, "0000:00:03.0", "pci0000:00/0000:00:03.0", true, "0\n");
	put_netdev(tree, "pci0000:00/0000:00:03.0/virtio2", "ens3", "0x1003\n");
	assert_int_equal(netdev_read(&tree->root, "ens3", &facts), 0);
	assert_owner(&facts, "0000:00:03.0");
}

static void virtual_devices_belong_to_nobody(void **state)
{
	struct tree *tree = *state;
	struct netdev_facts facts;

	put_netdev(tree, "virtual", "br0", "0x1003\n");
	tree_dir(tree, NET "folder0");
	assert_int_equal(netdev_read(&tree->root, "br0", &facts), 0);
	assert_owner(&facts, NULL);
	assert_int_equal(netdev_read(&tree->root, "folder0", &facts), 0);
	assert_owner(&facts, NULL);
}

static void the_owner_is_the_nearest_that_can_interrupt(void **state)
{
	static const struct {
		bool own_msi, bridge_msi;
		const char *own_irq, *bridge_irq;
		const char *owner;
	} cases[] = {
		{ true, true, "0\n", "0\n", "0000:03:00.0" },
		{ false, true, "11\n", "0\n", "0000:03:00.0" },
		{ false, true, "0\n", "0\n", "0000:00:1c.0" },
		{ false, false, NULL, "16\n", "0000:00:1c.0" },
		{ false, false, "0\n", "0\n", "0000:03:00.0" },
		{ false, false, NULL, NULL, "0000:03:00.0" },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct netdev_facts facts;

		put_pci(tree, "0000:00:1c.0", "pci0000:00/0000:00:1c.0", cases[i].bridge_msi,
			cases[i].bridge_irq);
		put_pci(tree, "0000:03:00.0", "pci0000:00/0000:00:1c.0/0000:03:00.0",
			cases[i].own_msi, cases[i].own_irq);
		put_netdev(tree, "pci0000:00/0000:00:1c.0/0000:03:00.0", "eth0", "0x1003\n");
		assert_int_equal(netdev_read(&tree->root, "eth0", &facts), 0);
		assert_owner(&facts, cases[i].owner);
		tree_drop(tree, "sys/class");
		tree_drop(tree, "sys/bus");
		tree_drop(tree, "sys/devices");
	}
}

static void a_folder_in_the_class_is_followed_by_its_device_link(void **state)
{
	struct tree *tree = *state;
	struct netdev_facts facts;

	tree_put(tree, NET "eth0/ifindex", "2\n");
	tree_link(tree, NET "eth0/device", "../../../0000:03:00.0");
	tree_put(tree, NET "ens3/ifindex", "3\n");
	tree_link(tree, NET "ens3/device", "../../../virtio2");
	tree_link(tree, "sys/bus/virtio/devices/virtio2",
		  "../../../devices/pci0000:00/0000:00:03.0/virtio2");
	tree_link(tree, NET "odd0/device", "nowhere");
	tree_link(tree, NET "odd1/device", "../../../virtio99");

	assert_int_equal(netdev_read(&tree->root, "eth0", &facts), 0);
	assert_owner(&facts, "0000:03:00.0");
	assert_int_equal(netdev_read(&tree->root, "ens3", &facts), 0);
	assert_owner(&facts, "0000:00:03.0");
	assert_int_equal(netdev_read(&tree->root, "odd0", &facts), 0);
	assert_owner(&facts, NULL);
	assert_int_equal(netdev_read(&tree->root, "odd1", &facts), 0);
	assert_owner(&facts, NULL);
}

static void what_is_no_network_device_is_gone(void **state)
{
	static const char *const names[] = { "eth9",  "",         ".",
					     "..",    "a/b",      "bonding_masters",
					     "file0", "dangling", "name-longer-than-any-name" };
	struct tree *tree = *state;

	tree_put(tree, NET "bonding_masters", "\n");
	tree_put(tree, NET "file0", "\n");
	tree_link(tree, NET "dangling", "../../devices/gone/net/dangling");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct netdev_facts facts;
		unsigned int rx, tx;

		assert_int_equal(netdev_read(&tree->root, names[i], &facts), -ENOENT);
		assert_int_equal(netdev_read_queue_counts(&tree->root, names[i], &rx, &tx),
				 -ENOENT);
	}
}

static void received_packets_are_told_modulo_what_fits(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint32_t packets;
	} cases[] = {
		{ "0\n", 0, 0 },
		{ "123\n", 0, 123 },
		{ "4294967295\n", 0, UINT32_MAX },
		{ "4294967301\n", 0, 5 },
		{ "\n", -EINVAL, 77 },
		{ "", -EINVAL, 77 },
		{ "-1\n", -EINVAL, 77 },
		{ "12 \n", -EINVAL, 77 },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t packets = 77;

		tree_put(tree, "sys/class/net/eth0/statistics/rx_packets", cases[i].text);
		if (netdev_read_received(&tree->root, "eth0", &packets) != cases[i].result ||
		    packets != cases[i].packets)
			fail_msg("'%s': %u", cases[i].text, packets);
		tree_drop(tree, "sys/class");
	}
	assert_int_equal(netdev_read_received(&tree->root, "eth0", &(uint32_t){ 0 }), -ENOENT);
	assert_int_equal(netdev_read_received(&tree->root, "../eth0", &(uint32_t){ 0 }), -ENOENT);
}

static void all_names_are_listed_in_order(void **state)
{
	static const char *const wanted[] = { "eth0", "eth1", "lo" };
	struct tree *tree = *state;
	struct netdev_name_list list;

	assert_int_equal(netdev_list(&tree->root, &list), 0);
	assert_int_equal(list.count, 0);
	netdev_name_list_deinit(&list);

	tree_dir(tree, NET "lo");
	tree_dir(tree, NET "eth1");
	tree_dir(tree, NET "eth0");
	tree_put(tree, NET "bonding_masters", "\n");
	assert_int_equal(netdev_list(&tree->root, &list), 0);
	assert_int_equal(list.count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_string_equal(list.items[i], wanted[i]);
	netdev_name_list_deinit(&list);
}

static void a_pci_device_lists_its_own_and_its_virtio_childrens(void **state)
{
	static const char *const wanted[] = { "a0", "b0", "c0" };
	struct tree *tree = *state;
	struct pci_addr addr = { 0, 3, 0, 0 };
	struct netdev_name_list list;

	assert_int_equal(netdev_list_of_device(&tree->root, &addr, &list), -ENOENT);
	tree_dir(tree, PCI "0000:03:00.0/net/b0");
	tree_dir(tree, PCI "0000:03:00.0/net/a0");
	tree_dir(tree, PCI "0000:03:00.0/virtio2/net/c0");
	tree_dir(tree, PCI "0000:03:00.0/virtio3/block/vda");
	tree_dir(tree, PCI "0000:03:00.0/0000:04:00.0/net/other");
	tree_put(tree, PCI "0000:03:00.0/virtio4", "a file");
	assert_int_equal(netdev_list_of_device(&tree->root, &addr, &list), 0);
	assert_int_equal(list.count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_string_equal(list.items[i], wanted[i]);
	netdev_name_list_deinit(&list);

	addr.device = 9;
	tree_dir(tree, PCI "0000:03:09.0");
	assert_int_equal(netdev_list_of_device(&tree->root, &addr, &list), 0);
	assert_int_equal(list.count, 0);
	netdev_name_list_deinit(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_network_device_tells_its_state_queues_and_owner),
		tree_test(up_is_the_administrators_flag),
		tree_test(received_packets_are_told_modulo_what_fits),
		tree_test(the_vectors_of_virtio_are_its_pci_parents),
		tree_test(virtual_devices_belong_to_nobody),
		tree_test(the_owner_is_the_nearest_that_can_interrupt),
		tree_test(a_folder_in_the_class_is_followed_by_its_device_link),
		tree_test(what_is_no_network_device_is_gone),
		tree_test(all_names_are_listed_in_order),
		tree_test(a_pci_device_lists_its_own_and_its_virtio_childrens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
