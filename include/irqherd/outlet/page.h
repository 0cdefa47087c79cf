/*
 * page: text for people, made line by line and folded to PAGE_WIDTH columns.
 *
 * The first failure (-ENOMEM) is kept and later calls do nothing, so that a page is written without
 * a check at every word. Names come from drivers and users: what is not printable ASCII becomes
 * '?'.
 */
#pragma once

#include <stdbool.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/macro.h"

#define PAGE_WIDTH 100

struct page {
	struct buf *text; /* borrowed: where finished lines go */
	struct buf line;  /* the one being written */
	int error;
};

#define PAGE_INIT(buf) ((struct page){ .text = (buf), .line = BUF_INIT })

/* Reports are put one below the other: a blank line, unless the text is empty still. */
void page_begin_section(struct page *page);

void page_printf(struct page *page, const char *format, ...) _printf_(2, 3);

/* The word of a flag that is set, after the separator, which is ", " from the second on. */
void page_flag(struct page *page, bool set, const char *word, const char **separator);

/* Keeps r if it is the first failure; for what was appended to page::line by others. */
void page_keep(struct page *page, int r);

/* Folded at blanks and after commas; what follows the first line is indented. Trailing blanks are
 * cut. */
void page_end_line(struct page *page, unsigned int indent);

/* Frees the page, not its text. Answers the first failure. A line not ended is lost. */
int page_finish(struct page *page);

/* The same cleaning for a text that is no page: from byte `start` on. */
void text_clean(struct buf *text, size_t start);
