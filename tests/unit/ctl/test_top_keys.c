/* top_keys: keys choose rows, filter, sort, zoom, and open and close texts. */
#include "irqherd/ctl/top_keys.h"

#include "heat_machine.h"

struct top_test {
	struct top_state state;
	struct heat_data data;
	struct canvas canvas;
};

static void show(struct top_test *test)
{
	assert_int_equal(top_state_settle(&test->state, &test->data), 0);
	assert_int_equal(heat_draw(&test->data, &test->state.view, &test->state.page,
				   &test->state.frame, &test->canvas),
			 0);
}

static void press(struct top_test *test, enum top_key key)
{
	top_state_key(&test->state, &test->data, key, '\0');
	show(test);
}

static void type(struct top_test *test, const char *text)
{
	for (; *text; text++) {
		top_state_key(&test->state, &test->data, TOP_KEY_CHARACTER, *text);
		show(test);
	}
}

static int setup(void **state)
{
	static struct top_test test;
	const struct heat_view view = { .width = 80, .height = 15, .all = true };

	memset(&test, 0, sizeof(test));
	heat_machine_make(&test.data, &(struct heat_shape){ 2, 2, 2, 2, 30 });
	for (unsigned int i = 0; i < 30; i++)
		heat_machine_fire(&test.data, i, i % 16, 1000 - i);
	top_state_init(&test.state, &view, true);
	show(&test);
	*state = &test;
	return 0;
}

static int teardown(void **state)
{
	struct top_test *test = *state;

	top_state_deinit(&test->state);
	heat_data_deinit(&test->data);
	canvas_deinit(&test->canvas);
	return 0;
}

static void the_chosen_row_stays_on_the_screen(void **state)
{
	struct top_test *test = *state;

	assert_int_equal(test->state.page.selected, 0);
	for (unsigned int i = 1; i < 40; i++) {
		press(test, TOP_KEY_DOWN);
		assert_int_equal(test->state.page.selected, i < 30 ? i : 29);
		assert_true((unsigned int) test->state.page.selected >= test->state.page.first_row);
		assert_true((unsigned int) test->state.page.selected <
			    test->state.page.first_row + 8);
	}
	assert_int_equal(test->state.page.first_row, 22);
	press(test, TOP_KEY_HOME);
	assert_int_equal(test->state.page.selected, 0);
	assert_int_equal(test->state.page.first_row, 0);
	press(test, TOP_KEY_PAGE_DOWN);
	assert_int_equal(test->state.page.selected, 8);
	press(test, TOP_KEY_UP);
	press(test, TOP_KEY_PAGE_UP);
	assert_int_equal(test->state.page.selected, 0);
	press(test, TOP_KEY_END);
	assert_int_equal(test->state.page.selected, 29);
}

static void the_chosen_irq_stays_chosen_when_rows_are_sorted_anew(void **state)
{
	struct top_test *test = *state;

	press(test, TOP_KEY_DOWN);
	press(test, TOP_KEY_DOWN);
	assert_string_equal(test->state.selected, "32");
	heat_machine_fire(&test->data, 29, 0, 5000);
	show(test);
	assert_int_equal(test->state.page.selected, 3);
	type(test, "S");
	assert_int_equal(test->state.page.selected, 26);
	type(test, "i");
	assert_int_equal(test->state.page.selected, 2);
	assert_string_equal(test->state.selected, "32");
}

static void a_filter_works_while_it_is_typed(void **state)
{
	struct top_test *test = *state;

	type(test, "/eth1q");
	assert_true(test->state.page.editing);
	assert_false(test->state.quit); /* q is a letter here */
	assert_int_equal(test->state.frame.row_count, 0);
	assert_int_equal(test->state.page.selected, -1);
	press(test, TOP_KEY_BACKSPACE);
	assert_int_equal(test->state.frame.row_count, 8);
	press(test, TOP_KEY_ENTER);
	assert_false(test->state.page.editing);
	assert_string_equal(test->state.view.filter, "eth1");
	assert_int_equal(test->state.page.selected, 0);
	press(test, TOP_KEY_ESCAPE);
	assert_int_equal(test->state.frame.row_count, 30);
	for (unsigned int i = 0; i < 200; i++)
		type(test, i ? "x" : "/");
	assert_int_equal(strlen(test->state.view.filter), HEAT_FILTER - 1);
	press(test, TOP_KEY_ESCAPE);
	assert_string_equal(test->state.view.filter, "");
	assert_false(test->state.page.editing);
}

static void zoom_goes_from_cpus_to_nodes_and_back(void **state)
{
	struct top_test *test = *state;
	static const enum heat_zoom out[] = { HEAT_CORES, HEAT_LLCS, HEAT_NODES, HEAT_NODES };

	assert_int_equal(test->state.frame.zoom, HEAT_CPUS);
	for (size_t i = 0; i < ARRAY_SIZE(out); i++) {
		type(test, "-");
		assert_int_equal(test->state.frame.zoom, out[i]);
	}
	type(test, "+");
	assert_int_equal(test->state.frame.zoom, HEAT_LLCS);
	type(test, "0");
	assert_int_equal(test->state.frame.zoom, HEAT_CPUS);
}

static void columns_scroll_where_they_do_not_fit(void **state)
{
	struct top_test *test = *state;

	test->state.view.width = 62;
	test->state.view.zoom = HEAT_CPUS;
	show(test);
	assert_int_equal(test->state.frame.first, 0);
	assert_true(test->state.frame.visible < 16);
	for (unsigned int i = 0; i < 20; i++)
		press(test, TOP_KEY_RIGHT);
	assert_int_equal(test->state.frame.first + test->state.frame.visible, 16);
	for (unsigned int i = 0; i < 20; i++)
		press(test, TOP_KEY_LEFT);
	assert_int_equal(test->state.frame.first, 0);
}

static void texts_open_scroll_and_close(void **state)
{
	struct top_test *test = *state;

	type(test, "h");
	assert_ptr_equal(test->state.page.overlay, heat_help);
	press(test, TOP_KEY_UP);
	assert_int_equal(test->state.page.overlay_first, 0);
	for (unsigned int i = 0; i < 100; i++)
		press(test, TOP_KEY_DOWN);
	assert_true(test->state.page.overlay_first < 30);
	press(test, TOP_KEY_ESCAPE);
	assert_null(test->state.page.overlay);
	assert_int_equal(test->state.page.selected, 0);

	press(test, TOP_KEY_ENTER);
	assert_true(test->state.wants_explanation);
	type(test, "?q");
	assert_true(test->state.quit);
}

static void letters_sort_and_switch(void **state)
{
	struct top_test *test = *state;
	static const struct {
		char key;
		enum heat_sort sort;
	} sorts[] = {
		{ 'c', HEAT_BY_COST },  { 'n', HEAT_BY_NAME }, { 'i', HEAT_BY_NUMBER },
		{ 'm', HEAT_BY_MOVES }, { 'r', HEAT_BY_RATE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sorts); i++) {
		const char text[2] = { sorts[i].key, '\0' };

		type(test, text);
		assert_int_equal(test->state.view.sort, sorts[i].sort);
	}
	for (unsigned int i = 0; i < HEAT_SORTS; i++)
		type(test, "s");
	assert_int_equal(test->state.view.sort, HEAT_BY_RATE);
	type(test, "ak ");
	assert_false(test->state.view.all);
	assert_true(test->state.view.kernel);
	assert_true(test->state.page.paused);
}

/* Rows that went take the choice with them, to what is there now. */
static void nothing_is_chosen_where_nothing_is(void **state)
{
	struct top_test *test = *state;

	press(test, TOP_KEY_END);
	test->data.irq_count = 5;
	show(test);
	assert_int_equal(test->state.page.selected, 4);
	test->data.irq_count = 0;
	show(test);
	assert_int_equal(test->state.page.selected, -1);
	press(test, TOP_KEY_DOWN);
	press(test, TOP_KEY_ENTER);
	assert_false(test->state.wants_explanation);
}

int main(void)
{
#define keys_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		keys_test(the_chosen_row_stays_on_the_screen),
		keys_test(the_chosen_irq_stays_chosen_when_rows_are_sorted_anew),
		keys_test(a_filter_works_while_it_is_typed),
		keys_test(zoom_goes_from_cpus_to_nodes_and_back),
		keys_test(columns_scroll_where_they_do_not_fit),
		keys_test(texts_open_scroll_and_close),
		keys_test(letters_sort_and_switch),
		keys_test(nothing_is_chosen_where_nothing_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
