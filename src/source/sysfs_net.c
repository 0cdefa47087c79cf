/*
 * A network device belongs to the PCI device that its path runs through: nearest first, since a
 * bridge also is one. Between the two may be a virtio, auxiliary or other device, which owns no
 * IRQ itself. A function without vectors and without a line (a host bridge's child in some guests)
 * cannot be what interrupts for it, so the next one above is asked.
 */
#include "irqherd/source/sysfs_net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"

#define NET_FOLDER "class/net"
#define PCI_FOLDER "bus/pci/devices"

#define FLAG_UP 1u /* IFF_UP */

/* --- lists --- */

void netdev_name_list_deinit(struct netdev_name_list *list)
{
	free(list->items);
	*list = NETDEV_NAME_LIST_INIT;
}

/* The folder also holds bonding_masters, a file, which happens to fit a name. */
static bool is_netdev_name(const char *name)
{
	return name[0] != '\0' && strlen(name) < NETDEV_NAME_SIZE && !strchr(name, '/') &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       strcmp(name, "bonding_masters") != 0;
}

static int take_name(void *context, const char *name)
{
	struct netdev_name_list *list = context;

	if (!is_netdev_name(name))
		return 0;
	if (list->count == list->size) {
		size_t size = list->size ? 2 * list->size : 8;
		void *items = realloc(list->items, size * sizeof(list->items[0]));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->size = size;
	}
	memcpy(list->items[list->count++], name, strlen(name) + 1);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void sort_names(struct netdev_name_list *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(list->items[0]), compare_names);
}

int netdev_list(struct fsroot *root, struct netdev_name_list *ret_list)
{
	struct netdev_name_list list = NETDEV_NAME_LIST_INIT;
	int r;

	r = fsroot_list(root, FSROOT_SYS, take_name, &list, NET_FOLDER);
	if (r < 0 && r != -ENOENT) {
		netdev_name_list_deinit(&list);
		return r;
	}
	sort_names(&list);
	*ret_list = list;
	return 0;
}

struct child_search {
	struct fsroot *root;
	const char *addr;
	struct netdev_name_list list;
};

static int take_names_of_child(void *context, const char *name)
{
	struct child_search *search = context;
	int r;

	if (strcmp(name, "net") == 0)
		r = fsroot_list(search->root, FSROOT_SYS, take_name, &search->list,
				PCI_FOLDER "/%s/net", search->addr);
	else if (strncmp(name, "virtio", 6) == 0)
		r = fsroot_list(search->root, FSROOT_SYS, take_name, &search->list,
				PCI_FOLDER "/%s/%s/net", search->addr, name);
	else
		return 0;
	return attr_fatal(r) ? r : 0;
}

int netdev_list_of_device(struct fsroot *root, const struct pci_addr *addr,
			  struct netdev_name_list *ret_list)
{
	char name[PCI_ADDR_TEXT];
	struct child_search search = {
		.root = root,
		.addr = pci_addr_format(addr, name),
		.list = NETDEV_NAME_LIST_INIT,
	};
	int r;

	r = fsroot_list(root, FSROOT_SYS, take_names_of_child, &search, PCI_FOLDER "/%s", name);
	if (r < 0) {
		netdev_name_list_deinit(&search.list);
		return attr_gone(r) ? -ENOENT : r;
	}
	sort_names(&search.list);
	*ret_list = search.list;
	return 0;
}

/* --- one network device --- */

struct queue_counts {
	unsigned int rx;
	unsigned int tx;
};

static int count_queue(void *context, const char *name)
{
	struct queue_counts *counts = context;
	uint32_t index;

	if (strncmp(name, "rx-", 3) == 0 && attr_name_number(name + 3, UINT32_MAX, &index) == 0)
		counts->rx++;
	else if (strncmp(name, "tx-", 3) == 0 &&
		 attr_name_number(name + 3, UINT32_MAX, &index) == 0)
		counts->tx++;
	return 0;
}

int netdev_read_queue_counts(struct fsroot *root, const char *name, unsigned int *ret_rx,
			     unsigned int *ret_tx)
{
	struct queue_counts counts = { 0, 0 };
	int r;

	if (!is_netdev_name(name))
		return -ENOENT;
	r = fsroot_list(root, FSROOT_SYS, count_queue, &counts, NET_FOLDER "/%s/queues", name);
	if (attr_fatal(r))
		return r;
	if (r < 0 && !fsroot_exists(root, FSROOT_SYS, NET_FOLDER "/%s/.", name))
		return -ENOENT;

	*ret_rx = counts.rx;
	*ret_tx = counts.tx;
	return 0;
}

/*
 * A path that runs through the device's PCI ancestors. The class's entry is a link into the device
 * tree; a captured tree may have a folder in its place, whose `device` link tells the parent only,
 * and for a virtio one that is found in its own bus.
 */
static int read_path(struct fsroot *root, const char *name, struct buf *path)
{
	struct pci_addr addr;
	char child[64];
	const char *slash;
	size_t length;
	int r;

	r = fsroot_read_link(root, FSROOT_SYS, path, NET_FOLDER "/%s", name);
	if (r == 0 || attr_fatal(r))
		return r;

	r = fsroot_read_link(root, FSROOT_SYS, path, NET_FOLDER "/%s/device", name);
	if (r < 0)
		return r;
	slash = strrchr(path->data, '/');
	if (pci_addr_from_devpath(path->data, &addr) == 0 || !slash)
		return 0;

	length = strlen(slash + 1);
	if (length >= sizeof(child))
		return -ENOENT;
	memcpy(child, slash + 1, length + 1);
	return fsroot_read_link(root, FSROOT_SYS, path, "bus/virtio/devices/%s", child);
}

/* 1: the PCI device has vectors or a line; 0: it has neither. */
static int can_interrupt(struct fsroot *root, const struct pci_addr *addr)
{
	char name[PCI_ADDR_TEXT];
	uint32_t line;
	int r;

	pci_addr_format(addr, name);
	if (fsroot_exists(root, FSROOT_SYS, PCI_FOLDER "/%s/msi_irqs", name))
		return 1;
	r = attr_read_u32(root, FSROOT_SYS, UINT32_MAX, &line, PCI_FOLDER "/%s/irq", name);
	if (attr_fatal(r))
		return r;
	return r == 0 && line != 0;
}

/* Without any ancestor that can interrupt now (its driver may be at work on it), the nearest one
 * is the owner. */
static int read_owner(struct fsroot *root, const char *name, struct netdev_facts *facts)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	struct pci_addr addr;
	char *slash;
	int r;

	r = read_path(root, name, &path);
	if (r < 0)
		return attr_fatal(r) ? r : 0;

	for (; (slash = strrchr(path.data, '/')); *slash = '\0') {
		if (pci_addr_parse(slash + 1, &addr) < 0)
			continue;
		r = can_interrupt(root, &addr);
		if (r < 0)
			return r;
		if (r > 0 || !facts->has_device)
			facts->addr = addr;
		facts->has_device = true;
		if (r > 0)
			break;
	}
	return 0;
}

/* A tree without `flags` still has what the link's state came to. */
static int read_up(struct fsroot *root, const char *name, bool *ret_up)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	uint32_t flags;
	int r;

	r = attr_read_hex32(root, &flags, NET_FOLDER "/%s/flags", name);
	if (attr_fatal(r))
		return r;
	if (r == 0) {
		*ret_up = flags & FLAG_UP;
		return 0;
	}

	r = attr_read_text(root, &text, NET_FOLDER "/%s/operstate", name);
	if (attr_fatal(r))
		return r;
	*ret_up = r == 0 && strcmp(buf_text(&text), "up") == 0;
	return 0;
}

int netdev_read(struct fsroot *root, const char *name, struct netdev_facts *ret_facts)
{
	struct netdev_facts facts = { 0 };
	uint32_t ifindex = 0;
	int r;

	if (!is_netdev_name(name))
		return -ENOENT;
	memcpy(facts.name, name, strlen(name) + 1);

	r = attr_read_u32(root, FSROOT_SYS, INT32_MAX, &ifindex, NET_FOLDER "/%s/ifindex", name);
	if (attr_fatal(r))
		return r;
	facts.ifindex = (int) ifindex;

	r = read_up(root, name, &facts.up);
	if (r < 0)
		return r;
	r = read_owner(root, name, &facts);
	if (r < 0)
		return r;

	/* Last, since it notices that the device is gone. */
	r = netdev_read_queue_counts(root, name, &facts.rx_queues, &facts.tx_queues);
	if (r < 0)
		return r;

	*ret_facts = facts;
	return 0;
}

int netdev_read_received(struct fsroot *root, const char *name, uint32_t *ret_packets)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	uint32_t packets = 0;
	const char *digit;
	int r;

	if (!is_netdev_name(name))
		return -ENOENT;
	r = fsroot_read(root, FSROOT_SYS, &text, NET_FOLDER "/%s/statistics/rx_packets", name);
	if (r < 0)
		return r;
	for (digit = buf_text(&text); *digit >= '0' && *digit <= '9'; digit++)
		packets = packets * 10 + (uint32_t) (*digit - '0');
	if (digit == buf_text(&text) || (*digit && *digit != '\n'))
		return -EINVAL;
	*ret_packets = packets;
	return 0;
}
