/*
 * freeze_file: whether a file "freeze" stands in one of our folders, by which an administrator or a
 * script says that nothing is to be written now. Told by inotify, so that a round need not look.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define FREEZE_FOLDERS 2u

struct freeze_file {
	int fd;                              /* inotify; -1: none */
	const char *folders[FREEZE_FOLDERS]; /* borrowed; NULL: none */
	int found; /* index of the first folder that has the file; -1: none */
};

#define FREEZE_FILE_INIT ((struct freeze_file){ .fd = -1, .found = -1 })

/* A folder that is not there is no failure: see freeze_file_look. Negative errno: no inotify; the
 * files were looked at all the same. */
int freeze_file_init(struct freeze_file *freeze, const char *const folders[FREEZE_FOLDERS]);
void freeze_file_deinit(struct freeze_file *freeze);

int freeze_file_fd(const struct freeze_file *freeze);
void freeze_file_drain(struct freeze_file *freeze); /* and looks */

/* Looks at the files, and watches folders that were not there before. */
void freeze_file_look(struct freeze_file *freeze);

/* The folder whose file says so; NULL: none does. */
const char *freeze_file_folder(const struct freeze_file *freeze);
