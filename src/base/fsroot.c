/*
 * Files are opened relative to two kept directory descriptors, so neither a chroot nor a mount made
 * later changes what a running daemon reads, and a captured tree reads like the live machine.
 *
 * sysfs prints a file into one page and says nothing of its length (st_size is 4096), and procfs
 * says 0, so nobody is asked for a size: files are read until they end. A file of sysfs that is
 * read in one go has ended when less than the room came back; that saves the second read in nearly
 * every case, but it only holds for sysfs. Files of seq_file (most of /proc) may return short
 * chunks in the middle, at record borders, hence everything else is read up to the zero.
 */
#include "irqherd/base/fsroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_LIMIT (64u << 20)
#define PAGE       4096u
#define NAMES      8192u /* bytes of names at once: a device's vectors, or a few hundred IRQs */

static int open_directory(const char *path, int *ret_fd)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int fsroot_init(struct fsroot *root, const char *directory)
{
	struct fsroot fresh = FSROOT_INIT;
	char path[PATH_MAX];
	int length, r;

	fresh.live = !directory;
	if (!directory)
		directory = "";

	length = snprintf(path, sizeof(path), "%s/proc", directory);
	if (length < 0 || (size_t) length >= sizeof(path))
		return -ENAMETOOLONG;
	r = open_directory(path, &fresh.proc_fd);
	if (r < 0 && (fresh.live || r != -ENOENT))
		return r;

	/* As long as the path above. */
	(void) snprintf(path, sizeof(path), "%s/sys", directory);
	r = open_directory(path, &fresh.sys_fd);
	if (r < 0) {
		fsroot_deinit(&fresh);
		return r;
	}

	*root = fresh;
	return 0;
}

void fsroot_deinit(struct fsroot *root)
{
	if (root->proc_fd >= 0)
		(void) close(root->proc_fd);
	if (root->sys_fd >= 0)
		(void) close(root->sys_fd);
	root->proc_fd = root->sys_fd = -1;
}

static int tree_fd(const struct fsroot *root, enum fsroot_tree tree)
{
	return tree == FSROOT_PROC ? root->proc_fd : root->sys_fd;
}

_printf_(2, 0) static int format_path(char path[PATH_MAX], const char *format, va_list arguments)
{
	int length = vsnprintf(path, PATH_MAX, format, arguments);

	if (length < 0)
		return -EINVAL;
	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* A leading slash would leave the tree; an empty path names the tree itself. */
static const char *inside(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

static void note_path(struct fsroot *root, enum fsroot_tree tree, const char *path, bool listed)
{
	if (root->witness)
		root->witness->saw(root->witness, tree, inside(path), listed);
}

static int open_path(struct fsroot *root, enum fsroot_tree tree, int flags, const char *path)
{
	int directory = tree_fd(root, tree);
	int fd;

	if (directory < 0)
		return -ENOENT;

	note_path(root, tree, path, flags & O_DIRECTORY);
	fd = openat(directory, inside(path), flags | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;

	root->opened++;
	return fd;
}

int fsroot_open(struct fsroot *root, enum fsroot_tree tree, int flags, const char *format, ...)
{
	char path[PATH_MAX];
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = format_path(path, format, arguments);
	va_end(arguments);
	if (r < 0)
		return r;

	return open_path(root, tree, flags, path);
}

/* How a file says that it has ended. */
enum file_end {
	ENDS_WITH_ZERO, /* a read that answers 0 */
	ENDS_SHORT, /* also a read that answers less than a page, though there was room for one */
};

/* One pread behind the contents of text, into all its room, which is made `least` bytes or more. */
static ssize_t read_some(int fd, struct buf *text, size_t least)
{
	ssize_t got;
	int r;

	r = buf_reserve(text, least);
	if (r < 0)
		return r;

	do
		got = pread(fd, text->data + text->length, text->size - text->length - 1,
			    (off_t) text->length);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;

	text->length += (size_t) got;
	text->data[text->length] = '\0';
	return got;
}

static int read_on(int fd, struct buf *text, enum file_end end)
{
	for (;;) {
		ssize_t got = read_some(fd, text, PAGE);

		if (got < 0)
			return (int) got;
		if (got == 0 || (end == ENDS_SHORT && got < (ssize_t) PAGE))
			return 0;
		if (text->length > FILE_LIMIT)
			return -EFBIG;
	}
}

int fsroot_read(struct fsroot *root, enum fsroot_tree tree, struct buf *text, const char *format,
		...)
{
	char path[PATH_MAX];
	va_list arguments;
	int fd, r;

	buf_reset(text);

	va_start(arguments, format);
	r = format_path(path, format, arguments);
	va_end(arguments);
	if (r < 0)
		return r;

	fd = open_path(root, tree, O_RDONLY, path);
	if (fd < 0)
		return fd;

	r = read_on(fd, text, tree == FSROOT_SYS ? ENDS_SHORT : ENDS_WITH_ZERO);
	(void) close(fd);
	if (r < 0)
		buf_reset(text);
	return r;
}

int fsroot_read_link(struct fsroot *root, enum fsroot_tree tree, struct buf *target,
		     const char *format, ...)
{
	char path[PATH_MAX], link[PATH_MAX];
	int directory = tree_fd(root, tree);
	va_list arguments;
	ssize_t length;
	int r;

	buf_reset(target);

	va_start(arguments, format);
	r = format_path(path, format, arguments);
	va_end(arguments);
	if (r < 0)
		return r;
	if (directory < 0)
		return -ENOENT;

	note_path(root, tree, path, false);
	length = readlinkat(directory, inside(path), link, sizeof(link));
	if (length < 0)
		return -errno;
	if ((size_t) length == sizeof(link))
		return -ENAMETOOLONG;
	return buf_append(target, link, (size_t) length);
}

_printf_(4, 0) static int access_path(struct fsroot *root, enum fsroot_tree tree, int mode,
				      const char *format, va_list arguments)
{
	char path[PATH_MAX];
	int directory = tree_fd(root, tree);
	int r;

	r = format_path(path, format, arguments);
	if (r < 0)
		return r;
	if (directory < 0)
		return -ENOENT;
	note_path(root, tree, path, false);
	return faccessat(directory, inside(path), mode, AT_EACCESS) < 0 ? -errno : 0;
}

bool fsroot_exists(struct fsroot *root, enum fsroot_tree tree, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = access_path(root, tree, F_OK, format, arguments);
	va_end(arguments);
	return r == 0;
}

int fsroot_may_write(struct fsroot *root, enum fsroot_tree tree, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = access_path(root, tree, W_OK, format, arguments);
	va_end(arguments);
	return r;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static int list_names(int fd, bool ends_short, int (*each)(void *context, const char *name),
		      void *context)
{
	_Alignas(struct dirent64) char names[NAMES];
	ssize_t length;

	do {
		length = getdents64(fd, names, sizeof(names));
		if (length < 0)
			return -errno;
		for (char *at = names; at < names + length;) {
			const struct dirent64 *entry = (const struct dirent64 *) (const void *) at;
			int r = is_dot(entry->d_name) ? 0 : each(context, entry->d_name);

			if (r != 0)
				return r;
			at += entry->d_reclen;
		}
	} while (length > 0 &&
		 !(ends_short && (size_t) length + sizeof(struct dirent64) < sizeof(names)));
	return 0;
}

/* Not by readdir, whose opening and end take as many system calls again. The kernel's own trees
 * leave no room for another name but at their end; file systems on disks may. */
int fsroot_list(struct fsroot *root, enum fsroot_tree tree,
		int (*each)(void *context, const char *name), void *context, const char *format,
		...)
{
	char path[PATH_MAX];
	va_list arguments;
	int fd, r;

	va_start(arguments, format);
	r = format_path(path, format, arguments);
	va_end(arguments);
	if (r < 0)
		return r;

	fd = open_path(root, tree, O_RDONLY | O_DIRECTORY, path);
	if (fd < 0)
		return fd;
	r = list_names(fd, root->live, each, context);
	(void) close(fd);
	return r;
}

/*
 * A buffer that came back full may have cut the file, and what is appended to it later would belong
 * to another moment: it grows, and the file is read again from its start.
 */
static int read_from_start(int fd, struct buf *text, bool one_piece)
{
	size_t room = PAGE;

	for (;;) {
		ssize_t got;

		buf_reset(text);
		do {
			got = read_some(fd, text, room - text->length);
			if (got < 0) {
				buf_reset(text);
				return (int) got;
			}
			room = text->size - 1;
		} while (got > 0 && !one_piece && text->length < room);
		if (text->length > FILE_LIMIT) {
			buf_reset(text);
			return -EFBIG;
		}
		if (text->length < room)
			return 0;
		room *= 2;
	}
}

int file_read_again(int fd, struct buf *text)
{
	return read_from_start(fd, text, false);
}

int file_read_record(int fd, struct buf *text)
{
	return read_from_start(fd, text, true);
}
