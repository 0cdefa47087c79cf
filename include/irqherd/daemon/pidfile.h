/* pidfile: one instance only. The lock counts, not the file: a stale file does not hinder. */
#pragma once

struct pidfile {
	int fd;           /* -1: none */
	const char *path; /* borrowed */
};

#define PIDFILE_INIT ((struct pidfile){ .fd = -1 })

/* -EEXIST: another instance holds it. Makes the folder above if it is missing. */
int pidfile_init(struct pidfile *pidfile, const char *path);
int pidfile_write(struct pidfile *pidfile);   /* the caller's pid; after a fork */
void pidfile_deinit(struct pidfile *pidfile); /* removes the file */
