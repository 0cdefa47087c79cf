#include "tree.h"

#include <errno.h>

#include "irqherd/source/file_watch.h"

static void put_and_get(struct file_watch *watch, const struct tree *tree, const char *name,
			int place)
{
	char path[512];

	tree_path(tree, name, path);
	assert_int_equal(file_watch_put(watch, path), place);
}

static void each_way_to_change_a_file_is_seen(void **state)
{
	struct tree *tree = *state;
	struct file_watch watch;
	char from[512], to[512];

	assert_int_equal(file_watch_init(&watch), 0);
	put_and_get(&watch, tree, "sys/one", 0);
	put_and_get(&watch, tree, "sys/two", 1);
	put_and_get(&watch, tree, "proc/one", 2);
	assert_int_equal(file_watch_drain(&watch), 0);

	tree_put(tree, "sys/one", "made");
	assert_int_equal(file_watch_drain(&watch), 1);
	tree_put(tree, "sys/one", "written");
	assert_int_equal(file_watch_drain(&watch), 1);
	tree_put(tree, "sys/other", "not watched");
	assert_int_equal(file_watch_drain(&watch), 0);

	tree_path(tree, "sys/other", from);
	tree_path(tree, "sys/two", to);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(file_watch_drain(&watch), 2);
	assert_int_equal(rename(to, from), 0);
	assert_int_equal(file_watch_drain(&watch), 2);

	tree_put(tree, "proc/one", "");
	tree_drop(tree, "sys/one");
	assert_int_equal(file_watch_drain(&watch), 1 | 4);
	assert_int_equal(file_watch_drain(&watch), 0);
	file_watch_deinit(&watch);
}

static void what_cannot_be_watched_is_told(void **state)
{
	struct tree *tree = *state;
	struct file_watch watch;
	char path[600];

	assert_int_equal(file_watch_init(&watch), 0);
	assert_int_equal(file_watch_put(&watch, "relative"), -EINVAL);
	assert_int_equal(file_watch_put(&watch, "/folder/"), -EINVAL);
	(void) snprintf(path, sizeof(path), "%s/missing/file", tree->path);
	assert_int_equal(file_watch_put(&watch, path), -ENOENT);
	for (int i = 0; i < FILE_WATCH_LIMIT; i++)
		put_and_get(&watch, tree, "sys/one", i);
	(void) snprintf(path, sizeof(path), "%s/sys/one", tree->path);
	assert_int_equal(file_watch_put(&watch, path), -ENOSPC);
	file_watch_deinit(&watch);
	file_watch_deinit(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(each_way_to_change_a_file_is_seen),
		tree_test(what_cannot_be_watched_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
