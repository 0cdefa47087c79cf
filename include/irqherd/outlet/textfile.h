/* textfile: a file that others read at any moment, so it is always there as a whole. */
#pragma once

#include <stddef.h>

/*
 * Writes beside it, then renames. Readable by all. A negative errno: the old file stays, if there
 * was one.
 */
int textfile_write(const char *path, const char *text, size_t length);
