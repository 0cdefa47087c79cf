/*
 * tar: writes an archive that every tar reads (ustar, long names the GNU way), entry by entry, to a
 * stream. The first failure is kept, later calls do nothing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct tar {
	FILE *stream;  /* borrowed */
	uint64_t time; /* of every entry, seconds since 1970 */
	uint64_t entries;
	uint64_t bytes;
	int error;
};

void tar_folder(struct tar *tar, const char *path);
void tar_file(struct tar *tar, const char *path, mode_t mode, const void *data, size_t length);
void tar_link(struct tar *tar, const char *path, const char *target);

/* The end of the archive. Answers the first failure. */
int tar_finish(struct tar *tar);
