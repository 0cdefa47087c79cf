/*
 * run_file: lines of text that survive a crash, not a boot: the first line is TITLE BOOT-ID.
 *
 * The file is ours, in a folder of ours, and still is not trusted: whoever could write it could
 * have root write what he chose. So it must be a plain file of this user that nobody else may
 * write, and it is taken whole or not at all. It is not synced to disk: it means nothing after the
 * next boot.
 */
#pragma once

#include "irqherd/base/buf.h"
#include "irqherd/base/fsroot.h"

struct run_file {
	const char *title; /* borrowed: "irqherd originals" */
	char *path;        /* NULL: nothing is kept */
	char boot_id[40];
};

/* path NULL: nothing is kept. -ENOMEM; other errors: no boot id, nothing is kept. */
int run_file_init(struct run_file *file, struct fsroot *root, const char *title, const char *path);
void run_file_deinit(struct run_file *file);

/* Calls take for each line behind the first; its first negative answer ends it, and is the answer.
 * -ENOENT: none there. -ESTALE: of another boot. -EBADMSG: not such a file. -EPERM: not ours alone.
 */
int run_file_load(const struct run_file *file, int (*take)(void *context, char *line),
		  void *context);

/* What run_file_load answered, in the log; nothing for 0 and -ENOENT. */
void run_file_log(const struct run_file *file, int error);

/* Lines behind the first. */
int run_file_save(const struct run_file *file, const struct buf *lines);
void run_file_remove(const struct run_file *file);
