/* proc_stat: times and totals out of /proc/stat, whole, old, odd and hostile. */
#include <errno.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/model/inventory.h"
#include "irqherd/source/proc_stat.h"
#include "tree.h"

static int parse(const char *text, struct sample *sample)
{
	return proc_stat_parse(text, strlen(text), sample);
}

static const char two_cpus[] = "cpu  30 1 20 500 10 2 3 4 0 0\n"
			       "cpu0 10 1 5 250 5 1 2 3 7 8\n"
			       "cpu2 20 0 15 250 5 1 1 1 0 0\n"
			       "intr 1000 7 0 0 0 0 0 0 0 0 12 0 0 0 0 0 0 0 0 4294967295 3\n"
			       "ctxt 99\nbtime 1\nprocesses 2\nsoftirq 5 1 2 3\n";

static void every_column_of_every_cpu_is_read(void **state)
{
	struct sample sample = SAMPLE_INIT;

	(void) state;
	assert_int_equal(parse(two_cpus, &sample), 0);
	assert_true(sample.valid);
	assert_int_equal(sample.cpu_count, 3);
	assert_true(sample.cpus[0].online);
	assert_false(sample.cpus[1].online);
	assert_true(sample.cpus[2].online);
	for (unsigned int i = 0; i < CPU_TIMES; i++) {
		static const uint64_t wanted[] = { 10, 1, 5, 250, 5, 1, 2, 3 };

		assert_int_equal(sample.cpus[0].ticks[i], wanted[i]);
	}
	sample_deinit(&sample);
}

static void the_sum_of_all_interrupts_is_no_irq(void **state)
{
	struct sample sample = SAMPLE_INIT;

	(void) state;
	assert_int_equal(parse(two_cpus, &sample), 0);
	assert_int_equal(sample.irq_slots, 20);
	assert_int_equal(sample.irq_totals[0], 7);
	assert_int_equal(sample.irq_totals[1], 0);
	assert_int_equal(sample.irq_totals[9], 12);
	assert_int_equal(sample.irq_totals[18], UINT32_MAX);
	assert_int_equal(sample.irq_totals[19], 3);
	sample_deinit(&sample);
}

static void what_the_last_reading_left_is_forgotten(void **state)
{
	struct sample sample = SAMPLE_INIT;

	(void) state;
	assert_int_equal(parse(two_cpus, &sample), 0);
	assert_int_equal(parse("cpu0 1 2\nintr 5 1 0\n", &sample), 0);
	assert_true(sample.cpus[0].online);
	assert_int_equal(sample.cpus[0].ticks[CPU_TIME_SYSTEM], 0);
	assert_false(sample.cpus[2].online);
	assert_int_equal(sample.irq_slots, 2);
	assert_int_equal(sample.irq_totals[0], 1);
	assert_int_equal(sample.irq_totals[1], 0);

	/* Slots that come back do not bring their old totals. */
	assert_int_equal(parse("cpu0 1 2\nintr 5 1 0 0 0 0 0 0 0 0 0 0\n", &sample), 0);
	for (unsigned int i = 1; i < sample.irq_slots; i++)
		assert_int_equal(sample.irq_totals[i], 0);
	sample_deinit(&sample);
}

static void runs_of_zeros_keep_the_places_of_what_follows(void **state)
{
	char text[4096];

	(void) state;
	for (unsigned int zeros = 0; zeros < 40; zeros++) {
		struct sample sample = SAMPLE_INIT;
		size_t length = (size_t) sprintf(text, "cpu0 1\nintr 9");

		for (unsigned int i = 0; i < zeros; i++)
			length += (size_t) sprintf(text + length, " 0");
		sprintf(text + length, " 05 6 0");

		assert_int_equal(parse(text, &sample), 0);
		assert_int_equal(sample.irq_slots, zeros + 3);
		assert_int_equal(sample.irq_totals[zeros], 5);
		assert_int_equal(sample.irq_totals[zeros + 1], 6);
		assert_int_equal(sample.irq_totals[zeros + 2], 0);
		sample_deinit(&sample);
	}
}

static void numbers_of_any_length_are_read_at_any_place(void **state)
{
	static const char digits[] = "12345678909876543210";
	char text[128];

	(void) state;
	for (unsigned int length = 1; length <= 20; length++) {
		char number[24];

		(void) snprintf(number, sizeof(number), "%.*s", (int) length, digits);
		for (unsigned int tail = 0; tail <= 12; tail++) {
			struct sample sample = SAMPLE_INIT;

			/* "12 0 0": something else follows, or the line ends at once */
			(void) snprintf(text, sizeof(text), "cpu0 %s 7\nintr 1 %s%.*s\nctxt 12",
					number, number, (int) tail, " 3 0 0 0 0 0");
			assert_int_equal(parse(text, &sample), 0);
			assert_int_equal(sample.cpus[0].ticks[0], strtoull(number, NULL, 10));
			assert_int_equal(sample.cpus[0].ticks[1], 7);
			assert_int_equal(sample.irq_totals[0],
					 (uint32_t) strtoull(number, NULL, 10));
			assert_int_equal(sample.irq_slots, 1 + tail / 2);
			sample_deinit(&sample);
		}
	}
}

static void odd_text_ends_its_line_only(void **state)
{
	static const struct {
		const char *text;
		int r;
		unsigned int cpu_count, irq_slots;
	} cases[] = {
		{ "", -EBADMSG, 0, 0 },
		{ "\n\n", -EBADMSG, 0, 0 },
		{ "cpu  1 2 3\n", -EBADMSG, 0, 0 },
		{ "intr 1 2 3\n", -EBADMSG, 0, 2 },
		{ "cpux 1\n", -EBADMSG, 0, 0 },
		{ "cpu0x 1\n", -EBADMSG, 0, 0 },
		{ "cpu8192 1\n", -EBADMSG, 0, 0 },
		{ "cpu99999999999999999999999 1\n", -EBADMSG, 0, 0 },
		{ "cpu8191 1\n", 0, 8192, 0 },
		{ "cpu0", 0, 1, 0 },
		{ "cpu0 \ncpu1 1 -2 3", 0, 2, 0 },
		{ "cpu0 1\nintr", 0, 1, 0 },
		{ "cpu0 1\nintr \n", 0, 1, 0 },
		{ "cpu0 1\nintr 5\n", 0, 1, 0 },
		{ "cpu0 1\nintr 5 1 2 x 4\n", 0, 1, 2 },
		{ "cpu0 1\nintr 5 1 2x 4\n", 0, 1, 1 },
		{ "cpu0 1\nintr 5   1     2 \n", 0, 1, 2 },
		{ "intr 5 1 2\ncpu0 1\n", 0, 1, 2 },
		{ "rubbish\ncpu0 1\n\n\nmore 1 2 3\nintr 5 0 0 0 0", 0, 1, 4 },
		{ "cpu0 1\nintr 5 0 0 0 0 0 0 0 0\n", 0, 1, 8 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sample sample = SAMPLE_INIT;

		assert_int_equal(parse(cases[i].text, &sample), cases[i].r);
		assert_int_equal(sample.valid, cases[i].r == 0);
		assert_int_equal(sample.cpu_count, cases[i].cpu_count);
		assert_int_equal(sample.irq_slots, cases[i].irq_slots);
		sample_deinit(&sample);
	}
}

static void totals_are_taken_modulo_two_to_the_32(void **state)
{
	struct sample sample = SAMPLE_INIT;

	(void) state;
	assert_int_equal(parse("cpu0 1\nintr 5 4294967296 4294967301\n", &sample), 0);
	assert_int_equal(sample.irq_totals[0], 0);
	assert_int_equal(sample.irq_totals[1], 5);
	sample_deinit(&sample);
}

static void more_slots_than_there_are_irq_numbers_are_cut(void **state)
{
	struct sample sample = SAMPLE_INIT;
	size_t slots = IRQ_NUMBER_LIMIT + 100;
	char *text = malloc(64 + 2 * slots);
	size_t length;

	(void) state;
	assert_non_null(text);
	length = (size_t) sprintf(text, "cpu0 1\nintr 5");
	for (size_t i = 0; i < slots; i++, length += 2)
		memcpy(text + length, " 1", 2);
	assert_int_equal(proc_stat_parse(text, length, &sample), 0);
	assert_int_equal(sample.irq_slots, IRQ_NUMBER_LIMIT);
	assert_int_equal(sample.irq_totals[IRQ_NUMBER_LIMIT - 1], 1);
	sample_deinit(&sample);
	free(text);
}

static void a_second_reading_of_the_same_size_needs_no_memory(void **state)
{
	struct sample sample = SAMPLE_INIT;
	const void *cpus, *totals;

	(void) state;
	assert_int_equal(parse(two_cpus, &sample), 0);
	cpus = sample.cpus;
	totals = sample.irq_totals;
	assert_int_equal(parse(two_cpus, &sample), 0);
	assert_ptr_equal(cpus, sample.cpus);
	assert_ptr_equal(totals, sample.irq_totals);
	sample_deinit(&sample);
}

static void every_cut_of_the_text_is_survived(void **state)
{
	(void) state;
	for (size_t length = 0; length < sizeof(two_cpus); length++) {
		struct sample sample = SAMPLE_INIT;
		char *text = malloc(length + !length);

		/* A block of its own, so that a byte too many is noticed. */
		assert_non_null(text);
		memcpy(text, two_cpus, length);
		(void) proc_stat_parse(text, length, &sample);
		sample_deinit(&sample);
		free(text);
	}
}

static void the_kept_descriptor_sees_new_contents(void **state)
{
	struct tree *tree = *state;
	struct proc_stat stat = PROC_STAT_INIT;
	struct sample sample = SAMPLE_INIT;

	assert_int_equal(proc_stat_init(&stat, &tree->root), -ENOENT);
	tree_put(tree, "proc/stat", two_cpus);
	assert_int_equal(proc_stat_init(&stat, &tree->root), 0);
	assert_int_equal(proc_stat_read(&stat, 5, &sample), 0);
	assert_int_equal(sample.time_ms, 5);
	assert_int_equal(sample.irq_totals[0], 7);

	tree_put(tree, "proc/stat", "cpu0 1\nintr 1 8\n");
	assert_int_equal(proc_stat_read(&stat, 6, &sample), 0);
	assert_int_equal(sample.irq_totals[0], 8);
	assert_int_equal(sample.irq_slots, 1);

	tree_put(tree, "proc/stat", "");
	assert_int_equal(proc_stat_read(&stat, 7, &sample), -EBADMSG);
	assert_false(sample.valid);
	sample_deinit(&sample);
	proc_stat_deinit(&stat);
	proc_stat_deinit(&stat);
}

static void this_machine_is_read(void **state)
{
	struct fsroot root = FSROOT_INIT;
	struct proc_stat stat = PROC_STAT_INIT;
	struct sample sample = SAMPLE_INIT;

	(void) state;
	if (fsroot_init(&root, NULL) < 0 || proc_stat_init(&stat, &root) < 0)
		skip();
	assert_int_equal(proc_stat_read(&stat, 1, &sample), 0);
	assert_true(sample.cpu_count > 0);
	proc_stat_deinit(&stat);
	sample_deinit(&sample);
	fsroot_deinit(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_column_of_every_cpu_is_read),
		cmocka_unit_test(the_sum_of_all_interrupts_is_no_irq),
		cmocka_unit_test(what_the_last_reading_left_is_forgotten),
		cmocka_unit_test(runs_of_zeros_keep_the_places_of_what_follows),
		cmocka_unit_test(numbers_of_any_length_are_read_at_any_place),
		cmocka_unit_test(odd_text_ends_its_line_only),
		cmocka_unit_test(totals_are_taken_modulo_two_to_the_32),
		cmocka_unit_test(more_slots_than_there_are_irq_numbers_are_cut),
		cmocka_unit_test(a_second_reading_of_the_same_size_needs_no_memory),
		cmocka_unit_test(every_cut_of_the_text_is_survived),
		tree_test(the_kept_descriptor_sees_new_contents),
		cmocka_unit_test(this_machine_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
