/*
 * Only digits that say something are turned into numbers. A large machine's `intr` line is mostly
 * " 0" for IRQ numbers that nobody has, so the totals are cleared at once and runs of zeros are
 * passed over eight bytes at a time; all other numbers are read byte by byte, once.
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

static bool is_digit(char c)
{
	return (unsigned char) (c - '0') < 10;
}

/* False where no number follows. Of a number that outgrows 64 bits, the low ones are kept. */
static bool next_number(const char **text, const char *end, uint64_t *ret_number)
{
	const char *p = *text;
	uint64_t number = 0;

	while (p < end && *p == ' ')
		p++;
	if (p == end || !is_digit(*p))
		return false;
	for (; p < end && is_digit(*p); p++)
		number = number * 10 + (uint64_t) (*p - '0');
	if (p < end && *p != ' ')
		return false;

	*text = p;
	*ret_number = number;
	return true;
}

/*
 * Text begins behind "cpu". Answers 1 for a CPU that we can hold, else 0. Older kernels have fewer
 * columns (steal came with 2.6.11); those stay 0.
 */
static int parse_cpu_line(const char *text, const char *end, struct sample *sample)
{
	struct cpu_sample *cpu;
	uint64_t number;
	int r;

	if (!next_number(&text, end, &number) || number >= CPU_LIMIT)
		return 0;

	r = sample_reserve_cpus(sample, (unsigned int) number + 1);
	if (r < 0)
		return r;

	cpu = &sample->cpus[number];
	cpu->online = true;
	for (size_t i = 0; i < CPU_TIMES && next_number(&text, end, &cpu->ticks[i]); i++)
		;
	return 1;
}

static bool all_zeros(const char *text)
{
	return memcmp(text, " 0 0 0 0", 2 * ZEROS) == 0;
}

/* Text begins behind "intr"; the first number is the sum of all. */
static int parse_intr_line(const char *text, const char *end, struct sample *sample)
{
	size_t most = (size_t) (end - text) / 2; /* a slot takes two bytes or more */
	unsigned int slot = 0;
	uint64_t number;
	int r;

	if (!next_number(&text, end, &number))
		return 0;

	r = sample_reserve_irqs(sample,
				most < IRQ_NUMBER_LIMIT ? (unsigned int) most : IRQ_NUMBER_LIMIT);
	if (r < 0)
		return r;

	while (slot < sample->irq_slots) {
		/* The byte behind the zeros must not go on with the last one's number: "01". */
		while (end - text > 2 * ZEROS && slot + ZEROS <= sample->irq_slots &&
		       all_zeros(text) && text[2 * ZEROS] == ' ') {
			text += 2 * ZEROS;
			slot += ZEROS;
		}
		if (slot == sample->irq_slots || !next_number(&text, end, &number))
			break;
		sample->irq_totals[slot++] = (uint32_t) number;
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
	if (sample->cpu_count > 0)
		memset(sample->cpus, 0, sample->cpu_count * sizeof(sample->cpus[0]));
	sample->irq_slots = 0;

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
