/*
 * The words are ordered by CPU number: CPU 0 is bit 0 of bits[0]. The loops over them are plain, so
 * that the compiler turns them into vector code; walking skips empty words.
 */
#include "irqherd/base/cpumask.h"

#include <errno.h>
#include <string.h>

#define GROUP_BITS 32u
#define GROUPS     (CPU_LIMIT / GROUP_BITS)

struct cpumask cpumask_one(unsigned int cpu)
{
	struct cpumask mask = CPUMASK_NONE;

	cpumask_set(&mask, cpu);
	return mask;
}

static void set_range(struct cpumask *mask, unsigned int first, unsigned int last)
{
	unsigned int first_word = first / 64, last_word = last / 64;
	uint64_t head = UINT64_MAX << first % 64;
	uint64_t tail = UINT64_MAX >> (63 - last % 64);

	if (first_word == last_word) {
		mask->bits[first_word] |= head & tail;
		return;
	}
	mask->bits[first_word] |= head;
	for (unsigned int i = first_word + 1; i < last_word; i++)
		mask->bits[i] = UINT64_MAX;
	mask->bits[last_word] |= tail;
}

struct cpumask cpumask_range(unsigned int first, unsigned int last)
{
	struct cpumask mask = CPUMASK_NONE;

	if (last >= CPU_LIMIT)
		last = CPU_LIMIT - 1;
	if (first <= last)
		set_range(&mask, first, last);
	return mask;
}

void cpumask_set(struct cpumask *mask, unsigned int cpu)
{
	if (cpu < CPU_LIMIT)
		mask->bits[cpu / 64] |= UINT64_C(1) << cpu % 64;
}

void cpumask_clear(struct cpumask *mask, unsigned int cpu)
{
	if (cpu < CPU_LIMIT)
		mask->bits[cpu / 64] &= ~(UINT64_C(1) << cpu % 64);
}

bool cpumask_test(const struct cpumask *mask, int cpu)
{
	if (cpu < 0 || (unsigned int) cpu >= CPU_LIMIT)
		return false;
	return mask->bits[cpu / 64] >> cpu % 64 & 1;
}

struct cpumask cpumask_and(const struct cpumask *a, const struct cpumask *b)
{
	struct cpumask result;

	for (unsigned int i = 0; i < CPU_WORDS; i++)
		result.bits[i] = a->bits[i] & b->bits[i];
	return result;
}

struct cpumask cpumask_or(const struct cpumask *a, const struct cpumask *b)
{
	struct cpumask result;

	for (unsigned int i = 0; i < CPU_WORDS; i++)
		result.bits[i] = a->bits[i] | b->bits[i];
	return result;
}

struct cpumask cpumask_andnot(const struct cpumask *a, const struct cpumask *b)
{
	struct cpumask result;

	for (unsigned int i = 0; i < CPU_WORDS; i++)
		result.bits[i] = a->bits[i] & ~b->bits[i];
	return result;
}

bool cpumask_empty(const struct cpumask *mask)
{
	for (unsigned int i = 0; i < CPU_WORDS; i++)
		if (mask->bits[i])
			return false;
	return true;
}

bool cpumask_equal(const struct cpumask *a, const struct cpumask *b)
{
	return memcmp(a->bits, b->bits, sizeof(a->bits)) == 0;
}

bool cpumask_subset(const struct cpumask *inner, const struct cpumask *outer)
{
	for (unsigned int i = 0; i < CPU_WORDS; i++)
		if (inner->bits[i] & ~outer->bits[i])
			return false;
	return true;
}

bool cpumask_intersects(const struct cpumask *a, const struct cpumask *b)
{
	for (unsigned int i = 0; i < CPU_WORDS; i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

unsigned int cpumask_count(const struct cpumask *mask)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < CPU_WORDS; i++)
		if (mask->bits[i])
			count += (unsigned int) __builtin_popcountll(mask->bits[i]);
	return count;
}

int cpumask_first(const struct cpumask *mask)
{
	return cpumask_next(mask, CPU_NONE);
}

int cpumask_next(const struct cpumask *mask, int cpu)
{
	unsigned int from = (unsigned int) (cpu + 1);
	unsigned int word = from / 64;
	uint64_t bits;

	if (from >= CPU_LIMIT)
		return CPU_NONE;

	bits = mask->bits[word] & UINT64_MAX << from % 64;
	while (!bits) {
		if (++word == CPU_WORDS)
			return CPU_NONE;
		bits = mask->bits[word];
	}
	return (int) (word * 64) + __builtin_ctzll(bits);
}

int cpumask_last(const struct cpumask *mask)
{
	for (unsigned int i = CPU_WORDS; i-- > 0;)
		if (mask->bits[i])
			return (int) (i * 64) + 63 - __builtin_clzll(mask->bits[i]);
	return CPU_NONE;
}

int cpumask_single(const struct cpumask *mask)
{
	int found = CPU_NONE;

	for (unsigned int i = 0; i < CPU_WORDS; i++) {
		uint64_t bits = mask->bits[i];

		if (!bits)
			continue;
		if (found != CPU_NONE || bits & (bits - 1))
			return CPU_NONE;
		found = (int) (i * 64) + __builtin_ctzll(bits);
	}
	return found;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

static bool at_end(const char *text)
{
	text = skip_blanks(text);
	if (*text == '\n')
		text = skip_blanks(text + 1);
	return *text == '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* 1 to 8 digits; *text is left behind the group. */
static int parse_group(const char **text, uint32_t *ret_group)
{
	uint32_t group = 0;
	unsigned int digits = 0;
	int digit;

	for (; (digit = hex_digit(**text)) >= 0; (*text)++) {
		if (++digits > GROUP_BITS / 4)
			return -EINVAL;
		group = group << 4 | (uint32_t) digit;
	}
	if (digits == 0)
		return -EINVAL;

	*ret_group = group;
	return 0;
}

/*
 * Which CPUs a group stands for is known only when the groups behind it have been counted, so the
 * commas are counted first.
 */
int cpumask_parse(const char *text, struct cpumask *ret_mask)
{
	struct cpumask mask = CPUMASK_NONE;
	size_t behind = 0;
	bool too_big = false;

	text = skip_blanks(text);
	for (const char *p = text; *p; p++)
		if (*p == ',')
			behind++;

	for (;;) {
		uint32_t group;
		int r;

		r = parse_group(&text, &group);
		if (r < 0)
			return r;

		if (behind < GROUPS)
			mask.bits[behind / 2] |= (uint64_t) group << behind % 2 * GROUP_BITS;
		else if (group)
			too_big = true;

		if (*text != ',')
			break;
		text++;
		behind--;
	}
	if (!at_end(text))
		return -EINVAL;
	if (too_big)
		return -ERANGE;

	*ret_mask = mask;
	return 0;
}

/* A number over the limit is still a number: it answers CPU_LIMIT, so that rubbish behind it is
 * told apart from a machine that is too big. */
static int parse_cpu(const char **text, unsigned int *ret_cpu)
{
	unsigned int cpu = 0;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		cpu = cpu * 10 + (unsigned int) (**text - '0');
		if (cpu > CPU_LIMIT)
			cpu = CPU_LIMIT;
	}
	*ret_cpu = cpu;
	return 0;
}

int cpulist_parse(const char *text, struct cpumask *ret_mask)
{
	struct cpumask mask = CPUMASK_NONE;
	bool too_big = false;

	text = skip_blanks(text);
	if (at_end(text)) {
		*ret_mask = mask;
		return 0;
	}

	for (;;) {
		unsigned int first, last;
		int r;

		r = parse_cpu(&text, &first);
		if (r < 0)
			return r;
		last = first;
		if (*text == '-') {
			text++;
			r = parse_cpu(&text, &last);
			if (r < 0)
				return r;
			if (last < first)
				return -EINVAL;
		}

		if (last >= CPU_LIMIT)
			too_big = true;
		else
			set_range(&mask, first, last);

		if (*text != ',')
			break;
		text++;
	}
	if (!at_end(text))
		return -EINVAL;
	if (too_big)
		return -ERANGE;

	*ret_mask = mask;
	return 0;
}

/* Where a formatter has got to; counts on when the text is full, as snprintf does. */
struct writer {
	char *text;
	size_t size;
	size_t length;
};

static void write_char(struct writer *writer, char c)
{
	if (writer->length + 1 < writer->size)
		writer->text[writer->length] = c;
	writer->length++;
}

static size_t write_end(const struct writer *writer)
{
	if (writer->size > 0)
		writer->text[writer->length < writer->size ? writer->length : writer->size - 1] =
			'\0';
	return writer->length;
}

size_t cpumask_format(const struct cpumask *mask, char *text, size_t size)
{
	struct writer writer = { text, size, 0 };
	int last = cpumask_last(mask);
	unsigned int groups = last == CPU_NONE ? 1 : (unsigned int) last / GROUP_BITS + 1;

	for (unsigned int group = groups; group-- > 0;) {
		uint32_t bits = (uint32_t) (mask->bits[group / 2] >> group % 2 * GROUP_BITS);

		for (unsigned int shift = GROUP_BITS; shift > 0; shift -= 4)
			write_char(&writer, "0123456789abcdef"[bits >> (shift - 4) & 15]);
		if (group > 0)
			write_char(&writer, ',');
	}
	return write_end(&writer);
}

static void write_cpu(struct writer *writer, unsigned int cpu)
{
	unsigned int scale = 1;

	while (cpu / scale >= 10)
		scale *= 10;
	for (; scale > 0; scale /= 10)
		write_char(writer, (char) ('0' + cpu / scale % 10));
}

size_t cpulist_format(const struct cpumask *mask, char *text, size_t size)
{
	struct writer writer = { text, size, 0 };

	for (int first = cpumask_first(mask); first != CPU_NONE;) {
		int last = first, next;

		while ((next = cpumask_next(mask, last)) == last + 1)
			last = next;

		if (writer.length > 0)
			write_char(&writer, ',');
		write_cpu(&writer, (unsigned int) first);
		if (last > first) {
			write_char(&writer, '-');
			write_cpu(&writer, (unsigned int) last);
		}
		first = next;
	}
	return write_end(&writer);
}
