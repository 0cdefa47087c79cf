#include "irqherd/outlet/textfile.h"

#include "irqherd/base/file_replace.h"

/* What a crash takes away is written again seconds after the next start. The temporary name does
 * not end like the file's own, so collectors that look for *.prom pass it over. */
int textfile_write(const char *path, const char *text, size_t length)
{
	return file_replace(path, text, length, 0644, FILE_SURVIVES_US);
}
