/*
 * machine: reads objects of the machine into the inventory, one at a time or all.
 *
 * Start, hotplug, `udevadm trigger` and resync pass through here: one code path. The cost of a look
 * is the size of the object that it names.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/fsroot.h"
#include "irqherd/base/map.h"
#include "irqherd/model/hint.h"
#include "irqherd/model/inventory.h"
#include "irqherd/source/genl.h"
#include "irqherd/source/irq_files.h"
#include "irqherd/source/proc_irq.h"
#include "irqherd/source/uevent.h"

/* Finds the proximity rule of a device; ret_override->kind stays OVERRIDE_NONE where there is none.
 */
typedef int (*override_finder)(void *context, struct inventory *inventory,
			       const struct pci_addr *addr, struct home_override *ret_override);

struct machine {
	struct fsroot *root;           /* borrowed */
	struct inventory *inventory;   /* borrowed */
	struct uevent_source *uevents; /* borrowed; NULL: no udev database */
	struct genl_source *genl;      /* borrowed; NULL: nobody to ask for queues */
	override_finder find_override;
	void *override_context;
	bool kernel_irq_folder;         /* /sys/kernel/irq exists (Linux 4.9 on) */
	struct action_table actions;    /* where it does not; else only during a look at all IRQs */
	struct irq_files files;         /* of the IRQs whose affinity others may change */
	struct buf text;                /* of the last one read */
	struct map warned;              /* by device: the text of a property that was told of */
	struct buf captured_properties; /* `udev-properties` of a captured machine */
	struct buf captured_queues;     /* `netdev-queues.json` of a captured machine */
	uint64_t devices_read;          /* for counting what an event cost */
	uint64_t irqs_read;
};

/* captured: folder of a captured machine, NULL: the live one. */
int machine_init(struct machine *machine, struct fsroot *root, struct inventory *inventory,
		 const char *captured);
void machine_deinit(struct machine *machine);

/* Everything: topology, devices, other IRQs, network devices. -ENOENT: no CPU list, this is no
 * machine. */
int machine_read_all(struct machine *machine, enum look look, struct change_list *changes);

/*
 * What a hint names. ret_gone: it does not exist (any more). ret_also: a further object that should
 * be looked at (kind HINT_RESYNC: none): the device behind a network device, or the line that a
 * device left to others.
 */
int machine_look(struct machine *machine, const struct hint *hint, enum look look,
		 struct change_list *changes, bool *ret_gone, struct hint *ret_also);

/* One IRQ's affinity and names again, or its disappearance. */
int machine_read_irq(struct machine *machine, unsigned int number, enum look look,
		     struct change_list *changes);

/*
 * What its affinity is now, not entered into the record. One system call where the descriptor is
 * kept. may_have_moved: the effective CPU is asked for, too, if it is outside of the mask: inside,
 * or before the next interrupt, it stays where it was. -ENOENT, -EIO, -ENODEV: the IRQ was freed.
 */
int machine_check_affinity(struct machine *machine, const struct irq *irq, bool may_have_moved,
			   mask_id *ret_asked, int *ret_effective_cpu);

/* Events were lost: compares the lists of devices, vectors, IRQs and network devices, and reads
 * only what differs. */
int machine_resync(struct machine *machine, struct change_list *changes);

/* Asks the proximity rules of every device again, after they changed. Properties keep precedence.
 */
int machine_refresh_overrides(struct machine *machine, struct change_list *changes);
