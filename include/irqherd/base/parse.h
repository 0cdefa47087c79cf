/*
 * parse: strict text to number. No locale, no sign where none makes sense, no trailing rubbish.
 *
 * All answer 0, -EINVAL (not a number) or -ERANGE (outside the limits). Blanks around the number
 * and one final newline are accepted, since kernel files end so; nothing else is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *ret);
int parse_i32(const char *text, int32_t min, int32_t max, int32_t *ret);
int parse_hex32(const char *text, uint32_t *ret); /* "0x1af4" or "1af4" */

/* A decimal number with an optional fraction, times 10^digits, further digits cut:
 * parse_decimal("2.5", 3, …) is 2500. */
int parse_decimal(const char *text, unsigned int digits, uint64_t min, uint64_t max, uint64_t *ret);

/* How many single-letter edits (insert, delete, replace, swap of neighbours) lie between two words;
 * for "did you mean". */
unsigned int edit_distance(const char *a, const char *b);
