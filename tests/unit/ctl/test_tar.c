/* Another program has to read it: tar. */
#include "irqherd/ctl/tar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_PART "0123456789-0123456789-0123456789-0123456789-0123456789"

static void shell(const char *command)
{
	assert_int_equal(system(command), 0);
}

static void check_file(const char *path, mode_t mode, const char *start, size_t length)
{
	struct stat st;
	char text[64] = "";
	FILE *file;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, mode);
	assert_int_equal(st.st_size, length);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fread(text, 1, strlen(start), file), strlen(start));
	assert_int_equal(fclose(file), 0);
	assert_string_equal(text, start);
}

static void tar_reads_what_was_written(void **state)
{
	static const char big[1025] = "begin";
	char folder[] = "/tmp/test_tar.XXXXXX", target[256] = "";
	struct tar tar = { .time = 1700000000 };
	char command[256];

	(void) state;
	if (system("tar --version >/dev/null 2>&1") != 0)
		skip();
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	tar.stream = fopen("a.tar", "we");
	assert_non_null(tar.stream);
	tar_folder(&tar, "top/");
	tar_file(&tar, "top/small", 0444, "text\n", 5);
	tar_file(&tar, "top/empty", 0644, "", 0);
	tar_file(&tar, "top/block", 0644, big, 512);
	tar_file(&tar, "top/big", 0600, big, sizeof(big));
	tar_file(&tar, "top/" LONG_PART LONG_PART, 0644, "long\n", 5);
	tar_link(&tar, "top/link", "../" LONG_PART LONG_PART);
	assert_int_equal(tar_finish(&tar), 0);
	assert_int_equal(tar.entries, 7);
	assert_int_equal(fclose(tar.stream), 0);

	shell("tar xf a.tar");
	check_file("top/small", 0444, "text\n", 5);
	check_file("top/empty", 0644, "", 0);
	check_file("top/block", 0644, "begin", 512);
	check_file("top/big", 0600, "begin", 1025);
	check_file("top/" LONG_PART LONG_PART, 0644, "long\n", 5);
	assert_true(readlink("top/link", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "../" LONG_PART LONG_PART);

	assert_int_equal(chdir("/"), 0);
	assert_true(snprintf(command, sizeof(command), "rm -r %s", folder) > 0);
	shell(command);
}

static void a_full_disk_is_told_at_the_end(void **state)
{
	struct tar tar = { .stream = fopen("/dev/full", "we") };

	(void) state;
	if (!tar.stream)
		skip();
	for (int i = 0; i < 100; i++)
		tar_folder(&tar, "x/");
	assert_true(tar_finish(&tar) < 0);
	(void) fclose(tar.stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tar_reads_what_was_written),
		cmocka_unit_test(a_full_disk_is_told_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
