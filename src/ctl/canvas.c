/* Cells hold code points; UTF-8 is made of them on the way out, and of runs of one style by who
 * shows them. */
#include "irqherd/ctl/canvas.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void canvas_deinit(struct canvas *canvas)
{
	free(canvas->cells);
	*canvas = CANVAS_INIT;
}

int canvas_resize(struct canvas *canvas, unsigned int width, unsigned int height)
{
	size_t cells = (size_t) width * height;

	if (cells > canvas->size) {
		struct canvas_cell *grown = realloc(canvas->cells, cells * sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		canvas->cells = grown;
		canvas->size = cells;
	}
	canvas->width = width;
	canvas->height = height;
	for (size_t i = 0; i < cells; i++)
		canvas->cells[i] = (struct canvas_cell){ .character = ' ' };
	return 0;
}

void canvas_put(struct canvas *canvas, unsigned int x, unsigned int y, uint32_t character,
		enum style style)
{
	struct canvas_cell *cell;

	if (x >= canvas->width || y >= canvas->height)
		return;
	cell = &canvas->cells[(size_t) y * canvas->width + x];
	cell->character = character;
	cell->style = (uint8_t) style;
}

unsigned int canvas_text(struct canvas *canvas, unsigned int x, unsigned int y, unsigned int room,
			 const char *text, enum style style)
{
	for (unsigned int i = 0; i < room && text[i]; i++)
		canvas_put(canvas, x++, y,
			   text[i] >= ' ' && text[i] <= '~' ? (uint32_t) text[i] : '?', style);
	return x;
}

unsigned int canvas_printf(struct canvas *canvas, unsigned int x, unsigned int y, enum style style,
			   const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	(void) vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return canvas_text(canvas, x, y, sizeof(text), text, style);
}

void canvas_text_right(struct canvas *canvas, unsigned int x_end, unsigned int y, const char *text,
		       enum style style)
{
	size_t length = strlen(text);

	if (length > x_end) {
		text += length - x_end;
		length = x_end;
	}
	canvas_text(canvas, x_end - (unsigned int) length, y, (unsigned int) length, text, style);
}

/* Answers the bytes taken, 1 at least. */
static size_t utf8_decode(const char *text, size_t length, uint32_t *ret_character)
{
	unsigned char first = (unsigned char) text[0];
	size_t bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t character = first & (bytes == 1 ? 0x7f : 0xffu >> (bytes + 1));

	*ret_character = '?';
	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || bytes > length)
		return 1;
	for (size_t i = 1; i < bytes; i++) {
		if (((unsigned char) text[i] & 0xc0) != 0x80)
			return 1;
		character = character << 6 | ((unsigned char) text[i] & 0x3f);
	}
	if (character >= ' ' && character != 0x7f && !(character >= 0x80 && character < 0xa0))
		*ret_character = character;
	return bytes;
}

unsigned int canvas_utf8(struct canvas *canvas, unsigned int x, unsigned int y, const char *text,
			 size_t length, enum style style)
{
	for (size_t i = 0; i < length;) {
		uint32_t character;

		i += utf8_decode(text + i, length - i, &character);
		canvas_put(canvas, x++, y, character, style);
	}
	return x;
}

void canvas_select(struct canvas *canvas, unsigned int y, unsigned int x, unsigned int x_end)
{
	if (y >= canvas->height)
		return;
	for (; x < x_end && x < canvas->width; x++)
		canvas->cells[(size_t) y * canvas->width + x].selected = true;
}

size_t utf8_encode(uint32_t character, char text[4])
{
	if (character < 0x80) {
		text[0] = (char) character;
		return 1;
	}
	if (character < 0x800) {
		text[0] = (char) (0xc0 | character >> 6);
		text[1] = (char) (0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		text[0] = (char) (0xe0 | character >> 12);
		text[1] = (char) (0x80 | (character >> 6 & 0x3f));
		text[2] = (char) (0x80 | (character & 0x3f));
		return 3;
	}
	text[0] = (char) (0xf0 | character >> 18);
	text[1] = (char) (0x80 | (character >> 12 & 0x3f));
	text[2] = (char) (0x80 | (character >> 6 & 0x3f));
	text[3] = (char) (0x80 | (character & 0x3f));
	return 4;
}

int canvas_row_text(const struct canvas *canvas, unsigned int y, struct buf *text)
{
	const struct canvas_cell *row = canvas->cells + (size_t) y * canvas->width;
	unsigned int end = canvas->width;

	while (end > 0 && row[end - 1].character == ' ')
		end--;
	for (unsigned int x = 0; x < end; x++) {
		char bytes[4];
		int r = buf_append(text, bytes, utf8_encode(row[x].character, bytes));

		if (r < 0)
			return r;
	}
	return 0;
}

int canvas_page(const struct canvas *canvas, struct buf *text)
{
	unsigned int last = 0;

	for (size_t i = 0; i < (size_t) canvas->width * canvas->height; i++)
		if (canvas->cells[i].character != ' ')
			last = (unsigned int) (i / canvas->width) + 1;
	for (unsigned int y = 0; y < last; y++) {
		int r = canvas_row_text(canvas, y, text);

		if (r == 0)
			r = buf_puts(text, "\n");
		if (r < 0)
			return r;
	}
	return 0;
}
