/*
 * fsroot: where /proc and /sys are. The live machine or a captured tree; no other module names
 * "/proc" or "/sys".
 *
 * Paths are relative ("irq/35/smp_affinity", "bus/pci/devices"). All answer 0 (or a count) or a
 * negative errno; a file that vanished is -ENOENT or -ENODEV, which callers take as "gone", not as
 * an error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/macro.h"

enum fsroot_tree {
	FSROOT_PROC,
	FSROOT_SYS,
};

/* Told of every path that is asked for, whether it is there or not; and whether its entries were.
 * So what was read can be captured. */
struct fsroot_witness {
	void (*saw)(struct fsroot_witness *self, enum fsroot_tree tree, const char *path,
		    bool listed);
};

struct fsroot {
	int proc_fd; /* -1: not open */
	int sys_fd;
	bool live;                      /* the running kernel's own */
	uint64_t opened;                /* files and directories opened through this root so far */
	struct fsroot_witness *witness; /* borrowed; NULL: nobody looks */
};

#define FSROOT_INIT ((struct fsroot){ .proc_fd = -1, .sys_fd = -1 })

/* directory NULL: the live machine ("/proc", "/sys"); else directory/proc and directory/sys, of
 * which proc may be missing. */
int fsroot_init(struct fsroot *root, const char *directory);
void fsroot_deinit(struct fsroot *root);

int fsroot_open(struct fsroot *root, enum fsroot_tree tree, int flags, const char *format, ...)
	_printf_(4, 5);

/* Reads a whole file into text (which is reset first). Files over 64 MiB are -EFBIG. */
int fsroot_read(struct fsroot *root, enum fsroot_tree tree, struct buf *text, const char *format,
		...) _printf_(4, 5);
int fsroot_read_link(struct fsroot *root, enum fsroot_tree tree, struct buf *target,
		     const char *format, ...) _printf_(4, 5);
bool fsroot_exists(struct fsroot *root, enum fsroot_tree tree, const char *format, ...)
	_printf_(3, 4);
/* 0: an open for writing would be granted. Asks, opens nothing. */
int fsroot_may_write(struct fsroot *root, enum fsroot_tree tree, const char *format, ...)
	_printf_(3, 4);

/*
 * Calls each(context, name) for every entry but "." and "..", in the directory's own order, until
 * it answers non-zero; that value is the answer, else 0.
 */
int fsroot_list(struct fsroot *root, enum fsroot_tree tree,
		int (*each)(void *context, const char *name), void *context, const char *format,
		...) _printf_(5, 6);

/*
 * For kept descriptors: read an open file from its start, resetting text. A file that fits the room
 * that text has from before is one moment's view; text grows until it does.
 *
 * file_read_again reads any file, up to the pread that answers 0. file_read_record is one pread,
 * for files that the kernel prints in one piece: /proc/stat, /proc/irq/N/..., attributes of sysfs
 * under a page; not /proc/interrupts, which comes in pieces that look like ends.
 */
int file_read_again(int fd, struct buf *text);
int file_read_record(int fd, struct buf *text);
