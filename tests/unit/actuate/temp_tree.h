/* temp_tree: a /proc and /sys of a few files in a folder of its own, for tests that write. */
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

struct temp_tree {
	char path[64];
	struct fsroot root;
};

static inline void tree_path(const struct temp_tree *tree, const char *name, char path[256])
{
	assert_true(snprintf(path, 256, "%s/%s", tree->path, name) < 256);
}

static inline void tree_folder(const struct temp_tree *tree, const char *name)
{
	char path[256];

	tree_path(tree, name, path);
	assert_int_equal(mkdir(path, 0755), 0);
}

static inline void tree_file(const struct temp_tree *tree, const char *name, const char *text,
			     mode_t mode)
{
	char path[256];
	FILE *file;

	tree_path(tree, name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static inline void assert_tree_file(const struct temp_tree *tree, const char *name,
				    const char *expected)
{
	char text[4096];
	char path[256];
	size_t length;
	FILE *file;

	tree_path(tree, name, path);
	file = fopen(path, "r");
	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	(void) fclose(file);
	assert_string_equal(text, expected);
}

static inline void tree_init(struct temp_tree *tree)
{
	(void) strcpy(tree->path, "/tmp/irqherd-test-XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	assert_int_equal(chmod(tree->path, 0755), 0);
	tree_folder(tree, "proc");
	tree_folder(tree, "sys");
	assert_int_equal(fsroot_init(&tree->root, tree->path), 0);
}

static inline int tree_remove_one(const char *path, const struct stat *status, int type,
				  struct FTW *position)
{
	(void) status;
	(void) type;
	(void) position;
	return remove(path);
}

static inline void tree_deinit(struct temp_tree *tree)
{
	fsroot_deinit(&tree->root);
	assert_int_equal(nftw(tree->path, tree_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}
