/*
 * capture: what no file of /proc and /sys holds, read from the two files that a captured machine
 * has instead. Both readers take the file's whole text, and are pure.
 *
 * udev-properties       libudev's answers, as `udevadm info --export-db` prints them:
 *
 *	P: /devices/pci0000:00/0000:00:03.0
 *	E: SUBSYSTEM=pci
 *	E: IRQHERD_NODE=1
 *
 *   One record per device, separated by blank lines. Lines other than P: and E: are passed over.
 *
 * netdev-queues.json    netdev-genl's answers, one array per network device:
 *
 *	{ "eth0": [ { "kind": "combined", "index": 0, "irq": 38 }, ... ], ... }
 *
 *   kind is rx, tx, combined or other; further members of a queue are passed over.
 */
#pragma once

struct pci_addr;
struct queue_list;
struct udev_properties;

/* -ENOENT: no record of this device. A record counts as known. Broken properties are ignored. */
int udev_export_find(const char *text, const struct pci_addr *addr,
		     struct udev_properties *ret_properties);

/* -EBADMSG: not such a text. A device that is not in it has an empty list. */
int netdev_queues_find(const char *text, const char *name, struct queue_list *ret_queues);
