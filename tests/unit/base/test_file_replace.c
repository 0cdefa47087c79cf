#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/file_replace.h"

struct folder {
	char path[64];
	char file[80];
	char temporary[96];
};

static int setup(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	strcpy(folder->path, "/tmp/irqherd-test-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	(void) snprintf(folder->file, sizeof(folder->file), "%s/file", folder->path);
	(void) snprintf(folder->temporary, sizeof(folder->temporary), "%s.new", folder->file);
	*state = folder;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void) status;
	(void) type;
	(void) walk;
	return remove(path);
}

static int teardown(void **state)
{
	struct folder *folder = *state;

	(void) nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(folder);
	return 0;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *path, const char *expected)
{
	char text[256];
	FILE *file = fopen(path, "r");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	(void) fclose(file);
	assert_string_equal(text, expected);
}

static void a_file_is_made_and_exchanged(void **state)
{
	struct folder *folder = *state;
	struct stat status;

	assert_int_equal(file_replace(folder->file, "one\n", 4, 0644, FILE_SURVIVES_US), 0);
	assert_content(folder->file, "one\n");
	assert_int_equal(stat(folder->file, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);

	assert_int_equal(file_replace(folder->file, "two", 3, 0600, FILE_SURVIVES_POWER), 0);
	assert_content(folder->file, "two");
	assert_int_equal(stat(folder->file, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(access(folder->temporary, F_OK), -1);

	assert_int_equal(file_replace(folder->file, "", 0, 0600, FILE_SURVIVES_US), 0);
	assert_content(folder->file, "");
}

static void who_reads_the_old_one_keeps_it(void **state)
{
	struct folder *folder = *state;
	char text[8] = "";
	FILE *reader;

	put(folder->file, "old");
	reader = fopen(folder->file, "r");
	assert_non_null(reader);
	assert_int_equal(file_replace(folder->file, "new", 3, 0644, FILE_SURVIVES_US), 0);
	assert_int_equal(fread(text, 1, 3, reader), 3);
	assert_string_equal(text, "old");
	(void) fclose(reader);
}

static void leftovers_and_links_are_replaced_not_followed(void **state)
{
	struct folder *folder = *state;
	struct stat status;
	char other[96];

	(void) snprintf(other, sizeof(other), "%s/other", folder->path);
	put(other, "not ours");
	assert_int_equal(symlink(other, folder->temporary), 0);
	assert_int_equal(symlink(other, folder->file), 0);
	assert_int_equal(file_replace(folder->file, "ours", 4, 0644, FILE_SURVIVES_US), 0);
	assert_content(other, "not ours");
	assert_content(folder->file, "ours");
	assert_int_equal(lstat(folder->file, &status), 0);
	assert_true(S_ISREG(status.st_mode));
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
	struct folder *folder = *state;
	char missing[96];

	(void) snprintf(missing, sizeof(missing), "%s/missing/file", folder->path);
	assert_int_equal(file_replace(missing, "x", 1, 0644, FILE_SURVIVES_US), -ENOENT);
	/* a folder where the file should be */
	assert_int_equal(mkdir(folder->file, 0755), 0);
	assert_true(file_replace(folder->file, "x", 1, 0644, FILE_SURVIVES_US) < 0);
	assert_int_equal(access(folder->temporary, F_OK), -1);
}

#define IN_FOLDER(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_file_is_made_and_exchanged),
		IN_FOLDER(who_reads_the_old_one_keeps_it),
		IN_FOLDER(leftovers_and_links_are_replaced_not_followed),
		IN_FOLDER(what_cannot_be_written_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
