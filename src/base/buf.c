/* The room doubles, so that appending byte by byte stays linear; it is never given back before
 * buf_deinit, since most buffers are filled again with as much in the next round. */
#include "irqherd/base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_deinit(struct buf *buf)
{
	free(buf->data);
	*buf = BUF_INIT;
}

void buf_reset(struct buf *buf)
{
	buf->length = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

int buf_reserve(struct buf *buf, size_t more)
{
	size_t wanted, size;
	char *data;

	if (more >= SIZE_MAX / 2 - buf->length)
		return -ENOMEM;
	wanted = buf->length + more + 1;
	if (wanted <= buf->size)
		return 0;

	size = buf->size ? buf->size : 64;
	while (size < wanted)
		size *= 2;
	data = realloc(buf->data, size);
	if (!data)
		return -ENOMEM;

	data[buf->length] = '\0';
	buf->data = data;
	buf->size = size;
	return 0;
}

int buf_append(struct buf *buf, const void *data, size_t length)
{
	int r;

	r = buf_reserve(buf, length);
	if (r < 0)
		return r;

	if (length > 0)
		memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
	return 0;
}

int buf_puts(struct buf *buf, const char *text)
{
	return buf_append(buf, text, strlen(text));
}

int buf_printf(struct buf *buf, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = buf_vprintf(buf, format, arguments);
	va_end(arguments);
	return r;
}

/* Most texts fit what is left; only the others are formatted a second time. */
int buf_vprintf(struct buf *buf, const char *format, va_list arguments)
{
	size_t room = buf->size - buf->length;
	va_list again;
	int length, r;

	va_copy(again, arguments);
	length = vsnprintf(buf->data ? buf->data + buf->length : NULL, room, format, arguments);
	if (length < 0) {
		r = -EINVAL;
		goto fail;
	}

	if ((size_t) length >= room) {
		r = buf_reserve(buf, (size_t) length);
		if (r < 0)
			goto fail;
		(void) vsnprintf(buf->data + buf->length, (size_t) length + 1, format, again);
	}
	va_end(again);

	buf->length += (size_t) length;
	return 0;

fail:
	va_end(again);
	if (buf->data)
		buf->data[buf->length] = '\0';
	return r;
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}
