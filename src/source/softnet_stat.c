/*
 * One line for each online CPU, in the order of their numbers, of hexadecimal columns: packets,
 * drops, squeezes, and others that nobody here needs; the 13th is the CPU's number since
 * Linux 5.10. Totals are 32 bits wide and wrap.
 */
#include "irqherd/source/softnet_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMN_PROCESSED 0
#define COLUMN_DROPPED   1
#define COLUMN_SQUEEZED  2
#define COLUMN_CPU       12
#define COLUMNS          13

void softnet_stat_deinit(struct softnet_stat *stat)
{
	if (stat->fd >= 0)
		(void) close(stat->fd);
	buf_deinit(&stat->text);
	free(stat->totals);
	*stat = SOFTNET_STAT_INIT;
}

void softnet_stat_forget(struct softnet_stat *stat)
{
	stat->valid = false;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Answers the number of columns read, 0 if the line is no line of these. */
static unsigned int read_columns(const char *line, size_t length, uint32_t columns[COLUMNS])
{
	const char *end = line + length;
	unsigned int count = 0;

	while (count < COLUMNS) {
		uint32_t value = 0;
		unsigned int digits = 0;

		while (line < end && *line == ' ')
			line++;
		if (line == end)
			break;
		for (; line < end && digit_of(*line) >= 0; line++, digits++)
			value = value << 4 | (uint32_t) digit_of(*line);
		if (digits == 0 || digits > 8 || (line < end && *line != ' '))
			return 0;
		columns[count++] = value;
	}
	return count;
}

int softnet_line_parse(const char *line, size_t length, int cpu, struct softnet_cpu *totals,
		       unsigned int size)
{
	uint32_t columns[COLUMNS];
	unsigned int count = read_columns(line, length, columns);

	if (count <= COLUMN_SQUEEZED)
		return -EBADMSG;
	if (count > COLUMN_CPU) {
		if (columns[COLUMN_CPU] >= CPU_LIMIT)
			return -ERANGE;
		cpu = (int) columns[COLUMN_CPU];
	}
	if (cpu < 0 || (unsigned int) cpu >= size)
		return -ERANGE;
	totals[cpu] = (struct softnet_cpu){
		.processed = columns[COLUMN_PROCESSED],
		.dropped = columns[COLUMN_DROPPED],
		.squeezed = columns[COLUMN_SQUEEZED],
	};
	return cpu;
}

static int reserve(struct softnet_stat *stat, struct softnet *softnet, unsigned int size)
{
	struct softnet_cpu *items;

	if (size > stat->size) {
		items = realloc(stat->totals, size * sizeof(*items));
		if (!items)
			return -ENOMEM;
		memset(items + stat->size, 0, (size - stat->size) * sizeof(*items));
		stat->totals = items;
		stat->size = size;
	}
	if (stat->size > softnet->cpu_count) {
		items = realloc(softnet->cpus, stat->size * sizeof(*items));
		if (!items)
			return -ENOMEM;
		softnet->cpus = items;
		softnet->cpu_count = stat->size;
	}
	return 0;
}

/* Totals that fell are those of a CPU that was away: its first difference says nothing. */
static uint32_t difference(uint32_t before, uint32_t now)
{
	uint32_t more = now - before;

	return more < UINT32_MAX / 2 ? more : 0;
}

int softnet_stat_read(struct softnet_stat *stat, struct fsroot *root, const struct cpumask *online,
		      struct softnet *softnet)
{
	const char *line, *end;
	int cpu, last, r;

	last = cpumask_last(online);
	if (last == CPU_NONE)
		return -EINVAL;
	if (stat->fd < 0) {
		stat->fd = fsroot_open(root, FSROOT_PROC, O_RDONLY, "net/softnet_stat");
		if (stat->fd < 0)
			return stat->fd;
	}
	r = reserve(stat, softnet, (unsigned int) last + 1);
	if (r < 0)
		return r;
	r = file_read_again(stat->fd, &stat->text);
	if (r < 0)
		return r;

	memset(softnet->cpus, 0, softnet->cpu_count * sizeof(softnet->cpus[0]));
	line = buf_text(&stat->text);
	end = line + stat->text.length;
	cpu = cpumask_first(online);
	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t) (end - line));
		size_t length = (size_t) ((newline ? newline : end) - line);
		struct softnet_cpu before;
		int told;

		told = softnet_line_parse(line, length, cpu, softnet->cpus, softnet->cpu_count);
		if (told >= 0 && (unsigned int) told < stat->size) {
			before = stat->totals[told];
			stat->totals[told] = softnet->cpus[told];
			softnet->cpus[told] = (struct softnet_cpu){
				.processed = difference(before.processed,
							stat->totals[told].processed),
				.dropped = difference(before.dropped, stat->totals[told].dropped),
				.squeezed = difference(before.squeezed,
						       stat->totals[told].squeezed),
			};
		}
		cpu = cpu == CPU_NONE ? CPU_NONE : cpumask_next(online, cpu);
		if (!newline)
			break;
		line = newline + 1;
	}
	softnet->valid = stat->valid;
	stat->valid = true;
	return 0;
}
