/*
 * cpumask: a set of CPU numbers, as a value: `=` copies it, nobody frees it.
 *
 * Knows two texts, both as the kernel prints them in /proc and /sys:
 *   hex    "00000000,000000ff"     groups of 32 bits, most significant first
 *   list   "0-7,16"                the empty set is the empty text
 * A trailing newline and surrounding blanks are accepted by both parsers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPU_LIMIT 8192u /* CPU numbers are 0 … CPU_LIMIT - 1 */
#define CPU_WORDS (CPU_LIMIT / 64)
#define CPU_NONE  (-1) /* "no CPU" where an int holds a CPU number */

struct cpumask {
	uint64_t bits[CPU_WORDS];
};

#define CPUMASK_NONE ((struct cpumask){ { 0 } })

/* Buffer sizes that hold any cpumask as text, with its final NUL. */
#define CPUMASK_TEXT (CPU_LIMIT / 32 * 9 + 1)
#define CPULIST_TEXT (CPU_LIMIT / 2 * 5 + 1)

struct cpumask cpumask_one(unsigned int cpu);
struct cpumask cpumask_range(unsigned int first, unsigned int last); /* both ends included */

void cpumask_set(struct cpumask *mask, unsigned int cpu); /* cpu >= CPU_LIMIT: no effect */
void cpumask_clear(struct cpumask *mask, unsigned int cpu);
bool cpumask_test(const struct cpumask *mask,
		  int cpu); /* false for CPU_NONE and beyond the limit */

struct cpumask cpumask_and(const struct cpumask *a, const struct cpumask *b);
struct cpumask cpumask_or(const struct cpumask *a, const struct cpumask *b);
struct cpumask cpumask_andnot(const struct cpumask *a,
			      const struct cpumask *b); /* in a, not in b */

bool cpumask_empty(const struct cpumask *mask);
bool cpumask_equal(const struct cpumask *a, const struct cpumask *b);
bool cpumask_subset(const struct cpumask *inner, const struct cpumask *outer);
bool cpumask_intersects(const struct cpumask *a, const struct cpumask *b);
unsigned int cpumask_count(const struct cpumask *mask);

int cpumask_first(const struct cpumask *mask);         /* CPU_NONE if empty */
int cpumask_next(const struct cpumask *mask, int cpu); /* the first > cpu, CPU_NONE at the end */
int cpumask_last(const struct cpumask *mask);
int cpumask_single(const struct cpumask *mask); /* the only member; CPU_NONE if none or several */

#define cpumask_foreach(cpu, mask) \
	for (int cpu = cpumask_first(mask); cpu != CPU_NONE; cpu = cpumask_next(mask, cpu))

/*
 * -EINVAL: not such a text. -ERANGE: a CPU number that does not fit below CPU_LIMIT. More groups
 * than the limit has are accepted when they are zero. cpumask_parse: no text at all is -EINVAL (hex
 * always has a digit).
 */
int cpumask_parse(const char *text, struct cpumask *ret_mask);
int cpulist_parse(const char *text, struct cpumask *ret_mask);

/* Write the text, cut to size like snprintf, and answer its whole length. Hex has no leading zero
 * groups. */
size_t cpumask_format(const struct cpumask *mask, char *text, size_t size);
size_t cpulist_format(const struct cpumask *mask, char *text, size_t size);
