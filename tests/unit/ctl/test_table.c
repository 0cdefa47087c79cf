#include "irqherd/ctl/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void columns_are_as_wide_as_they_need(void **state)
{
	static const char *const titles[] = { ">IRQ", "name", "serves" };
	struct sheet sheet;
	struct table table;

	(void) state;
	sheet_init(&sheet, 28, true, true);
	table_init(&table, titles, 3);
	table_cell(&table, INK_PLAIN, "%d", 7);
	table_cell(&table, INK_PLAIN, "a");
	table_cell(&table, INK_PLAIN, "rx");
	table_cell(&table, INK_PLAIN, "%d", 12345);
	table_cell(&table, INK_PLAIN, "%s", "");
	table_cell(&table, INK_PLAIN, "tx and many more words");
	sheet.color = false;
	table_put(&table, &sheet, 1);
	assert_string_equal(buf_text(&sheet.text), "   IRQ  name  serves\n"
						   "     7  a     rx\n"
						   " 12345        tx and many\n"
						   "              more words\n");
	table_deinit(&table);
	sheet_deinit(&sheet);
}

static void no_row_no_titles(void **state)
{
	static const char *const titles[] = { "a", "b" };
	struct sheet sheet;
	struct table table;

	(void) state;
	sheet_init(&sheet, 40, false, true);
	table_init(&table, titles, 2);
	table_put(&table, &sheet, 0);
	assert_string_equal(buf_text(&sheet.text), "");
	table_deinit(&table);
	sheet_deinit(&sheet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_they_need),
		cmocka_unit_test(no_row_no_titles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
