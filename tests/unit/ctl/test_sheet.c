#include "irqherd/ctl/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct sheet fresh(unsigned int width, bool color, bool unicode)
{
	struct sheet sheet;

	sheet_init(&sheet, width, color, unicode);
	return sheet;
}

static void lines_are_folded_at_blanks_and_commas(void **state)
{
	struct sheet sheet = fresh(20, false, true);

	(void) state;
	sheet_printf(&sheet, "one two three four five six");
	sheet_end_line(&sheet, 4);
	sheet_printf(&sheet, "  1,2,3,4,5,6,7,8,9,10,11,12");
	sheet_end_line(&sheet, 2);
	sheet_printf(&sheet, "averyveryverylongwordwithoutend");
	sheet_end_line(&sheet, 1);
	assert_string_equal(buf_text(&sheet.text), "one two three four\n"
						   "    five six\n"
						   "  1,2,3,4,5,6,7,8,9,\n"
						   "  10,11,12\n"
						   "averyveryverylongwor\n"
						   " dwithoutend\n");
	sheet_deinit(&sheet);
}

static void a_line_of_just_the_width_is_not_folded(void **state)
{
	struct sheet sheet = fresh(8, false, true);

	(void) state;
	sheet_printf(&sheet, "12345678");
	sheet_end_line(&sheet, 4);
	sheet_printf(&sheet, "1234 678 x");
	sheet_end_line(&sheet, 4);
	assert_string_equal(buf_text(&sheet.text), "12345678\n1234 678\n    x\n");
	sheet_deinit(&sheet);
}

static void colours_take_no_room(void **state)
{
	struct sheet sheet = fresh(10, true, true);

	(void) state;
	sheet_ink(&sheet, INK_BAD, "12345");
	sheet_tab(&sheet, 6);
	sheet_ink(&sheet, INK_PLAIN, "7890");
	assert_int_equal(text_columns(buf_text(&sheet.line)), 10);
	sheet_end_line(&sheet, 4);
	assert_string_equal(buf_text(&sheet.text), "\033[1;31m12345\033[0m 7890\n");
	sheet_deinit(&sheet);
}

static void colours_are_left_out_where_nobody_wants_them(void **state)
{
	struct sheet sheet = fresh(40, false, true);

	(void) state;
	for (int ink = INK_PLAIN; ink < INK_NODE + INK_NODES; ink++)
		sheet_ink(&sheet, (enum ink) ink, "x");
	sheet_end_line(&sheet, 0);
	assert_null(strchr(buf_text(&sheet.text), '\033'));
	sheet_deinit(&sheet);
}

static void other_characters_become_ascii_of_the_same_width(void **state)
{
	struct sheet plain = fresh(40, false, false), rich = fresh(40, false, true);
	const char *text = "┌─┐ █▁ → · … ä €";

	(void) state;
	sheet_printf(&plain, "%s", text);
	sheet_end_line(&plain, 0);
	sheet_printf(&rich, "%s", text);
	sheet_end_line(&rich, 0);
	assert_string_equal(buf_text(&plain.text), "+-+ #. > . ~ ? ?\n");
	assert_int_equal(text_columns(buf_text(&plain.text)), text_columns(buf_text(&rich.text)));
	sheet_deinit(&plain);
	sheet_deinit(&rich);
}

static void escape_codes_of_names_are_not_passed_on(void **state)
{
	struct sheet sheet = fresh(40, true, true);

	(void) state;
	sheet_printf(&sheet, "eth0\033[31m\a\xff");
	sheet_end_line(&sheet, 0);
	assert_null(strchr(buf_text(&sheet.text), '\033'));
	assert_null(strchr(buf_text(&sheet.text), '\a'));
	sheet_deinit(&sheet);
}

static void blank_lines_part_what_is_there(void **state)
{
	struct sheet sheet = fresh(40, false, true);

	(void) state;
	sheet_blank_line(&sheet);
	sheet_printf(&sheet, "a");
	sheet_end_line(&sheet, 0);
	sheet_blank_line(&sheet);
	sheet_blank_line(&sheet);
	sheet_printf(&sheet, "b");
	sheet_end_line(&sheet, 0);
	assert_string_equal(buf_text(&sheet.text), "a\n\nb\n");
	sheet_deinit(&sheet);
}

static void loads_are_coloured_by_the_threshold(void **state)
{
	(void) state;
	assert_int_equal(ink_of_load(989999, 990000), INK_WARN);
	assert_int_equal(ink_of_load(990000, 990000), INK_BAD);
	assert_int_equal(ink_of_load(100000, 990000), INK_PLAIN);
	assert_int_equal(ink_of_node(-1), INK_PLAIN);
	assert_int_equal(ink_of_node(0), INK_NODE);
	assert_int_equal(ink_of_node(INK_NODES), INK_NODE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_folded_at_blanks_and_commas),
		cmocka_unit_test(a_line_of_just_the_width_is_not_folded),
		cmocka_unit_test(colours_take_no_room),
		cmocka_unit_test(colours_are_left_out_where_nobody_wants_them),
		cmocka_unit_test(other_characters_become_ascii_of_the_same_width),
		cmocka_unit_test(escape_codes_of_names_are_not_passed_on),
		cmocka_unit_test(blank_lines_part_what_is_there),
		cmocka_unit_test(loads_are_coloured_by_the_threshold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
