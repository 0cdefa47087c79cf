/*
 * file_watch: tells that one of a few files came, went or was written, wherever it lies. By inotify
 * on their folders: files are mostly exchanged by rename, and may not exist yet.
 *
 * A folder that does not exist is not watched; nor is one that is made or exchanged later.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define FILE_WATCH_LIMIT 8

struct watched_file {
	int folder; /* watch descriptor */
	char *name; /* within the folder */
};

struct file_watch {
	int fd; /* readable when something may have happened; -1: not open */
	struct watched_file files[FILE_WATCH_LIMIT];
	size_t count;
};

#define FILE_WATCH_INIT ((struct file_watch){ .fd = -1 })

int file_watch_init(struct file_watch *watch);
void file_watch_deinit(struct file_watch *watch);

/* Answers the file's place, 0 to FILE_WATCH_LIMIT - 1. -ENOENT: its folder does not exist. -EINVAL:
 * not an absolute path of a file. -ENOSPC: too many files, or the system's limit of watches. */
int file_watch_put(struct file_watch *watch, const char *path);

/* Bit i: the file at place i may have changed. After lost events that is all of them. */
unsigned int file_watch_drain(struct file_watch *watch);
