/* file_replace: a file's whole content, exchanged at one moment: readers see the old or the new
 * one. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

enum file_safety {
	FILE_SURVIVES_US,    /* our own crash */
	FILE_SURVIVES_POWER, /* and the machine's: synced, which may take long */
};

/*
 * Writes PATH.new and renames it. Follows no link in the last part of the path; a PATH.new that is
 * there is what a killed run left, and is removed. Nothing is left behind on failure.
 */
int file_replace(const char *path, const char *text, size_t length, mode_t mode,
		 enum file_safety safety);
