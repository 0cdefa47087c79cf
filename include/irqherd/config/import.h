/*
 * import: another balancer's configuration as ours, with a remark for everything that changes its
 * meaning. Pure: text in, text out. What can't be taken over becomes a comment that says why and
 * what to do instead.
 */
#pragma once

#include <stddef.h>

#include "irqherd/base/buf.h"
#include "irqherd/config/message.h"

enum import_format {
	IMPORT_GUESS,      /* by what the file assigns */
	IMPORT_BIRQ,       /* birq.conf */
	IMPORT_IRQBALANCE, /* irqbalance's environment file */
};

/*
 * Appends the configuration to *conf. The result is always a right one for config_parse. -EINVAL:
 * not such a file; -ENOMEM. messages: a warning per remark, an error where the input is no
 * configuration at all.
 */
int import_config(enum import_format format, const char *file, const char *text, size_t length,
		  struct buf *conf, struct message_list *messages);
