/*
 * lines: a configuration file's text, line by line; what both file formats have in common.
 *
 * Ends of lines may be LF or CR LF, and the last one may be missing. Control characters other than
 * the tab mean that this is no text file: that is one message, and the reading stops. So it does
 * after LINES_ERROR_LIMIT errors.
 */
#pragma once

#include <stddef.h>

#include "irqherd/base/buf.h"
#include "irqherd/config/message.h"

#define LINE_LIMIT        65536u /* bytes; a list of 8,192 CPUs has some 40,000 */
#define LINES_FILE_LIMIT  (4u << 20)
#define LINES_ERROR_LIMIT 100u

struct lines {
	const char *file; /* for messages; borrowed, as is the text */
	const char *rest;
	size_t rest_length;
	unsigned int number; /* of the line given last; the first is 1 */
	struct buf line;
	struct message_list *messages;
	size_t errors_before; /* messages::errors at the start */
};

void lines_init(struct lines *lines, const char *file, const char *text, size_t length,
		struct message_list *messages);
void lines_deinit(struct lines *lines);

/* The next line, the caller's to change, until the next call; NULL: no more. */
char *lines_next(struct lines *lines);

/* -EINVAL if there was any error since lines_init, else 0. */
int lines_result(const struct lines *lines);

/* Reads a regular file (or /dev/null) whole into *text, which is reset first. Never waits for a
 * pipe or terminal: -ENOTSUP. -EISDIR, -EFBIG and what the system says. */
int lines_read_file(const char *path, struct buf *text);
