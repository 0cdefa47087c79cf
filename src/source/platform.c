/*
 * A hypervisor tells its name in the machine's DMI tables or in /sys/hypervisor; where it does not,
 * the processor's flag `hypervisor` still tells that there is one.
 */
#include "irqherd/source/platform.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *start; /* of DMI's system vendor or product name */
	const char *name;
} hypervisors[] = {
	{ "QEMU", "KVM or QEMU" },
	{ "KVM", "KVM" },
	{ "OpenStack", "KVM" },
	{ "KubeVirt", "KVM" },
	{ "Red Hat KVM", "KVM" },
	{ "Google Compute Engine", "KVM, Google" },
	{ "Amazon EC2", "Amazon EC2" },
	{ "Alibaba Cloud", "KVM, Alibaba" },
	{ "DigitalOcean", "KVM, DigitalOcean" },
	{ "Hetzner vServer", "KVM, Hetzner" },
	{ "VMware", "VMware" },
	{ "VMW", "VMware" },
	{ "innotek GmbH", "VirtualBox" },
	{ "VirtualBox", "VirtualBox" },
	{ "Xen", "Xen" },
	{ "HVM domU", "Xen" },
	{ "Bochs", "Bochs" },
	{ "Parallels", "Parallels" },
	{ "BHYVE", "bhyve" },
	{ "Firecracker", "Firecracker" },
	{ "Virtual Machine", "Hyper-V" }, /* product of Microsoft Corporation */
};

static void read_line(struct fsroot *root, enum fsroot_tree tree, const char *path,
		      char text[PLATFORM_TEXT])
{
	_cleanup_(buf_deinit) struct buf content = BUF_INIT;

	text[0] = '\0';
	if (fsroot_read(root, tree, &content, "%s", path) < 0)
		return;
	(void) snprintf(text, PLATFORM_TEXT, "%.*s", (int) strcspn(buf_text(&content), "\n"),
			buf_text(&content));
}

static const char *hypervisor_of(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(hypervisors); i++)
		if (strncmp(text, hypervisors[i].start, strlen(hypervisors[i].start)) == 0)
			return hypervisors[i].name;
	return NULL;
}

static bool has_hypervisor_flag(struct fsroot *root)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const char *flags, *end, *found;

	if (fsroot_read(root, FSROOT_PROC, &text, "cpuinfo") < 0)
		return false;
	flags = strstr(buf_text(&text), "\nflags");
	if (!flags)
		return false;
	end = strchrnul(flags + 1, '\n');
	found = memmem(flags, (size_t) (end - flags), " hypervisor", strlen(" hypervisor"));
	return found && strchr(" \n", found[strlen(" hypervisor")]);
}

void platform_read(struct fsroot *root, struct platform *ret_platform)
{
	static const char *const files[] = { "class/dmi/id/product_name", "class/dmi/id/sys_vendor",
					     "class/dmi/id/board_vendor",
					     "class/dmi/id/bios_vendor" };
	struct platform platform;
	char text[PLATFORM_TEXT];
	const char *name = NULL;

	read_line(root, FSROOT_PROC, "sys/kernel/osrelease", platform.release);
	for (size_t i = 0; i < ARRAY_SIZE(files) && !name; i++) {
		read_line(root, FSROOT_SYS, files[i], text);
		name = hypervisor_of(text);
	}
	if (!name) {
		read_line(root, FSROOT_SYS, "hypervisor/type", text);
		name = strcmp(text, "xen") == 0 ? "Xen" : NULL;
	}
	if (!name && has_hypervisor_flag(root))
		name = "an unknown hypervisor";
	/* metal instances have the vendor's name, and no hypervisor */
	if (name && strcmp(name, "Amazon EC2") == 0 && !has_hypervisor_flag(root))
		name = NULL;
	(void) snprintf(platform.virtualization, sizeof(platform.virtualization), "%s",
			name ? name : "");
	*ret_platform = platform;
}
