#include "irqherd/outlet/page.h"

#include <stdarg.h>
#include <string.h>

void page_begin_section(struct page *page)
{
	if (page->text->length > 0)
		page_keep(page, buf_puts(page->text, "\n"));
}

void page_printf(struct page *page, const char *format, ...)
{
	va_list arguments;

	if (page->error < 0)
		return;
	va_start(arguments, format);
	page->error = buf_vprintf(&page->line, format, arguments);
	va_end(arguments);
}

void page_keep(struct page *page, int r)
{
	if (page->error >= 0 && r < 0)
		page->error = r;
}

void page_flag(struct page *page, bool set, const char *word, const char **separator)
{
	if (!set)
		return;
	page_printf(page, "%s%s", *separator, word);
	*separator = ", ";
}

void text_clean(struct buf *text, size_t start)
{
	for (size_t i = start; i < text->length; i++)
		if (text->data[i] < ' ' || text->data[i] > '~')
			text->data[i] = '?';
}

/* How many bytes of the text go on a line with that room. */
static size_t fold(const char *text, size_t length, size_t room)
{
	if (length <= room)
		return length;

	for (size_t i = room; i > 0; i--)
		if (text[i] == ' ' || text[i - 1] == ',')
			return i;
	return room;
}

static int put_line(struct buf *text, const char *line, size_t length, unsigned int indent)
{
	while (length > 0 && line[length - 1] == ' ')
		length--;
	return buf_printf(text, "%*s%.*s\n", (int) indent, "", (int) length, line);
}

/* Blanks at the start of a line are its shape: no place to fold. */
static size_t first_fold(const char *line, size_t length)
{
	size_t shape = strspn(line, " ");
	size_t rest = length - shape;

	if (shape >= PAGE_WIDTH / 2)
		return fold(line, length, PAGE_WIDTH);
	return shape + fold(line + shape, rest, PAGE_WIDTH - shape);
}

void page_end_line(struct page *page, unsigned int indent)
{
	const char *line;
	size_t left, part;

	if (page->error < 0)
		return;
	if (indent > PAGE_WIDTH / 2)
		indent = PAGE_WIDTH / 2;

	text_clean(&page->line, 0);
	line = buf_text(&page->line);
	left = page->line.length;

	part = first_fold(line, left);
	page->error = put_line(page->text, line, part, 0);
	while (page->error >= 0) {
		line += part;
		left -= part;
		part = strspn(line, " ");
		line += part;
		left -= part;
		if (left == 0)
			break;
		part = fold(line, left, PAGE_WIDTH - indent);
		page->error = put_line(page->text, line, part, indent);
	}
	buf_reset(&page->line);
}

int page_finish(struct page *page)
{
	buf_deinit(&page->line);
	return page->error;
}
