/*
 * Messages quote what a file holds, and end in logs, on terminals and in JSON: bytes that are not
 * printable UTF-8 are replaced here, once for all parsers.
 */
#include "irqherd/config/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The length of the well-formed, printable character at text; 0 when there is none. */
static size_t character_length(const unsigned char *text)
{
	size_t length;

	if (text[0] >= 0x20 && text[0] < 0x7f)
		return 1;

	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		length = 2;
	else if (text[0] >= 0xe0 && text[0] <= 0xef)
		length = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		length = 4;
	else
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;

	/* Overlong forms, surrogates, beyond the last character, and the control characters
	 * U+0080 to U+009f. */
	if ((text[0] == 0xc2 && text[1] < 0xa0) || (text[0] == 0xe0 && text[1] < 0xa0) ||
	    (text[0] == 0xed && text[1] > 0x9f) || (text[0] == 0xf0 && text[1] < 0x90) ||
	    (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

static void make_printable(char *text)
{
	while (*text) {
		size_t length = character_length((const unsigned char *) text);

		if (length == 0)
			*text = '?';
		text += length ? length : 1;
	}
}

static int make_room(struct message_list *list)
{
	size_t size = list->size ? 2 * list->size : 8;
	struct message *items;

	if (list->count < list->size)
		return 0;
	items = reallocarray(list->items, size, sizeof(*items));
	if (!items)
		return -1;
	list->items = items;
	list->size = size;
	return 0;
}

/* Without memory the message is lost, but an error stays counted: the input must not pass. */
static void _printf_(5, 0) put(struct message_list *list, const char *file, unsigned int line,
			       bool warning, const char *format, va_list arguments)
{
	struct message message = { .line = line, .warning = warning };

	if (!warning)
		list->errors++;

	if (make_room(list) < 0)
		return;
	message.file = strdup(file);
	if (!message.file)
		return;
	if (vasprintf(&message.text, format, arguments) < 0) {
		free(message.file);
		return;
	}
	make_printable(message.file);
	make_printable(message.text);
	list->items[list->count++] = message;
}

void message_list_deinit(struct message_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].file);
		free(list->items[i].text);
	}
	free(list->items);
	*list = MESSAGE_LIST_INIT;
}

void message_error(struct message_list *list, const char *file, unsigned int line,
		   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put(list, file, line, false, format, arguments);
	va_end(arguments);
}

void message_warning(struct message_list *list, const char *file, unsigned int line,
		     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put(list, file, line, true, format, arguments);
	va_end(arguments);
}
