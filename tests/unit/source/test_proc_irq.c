/* proc_irq: one IRQ out of /proc/irq and /sys/kernel/irq, and the action names of /proc/interrupts.
 */
#include <errno.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/proc_irq.h"
#include "irqherd/source/sysfs_pci.h"
#include "tree.h"

static void put_irq(const struct tree *tree, unsigned int number, const char *asked,
		    const char *effective)
{
	char name[128];

	(void) snprintf(name, sizeof(name), "proc/irq/%u/smp_affinity_list", number);
	tree_put(tree, name, asked);
	if (effective) {
		(void) snprintf(name, sizeof(name), "proc/irq/%u/effective_affinity_list", number);
		tree_put(tree, name, effective);
	}
}

static void put_desc(const struct tree *tree, unsigned int number, const char *actions,
		     const char *chip, const char *hwirq)
{
	char name[128];

	(void) snprintf(name, sizeof(name), "sys/kernel/irq/%u/actions", number);
	tree_put(tree, name, actions);
	(void) snprintf(name, sizeof(name), "sys/kernel/irq/%u/chip_name", number);
	tree_put(tree, name, chip);
	(void) snprintf(name, sizeof(name), "sys/kernel/irq/%u/hwirq", number);
	tree_put(tree, name, hwirq);
}

static void assert_mask(const struct mask_table *masks, mask_id id, const char *wanted)
{
	char text[CPULIST_TEXT];
	struct cpumask mask;

	mask_get(masks, id, &mask);
	cpulist_format(&mask, text, sizeof(text));
	assert_string_equal(text, wanted);
}

/* A fresh table, one IRQ read with it. */
struct trial {
	struct mask_table masks;
	struct irq_reading reading;
	int r;
};

static void trial_read(struct trial *trial, struct tree *tree, unsigned int number,
		       const struct action_table *actions)
{
	trial->reading = IRQ_READING_INIT;
	assert_int_equal(mask_table_init(&trial->masks), 0);
	trial->r = irq_read(&tree->root, number, &trial->masks, actions, &trial->reading);
}

static void trial_end(struct trial *trial)
{
	irq_reading_deinit(&trial->reading);
	mask_table_deinit(&trial->masks);
}

static void a_requested_irq_tells_all(void **state)
{
	struct tree *tree = *state;
	struct trial trial;

	put_irq(tree, 35, "0-3,8\n", "2\n");
	put_desc(tree, 35, "eth0-rx-0,eth0-aux\n", "PCI-MSIX-0000:00:03.0\n", "1\n");
	trial_read(&trial, tree, 35, NULL);
	assert_int_equal(trial.r, 0);
	assert_int_equal(trial.reading.facts.number, 35);
	assert_int_equal(trial.reading.facts.index, 1);
	assert_int_equal(trial.reading.facts.type, IRQ_OTHER);
	assert_true(trial.reading.facts.requested);
	assert_false(trial.reading.facts.managed);
	assert_string_equal(trial.reading.facts.actions, "eth0-rx-0,eth0-aux");
	assert_mask(&trial.masks, trial.reading.facts.asked, "0-3,8");
	assert_int_equal(trial.reading.facts.effective_cpu, 2);
	assert_int_equal(trial.reading.facts.node, NODE_NONE);
	assert_string_equal(trial.reading.chip, "PCI-MSIX-0000:00:03.0");
	assert_int_equal(trial.reading.hwirq, 1);
	trial_end(&trial);
}

static void a_vector_costs_four_opens(void **state)
{
	struct tree *tree = *state;
	struct mask_table masks;
	struct irq_reading reading;
	uint64_t before;

	put_irq(tree, 35, "0-3\n", "2\n");
	put_desc(tree, 35, "eth0-rx-0\n", "PCI-MSIX-0000:00:03.0\n", "1\n");
	assert_int_equal(mask_table_init(&masks), 0);
	before = tree->root.opened;
	assert_int_equal(irq_read_vector(&tree->root, 35, &masks, NULL, "PCI-MSIX-0000:00:03.0",
					 &reading),
			 0);
	assert_int_equal(tree->root.opened - before, 4);
	assert_int_equal(reading.facts.index, 1);
	irq_reading_deinit(&reading);
	mask_table_deinit(&masks);
}

static void the_index_is_what_the_chip_means_by_its_hwirq(void **state)
{
	static const struct {
		const char *chip, *hwirq;
		unsigned int index;
		bool known;
	} cases[] = {
		{ "PCI-MSIX-0000:00:03.0\n", "5\n", 5, true },
		{ "IR-PCI-MSIX-0000:81:00.0\n", "2049\n", 2049, true },
		{ "ITS-PCI-MSIX-10000:e1:00.0\n", "3\n", 3, true },
		{ "PCI-MSI\n", "67633154\n", 2, true },
		{ "IR-PCI-MSI\n", "524288\n", 0, true },
		{ "PCI-MSI\n", "8796093022215\n", 7, true },
		{ "PCI-MSI\n", "-2147483640\n", 8, true },
		{ "ITS-MSI\n", "16387\n", 3, true },
		{ "PCI-MSI\n", "\n", 0, false },
		{ "PCI-MSI\n", "999999999999999999999999999999\n", 0, false },
		{ "PCI-MSI\n", "rubbish\n", 0, false },
		{ "IO-APIC\n", "9\n", 9, false },
		{ "\n", "9\n", 9, false },
	};
	struct tree *tree = *state;

	put_irq(tree, 35, "0\n", "0\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial trial;

		put_desc(tree, 35, "eth0\n", cases[i].chip, cases[i].hwirq);
		trial_read(&trial, tree, 35, NULL);
		assert_int_equal(trial.r, 0);
		assert_int_equal(trial.reading.facts.index, cases[i].index);
		assert_int_equal(irq_index_known(&trial.reading), cases[i].known);
		trial_end(&trial);
	}
}

static void an_affinity_without_any_write_bit_is_the_kernels(void **state)
{
	static const struct {
		mode_t mode;
		bool managed;
	} cases[] = {
		{ 0644, false }, { 0444, true }, { 0600, false }, { 0400, true }, { 0464, false },
	};
	struct tree *tree = *state;

	put_irq(tree, 35, "0\n", "0\n");
	put_desc(tree, 35, "nvme0q1\n", "PCI-MSIX-0000:00:03.0\n", "1\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial trial;

		tree_mode(tree, "proc/irq/35/smp_affinity_list", cases[i].mode);
		trial_read(&trial, tree, 35, NULL);
		assert_int_equal(trial.r, 0);
		assert_int_equal(trial.reading.facts.managed, cases[i].managed);
		trial_end(&trial);
	}
}

static void the_effective_cpu_is_one_cpu_or_none(void **state)
{
	static const struct {
		const char *asked, *effective; /* NULL: no file */
		int cpu;
	} cases[] = {
		{ "0-3\n", "2\n", 2 },       { "0-3\n", "2-3\n", CPU_NONE },
		{ "1\n", "\n", CPU_NONE },   { "1\n", "", CPU_NONE },
		{ "0-3\n", NULL, CPU_NONE }, { "3\n", NULL, 3 },
		{ "3\n", "x\n", CPU_NONE },  { "3\n", "99999\n", CPU_NONE },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mask_table masks;
		struct trial trial;
		mask_id asked;
		int cpu;

		put_irq(tree, 35, cases[i].asked, cases[i].effective);
		put_desc(tree, 35, "eth0\n", "PCI-MSI\n", "1\n");
		trial_read(&trial, tree, 35, NULL);
		assert_int_equal(trial.r, 0);
		assert_int_equal(trial.reading.facts.effective_cpu, cases[i].cpu);
		trial_end(&trial);

		assert_int_equal(irq_read_effective(&tree->root, 35, &cpu), 0);
		assert_int_equal(cpu, cases[i].cpu);

		assert_int_equal(mask_table_init(&masks), 0);
		assert_int_equal(irq_read_affinity(&tree->root, 35, &masks, &asked, &cpu), 0);
		assert_int_equal(cpu, cases[i].cpu);
		mask_table_deinit(&masks);
		tree_drop(tree, "proc/irq/35");
	}
}

static void hex_files_stand_in_for_the_lists(void **state)
{
	struct tree *tree = *state;
	struct trial trial;

	tree_put(tree, "proc/irq/35/smp_affinity", "00000000,0000000c\n");
	tree_put(tree, "proc/irq/35/effective_affinity", "00000000,00000008\n");
	trial_read(&trial, tree, 35, NULL);
	assert_int_equal(trial.r, 0);
	assert_mask(&trial.masks, trial.reading.facts.asked, "2-3");
	assert_int_equal(trial.reading.facts.effective_cpu, 3);
	trial_end(&trial);
}

static void a_descriptor_without_a_folder_is_unrequested(void **state)
{
	struct tree *tree = *state;
	struct trial trial;

	put_desc(tree, 27, "\n", "PCI-MSIX-0000:00:03.0\n", "4\n");
	trial_read(&trial, tree, 27, NULL);
	assert_int_equal(trial.r, 0);
	assert_false(trial.reading.facts.requested);
	assert_int_equal(trial.reading.facts.asked, MASK_NONE);
	assert_int_equal(trial.reading.facts.effective_cpu, CPU_NONE);
	assert_string_equal(trial.reading.facts.actions, "");
	assert_int_equal(trial.reading.facts.index, 4);
	trial_end(&trial);
}

static void a_folder_without_an_action_is_unrequested(void **state)
{
	struct tree *tree = *state;
	struct trial trial;

	put_irq(tree, 27, "0-1\n", "0\n");
	put_desc(tree, 27, "\n", "PCI-MSIX-0000:00:03.0\n", "4\n");
	trial_read(&trial, tree, 27, NULL);
	assert_int_equal(trial.r, 0);
	assert_false(trial.reading.facts.requested);
	assert_mask(&trial.masks, trial.reading.facts.asked, "0-1");
	trial_end(&trial);
}

static void an_irq_in_neither_place_does_not_exist(void **state)
{
	struct action_table table = ACTION_TABLE_INIT;
	struct tree *tree = *state;
	struct trial trial;
	mask_id asked;
	int cpu;

	trial_read(&trial, tree, 99, NULL);
	assert_int_equal(trial.r, -ENOENT);
	assert_int_equal(irq_read_effective(&tree->root, 99, &cpu), -ENOENT);
	assert_int_equal(irq_read_affinity(&tree->root, 99, &trial.masks, &asked, &cpu), -ENOENT);
	trial_end(&trial);
	trial_read(&trial, tree, 99, &table);
	assert_int_equal(trial.r, -ENOENT);
	trial_end(&trial);
}

static void without_sysfs_the_table_names_the_actions(void **state)
{
	static const char text[] = "      CPU0\n 35:  1  PCI-MSI 67633154-edge  eth0, eth1\n";
	struct action_table table;
	struct tree *tree = *state;
	struct trial trial;

	assert_int_equal(action_table_parse(text, strlen(text), &table), 0);
	put_irq(tree, 35, "0-1\n", "1\n");
	trial_read(&trial, tree, 35, &table);
	assert_int_equal(trial.r, 0);
	assert_true(trial.reading.facts.requested);
	assert_string_equal(trial.reading.facts.actions, "eth0,eth1");
	assert_string_equal(trial.reading.chip, "PCI-MSI");
	assert_int_equal(trial.reading.facts.index, 2);
	trial_end(&trial);
	action_table_deinit(&table);
}

static void without_sysfs_and_row_the_folders_name_the_actions(void **state)
{
	struct action_table table = ACTION_TABLE_INIT;
	struct tree *tree = *state;
	struct trial trial;

	put_irq(tree, 35, "0-1\n", "1\n");
	tree_put(tree, "proc/irq/35/node", "1\n");
	tree_dir(tree, "proc/irq/35/eth0-rx-0");
	for (int with_table = 0; with_table < 2; with_table++) {
		trial_read(&trial, tree, 35, with_table ? &table : NULL);
		assert_int_equal(trial.r, 0);
		assert_true(trial.reading.facts.requested);
		assert_string_equal(trial.reading.facts.actions, "eth0-rx-0");
		assert_int_equal(trial.reading.facts.node, 1);
		trial_end(&trial);
	}
}

static void odd_nodes_are_unknown(void **state)
{
	static const struct {
		const char *text;
		int node;
	} cases[] = {
		{ "3\n", 3 },         { "-1\n", NODE_NONE }, { "\n", NODE_NONE },
		{ "", NODE_NONE },    { "-2\n", NODE_NONE }, { "999999\n", NODE_NONE },
		{ "x\n", NODE_NONE },
	};
	struct tree *tree = *state;

	put_irq(tree, 9, "0\n", "0\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial trial;

		tree_put(tree, "proc/irq/9/node", cases[i].text);
		trial_read(&trial, tree, 9, NULL);
		assert_int_equal(trial.r, 0);
		assert_int_equal(trial.reading.facts.node, cases[i].node);
		trial_end(&trial);
	}
}

static void rubbish_in_the_folders_is_survived(void **state)
{
	struct tree *tree = *state;
	struct trial trial;
	char name[128];

	put_desc(tree, 1, "a\n", "x\n", "1\n");
	tree_dir(tree, "proc/irq/1/smp_affinity_list");
	tree_dir(tree, "proc/irq/1/effective_affinity_list");
	put_desc(tree, 2, "a\n", "a-chip-whose-name-is-much-longer-than-any-chip-s-name-ever-was\n",
		 "1\n");
	put_irq(tree, 2, "0-99999999999999\n", "\n");
	tree_link(tree, "proc/irq/3/smp_affinity_list", "nowhere");
	tree_dir(tree, "sys/kernel/irq/3/actions");
	tree_dir(tree, "sys/kernel/irq/3/chip_name");
	tree_link(tree, "proc/irq/4", "nowhere");
	tree_put(tree, "proc/irq/5", "a file");
	for (unsigned int number = 1; number <= 3; number++) {
		trial_read(&trial, tree, number, NULL);
		assert_int_equal(trial.r, 0);
		assert_int_equal(trial.reading.facts.asked, MASK_NONE);
		trial_end(&trial);
	}
	for (unsigned int number = 4; number <= 5; number++) {
		trial_read(&trial, tree, number, NULL);
		assert_int_equal(trial.r, -ENOENT);
		trial_end(&trial);
	}

	/* Longer than one page, as thousands of single CPUs would be. */
	char *list = malloc(CPULIST_TEXT + 1);
	size_t length = 0;

	assert_non_null(list);
	for (unsigned int cpu = 0; cpu < CPU_LIMIT; cpu += 2)
		length += (size_t) sprintf(list + length, "%s%u", cpu ? "," : "", cpu);
	sprintf(list + length, "\n");
	(void) snprintf(name, sizeof(name), "proc/irq/6/smp_affinity_list");
	tree_put(tree, name, list);
	list[length] = '\0';
	trial_read(&trial, tree, 6, NULL);
	assert_int_equal(trial.r, 0);
	assert_mask(&trial.masks, trial.reading.facts.asked, list);
	trial_end(&trial);
	free(list);
}

static void irqs_are_listed_in_order_of_their_numbers(void **state)
{
	static const char *const names[] = { "proc/irq/10", "proc/irq/9",         "proc/irq/0",
					     "proc/irq/x1", "proc/irq/1x",        "proc/irq/007",
					     "proc/irq/-1", "proc/irq/9999999999" };
	static const unsigned int wanted[] = { 0, 9, 10 };
	struct irq_number_list list;
	struct tree *tree = *state;

	assert_int_equal(irq_list(&tree->root, &list), 0);
	assert_int_equal(list.count, 0);
	irq_number_list_deinit(&list);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		tree_dir(tree, names[i]);
	tree_put(tree, "proc/irq/default_smp_affinity", "f\n");
	assert_int_equal(irq_list(&tree->root, &list), 0);
	assert_int_equal(list.count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_int_equal(list.items[i], wanted[i]);
	irq_number_list_deinit(&list);
}

static void a_chip_name_may_carry_its_device(void **state)
{
	static const struct {
		const char *chip, *addr; /* NULL: none */
	} cases[] = {
		{ "PCI-MSIX-0000:00:03.0", "0000:00:03.0" },
		{ "IR-PCI-MSI-10000:e1:00.7", "10000:e1:00.7" },
		{ "PCI-MSI", NULL },
		{ "", NULL },
		{ "-", NULL },
		{ "0000:00:03.0", NULL },
		{ "PCI-MSIX-0000:00:03", NULL },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pci_addr addr, wanted;
		int r = chip_pci_addr(cases[i].chip, &addr);

		assert_int_equal(r, cases[i].addr ? 0 : -ENOENT);
		if (!cases[i].addr)
			continue;
		assert_int_equal(pci_addr_parse(cases[i].addr, &wanted), 0);
		assert_true(pci_addr_equal(&addr, &wanted));
	}
}

static void every_layout_of_a_row_is_understood(void **state)
{
	static const struct {
		const char *row;
		unsigned int number;
		const char *chip;
		int64_t hwirq;
		const char *actions; /* NULL: no row */
	} cases[] = {
		{ "  1:  12  0   IO-APIC-edge      i8042", 1, "IO-APIC", -1, "i8042" },
		{ " 19:  64  78   IO-APIC-fasteoi   ahci, uhci_hcd:usb3", 19, "IO-APIC", -1,
		  "ahci,uhci_hcd:usb3" },
		{ " 53:  560  598   PCI-MSI-edge      eth3", 53, "PCI-MSI", -1, "eth3" },
		{ "  9:  0  4   IO-APIC   9-fasteoi   acpi", 9, "IO-APIC", 9, "acpi" },
		{ " 27:  1  2  PCI-MSI 524288-edge      name", 27, "PCI-MSI", 524288, "name" },
		{ " 38:  1  2  PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0", 38,
		  "PCI-MSIX-0000:00:03.0", 1, "virtio2-input.0" },
		{ " 16:  4  2  IR-IO-APIC  16-fasteoi   ehci_hcd:usb3, mmc0", 16, "IR-IO-APIC", 16,
		  "ehci_hcd:usb3,mmc0" },
		{ "  4:  0  1   PCI-MSI  mlx5_comp0@pci:0002:00:00.0", 4, "PCI-MSI", -1,
		  "mlx5_comp0@pci:0002:00:00.0" },
		{ " 23:  0  1   PCI-MSI  0000:00:00.0", 23, "PCI-MSI", -1, "0000:00:00.0" },
		{ " 41:  0  4     GICv3  27 Level     arch_timer", 41, "GICv3", 27, "arch_timer" },
		{ " 42:  0  4  ITS-MSI 16384 Edge      PCIe PME, aerdrv", 42, "ITS-MSI", 16384,
		  "PCIe PME,aerdrv" },
		{ " 43:  0  4   xen-dyn    -event     xenstore", 43, "xen-dyn", -1, "xenstore" },
		{ " 44:  0  4        -   12-edge  name", 44, "", 12, "name" },
		{ " 45:  0  4  PCI-MSI 7-edge  mpt3sas 0, a b  ", 45, "PCI-MSI", 7,
		  "mpt3sas 0,a b" },
		{ " 46:  0  4  PCI-MSI 7-edge", 46, "PCI-MSI", 7, "" },
		{ " 47:  0  4  PCI-MSI 8589934592-edge  x", 47, "PCI-MSI", 8589934592, "x" },
		{ " 48:  4  PCI-MSI 7-edge  fewer-counts", 48, "PCI-MSI", 7, "fewer-counts" },
		{ " 49:  0  0  0  0  0  PCI-MSI 7-edge  more-counts", 49, "PCI-MSI", 7,
		  "more-counts" },
		{ " 50:", 50, "", -1, "" },
		{ " 51:  0  4", 51, "", -1, "" },
		{ "1048575: 0  PCI-MSI 7-edge  last", 1048575, "PCI-MSI", 7, "last" },
		{ "1048576: 0  PCI-MSI 7-edge  beyond", 1048576, NULL, 0, NULL },
		{ "99999999999999999999: 0  PCI-MSI 7-edge  beyond", 0, NULL, 0, NULL },
		{ "NMI:  553  288   Non-maskable interrupts", 0, NULL, 0, NULL },
		{ "ERR:  0", 0, NULL, 0, NULL },
		{ " 52 0 4  PCI-MSI 7-edge  no colon", 52, NULL, 0, NULL },
		{ "", 0, NULL, 0, NULL },
		{ ":", 0, NULL, 0, NULL },
	};
	char text[512];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int newline = 0; newline < 2; newline++) {
			struct action_table table;
			const struct action_row *row;

			(void) snprintf(text, sizeof(text), "       CPU0       CPU2\n%s%s",
					cases[i].row, newline ? "\n" : "");
			assert_int_equal(action_table_parse(text, strlen(text), &table), 0);
			row = action_table_find(&table, cases[i].number);
			assert_int_equal(row != NULL, cases[i].actions != NULL);
			if (row) {
				assert_string_equal(row->chip, cases[i].chip);
				assert_int_equal(row->hwirq, cases[i].hwirq);
				assert_string_equal(row->actions, cases[i].actions);
			}
			assert_int_equal(table.rows.used, row != NULL);
			action_table_deinit(&table);
		}
}

static void the_later_of_two_rows_counts(void **state)
{
	static const char text[] = " 5: 1 a 1-edge  old\n 5: 1 b 2-edge  new\n";
	struct action_table table;

	(void) state;
	assert_int_equal(action_table_parse(text, strlen(text), &table), 0);
	assert_string_equal(action_table_find(&table, 5)->actions, "new");
	action_table_deinit(&table);
}

static void every_cut_of_the_rows_is_survived(void **state)
{
	static const char text[] =
		"     CPU0\n 38:   1  PCI-MSIX-0000:00:03.0   1-edge      a, b\nNMI: 1 x\n";

	(void) state;
	for (size_t length = 0; length < sizeof(text); length++) {
		struct action_table table;
		char *copy = malloc(length + !length);

		/* A block of its own, so that a byte too many is noticed. */
		assert_non_null(copy);
		memcpy(copy, text, length);
		assert_int_equal(action_table_parse(copy, length, &table), 0);
		action_table_deinit(&table);
		free(copy);
	}
}

static void a_streamed_file_gives_what_its_text_gives(void **state)
{
	struct tree *tree = *state;
	struct action_table table;
	size_t length = 0;
	char *text = malloc(1 << 22), name[32];

	/* Long lines, so that they lie over the ends of the chunks in many ways. */
	assert_non_null(text);
	for (unsigned int number = 0; number < 300; number++) {
		length += (size_t) sprintf(text + length, "%4u:", number);
		for (unsigned int cpu = 0; cpu < 500 + number; cpu++)
			length += (size_t) sprintf(text + length, " %10u", cpu * number);
		length += (size_t) sprintf(text + length, "  PCI-MSI %u-edge  name-%u\n", number,
					   number);
	}
	assert_int_equal(action_table_read(&tree->root, &table), -ENOENT);
	tree_put(tree, "proc/interrupts", text);
	assert_int_equal(action_table_read(&tree->root, &table), 0);
	assert_int_equal(table.rows.used, 300);
	for (unsigned int number = 0; number < 300; number++) {
		const struct action_row *row = action_table_find(&table, number);

		assert_non_null(row);
		(void) snprintf(name, sizeof(name), "name-%u", number);
		assert_string_equal(row->actions, name);
		assert_int_equal(row->hwirq, number);
	}
	action_table_deinit(&table);
	free(text);
}

static void a_line_without_an_end_is_refused(void **state)
{
	struct tree *tree = *state;
	struct action_table table;
	char *text = malloc((1 << 21) + 1);

	assert_non_null(text);
	memset(text, '1', 1 << 21);
	text[1 << 21] = '\0';
	tree_put(tree, "proc/interrupts", text);
	assert_int_equal(action_table_read(&tree->root, &table), -EFBIG);
	free(text);
}

static void table_and_sysfs_of_this_machine_agree(void **state)
{
	struct fsroot root = FSROOT_INIT;
	struct irq_number_list numbers;
	struct action_table table;
	struct mask_table masks;

	(void) state;
	if (fsroot_init(&root, NULL) < 0 || !fsroot_exists(&root, FSROOT_SYS, "kernel/irq"))
		skip();
	if (action_table_read(&root, &table) < 0)
		skip();
	assert_int_equal(mask_table_init(&masks), 0);
	assert_int_equal(irq_list(&root, &numbers), 0);
	for (size_t i = 0; i < numbers.count; i++) {
		const struct action_row *row = action_table_find(&table, numbers.items[i]);
		struct irq_reading reading;

		if (irq_read(&root, numbers.items[i], &masks, NULL, &reading) < 0)
			continue;
		if (row && reading.facts.requested) {
			assert_string_equal(reading.facts.actions, row->actions);
			assert_string_equal(reading.chip, row->chip);
			if (row->hwirq >= 0)
				assert_int_equal(reading.hwirq, row->hwirq);
		}
		irq_reading_deinit(&reading);
	}
	irq_number_list_deinit(&numbers);
	mask_table_deinit(&masks);
	action_table_deinit(&table);
	fsroot_deinit(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_requested_irq_tells_all),
		tree_test(a_vector_costs_four_opens),
		tree_test(the_index_is_what_the_chip_means_by_its_hwirq),
		tree_test(an_affinity_without_any_write_bit_is_the_kernels),
		tree_test(the_effective_cpu_is_one_cpu_or_none),
		tree_test(hex_files_stand_in_for_the_lists),
		tree_test(a_descriptor_without_a_folder_is_unrequested),
		tree_test(a_folder_without_an_action_is_unrequested),
		tree_test(an_irq_in_neither_place_does_not_exist),
		tree_test(without_sysfs_the_table_names_the_actions),
		tree_test(without_sysfs_and_row_the_folders_name_the_actions),
		tree_test(odd_nodes_are_unknown),
		tree_test(rubbish_in_the_folders_is_survived),
		tree_test(irqs_are_listed_in_order_of_their_numbers),
		cmocka_unit_test(a_chip_name_may_carry_its_device),
		cmocka_unit_test(every_layout_of_a_row_is_understood),
		cmocka_unit_test(the_later_of_two_rows_counts),
		cmocka_unit_test(every_cut_of_the_rows_is_survived),
		tree_test(a_streamed_file_gives_what_its_text_gives),
		tree_test(a_line_without_an_end_is_refused),
		cmocka_unit_test(table_and_sysfs_of_this_machine_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
