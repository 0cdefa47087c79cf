/*
 * The readers against recordings of real machines. Some archives lie in the project's fixtures;
 * others may not be shipped with it and are read from SHARED_FIXTURES, if that is there. What lscpu
 * and lstopo read out of the same trees is compared, where these are installed.
 */
#include <dirent.h>
#include <errno.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/proc_irq.h"
#include "irqherd/source/sysfs_cpu.h"
#include "irqherd/source/sysfs_net.h"
#include "irqherd/source/sysfs_pci.h"
#include "tree.h"

#ifndef SHARED_FIXTURES
#define SHARED_FIXTURES "/nonexistent"
#endif

struct netdev_case {
	const char *name, *owner; /* owner NULL: virtual, and its link leads nowhere here */
	bool up;
	unsigned int queues;
};

struct machine_case {
	const char *archive;
	const char *possible, *online;
	unsigned int nodes, cores, packages, llcs;
	bool nodes_overlap;
	unsigned int devices;
	unsigned int node_of_devices[4]; /* how many are on node 0, 1, 2 and 3 */
	struct netdev_case netdevs[8];
};

static const struct machine_case machines[] = {
	{
		.archive = FIXTURES "/hwloc/2pa-pcidomain32bits.tar.bz2",
		.possible = "0-1",
		.online = "0-1",
		.nodes = 1,
		.cores = 2,
		.packages = 2,
		.llcs = 2,
		.devices = 9,
		.netdevs = { { "ens3", "0000:00:03.0", true, 1 }, { "lo", NULL, false, 0 } },
	},
	{
		.archive = FIXTURES "/hwloc/8em64t-2s2ca2c-buggynuma.tar.bz2",
		.possible = "0-7",
		.online = "0-7",
		.nodes = 8,
		.cores = 8,
		.packages = 2,
		.llcs = 4,
		.nodes_overlap = true,
	},
	{
		.archive = FIXTURES "/hwloc/32em64t-2n8c+dax+nvme+mic+dimms.tar.bz2",
		.possible = "0-127",
		.online = "0-15",
		.nodes = 2,
		.cores = 16,
		.packages = 2,
		.llcs = 2,
		.devices = 137,
		.node_of_devices = { 28, 16 },
		.netdevs = { { "eth0", "0000:02:00.0", true, 8 },
			     { "eth1", "0000:02:00.3", false, 8 },
			     { "ib0", "0000:82:00.0", true, 1 },
			     { "br0", NULL, false, 0 } },
	},
	{
		.archive = FIXTURES "/hwloc/40intel64-2g2n4c+pcilocality.tar.bz2",
		.possible = "0-79",
		.online = "0-39",
		.nodes = 4,
		.cores = 40,
		.packages = 4,
		.llcs = 4,
		.devices = 37,
		.node_of_devices = { 0, 0, 1, 0 },
		.netdevs = { { "eth0", "0000:02:00.0", true, 8 },
			     { "eth1", "0000:02:00.1", false, 8 },
			     { "eth2", "0000:03:00.0", false, 8 },
			     { "eth3", "0000:03:00.1", false, 8 },
			     { "ib0", "0000:43:00.0", true, 1 } },
	},
	{
		.archive = FIXTURES "/hwloc/48amd64-4pa2n6c-sparse.tar.bz2",
		.possible = "0-47",
		.online = "0-47",
		.nodes = 8,
		.cores = 48,
		.packages = 4,
		.llcs = 8,
	},
	{
		.archive = SHARED_FIXTURES "/real/util-linux/x86_64-epyc_7451.tar.gz",
		.possible = "0-95",
		.online = "0-95",
		.nodes = 8,
		.cores = 48,
		.packages = 2,
		.llcs = 16,
	},
	{
		.archive = SHARED_FIXTURES "/real/util-linux/vmware_fpe.tar.gz",
		.possible = "0-31",
		.online = "0-15",
		.nodes = 4,
		.cores = 8,
		.packages = 2,
		.llcs = 4,
	},
};

/* What none of the readers, nor lscpu or lstopo, needs; most of the files. */
static const char *const left_out[] = { "memory*",    "power",     "cpuidle",          "cpufreq",
					"statistics", "hugepages", "thermal_throttle", "microcode",
					"LNXSYSTM*",  "dev" };

static struct tree recordings;
static char folders[ARRAY_SIZE(machines)][512]; /* "": the machine is not here */

/* The one folder that an archive unpacks into, whatever its name. */
static void unpack(const char *archive, size_t number, char folder[512])
{
	char command[4096];
	size_t length;
	struct dirent *entry;
	DIR *directory;

	if (access(archive, R_OK) < 0) {
		print_message("left out, as it is not here: %s\n", archive);
		return;
	}
	length = (size_t) snprintf(command, sizeof(command),
				   "mkdir '%s/%zu' && tar -xf '%s' -C '%s/%zu'", recordings.path,
				   number, archive, recordings.path, number);
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++)
		length += (size_t) snprintf(command + length, sizeof(command) - length,
					    " --exclude='*/%s'", left_out[i]);
	assert_true(length < sizeof(command));
	if (system(command) != 0) {
		print_message("left out, as tar cannot unpack it: %s\n", archive);
		return;
	}

	(void) snprintf(folder, 512, "%s/%zu", recordings.path, number);
	directory = opendir(folder);
	assert_non_null(directory);
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			(void) snprintf(folder, 512, "%s/%zu/%.256s", recordings.path, number,
					entry->d_name);
	(void) closedir(directory);
}

static int unpack_all(void **state)
{
	(void) state;
	tree_make(&recordings);
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		unpack(machines[i].archive, i, folders[i]);
	return 0;
}

static int remove_all(void **state)
{
	(void) state;
	tree_remove(&recordings);
	return 0;
}

static void assert_list(const struct cpumask *mask, const char *wanted)
{
	char text[CPULIST_TEXT];

	cpulist_format(mask, text, sizeof(text));
	assert_string_equal(text, wanted);
}

static void check_topology(const struct machine_case *machine, const struct topology *topology)
{
	unsigned int cores = 0, packages = 0, llcs = 0;

	assert_list(&topology->possible, machine->possible);
	assert_list(&topology->online, machine->online);
	assert_int_equal(topology->node_count, machine->nodes);
	cpumask_foreach(cpu, &topology->online) {
		const struct cpu *record = &topology->cpus[cpu];

		cores += record->core == cpu;
		packages += record->package == cpu;
		llcs += record->llc == cpu;
		assert_int_equal(record->first_thread, record->core == cpu);
		assert_int_not_equal(record->node, NODE_NONE);
	}
	assert_int_equal(cores, machine->cores);
	assert_int_equal(packages, machine->packages);
	assert_int_equal(llcs, machine->llcs);
}

/* Two names of one thing: each must always go with the same other one. */
struct naming {
	int ours[CPU_LIMIT];   /* by their number; CPU_NONE: not met */
	int theirs[CPU_LIMIT]; /* by our number */
};

static void naming_start(struct naming *naming)
{
	for (unsigned int i = 0; i < CPU_LIMIT; i++)
		naming->ours[i] = naming->theirs[i] = CPU_NONE;
}

static void naming_check(struct naming *naming, int theirs, int ours)
{
	assert_in_range(theirs, 0, CPU_LIMIT - 1);
	assert_in_range(ours, 0, CPU_LIMIT - 1);
	if (naming->ours[theirs] == CPU_NONE && naming->theirs[ours] == CPU_NONE) {
		naming->ours[theirs] = ours;
		naming->theirs[ours] = theirs;
	}
	assert_int_equal(naming->ours[theirs], ours);
	assert_int_equal(naming->theirs[ours], theirs);
}

static void compare_with_lscpu(const char *folder, const struct topology *topology)
{
	static struct naming cores, packages;
	char command[4096], line[256];
	unsigned int count = 0;
	FILE *out;

	(void) snprintf(command, sizeof(command),
			"lscpu -s '%s' -p=cpu,core,socket,node 2>/dev/null", folder);
	out = popen(command, "r");
	assert_non_null(out);
	naming_start(&cores);
	naming_start(&packages);
	while (fgets(line, sizeof(line), out)) {
		int cpu, core, package, node;

		if (sscanf(line, "%d,%d,%d,%d", &cpu, &core, &package, &node) != 4)
			continue;
		assert_true(cpumask_test(&topology->online, cpu));
		naming_check(&cores, core, topology->cpus[cpu].core);
		naming_check(&packages, package, topology->cpus[cpu].package);
		assert_int_equal(topology->cpus[cpu].node, node);
		count++;
	}
	if (pclose(out) != 0 || count == 0) {
		print_message("lscpu did not read it\n");
		return;
	}
	assert_int_equal(count, cpumask_count(&topology->online));
}

/* The value of an attribute in a line of XML; "" if it has none. */
static void get_attribute(const char *line, const char *name, char value[1024])
{
	char start[64];
	const char *from, *to;

	(void) snprintf(start, sizeof(start), " %s=\"", name);
	value[0] = '\0';
	from = strstr(line, start);
	if (!from)
		return;
	from += strlen(start);
	to = strchr(from, '"');
	if (to && to - from < 1024) {
		memcpy(value, from, (size_t) (to - from));
		value[to - from] = '\0';
	}
}

/* "0x00000011,,0x1" is "00000011,0,1" for us. */
static void parse_hwloc_set(const char *text, struct cpumask *mask)
{
	char plain[1024];
	size_t length = 0;

	for (const char *p = text; *p && length + 2 < sizeof(plain); p++) {
		if (p[0] == '0' && p[1] == 'x') {
			p++;
			continue;
		}
		if (*p == ',' && (length == 0 || plain[length - 1] == ','))
			plain[length++] = '0';
		plain[length++] = *p;
	}
	plain[length] = '\0';
	assert_int_equal(cpumask_parse(plain, mask), 0);
}

static void check_object(const char *line, const char *type, const struct machine_case *machine,
			 const struct topology *topology)
{
	char value[1024];
	struct cpumask cpus;

	get_attribute(line, "cpuset", value);
	if (value[0] == '\0')
		return;
	parse_hwloc_set(value, &cpus);
	cpus = cpumask_and(&cpus, &topology->online);

	if (strcmp(type, "NUMANode") == 0) {
		const struct node *node;

		if (machine->nodes_overlap)
			return;
		get_attribute(line, "os_index", value);
		node = topology_find_node(topology, atoi(value));
		assert_non_null(node);
		assert_true(cpumask_equal(&node->cpus, &cpus));
	}
	cpumask_foreach(cpu, &cpus) {
		if (strcmp(type, "Core") == 0)
			assert_int_equal(topology->cpus[cpu].core, cpumask_first(&cpus));
		else if (strcmp(type, "Package") == 0)
			assert_int_equal(topology->cpus[cpu].package, cpumask_first(&cpus));
		else if (strcmp(type, "L3Cache") == 0)
			assert_int_equal(topology->cpus[cpu].llc, cpumask_first(&cpus));
	}
}

static void check_pci_object(const char *line, struct fsroot *root, struct mask_table *masks)
{
	struct device_reading reading;
	unsigned int class, vendor, device;
	struct pci_addr addr;
	char value[1024];

	get_attribute(line, "pci_busid", value);
	assert_int_equal(pci_addr_parse(value, &addr), 0);
	get_attribute(line, "pci_type", value);
	assert_int_equal(sscanf(value, "%x [%x:%x]", &class, &vendor, &device), 3);
	assert_int_equal(device_read(root, &addr, masks, NULL, &reading), 0);
	assert_int_equal(reading.facts.class >> 8, class);
	assert_int_equal(reading.facts.vendor, vendor);
	assert_int_equal(reading.facts.device, device);
	device_reading_deinit(&reading);
}

static void compare_with_lstopo(const char *folder, const struct machine_case *machine,
				struct fsroot *root, struct mask_table *masks,
				const struct topology *topology)
{
	char command[4096], line[8192], type[1024];
	unsigned int count = 0;
	FILE *out;

	(void) snprintf(command, sizeof(command),
			"lstopo-no-graphics --input '%s' --filter io:all --of xml 2>/dev/null",
			folder);
	out = popen(command, "r");
	assert_non_null(out);
	while (fgets(line, sizeof(line), out)) {
		if (!strstr(line, "<object "))
			continue;
		get_attribute(line, "type", type);
		if (strcmp(type, "PCIDev") == 0)
			check_pci_object(line, root, masks);
		else
			check_object(line, type, machine, topology);
		count++;
	}
	if (pclose(out) != 0 || count == 0)
		print_message("lstopo did not read it\n");
}

static void check_devices(const struct machine_case *machine, struct fsroot *root,
			  struct mask_table *masks)
{
	unsigned int on_node[ARRAY_SIZE(machine->node_of_devices)] = { 0 };
	struct pci_addr_list list;

	assert_int_equal(device_list(root, &list), 0);
	assert_int_equal(list.count, machine->devices);
	for (size_t i = 0; i < list.count; i++) {
		struct device_reading reading;
		struct irq_number_list numbers;

		assert_int_equal(device_read(root, &list.items[i], masks, NULL, &reading), 0);
		assert_true(pci_addr_equal(&reading.facts.addr, &list.items[i]));
		assert_int_not_equal(reading.facts.vendor, 0);
		assert_int_not_equal(reading.facts.local_cpus, MASK_NONE);
		if (reading.facts.node >= 0 && !reading.facts.node_from_parent)
			on_node[reading.facts.node]++;

		assert_int_equal(device_irq_numbers(root, &list.items[i], &numbers), 0);
		assert_int_equal(numbers.count, reading.facts.irq_count);
		for (size_t k = 0; k < numbers.count; k++)
			assert_int_equal(numbers.items[k], reading.facts.irqs[k].number);
		irq_number_list_deinit(&numbers);
		device_reading_deinit(&reading);
	}
	for (size_t i = 0; i < ARRAY_SIZE(on_node); i++)
		assert_int_equal(on_node[i], machine->node_of_devices[i]);
	pci_addr_list_deinit(&list);
}

static void check_netdevs(const struct machine_case *machine, struct fsroot *root)
{
	for (const struct netdev_case *wanted = machine->netdevs; wanted->name; wanted++) {
		struct netdev_name_list names;
		struct netdev_facts facts;
		char owner[PCI_ADDR_TEXT];

		if (!wanted->owner) {
			assert_int_equal(netdev_read(root, wanted->name, &facts), -ENOENT);
			continue;
		}
		assert_int_equal(netdev_read(root, wanted->name, &facts), 0);
		assert_true(facts.has_device);
		assert_string_equal(pci_addr_format(&facts.addr, owner), wanted->owner);
		assert_int_equal(facts.up, wanted->up);
		assert_int_equal(facts.rx_queues, wanted->queues);
		assert_true(facts.ifindex > 1);

		assert_int_equal(netdev_list_of_device(root, &facts.addr, &names), 0);
		assert_int_equal(names.count, 1);
		assert_string_equal(names.items[0], wanted->name);
		netdev_name_list_deinit(&names);
	}
}

static void every_machine_is_read_as_it_was(void **state)
{
	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct topology topology = TOPOLOGY_INIT;
		struct fsroot root = FSROOT_INIT;
		struct mask_table masks;

		if (folders[i][0] == '\0')
			continue;
		print_message("%s\n", strrchr(machines[i].archive, '/') + 1);
		assert_int_equal(fsroot_init(&root, folders[i]), 0);
		assert_int_equal(mask_table_init(&masks), 0);
		assert_int_equal(topology_read(&root, &topology), 0);
		check_topology(&machines[i], &topology);
		check_devices(&machines[i], &root, &masks);
		check_netdevs(&machines[i], &root);
		compare_with_lscpu(folders[i], &topology);
		compare_with_lstopo(folders[i], &machines[i], &root, &masks, &topology);
		topology_deinit(&topology);
		mask_table_deinit(&masks);
		fsroot_deinit(&root);
	}
}

static void a_long_pci_domain_is_an_address_like_others(void **state)
{
	struct pci_addr addr = { 0x10000, 0, 4, 0 };
	struct device_reading reading;
	struct fsroot root = FSROOT_INIT;
	struct mask_table masks;

	(void) state;
	if (folders[0][0] == '\0')
		skip();
	assert_int_equal(fsroot_init(&root, folders[0]), 0);
	assert_int_equal(mask_table_init(&masks), 0);
	assert_int_equal(device_read(&root, &addr, &masks, NULL, &reading), 0);
	assert_int_equal(reading.facts.class, 0x010000);
	assert_string_equal(reading.facts.driver, "virtio-pci");
	assert_int_equal(reading.facts.irq_count, 2);
	assert_int_equal(reading.facts.irqs[0].number, 27);
	assert_int_equal(reading.facts.irqs[1].type, IRQ_MSIX);
	assert_false(reading.facts.irqs[1].requested);
	device_reading_deinit(&reading);
	mask_table_deinit(&masks);
	fsroot_deinit(&root);
}

/* Before Linux 3.14 the entries of msi_irqs were folders. */
static void vectors_that_are_folders_are_vectors(void **state)
{
	static const struct {
		struct pci_addr addr;
		enum irq_type type;
		unsigned int count;
	} cases[] = {
		{ { 0, 0x00, 1, 0 }, IRQ_MSI, 1 },
		{ { 0, 0x00, 2, 0 }, IRQ_MSIX, 8 },
	};
	struct fsroot root = FSROOT_INIT;
	struct mask_table masks;

	(void) state;
	if (folders[2][0] == '\0')
		skip();
	assert_int_equal(fsroot_init(&root, folders[2]), 0);
	assert_int_equal(mask_table_init(&masks), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct device_reading reading;

		assert_int_equal(device_read(&root, &cases[i].addr, &masks, NULL, &reading), 0);
		assert_int_equal(reading.facts.irq_count, cases[i].count);
		for (unsigned int k = 0; k < cases[i].count; k++) {
			assert_int_equal(reading.facts.irqs[k].type, cases[i].type);
			assert_int_equal(reading.facts.irqs[k].index, k);
		}
		device_reading_deinit(&reading);
	}
	mask_table_deinit(&masks);
	fsroot_deinit(&root);
}

/* --- /proc/interrupts --- */

/* Reads a recording, unpacked into the tree, as /proc/interrupts. False: cannot be had. */
static bool read_interrupts(struct tree *tree, const char *file, struct action_table *table)
{
	const char *unpacker = strstr(file, ".bz2") ? "bzip2 -dc" : "cat";
	char command[1200];

	if (access(file, R_OK) < 0) {
		print_message("skipped, as it is not here: %s\n", file);
		return false;
	}
	(void) snprintf(command, sizeof(command), "%s '%s' > '%s/proc/interrupts'", unpacker, file,
			tree->path);
	if (system(command) != 0)
		return false;
	assert_int_equal(action_table_read(&tree->root, table), 0);
	return true;
}

static unsigned int count_rows(const struct action_table *table, const char *chip,
			       const char *start, const char *inside)
{
	const struct action_row *row;
	unsigned int count = 0;
	size_t cursor = 0;

	while ((row = map_next(&table->rows, &cursor)))
		count += strcmp(row->chip, chip) == 0 &&
			 strncmp(row->actions, start, strlen(start)) == 0 &&
			 strstr(row->actions, inside);
	return count;
}

static void assert_row(const struct action_table *table, unsigned int number, const char *chip,
		       int64_t hwirq, const char *actions)
{
	const struct action_row *row = action_table_find(table, number);

	assert_non_null(row);
	assert_string_equal(row->chip, chip);
	assert_int_equal(row->hwirq, hwirq);
	assert_string_equal(row->actions, actions);
}

static void all_rows_of_1152_cpus_are_found(void **state)
{
	struct action_table table;

	if (!read_interrupts(*state, SHARED_FIXTURES "/real/pcp/interrupts-1152cpu-x86_64.bz2",
			     &table))
		skip();
	assert_int_equal(table.rows.used, 1034);
	assert_int_equal(count_rows(&table, "IR-PCI-MSI", "i40e-", "-TxRx-"), 376 + 4);
	assert_int_equal(count_rows(&table, "IR-PCI-MSI", "i40e-", ":fdir-TxRx-"), 4);
	assert_int_equal(count_rows(&table, "IR-PCI-MSI", "lpfc", ""), 568);
	assert_int_equal(count_rows(&table, "IR-PCI-MSI", "smartpqi", ""), 64);
	assert_row(&table, 702, "IR-PCI-MSI", 102236184, "i40e-eth0-TxRx-23");
	action_table_deinit(&table);
}

static void rows_without_a_hwirq_are_understood(void **state)
{
	struct action_table table;

	if (!read_interrupts(*state, SHARED_FIXTURES "/real/pcp/interrupts-16cpu-s390x", &table))
		skip();
	assert_int_equal(table.rows.used, 22);
	assert_row(&table, 4, "PCI-MSI", -1, "mlx5_comp0@pci:0002:00:00.0");
	assert_row(&table, 24, "PCI-MSI", -1, "0001:00:00.0");
	action_table_deinit(&table);
}

static void a_laptops_shared_line_has_two_actions(void **state)
{
	struct action_table table;

	if (!read_interrupts(*state, SHARED_FIXTURES "/real/pcp/interrupts-8cpu-x86_64", &table))
		skip();
	assert_int_equal(table.rows.used, 19);
	assert_row(&table, 16, "IR-IO-APIC", 16, "ehci_hcd:usb3,mmc0");
	assert_row(&table, 9, "IR-IO-APIC", 9, "acpi");
	assert_row(&table, 27, "IR-PCI-MSI", 512000, "0000:00:1f.2");
	action_table_deinit(&table);
}

static void chips_of_old_kernels_lose_their_flow(void **state)
{
	struct action_table table;

	if (!read_interrupts(*state, SHARED_FIXTURES "/real/irqd/interrupts-625", &table))
		skip();
	assert_row(&table, 0, "IO-APIC", -1, "timer");
	assert_row(&table, 19, "IO-APIC", -1, "ahci,uhci_hcd:usb3");
	assert_row(&table, 62, "PCI-MSI", -1, "eth0:lsc");
	assert_int_equal(table.rows.used, 24);
	assert_int_equal(count_rows(&table, "PCI-MSI", "eth", "TxRx"), 9);
	assert_int_equal(count_rows(&table, "IO-APIC", "", ""), 12);
	action_table_deinit(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_machine_is_read_as_it_was),
		cmocka_unit_test(a_long_pci_domain_is_an_address_like_others),
		cmocka_unit_test(vectors_that_are_folders_are_vectors),
		tree_test(all_rows_of_1152_cpus_are_found),
		tree_test(rows_without_a_hwirq_are_understood),
		tree_test(a_laptops_shared_line_has_two_actions),
		tree_test(chips_of_old_kernels_lose_their_flow),
	};

	return cmocka_run_group_tests(tests, unpack_all, remove_all);
}
