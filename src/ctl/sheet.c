#include "irqherd/ctl/sheet.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE '\033'

void sheet_init(struct sheet *sheet, unsigned int width, bool color, bool unicode)
{
	*sheet = (struct sheet){
		.text = BUF_INIT,
		.line = BUF_INIT,
		.width = width,
		.color = color,
		.unicode = unicode,
	};
}

void sheet_deinit(struct sheet *sheet)
{
	buf_deinit(&sheet->text);
	buf_deinit(&sheet->line);
}

void sheet_keep(struct sheet *sheet, int r)
{
	if (sheet->error >= 0 && r < 0)
		sheet->error = r;
}

/* --------------------------------------------------------------------------------------------------
 * characters */

/* Bytes of the character at `text`; 1 for what is no UTF-8. */
static size_t character_length(const char *text)
{
	unsigned char first = (unsigned char) *text;
	size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;

	for (size_t i = 1; i < length; i++)
		if (((unsigned char) text[i] & 0xc0) != 0x80)
			return 1;
	return length;
}

/* Bytes of a colour at `text`; 0: there is none. */
static size_t color_length(const char *text)
{
	size_t length;

	if (text[0] != ESCAPE || text[1] != '[')
		return 0;
	length = strcspn(text, "m");
	return text[length] ? length + 1 : 0;
}

unsigned int text_columns(const char *text)
{
	unsigned int columns = 0;

	while (*text) {
		size_t color = color_length(text);

		columns += color == 0;
		text += color ? color : character_length(text);
	}
	return columns;
}

/* What stands for a character where only ASCII can be shown: one column each. */
static const struct {
	const char *character;
	char ascii;
} substitutes[] = {
	{ "─", '-' }, { "│", '|' }, { "┌", '+' }, { "┐", '+' }, { "└", '+' }, { "┘", '+' },
	{ "├", '+' }, { "┤", '+' }, { "▁", '.' }, { "▂", ':' }, { "▃", '-' }, { "▄", '=' },
	{ "▅", '+' }, { "▆", '*' }, { "▇", '%' }, { "█", '#' }, { "·", '.' }, { "×", 'x' },
	{ "…", '~' }, { "→", '>' }, { "●", '*' }, { "✓", '+' }, { "✗", 'x' },
};

static char substitute_for(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(substitutes); i++)
		if (strlen(substitutes[i].character) == length &&
		    memcmp(substitutes[i].character, text, length) == 0)
			return substitutes[i].ascii;
	return '?';
}

/* --------------------------------------------------------------------------------------------------
 * writing */

static void put_text(struct sheet *sheet, const char *text)
{
	while (*text && sheet->error >= 0) {
		size_t length = character_length(text);
		char ascii = *text;

		if (length == 1) {
			if (ascii < ' ' || ascii == 0x7f)
				ascii = '?';
			sheet->error = buf_append(&sheet->line, &ascii, 1);
		} else if (sheet->unicode) {
			sheet->error = buf_append(&sheet->line, text, length);
		} else {
			ascii = substitute_for(text, length);
			sheet->error = buf_append(&sheet->line, &ascii, 1);
		}
		text += length;
	}
}

_printf_(2, 0) static void put_formatted(struct sheet *sheet, const char *format, va_list arguments)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	sheet_keep(sheet, buf_vprintf(&text, format, arguments));
	put_text(sheet, buf_text(&text));
}

void sheet_printf(struct sheet *sheet, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_formatted(sheet, format, arguments);
	va_end(arguments);
}

static const char *start_of(enum ink ink)
{
	/* hues that can be told apart on dark and on light grounds */
	static const char *const nodes[INK_NODES] = { "\033[36m", "\033[35m", "\033[34m",
						      "\033[32m", "\033[96m", "\033[95m" };

	switch (ink) {
	case INK_PLAIN:
		return "";
	case INK_DIM:
		return "\033[2m";
	case INK_BOLD:
		return "\033[1m";
	case INK_GOOD:
		return "\033[32m";
	case INK_WARN:
		return "\033[33m";
	case INK_BAD:
		return "\033[1;31m";
	case INK_NODE:
		break;
	}
	return nodes[(unsigned int) (ink - INK_NODE) % INK_NODES];
}

void sheet_ink(struct sheet *sheet, enum ink ink, const char *format, ...)
{
	bool colored = sheet->color && ink != INK_PLAIN;
	va_list arguments;

	if (colored)
		sheet_keep(sheet, buf_puts(&sheet->line, start_of(ink)));
	va_start(arguments, format);
	put_formatted(sheet, format, arguments);
	va_end(arguments);
	if (colored)
		sheet_keep(sheet, buf_puts(&sheet->line, "\033[0m"));
}

void sheet_tab(struct sheet *sheet, unsigned int column)
{
	unsigned int at = text_columns(buf_text(&sheet->line));

	if (at < column)
		sheet_keep(sheet, buf_printf(&sheet->line, "%*s", (int) (column - at), ""));
}

enum ink ink_of_node(int node)
{
	return node < 0 ? INK_PLAIN : (enum ink)(INK_NODE + node % INK_NODES);
}

enum ink ink_of_load(unsigned int ppm, unsigned int threshold_ppm)
{
	if (ppm >= threshold_ppm)
		return INK_BAD;
	return ppm >= threshold_ppm / 4 * 3 ? INK_WARN : INK_PLAIN;
}

/* --------------------------------------------------------------------------------------------------
 * folding */

/* Bytes of the text that go on a line with that room: up to the last blank or comma, if need be
 * in the middle of a word. */
static size_t fold(const char *text, unsigned int room)
{
	unsigned int columns = 0;
	size_t at = 0, best = 0;

	while (text[at]) {
		size_t color = color_length(text + at);

		if (color) {
			at += color;
			continue;
		}
		if (columns == room)
			return text[at] == ' ' || best == 0 ? at : best;
		if (text[at] == ' ' && columns > 0)
			best = at;
		at += character_length(text + at);
		columns++;
		if (text[at - 1] == ',')
			best = at;
	}
	return at;
}

static void put_line(struct sheet *sheet, const char *line, size_t length, unsigned int indent)
{
	while (length > 0 && line[length - 1] == ' ')
		length--;
	sheet_keep(sheet, buf_printf(&sheet->text, "%*s%.*s\n", (int) (length ? indent : 0), "",
				     (int) length, line));
}

/* Blanks at the start of a line are its shape: no place to fold. */
static size_t first_fold(const char *line, unsigned int width)
{
	size_t shape = strspn(line, " ");

	if (shape >= width / 2)
		return fold(line, width);
	return shape + fold(line + shape, width - (unsigned int) shape);
}

void sheet_end_line(struct sheet *sheet, unsigned int indent)
{
	const char *line = buf_text(&sheet->line);
	size_t part;

	if (sheet->error < 0)
		return;
	if (indent > sheet->width / 2)
		indent = sheet->width / 2;
	part = first_fold(line, sheet->width);
	put_line(sheet, line, part, 0);
	for (line += part; sheet->error >= 0; line += part) {
		line += strspn(line, " ");
		if (!*line)
			break;
		part = fold(line, sheet->width - indent);
		put_line(sheet, line, part, indent);
	}
	buf_reset(&sheet->line);
}

void sheet_blank_line(struct sheet *sheet)
{
	const struct buf *text = &sheet->text;
	size_t length = text->length;

	if (length == 0 ||
	    (length >= 2 && text->data[length - 1] == '\n' && text->data[length - 2] == '\n'))
		return;
	sheet_keep(sheet, buf_puts(&sheet->text, "\n"));
}

int sheet_print(const struct sheet *sheet)
{
	if (sheet->error < 0)
		return sheet->error;
	if (fputs(buf_text(&sheet->text), stdout) < 0)
		return -EIO;
	return 0;
}
