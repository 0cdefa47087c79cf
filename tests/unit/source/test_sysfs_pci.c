/* sysfs_pci: one PCI device out of small trees: whole, half-configured, vanishing, odd. */
#include <errno.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/sysfs_pci.h"
#include "tree.h"

#define PCI     "sys/bus/pci/devices/"
#define BRIDGE  "sys/devices/pci0000:00/0000:00:1c.0/"
#define NIC     BRIDGE "0000:03:00.0/"
#define NIC_BUS PCI "0000:03:00.0"

/* A NIC behind a bridge, as in a live tree: the bus folder holds links. */
static void put_nic(const struct tree *tree, const char *node)
{
	tree_put(tree, NIC "class", "0x020000\n");
	tree_put(tree, NIC "vendor", "0x8086\n");
	tree_put(tree, NIC "device", "0x1583\n");
	tree_put(tree, NIC "numa_node", node);
	tree_put(tree, NIC "local_cpulist", "0-3\n");
	tree_put(tree, NIC "irq", "16\n");
	tree_link(tree, NIC "driver", "../../../../bus/pci/drivers/i40e");
	tree_put(tree, BRIDGE "class", "0x060400\n");
	tree_put(tree, BRIDGE "numa_node", "1\n");
	tree_put(tree, BRIDGE "local_cpulist", "4-7\n");
	tree_link(tree, NIC_BUS, "../../../devices/pci0000:00/0000:00:1c.0/0000:03:00.0");
	tree_link(tree, PCI "0000:00:1c.0", "../../../devices/pci0000:00/0000:00:1c.0");
}

/* chip, hwirq NULL: the IRQ is not in /sys/kernel/irq. */
static void put_vector(const struct tree *tree, unsigned int number, const char *type,
		       const char *chip, const char *hwirq)
{
	char name[128];

	(void) snprintf(name, sizeof(name), NIC "msi_irqs/%u", number);
	tree_put(tree, name, type);
	(void) snprintf(name, sizeof(name), "proc/irq/%u/smp_affinity_list", number);
	tree_put(tree, name, "0-7\n");
	if (!chip)
		return;
	(void) snprintf(name, sizeof(name), "sys/kernel/irq/%u/actions", number);
	tree_put(tree, name, "eth0\n");
	(void) snprintf(name, sizeof(name), "sys/kernel/irq/%u/chip_name", number);
	tree_put(tree, name, chip);
	(void) snprintf(name, sizeof(name), "sys/kernel/irq/%u/hwirq", number);
	tree_put(tree, name, hwirq);
}

static struct pci_addr addr_of(const char *text)
{
	struct pci_addr addr;

	assert_int_equal(pci_addr_parse(text, &addr), 0);
	return addr;
}

struct trial {
	struct mask_table masks;
	struct device_reading reading;
	int r;
};

static void trial_read(struct trial *trial, struct tree *tree, const char *addr,
		       const struct action_table *actions)
{
	struct pci_addr device = addr_of(addr);

	trial->reading = DEVICE_READING_INIT;
	assert_int_equal(mask_table_init(&trial->masks), 0);
	trial->r = device_read(&tree->root, &device, &trial->masks, actions, &trial->reading);
}

static void trial_end(struct trial *trial)
{
	device_reading_deinit(&trial->reading);
	mask_table_deinit(&trial->masks);
}

static void assert_mask(const struct mask_table *masks, mask_id id, const char *wanted)
{
	char text[CPULIST_TEXT];
	struct cpumask mask;

	mask_get(masks, id, &mask);
	cpulist_format(&mask, text, sizeof(text));
	assert_string_equal(text, wanted);
}

static void a_device_tells_what_it_is_where_and_with_which_vectors(void **state)
{
	struct tree *tree = *state;
	struct trial trial;
	const struct device_facts *facts = &trial.reading.facts;

	put_nic(tree, "0\n");
	for (unsigned int i = 0; i < 12; i++) {
		char hwirq[16];

		(void) snprintf(hwirq, sizeof(hwirq), "%u\n", i);
		put_vector(tree, 95 + i, "msix\n", "PCI-MSIX-0000:03:00.0\n", hwirq);
	}
	trial_read(&trial, tree, "0000:03:00.0", NULL);
	assert_int_equal(trial.r, 0);
	assert_int_equal(facts->class, 0x020000);
	assert_int_equal(facts->vendor, 0x8086);
	assert_int_equal(facts->device, 0x1583);
	assert_string_equal(facts->driver, "i40e");
	assert_int_equal(facts->node, 0);
	assert_false(facts->node_from_parent);
	assert_false(facts->ignored);
	assert_int_equal(facts->override.kind, OVERRIDE_NONE);
	assert_mask(&trial.masks, facts->local_cpus, "0-3");
	assert_int_equal(facts->irq_count, 12);
	for (unsigned int i = 0; i < 12; i++) {
		assert_int_equal(facts->irqs[i].number, 95 + i);
		assert_int_equal(facts->irqs[i].index, i);
		assert_int_equal(facts->irqs[i].type, IRQ_MSIX);
		assert_true(facts->irqs[i].requested);
		assert_string_equal(facts->irqs[i].actions, "eth0");
	}
	trial_end(&trial);
}

static void the_chip_is_read_once_for_all_vectors(void **state)
{
	struct tree *tree = *state;
	struct trial trial;
	uint64_t first, second;

	put_nic(tree, "0\n");
	put_vector(tree, 40, "msix\n", "PCI-MSIX-0000:03:00.0\n", "0\n");
	first = tree->root.opened;
	trial_read(&trial, tree, "0000:03:00.0", NULL);
	first = tree->root.opened - first;
	trial_end(&trial);

	put_vector(tree, 41, "msix\n", "PCI-MSIX-0000:03:00.0\n", "1\n");
	second = tree->root.opened;
	trial_read(&trial, tree, "0000:03:00.0", NULL);
	second = tree->root.opened - second;
	trial_end(&trial);
	assert_int_equal(second - first, 3); /* smp_affinity, actions, hwirq */
}

static void vectors_keep_their_index_or_their_place(void **state)
{
	static const struct {
		const char *chips[3], *hwirqs[3];
		unsigned int indexes[3];
	} cases[] = {
		{ { "PCI-MSIX-0000:03:00.0\n", "PCI-MSIX-0000:03:00.0\n",
		    "PCI-MSIX-0000:03:00.0\n" },
		  { "4\n", "0\n", "9\n" },
		  { 4, 0, 9 } },
		{ { "PCI-MSI\n", "PCI-MSI\n", "PCI-MSI\n" },
		  { "67633153\n", "67633152\n", "67633159\n" },
		  { 1, 0, 7 } },
		{ { "PCI-MSI\n", "PCI-MSI\n", "PCI-MSI\n" }, { "5\n", "7\n", "5\n" }, { 0, 1, 2 } },
		{ { "PCI-MSI\n", "PCI-MSI\n", "PCI-MSI\n" }, { "0\n", "0\n", "0\n" }, { 0, 1, 2 } },
		{ { "other\n", "other\n", "other\n" }, { "90\n", "95\n", "91\n" }, { 0, 1, 2 } },
		{ { NULL, NULL, NULL }, { NULL, NULL, NULL }, { 0, 1, 2 } },
		{ { "PCI-MSI\n", "PCI-MSI\n", NULL }, { "8\n", "9\n", NULL }, { 8, 9, 2 } },
		{ { "PCI-MSI\n", NULL, "PCI-MSI\n" }, { "0\n", NULL, "1\n" }, { 0, 1, 2 } },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial trial;

		put_nic(tree, "0\n");
		for (unsigned int k = 0; k < 3; k++)
			put_vector(tree, 40 + k, "msix\n", cases[i].chips[k], cases[i].hwirqs[k]);
		trial_read(&trial, tree, "0000:03:00.0", NULL);
		assert_int_equal(trial.r, 0);
		assert_int_equal(trial.reading.facts.irq_count, 3);
		for (unsigned int k = 0; k < 3; k++)
			assert_int_equal(trial.reading.facts.irqs[k].index, cases[i].indexes[k]);
		trial_end(&trial);
		tree_drop(tree, "sys/bus");
		tree_drop(tree, "sys/devices");
		tree_drop(tree, "sys/kernel");
	}
}

static void msi_and_msix_are_told_apart(void **state)
{
	static const struct {
		const char *type, *irq; /* type NULL: a folder */
		enum irq_type wanted;
	} cases[] = {
		{ "msi\n", "40\n", IRQ_MSI },   { "msix\n", "0\n", IRQ_MSIX },
		{ "msix\n", "40\n", IRQ_MSIX }, { NULL, "40\n", IRQ_MSI },
		{ NULL, "16\n", IRQ_MSIX },     { NULL, "x\n", IRQ_MSIX },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial trial;

		put_nic(tree, "0\n");
		tree_put(tree, NIC "irq", cases[i].irq);
		if (cases[i].type)
			tree_put(tree, NIC "msi_irqs/40", cases[i].type);
		else
			tree_dir(tree, NIC "msi_irqs/40");
		trial_read(&trial, tree, "0000:03:00.0", NULL);
		assert_int_equal(trial.r, 0);
		assert_int_equal(trial.reading.facts.irq_count, 1);
		assert_int_equal(trial.reading.facts.irqs[0].type, cases[i].wanted);
		assert_false(trial.reading.facts.irqs[0].requested);
		trial_end(&trial);
		tree_drop(tree, "sys/bus");
		tree_drop(tree, "sys/devices");
	}
}

static void the_line_counts_only_with_a_driver_and_an_irq(void **state)
{
	static const struct {
		bool msi_folder, driver;
		const char *irq;
		bool in_proc, in_sys;
		unsigned int irqs;
	} cases[] = {
		{ false, true, "16\n", true, false, 1 },
		{ false, true, "16\n", false, true, 1 },
		{ true, true, "16\n", true, true, 1 },
		{ false, false, "16\n", true, true, 0 },
		{ false, true, "0\n", true, true, 0 },
		{ false, true, "\n", true, true, 0 },
		{ false, true, "255x\n", true, true, 0 },
		{ false, true, "99999999999\n", true, true, 0 },
		{ false, true, "17\n", true, true, 0 },
		{ false, true, "16\n", false, false, 0 },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pci_addr addr = addr_of("0000:03:00.0");
		struct irq_number_list numbers;
		struct trial trial;

		put_nic(tree, "0\n");
		tree_put(tree, NIC "irq", cases[i].irq);
		if (cases[i].msi_folder)
			tree_dir(tree, NIC "msi_irqs");
		if (!cases[i].driver)
			tree_drop(tree, NIC "driver");
		if (cases[i].in_proc) {
			tree_put(tree, "proc/irq/16/smp_affinity_list", "1\n");
			tree_dir(tree, "proc/irq/16/ehci_hcd:usb1");
		}
		if (cases[i].in_sys)
			tree_put(tree, "sys/kernel/irq/16/actions", "ehci_hcd:usb1\n");

		trial_read(&trial, tree, "0000:03:00.0", NULL);
		assert_int_equal(trial.r, 0);
		assert_int_equal(trial.reading.facts.irq_count, cases[i].irqs);
		if (cases[i].irqs) {
			assert_int_equal(trial.reading.facts.irqs[0].type, IRQ_INTX);
			assert_int_equal(trial.reading.facts.irqs[0].number, 16);
			assert_int_equal(trial.reading.facts.irqs[0].index, 0);
			assert_int_equal(trial.reading.facts.irqs[0].requested, cases[i].in_proc);
		}
		trial_end(&trial);

		assert_int_equal(device_irq_numbers(&tree->root, &addr, &numbers), 0);
		assert_int_equal(numbers.count, cases[i].irqs);
		irq_number_list_deinit(&numbers);

		tree_drop(tree, "sys/bus");
		tree_drop(tree, "sys/devices");
		tree_drop(tree, "sys/kernel");
		tree_drop(tree, "proc/irq");
	}
}

static void the_nearest_parent_that_knows_gives_the_node(void **state)
{
	static const struct {
		const char *own, *bridge; /* NULL: no file */
		int node;
		bool from_parent;
		const char *cpus;
	} cases[] = {
		{ "0\n", "1\n", 0, false, "0-3" },
		{ "-1\n", "1\n", 1, true, "4-7" },
		{ "-1\n", "-1\n", NODE_NONE, false, "0-3" },
		{ NULL, "1\n", 1, true, "4-7" },
		{ "x\n", "1\n", 1, true, "4-7" },
		{ "-1\n", "\n", NODE_NONE, false, "0-3" },
		{ "-1\n", NULL, NODE_NONE, false, "0-3" },
		{ "99999\n", "1\n", 1, true, "4-7" },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial trial;

		put_nic(tree, "0\n");
		if (cases[i].own)
			tree_put(tree, NIC "numa_node", cases[i].own);
		else
			tree_drop(tree, NIC "numa_node");
		if (cases[i].bridge)
			tree_put(tree, BRIDGE "numa_node", cases[i].bridge);
		else
			tree_drop(tree, BRIDGE "numa_node");

		trial_read(&trial, tree, "0000:03:00.0", NULL);
		assert_int_equal(trial.r, 0);
		assert_int_equal(trial.reading.facts.node, cases[i].node);
		assert_int_equal(trial.reading.facts.node_from_parent, cases[i].from_parent);
		assert_mask(&trial.masks, trial.reading.facts.local_cpus, cases[i].cpus);
		trial_end(&trial);
		tree_drop(tree, "sys/bus");
		tree_drop(tree, "sys/devices");
	}
}

static void local_cpus_may_be_hex_or_missing(void **state)
{
	static const struct {
		const char *list, *hex; /* NULL: no file */
		const char *wanted;
	} cases[] = {
		{ "0-3\n", "f0\n", "0-3" }, { NULL, "00000000,000000f0\n", "4-7" },
		{ "x\n", "f0\n", "4-7" },   { NULL, NULL, "" },
		{ "\n", NULL, "" },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial trial;

		put_nic(tree, "0\n");
		tree_drop(tree, NIC "local_cpulist");
		if (cases[i].list)
			tree_put(tree, NIC "local_cpulist", cases[i].list);
		if (cases[i].hex)
			tree_put(tree, NIC "local_cpus", cases[i].hex);
		trial_read(&trial, tree, "0000:03:00.0", NULL);
		assert_int_equal(trial.r, 0);
		assert_mask(&trial.masks, trial.reading.facts.local_cpus, cases[i].wanted);
		trial_end(&trial);
		tree_drop(tree, "sys/bus");
		tree_drop(tree, "sys/devices");
	}
}

static void a_device_that_is_not_there_is_gone(void **state)
{
	struct tree *tree = *state;
	struct pci_addr addr = addr_of("0000:03:00.0");
	struct irq_number_list numbers;
	struct trial trial;

	trial_read(&trial, tree, "0000:03:00.0", NULL);
	assert_int_equal(trial.r, -ENOENT);
	assert_null(trial.reading.irqs);
	trial_end(&trial);
	assert_int_equal(device_irq_numbers(&tree->root, &addr, &numbers), -ENOENT);

	/* The link outlives what it names, and so may any file of it. */
	put_nic(tree, "0\n");
	tree_drop(tree, "sys/devices");
	trial_read(&trial, tree, "0000:03:00.0", NULL);
	assert_int_equal(trial.r, -ENOENT);
	trial_end(&trial);
	assert_int_equal(device_irq_numbers(&tree->root, &addr, &numbers), -ENOENT);
}

static void a_device_may_lack_any_single_file(void **state)
{
	static const char *const files[] = { "class",         "vendor", "device", "numa_node",
					     "local_cpulist", "irq",    "driver", "msi_irqs" };
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		for (int folder = 0; folder < 2; folder++) {
			struct trial trial;
			char name[128];

			put_nic(tree, "0\n");
			put_vector(tree, 40, "msix\n", NULL, NULL);
			(void) snprintf(name, sizeof(name), NIC "%s", files[i]);
			tree_drop(tree, name);
			if (folder)
				tree_dir(tree, name);
			trial_read(&trial, tree, "0000:03:00.0", NULL);
			assert_int_equal(trial.r, 0);
			assert_non_null(trial.reading.facts.driver);
			trial_end(&trial);
			tree_drop(tree, "sys/bus");
			tree_drop(tree, "sys/devices");
		}
}

static void a_vector_that_no_irq_stands_behind_is_unrequested(void **state)
{
	struct tree *tree = *state;
	struct trial trial;

	put_nic(tree, "0\n");
	tree_put(tree, NIC "msi_irqs/40", "msix\n");
	tree_put(tree, NIC "msi_irqs/41", "msix\n");
	tree_put(tree, "proc/irq/41/smp_affinity_list", "1\n");
	tree_dir(tree, "proc/irq/41/eth0");
	tree_link(tree, NIC "msi_irqs/42", "nowhere"); /* freed while we looked */
	trial_read(&trial, tree, "0000:03:00.0", NULL);
	assert_int_equal(trial.r, 0);
	assert_int_equal(trial.reading.facts.irq_count, 2);
	assert_int_equal(trial.reading.facts.irqs[0].number, 40);
	assert_false(trial.reading.facts.irqs[0].requested);
	assert_string_equal(trial.reading.facts.irqs[0].actions, "");
	assert_int_equal(trial.reading.facts.irqs[0].asked, MASK_NONE);
	assert_int_equal(trial.reading.facts.irqs[1].number, 41);
	assert_true(trial.reading.facts.irqs[1].requested);
	trial_end(&trial);
}

static void vectors_are_listed_by_number(void **state)
{
	static const char *const names[] = { "100", "99", "9", "x", "007", "9999999999" };
	static const unsigned int wanted[] = { 9, 99, 100 };
	struct tree *tree = *state;
	struct pci_addr addr = addr_of("0000:03:00.0");
	struct irq_number_list numbers;
	char name[128];

	put_nic(tree, "0\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void) snprintf(name, sizeof(name), NIC "msi_irqs/%s", names[i]);
		tree_put(tree, name, "msix\n");
	}
	assert_int_equal(device_irq_numbers(&tree->root, &addr, &numbers), 0);
	assert_int_equal(numbers.count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_int_equal(numbers.items[i], wanted[i]);
	irq_number_list_deinit(&numbers);
}

static void devices_are_listed_by_address(void **state)
{
	static const char *const names[] = { "10000:e1:00.0", "0000:03:00.1", "0000:03:00.0",
					     "rubbish", "0000:03:00" };
	static const char *const wanted[] = { "0000:03:00.0", "0000:03:00.1", "10000:e1:00.0" };
	struct tree *tree = *state;
	struct pci_addr_list list;
	char name[128];

	assert_int_equal(device_list(&tree->root, &list), 0);
	assert_int_equal(list.count, 0);
	pci_addr_list_deinit(&list);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void) snprintf(name, sizeof(name), PCI "%s", names[i]);
		tree_dir(tree, name);
	}
	assert_int_equal(device_list(&tree->root, &list), 0);
	assert_int_equal(list.count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct pci_addr addr = addr_of(wanted[i]);

		assert_true(pci_addr_equal(&list.items[i], &addr));
	}
	pci_addr_list_deinit(&list);
}

/* As the kernel has it. The single files are read where it tells less. */
static void one_file_tells_the_identity(void **state)
{
	static const struct {
		const char *uevent, *driver;
		uint32_t class;
		uint16_t vendor, device;
	} cases[] = {
		{ "DRIVER=igb\nPCI_CLASS=20000\nPCI_ID=8086:10C9\nMODALIAS=pci:v00008086\n", "igb",
		  0x020000, 0x8086, 0x10c9 },
		{ "PCI_CLASS=10802\nPCI_ID=1B36:0010\n", "i40e", 0x010802, 0x1b36, 0x0010 },
		{ "DRIVER=igb\nPCI_CLASS=20000\n", "igb", 0x020000, 0x8086, 0x1572 },
		{ "DRIVER=igb\nPCI_CLASS=x\nPCI_ID=8086\n", "igb", 0x020000, 0x8086, 0x1572 },
		{ "PCI_CLASS\n\n=", "i40e", 0x020000, 0x8086, 0x1572 },
		{ "", "i40e", 0x020000, 0x8086, 0x1572 },
	};
	struct tree *tree = *state;

	put_nic(tree, "0\n");
	tree_put(tree, NIC "class", "0x020000\n");
	tree_put(tree, NIC "vendor", "0x8086\n");
	tree_put(tree, NIC "device", "0x1572\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct device_identity identity;
		struct pci_addr addr = addr_of("0000:03:00.0");
		struct trial trial;

		tree_put(tree, NIC "uevent", cases[i].uevent);
		assert_int_equal(device_read_identity(&tree->root, &addr, &identity), 0);
		assert_string_equal(identity.driver, cases[i].driver);
		assert_int_equal(identity.class, cases[i].class);
		assert_int_equal(identity.vendor, cases[i].vendor);
		assert_int_equal(identity.device, cases[i].device);
		trial_read(&trial, tree, "0000:03:00.0", NULL);
		assert_int_equal(trial.r, 0);
		assert_string_equal(trial.reading.facts.driver, cases[i].driver);
		assert_int_equal(trial.reading.facts.class, cases[i].class);
		assert_int_equal(trial.reading.facts.vendor, cases[i].vendor);
		assert_int_equal(trial.reading.facts.device, cases[i].device);
		trial_end(&trial);
	}
}

static void a_longer_driver_name_than_any_is_cut(void **state)
{
	struct tree *tree = *state;
	struct trial trial;
	char target[256] = "../";

	memset(target + 3, 'd', 200);
	tree_dir(tree, PCI "0000:00:01.0");
	tree_link(tree, PCI "0000:00:01.0/driver", target);
	trial_read(&trial, tree, "0000:00:01.0", NULL);
	assert_int_equal(trial.r, 0);
	assert_int_equal(strlen(trial.reading.facts.driver),
			 sizeof(trial.reading.identity.driver) - 1);
	assert_ptr_equal(trial.reading.facts.driver, trial.reading.identity.driver);
	trial_end(&trial);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_device_tells_what_it_is_where_and_with_which_vectors),
		tree_test(one_file_tells_the_identity),
		tree_test(the_chip_is_read_once_for_all_vectors),
		tree_test(vectors_keep_their_index_or_their_place),
		tree_test(msi_and_msix_are_told_apart),
		tree_test(the_line_counts_only_with_a_driver_and_an_irq),
		tree_test(the_nearest_parent_that_knows_gives_the_node),
		tree_test(local_cpus_may_be_hex_or_missing),
		tree_test(a_device_that_is_not_there_is_gone),
		tree_test(a_device_may_lack_any_single_file),
		tree_test(a_vector_that_no_irq_stands_behind_is_unrequested),
		tree_test(vectors_are_listed_by_number),
		tree_test(devices_are_listed_by_address),
		tree_test(a_longer_driver_name_than_any_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
