/*
 * This reading is the better half of a quiet round, so it is made for few instructions. A large
 * machine's `intr` line is mostly " 0" for IRQ numbers that nobody has: runs of zeros are taken
 * sixteen bytes at a time. Other numbers are read eight digits at a time, without a branch for
 * each.
 */
#include "irqherd/source/proc_stat.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/model/inventory.h"

/* " 0" eight times */
#define ZEROS      8
#define FOUR_ZEROS UINT64_C(0x3020302030203020) /* the first byte is the lowest */

#define ZERO_DIGITS UINT64_C(0x3030303030303030)

int proc_stat_init(struct proc_stat *stat, struct fsroot *root)
{
	int fd = fsroot_open(root, FSROOT_PROC, O_RDONLY, "stat");

	if (fd < 0)
		return fd;
	*stat = PROC_STAT_INIT;
	stat->fd = fd;
	return 0;
}

void proc_stat_deinit(struct proc_stat *stat)
{
	if (stat->fd >= 0)
		(void) close(stat->fd);
	stat->fd = -1;
	buf_deinit(&stat->text);
}

int proc_stat_read(struct proc_stat *stat, uint64_t now_ms, struct sample *sample)
{
	int r;

	r = file_read_record(stat->fd, &stat->text);
	if (r < 0)
		return r;

	r = proc_stat_parse(buf_text(&stat->text), stat->text.length, sample);
	if (r < 0)
		return r;

	sample->time_ms = now_ms;
	return 0;
}

static inline bool is_digit(char c)
{
	return (unsigned char) (c - '0') < 10;
}

/* Eight bytes of text, the first one lowest whatever the machine. */
static inline uint64_t eight_bytes(const char *text)
{
	uint64_t bytes;

	memcpy(&bytes, text, sizeof(bytes));
	return le64toh(bytes);
}

/* The number that eight digits make, each a byte of its value, the first one lowest. */
static inline uint64_t number_of_digits(uint64_t digits)
{
	digits = digits * (1 + (10 << 8)) >> 8;
	digits = (digits & UINT64_C(0x00ff00ff00ff00ff)) * (1 + (UINT64_C(100) << 16)) >> 16;
	return (digits & UINT64_C(0x0000ffff0000ffff)) * (1 + (UINT64_C(10000) << 32)) >> 32;
}

/* Where a byte is no digit's value its highest bit is set; only the lowest of them counts, since
 * carries go up. */
static inline uint64_t no_digits(uint64_t digits)
{
	return ((digits + UINT64_C(0x7676767676767676)) | digits) & UINT64_C(0x8080808080808080);
}

/*
 * Nearly every number: one blank, one to seven digits, another blank, all well before the end.
 * Answers the second blank, or NULL for whatever else there is.
 */
static inline const char *short_number(const char *text, const char *end, uint64_t *number)
{
	uint64_t digits, others;
	unsigned int bits;

	if (end - text < 9 || *text != ' ')
		return NULL;
	digits = eight_bytes(text + 1) ^ ZERO_DIGITS;
	others = no_digits(digits);
	if (others == 0)
		return NULL;
	bits = (unsigned int) __builtin_ctzll(others) & ~7u;
	if (bits == 0 || (digits >> bits & 0xff) != (' ' ^ '0'))
		return NULL;
	/* leading zeros come in, what is no digit goes out */
	*number = number_of_digits(digits << (64 - bits));
	return text + 1 + bits / 8;
}

/*
 * Answers the text behind the number, NULL where none follows. Of a number that outgrows 64 bits,
 * the low ones are kept. Inline, since half of the cost would be the call.
 */
static inline const char *next_number(const char *text, const char *end, uint64_t *number)
{
	const char *after = short_number(text, end, number);
	uint64_t value = 0;

	if (after)
		return after;

	while (text < end && *text == ' ')
		text++;
	if (text == end || !is_digit(*text))
		return NULL;
	while (end - text >= 8) {
		uint64_t digits = eight_bytes(text) ^ ZERO_DIGITS;

		if (no_digits(digits))
			break;
		value = value * 100000000 + number_of_digits(digits);
		text += 8;
	}
	while (text < end && is_digit(*text))
		value = value * 10 + (uint64_t) (*text++ - '0');
	if (text < end && *text != ' ')
		return NULL;

	*number = value;
	return text;
}

/*
 * Text begins behind "cpu". Answers 1 for a CPU that we can hold, else 0. Older kernels have fewer
 * columns (steal came with 2.6.11); those are 0.
 */
static int parse_cpu_line(const char *text, const char *end, struct sample *sample)
{
	struct cpu_sample *cpu;
	uint64_t number;
	int r;

	text = next_number(text, end, &number);
	if (!text || number >= CPU_LIMIT)
		return 0;

	r = sample_reserve_cpus(sample, (unsigned int) number + 1);
	if (r < 0)
		return r;

	cpu = &sample->cpus[number];
	cpu->online = true;
	for (size_t i = 0; i < CPU_TIMES; i++) {
		cpu->ticks[i] = 0;
		if (text)
			text = next_number(text, end, &cpu->ticks[i]);
	}
	return 1;
}

/* Text begins behind "intr"; the first number is the sum of all. */
static int parse_intr_line(const char *text, const char *end, struct sample *sample)
{
	size_t most = (size_t) (end - text) / 2; /* a slot takes two bytes or more */
	unsigned int slot = 0;
	uint32_t *totals;
	uint64_t number;
	int r;

	text = next_number(text, end, &number);
	if (!text)
		return 0;

	if (most > IRQ_NUMBER_LIMIT)
		most = IRQ_NUMBER_LIMIT;
	if (most > sample->irq_size) {
		r = sample_reserve_irqs(sample, (unsigned int) most);
		if (r < 0)
			return r;
	}

	totals = sample->irq_totals;
	while (slot < most) {
		/* The byte behind them must not go on with the last zero's number: "01". */
		if (end - text > 2 * ZEROS && slot + ZEROS <= most &&
		    eight_bytes(text) == FOUR_ZEROS && eight_bytes(text + 8) == FOUR_ZEROS &&
		    text[2 * ZEROS] == ' ') {
			memset(&totals[slot], 0, ZEROS * sizeof(totals[0]));
			text += 2 * ZEROS;
			slot += ZEROS;
			continue;
		}

		text = next_number(text, end, &number);
		if (!text)
			break;
		totals[slot++] = (uint32_t) number;
	}
	sample->irq_slots = slot;
	return 0;
}

int proc_stat_parse(const char *text, size_t length, struct sample *sample)
{
	const char *end = text + length;
	bool any_cpu = false;
	int r;

	sample->valid = false;
	sample->irq_slots = 0;
	for (unsigned int i = 0; i < sample->cpu_count; i++)
		sample->cpus[i].online = false;

	while (text < end) {
		const char *next = memchr(text, '\n', (size_t) (end - text));
		const char *line_end = next ? next : end;
		size_t left = (size_t) (line_end - text);

		if (left > 3 && memcmp(text, "cpu", 3) == 0 && is_digit(text[3])) {
			r = parse_cpu_line(text + 3, line_end, sample);
			if (r < 0)
				return r;
			any_cpu |= r > 0;
		} else if (left > 5 && memcmp(text, "intr ", 5) == 0) {
			r = parse_intr_line(text + 4, line_end, sample);
			if (r < 0)
				return r;
		}
		if (!next)
			break;
		text = next + 1;
	}
	if (!any_cpu)
		return -EBADMSG;

	sample->valid = true;
	return 0;
}
