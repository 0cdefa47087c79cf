/*
 * replay: stands in for libFuzzer where the compiler has none. Gives every file of the folders
 * named to the target, from a block of exactly its size, so that a sanitizer sees each byte read
 * beyond.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	uint8_t *data;
	size_t size;

	if (!file || fstat(fileno(file), &status) < 0) {
		perror(path);
		return -errno;
	}
	size = (size_t) status.st_size;
	data = malloc(size ? size : 1);
	if (!data || fread(data, 1, size, file) != size) {
		perror(path);
		free(data);
		(void) fclose(file);
		return -EIO;
	}
	(void) fclose(file);

	(void) LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

/* Answers the number of files. */
static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int count = 0;

	if (!dir) {
		perror(folder);
		return -errno;
	}
	while ((entry = readdir(dir))) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		(void) snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (replay_file(path) < 0) {
			(void) closedir(dir);
			return -EIO;
		}
		count++;
	}
	(void) closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int count = replay_folder(argv[i]);

		if (count < 0)
			return EXIT_FAILURE;
		total += count;
	}
	printf("%d inputs\n", total);
	/* an empty corpus is a mistake in the tree, not a success */
	return total ? EXIT_SUCCESS : EXIT_FAILURE;
}
