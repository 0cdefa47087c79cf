/* canvas: what is drawn comes out, and nothing outside of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/ctl/canvas.h"

static void texts_are_cut_at_the_edges_and_to_their_room(void **state)
{
	struct canvas canvas = CANVAS_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	(void) state;
	assert_int_equal(canvas_resize(&canvas, 10, 3), 0);
	assert_int_equal(canvas_text(&canvas, 7, 0, 20, "abcdef", STYLE_PLAIN), 13);
	assert_int_equal(canvas_text(&canvas, 0, 1, 3, "abcdef", STYLE_PLAIN), 3);
	canvas_text(&canvas, 0, 3, 3, "below", STYLE_PLAIN);
	canvas_text_right(&canvas, 10, 1, "xy", STYLE_PLAIN);
	canvas_text_right(&canvas, 3, 2, "12345", STYLE_PLAIN);
	assert_int_equal(canvas_page(&canvas, &text), 0);
	assert_string_equal(buf_text(&text), "       abc\nabc     xy\n345\n");
	canvas_deinit(&canvas);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	struct canvas canvas = CANVAS_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const char hostile[] = "a\033[2J\xff\xc3\xa9\xe2\x96\x88\xc2\x9b!\xe2\x96";

	(void) state;
	assert_int_equal(canvas_resize(&canvas, 20, 2), 0);
	canvas_text(&canvas, 0, 0, 20, "e\033[2J\x7f\xc3", STYLE_PLAIN);
	canvas_utf8(&canvas, 0, 1, hostile, sizeof(hostile) - 1, STYLE_PLAIN);
	assert_int_equal(canvas_page(&canvas, &text), 0);
	assert_string_equal(buf_text(&text), "e?[2J??\na?[2J?\xc3\xa9\xe2\x96\x88?!??\n");
	canvas_deinit(&canvas);
}

static void a_smaller_canvas_is_empty_again(void **state)
{
	struct canvas canvas = CANVAS_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	(void) state;
	assert_int_equal(canvas_resize(&canvas, 8, 4), 0);
	for (unsigned int y = 0; y < 4; y++)
		canvas_text(&canvas, 0, y, 8, "########", STYLE_HOT);
	canvas_select(&canvas, 2, 1, 100);
	assert_false(canvas.cells[2 * 8].selected);
	assert_true(canvas.cells[2 * 8 + 1].selected);
	assert_true(canvas.cells[2 * 8 + 7].selected);
	canvas_select(&canvas, 4, 0, 8);
	assert_int_equal(canvas_resize(&canvas, 4, 3), 0);
	for (unsigned int i = 0; i < 12; i++) {
		assert_int_equal(canvas.cells[i].character, ' ');
		assert_int_equal(canvas.cells[i].style, STYLE_PLAIN);
		assert_false(canvas.cells[i].selected);
	}
	assert_int_equal(canvas_page(&canvas, &text), 0);
	assert_string_equal(buf_text(&text), "");
	canvas_deinit(&canvas);
}

static void characters_become_utf8(void **state)
{
	static const struct {
		uint32_t character;
		const char *bytes;
	} cases[] = {
		{ 'a', "a" },
		{ 0xb7, "\xc2\xb7" },
		{ 0x2588, "\xe2\x96\x88" },
		{ 0x1f600, "\xf0\x9f\x98\x80" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char bytes[5] = "";

		assert_int_equal(utf8_encode(cases[i].character, bytes), strlen(cases[i].bytes));
		assert_string_equal(bytes, cases[i].bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_cut_at_the_edges_and_to_their_room),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(a_smaller_canvas_is_empty_again),
		cmocka_unit_test(characters_become_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
