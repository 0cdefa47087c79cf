#include "irqherd/ctl/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct table_cell {
	char *text;
	enum ink ink;
};

void table_init(struct table *table, const char *const *titles, unsigned int count)
{
	*table = (struct table){ .column_count = count < TABLE_COLUMNS ? count : TABLE_COLUMNS };
	for (unsigned int i = 0; i < table->column_count; i++)
		table->titles[i] = titles[i];
}

void table_deinit(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i].text);
	free(table->cells);
	*table = (struct table){ 0 };
}

void table_cell(struct table *table, enum ink ink, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list arguments;

	if (table->error < 0)
		return;
	if (table->cell_count == table->cell_size) {
		size_t size = table->cell_size ? 2 * table->cell_size : 64;
		struct table_cell *cells = realloc(table->cells, size * sizeof(cells[0]));

		if (!cells) {
			table->error = -ENOMEM;
			return;
		}
		table->cells = cells;
		table->cell_size = size;
	}
	va_start(arguments, format);
	table->error = buf_vprintf(&text, format, arguments);
	va_end(arguments);
	if (table->error < 0)
		return;
	table->cells[table->cell_count++] = (struct table_cell){ .text = text.data, .ink = ink };
}

static const char *cell_text(const struct table_cell *cell)
{
	return cell->text ? cell->text : "";
}

static const char *title_of(const struct table *table, unsigned int column)
{
	const char *title = table->titles[column];

	return *title == '>' ? title + 1 : title;
}

static unsigned int width_of(const struct table *table, unsigned int column)
{
	unsigned int width = text_columns(title_of(table, column));

	for (size_t i = column; i < table->cell_count; i += table->column_count) {
		unsigned int cell = text_columns(cell_text(&table->cells[i]));

		if (cell > width)
			width = cell;
	}
	return width;
}

static void put_cell(const struct table *table, struct sheet *sheet, unsigned int column,
		     enum ink ink, const char *text, unsigned int start, unsigned int width)
{
	unsigned int columns = text_columns(text);

	sheet_tab(sheet, start);
	if (table->titles[column][0] == '>' && columns < width)
		sheet_tab(sheet, start + width - columns);
	sheet_ink(sheet, ink, "%s", text);
}

void table_put(const struct table *table, struct sheet *sheet, unsigned int indent)
{
	unsigned int starts[TABLE_COLUMNS], widths[TABLE_COLUMNS], last = table->column_count - 1;
	unsigned int at = indent;

	sheet_keep(sheet, table->error);
	if (table->cell_count == 0)
		return;
	for (unsigned int column = 0; column < table->column_count; column++) {
		starts[column] = at;
		widths[column] = width_of(table, column);
		at += widths[column] + 2;
	}
	for (unsigned int column = 0; column < table->column_count; column++)
		put_cell(table, sheet, column, INK_BOLD, title_of(table, column), starts[column],
			 widths[column]);
	sheet_end_line(sheet, indent);

	for (size_t i = 0; i < table->cell_count; i++) {
		unsigned int column = (unsigned int) (i % table->column_count);

		put_cell(table, sheet, column, table->cells[i].ink, cell_text(&table->cells[i]),
			 starts[column], widths[column]);
		if (column == last)
			sheet_end_line(sheet, starts[last]);
	}
}
