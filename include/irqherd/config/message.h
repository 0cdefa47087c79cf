/*
 * message: what a parser has to say about its input, each with file and line. All of them are
 * collected, not the first only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "irqherd/base/macro.h"

struct message {
	char *file;        /* "command line" for options */
	unsigned int line; /* 0: the file as a whole */
	char *text;
	bool warning; /* false: an error, the input is not used */
};

struct message_list {
	struct message *items;
	size_t count;
	size_t size;
	size_t errors; /* items that are not warnings */
};

#define MESSAGE_LIST_INIT ((struct message_list){ NULL, 0, 0, 0 })

void message_list_deinit(struct message_list *list);
void message_error(struct message_list *list, const char *file, unsigned int line,
		   const char *format, ...) _printf_(4, 5);
void message_warning(struct message_list *list, const char *file, unsigned int line,
		     const char *format, ...) _printf_(4, 5);
