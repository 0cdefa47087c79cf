/*
 * interrupts_text: the text of /proc/interrupts, for those who read its names and for those who
 * read its counts. Private to this layer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/buf.h"

struct token {
	const char *text;
	size_t length;
};

/* The next word; its length is 0 at the end of the line. */
struct token next_token(const char **text, const char *end);

/* What stands behind a row's counts. hwirq -1: not told. */
struct row_tail {
	struct token chip;
	int64_t hwirq;
	struct token actions; /* as printed: "a, b" */
};

/* text: the first word behind the counts. */
struct row_tail row_tail_parse(const char *text, const char *end);

/* As sysfs joins them: "a,b". to has room for actions->length + 1. Answers the length. */
size_t row_actions_copy(char *to, const struct token *actions);

/* Digits up to the end, as far as they fit; the sign that older kernels print for hwirqs of 2^31
 * and more is undone. -1: no such number. */
int64_t hwirq_parse(const char *text, size_t length);

/*
 * Calls each(context, line, end) for every line until it answers non-zero, which is then the
 * answer. lines_of_file reads fd from where it stands and never holds more than a line and a chunk;
 * -EFBIG: a line longer than any machine's.
 */
typedef int (*line_taker)(void *context, const char *line, const char *end);
int lines_of_text(const char *text, size_t length, line_taker each, void *context);
int lines_of_file(int fd, struct buf *text, line_taker each, void *context);
