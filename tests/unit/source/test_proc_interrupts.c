/* proc_interrupts: every count of every CPU, out of the layouts of many kernels. */
#include <errno.h>

#include "irqherd/source/proc_interrupts.h"
#include "tree.h"

static int parse(const char *text, struct interrupt_matrix *matrix)
{
	return interrupt_matrix_parse(text, strlen(text), matrix);
}

static const char two_cpus[] =
	"           CPU0       CPU2       \n"
	" 24:          1          0  IO-APIC   5-edge      ACPI:Ged\n"
	" 31:       1280 4294967295 PCI-MSIX-0000:00:01.0   3-edge      virtio0-stats, b\n"
	"LOC:    2932656    2542057   Local timer interrupts\n"
	"ERR:          0\n"
	"MIS:          0\n";

static void every_count_has_its_irq_and_its_cpu(void **state)
{
	struct interrupt_matrix matrix = INTERRUPT_MATRIX_INIT;

	(void) state;
	assert_int_equal(parse(two_cpus, &matrix), 0);
	assert_true(matrix.valid);
	assert_int_equal(matrix.columns, 2);
	assert_int_equal(matrix.cpus[0], 0);
	assert_int_equal(matrix.cpus[1], 2);
	assert_int_equal(matrix.row_count, 3);
	assert_int_equal(matrix.rows[0].number, 24);
	assert_string_equal(matrix.rows[0].label, "24");
	assert_string_equal(interrupt_matrix_name(&matrix, 0), "ACPI:Ged");
	assert_int_equal(interrupt_matrix_row(&matrix, 0)[0], 1);
	assert_int_equal(interrupt_matrix_row(&matrix, 0)[1], 0);
	assert_int_equal(interrupt_matrix_row(&matrix, 1)[0], 1280);
	assert_int_equal(interrupt_matrix_row(&matrix, 1)[1], UINT32_MAX);
	assert_true(matrix.rows[1].total == UINT64_C(4294968575));
	assert_string_equal(interrupt_matrix_name(&matrix, 1), "virtio0-stats,b");
	interrupt_matrix_deinit(&matrix);
}

static void the_kernels_own_rows_have_labels_and_those_not_per_cpu_are_left_out(void **state)
{
	struct interrupt_matrix matrix = INTERRUPT_MATRIX_INIT;

	(void) state;
	assert_int_equal(parse(two_cpus, &matrix), 0);
	assert_int_equal(matrix.rows[2].number, ROW_NO_IRQ);
	assert_string_equal(matrix.rows[2].label, "LOC");
	assert_string_equal(interrupt_matrix_name(&matrix, 2), "Local timer interrupts");
	assert_int_equal(interrupt_matrix_row(&matrix, 2)[1], 2542057);
	interrupt_matrix_deinit(&matrix);
}

static void layouts_of_many_kernels_are_read(void **state)
{
	static const struct {
		const char *line;
		uint32_t number;
		const char *label;
		uint32_t counts[2];
		const char *name;
	} cases[] = {
		{ "  0:         33          0   IO-APIC-edge      timer",
		  0,
		  "0",
		  { 33, 0 },
		  "timer" },
		{ " 39:          7          8   PCI-MSI       mlx5_comp0@pci:0001:00:00.0",
		  39,
		  "39",
		  { 7, 8 },
		  "mlx5_comp0@pci:0001:00:00.0" },
		{ " 16:          1          2   IR-IO-APIC  16-fasteoi   ehci_hcd:usb1, snd_hda",
		  16,
		  "16",
		  { 1, 2 },
		  "ehci_hcd:usb1,snd_hda" },
		{ " 27:          5          6  GICv3  27 Level     arch_timer",
		  27,
		  "27",
		  { 5, 6 },
		  "arch_timer" },
		{ "I/O:          5          6   I/O interrupts",
		  ROW_NO_IRQ,
		  "I/O",
		  { 5, 6 },
		  "I/O interrupts" },
		{ "IPI0:       123         45   Rescheduling interrupts",
		  ROW_NO_IRQ,
		  "IPI0",
		  { 123, 45 },
		  "Rescheduling interrupts" },
		{ "123456: 1 2 chip 0-edge a", 123456, "123456", { 1, 2 }, "a" },
		{ " 40:          3          4", 40, "40", { 3, 4 }, "" },
		{ " 41:          3", 41, "41", { 3, 0 }, "" },
		{ "9999999:     3          4  chip 0-edge a",
		  ROW_NO_IRQ,
		  "9999999",
		  { 3, 4 },
		  "chip 0-edge a" },
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct interrupt_matrix matrix = INTERRUPT_MATRIX_INIT;
		char text[512];

		(void) snprintf(text, sizeof(text), "           CPU0       CPU1\n%s\n",
				cases[i].line);
		assert_int_equal(parse(text, &matrix), 0);
		assert_int_equal(matrix.row_count, 1);
		assert_int_equal(matrix.rows[0].number, cases[i].number);
		assert_string_equal(matrix.rows[0].label, cases[i].label);
		assert_int_equal(interrupt_matrix_row(&matrix, 0)[0], cases[i].counts[0]);
		assert_int_equal(interrupt_matrix_row(&matrix, 0)[1], cases[i].counts[1]);
		assert_string_equal(interrupt_matrix_name(&matrix, 0), cases[i].name);
		interrupt_matrix_deinit(&matrix);
	}
}

static void what_is_no_such_file_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "\n", " 24: 1 2 chip 0-edge a\n", "CPUx CPU1\n", "CPU0 CPU9999\n", "CPU0 x\n",
	};
	struct interrupt_matrix matrix = INTERRUPT_MATRIX_INIT;

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(parse(two_cpus, &matrix), 0);
		assert_int_equal(parse(texts[i], &matrix), -EBADMSG);
		assert_false(matrix.valid);
		assert_int_equal(matrix.row_count, 0);
	}
	interrupt_matrix_deinit(&matrix);
}

static void nothing_of_an_earlier_reading_stays(void **state)
{
	struct interrupt_matrix matrix = INTERRUPT_MATRIX_INIT;

	(void) state;
	assert_int_equal(parse(two_cpus, &matrix), 0);
	assert_int_equal(parse("CPU7\n 5: 9 chip 0-edge x\n", &matrix), 0);
	assert_int_equal(matrix.columns, 1);
	assert_int_equal(matrix.cpus[0], 7);
	assert_int_equal(matrix.row_count, 1);
	assert_int_equal(interrupt_matrix_row(&matrix, 0)[0], 9);
	assert_string_equal(interrupt_matrix_name(&matrix, 0), "x");
	interrupt_matrix_deinit(&matrix);
}

static void a_row_is_found_again_though_others_came_and_went(void **state)
{
	struct interrupt_matrix before = INTERRUPT_MATRIX_INIT, after = INTERRUPT_MATRIX_INIT;

	(void) state;
	assert_int_equal(parse("CPU0\n1: 1 c a\n2: 2 c b\n4: 4 c d\nLOC: 5 l\nRES: 6 r\n", &before),
			 0);
	assert_int_equal(parse("CPU0\n2: 2 c b\n3: 3 c c\n4: 4 c d\nRES: 6 r\n", &after), 0);
	assert_int_equal(interrupt_matrix_find(&before, &after.rows[0], 0), 1);
	assert_int_equal(interrupt_matrix_find(&before, &after.rows[1], 2), -1);
	assert_int_equal(interrupt_matrix_find(&before, &after.rows[2], 2), 2);
	assert_int_equal(interrupt_matrix_find(&before, &after.rows[2], 9), 2);
	assert_int_equal(interrupt_matrix_find(&before, &after.rows[3], 3), 4);
	interrupt_matrix_deinit(&before);
	interrupt_matrix_deinit(&after);
}

/* A file that is longer than one read: whole, and the same as its text. */
static void a_file_gives_what_its_text_gives(void **state)
{
	struct tree *tree = *state;
	struct interrupt_matrix read = INTERRUPT_MATRIX_INIT, parsed = INTERRUPT_MATRIX_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT, room = BUF_INIT;

	for (unsigned int cpu = 0; cpu < 500; cpu++)
		assert_int_equal(buf_printf(&text, "       CPU%u", cpu), 0);
	for (unsigned int row = 0; row < 300; row++) {
		assert_int_equal(buf_printf(&text, "\n%4u:", row), 0);
		for (unsigned int cpu = 0; cpu < 500; cpu++)
			assert_int_equal(buf_printf(&text, " %10u",
						    cpu % 7 == row % 7 ? row * 1000 + cpu : 0),
					 0);
		assert_int_equal(buf_printf(&text, "  chip %u-edge irq%u", row, row), 0);
	}
	tree_put(tree, "proc/interrupts", buf_text(&text));

	assert_int_equal(parse(buf_text(&text), &parsed), 0);
	assert_int_equal(interrupt_matrix_read(&tree->root, "interrupts", &room, 42, &read), 0);
	assert_int_equal(read.time_ms, 42);
	assert_int_equal(read.columns, 500);
	assert_int_equal(read.row_count, 300);
	assert_memory_equal(read.counts, parsed.counts, 500u * 300u * sizeof(read.counts[0]));
	for (unsigned int row = 0; row < 300; row++) {
		for (unsigned int cpu = 0; cpu < 500; cpu++)
			assert_int_equal(interrupt_matrix_row(&read, row)[cpu],
					 cpu % 7 == row % 7 ? row * 1000 + cpu : 0);
		assert_string_equal(interrupt_matrix_name(&read, row),
				    interrupt_matrix_name(&parsed, row));
	}
	interrupt_matrix_deinit(&read);
	interrupt_matrix_deinit(&parsed);

	tree_drop(tree, "proc/interrupts");
	assert_int_equal(interrupt_matrix_read(&tree->root, "interrupts", &room, 43, &read),
			 -ENOENT);
	assert_false(read.valid);
	interrupt_matrix_deinit(&read);
}

static void this_machines_file_is_read(void **state)
{
	struct fsroot root = FSROOT_INIT;
	struct interrupt_matrix matrix = INTERRUPT_MATRIX_INIT;
	_cleanup_(buf_deinit) struct buf room = BUF_INIT;

	(void) state;
	assert_int_equal(fsroot_init(&root, NULL), 0);
	if (!fsroot_exists(&root, FSROOT_PROC, "interrupts"))
		skip();
	assert_int_equal(interrupt_matrix_read(&root, "interrupts", &room, 1, &matrix), 0);
	assert_int_equal(matrix.columns, sysconf(_SC_NPROCESSORS_ONLN));
	interrupt_matrix_deinit(&matrix);
	fsroot_deinit(&root);
}

/* The sums are awk's. */
static void the_counts_of_1152_cpus_are_read(void **state)
{
	struct interrupt_matrix matrix = INTERRUPT_MATRIX_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	FILE *file;

	(void) state;
	if (access(SHARED_FIXTURES "/real/pcp/interrupts-1152cpu-x86_64.bz2", R_OK) != 0)
		skip();
	file = popen("bzcat " SHARED_FIXTURES "/real/pcp/interrupts-1152cpu-x86_64.bz2", "r");
	assert_non_null(file);
	for (;;) {
		size_t got;

		assert_int_equal(buf_reserve(&text, 1u << 20), 0);
		got = fread(text.data + text.length, 1, 1u << 20, file);
		if (got == 0)
			break;
		text.length += got;
	}
	assert_int_equal(pclose(file), 0);

	assert_int_equal(interrupt_matrix_parse(text.data, text.length, &matrix), 0);
	assert_int_equal(matrix.columns, 1152);
	assert_int_equal(matrix.cpus[1151], 1151);
	for (unsigned int row = 0; row < matrix.row_count; row++) {
		if (strcmp(matrix.rows[row].label, "LOC") == 0)
			assert_int_equal(matrix.rows[row].total, 509807994);
		else if (strcmp(matrix.rows[row].label, "RES") == 0)
			assert_int_equal(matrix.rows[row].total, 14620212);
		else if (matrix.rows[row].number == 1155)
			assert_string_equal(interrupt_matrix_name(&matrix, row),
					    "i40e-enp195s0f3-TxRx-89");
	}
	assert_int_equal(matrix.row_count, 1057 - 3); /* the header, ERR and MIS */
	interrupt_matrix_deinit(&matrix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_count_has_its_irq_and_its_cpu),
		cmocka_unit_test(
			the_kernels_own_rows_have_labels_and_those_not_per_cpu_are_left_out),
		cmocka_unit_test(layouts_of_many_kernels_are_read),
		cmocka_unit_test(what_is_no_such_file_is_refused),
		cmocka_unit_test(nothing_of_an_earlier_reading_stays),
		cmocka_unit_test(a_row_is_found_again_though_others_came_and_went),
		tree_test(a_file_gives_what_its_text_gives),
		cmocka_unit_test(this_machines_file_is_read),
		cmocka_unit_test(the_counts_of_1152_cpus_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
