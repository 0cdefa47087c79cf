/*
 * irq_files: kept descriptors of /proc/irq/N/smp_affinity_list, one for each IRQ.
 *
 * Reading a kept one is one system call instead of three. A descriptor belongs to one generation of
 * its IRQ, and dies when the kernel frees the number.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/fsroot.h"
#include "irqherd/model/irq.h"

/* Each costs the kernel a page and what an open file takes. */
#define IRQ_FILES_KEPT 4096u

struct irq_file {
	int fd;              /* -1: not open */
	uint32_t generation; /* of the IRQ that it belongs to */
};

struct irq_files {
	struct irq_file *items; /* by IRQ number */
	unsigned int slots;
	unsigned int kept;  /* open ones */
	unsigned int limit; /* kept at most; further files are opened and closed */
};

#define IRQ_FILES_INIT ((struct irq_files){ 0 })

/* The limit is lowered where the process may not open so many. */
void irq_files_init(struct irq_files *files, unsigned int limit);
void irq_files_deinit(struct irq_files *files);

/* Takes an open descriptor over (-1: none), in place of the one before; or closes it, where no more
 * are kept. */
void irq_files_put(struct irq_files *files, const struct irq *irq, int fd);
void irq_files_drop(struct irq_files *files, unsigned int number);
bool irq_files_has(const struct irq_files *files, const struct irq *irq);

/*
 * The affinity as a list, and how many system calls that took, on failure too. -ENOENT: there is no
 * such file (any more). -EIO, -ENODEV: the descriptor's IRQ was freed; it is not kept any longer.
 */
int irq_files_read(struct irq_files *files, struct fsroot *root, const struct irq *irq,
		   struct buf *text, unsigned int *ret_calls);
