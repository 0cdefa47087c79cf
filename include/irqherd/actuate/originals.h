/*
 * originals: the masks that were there before us, kept in /run with the boot id, so that an orderly
 * stop can put them back, after a crash too.
 *
 * File: behind its first line (run_file.h, title "irqherd originals") lines "IRQ IDENTITY
 * MASK-LIST", the identity as 16 hex digits. Rewritten whole by rename when an IRQ is moved for the
 * first time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/actuate/run_file.h"
#include "irqherd/base/fsroot.h"
#include "irqherd/base/map.h"
#include "irqherd/model/inventory.h"

struct original {
	unsigned int irq;
	uint64_t identity; /* hash of device, index and actions: a reused number is not the same IRQ
			    */
	char *list;        /* CPU list text as it was */
};

struct originals {
	struct run_file file;
	struct map by_irq; /* number + 1 to struct original; owned */
	bool dirty;        /* not saved yet */
};

#define ORIGINALS_INIT ((struct originals){ 0 })

/*
 * Loads what an earlier run of this boot left. A file of another boot, or a broken one, is ignored
 * (said once in the log). Without a boot id nothing is kept on disk. path NULL: the same.
 */
int originals_init(struct originals *originals, struct fsroot *root, const char *path);
void originals_deinit(struct originals *originals);

/* Remembers the mask before the first move of this IRQ; later calls for the same IRQ change
 * nothing. */
int originals_note(struct originals *originals, const struct inventory *inventory,
		   const struct irq *irq);
int originals_save(struct originals *originals); /* only if dirty; temporary file and rename */

/*
 * Puts all back that still are the same IRQs, and forgets them. Left alone: what has its original
 * mask, and what a foreign hand placed meanwhile. Answers how many were written.
 */
int originals_restore(struct originals *originals, struct fsroot *root,
		      const struct inventory *inventory);

/* Identity as stored: of device address (or "-"), index and action names. Pure. */
uint64_t original_identity(const struct irq *irq);
