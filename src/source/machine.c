/*
 * From a name to facts to the inventory.
 *
 * A reading that fails half-way because the object vanished is no error: the object is dropped, and
 * should it come back, its own event says so.
 */
#include "irqherd/source/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "irqherd/base/log.h"
#include "irqherd/source/sysfs_cpu.h"
#include "irqherd/source/sysfs_net.h"
#include "irqherd/source/sysfs_pci.h"

static bool vanished(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -ENXIO || r == -EIO;
}

/* --------------------------------------------------------------------------------------------------
 * captured machines */

static int read_captured(const char *folder, const char *name, struct buf *text)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	int fd, r;

	r = buf_printf(&path, "%s/%s", folder, name);
	if (r < 0)
		return r;
	fd = open(path.data, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = file_read_again(fd, text);
	(void) close(fd);
	return r;
}

int machine_init(struct machine *machine, struct fsroot *root, struct inventory *inventory,
		 const char *captured)
{
	int r;

	*machine = (struct machine){ .root = root, .inventory = inventory };
	machine->kernel_irq_folder = fsroot_exists(root, FSROOT_SYS, "kernel/irq");
	if (!captured)
		return 0;
	r = read_captured(captured, "udev-properties", &machine->captured_properties);
	if (r < 0)
		return r;
	return read_captured(captured, "netdev-queues.json", &machine->captured_queues);
}

void machine_deinit(struct machine *machine)
{
	action_table_deinit(&machine->actions);
	buf_deinit(&machine->captured_properties);
	buf_deinit(&machine->captured_queues);
}

/* Kernels before 4.9 name actions only in /proc/interrupts: read it anew before each look that
 * needs names. */
static const struct action_table *action_names(struct machine *machine)
{
	return machine->kernel_irq_folder ? NULL : &machine->actions;
}

static void refresh_action_names(struct machine *machine)
{
	struct action_table fresh = ACTION_TABLE_INIT;

	if (machine->kernel_irq_folder)
		return;
	if (action_table_read(machine->root, &fresh) < 0) {
		action_table_deinit(&fresh);
		return;
	}
	action_table_deinit(&machine->actions);
	machine->actions = fresh;
}

/* --------------------------------------------------------------------------------------------------
 * properties */

static int override_of_properties(struct machine *machine, const struct udev_properties *properties,
				  struct home_override *ret_override)
{
	struct home_override override = { .origin = OVERRIDE_FROM_PROPERTY };
	struct cpumask cpus;
	int r;

	if (properties->has_cpus) {
		/* a bare hex mask reads as one; a list needs a dash or a comma that hex groups do
		 * not have */
		r = strpbrk(properties->cpus, "-") ? cpulist_parse(properties->cpus, &cpus)
						   : cpumask_parse(properties->cpus, &cpus);
		if (r < 0)
			r = cpulist_parse(properties->cpus, &cpus);
		if (r < 0 || cpumask_empty(&cpus)) {
			log_warning("IRQHERD_CPUS is neither a CPU list nor a hex mask, ignoring "
				    "value=%s",
				    properties->cpus);
			return 0;
		}
		r = mask_intern(&machine->inventory->masks, &cpus, &override.cpus);
		if (r < 0)
			return r;
		override.kind = OVERRIDE_CPUS;
	} else if (properties->has_node) {
		override.kind = OVERRIDE_NODE;
		override.node = properties->node;
	}
	*ret_override = override;
	return 0;
}

static int read_properties(struct machine *machine, const struct pci_addr *addr,
			   struct udev_properties *ret_properties)
{
	*ret_properties = (struct udev_properties){ 0 };
	if (machine->captured_properties.length)
		return udev_export_find(machine->captured_properties.data, addr, ret_properties);
	if (machine->uevents)
		return udev_properties_read(machine->uevents, addr, ret_properties);
	return 0;
}

static int find_override(struct machine *machine, const struct pci_addr *addr,
			 const struct udev_properties *properties,
			 struct home_override *ret_override)
{
	int r;

	*ret_override = (struct home_override){ .kind = OVERRIDE_NONE };
	r = override_of_properties(machine, properties, ret_override);
	if (r < 0 || ret_override->kind != OVERRIDE_NONE || !machine->find_override)
		return r;
	return machine->find_override(machine->override_context, machine->inventory, addr,
				      ret_override);
}

int machine_refresh_overrides(struct machine *machine, struct change_list *changes)
{
	inventory_foreach_device(device, machine->inventory) {
		struct udev_properties properties;
		struct home_override override;
		int r;

		(void) read_properties(machine, &device->addr, &properties);
		r = find_override(machine, &device->addr, &properties, &override);
		if (r < 0)
			return r;
		r = inventory_set_override(machine->inventory, &device->addr, &override, changes);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --------------------------------------------------------------------------------------------------
 * network devices */

static int look_at_netdev(struct machine *machine, const char *name, struct change_list *changes,
			  struct netdev_facts *ret_facts)
{
	struct queue_list queues = QUEUE_LIST_INIT;
	struct netdev_facts facts;
	int r;

	r = netdev_read(machine->root, name, &facts);
	if (r < 0)
		return r;
	if (facts.has_device) {
		if (machine->captured_queues.length)
			(void) netdev_queues_find(machine->captured_queues.data, name, &queues);
		else if (machine->genl)
			(void) genl_read_queues(machine->genl, facts.ifindex, &queues);
		facts.queues = queues.items;
		facts.queue_count = (unsigned int) queues.count;
	}
	r = inventory_put_netdev(machine->inventory, &facts, changes);
	facts.queues = NULL;
	facts.queue_count = 0;
	queue_list_deinit(&queues);
	*ret_facts = facts;
	return r;
}

static int drop_netdev(struct machine *machine, const char *name, int ifindex,
		       struct change_list *changes)
{
	struct netdev *netdev = inventory_find_netdev_by_name(machine->inventory, name);

	if (!netdev && ifindex)
		netdev = inventory_find_netdev(machine->inventory, ifindex);
	return netdev ? inventory_drop_netdev(machine->inventory, netdev->ifindex, changes) : 0;
}

static void also_device(const struct pci_addr *addr, struct hint *ret_also)
{
	*ret_also = (struct hint){ .kind = HINT_DEVICE, .addr = *addr };
}

static int look_at_netdev_hint(struct machine *machine, const struct hint *hint,
			       struct change_list *changes, bool *ret_gone, struct hint *ret_also)
{
	struct netdev *known = NULL;
	struct netdev_facts facts;
	char name[NETDEV_NAME_SIZE];
	int r;

	memcpy(name, hint->name, sizeof(name));
	if (hint->ifindex)
		known = inventory_find_netdev(machine->inventory, hint->ifindex);
	if (!known)
		known = inventory_find_netdev_by_name(machine->inventory, hint->name);
	if (!name[0] && known)
		memcpy(name, known->name, sizeof(name));
	if (!name[0]) {
		*ret_gone = true;
		return 0;
	}
	if (known && known->has_device)
		also_device(&known->addr, ret_also);

	r = look_at_netdev(machine, name, changes, &facts);
	if (vanished(r)) {
		*ret_gone = true;
		return drop_netdev(machine, name, hint->ifindex, changes);
	}
	if (r == 0 && facts.has_device)
		also_device(&facts.addr, ret_also);
	return r;
}

/* Those that sysfs shows below the device; those that we believed there and are gone. */
static int look_at_netdevs_of(struct machine *machine, const struct pci_addr *addr,
			      struct change_list *changes)
{
	struct netdev_name_list names = NETDEV_NAME_LIST_INIT;
	struct device *device = inventory_find_device(machine->inventory, addr);
	struct netdev_facts facts;
	int r;

	r = netdev_list_of_device(machine->root, addr, &names);
	for (size_t i = 0; r == 0 && i < names.count; i++) {
		r = look_at_netdev(machine, names.items[i], changes, &facts);
		if (vanished(r))
			r = drop_netdev(machine, names.items[i], 0, changes);
	}
	netdev_name_list_deinit(&names);
	if (vanished(r))
		r = 0;
	if (!device)
		return r;
	list_foreach_safe(netdev, following, &device->netdevs, struct netdev, device_link) {
		if (r == 0 &&
		    !fsroot_exists(machine->root, FSROOT_SYS, "class/net/%s", netdev->name))
			r = inventory_drop_netdev(machine->inventory, netdev->ifindex, changes);
	}
	return r;
}

/* --------------------------------------------------------------------------------------------------
 * devices */

static int look_at_device(struct machine *machine, const struct pci_addr *addr, enum look look,
			  struct change_list *changes, bool *ret_gone)
{
	struct device_reading reading = DEVICE_READING_INIT;
	struct udev_properties properties;
	int r;

	machine->devices_read++;
	r = device_read(machine->root, addr, &machine->inventory->masks, action_names(machine),
			&reading);
	if (vanished(r)) {
		*ret_gone = true;
		return inventory_drop_device(machine->inventory, addr, changes);
	}
	if (r < 0)
		return r;

	machine->irqs_read += reading.irq_count;
	(void) read_properties(machine, addr, &properties);
	reading.facts.ignored = properties.ignore;
	reading.facts.awaits_udevd = machine->uevents && !properties.known && udevd_running();
	r = find_override(machine, addr, &properties, &reading.facts.override);
	if (r == 0)
		r = inventory_put_device(machine->inventory, &reading.facts, look, changes);
	device_reading_deinit(&reading);
	return r;
}

/* --------------------------------------------------------------------------------------------------
 * IRQs */

int machine_read_irq(struct machine *machine, unsigned int number, enum look look,
		     struct change_list *changes)
{
	struct irq_reading reading = IRQ_READING_INIT;
	int r;

	machine->irqs_read++;
	r = irq_read(machine->root, number, &machine->inventory->masks, action_names(machine),
		     &reading);
	if (vanished(r))
		return inventory_drop_irq(machine->inventory, number, changes);
	if (r < 0)
		return r;
	r = inventory_put_irq(machine->inventory, &reading.facts, look, changes);
	irq_reading_deinit(&reading);
	return r;
}

static bool device_lists_irq(struct machine *machine, const struct pci_addr *addr,
			     unsigned int number)
{
	struct irq_number_list numbers = IRQ_NUMBER_LIST_INIT;
	bool found = false;

	if (device_irq_numbers(machine->root, addr, &numbers) == 0)
		for (size_t i = 0; i < numbers.count && !found; i++)
			found = numbers.items[i] == number;
	irq_number_list_deinit(&numbers);
	return found;
}

/* Whose is this number? Newer kernels say it in the chip's name, else the devices' lists are
 * searched. */
static int owner_of_irq(struct machine *machine, unsigned int number, struct pci_addr *ret_addr)
{
	struct irq_reading reading = IRQ_READING_INIT;
	struct pci_addr_list devices = PCI_ADDR_LIST_INIT;
	int r;

	r = irq_read(machine->root, number, &machine->inventory->masks, action_names(machine),
		     &reading);
	if (r < 0)
		return r;
	r = chip_pci_addr(reading.chip, ret_addr);
	irq_reading_deinit(&reading);
	if (r == 0)
		return 0;

	r = device_list(machine->root, &devices);
	if (r < 0)
		return r;
	r = -ENOTUNIQ;
	for (size_t i = 0; r == -ENOTUNIQ && i < devices.count; i++) {
		if (!device_lists_irq(machine, &devices.items[i], number))
			continue;
		*ret_addr = devices.items[i];
		r = 0;
	}
	pci_addr_list_deinit(&devices);
	return r;
}

/* ENOTUNIQ: it exists and no device claims it. */
static int look_at_irq(struct machine *machine, unsigned int number, enum look look,
		       struct change_list *changes, bool *ret_gone)
{
	struct irq *irq = inventory_find_irq(machine->inventory, number);
	struct device *device = irq ? irq_device(irq) : NULL;
	struct pci_addr addr;
	int r;

	refresh_action_names(machine);
	if (device) {
		addr = device->addr;
		r = look_at_device(machine, &addr, look, changes, ret_gone);
		if (r < 0 || inventory_find_irq(machine->inventory, number))
			return r;
	}
	r = owner_of_irq(machine, number, &addr);
	if (r == 0)
		return look_at_device(machine, &addr, look, changes, ret_gone);
	if (r == -ENOTUNIQ)
		return machine_read_irq(machine, number, look, changes);
	if (vanished(r)) {
		*ret_gone = true;
		return inventory_drop_irq(machine->inventory, number, changes);
	}
	return r;
}

/* --------------------------------------------------------------------------------------------------
 * CPUs */

/* When a CPU goes, the kernel moves what fired there; when one comes, it moves nothing. */
static int look_at_cpus(struct machine *machine, struct change_list *changes)
{
	struct inventory *inventory = machine->inventory;
	struct cpumask before = inventory->topology.online, went;
	struct topology topology;
	int r;

	r = topology_read(machine->root, &topology);
	if (r < 0)
		return r;
	r = inventory_put_topology(inventory, &topology, changes);
	if (r < 0)
		return r;
	went = cpumask_andnot(&before, &inventory->topology.online);
	if (cpumask_empty(&went))
		return 0;
	refresh_action_names(machine);
	for (unsigned int number = 0; number < inventory->irq_slots; number++) {
		struct irq *irq = inventory_find_irq(inventory, number);

		if (!irq || !cpumask_test(&went, irq->effective_cpu))
			continue;
		r = machine_read_irq(machine, number, LOOK_CPU_EVENT, changes);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --------------------------------------------------------------------------------------------------
 * all of it */

int machine_look(struct machine *machine, const struct hint *hint, enum look look,
		 struct change_list *changes, bool *ret_gone, struct hint *ret_also)
{
	int r;

	*ret_gone = false;
	*ret_also = (struct hint){ .kind = HINT_RESYNC };
	switch (hint->kind) {
	case HINT_DEVICE:
		refresh_action_names(machine);
		r = look_at_device(machine, &hint->addr, look, changes, ret_gone);
		return r < 0 ? r : look_at_netdevs_of(machine, &hint->addr, changes);
	case HINT_NETDEV:
		return look_at_netdev_hint(machine, hint, changes, ret_gone, ret_also);
	case HINT_IRQ:
		return look_at_irq(machine, hint->irq, look, changes, ret_gone);
	case HINT_CPUS:
		return look_at_cpus(machine, changes);
	case HINT_RESYNC:
		return machine_resync(machine, changes);
	}
	return -EINVAL;
}

/* IRQs that no device has claimed: platform, ACPI, timer. */
static int read_other_irqs(struct machine *machine, enum look look, bool known_too,
			   struct change_list *changes)
{
	struct irq_number_list numbers = IRQ_NUMBER_LIST_INIT;
	int r;

	r = irq_list(machine->root, &numbers);
	for (size_t i = 0; r == 0 && i < numbers.count; i++) {
		struct irq *irq = inventory_find_irq(machine->inventory, numbers.items[i]);

		if (irq && (!known_too || irq_device(irq)))
			continue;
		r = machine_read_irq(machine, numbers.items[i], look, changes);
	}
	irq_number_list_deinit(&numbers);
	return vanished(r) ? 0 : r;
}

static int read_all_netdevs(struct machine *machine, bool known_too, struct change_list *changes)
{
	struct netdev_name_list names = NETDEV_NAME_LIST_INIT;
	struct netdev_facts facts;
	int r;

	r = netdev_list(machine->root, &names);
	for (size_t i = 0; r == 0 && i < names.count; i++) {
		if (!known_too && inventory_find_netdev_by_name(machine->inventory, names.items[i]))
			continue;
		r = look_at_netdev(machine, names.items[i], changes, &facts);
		if (vanished(r))
			r = drop_netdev(machine, names.items[i], 0, changes);
	}
	netdev_name_list_deinit(&names);
	return vanished(r) ? 0 : r;
}

int machine_read_all(struct machine *machine, enum look look, struct change_list *changes)
{
	struct pci_addr_list devices = PCI_ADDR_LIST_INIT;
	struct topology topology;
	bool gone;
	int r;

	r = topology_read(machine->root, &topology);
	if (r < 0)
		return r;
	r = inventory_put_topology(machine->inventory, &topology, changes);
	if (r < 0)
		return r;

	refresh_action_names(machine);
	r = device_list(machine->root, &devices);
	if (vanished(r))
		r = 0; /* no PCI at all */
	for (size_t i = 0; r == 0 && i < devices.count; i++)
		r = look_at_device(machine, &devices.items[i], look, changes, &gone);
	pci_addr_list_deinit(&devices);
	if (r < 0)
		return r;
	r = read_other_irqs(machine, look, true, changes);
	if (r < 0)
		return r;
	return read_all_netdevs(machine, true, changes);
}

/* --------------------------------------------------------------------------------------------------
 * resync */

/* Same driver and same vector numbers at the device as in our records? */
static bool device_differs(struct machine *machine, const struct pci_addr *addr)
{
	struct device *device = inventory_find_device(machine->inventory, addr);
	struct irq_number_list numbers = IRQ_NUMBER_LIST_INIT;
	_cleanup_(buf_deinit) struct buf driver = BUF_INIT;
	char text[PCI_ADDR_TEXT];
	const char *name = "";
	bool differs;

	if (!device)
		return true;
	if (fsroot_read_link(machine->root, FSROOT_SYS, &driver, "bus/pci/devices/%s/driver",
			     pci_addr_format(addr, text)) == 0)
		name = strrchr(driver.data, '/') ? strrchr(driver.data, '/') + 1 : driver.data;
	if (strcmp(name, device->driver) != 0)
		return true;
	if (device_irq_numbers(machine->root, addr, &numbers) < 0)
		return true;
	differs = numbers.count != device->vector_count;
	for (size_t i = 0; i < numbers.count && !differs; i++) {
		struct irq *irq = inventory_find_irq(machine->inventory, numbers.items[i]);

		differs = !irq || !irq_device(irq) ||
			  (irq->type != IRQ_INTX && irq_device(irq) != device);
	}
	irq_number_list_deinit(&numbers);
	return differs;
}

/* Two small files tell whether an IRQ was requested, renamed or moved unseen. */
static bool irq_differs(struct machine *machine, const struct irq *irq)
{
	_cleanup_(buf_deinit) struct buf actions = BUF_INIT;
	const struct action_row *row;
	mask_id asked = MASK_NONE;
	int effective = CPU_NONE;

	(void) irq_read_affinity(machine->root, irq->number, &machine->inventory->masks, &asked,
				 &effective);
	if (asked != irq->asked || effective != irq->effective_cpu)
		return true;
	if (!machine->kernel_irq_folder) {
		row = action_table_find(&machine->actions, irq->number);
		return strcmp(row ? row->actions : "", irq->actions) != 0;
	}
	(void) fsroot_read(machine->root, FSROOT_SYS, &actions, "kernel/irq/%u/actions",
			   irq->number);
	if (actions.length && actions.data[actions.length - 1] == '\n')
		actions.data[--actions.length] = 0;
	return strcmp(buf_text(&actions), irq->actions) != 0;
}

static int reread_differing_irqs(struct machine *machine, struct change_list *changes)
{
	struct inventory *inventory = machine->inventory;

	for (unsigned int number = 0; number < inventory->irq_slots; number++) {
		struct irq *irq = inventory_find_irq(inventory, number);
		int r;

		if (!irq || !irq_differs(machine, irq))
			continue;
		r = machine_read_irq(machine, number, LOOK_RESYNC, changes);
		if (r < 0)
			return r;
	}
	return 0;
}

static int drop_vanished_devices(struct machine *machine, const struct pci_addr_list *devices,
				 struct change_list *changes)
{
	size_t i = 0;

	list_foreach_safe(device, following, &machine->inventory->devices, struct device,
			  inventory_link) {
		struct pci_addr addr = device->addr;
		int r;

		while (i < devices->count && pci_addr_compare(&devices->items[i], &addr) < 0)
			i++;
		if (i < devices->count && pci_addr_equal(&devices->items[i], &addr))
			continue;
		r = inventory_drop_device(machine->inventory, &addr, changes);
		if (r < 0)
			return r;
	}
	return 0;
}

int machine_resync(struct machine *machine, struct change_list *changes)
{
	struct pci_addr_list devices = PCI_ADDR_LIST_INIT;
	bool gone;
	int r;

	r = look_at_cpus(machine, changes);
	if (r < 0)
		return r;
	refresh_action_names(machine);
	r = device_list(machine->root, &devices);
	if (vanished(r))
		r = 0;
	if (r == 0)
		r = drop_vanished_devices(machine, &devices, changes);
	for (size_t i = 0; r == 0 && i < devices.count; i++)
		if (device_differs(machine, &devices.items[i]))
			r = look_at_device(machine, &devices.items[i], LOOK_RESYNC, changes, &gone);
	pci_addr_list_deinit(&devices);
	if (r == 0)
		r = reread_differing_irqs(machine, changes);
	if (r == 0)
		r = read_other_irqs(machine, LOOK_RESYNC, false, changes);
	if (r < 0)
		return r;
	list_foreach_safe(netdev, following, &machine->inventory->netdevs, struct netdev,
			  inventory_link) {
		if (r == 0 &&
		    !fsroot_exists(machine->root, FSROOT_SYS, "class/net/%s", netdev->name))
			r = inventory_drop_netdev(machine->inventory, netdev->ifindex, changes);
	}
	/* a netdev costs little, and its queues or flags may have changed under the same name */
	return r < 0 ? r : read_all_netdevs(machine, true, changes);
}
