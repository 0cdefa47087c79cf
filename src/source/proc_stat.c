/*
 * Only digits that say something are turned into numbers. A large machine's `intr` line is mostly
 * " 0" for IRQ numbers that nobody has, so runs of zeros are taken eight bytes at a time; all other
 * numbers are read byte by byte, once.
 */
#include "irqherd/source/proc_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/model/inventory.h"

#define ZEROS 4 /* " 0 0 0 0" */

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

/*
 * Answers the text behind the number, NULL where none follows. Of a number that outgrows 64 bits,
 * the low ones are kept. Inline, since half of the cost would be the call.
 */
static inline const char *next_number(const char *text, const char *end, uint64_t *number)
{
	uint64_t value = 0;

	while (text < end && *text == ' ')
		text++;
	if (text == end || !is_digit(*text))
		return NULL;
	do
		value = value * 10 + (uint64_t) (*text++ - '0');
	while (text < end && is_digit(*text));
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
		if (end - text > 2 * ZEROS && slot + ZEROS <= most && text[2 * ZEROS] == ' ' &&
		    memcmp(text, " 0 0 0 0", 2 * ZEROS) == 0) {
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
