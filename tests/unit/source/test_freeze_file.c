/* freeze_file: on real folders, with real inotify. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/source/freeze_file.h"

struct place {
	char top[64], run[96], etc[96];
	struct freeze_file freeze;
};

static void touch(const char *folder, const char *name)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void take_away(const char *folder, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

/* Whether something was told, and drains it. */
static bool is_told(struct freeze_file *freeze)
{
	struct pollfd poll_fd = { .fd = freeze_file_fd(freeze), .events = POLLIN };

	if (poll(&poll_fd, 1, 0) != 1)
		return false;
	freeze_file_drain(freeze);
	return true;
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	snprintf(place->top, sizeof(place->top), "/tmp/test_freeze_file.XXXXXX");
	if (!mkdtemp(place->top))
		return -1;
	snprintf(place->run, sizeof(place->run), "%s/run", place->top);
	snprintf(place->etc, sizeof(place->etc), "%s/etc", place->top);
	place->freeze = FREEZE_FILE_INIT;
	*state = place;
	return mkdir(place->run, 0700);
}

static int teardown(void **state)
{
	struct place *place = *state;

	freeze_file_deinit(&place->freeze);
	(void) rmdir(place->run);
	(void) rmdir(place->etc);
	(void) rmdir(place->top);
	free(place);
	return 0;
}

static void init(struct place *place)
{
	const char *const folders[FREEZE_FOLDERS] = { place->run, place->etc };

	assert_int_equal(freeze_file_init(&place->freeze, folders), 0);
}

static void file_that_comes_and_goes_is_told(void **state)
{
	struct place *place = *state;

	init(place);
	assert_null(freeze_file_folder(&place->freeze));
	assert_false(is_told(&place->freeze));

	touch(place->run, "freeze");
	assert_true(is_told(&place->freeze));
	assert_string_equal(freeze_file_folder(&place->freeze), place->run);
	assert_false(is_told(&place->freeze));

	take_away(place->run, "freeze");
	assert_true(is_told(&place->freeze));
	assert_null(freeze_file_folder(&place->freeze));
}

static void file_that_is_there_at_the_start_counts(void **state)
{
	struct place *place = *state;

	touch(place->run, "freeze");
	init(place);
	assert_string_equal(freeze_file_folder(&place->freeze), place->run);
	take_away(place->run, "freeze");
}

static void other_files_do_not_freeze(void **state)
{
	struct place *place = *state;

	init(place);
	touch(place->run, "freezer");
	(void) is_told(&place->freeze);
	assert_null(freeze_file_folder(&place->freeze));
	take_away(place->run, "freezer");
}

static void folder_that_comes_later_is_watched_after_a_look(void **state)
{
	struct place *place = *state;

	init(place);
	assert_int_equal(mkdir(place->etc, 0700), 0);
	freeze_file_look(&place->freeze);
	touch(place->etc, "freeze");
	assert_true(is_told(&place->freeze));
	assert_string_equal(freeze_file_folder(&place->freeze), place->etc);

	/* either folder will do, and the other's file does not thaw it */
	touch(place->run, "freeze");
	assert_true(is_told(&place->freeze));
	assert_string_equal(freeze_file_folder(&place->freeze), place->run);
	take_away(place->run, "freeze");
	assert_true(is_told(&place->freeze));
	assert_string_equal(freeze_file_folder(&place->freeze), place->etc);
	take_away(place->etc, "freeze");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(file_that_comes_and_goes_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(file_that_is_there_at_the_start_counts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(other_files_do_not_freeze, setup, teardown),
		cmocka_unit_test_setup_teardown(folder_that_comes_later_is_watched_after_a_look,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
