#include "attr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/parse.h"

#define ATTR_PATH 512 /* longer than any path that the readers make */

bool attr_fatal(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

/* procfs says EIO and sysfs ENODEV when the object behind an open file went away. */
bool attr_gone(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -EIO || r == -ENOTDIR;
}

int attr_parse_mask(const char *text, enum mask_form form, struct cpumask *ret_mask)
{
	return form == MASK_LIST ? cpulist_parse(text, ret_mask) : cpumask_parse(text, ret_mask);
}

static int read_value(struct fsroot *root, enum fsroot_tree tree, struct buf *text,
		      const char *format, va_list arguments) _printf_(4, 0);

static int read_value(struct fsroot *root, enum fsroot_tree tree, struct buf *text,
		      const char *format, va_list arguments)
{
	char path[ATTR_PATH];
	int fd, length, r;

	length = vsnprintf(path, sizeof(path), format, arguments);
	if (length < 0 || (size_t) length >= sizeof(path))
		return -ENAMETOOLONG;

	if (tree == FSROOT_SYS)
		return fsroot_read(root, tree, text, "%s", path);

	fd = fsroot_open(root, tree, O_RDONLY, "%s", path);
	if (fd < 0)
		return fd;
	r = file_read_record(fd, text);
	(void) close(fd);
	return r;
}

int attr_read_mask(struct fsroot *root, enum fsroot_tree tree, enum mask_form form,
		   struct cpumask *ret_mask, const char *format, ...)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = read_value(root, tree, &text, format, arguments);
	va_end(arguments);
	return r < 0 ? r : attr_parse_mask(buf_text(&text), form, ret_mask);
}

int attr_read_u32(struct fsroot *root, enum fsroot_tree tree, uint32_t max, uint32_t *ret,
		  const char *format, ...)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = read_value(root, tree, &text, format, arguments);
	va_end(arguments);
	return r < 0 ? r : parse_u32(buf_text(&text), 0, max, ret);
}

int attr_read_i32(struct fsroot *root, enum fsroot_tree tree, int32_t min, int32_t max,
		  int32_t *ret, const char *format, ...)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = read_value(root, tree, &text, format, arguments);
	va_end(arguments);
	return r < 0 ? r : parse_i32(buf_text(&text), min, max, ret);
}

int attr_read_hex32(struct fsroot *root, uint32_t *ret, const char *format, ...)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = read_value(root, FSROOT_SYS, &text, format, arguments);
	va_end(arguments);
	return r < 0 ? r : parse_hex32(buf_text(&text), ret);
}

int attr_read_text(struct fsroot *root, struct buf *text, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = read_value(root, FSROOT_SYS, text, format, arguments);
	va_end(arguments);
	if (r < 0)
		return r;

	while (text->length > 0 && strchr(" \t\n", text->data[text->length - 1]))
		text->data[--text->length] = '\0';
	return 0;
}

int attr_name_number(const char *name, uint32_t max, uint32_t *ret)
{
	if (strspn(name, "0123456789") != strlen(name) || (name[0] == '0' && name[1] != '\0'))
		return -EINVAL;
	return parse_u32(name, 0, max, ret);
}
