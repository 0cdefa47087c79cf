#include "irqherd/source/kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Linux 6.1 brought /proc/pressure/irq. */
static bool release_is_6_1_or_later(struct fsroot *root)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	unsigned long major, minor;
	char *end;

	if (fsroot_read(root, FSROOT_PROC, &text, "sys/kernel/osrelease") < 0)
		return false;
	major = strtoul(buf_text(&text), &end, 10);
	if (*end != '.')
		return false;
	minor = strtoul(end + 1, NULL, 10);
	return major > 6 || (major == 6 && minor >= 1);
}

enum kernel_answer kernel_accounts_irq_time(struct fsroot *root)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r;

	r = fsroot_read(root, FSROOT_PROC, &text, "pressure/irq");
	if (r >= 0)
		return KERNEL_YES;
	if (r == -EOPNOTSUPP)
		return KERNEL_NO;
	if (r == -ENOENT && release_is_6_1_or_later(root) &&
	    fsroot_exists(root, FSROOT_PROC, "pressure/cpu"))
		return KERNEL_NO;
	return KERNEL_UNKNOWN;
}

enum kernel_answer kernel_foreign_netns(struct fsroot *root)
{
	_cleanup_(buf_deinit) struct buf ours = BUF_INIT;
	_cleanup_(buf_deinit) struct buf first = BUF_INIT;

	if (fsroot_read_link(root, FSROOT_PROC, &ours, "self/ns/net") < 0 ||
	    fsroot_read_link(root, FSROOT_PROC, &first, "1/ns/net") < 0)
		return KERNEL_UNKNOWN;
	return strcmp(ours.data, first.data) == 0 ? KERNEL_NO : KERNEL_YES;
}

bool kernel_has_word(struct fsroot *root, const char *word)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	size_t length = strlen(word);

	if (fsroot_read(root, FSROOT_PROC, &text, "cmdline") < 0)
		return false;
	for (const char *p = buf_text(&text); *p; p += strcspn(p, " \n")) {
		p += strspn(p, " \n");
		if (strncmp(p, word, length) == 0 && strchr(" \n", p[length]))
			return true;
	}
	return false;
}
