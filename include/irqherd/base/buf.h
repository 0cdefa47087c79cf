/* buf: a growing byte buffer that is always NUL-terminated. Owned by who declares it; freed by
 * buf_deinit. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "irqherd/base/macro.h"

struct buf {
	char *data;    /* NULL while nothing was ever stored */
	size_t length; /* without the final NUL */
	size_t size;   /* allocated */
};

#define BUF_INIT ((struct buf){ NULL, 0, 0 })

void buf_deinit(struct buf *buf);
void buf_reset(struct buf *buf);               /* empties, keeps the memory */
int buf_reserve(struct buf *buf, size_t more); /* room for `more` bytes and the NUL */
int buf_append(struct buf *buf, const void *data, size_t length);
int buf_puts(struct buf *buf, const char *text);
int buf_printf(struct buf *buf, const char *format, ...) _printf_(2, 3);
int buf_vprintf(struct buf *buf, const char *format, va_list arguments) _printf_(2, 0);
const char *buf_text(const struct buf *buf); /* "" while empty */
