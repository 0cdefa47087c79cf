/* textfile: others always see a whole file. */
#include <dirent.h>
#include <errno.h>
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

#include "irqherd/outlet/textfile.h"

static char folder[] = "/tmp/irqherd-test-XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void) state;
	if (!mkdtemp(folder))
		return -1;
	(void) snprintf(path, sizeof(path), "%s/irqherd.prom", folder);
	return 0;
}

static int teardown(void **state)
{
	(void) state;
	(void) unlink(path);
	return rmdir(folder);
}

static unsigned int files_in_folder(void)
{
	DIR *directory = opendir(folder);
	unsigned int count = 0;
	struct dirent *entry;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	(void) closedir(directory);
	return count;
}

static void assert_text(const char *wanted)
{
	char text[64] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	(void) fread(text, 1, sizeof(text) - 1, file);
	(void) fclose(file);
	assert_string_equal(text, wanted);
}

static void a_file_is_replaced_and_readable_by_all(void **state)
{
	struct stat st;
	mode_t old = umask(0077);
	FILE *reader;
	char text[64] = "";

	(void) state;
	assert_int_equal(textfile_write(path, "one\n", 4), 0);
	assert_text("one\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);

	/* Who has it open reads on in the old one. */
	reader = fopen(path, "r");
	assert_non_null(reader);
	assert_int_equal(textfile_write(path, "second\n", 7), 0);
	assert_text("second\n");
	assert_int_equal(fread(text, 1, sizeof(text) - 1, reader), 4);
	assert_string_equal(text, "one\n");
	(void) fclose(reader);
	assert_int_equal(files_in_folder(), 1);
	(void) umask(old);
}

static void a_failure_leaves_nothing_behind(void **state)
{
	char missing[96], long_path[5000];

	(void) state;
	assert_int_equal(textfile_write(path, "one\n", 4), 0);
	(void) snprintf(missing, sizeof(missing), "%s/none/x.prom", folder);
	assert_int_equal(textfile_write(missing, "x", 1), -ENOENT);
	memset(long_path, 'a', sizeof(long_path));
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(textfile_write(long_path, "x", 1), -ENAMETOOLONG);
	/* A folder in the file's place: the rename fails. */
	(void) unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(textfile_write(path, "x", 1), -EISDIR);
	assert_int_equal(files_in_folder(), 1);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_replaced_and_readable_by_all),
		cmocka_unit_test(a_failure_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
