/*
 * uevent: device events of the kernel and of udevd, by libudev; and udev's database.
 *
 * Both groups are always open: the kernel's events come without udevd, udevd's come when its rules
 * are done. The only file that knows libudev.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/map.h"
#include "irqherd/base/pci_addr.h"
#include "irqherd/model/rps.h"
#include "irqherd/source/capture.h"
#include "irqherd/source/dirty.h"

struct udev;
struct udev_monitor;

struct uevent_source {
	struct udev *udev;
	struct udev_monitor *kernel; /* NULL: refused */
	struct udev_monitor *udevd;  /* NULL: refused */
	struct dirty *dirty;         /* borrowed */
	struct map warned;           /* devices whose properties were found wrong, and told so */
	uint64_t received;
	uint64_t overruns;
};

/* Opens what it can: 0 if at least one group is open, else a negative errno. receive_buffer in
 * bytes, 0: 8 MiB. */
int uevent_init(struct uevent_source *source, struct dirty *dirty, unsigned int receive_buffer);
void uevent_deinit(struct uevent_source *source);
int uevent_kernel_fd(const struct uevent_source *source); /* -1: not open */
int uevent_udevd_fd(const struct uevent_source *source);

/* Reads all that waits on both groups into the dirty set; an overrun becomes HINT_RESYNC. */
int uevent_drain(struct uevent_source *source, uint64_t now_ms);

/* One event as plain text, for uevent_hints. NULL where the event does not say. */
struct uevent_text {
	const char *action;
	const char *subsystem;
	const char *devpath;     /* "/devices/…" */
	const char *devpath_old; /* action "move" */
	const char *interface;
	const char *ifindex;
	bool from_udevd;
	bool synthetic; /* asked for by a write to the device's uevent file: nothing happened */
};

/* Pure: the hints that one event gives, at most 3. For tests and fuzzing. */
size_t uevent_hints(const struct uevent_text *event, struct hint ret_hints[3]);

/* What udev's database says of a PCI device. */
struct udev_properties {
	bool known;        /* udevd runs, or ran, and has this device initialised */
	bool ignore;       /* IRQHERD_IGNORE=1 */
	enum rps_wish rps; /* IRQHERD_RPS=auto or off */
	bool has_node;
	int node; /* IRQHERD_NODE */
	bool has_cpus;
	char cpus[256]; /* IRQHERD_CPUS as written: a CPU list or hex mask */
};

/* One property of a device. Names that are not ours are passed over; -EINVAL: ours, but broken, and
 * ignored. Pure. */
int udev_properties_set(struct udev_properties *properties, const char *name, const char *value);

/* Asks the live database for a device. -ENODEV: there is no such device. A broken property is
 * ignored and told once per device. */
int udev_properties_read(struct uevent_source *source, const struct pci_addr *addr,
			 struct udev_properties *ret_properties);

/* Whether udevd has done with a network device, its name included. False if there is none of this
 * name: it may just have got another one. */
bool udev_netdev_is_named(struct uevent_source *source, const char *name);

/* Whether a udevd is at work: new devices then wait for its events. */
bool udevd_running(void);
