#include "irqherd/actuate/run_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "irqherd/base/file_replace.h"
#include "irqherd/base/log.h"

#define FILE_LIMIT (64u << 20)

static int read_boot_id(struct fsroot *root, char boot_id[40])
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	size_t length;
	int r;

	r = fsroot_read(root, FSROOT_PROC, &text, "sys/kernel/random/boot_id");
	if (r < 0)
		return r;

	length = strcspn(buf_text(&text), " \n");
	if (length == 0 || length >= 40)
		return -EBADMSG;
	memcpy(boot_id, text.data, length);
	boot_id[length] = '\0';
	return 0;
}

int run_file_init(struct run_file *file, struct fsroot *root, const char *title, const char *path)
{
	int r;

	*file = (struct run_file){ .title = title };
	if (!path)
		return 0;

	r = read_boot_id(root, file->boot_id);
	if (r < 0)
		return r;
	file->path = strdup(path);
	return file->path ? 0 : -ENOMEM;
}

void run_file_deinit(struct run_file *file)
{
	free(file->path);
	*file = (struct run_file){ .path = NULL };
}

static int read_fd(int fd, struct buf *text)
{
	struct stat status;
	ssize_t got;
	int r;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	if (status.st_size > FILE_LIMIT)
		return -EFBIG;

	r = buf_reserve(text, (size_t) status.st_size);
	if (r < 0)
		return r;
	while (text->length < (size_t) status.st_size) {
		got = read(fd, text->data + text->length, (size_t) status.st_size - text->length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		text->length += (size_t) got;
	}
	text->data[text->length] = '\0';
	return 0;
}

static int check_title(const struct run_file *file, const char *line)
{
	size_t length = strlen(file->title);

	if (strncmp(line, file->title, length) != 0 || line[length] != ' ')
		return -EBADMSG;
	return strcmp(line + length + 1, file->boot_id) == 0 ? 0 : -ESTALE;
}

static int take_lines(const struct run_file *file, struct buf *text,
		      int (*take)(void *context, char *line), void *context)
{
	char *line = text->data;
	char *end = text->data + text->length;
	bool first = true;
	int r;

	/* Saving renames a whole file: one that does not end with its last line is none of ours. */
	if (text->length == 0 || end[-1] != '\n' || memchr(line, '\0', text->length))
		return -EBADMSG;

	while (line < end) {
		char *newline = memchr(line, '\n', (size_t) (end - line));

		*newline = '\0';
		r = first ? check_title(file, line) : take(context, line);
		if (r < 0)
			return r;
		first = false;
		line = newline + 1;
	}
	return 0;
}

int run_file_load(const struct run_file *file, int (*take)(void *context, char *line),
		  void *context)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int fd, r;

	if (!file->path)
		return -ENOENT;

	/* Opening anything but a plain file must neither wait nor have an effect. */
	fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;

	r = read_fd(fd, &text);
	(void) close(fd);
	if (r < 0)
		return r;
	return take_lines(file, &text, take, context);
}

void run_file_log(const struct run_file *file, int error)
{
	if (error == 0 || error == -ENOENT)
		return;
	if (error == -ESTALE)
		log_info("%s: of another boot, ignoring", file->path);
	else if (error == -EBADMSG)
		log_warning("%s: not a file of \"%s\", ignoring", file->path, file->title);
	else
		log_warning("%s: %s, ignoring", file->path, strerror(-error));
}

int run_file_save(const struct run_file *file, const struct buf *lines)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r;

	if (!file->path)
		return 0;
	r = buf_printf(&text, "%s %s\n", file->title, file->boot_id);
	if (r >= 0)
		r = buf_append(&text, buf_text(lines), lines->length);
	if (r < 0)
		return r;
	return file_replace(file->path, text.data, text.length, 0600, FILE_SURVIVES_US);
}

void run_file_remove(const struct run_file *file)
{
	if (file->path)
		(void) unlink(file->path);
}
