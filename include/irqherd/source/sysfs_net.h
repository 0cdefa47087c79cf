/* sysfs_net: reads one network device of /sys/class/net, and lists those of a PCI device. */
#pragma once

#include "irqherd/base/fsroot.h"
#include "irqherd/base/pci_addr.h"
#include "irqherd/model/facts.h"

/* facts.queues stays empty: netdev genl or the capture file fills it. -ENOENT: gone. */
int netdev_read(struct fsroot *root, const char *name, struct netdev_facts *ret_facts);

struct netdev_name_list {
	char (*items)[NETDEV_NAME_SIZE];
	size_t count;
	size_t size;
};

#define NETDEV_NAME_LIST_INIT ((struct netdev_name_list){ NULL, 0, 0 })

void netdev_name_list_deinit(struct netdev_name_list *list);
int netdev_list(struct fsroot *root,
		struct netdev_name_list *ret_list); /* all of class/net, sorted */
/* Those directly below a PCI device, or below its virtio children. */
int netdev_list_of_device(struct fsroot *root, const struct pci_addr *addr,
			  struct netdev_name_list *ret_list);

/* Packets that it received since it is there, modulo 2^32. -ENOENT: gone, or it does not count. */
int netdev_read_received(struct fsroot *root, const char *name, uint32_t *ret_packets);

/* Number of rx-N and tx-N folders. */
int netdev_read_queue_counts(struct fsroot *root, const char *name, unsigned int *ret_rx,
			     unsigned int *ret_tx);
