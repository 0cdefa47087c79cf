/*
 * attr: small files of one value, as sysfs and procfs have them. Private to the readers of this
 * layer.
 *
 * A file that is missing, vanishes while it is read, or holds rubbish makes one value unknown; that
 * is the tree's affair, and readers go on. What is short on our own side (memory, descriptors)
 * would make all that follows look unknown, so that one is passed on: see attr_fatal.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/base/fsroot.h"

/* Whether an error is ours and not the tree's. */
bool attr_fatal(int r);
/* Whether an error says that the object is not there, or not any more. */
bool attr_gone(int r);

/* A CPU set is shown as a list by one file and as hex by another. */
enum mask_form {
	MASK_LIST,
	MASK_HEX,
};

int attr_parse_mask(const char *text, enum mask_form form, struct cpumask *ret_mask);
int attr_read_mask(struct fsroot *root, enum fsroot_tree tree, enum mask_form form,
		   struct cpumask *ret_mask, const char *format, ...) _printf_(5, 6);
int attr_read_u32(struct fsroot *root, enum fsroot_tree tree, uint32_t max, uint32_t *ret,
		  const char *format, ...) _printf_(5, 6);
int attr_read_i32(struct fsroot *root, enum fsroot_tree tree, int32_t min, int32_t max,
		  int32_t *ret, const char *format, ...) _printf_(6, 7);
int attr_read_hex32(struct fsroot *root, uint32_t *ret, const char *format, ...) _printf_(3, 4);

/* The text of a file of sysfs without the blanks and newlines at its end. */
int attr_read_text(struct fsroot *root, struct buf *text, const char *format, ...) _printf_(3, 4);

/* A number that is the whole of a file's name; -EINVAL for other names, "007" and the like too. */
int attr_name_number(const char *name, uint32_t max, uint32_t *ret);
