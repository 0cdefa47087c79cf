#include "irqherd/base/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "irqherd/base/buf.h"

static int write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, data, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		data += written;
		length -= (size_t) written;
	}
	return 0;
}

/* The name, too, is to be there after a loss of power. Best effort: the content is. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t) (slash - path) + 1) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void) fsync(fd);
		(void) close(fd);
	}
	free(folder);
}

int file_replace(const char *path, const char *text, size_t length, mode_t mode,
		 enum file_safety safety)
{
	_cleanup_(buf_deinit) struct buf temporary = BUF_INIT;
	int fd, r;

	r = buf_printf(&temporary, "%s.new", path);
	if (r < 0)
		return r;

	/* O_EXCL follows no link. */
	(void) unlink(temporary.data);
	fd = open(temporary.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;

	r = write_all(fd, text, length);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && safety == FILE_SURVIVES_POWER && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary.data, path) < 0)
		r = -errno;
	if (r < 0)
		(void) unlink(temporary.data);
	else if (safety == FILE_SURVIVES_POWER)
		sync_folder(path);
	return r;
}
