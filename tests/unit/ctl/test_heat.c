/* heat: which columns and rows a frame has, from 2 CPUs to 8,192. */
#include "heat_machine.h"

static const struct heat_view plain = { .width = 100, .height = 30, .all = true };

static void fold(const struct heat_data *data, const struct heat_view *view, unsigned int room,
		 struct heat_frame *frame)
{
	assert_int_equal(heat_fold(data, view, room, frame), 0);
}

/* Whatever the machine and the room: each CPU is in one column, and what is visible fits. */
static void every_cpu_is_in_one_column_and_columns_fit_the_room(void **state)
{
	static const struct heat_shape shapes[] = {
		{ 1, 1, 1, 1, 3 },  { 1, 1, 2, 1, 19 },  { 2, 1, 4, 2, 34 },
		{ 8, 2, 3, 2, 50 }, { 4, 8, 18, 2, 90 }, { 16, 8, 32, 2, 10 },
	};

	(void) state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct heat_frame frame = HEAT_FRAME_INIT;
		struct heat_data data;

		heat_machine_make(&data, &shapes[i]);
		for (unsigned int room = 1; room < 260; room += 7) {
			for (enum heat_zoom zoom = HEAT_AUTO; zoom <= HEAT_CPUS; zoom++) {
				struct heat_view view = plain;
				unsigned int cpus = 0;

				view.zoom = zoom;
				fold(&data, &view, room, &frame);
				assert_true(frame.width <= room);
				assert_true(frame.visible >= 1);
				assert_int_not_equal(frame.zoom, HEAT_AUTO);
				if (zoom != HEAT_AUTO)
					assert_int_equal(frame.zoom, zoom);
				for (unsigned int k = 0; k < frame.column_count; k++)
					cpus += frame.columns[k].cpus;
				assert_int_equal(cpus, data.cpu_count);
				for (unsigned int k = 0; k < data.cpu_count; k++) {
					assert_true(frame.column_of[k] < frame.column_count);
					assert_int_equal(frame.columns[frame.column_of[k]].node,
							 data.cpus[k].node);
				}
			}
		}
		heat_frame_deinit(&frame);
		heat_data_deinit(&data);
	}
}

static void the_finest_columns_that_fit_are_taken(void **state)
{
	static const struct {
		unsigned int room;
		enum heat_zoom zoom;
		unsigned int width;
	} cases[] = {
		/* 2 nodes, 4 caches, 16 cores, 32 CPUs */
		{ 257, HEAT_CPUS, 8 }, { 256, HEAT_CPUS, 4 }, { 130, HEAT_CPUS, 4 },
		{ 129, HEAT_CPUS, 3 }, { 97, HEAT_CPUS, 2 },  { 65, HEAT_CPUS, 1 },
		{ 33, HEAT_CPUS, 1 },  { 32, HEAT_CORES, 1 }, { 34, HEAT_CPUS, 1 },
		{ 16, HEAT_LLCS, 3 },  { 10, HEAT_LLCS, 2 },  { 5, HEAT_LLCS, 1 },
		{ 4, HEAT_NODES, 1 },  { 1, HEAT_NODES, 1 },
	};
	struct heat_frame frame = HEAT_FRAME_INIT;
	struct heat_data data;

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 2, 2, 4, 2, 1 });
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fold(&data, &plain, cases[i].room, &frame);
		assert_int_equal(frame.zoom, cases[i].zoom);
		assert_int_equal(frame.cell_width, cases[i].width);
	}
	heat_frame_deinit(&frame);
	heat_data_deinit(&data);
}

static void a_columns_load_is_the_mean_and_its_worst_cpu(void **state)
{
	struct heat_frame frame = HEAT_FRAME_INIT;
	struct heat_view view = plain;
	struct heat_data data;

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 2, 1, 2, 1, 1 });
	data.cpus[0].busy_ppm = 200000;
	data.cpus[0].irq_ppm = 100000;
	data.cpus[1].busy_ppm = 800000;
	data.cpus[1].irq_ppm = 700000;
	data.cpus[1].overloaded = true;
	data.cpus[2].measured = false;
	data.cpus[3].busy_ppm = 500000;
	data.cpus[2].reserved = true;
	view.zoom = HEAT_NODES;
	fold(&data, &view, 40, &frame);
	assert_int_equal(frame.column_count, 2);
	assert_int_equal(frame.columns[0].busy_ppm, 500000);
	assert_int_equal(frame.columns[0].irq_ppm, 400000);
	assert_int_equal(frame.columns[0].irq_max_ppm, 700000);
	assert_true(frame.columns[0].overloaded);
	assert_int_equal(frame.columns[1].measured, 1);
	assert_int_equal(frame.columns[1].busy_ppm, 500000);
	assert_false(frame.columns[1].reserved);
	data.cpus[3].reserved = true;
	fold(&data, &view, 40, &frame);
	assert_true(frame.columns[1].reserved);
	heat_frame_deinit(&frame);
	heat_data_deinit(&data);
}

static void a_rows_cells_are_the_sums_of_its_counts(void **state)
{
	struct heat_frame frame = HEAT_FRAME_INIT;
	struct heat_view view = plain;
	struct heat_data data;
	uint64_t cells[16];

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 2, 1, 4, 2, 2 });
	heat_machine_fire(&data, 1, 0, 10);
	heat_machine_fire(&data, 1, 4, 5); /* the other thread of core 0 */
	heat_machine_fire(&data, 1, 9, 4000000000u);
	heat_machine_fire(&data, 1, 10, 4000000000u);
	view.zoom = HEAT_CORES;
	fold(&data, &view, 60, &frame);
	heat_row_cells(&data, &frame, 1, cells);
	assert_int_equal(frame.column_count, 8);
	assert_int_equal(cells[0], 15);
	assert_int_equal(cells[1], 0);
	view.zoom = HEAT_NODES;
	fold(&data, &view, 60, &frame);
	heat_row_cells(&data, &frame, 1, cells);
	assert_int_equal(cells[0], 15);
	assert_true(cells[1] == UINT64_C(8000000000));
	heat_frame_deinit(&frame);
	heat_data_deinit(&data);
}

static void chosen_cpus_are_the_only_columns(void **state)
{
	struct heat_frame frame = HEAT_FRAME_INIT;
	struct heat_view view = plain;
	struct cpumask cpus = cpumask_range(6, 9);
	struct heat_data data;
	uint64_t cells[4];

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 2, 1, 4, 2, 1 });
	heat_machine_fire(&data, 0, 5, 1);
	heat_machine_fire(&data, 0, 8, 2);
	view.cpus = &cpus;
	fold(&data, &view, 60, &frame);
	assert_int_equal(frame.column_count, 4);
	assert_int_equal(frame.columns[0].id, 6);
	assert_int_equal(frame.columns[3].id, 9);
	heat_row_cells(&data, &frame, 0, cells);
	assert_int_equal(cells[2], 2);
	assert_int_equal(cells[0] + cells[1] + cells[3], 0);
	heat_frame_deinit(&frame);
	heat_data_deinit(&data);
}

static void what_does_not_fit_is_scrolled_up_to_the_last_column(void **state)
{
	struct heat_frame frame = HEAT_FRAME_INIT;
	struct heat_view view = plain;
	struct heat_data data;

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 4, 8, 18, 2, 1 });
	assert_int_equal(data.cpu_count, 1152);
	view.zoom = HEAT_CPUS;
	fold(&data, &view, 100, &frame);
	assert_int_equal(frame.first, 0);
	assert_int_equal(frame.visible, 100);
	view.first_column = 288;
	fold(&data, &view, 100, &frame);
	assert_int_equal(frame.columns[frame.first].id, 288);
	view.first_column = 100000;
	fold(&data, &view, 100, &frame);
	assert_int_equal(frame.first + frame.visible, 1152);
	assert_int_equal(frame.visible, 100);
	heat_frame_deinit(&frame);
	heat_data_deinit(&data);
}

static void zoom_steps_over_levels_that_show_the_same(void **state)
{
	struct heat_view view = plain;
	struct heat_data data;

	(void) state;
	/* one cache a node, one thread a core: only CPUs and nodes differ */
	heat_machine_make(&data, &(struct heat_shape){ 2, 1, 4, 1, 1 });
	assert_int_equal(heat_zoom_step(&data, &view, HEAT_CPUS, -1), HEAT_LLCS);
	assert_int_equal(heat_zoom_step(&data, &view, HEAT_LLCS, -1), HEAT_LLCS);
	assert_int_equal(heat_zoom_step(&data, &view, HEAT_NODES, 1), HEAT_CORES);
	assert_int_equal(heat_zoom_step(&data, &view, HEAT_CPUS, 1), HEAT_CPUS);
	heat_data_deinit(&data);

	heat_machine_make(&data, &(struct heat_shape){ 2, 2, 4, 2, 1 });
	assert_int_equal(heat_zoom_step(&data, &view, HEAT_NODES, 1), HEAT_LLCS);
	assert_int_equal(heat_zoom_step(&data, &view, HEAT_LLCS, 1), HEAT_CORES);
	assert_int_equal(heat_zoom_step(&data, &view, HEAT_CORES, 1), HEAT_CPUS);
	heat_data_deinit(&data);
}

/* Its sub-NUMA clusters make one cache two columns, each in its node. */
static void a_cache_in_two_nodes_is_a_column_in_each(void **state)
{
	struct heat_frame frame = HEAT_FRAME_INIT;
	struct heat_view view = plain;
	struct heat_data data;

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 2, 1, 4, 1, 1 });
	for (unsigned int i = 0; i < data.cpu_count; i++)
		data.cpus[i].llc = 0;
	view.zoom = HEAT_LLCS;
	fold(&data, &view, 60, &frame);
	assert_int_equal(frame.column_count, 2);
	assert_int_equal(frame.columns[1].node, 1);
	assert_int_equal(frame.columns[1].cpus, 4);
	heat_frame_deinit(&frame);
	heat_data_deinit(&data);
}

static void shades_have_their_bounds(void **state)
{
	static const struct {
		uint64_t cell, total;
		unsigned int shade;
	} cases[] = {
		{ 0, 100, 0 },  { 1, 100, 1 },  { 4, 100, 1 },   { 5, 100, 2 },
		{ 24, 100, 2 }, { 25, 100, 3 }, { 74, 100, 3 },  { 75, 100, 4 },
		{ 0, 0, 0 },    { 1, 1, 4 },    { 100, 100, 4 }, { 1ull << 40, 1ull << 41, 3 },
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(heat_shade(cases[i].cell, cases[i].total), cases[i].shade);
}

static void assert_rows(const struct heat_data *data, const struct heat_view *view,
			const char *wanted)
{
	struct heat_frame frame = HEAT_FRAME_INIT;
	char text[256] = "";

	fold(data, view, 60, &frame);
	for (unsigned int i = 0; i < frame.row_count; i++) {
		(void) strcat(text, i ? " " : "");
		(void) strcat(text, data->irqs[frame.rows[i]].label);
	}
	assert_string_equal(text, wanted);
	heat_frame_deinit(&frame);
}

static void rows_are_sorted_as_asked(void **state)
{
	struct heat_view view = plain;
	struct heat_data data;

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 1, 1, 2, 1, 12 });
	heat_machine_fire(&data, 3, 0, 100);
	heat_machine_fire(&data, 9, 1, 500);
	view.all = false;
	assert_rows(&data, &view, "39 33");
	view.reverse = true;
	assert_rows(&data, &view, "33 39");
	view.reverse = false;
	view.all = true;

	data.irqs[1].cost_known = true;
	data.irqs[1].cost_ppm = 10;
	data.irqs[2].cost_known = true; /* known to be 0: before what is not known */
	view.sort = HEAT_BY_COST;
	assert_rows(&data, &view, "31 32 39 33 30 34 35 36 37 38 40 41");

	view.sort = HEAT_BY_NUMBER;
	assert_rows(&data, &view, "30 31 32 33 34 35 36 37 38 39 40 41");
	view.reverse = true;
	assert_rows(&data, &view, "41 40 39 38 37 36 35 34 33 32 31 30");
	view.reverse = false;

	(void) strcpy(data.irqs[0].what, "rx-10");
	(void) strcpy(data.irqs[1].what, "rx-9");
	(void) strcpy(data.irqs[11].device, "eth0");
	(void) strcpy(data.irqs[11].what, "rx-2a");
	view.sort = HEAT_BY_NAME;
	assert_rows(&data, &view, "32 41 33 34 35 36 37 31 30 38 39 40");

	data.irqs[7].stay_ms = 5000;
	data.irqs[5].stay_ms = 100;
	view.sort = HEAT_BY_MOVES;
	assert_rows(&data, &view, "35 37 30 31 32 33 34 36 38 39 40 41");
	heat_data_deinit(&data);
}

static void quiet_rows_and_the_kernels_own_are_shown_on_request(void **state)
{
	struct heat_frame frame = HEAT_FRAME_INIT;
	struct heat_view view = plain;
	struct heat_data data;

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 1, 1, 2, 1, 4 });
	heat_machine_fire(&data, 1, 0, 5);
	heat_machine_fire(&data, 3, 0, 50);
	data.irqs[3].state = HEAT_KERNEL;
	(void) strcpy(data.irqs[3].label, "LOC");
	view.all = false;
	assert_rows(&data, &view, "31");
	fold(&data, &view, 60, &frame);
	assert_int_equal(frame.hidden, 2);
	view.kernel = true;
	assert_rows(&data, &view, "LOC 31");
	view.all = true;
	assert_rows(&data, &view, "LOC 31 30 32");
	heat_frame_deinit(&frame);
	heat_data_deinit(&data);
}

static void a_filter_wants_all_its_words(void **state)
{
	static const struct {
		const char *filter;
		const char *rows;
	} cases[] = {
		{ "", "30 31 32 33 34 35 36 37 38 39" },
		{ "eth1", "38 39" },
		{ "ETH1", "38 39" },
		{ "rx-1", "31 39" },
		{ "eth0 rx-1", "31" },
		{ "  rx-1   eth0 ", "31" },
		{ "38", "38" },
		{ "stuck", "33" },
		{ "nothing", "" },
	};
	struct heat_data data;

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 1, 1, 2, 1, 10 });
	data.irqs[3].state = HEAT_STUCK;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct heat_view view = plain;

		view.sort = HEAT_BY_NUMBER;
		(void) strcpy(view.filter, cases[i].filter);
		assert_rows(&data, &view, cases[i].rows);
	}
	heat_data_deinit(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cpu_is_in_one_column_and_columns_fit_the_room),
		cmocka_unit_test(the_finest_columns_that_fit_are_taken),
		cmocka_unit_test(a_columns_load_is_the_mean_and_its_worst_cpu),
		cmocka_unit_test(a_rows_cells_are_the_sums_of_its_counts),
		cmocka_unit_test(chosen_cpus_are_the_only_columns),
		cmocka_unit_test(what_does_not_fit_is_scrolled_up_to_the_last_column),
		cmocka_unit_test(zoom_steps_over_levels_that_show_the_same),
		cmocka_unit_test(a_cache_in_two_nodes_is_a_column_in_each),
		cmocka_unit_test(shades_have_their_bounds),
		cmocka_unit_test(rows_are_sorted_as_asked),
		cmocka_unit_test(quiet_rows_and_the_kernels_own_are_shown_on_request),
		cmocka_unit_test(a_filter_wants_all_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
