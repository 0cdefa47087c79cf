#include "irqherd/source/freeze_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FOLDER_EVENTS                                                                          \
	(IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | \
	 IN_ONLYDIR)

static bool stands_in(const char *folder)
{
	char path[PATH_MAX];

	return folder && snprintf(path, sizeof(path), "%s/freeze", folder) < (int) sizeof(path) &&
	       access(path, F_OK) == 0;
}

void freeze_file_look(struct freeze_file *freeze)
{
	freeze->found = -1;
	for (unsigned int i = 0; i < FREEZE_FOLDERS; i++) {
		/* watched first, then looked at: no gap. Watching again what is watched changes
		 * nothing, but a folder of that name may be another one now */
		if (freeze->fd >= 0 && freeze->folders[i])
			(void) inotify_add_watch(freeze->fd, freeze->folders[i], FOLDER_EVENTS);
		if (freeze->found < 0 && stands_in(freeze->folders[i]))
			freeze->found = (int) i;
	}
}

int freeze_file_init(struct freeze_file *freeze, const char *const folders[FREEZE_FOLDERS])
{
	int r = 0;

	*freeze = FREEZE_FILE_INIT;
	freeze->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (freeze->fd < 0)
		r = -errno;
	for (unsigned int i = 0; i < FREEZE_FOLDERS; i++)
		freeze->folders[i] = folders[i];
	freeze_file_look(freeze);
	return r;
}

void freeze_file_deinit(struct freeze_file *freeze)
{
	if (freeze->fd >= 0)
		(void) close(freeze->fd);
	*freeze = FREEZE_FILE_INIT;
}

int freeze_file_fd(const struct freeze_file *freeze)
{
	return freeze->fd;
}

void freeze_file_drain(struct freeze_file *freeze)
{
	char events[4096];

	/* what they say does not matter: the files do */
	while (read(freeze->fd, events, sizeof(events)) > 0)
		;
	freeze_file_look(freeze);
}

const char *freeze_file_folder(const struct freeze_file *freeze)
{
	return freeze->found >= 0 ? freeze->folders[freeze->found] : NULL;
}
