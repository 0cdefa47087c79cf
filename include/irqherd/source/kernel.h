/* kernel: what this kernel does and does not tell, found out once at the start. */
#pragma once

#include <stdbool.h>

#include "irqherd/base/fsroot.h"

enum kernel_answer {
	KERNEL_YES,
	KERNEL_NO,
	KERNEL_UNKNOWN, /* no file says it */
};

/*
 * Whether time in interrupts is measured (CONFIG_IRQ_TIME_ACCOUNTING, switched on), or only sampled
 * by the tick, which makes the irq and softirq columns of /proc/stat an estimate. Told by
 * /proc/pressure/irq (Linux 6.1 on): missing beside its siblings without the option, unreadable
 * (EOPNOTSUPP) when switched off.
 */
enum kernel_answer kernel_accounts_irq_time(struct fsroot *root);

/* Whether a word stands on the kernel's command line. */
bool kernel_has_word(struct fsroot *root, const char *word);

/* Whether we are in another network namespace than the first process: then events of the host's
 * NICs may not reach us. */
enum kernel_answer kernel_foreign_netns(struct fsroot *root);
