#include "irqherd/daemon/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_folder_of(const char *path)
{
	char folder[PATH_MAX];
	char *slash;

	if (strlen(path) >= sizeof(folder))
		return;
	strcpy(folder, path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return;
	*slash = 0;
	(void) mkdir(folder, 0755);
}

/* An instance that just stopped may have removed the file that we locked. */
static bool still_named(int fd, const char *path)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
	       opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

int pidfile_init(struct pidfile *pidfile, const char *path)
{
	int fd, r;

	make_folder_of(path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? -EEXIST : -errno;
		(void) close(fd);
		return r;
	}
	if (!still_named(fd, path)) {
		(void) close(fd);
		return pidfile_init(pidfile, path);
	}
	pidfile->fd = fd;
	pidfile->path = path;
	return 0;
}

int pidfile_write(struct pidfile *pidfile)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%d\n", (int) getpid());

	if (ftruncate(pidfile->fd, 0) < 0 ||
	    pwrite(pidfile->fd, text, (size_t) length, 0) != length)
		return -errno;
	return 0;
}

void pidfile_deinit(struct pidfile *pidfile)
{
	if (pidfile->fd < 0)
		return;
	(void) unlink(pidfile->path);
	(void) close(pidfile->fd);
	*pidfile = PIDFILE_INIT;
}
