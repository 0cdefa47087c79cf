/*
 * Inventory: the devices, IRQs, network devices, CPUs and nodes that exist now.
 *
 * Fed with facts about one object at a time; answers with what that changed. Never touches the
 * system. The same facts in any order end in the same inventory (generations and placement
 * histories aside).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/list.h"
#include "irqherd/base/map.h"
#include "irqherd/model/change.h"
#include "irqherd/model/facts.h"
#include "irqherd/model/irq.h"
#include "irqherd/model/mask_table.h"
#include "irqherd/model/rules.h"
#include "irqherd/model/topology.h"

#define IRQ_NUMBER_LIMIT 1048576u /* Linux IRQ numbers are below this (sanity bound for facts) */

struct inventory {
	struct topology topology;
	struct rules rules;
	struct mask_table masks;
	struct cpumask usable;  /* online, and not isolated unless the rules allow it */
	struct irq **irqs;      /* indexed by number, NULL: no such IRQ */
	unsigned int irq_slots; /* length of irqs */
	unsigned int irq_count;
	struct map devices_by_addr; /* pci_addr_key to struct device */
	struct list_link devices;   /* device::inventory_link, by address */
	unsigned int device_count;
	struct list_link netdevs; /* netdev::inventory_link, by ifindex */
	unsigned int netdev_count;
	uint32_t generations; /* given out so far */
	uint64_t version;     /* grows with every change */
};

int inventory_init(struct inventory *inventory);
void inventory_deinit(struct inventory *inventory);

/* Takes the topology over (it is left empty). Homes are made anew; IRQs whose home moved are
 * reported. */
int inventory_put_topology(struct inventory *inventory, struct topology *topology,
			   struct change_list *ret_changes);
int inventory_set_rules(struct inventory *inventory, const struct rules *rules,
			struct change_list *ret_changes);

/*
 * -EINVAL: facts that cannot be (IRQ number or CPU beyond the limit). A device's facts name all its
 * IRQs: others that it had are gone. An IRQ that another device had is taken from it.
 */
int inventory_put_device(struct inventory *inventory, const struct device_facts *facts,
			 enum look look, struct change_list *ret_changes);
int inventory_drop_device(struct inventory *inventory, const struct pci_addr *addr,
			  struct change_list *ret_changes);

/* A device's override alone, e.g. after a reload of the proximity file. -ENOENT: no such device. */
int inventory_set_override(struct inventory *inventory, const struct pci_addr *addr,
			   const struct home_override *override, struct change_list *ret_changes);

/* A device's local_cpulist alone, after a CPU event; not kept while its node is known. -ENOENT: no
 * such device. */
int inventory_set_local_cpus(struct inventory *inventory, const struct pci_addr *addr, mask_id cpus,
			     struct change_list *ret_changes);

/* One IRQ: one without a device, or new facts of one that a device has (type, index and owner then
 * stay). */
int inventory_put_irq(struct inventory *inventory, const struct irq_facts *facts, enum look look,
		      struct change_list *ret_changes);
int inventory_drop_irq(struct inventory *inventory, unsigned int number,
		       struct change_list *ret_changes);

int inventory_put_netdev(struct inventory *inventory, const struct netdev_facts *facts,
			 struct change_list *ret_changes);
int inventory_drop_netdev(struct inventory *inventory, int ifindex,
			  struct change_list *ret_changes);

struct device *inventory_find_device(const struct inventory *inventory,
				     const struct pci_addr *addr);
struct irq *inventory_find_irq(const struct inventory *inventory, unsigned int number);
struct netdev *inventory_find_netdev(const struct inventory *inventory, int ifindex);
struct netdev *inventory_find_netdev_by_name(const struct inventory *inventory, const char *name);

/* Whether bans or CPUs are given to names of network devices. */
bool inventory_goes_by_netdevs(const struct inventory *inventory);

/* Whether what decides on a new device is still to come: its udev properties or, where rules go by
 * them, its network device or that one's name. */
bool inventory_awaits_udevd(const struct inventory *inventory, const struct device *device);

/* The next IRQ with a number >= number; NULL: none. */
struct irq *inventory_next_irq(const struct inventory *inventory, unsigned int number);

#define inventory_foreach_irq(pos, inventory)                         \
	for (struct irq *pos = inventory_next_irq(inventory, 0); pos; \
	     pos = inventory_next_irq(inventory, pos->number + 1))
#define inventory_foreach_device(pos, inventory) \
	list_foreach(pos, &(inventory)->devices, struct device, inventory_link)
#define inventory_foreach_netdev(pos, inventory) \
	list_foreach(pos, &(inventory)->netdevs, struct netdev, inventory_link)

/* The kernel took a write of ours: smp_affinity is this CPU alone now. */
void inventory_note_asked(struct inventory *inventory, struct irq *irq, unsigned int cpu);

/* A counter that fell, or a kept descriptor that died: the IRQ was freed and made again. Its
 * history is void. */
void inventory_note_remade(struct inventory *inventory, struct irq *irq,
			   struct change_list *ret_changes);

/*
 * Now and then forgets the CPU sets that no record names any more, so that years of changing
 * affinities do not fill the memory. Mask ids outside the inventory, those in facts included, are
 * void afterwards.
 */
void inventory_tidy_masks(struct inventory *inventory);

/* Home CPUs of an IRQ as a set. */
void inventory_home(const struct inventory *inventory, const struct irq *irq,
		    struct cpumask *ret_cpus);

/*
 * Everything as sorted lines of text, without generations and histories: equal inventories give
 * equal texts. For tests, dumps and reports.
 */
int inventory_format(const struct inventory *inventory, struct buf *text);
