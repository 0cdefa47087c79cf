#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/daemon/pidfile.h"

struct place {
	char folder[64];
	char below[80];
	char path[96];
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	(void) snprintf(place->folder, sizeof(place->folder), "/tmp/test_pidfile.XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	(void) snprintf(place->below, sizeof(place->below), "%s/run", place->folder);
	(void) snprintf(place->path, sizeof(place->path), "%s/pid", place->below);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;

	(void) unlink(place->path);
	(void) rmdir(place->below);
	(void) rmdir(place->folder);
	free(place);
	return 0;
}

static int read_pid(const char *path)
{
	FILE *file = fopen(path, "r");
	char text[32] = "";

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	assert_int_equal(fgetc(file), EOF);
	(void) fclose(file);
	return atoi(text);
}

static void the_file_holds_the_pid_and_goes_with_its_owner(void **state)
{
	struct place *place = *state;
	struct pidfile pidfile = PIDFILE_INIT;

	assert_int_equal(pidfile_init(&pidfile, place->path), 0);
	assert_int_equal(pidfile_write(&pidfile), 0);
	assert_int_equal(read_pid(place->path), getpid());
	pidfile_deinit(&pidfile);
	assert_int_equal(access(place->path, F_OK), -1);
	pidfile_deinit(&pidfile);
}

static void a_second_instance_is_refused_and_harms_nothing(void **state)
{
	struct place *place = *state;
	struct pidfile first = PIDFILE_INIT, second = PIDFILE_INIT;

	assert_int_equal(pidfile_init(&first, place->path), 0);
	assert_int_equal(pidfile_write(&first), 0);
	assert_int_equal(pidfile_init(&second, place->path), -EEXIST);
	pidfile_deinit(&second);
	assert_int_equal(read_pid(place->path), getpid());

	pidfile_deinit(&first);
	assert_int_equal(pidfile_init(&second, place->path), 0);
	pidfile_deinit(&second);
}

/* Longer than what is written over it. */
static void a_stale_file_does_not_hinder(void **state)
{
	struct place *place = *state;
	struct pidfile pidfile = PIDFILE_INIT;
	FILE *file;

	assert_int_equal(pidfile_init(&pidfile, place->path), 0);
	pidfile_deinit(&pidfile);
	file = fopen(place->path, "w");
	assert_non_null(file);
	(void) fputs("12345678901234567890\nand more\n", file);
	(void) fclose(file);

	assert_int_equal(pidfile_init(&pidfile, place->path), 0);
	assert_int_equal(pidfile_write(&pidfile), 0);
	assert_int_equal(read_pid(place->path), getpid());
	pidfile_deinit(&pidfile);
}

/* Somebody else's link must not have us write over what it points to. */
static void a_symbolic_link_is_refused(void **state)
{
	struct place *place = *state;
	struct pidfile pidfile = PIDFILE_INIT;
	char target[128];

	assert_int_equal(pidfile_init(&pidfile, place->path), 0);
	pidfile_deinit(&pidfile);
	(void) snprintf(target, sizeof(target), "%s-target", place->path);
	assert_int_equal(symlink(target, place->path), 0);
	assert_int_equal(pidfile_init(&pidfile, place->path), -ELOOP);
	assert_int_equal(pidfile.fd, -1);
	assert_int_equal(access(target, F_OK), -1);
}

static void a_missing_folder_above_the_last_one_is_an_error(void **state)
{
	struct place *place = *state;
	struct pidfile pidfile = PIDFILE_INIT;
	char path[160];

	(void) snprintf(path, sizeof(path), "%s/a/b/pid", place->folder);
	assert_int_equal(pidfile_init(&pidfile, path), -ENOENT);
	assert_int_equal(pidfile.fd, -1);
}

#define PIDFILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIDFILE_TEST(the_file_holds_the_pid_and_goes_with_its_owner),
		PIDFILE_TEST(a_second_instance_is_refused_and_harms_nothing),
		PIDFILE_TEST(a_stale_file_does_not_hinder),
		PIDFILE_TEST(a_symbolic_link_is_refused),
		PIDFILE_TEST(a_missing_folder_above_the_last_one_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
