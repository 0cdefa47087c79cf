/*
 * uevent: two libudev monitors, one table from subsystem to hints.
 *
 * The kernel's group tells at once and needs no udevd. udevd's group tells the same events later,
 * when its rules are done and the database holds the device's properties. While the kernel's group
 * is open, udevd's copy of an event is therefore a plain look, never "remade" a second time: the
 * vectors that the first copy announced would else count as new again, after they were placed.
 *
 * Draining reads nothing but the event itself: devices from a monitor carry their properties along,
 * and libudev goes to /sys only for attributes, which nobody asks for here.
 *
 * libudev's monitor of udevd's group is silent where no udevd runs, which is no error. libudev does
 * not even join that group where neither udevd's socket nor a devtmpfs on /dev says that there may
 * be one: not in a service or container with a /dev of its own that is started before udevd. So it
 * is joined here.
 */
#include <errno.h>
#include <libudev.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "irqherd/base/log.h"
#include "irqherd/base/macro.h"
#include "irqherd/base/parse.h"
#include "irqherd/source/uevent.h"

#define RECEIVE_BUFFER (8u << 20) /* a thousand queues coming and going at once, several times */
#define GROUP_OF_UDEVD 2          /* of NETLINK_KOBJECT_UEVENT; the kernel's own is 1 */
#define FAILURES_LIMIT 64u        /* datagrams in a row that libudev refuses, before we give way */

static const char *const subsystems[] = { "pci", "net", "queues", "virtio", "cpu", "node" };

/* --- monitors --- */

/* number: of the group, if it is to be joined whatever libudev thinks of it; else 0. */
static struct udev_monitor *monitor_open(struct udev *udev, const char *group, int number,
					 unsigned int buffer, int *ret_error)
{
	struct udev_monitor *monitor;
	int r;

	errno = 0;
	monitor = udev_monitor_new_from_netlink(udev, group);
	if (!monitor) {
		*ret_error = errno > 0 ? -errno : -EIO;
		return NULL;
	}

	/* Without CAP_NET_ADMIN the size is refused: a small buffer only means more resyncs. */
	r = udev_monitor_set_receive_buffer_size(monitor, (int) buffer);
	if (r < 0)
		log_debug("uevent buffer keeps its size: group=%s error=%s", group, strerror(-r));

	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++) {
		r = udev_monitor_filter_add_match_subsystem_devtype(monitor, subsystems[i], NULL);
		if (r < 0)
			goto fail;
	}

	r = udev_monitor_enable_receiving(monitor);
	if (r < 0)
		goto fail;
	if (number > 0 && setsockopt(udev_monitor_get_fd(monitor), SOL_NETLINK,
				     NETLINK_ADD_MEMBERSHIP, &number, sizeof(number)) < 0) {
		r = -errno;
		goto fail;
	}
	return monitor;

fail:
	*ret_error = r;
	udev_monitor_unref(monitor);
	return NULL;
}

int uevent_init(struct uevent_source *source, struct dirty *dirty, unsigned int receive_buffer)
{
	unsigned int buffer = receive_buffer ? receive_buffer : RECEIVE_BUFFER;
	int error = 0;

	*source = (struct uevent_source){ .dirty = dirty, .warned = MAP_INIT };
	if (buffer > INT_MAX)
		return -EINVAL;

	source->udev = udev_new();
	if (!source->udev)
		return -ENOMEM;

	source->kernel = monitor_open(source->udev, "kernel", 0, buffer, &error);
	if (!source->kernel)
		log_warning("kernel uevents are refused, going on without: error=%s",
			    strerror(-error));
	source->udevd = monitor_open(source->udev, "udev", GROUP_OF_UDEVD, buffer, &error);
	if (!source->udevd)
		log_warning("udevd's events are refused, going on without: error=%s",
			    strerror(-error));

	if (!source->kernel && !source->udevd) {
		uevent_deinit(source);
		return error;
	}
	return 0;
}

void uevent_deinit(struct uevent_source *source)
{
	source->kernel = udev_monitor_unref(source->kernel);
	source->udevd = udev_monitor_unref(source->udevd);
	source->udev = udev_unref(source->udev);
	map_deinit(&source->warned);
}

int uevent_kernel_fd(const struct uevent_source *source)
{
	return source->kernel ? udev_monitor_get_fd(source->kernel) : -1;
}

int uevent_udevd_fd(const struct uevent_source *source)
{
	return source->udevd ? udev_monitor_get_fd(source->udevd) : -1;
}

static void put_event(struct uevent_source *source, struct udev_device *dev, bool from_udevd,
		      uint64_t now_ms)
{
	const struct uevent_text event = {
		.action = udev_device_get_action(dev),
		.subsystem = udev_device_get_subsystem(dev),
		.devpath = udev_device_get_devpath(dev),
		.devpath_old = udev_device_get_property_value(dev, "DEVPATH_OLD"),
		.interface = udev_device_get_property_value(dev, "INTERFACE"),
		.ifindex = udev_device_get_property_value(dev, "IFINDEX"),
		.from_udevd = from_udevd,
		.synthetic = udev_device_get_property_value(dev, "SYNTH_UUID") != NULL,
	};
	struct hint hints[3];
	size_t count = uevent_hints(&event, hints);

	for (size_t i = 0; i < count; i++) {
		if (from_udevd && source->kernel)
			hints[i].remade = false;
		(void) dirty_put(source->dirty, &hints[i], now_ms);
	}
}

static void drain_monitor(struct uevent_source *source, struct udev_monitor *monitor,
			  bool from_udevd, uint64_t now_ms)
{
	unsigned int failures = 0;

	while (failures < FAILURES_LIMIT) {
		struct udev_device *dev;
		int error;

		errno = 0;
		dev = udev_monitor_receive_device(monitor);
		error = errno;

		if (dev) {
			failures = 0;
			source->received++;
			put_event(source, dev, from_udevd, now_ms);
			udev_device_unref(dev);
			continue;
		}

		if (error == EAGAIN)
			return;
		if (error == ENOBUFS) {
			source->overruns++;
			(void) dirty_put(source->dirty, &(struct hint){ .kind = HINT_RESYNC },
					 now_ms);
		}

		/* Anything else is one message that libudev did not like or want. */
		failures++;
	}
}

int uevent_drain(struct uevent_source *source, uint64_t now_ms)
{
	/* The kernel's group first: its copy of an event is the one that may say "remade". */
	if (source->kernel)
		drain_monitor(source, source->kernel, false, now_ms);
	if (source->udevd)
		drain_monitor(source, source->udevd, true, now_ms);
	return 0;
}

/* --- from event to hints --- */

struct hint_list {
	struct hint *items;
	size_t count;
	bool from_udevd;
};

static void put_hint(struct hint_list *list, const struct hint *hint)
{
	list->items[list->count] = *hint;
	list->items[list->count].from_udevd = list->from_udevd;
	list->count++;
}

static void put_device(struct hint_list *list, const char *devpath, bool remade)
{
	struct hint hint = { .kind = HINT_DEVICE, .remade = remade };

	if (pci_addr_from_devpath(devpath, &hint.addr) == 0)
		put_hint(list, &hint);
}

/* What the kernel accepts as a network device's name. */
static bool name_valid(const char *name, size_t length)
{
	if (length == 0 || length >= NETDEV_NAME_SIZE)
		return false;
	if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))
		return false;

	for (size_t i = 0; i < length; i++) {
		if (strchr("/: \t\n\v\f\r", name[i]))
			return false;
	}
	return true;
}

static void put_netdev(struct hint_list *list, const char *name, size_t length, const char *ifindex)
{
	struct hint hint = { .kind = HINT_NETDEV };
	uint32_t number;

	if (!name_valid(name, length))
		return;
	memcpy(hint.name, name, length);
	if (ifindex && parse_u32(ifindex, 1, INT_MAX, &number) == 0)
		hint.ifindex = (int) number;
	put_hint(list, &hint);
}

/* The component that follows the last "/net/"; NULL: there is none. */
static const char *netdev_in_path(const char *devpath, size_t *ret_length)
{
	const char *name = NULL;
	const char *at = devpath;

	while ((at = strstr(at, "/net/"))) {
		at += strlen("/net/");
		name = at;
	}
	if (!name)
		return NULL;

	*ret_length = strcspn(name, "/");
	return name;
}

static void put_netdev_of_path(struct hint_list *list, const char *devpath, const char *ifindex)
{
	size_t length;
	const char *name = netdev_in_path(devpath, &length);

	if (name)
		put_netdev(list, name, length, ifindex);
}

static bool action_among(const char *action, const char *const names[4])
{
	for (size_t i = 0; i < 4 && names[i]; i++) {
		if (strcmp(action, names[i]) == 0)
			return true;
	}
	return false;
}

/* `add` comes before the driver has its vectors; that look finds none, and does no harm. */
static void hints_of_pci(const struct uevent_text *event, struct hint_list *list)
{
	bool remade = action_among(event->action,
				   (const char *const[4]){ "add", "remove", "bind", "unbind" });

	put_device(list, event->devpath, remade && !event->synthetic);
}

/* The vectors of a virtio device are its PCI parent's, and are made when its driver is bound. */
static void hints_of_virtio(const struct uevent_text *event, struct hint_list *list)
{
	bool remade = action_among(event->action, (const char *const[4]){ "bind", "unbind" });

	put_device(list, event->devpath, remade && !event->synthetic);
}

static void hints_of_net(const struct uevent_text *event, struct hint_list *list)
{
	if (event->interface)
		put_netdev(list, event->interface, strlen(event->interface), event->ifindex);
	else
		put_netdev_of_path(list, event->devpath, event->ifindex);

	if (event->devpath_old && strcmp(event->action, "move") == 0)
		put_netdev_of_path(list, event->devpath_old, NULL);
	put_device(list, event->devpath, false);
}

/* ".../net/eth0/queues/rx-3": these events carry no INTERFACE. */
static void hints_of_queues(const struct uevent_text *event, struct hint_list *list)
{
	put_netdev_of_path(list, event->devpath, NULL);
	put_device(list, event->devpath, false);
}

static void hints_of_cpu(const struct uevent_text *event, struct hint_list *list)
{
	(void) event;
	put_hint(list, &(struct hint){ .kind = HINT_CPUS });
}

static const struct subsystem {
	const char *name;
	void (*hints)(const struct uevent_text *event, struct hint_list *list);
} handlers[] = {
	{ "pci", hints_of_pci },       { "virtio", hints_of_virtio }, { "net", hints_of_net },
	{ "queues", hints_of_queues }, { "cpu", hints_of_cpu },       { "node", hints_of_cpu },
};

size_t uevent_hints(const struct uevent_text *event, struct hint ret_hints[3])
{
	struct hint_list list = { .items = ret_hints, .from_udevd = event->from_udevd };

	if (!event->action || !event->subsystem || !event->devpath)
		return 0;

	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
		if (strcmp(event->subsystem, handlers[i].name) == 0) {
			handlers[i].hints(event, &list);
			break;
		}
	}
	return list.count;
}

/* --- udev's database --- */

int udev_properties_set(struct udev_properties *properties, const char *name, const char *value)
{
	int r;

	if (strcmp(name, "IRQHERD_IGNORE") == 0) {
		uint32_t ignore;

		r = parse_u32(value, 0, 1, &ignore);
		if (r < 0)
			return -EINVAL;
		properties->ignore = ignore;
	} else if (strcmp(name, "IRQHERD_RPS") == 0) {
		if (strcmp(value, "auto") == 0)
			properties->rps = RPS_AUTO;
		else if (strcmp(value, "off") == 0)
			properties->rps = RPS_OFF;
		else
			return -EINVAL;
	} else if (strcmp(name, "IRQHERD_NODE") == 0) {
		int32_t node;

		r = parse_i32(value, -1, INT32_MAX, &node);
		if (r < 0)
			return -EINVAL;
		properties->has_node = true;
		properties->node = node;
	} else if (strcmp(name, "IRQHERD_CPUS") == 0) {
		size_t length = strlen(value);

		if (length == 0 || length >= sizeof(properties->cpus))
			return -EINVAL;
		properties->has_cpus = true;
		memcpy(properties->cpus, value, length + 1);
	}
	return 0;
}

/* The map only needs some pointer that is not NULL. */
static void warn_once(struct uevent_source *source, const struct pci_addr *addr, const char *name,
		      const char *value)
{
	char text[PCI_ADDR_TEXT];

	if (map_find(&source->warned, pci_addr_key(addr)))
		return;
	if (map_put(&source->warned, pci_addr_key(addr), source) < 0)
		return;
	log_warning("udev property is broken, ignoring: device=%s property=%s value=%.64s",
		    pci_addr_format(addr, text), name, value);
}

/*
 * libudev walks a path link by link, and the one below the bus is a link: with the device's own
 * path, which one call tells, it makes half the system calls.
 */
static struct udev_device *find_device(struct udev *udev, const char *addr)
{
	char bus[64 + PCI_ADDR_TEXT], link[PATH_MAX], path[PATH_MAX];
	const char *inside = link;
	ssize_t length;

	(void) snprintf(bus, sizeof(bus), "/sys/bus/pci/devices/%s", addr);
	length = readlink(bus, link, sizeof(link) - 1);
	if (length > 0) {
		link[length] = '\0';
		while (strncmp(inside, "../", 3) == 0)
			inside += 3;
		if (snprintf(path, sizeof(path), "/sys/%s", inside) < (int) sizeof(path))
			return udev_device_new_from_syspath(udev, path);
	}
	return udev_device_new_from_subsystem_sysname(udev, "pci", addr);
}

int udev_properties_read(struct uevent_source *source, const struct pci_addr *addr,
			 struct udev_properties *ret_properties)
{
	static const char *const names[] = { "IRQHERD_IGNORE", "IRQHERD_NODE", "IRQHERD_CPUS",
					     "IRQHERD_RPS" };
	struct udev_properties properties = { 0 };
	char text[PCI_ADDR_TEXT];
	struct udev_device *dev;
	bool broken = false;

	errno = 0;
	dev = find_device(source->udev, pci_addr_format(addr, text));
	if (!dev)
		return errno == ENOMEM ? -ENOMEM : -ENODEV;

	properties.known = udev_device_get_is_initialized(dev) > 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = udev_device_get_property_value(dev, names[i]);

		if (!value || udev_properties_set(&properties, names[i], value) == 0)
			continue;
		broken = true;
		warn_once(source, addr, names[i], value);
	}
	udev_device_unref(dev);

	if (!broken)
		(void) map_drop(&source->warned, pci_addr_key(addr));
	*ret_properties = properties;
	return 0;
}

/* udevd may write its database before it renames, and says so then. */
bool udev_netdev_is_named(struct uevent_source *source, const char *name)
{
	struct udev_device *dev;
	const char *renaming;
	bool named;

	dev = udev_device_new_from_subsystem_sysname(source->udev, "net", name);
	if (!dev)
		return false;
	renaming = udev_device_get_property_value(dev, "ID_RENAMING");
	named = udev_device_get_is_initialized(dev) > 0 &&
		!(renaming && strcmp(renaming, "1") == 0);
	udev_device_unref(dev);
	return named;
}

bool udevd_running(void)
{
	return access("/run/udev/control", F_OK) == 0;
}
