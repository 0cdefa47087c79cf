/*
 * persist: changes that last: written to a drop-in of the configuration,
 * irqherd.conf.d/PERSIST_NAME. What the configuration says for a key so far is merged into the new
 * value. All answer exit codes, and have said what went wrong.
 */
#pragma once

#include <stdbool.h>

#include "irqherd/base/buf.h"
#include "irqherd/ctl/ctl.h"

#define PERSIST_NAME "90-irqherdctl.conf"

int persist_cpus(const struct ctl *ctl, bool exclude, const char *list);
int persist_pin(const struct ctl *ctl, const char *slot, const char *cpus);
int persist_ban(const struct ctl *ctl, const char *slot);
int persist_release(const struct ctl *ctl, const char *slot); /* its words in cpus and ban-irq */

/* The daemon reads it now, if it runs. */
int persist_take_effect(const struct ctl *ctl);

/*
 * Pure. The drop-in's text with this value for the key; other lines stay as they are. old is "" for
 * a new file. -ENOMEM.
 */
int persist_edit(const char *old, const char *key, const char *value, struct buf *ret_text);
