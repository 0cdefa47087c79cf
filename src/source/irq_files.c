/* No more than the limit are kept: the first come stay, the others are opened for each reading. */
#include "irqherd/source/irq_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define SPARE_FDS   64u /* sockets and files that are open for a moment */
#define SLOTS_FIRST 64u

void irq_files_init(struct irq_files *files, unsigned int limit)
{
	struct rlimit fds;

	*files = (struct irq_files){ .limit = limit };
	if (getrlimit(RLIMIT_NOFILE, &fds) == 0 && fds.rlim_cur < limit + SPARE_FDS)
		files->limit = fds.rlim_cur > SPARE_FDS ? (unsigned int) (fds.rlim_cur - SPARE_FDS)
							: 0;
}

void irq_files_deinit(struct irq_files *files)
{
	for (unsigned int i = 0; i < files->slots; i++)
		irq_files_drop(files, i);
	free(files->items);
	*files = IRQ_FILES_INIT;
}

static struct irq_file *find(const struct irq_files *files, unsigned int number)
{
	return number < files->slots && files->items[number].fd >= 0 ? &files->items[number] : NULL;
}

void irq_files_drop(struct irq_files *files, unsigned int number)
{
	struct irq_file *file = find(files, number);

	if (!file)
		return;
	(void) close(file->fd);
	file->fd = -1;
	files->kept--;
}

bool irq_files_has(const struct irq_files *files, const struct irq *irq)
{
	const struct irq_file *file = find(files, irq->number);

	return file && file->generation == irq->generation;
}

static bool reserve(struct irq_files *files, unsigned int number)
{
	unsigned int slots = files->slots ? files->slots : SLOTS_FIRST;
	struct irq_file *items;

	if (number < files->slots)
		return true;
	while (slots <= number)
		slots *= 2;
	items = realloc(files->items, slots * sizeof(items[0]));
	if (!items)
		return false;
	for (unsigned int i = files->slots; i < slots; i++)
		items[i] = (struct irq_file){ .fd = -1 };
	files->items = items;
	files->slots = slots;
	return true;
}

void irq_files_put(struct irq_files *files, const struct irq *irq, int fd)
{
	if (fd < 0)
		return;
	irq_files_drop(files, irq->number);
	if (files->kept >= files->limit || !reserve(files, irq->number)) {
		(void) close(fd);
		return;
	}
	files->items[irq->number] = (struct irq_file){ fd, irq->generation };
	files->kept++;
}

int irq_files_read(struct irq_files *files, struct fsroot *root, const struct irq *irq,
		   struct buf *text, unsigned int *ret_calls)
{
	const struct irq_file *file = find(files, irq->number);
	int fd, r;

	if (file && file->generation == irq->generation) {
		*ret_calls = 1;
		r = file_read_record(file->fd, text);
		if (r < 0)
			irq_files_drop(files, irq->number);
		return r;
	}

	*ret_calls = 1;
	fd = fsroot_open(root, FSROOT_PROC, O_RDONLY, "irq/%u/smp_affinity_list", irq->number);
	if (fd < 0)
		return fd;
	*ret_calls = 3;
	r = file_read_record(fd, text);
	if (r < 0)
		(void) close(fd);
	else
		irq_files_put(files, irq, fd);
	return r;
}
