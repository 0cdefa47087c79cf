/* A small /proc and /sys in a temporary folder, written by the test that reads it. */
#pragma once

#include <fcntl.h>
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

#include "irqherd/base/fsroot.h"

struct tree {
	char path[64];
	struct fsroot root;
};

/* All folders above the last component. */
static inline void tree_folders_above(const char *path)
{
	char part[512];

	assert_true(strlen(path) < sizeof(part));
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(part, path, (size_t) (slash - path));
		part[slash - path] = '\0';
		(void) mkdir(part, 0755);
	}
}

static inline void tree_path_only(const struct tree *tree, const char *name, char path[512])
{
	assert_true(snprintf(path, 512, "%s/%s", tree->path, name) < 512);
}

static inline void tree_path(const struct tree *tree, const char *name, char path[512])
{
	tree_path_only(tree, name, path);
	tree_folders_above(path);
}

static inline void tree_dir(const struct tree *tree, const char *name)
{
	char path[512];

	tree_path(tree, name, path);
	(void) mkdir(path, 0755);
}

/* name: "proc/…" or "sys/…". A file that is there gets new contents. */
static inline void tree_put(const struct tree *tree, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	tree_path_only(tree, name, path);
	file = fopen(path, "w");
	if (!file) {
		tree_folders_above(path);
		file = fopen(path, "w");
	}
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* As nothing, to whoever has it open. */
static inline void tree_empty(const struct tree *tree, const char *name)
{
	char path[512];

	tree_path_only(tree, name, path);
	(void) !truncate(path, 0);
}

static inline void tree_mode(const struct tree *tree, const char *name, mode_t mode)
{
	char path[512];

	tree_path(tree, name, path);
	assert_int_equal(chmod(path, mode), 0);
}

static inline void tree_link(const struct tree *tree, const char *name, const char *target)
{
	char path[512];

	tree_path(tree, name, path);
	assert_int_equal(symlink(target, path), 0);
}

static inline int tree_remove_entry(const char *path, const struct stat *st, int type,
				    struct FTW *walk)
{
	(void) st;
	(void) type;
	(void) walk;
	return remove(path);
}

/* A file, or a folder with all that is in it. */
static inline void tree_drop(const struct tree *tree, const char *name)
{
	char path[512];

	tree_path_only(tree, name, path);
	(void) nftw(path, tree_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* In memory where possible: thousands of small files are slow on many disks. */
static inline void tree_make(struct tree *tree)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	(void) snprintf(tree->path, sizeof(tree->path), "%s/irqherd-test-XXXXXX", base);
	assert_non_null(mkdtemp(tree->path));
	tree_dir(tree, "proc");
	tree_dir(tree, "sys");
	tree->root = FSROOT_INIT;
	assert_int_equal(fsroot_init(&tree->root, tree->path), 0);
}

static inline void tree_remove(struct tree *tree)
{
	fsroot_deinit(&tree->root);
	(void) nftw(tree->path, tree_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* For cmocka: a fresh tree for each test. */
static inline int tree_setup(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -1;
	tree_make(tree);
	*state = tree;
	return 0;
}

static inline int tree_teardown(void **state)
{
	struct tree *tree = *state;

	tree_remove(tree);
	free(tree);
	return 0;
}

#define tree_test(function) cmocka_unit_test_setup_teardown(function, tree_setup, tree_teardown)
