#include "irqherd/config/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void lines_init(struct lines *lines, const char *file, const char *text, size_t length,
		struct message_list *messages)
{
	*lines = (struct lines){
		.file = file,
		.rest = text,
		.rest_length = length,
		.messages = messages,
		.errors_before = messages->errors,
	};
}

void lines_deinit(struct lines *lines)
{
	buf_deinit(&lines->line);
}

/* The first byte that no text has; -1: none. */
static int find_binary(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char) text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return c;
	}
	return -1;
}

/* What ends the reading early is always an error, or the file would seem to have been read. */
static char *give_up(struct lines *lines)
{
	lines->rest_length = 0;
	return NULL;
}

/* Cuts the next line off the rest, without its end. */
static size_t cut_line(struct lines *lines, const char **line)
{
	const char *end = memchr(lines->rest, '\n', lines->rest_length);
	size_t length = end ? (size_t) (end - lines->rest) : lines->rest_length;

	*line = lines->rest;
	lines->rest += length + (end ? 1 : 0);
	lines->rest_length -= length + (end ? 1 : 0);
	lines->number++;

	if (length > 0 && (*line)[length - 1] == '\r')
		length--;
	return length;
}

char *lines_next(struct lines *lines)
{
	while (lines->rest_length > 0) {
		const char *line;
		size_t length;
		int binary;

		if (lines->messages->errors - lines->errors_before >= LINES_ERROR_LIMIT) {
			message_error(lines->messages, lines->file, lines->number + 1,
				      "too many errors, the rest is not looked at");
			return give_up(lines);
		}

		length = cut_line(lines, &line);
		binary = find_binary(line, length);
		if (binary >= 0) {
			message_error(lines->messages, lines->file, lines->number,
				      "not a text file (byte 0x%02x)", (unsigned int) binary);
			return give_up(lines);
		}
		if (length > LINE_LIMIT) {
			message_error(lines->messages, lines->file, lines->number,
				      "line is longer than %u bytes", LINE_LIMIT);
			continue;
		}

		buf_reset(&lines->line);
		if (buf_append(&lines->line, line, length) < 0) {
			message_error(lines->messages, lines->file, lines->number, "out of memory");
			return give_up(lines);
		}
		return lines->line.data;
	}
	return NULL;
}

int lines_result(const struct lines *lines)
{
	return lines->messages->errors > lines->errors_before ? -EINVAL : 0;
}

static int check_kind(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	/* A link to /dev/null is the usual way to switch a drop-in off. */
	return S_ISREG(status.st_mode) || S_ISCHR(status.st_mode) ? 0 : -ENOTSUP;
}

static int read_all(int fd, struct buf *text)
{
	for (;;) {
		ssize_t n;
		int r;

		r = buf_reserve(text, 4096);
		if (r < 0)
			return r;
		n = read(fd, text->data + text->length, 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		text->length += (size_t) n;
		text->data[text->length] = '\0';
		if (text->length > LINES_FILE_LIMIT)
			return -EFBIG;
	}
}

int lines_read_file(const char *path, struct buf *text)
{
	int fd, r;

	buf_reset(text);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;

	r = check_kind(fd);
	if (r == 0)
		r = read_all(fd, text);
	(void) close(fd);
	return r;
}
