#include "irqherd/source/file_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define EVENTS (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)

int file_watch_init(struct file_watch *watch)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	*watch = FILE_WATCH_INIT;
	if (fd < 0)
		return -errno;
	watch->fd = fd;
	return 0;
}

void file_watch_deinit(struct file_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		free(watch->files[i].name);
	if (watch->fd >= 0)
		(void) close(watch->fd);
	*watch = FILE_WATCH_INIT;
}

int file_watch_put(struct file_watch *watch, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	char *name;
	int wd;

	if (path[0] != '/' || slash[1] == '\0' || (size_t) (slash - path) >= sizeof(folder))
		return -EINVAL;
	if (watch->count == FILE_WATCH_LIMIT)
		return -ENOSPC;

	memcpy(folder, path, (size_t) (slash - path));
	folder[slash - path] = '\0';
	/* a folder that is watched already answers the same descriptor */
	wd = inotify_add_watch(watch->fd, *folder ? folder : "/", EVENTS | IN_ONLYDIR);
	if (wd < 0)
		return -errno;
	name = strdup(slash + 1);
	if (!name)
		return -ENOMEM;
	watch->files[watch->count] = (struct watched_file){ .folder = wd, .name = name };
	return (int) watch->count++;
}

static unsigned int files_of_event(const struct file_watch *watch,
				   const struct inotify_event *event)
{
	unsigned int files = 0;

	if (event->mask & (IN_Q_OVERFLOW | IN_IGNORED))
		return (1u << watch->count) - 1;
	for (size_t i = 0; i < watch->count; i++)
		if (watch->files[i].folder == event->wd && event->len > 0 &&
		    strcmp(watch->files[i].name, event->name) == 0)
			files |= 1u << i;
	return files;
}

unsigned int file_watch_drain(struct file_watch *watch)
{
	_Alignas(struct inotify_event) char events[4096];
	unsigned int files = 0;

	for (;;) {
		ssize_t length = read(watch->fd, events, sizeof(events));

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return files;
		for (char *at = events; at < events + length;) {
			const struct inotify_event *event = (const struct inotify_event *) at;

			files |= files_of_event(watch, event);
			at += sizeof(*event) + event->len;
		}
	}
}
