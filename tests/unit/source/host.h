/*
 * A small host whose kernel is played by the test: devices come and go, drivers bind, interfaces go
 * up, CPUs go offline, and a tree of /proc and /sys shows it as the kernel would. What it does to
 * the tree it says as hints to whoever listens.
 *
 * Eight CPUs on two nodes. IRQ numbers are given out from the lowest free one, as the kernel does,
 * so that numbers are reused at once.
 */
#pragma once

#include "irqherd/base/macro.h"
#include "irqherd/model/hint.h"
#include "tree.h"

#define HOST_CPUS       8u
#define HOST_DEVICES    8u
#define HOST_VECTORS    6u
#define HOST_NUMBERS    96u
#define HOST_FIRST_LINE 16u /* lines 16 and 17; vectors from 32 */
#define HOST_FIRST_MSI  32u
#define HOST_ALL        ((1u << HOST_CPUS) - 1)

enum host_kind {
	HOST_NIC,    /* vectors are requested when its interface goes up */
	HOST_VIRTIO, /* a NIC whose vectors are requested when its driver binds */
	HOST_NVME,   /* all vectors but the first are managed */
	HOST_LINE,   /* a legacy line, perhaps shared */
};

struct host_irq {
	bool exists;    /* has a descriptor */
	bool requested; /* has an action */
	bool managed;
	char actions[96];
	unsigned int asked; /* CPUs, a bit each */
	int effective;      /* -1: none */
	int owner;          /* index of the device; -1: none */
	unsigned int index; /* of the vector */
};

struct host_device {
	const char *addr;
	enum host_kind kind;
	int node; /* -1: unknown */
	unsigned int line;
	bool present, bound, up;
	unsigned int vectors; /* now */
	unsigned int numbers[HOST_VECTORS];
	char name[NETDEV_NAME_SIZE]; /* of its interface; "": none */
	int ifindex;
};

struct host {
	struct tree tree;
	bool old_kernel;     /* no /sys/kernel/irq: names are in /proc/interrupts alone */
	unsigned int online; /* CPUs, a bit each */
	struct host_device devices[HOST_DEVICES];
	struct host_irq irqs[HOST_NUMBERS];
	struct host_irq shown[HOST_NUMBERS]; /* as the tree has them */
	int last_ifindex;
	void (*tell)(void *context, const struct hint *hint); /* NULL: nobody listens */
	void *context;
};

/* ---------------------------------------------------------------------------------------------- */

static inline void host_list(unsigned int cpus, char text[64])
{
	size_t length = 0;

	text[0] = '\0';
	for (unsigned int cpu = 0; cpu < HOST_CPUS; cpu++)
		if (cpus >> cpu & 1)
			length += (size_t) snprintf(text + length, 64 - length, "%s%u",
						    length ? "," : "", cpu);
	(void) snprintf(text + length, 64 - length, "\n");
}

static inline unsigned int host_node_cpus(const struct host *host, int node)
{
	return node < 0 ? host->online : (0xfu << (4 * node)) & host->online;
}

__attribute__((format(printf, 3, 4))) static inline void host_put(const struct host *host,
								  const char *text,
								  const char *format, ...)
{
	char name[256];
	va_list arguments;

	va_start(arguments, format);
	(void) vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	tree_put(&host->tree, name, text);
}

__attribute__((format(printf, 2, 3))) static inline void host_drop(const struct host *host,
								   const char *format, ...)
{
	char name[256];
	va_list arguments;

	va_start(arguments, format);
	(void) vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	tree_drop(&host->tree, name);
}

/* --- what the tree shows --- */

static inline void host_show_table(const struct host *host)
{
	char text[HOST_NUMBERS * 160];
	size_t length = (size_t) snprintf(text, sizeof(text), "           CPU0\n");

	for (unsigned int n = 0; n < HOST_NUMBERS; n++) {
		const struct host_irq *irq = &host->irqs[n];

		if (irq->exists && irq->requested)
			length += (size_t) snprintf(text + length, sizeof(text) - length,
						    "%4u: 1 %s %u-edge %s\n", n,
						    n < HOST_FIRST_MSI ? "IO-APIC" : "PCI-MSI",
						    n < HOST_FIRST_MSI ? n : irq->index,
						    irq->actions);
	}
	tree_put(&host->tree, "proc/interrupts", text);
}

static inline void host_show_irq(struct host *host, unsigned int n)
{
	const struct host_irq *irq = &host->irqs[n];
	bool line = n < HOST_FIRST_MSI;
	char text[96];

	if (memcmp(irq, &host->shown[n], sizeof(*irq)) == 0)
		return;
	host->shown[n] = *irq;
	if (host->old_kernel) {
		host_show_table(host);
	} else if (!irq->exists) {
		host_drop(host, "sys/kernel/irq/%u", n);
	} else {
		(void) snprintf(text, sizeof(text), "%.90s\n", irq->actions);
		host_put(host, text, "sys/kernel/irq/%u/actions", n);
		if (irq->owner >= 0 && !line)
			(void) snprintf(text, sizeof(text), "PCI-MSIX-%s\n",
					host->devices[irq->owner].addr);
		else
			(void) snprintf(text, sizeof(text), "IO-APIC\n");
		host_put(host, text, "sys/kernel/irq/%u/chip_name", n);
		(void) snprintf(text, sizeof(text), "%u\n", line ? n : irq->index);
		host_put(host, text, "sys/kernel/irq/%u/hwirq", n);
	}
	/* the folder of a line stays when its last user goes */
	if (!irq->exists || (!irq->requested && !line)) {
		/* an open file of /proc dies with its folder; here, it has nothing more to tell */
		(void) snprintf(text, sizeof(text), "proc/irq/%u/smp_affinity_list", n);
		tree_empty(&host->tree, text);
		host_drop(host, "proc/irq/%u", n);
		return;
	}
	host_list(irq->asked, text);
	host_put(host, text, "proc/irq/%u/smp_affinity_list", n);
	(void) snprintf(text, sizeof(text), "proc/irq/%u/smp_affinity_list", n);
	tree_mode(&host->tree, text, irq->managed ? 0444 : 0644);
	host_list(irq->effective < 0 ? 0 : 1u << irq->effective, text);
	host_put(host, text, "proc/irq/%u/effective_affinity_list", n);
	host_put(host, "0\n", "proc/irq/%u/node", n);
}

static inline void host_show_place(const struct host *host, const struct host_device *device)
{
	char text[64];

	(void) snprintf(text, sizeof(text), "%d\n", device->node);
	host_put(host, text, "sys/devices/pci0000:00/%s/numa_node", device->addr);
	host_list(host_node_cpus(host, device->node), text);
	host_put(host, text, "sys/devices/pci0000:00/%s/local_cpulist", device->addr);
}

static inline void host_show_cpus(const struct host *host)
{
	char text[64];

	host_put(host, "0-7\n", "sys/devices/system/cpu/possible");
	host_put(host, "0-7\n", "sys/devices/system/cpu/present");
	host_list(host->online, text);
	host_put(host, text, "sys/devices/system/cpu/online");
	for (unsigned int cpu = 0; cpu < HOST_CPUS; cpu++) {
		host_drop(host, "sys/devices/system/cpu/cpu%u/topology", cpu);
		if (!(host->online >> cpu & 1))
			continue;
		host_list((3u << (cpu / 2 * 2)) & host->online, text);
		host_put(host, text, "sys/devices/system/cpu/cpu%u/topology/core_cpus_list", cpu);
		host_list(host_node_cpus(host, (int) cpu / 4), text);
		host_put(host, text, "sys/devices/system/cpu/cpu%u/topology/package_cpus_list",
			 cpu);
	}
	for (int node = 0; node < 2; node++) {
		host_list(host_node_cpus(host, node), text);
		host_put(host, text, "sys/devices/system/node/node%d/cpulist", node);
		host_put(host, node ? "21 10\n" : "10 21\n",
			 "sys/devices/system/node/node%d/distance", node);
	}
	for (unsigned int i = 0; i < HOST_DEVICES; i++)
		if (host->devices[i].present)
			host_show_place(host, &host->devices[i]);
}

static inline void host_show_vectors(struct host *host, const struct host_device *device)
{
	if (device->kind == HOST_LINE)
		return;
	host_drop(host, "sys/devices/pci0000:00/%s/msi_irqs", device->addr);
	for (unsigned int i = 0; i < device->vectors; i++) {
		host_put(host, "msix\n", "sys/devices/pci0000:00/%s/msi_irqs/%u", device->addr,
			 device->numbers[i]);
		host_show_irq(host, device->numbers[i]);
	}
}

static inline void host_hide_netdev(const struct host *host, const struct host_device *device,
				    const char *name)
{
	host_drop(host, "sys/class/net/%s", name);
	host_drop(host, "sys/devices/pci0000:00/%s/net/%s", device->addr, name);
}

static inline void host_show_netdev(const struct host *host, const struct host_device *device)
{
	char name[64], text[128];

	(void) snprintf(text, sizeof(text), "%d\n", device->ifindex);
	host_put(host, text, "sys/devices/pci0000:00/%s/net/%s/ifindex", device->addr,
		 device->name);
	host_put(host, device->up ? "0x1003\n" : "0x1002\n",
		 "sys/devices/pci0000:00/%s/net/%s/flags", device->addr, device->name);
	for (unsigned int i = 0; i < HOST_VECTORS; i++) {
		static const char *const rings[] = { "rx", "tx" };

		for (size_t k = 0; k < ARRAY_SIZE(rings); k++) {
			if (i + 1 >= device->vectors)
				host_drop(host, "sys/devices/pci0000:00/%s/net/%s/queues/%s-%u",
					  device->addr, device->name, rings[k], i);
			else
				host_put(host, "0\n",
					 "sys/devices/pci0000:00/%s/net/%s/queues/%s-%u/rps_cpus",
					 device->addr, device->name, rings[k], i);
		}
	}
	(void) snprintf(name, sizeof(name), "sys/class/net/%s", device->name);
	(void) snprintf(text, sizeof(text), "../../devices/pci0000:00/%s/net/%s", device->addr,
			device->name);
	tree_drop(&host->tree, name);
	tree_link(&host->tree, name, text);
}

/* --- hints --- */

static inline void host_tell(const struct host *host, const struct hint *hint)
{
	if (host->tell)
		host->tell(host->context, hint);
}

static inline void host_tell_device(const struct host *host, const struct host_device *device,
				    bool remade)
{
	struct hint hint = { .kind = HINT_DEVICE, .remade = remade };

	assert_int_equal(pci_addr_parse(device->addr, &hint.addr), 0);
	host_tell(host, &hint);
}

static inline void host_tell_netdev(const struct host *host, const char *name, int ifindex)
{
	struct hint hint = { .kind = HINT_NETDEV, .ifindex = ifindex };

	(void) snprintf(hint.name, sizeof(hint.name), "%s", name);
	host_tell(host, &hint);
}

static inline void host_tell_irq(const struct host *host, unsigned int number)
{
	host_tell(host, &(struct hint){ .kind = HINT_IRQ, .irq = number });
}

/* --- IRQs --- */

static inline int host_first_cpu(unsigned int cpus)
{
	return cpus ? __builtin_ctz(cpus) : -1;
}

static inline void host_request(struct host *host, unsigned int n, const char *actions)
{
	struct host_irq *irq = &host->irqs[n];
	unsigned int local = HOST_ALL;

	if (irq->owner >= 0)
		local = host_node_cpus(host, host->devices[irq->owner].node);
	irq->requested = true;
	irq->asked = local & host->online ? local & host->online : host->online;
	if (irq->managed)
		irq->asked = 3u << (2 * (irq->index % 4));
	irq->effective = host_first_cpu(irq->asked & host->online);
	(void) snprintf(irq->actions, sizeof(irq->actions), "%s", actions);
	host_show_irq(host, n);
}

static inline void host_release(struct host *host, unsigned int n)
{
	host->irqs[n].requested = false;
	host->irqs[n].actions[0] = '\0';
	host_show_irq(host, n);
}

static inline void host_free_irq(struct host *host, unsigned int n)
{
	host->irqs[n] = (struct host_irq){ .owner = -1, .effective = -1 };
	host_show_irq(host, n);
}

static inline unsigned int host_new_irq(struct host *host, int owner, unsigned int index)
{
	unsigned int n = HOST_FIRST_MSI;

	while (host->irqs[n].exists)
		n++;
	assert_true(n < HOST_NUMBERS);
	host->irqs[n] = (struct host_irq){
		.exists = true, .owner = owner, .index = index, .effective = -1
	};
	return n;
}

static inline void host_set_affinity(struct host *host, unsigned int n, unsigned int cpus)
{
	host->irqs[n].asked = cpus;
	host->irqs[n].effective = host_first_cpu(cpus & host->online);
	host_show_irq(host, n);
}

/* The users of a line are its bound devices, and of the second line also the platform. */
static inline void host_show_line(struct host *host, unsigned int line)
{
	struct host_irq *irq = &host->irqs[line];
	char actions[96] = "";
	size_t length = 0;

	if (line == HOST_FIRST_LINE + 1)
		length = (size_t) snprintf(actions, sizeof(actions), "i801_smbus");
	for (unsigned int i = 0; i < HOST_DEVICES; i++) {
		const struct host_device *device = &host->devices[i];

		if (device->kind == HOST_LINE && device->bound && device->line == line)
			length += (size_t) snprintf(actions + length, sizeof(actions) - length,
						    "%suhci:usb%u", length ? "," : "", i);
	}
	irq->exists = true;
	irq->owner = -1;
	if (!length) {
		host_release(host, line);
	} else if (!irq->requested) {
		host_request(host, line, actions);
	} else {
		(void) snprintf(irq->actions, sizeof(irq->actions), "%s", actions);
		host_show_irq(host, line);
	}
}

/* --- devices --- */

static inline void host_action_name(const struct host_device *device, unsigned int index,
				    char text[64])
{
	switch (device->kind) {
	case HOST_NIC:
		if (index == 0)
			(void) snprintf(text, 64, "%s", device->name);
		else
			(void) snprintf(text, 64, "%s-TxRx-%u", device->name, index - 1);
		return;
	case HOST_VIRTIO:
		(void) snprintf(text, 64, index ? "virtio%c-input.%u" : "virtio%c-config",
				device->addr[6], index - 1);
		return;
	case HOST_NVME:
	case HOST_LINE:
		break;
	}
	(void) snprintf(text, 64, "nvme%cq%u", device->addr[6], index);
}

static inline void host_request_vectors(struct host *host, struct host_device *device)
{
	for (unsigned int i = 0; i < device->vectors; i++) {
		char text[64];

		host_action_name(device, i, text);
		host_request(host, device->numbers[i], text);
	}
}

static inline void host_make_vectors(struct host *host, struct host_device *device,
				     unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		unsigned int n = host_new_irq(host, (int) (device - host->devices), i);

		host->irqs[n].managed = device->kind == HOST_NVME && i > 0;
		device->numbers[i] = n;
	}
	device->vectors = count;
	host_show_vectors(host, device);
	if (device->kind != HOST_NIC || device->up)
		host_request_vectors(host, device);
}

static inline void host_free_vectors(struct host *host, struct host_device *device)
{
	for (unsigned int i = 0; i < device->vectors; i++)
		host_free_irq(host, device->numbers[i]);
	device->vectors = 0;
	host_drop(host, "sys/devices/pci0000:00/%s/msi_irqs", device->addr);
}

static inline bool host_has_netdev(const struct host_device *device)
{
	return device->kind == HOST_NIC || device->kind == HOST_VIRTIO;
}

static inline void host_add(struct host *host, struct host_device *device)
{
	char name[128], text[128];

	device->present = true;
	host_put(host, device->kind == HOST_NVME ? "0x010802\n" : "0x020000\n",
		 "sys/devices/pci0000:00/%s/class", device->addr);
	host_put(host, "0x8086\n", "sys/devices/pci0000:00/%s/vendor", device->addr);
	host_put(host, "0x1572\n", "sys/devices/pci0000:00/%s/device", device->addr);
	(void) snprintf(text, sizeof(text), "%u\n", device->kind == HOST_LINE ? device->line : 0);
	host_put(host, text, "sys/devices/pci0000:00/%s/irq", device->addr);
	host_show_place(host, device);
	(void) snprintf(name, sizeof(name), "sys/bus/pci/devices/%s", device->addr);
	(void) snprintf(text, sizeof(text), "../../../devices/pci0000:00/%s", device->addr);
	tree_link(&host->tree, name, text);
	host_tell_device(host, device, true);
}

static inline void host_bind(struct host *host, struct host_device *device, unsigned int vectors)
{
	static const char *const drivers[] = { "ice", "virtio-pci", "nvme", "uhci_hcd" };
	char name[128], text[128];

	device->bound = true;
	(void) snprintf(name, sizeof(name), "sys/devices/pci0000:00/%s/driver", device->addr);
	(void) snprintf(text, sizeof(text), "../../../bus/pci/drivers/%s", drivers[device->kind]);
	tree_link(&host->tree, name, text);
	if (host_has_netdev(device)) {
		device->ifindex = ++host->last_ifindex;
		(void) snprintf(device->name, sizeof(device->name), "eth%d", device->ifindex);
	}
	if (device->kind == HOST_LINE)
		host_show_line(host, device->line);
	else
		host_make_vectors(host, device, vectors);
	if (host_has_netdev(device)) {
		host_show_netdev(host, device);
		host_tell_netdev(host, device->name, device->ifindex);
	}
	host_tell_device(host, device, true);
}

static inline void host_unbind(struct host *host, struct host_device *device)
{
	char name[NETDEV_NAME_SIZE];

	memcpy(name, device->name, sizeof(name));
	device->bound = device->up = false;
	device->name[0] = '\0';
	if (name[0])
		host_hide_netdev(host, device, name);
	if (device->kind == HOST_LINE)
		host_show_line(host, device->line);
	else
		host_free_vectors(host, device);
	host_drop(host, "sys/devices/pci0000:00/%s/driver", device->addr);
	if (name[0])
		host_tell_netdev(host, name, device->ifindex);
	host_tell_device(host, device, true);
}

static inline void host_remove(struct host *host, struct host_device *device)
{
	if (device->bound)
		host_unbind(host, device);
	device->present = false;
	host_drop(host, "sys/bus/pci/devices/%s", device->addr);
	host_drop(host, "sys/devices/pci0000:00/%s", device->addr);
	host_tell_device(host, device, true);
}

static inline void host_set_up(struct host *host, struct host_device *device, bool up)
{
	device->up = up;
	for (unsigned int i = 0; device->kind == HOST_NIC && i < device->vectors; i++)
		if (!up)
			host_release(host, device->numbers[i]);
	if (device->kind == HOST_NIC && up)
		host_request_vectors(host, device);
	host_show_netdev(host, device);
	host_tell_netdev(host, device->name, device->ifindex);
}

/* Actions keep the old name until the interface goes down and up. */
static inline void host_rename(struct host *host, struct host_device *device, const char *name)
{
	char old[NETDEV_NAME_SIZE];

	memcpy(old, device->name, sizeof(old));
	host_hide_netdev(host, device, old);
	(void) snprintf(device->name, sizeof(device->name), "%s", name);
	host_show_netdev(host, device);
	host_tell_netdev(host, name, device->ifindex);
	host_tell_netdev(host, old, device->ifindex);
}

/* As `ethtool -L`: all vectors are freed and made again, their affinity is lost. */
static inline void host_set_channels(struct host *host, struct host_device *device,
				     unsigned int vectors)
{
	host_free_vectors(host, device);
	host_make_vectors(host, device, vectors);
	host_show_netdev(host, device);
	host_tell_netdev(host, device->name, device->ifindex);
}

/* --- CPUs --- */

static inline void host_repair_affinity(struct host *host, struct host_irq *irq, unsigned int cpu,
					bool online)
{
	if (irq->managed) {
		if (irq->effective < 0 || irq->effective == (int) cpu)
			irq->effective = host_first_cpu(irq->asked & host->online);
		return;
	}
	if (online || irq->effective != (int) cpu)
		return;
	if (!(irq->asked & host->online))
		irq->asked = host->online;
	irq->effective = host_first_cpu(irq->asked & host->online);
}

static inline void host_set_cpu(struct host *host, unsigned int cpu, bool online)
{
	host->online = online ? host->online | 1u << cpu : host->online & ~(1u << cpu);
	host_show_cpus(host);
	for (unsigned int n = 0; n < HOST_NUMBERS; n++) {
		if (!host->irqs[n].exists || !host->irqs[n].requested)
			continue;
		host_repair_affinity(host, &host->irqs[n], cpu, online);
		host_show_irq(host, n);
	}
	host_tell(host, &(struct hint){ .kind = HINT_CPUS });
}

/* ---------------------------------------------------------------------------------------------- */

static inline void host_init(struct host *host, bool old_kernel)
{
	static const struct host_device devices[HOST_DEVICES] = {
		{ .addr = "0000:01:00.0", .kind = HOST_NIC, .node = 0 },
		{ .addr = "0000:02:00.0", .kind = HOST_NIC, .node = 1 },
		{ .addr = "0000:03:00.0", .kind = HOST_VIRTIO, .node = -1 },
		{ .addr = "0000:04:00.0", .kind = HOST_NVME, .node = 1 },
		{ .addr = "0000:05:00.0", .kind = HOST_LINE, .node = 0, .line = HOST_FIRST_LINE },
		{ .addr = "0000:06:00.0", .kind = HOST_LINE, .node = 1, .line = HOST_FIRST_LINE },
		{ .addr = "0000:07:00.0",
		  .kind = HOST_LINE,
		  .node = -1,
		  .line = HOST_FIRST_LINE + 1 },
		{ .addr = "0000:08:00.0", .kind = HOST_NIC, .node = -1 },
	};

	*host = (struct host){ .old_kernel = old_kernel, .online = HOST_ALL, .last_ifindex = 1 };
	memcpy(host->devices, devices, sizeof(devices));
	tree_make(&host->tree);
	tree_dir(&host->tree, "proc/irq");
	tree_dir(&host->tree, "sys/bus/pci/devices");
	tree_dir(&host->tree, "sys/class/net");
	if (!old_kernel)
		tree_dir(&host->tree, "sys/kernel/irq");
	for (unsigned int n = 0; n < HOST_NUMBERS; n++)
		host->irqs[n] = (struct host_irq){ .owner = -1, .effective = -1 };
	host_show_cpus(host);
	host_show_line(host, HOST_FIRST_LINE);
	host_show_line(host, HOST_FIRST_LINE + 1);
}

static inline void host_deinit(struct host *host)
{
	tree_remove(&host->tree);
}
