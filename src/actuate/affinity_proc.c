/*
 * The file is opened for each write: moves are rare, and a fresh descriptor makes the kernel's
 * answer plain (on a kept one EIO may also mean that the IRQ was freed meanwhile).
 *
 * One CPU is written, as a list, in one write(2). The list form has no groups to size: a hex mask
 * with more groups than the kernel's is refused even if they are zero. pwrite(2) is refused with
 * ESPIPE.
 */
#include "irqherd/actuate/affinity_proc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "irqherd/base/cpumask.h"
#include "irqherd/base/log.h"
#include "irqherd/base/macro.h"
#include "irqherd/base/parse.h"

static int write_file(struct fsroot *root, unsigned int irq, const char *file, const char *text)
{
	size_t length = strlen(text);
	ssize_t written;
	int fd, r;

	fd = fsroot_open(root, FSROOT_PROC, O_WRONLY | O_CLOEXEC, "irq/%u/%s", irq, file);
	if (fd < 0)
		return fd;

	written = write(fd, text, length);
	r = written < 0 ? -errno : (size_t) written == length ? 0 : -EMSGSIZE;
	(void) close(fd);
	return r;
}

static int write_cpu(struct fsroot *root, unsigned int irq, int cpu)
{
	char text[CPUMASK_TEXT];
	struct cpumask mask;
	int r;

	(void) snprintf(text, sizeof(text), "%d", cpu);
	r = write_file(root, irq, "smp_affinity_list", text);
	if (r != -ENOENT)
		return r;

	/* The IRQ is gone, or the kernel is older than the list files. */
	mask = cpumask_one((unsigned int) cpu);
	(void) cpumask_format(&mask, text, sizeof(text));
	return write_file(root, irq, "smp_affinity", text);
}

/* Without its write bit an IRQ is managed, and says nothing of the others. */
static bool has_write_bit(struct fsroot *root, unsigned int irq)
{
	struct stat status;
	bool writable;
	int fd;

	fd = fsroot_open(root, FSROOT_PROC, O_PATH | O_CLOEXEC, "irq/%u/smp_affinity_list", irq);
	if (fd < 0)
		return false;

	writable = fstat(fd, &status) == 0 && (status.st_mode & S_IWUSR);
	(void) close(fd);
	return writable;
}

static enum move_result apply(struct actuator *self, const struct move *move)
{
	struct affinity_proc *affinity = container_of(self, struct affinity_proc, actuator);
	enum move_result result;
	int r;

	assert(move->to_cpu >= 0);

	r = write_cpu(affinity->root, move->irq, move->to_cpu);
	/* Root without capabilities is refused so at a managed IRQ, which then is this IRQ's own
	 * affair. */
	if (r == -EACCES && !has_write_bit(affinity->root, move->irq))
		r = -EPERM;
	result = move_result_of_errno(r);
	if (result == MOVE_APPLIED)
		affinity->writes++;
	else
		affinity->refused++;

	if (r == -EOVERFLOW || r == -ERANGE)
		log_error("asked for a CPU that the kernel cannot have, ignoring: irq=%u cpu=%d",
			  move->irq, move->to_cpu);
	else if (result == MOVE_FAILED)
		log_error("writing an IRQ's affinity failed, ignoring: irq=%u cpu=%d error=\"%s\"",
			  move->irq, move->to_cpu, strerror(-r));
	return result;
}

void affinity_proc_init(struct affinity_proc *affinity, struct fsroot *root)
{
	*affinity = (struct affinity_proc){
		.actuator = { .name = "kernel", .writes = true, .apply = apply },
		.root = root,
	};
}

struct probe {
	struct fsroot *root;
	int result;
};

static int probe_irq(void *context, const char *name)
{
	struct probe *probe = context;
	uint32_t irq;
	int r;

	if (parse_u32(name, 0, UINT32_MAX, &irq) < 0 || !has_write_bit(probe->root, irq))
		return 0;

	/* not opened: a start that opens an affinity for writing looks like one that writes it */
	r = fsroot_may_write(probe->root, FSROOT_PROC, "irq/%u/smp_affinity_list", irq);
	if (r == -ENOENT)
		return 0; /* gone since the look at its mode: ask the next */

	probe->result = r;
	return 1;
}

int affinity_proc_probe(struct fsroot *root)
{
	struct probe probe = { .root = root };
	int r;

	r = fsroot_list(root, FSROOT_PROC, probe_irq, &probe, "irq");
	return r < 0 ? r : probe.result;
}
