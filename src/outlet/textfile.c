/*
 * Not synced: what a crash takes away is written again seconds after the next start. The temporary
 * name does not end like the file's own, so collectors that look for *.prom pass it over.
 */
#include "irqherd/outlet/textfile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		text += written;
		length -= (size_t) written;
	}
	return 0;
}

int textfile_write(const char *path, const char *text, size_t length)
{
	char name[PATH_MAX];
	int fd, r;

	if ((size_t) snprintf(name, sizeof(name), "%s.XXXXXX", path) >= sizeof(name))
		return -ENAMETOOLONG;
	fd = mkostemp(name, 0);
	if (fd < 0)
		return -errno;

	r = write_all(fd, text, length);
	if (r == 0 && fchmod(fd, 0644) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(name, path) < 0)
		r = -errno;
	if (r < 0)
		(void) unlink(name);
	return r;
}
