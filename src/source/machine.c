/*
 * From a name to facts to the inventory.
 *
 * A reading that fails half-way because the object vanished is no error: the object is dropped, and
 * should it come back, its own event says so.
 */
#include "irqherd/source/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attr.h"
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
	irq_files_init(&machine->files, captured ? 0 : IRQ_FILES_KEPT);
	if (!captured)
		return 0;
	r = read_captured(captured, "udev-properties", &machine->captured_properties);
	if (r < 0)
		return r;
	return read_captured(captured, "netdev-queues.json", &machine->captured_queues);
}

void machine_deinit(struct machine *machine)
{
	irq_files_deinit(&machine->files);
	buf_deinit(&machine->text);
	action_table_deinit(&machine->actions);
	map_deinit(&machine->warned);
	buf_deinit(&machine->captured_properties);
	buf_deinit(&machine->captured_queues);
}

/*
 * Kernels before 4.9 name actions only in /proc/interrupts: it is read anew before each look that
 * needs names. On later ones a reading of the whole machine spares six system calls an IRQ with it,
 * as long as printing the counts of all CPUs is not the greater work for the kernel.
 */
#define TABLE_CPUS 256u

static const struct action_table *action_names(struct machine *machine)
{
	return machine->actions.rows.used ? &machine->actions : NULL;
}

static void forget_action_names(struct machine *machine)
{
	if (machine->kernel_irq_folder)
		action_table_deinit(&machine->actions);
}

static void read_action_names(struct machine *machine)
{
	struct action_table fresh = ACTION_TABLE_INIT;

	if (action_table_read(machine->root, &fresh) < 0) {
		action_table_deinit(&fresh);
		return;
	}
	action_table_deinit(&machine->actions);
	machine->actions = fresh;
}

static void refresh_action_names(struct machine *machine)
{
	if (!machine->kernel_irq_folder)
		read_action_names(machine);
}

/* For a look at all IRQs. */
static void refresh_all_action_names(struct machine *machine)
{
	if (!machine->kernel_irq_folder ||
	    cpumask_count(&machine->inventory->topology.online) <= TABLE_CPUS)
		read_action_names(machine);
}

/* --------------------------------------------------------------------------------------------------
 * properties */

/* A device is read again and again; what is broken in its rules is told once. */
static void warn_of_cpus(struct machine *machine, const struct pci_addr *addr, const char *value)
{
	uint64_t key = pci_addr_key(addr);
	void *what = (void *) (uintptr_t) (map_hash_text(value) | 1);
	char text[PCI_ADDR_TEXT];

	if (map_find(&machine->warned, key) == what || map_put(&machine->warned, key, what) < 0)
		return;
	log_warning("IRQHERD_CPUS is neither a CPU list nor a hex mask, ignoring: device=%s "
		    "value=%s",
		    pci_addr_format(addr, text), value);
}

/* A bare hex mask reads as one; a list needs a dash or a comma that hex groups do not have. */
static int parse_cpus(const char *text, struct cpumask *ret_cpus)
{
	bool marked = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	int r = -EINVAL;

	if (!strchr(text, '-'))
		r = cpumask_parse(marked ? text + 2 : text, ret_cpus);
	return r < 0 ? cpulist_parse(text, ret_cpus) : r;
}

static int override_of_properties(struct machine *machine, const struct pci_addr *addr,
				  const struct udev_properties *properties,
				  struct home_override *ret_override)
{
	struct home_override override = { .origin = OVERRIDE_FROM_PROPERTY };
	struct cpumask cpus;
	int r;

	if (properties->has_cpus) {
		r = parse_cpus(properties->cpus, &cpus);
		if (r < 0 || cpumask_empty(&cpus)) {
			warn_of_cpus(machine, addr, properties->cpus);
			*ret_override = (struct home_override){ .kind = OVERRIDE_NONE };
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

/* Whether it names a node that is not there now; the next one that applies counts meanwhile. */
static bool override_sleeps(const struct machine *machine, const struct home_override *override)
{
	return override->kind == OVERRIDE_NODE && override->node >= 0 &&
	       !topology_find_node(&machine->inventory->topology, override->node);
}

static int find_override(struct machine *machine, const struct pci_addr *addr,
			 const struct udev_properties *properties,
			 struct home_override *ret_override)
{
	struct home_override override = { .kind = OVERRIDE_NONE };
	int r;

	r = override_of_properties(machine, addr, properties, ret_override);
	if (r < 0 || !machine->find_override)
		return r;
	if (ret_override->kind != OVERRIDE_NONE && !override_sleeps(machine, ret_override))
		return 0;
	r = machine->find_override(machine->override_context, machine->inventory, addr, &override);
	if (r == 0 && override.kind != OVERRIDE_NONE)
		*ret_override = override;
	return r;
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

/*
 * Captured trees often lack ifindex; any number does that no other one has. On a live machine it is
 * missing when the device just went.
 */
static int invent_ifindex(const struct machine *machine, const char *name)
{
	const struct netdev *known = inventory_find_netdev_by_name(machine->inventory, name);
	const struct list_link *netdevs = &machine->inventory->netdevs;

	if (machine->root->live)
		return -ENOENT;
	if (known)
		return known->ifindex;
	if (list_empty(netdevs))
		return 1;
	return list_entry(netdevs->previous, struct netdev, inventory_link)->ifindex + 1;
}

/* Asked only where the answer decides, and once it is done it stays so. */
static bool awaits_name(struct machine *machine, const struct netdev_facts *facts)
{
	const struct netdev *known = inventory_find_netdev(machine->inventory, facts->ifindex);

	return facts->has_device && (!known || known->awaits_udevd) && machine->uevents &&
	       inventory_goes_by_netdevs(machine->inventory) && udevd_running() &&
	       !udev_netdev_is_named(machine->uevents, facts->name);
}

/* Whether what the kernel told of its queues holds still: it is up since, with as many of them. */
static bool queues_are_known(const struct netdev *known, const struct netdev_facts *facts)
{
	return known && known->queues_asked && facts->up && known->rx_queues == facts->rx_queues &&
	       known->tx_queues == facts->tx_queues;
}

/*
 * The kernel tells queues only of what is up, and makes who asks wait while a driver sets a network
 * device up or closes one, which takes a driver half a second now and then. Up it is called only
 * after that, and a look by schedule that finds its vectors as they were does not ask again.
 */
static int look_at_netdev(struct machine *machine, const char *name, bool again,
			  struct change_list *changes, struct netdev_facts *ret_facts)
{
	const struct netdev *known;
	struct queue_list queues = QUEUE_LIST_INIT;
	struct netdev_facts facts;
	int r;

	r = netdev_read(machine->root, name, &facts);
	if (r < 0)
		return r;
	if (facts.ifindex <= 0) {
		facts.ifindex = invent_ifindex(machine, name);
		if (facts.ifindex < 0)
			return facts.ifindex;
	}
	facts.awaits_udevd = awaits_name(machine, &facts);
	known = inventory_find_netdev(machine->inventory, facts.ifindex);
	if (facts.has_device && again && queues_are_known(known, &facts)) {
		facts.queues = known->queues;
		facts.queue_count = known->queue_count;
		facts.queues_asked = true;
	} else if (facts.has_device) {
		if (machine->captured_queues.length)
			(void) netdev_queues_find(machine->captured_queues.data, name, &queues);
		else if (machine->genl && facts.up)
			facts.queues_asked = genl_read_queues(machine->genl, facts.ifindex,
							      &queues) == 0;
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

static int drop_netdev(struct machine *machine, const char *name, struct change_list *changes)
{
	struct netdev *netdev = inventory_find_netdev_by_name(machine->inventory, name);

	return netdev ? inventory_drop_netdev(machine->inventory, netdev->ifindex, changes) : 0;
}

/* Records of network devices at this address whose name is gone. */
static int drop_gone_netdevs_of(struct machine *machine, const struct pci_addr *addr,
				struct change_list *changes)
{
	list_foreach_safe(netdev, following, &machine->inventory->netdevs, struct netdev,
			  inventory_link) {
		int r;

		if (!netdev->has_device || !pci_addr_equal(&netdev->addr, addr) ||
		    fsroot_exists(machine->root, FSROOT_SYS, "class/net/%s", netdev->name))
			continue;
		r = inventory_drop_netdev(machine->inventory, netdev->ifindex, changes);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Those that sysfs shows below the device; those that we believed there and are gone. */
static int look_at_netdevs_of(struct machine *machine, const struct pci_addr *addr, bool again,
			      struct change_list *changes)
{
	struct netdev_name_list names = NETDEV_NAME_LIST_INIT;
	struct netdev_facts facts;
	int r;

	r = netdev_list_of_device(machine->root, addr, &names);
	for (size_t i = 0; r == 0 && i < names.count; i++) {
		r = look_at_netdev(machine, names.items[i], again, changes, &facts);
		if (vanished(r))
			r = drop_netdev(machine, names.items[i], changes);
	}
	netdev_name_list_deinit(&names);
	if (r < 0 && !vanished(r))
		return r;
	return drop_gone_netdevs_of(machine, addr, changes);
}

static void also_device(const struct pci_addr *addr, struct hint *ret_also)
{
	*ret_also = (struct hint){ .kind = HINT_DEVICE, .addr = *addr };
}

/* The name that a network device has now, if its event was overtaken by a rename; false: it is
 * gone. Asked of the kernel, since only all of sysfs could tell. */
static bool is_renamed(const struct machine *machine, int ifindex, char name[NETDEV_NAME_SIZE])
{
	_Static_assert(NETDEV_NAME_SIZE >= IF_NAMESIZE, "a name fits");

	return machine->root->live && if_indextoname((unsigned int) ifindex, name);
}

/*
 * 1: there is one. 0: there is none of that name, and no record of it any more. One that was
 * renamed since keeps its record, and with it its IRQs' queues: it is found below its PCI device,
 * or by its ifindex.
 */
static int look_at_name(struct machine *machine, const char *name, struct change_list *changes,
			struct hint *ret_also)
{
	const struct netdev *known = inventory_find_netdev_by_name(machine->inventory, name);
	struct netdev_facts facts;
	char now[NETDEV_NAME_SIZE];
	struct pci_addr addr = { 0 };
	int ifindex = known ? known->ifindex : 0;
	bool below;
	int r;

	below = known && known->has_device;
	if (below) {
		addr = known->addr;
		also_device(&addr, ret_also);
	}
	r = look_at_netdev(machine, name, false, changes, &facts);
	if (vanished(r) && below)
		return look_at_netdevs_of(machine, &addr, false, changes);
	if (vanished(r) && ifindex > 0 && is_renamed(machine, ifindex, now)) {
		r = look_at_netdev(machine, now, false, changes, &facts);
		if (!vanished(r))
			return r < 0 ? r : 0;
	}
	if (vanished(r))
		return drop_netdev(machine, name, changes);
	if (r < 0)
		return r;
	if (facts.has_device)
		also_device(&facts.addr, ret_also);
	return 1;
}

/*
 * Known, and still there by this name right below its PCI device: the look at that, just made or
 * next, reads it. Its queues are not to be asked for twice, since that may wait for whoever holds
 * the kernel's lock. One further down, of a USB adapter or a subfunction, is read by its name
 * alone.
 */
static bool is_read_with_device(const struct machine *machine, const struct hint *hint,
				const struct netdev *known)
{
	char addr[PCI_ADDR_TEXT];

	return known->has_device && (!hint->ifindex || hint->ifindex == known->ifindex) &&
	       fsroot_exists(machine->root, FSROOT_SYS, "bus/pci/devices/%s/net/%s",
			     pci_addr_format(&known->addr, addr), known->name);
}

/* After a rename the hint may carry the old name while our record has the new one, or the other way
 * round: the record of its ifindex is looked at, too. */
static int look_at_netdev_hint(struct machine *machine, const struct hint *hint, enum look look,
			       struct change_list *changes, bool *ret_gone, struct hint *ret_also)
{
	const struct netdev *known = NULL;
	char name[NETDEV_NAME_SIZE];
	int found = 0, r;

	if (look == LOOK_HINT)
		known = inventory_find_netdev_by_name(machine->inventory, hint->name);
	if (known && is_read_with_device(machine, hint, known)) {
		also_device(&known->addr, ret_also);
		return 0;
	}
	if (hint->name[0]) {
		found = look_at_name(machine, hint->name, changes, ret_also);
		if (found < 0)
			return found;
	}
	known = hint->ifindex ? inventory_find_netdev(machine->inventory, hint->ifindex) : NULL;
	if (known && strcmp(known->name, hint->name) != 0) {
		memcpy(name, known->name, sizeof(name));
		r = look_at_name(machine, name, changes, ret_also);
		if (r < 0)
			return r;
		if (!hint->name[0])
			found = r;
	}
	*ret_gone = !found;
	return 0;
}

/* --------------------------------------------------------------------------------------------------
 * devices */

/* The descriptor that the reading has left open serves later checks. */
static void keep_file(struct machine *machine, struct irq_reading *reading)
{
	const struct irq *irq = inventory_find_irq(machine->inventory, reading->facts.number);

	if (!irq || !irq->requested || irq->managed)
		return;
	irq_files_put(&machine->files, irq, reading->fd);
	reading->fd = -1;
}

/* The legacy line of a device as we know it; 0: it has none. */
static unsigned int known_line(const struct machine *machine, const struct pci_addr *addr)
{
	const struct device *device = inventory_find_device(machine->inventory, addr);
	const struct vector *first;

	if (!device || list_empty(&device->vectors))
		return 0;
	first = list_entry(device->vectors.next, const struct vector, device_link);
	return first->irq->type == IRQ_INTX ? first->irq->number : 0;
}

/*
 * A driver is done with its vectors' masks when it registers its network device, so none at the
 * beginning of a reading means that it may be at work. What is known to be no network adapter has
 * none to wait for; at the start nothing waits, and every device would be listed.
 */
static bool lacks_netdev(struct machine *machine, const struct pci_addr *addr, enum look look)
{
	const struct device *device = inventory_find_device(machine->inventory, addr);
	struct netdev_name_list names = NETDEV_NAME_LIST_INIT;
	bool found = false;

	if (look == LOOK_START || (device && device->class >> 16 != PCI_CLASS_NETWORK))
		return false;
	if (device) {
		list_foreach(netdev, &device->netdevs, struct netdev, device_link) {
			if (fsroot_exists(machine->root, FSROOT_SYS, "class/net/%s", netdev->name))
				return false;
		}
	}
	if (netdev_list_of_device(machine->root, addr, &names) == 0)
		found = names.count > 0;
	netdev_name_list_deinit(&names);
	return !found;
}

static int read_device(struct machine *machine, const struct pci_addr *addr, enum look look,
		       struct change_list *changes, bool *ret_gone)
{
	struct device_reading reading = DEVICE_READING_INIT;
	struct udev_properties properties;
	bool lacked_netdev = lacks_netdev(machine, addr, look);
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
	reading.facts.rps_wish = properties.rps;
	reading.facts.awaits_udevd = machine->uevents && !properties.known && udevd_running();
	reading.facts.awaits_netdev = lacked_netdev && reading.facts.driver[0] != '\0' &&
				      reading.facts.class >> 16 == PCI_CLASS_NETWORK;
	r = find_override(machine, addr, &properties, &reading.facts.override);
	if (r == 0)
		r = inventory_put_device(machine->inventory, &reading.facts, look, changes);
	for (size_t i = 0; r == 0 && i < reading.irq_count; i++)
		keep_file(machine, &reading.irqs[i]);
	device_reading_deinit(&reading);
	return r;
}

/* A vector ends with its device's use of it. A line stays, with its other users or for none, so one
 * that the device left is read for itself. */
static int look_at_device(struct machine *machine, const struct pci_addr *addr, enum look look,
			  struct change_list *changes, bool *ret_gone)
{
	unsigned int line = known_line(machine, addr);
	int r = read_device(machine, addr, look, changes, ret_gone);

	if (r < 0 || !line || known_line(machine, addr) == line)
		return r;
	return machine_read_irq(machine, line, LOOK_RESYNC, changes);
}

/* --------------------------------------------------------------------------------------------------
 * IRQs */

/* An IRQ that no device has and that no one requested is none of ours, unless /proc/irq shows it.
 */
static bool is_shown(struct machine *machine, const struct irq_facts *facts)
{
	const struct irq *irq = inventory_find_irq(machine->inventory, facts->number);

	return facts->requested || (irq && irq_device(irq)) ||
	       fsroot_exists(machine->root, FSROOT_PROC, "irq/%u", facts->number);
}

int machine_read_irq(struct machine *machine, unsigned int number, enum look look,
		     struct change_list *changes)
{
	struct irq_reading reading = IRQ_READING_INIT;
	int r;

	machine->irqs_read++;
	r = irq_read(machine->root, number, &machine->inventory->masks, action_names(machine),
		     &reading);
	if (r == 0 && !is_shown(machine, &reading.facts))
		r = -ENOENT;
	if (r == 0)
		r = inventory_put_irq(machine->inventory, &reading.facts, look, changes);
	else if (vanished(r))
		r = inventory_drop_irq(machine->inventory, number, changes);
	if (r == 0)
		keep_file(machine, &reading);
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
 * searched. -ENOTUNIQ: it exists and no device claims it. */
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

static int look_at_irq(struct machine *machine, unsigned int number, enum look look,
		       struct change_list *changes, bool *ret_gone)
{
	struct irq *irq = inventory_find_irq(machine->inventory, number);
	struct device *device = irq ? irq_device(irq) : NULL;
	struct pci_addr addr;
	bool gone;
	int r;

	refresh_action_names(machine);
	if (device) {
		addr = device->addr;
		r = look_at_device(machine, &addr, look, changes, &gone);
		irq = inventory_find_irq(machine->inventory, number);
		if (r < 0 || (irq && irq_device(irq)))
			return r;
	}
	r = owner_of_irq(machine, number, &addr);
	if (r == 0) {
		r = look_at_device(machine, &addr, look, changes, &gone);
		irq = inventory_find_irq(machine->inventory, number);
		if (r < 0 || (irq && irq_device(irq)))
			return r;
	} else if (r != -ENOTUNIQ && !vanished(r)) {
		return r;
	}
	r = machine_read_irq(machine, number, look, changes);
	*ret_gone = r == 0 && !inventory_find_irq(machine->inventory, number);
	return r;
}

/* --------------------------------------------------------------------------------------------------
 * CPUs */

static int read_local_cpus(struct machine *machine, const struct pci_addr *addr, mask_id *ret_cpus)
{
	struct cpumask cpus;
	char text[PCI_ADDR_TEXT];
	int r;

	pci_addr_format(addr, text);
	r = attr_read_mask(machine->root, FSROOT_SYS, MASK_LIST, &cpus,
			   "bus/pci/devices/%s/local_cpulist", text);
	if (r < 0 && !attr_fatal(r))
		r = attr_read_mask(machine->root, FSROOT_SYS, MASK_HEX, &cpus,
				   "bus/pci/devices/%s/local_cpus", text);
	return r < 0 ? r : mask_intern(&machine->inventory->masks, &cpus, ret_cpus);
}

/* What a device of unknown node calls local are the CPUs online at that moment. */
static int look_at_places_of_devices(struct machine *machine, struct change_list *changes)
{
	list_foreach_safe(device, following, &machine->inventory->devices, struct device,
			  inventory_link) {
		struct pci_addr addr = device->addr;
		bool gone;
		mask_id cpus;
		int r;

		if (topology_find_node(&machine->inventory->topology, device->node))
			continue;
		if (device->node_from_parent) {
			r = look_at_device(machine, &addr, LOOK_CPU_EVENT, changes, &gone);
		} else {
			r = read_local_cpus(machine, &addr, &cpus);
			if (r == 0)
				r = inventory_set_local_cpus(machine->inventory, &addr, cpus,
							     changes);
			else if (!attr_fatal(r))
				r = 0;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Whether the kernel may have touched an IRQ when these CPUs went or came: it moves what fired on a
 * CPU that goes, gives up masks and pending moves that have no CPU left, and stops and starts
 * managed IRQs with their CPUs. Nothing else moves when a CPU comes.
 */
static bool is_concerned(const struct inventory *inventory, const struct irq *irq,
			 const struct cpumask *went, const struct cpumask *came)
{
	struct cpumask asked;

	if (cpumask_test(went, irq->effective_cpu))
		return true;
	mask_get(&inventory->masks, irq->asked, &asked);
	if (irq->managed && cpumask_intersects(&asked, came))
		return true;
	if (!cpumask_intersects(&asked, went))
		return false;
	return irq->managed || irq->effective_cpu == CPU_NONE ||
	       !cpumask_intersects(&asked, &inventory->topology.online);
}

/* A CPU event changes affinities alone, and may concern thousands of IRQs: nothing else is read. */
static int read_affinity(struct machine *machine, const struct irq *irq, enum look look,
			 struct change_list *changes)
{
	struct irq_facts facts = {
		.number = irq->number,
		.requested = irq->requested,
		.managed = irq->managed,
		.actions = irq->actions,
		.node = irq->node,
	};
	int r;

	machine->irqs_read++;
	r = irq_read_affinity(machine->root, irq->number, &machine->inventory->masks, &facts.asked,
			      &facts.effective_cpu);
	if (vanished(r))
		return 0; /* who freed it says so */
	return r < 0 ? r : inventory_put_irq(machine->inventory, &facts, look, changes);
}

static int look_at_irqs_of_cpus(struct machine *machine, const struct cpumask *went,
				const struct cpumask *came, bool all, struct change_list *changes)
{
	inventory_foreach_irq(irq, machine->inventory) {
		int r;

		if (!irq->requested || !(all || is_concerned(machine->inventory, irq, went, came)))
			continue;
		r = read_affinity(machine, irq, LOOK_CPU_EVENT, changes);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool nodes_are_same(const struct topology *a, const struct topology *b)
{
	for (unsigned int i = 0; i < a->node_count && i < b->node_count; i++)
		if (a->nodes[i].number != b->nodes[i].number)
			return false;
	return a->node_count == b->node_count;
}

/*
 * The look that follows by schedule reads all affinities: CPUs that went and came again between two
 * looks, as through a suspend, leave the topology as it was and the IRQs elsewhere.
 */
static int look_at_cpus(struct machine *machine, enum look look, struct change_list *changes)
{
	struct inventory *inventory = machine->inventory;
	struct cpumask before = inventory->topology.online, went, came;
	bool all = look == LOOK_AGAIN, same_nodes;
	struct topology topology;
	int r;

	r = topology_read(machine->root, &topology);
	if (r < 0)
		return r;
	same_nodes = nodes_are_same(&inventory->topology, &topology);
	r = inventory_put_topology(inventory, &topology, changes);
	/* what names a node may sleep now, or wake */
	if (r == 0 && !same_nodes)
		r = machine_refresh_overrides(machine, changes);
	if (r < 0)
		return r;
	went = cpumask_andnot(&before, &inventory->topology.online);
	came = cpumask_andnot(&inventory->topology.online, &before);
	if (!all && cpumask_empty(&went) && cpumask_empty(&came))
		return 0;
	r = look_at_places_of_devices(machine, changes);
	return r < 0 ? r : look_at_irqs_of_cpus(machine, &went, &came, all, changes);
}

/* --------------------------------------------------------------------------------------------------
 * comparing */

static bool is_vector_of(const struct irq *irq, const struct device *device)
{
	if (!irq)
		return false;
	list_foreach(vector, &irq->owners, struct vector, irq_link) {
		if (vector->device == device)
			return true;
	}
	return false;
}

static bool vectors_differ(struct machine *machine, const struct device *device)
{
	struct irq_number_list numbers = IRQ_NUMBER_LIST_INIT;
	bool differ;

	if (device_irq_numbers(machine->root, &device->addr, &numbers) < 0)
		return true;
	differ = numbers.count != device->vector_count;
	for (size_t i = 0; i < numbers.count && !differ; i++)
		differ = !is_vector_of(inventory_find_irq(machine->inventory, numbers.items[i]),
				       device);
	irq_number_list_deinit(&numbers);
	return differ;
}

static bool actions_differ(struct machine *machine, const struct irq *irq)
{
	_cleanup_(buf_deinit) struct buf actions = BUF_INIT;
	const struct action_row *row = action_table_find(&machine->actions, irq->number);

	if (row || !machine->kernel_irq_folder)
		return strcmp(row ? row->actions : "", irq->actions) != 0;
	(void) attr_read_text(machine->root, &actions, "kernel/irq/%u/actions", irq->number);
	return strcmp(buf_text(&actions), irq->actions) != 0;
}

/* Another driver, or another card in the same place, perhaps below another bridge. */
static bool identity_differs(struct machine *machine, const struct device *device)
{
	struct device_identity identity;
	int32_t node = NODE_NONE;
	char text[PCI_ADDR_TEXT];

	if (device_read_identity(machine->root, &device->addr, &identity) < 0)
		return true;
	(void) attr_read_i32(machine->root, FSROOT_SYS, NODE_NONE, INT16_MAX, &node,
			     "bus/pci/devices/%s/numa_node", pci_addr_format(&device->addr, text));
	return strcmp(identity.driver, device->driver) != 0 || identity.vendor != device->vendor ||
	       identity.device != device->device || identity.class != device->class ||
	       (device->node_from_parent ? node != NODE_NONE : node != device->node);
}

static bool properties_differ(struct machine *machine, const struct device *device)
{
	struct udev_properties properties;
	struct home_override override;

	(void) read_properties(machine, &device->addr, &properties);
	return properties.ignore != device->ignored || properties.rps != device->rps_wish ||
	       (properties.known && device->awaits_udevd) ||
	       find_override(machine, &device->addr, &properties, &override) < 0 ||
	       override.kind != device->override.kind ||
	       override.origin != device->override.origin ||
	       override.node != device->override.node || override.cpus != device->override.cpus;
}

static bool device_differs(struct machine *machine, const struct pci_addr *addr)
{
	const struct device *device = inventory_find_device(machine->inventory, addr);

	return !device || identity_differs(machine, device) || vectors_differ(machine, device) ||
	       properties_differ(machine, device);
}

/* Whether an IRQ's folder came to be since it was read, or its name. */
static bool is_still_unrequested(struct machine *machine, const struct irq *irq)
{
	return !fsroot_exists(machine->root, FSROOT_PROC, "irq/%u", irq->number) ||
	       !actions_differ(machine, irq);
}

/* 0: as it is now. The effective CPU is not asked for. */
static int read_asked(struct machine *machine, const struct irq *irq, mask_id *ret_asked)
{
	struct cpumask cpus;
	unsigned int calls;
	int r;

	r = irq_files_read(&machine->files, machine->root, irq, &machine->text, &calls);
	if (r == 0)
		r = cpulist_parse(buf_text(&machine->text), &cpus);
	return r < 0 ? r : mask_intern(&machine->inventory->masks, &cpus, ret_asked);
}

int machine_check_affinity(struct machine *machine, const struct irq *irq, bool may_have_moved,
			   mask_id *ret_asked, int *ret_effective_cpu)
{
	int effective = irq->effective_cpu;
	mask_id asked;
	int r;

	r = read_asked(machine, irq, &asked);
	if (r < 0)
		return r;
	if (may_have_moved && !mask_test(&machine->inventory->masks, asked, effective)) {
		r = irq_read_effective(machine->root, irq->number, &effective);
		if (r < 0)
			return r;
	}
	*ret_asked = asked;
	*ret_effective_cpu = effective;
	return 0;
}

static bool is_where_it_was(struct machine *machine, const struct irq *irq)
{
	mask_id asked;
	int effective;

	if (read_asked(machine, irq, &asked) < 0 || asked != irq->asked)
		return false;
	/* a move of ours, which is followed round by round */
	if (irq->placement.state == PLACEMENT_REQUESTED)
		return true;
	return irq_read_effective(machine->root, irq->number, &effective) == 0 &&
	       effective == irq->effective_cpu;
}

/*
 * An event that names a device often comes with several others, and most of them find it as the
 * first one left it. Seeing that costs half of reading it anew. The vectors first: what an arrival
 * waits for is that they were requested, and the first of them shows it.
 */
static bool nothing_differs(struct machine *machine, const struct pci_addr *addr)
{
	const struct device *device = inventory_find_device(machine->inventory, addr);

	if (!device || device->awaits_netdev)
		return false;
	list_foreach(vector, &device->vectors, struct vector, device_link) {
		const struct irq *irq = vector->irq;

		if (irq->type == IRQ_INTX || irq->managed)
			return false;
		if (irq->requested ? actions_differ(machine, irq) || !is_where_it_was(machine, irq)
				   : !is_still_unrequested(machine, irq))
			return false;
	}
	return !device_differs(machine, addr);
}

/*
 * A look by schedule waits for what comes late and has no event: vectors, requests, the start of an
 * IRQ. Affinities that change are the slow check's matter. So it costs what the device costs, and
 * nothing for a vector that is in use.
 */
static bool nothing_came_late(struct machine *machine, const struct pci_addr *addr)
{
	const struct device *device = inventory_find_device(machine->inventory, addr);

	if (!device || device->awaits_udevd || device->awaits_netdev ||
	    vectors_differ(machine, device))
		return false;
	list_foreach(vector, &device->vectors, struct vector, device_link) {
		const struct irq *irq = vector->irq;

		/* a line's other users come and go, too */
		if (irq->type == IRQ_INTX)
			return false;
		if (!irq->requested && !is_still_unrequested(machine, irq))
			return false;
		if (irq->requested && !irq->managed && irq->effective_cpu == CPU_NONE &&
		    !is_where_it_was(machine, irq))
			return false;
	}
	return true;
}

/* Whether a look at a device finds it as it is recorded. */
static bool is_as_known(struct machine *machine, const struct pci_addr *addr, enum look look)
{
	const struct device *device = inventory_find_device(machine->inventory, addr);

	if (look == LOOK_AGAIN ? !nothing_came_late(machine, addr)
			       : look != LOOK_HINT || !nothing_differs(machine, addr))
		return false;
	machine->devices_read++;
	machine->irqs_read += device->vector_count;
	return true;
}

/* --------------------------------------------------------------------------------------------------
 * all of it */

/* A line that the device left may have users whose own hints are on their way: it is looked at
 * again when these had their turn. */
static int look_at_device_hint(struct machine *machine, const struct pci_addr *addr, enum look look,
			       struct change_list *changes, bool *ret_gone, struct hint *ret_also)
{
	unsigned int line = known_line(machine, addr);
	int r;

	refresh_action_names(machine);
	if (is_as_known(machine, addr, look))
		return look_at_netdevs_of(machine, addr, look == LOOK_AGAIN, changes);
	r = look_at_device(machine, addr, look, changes, ret_gone);
	if (r < 0)
		return r;
	if (line && known_line(machine, addr) != line)
		*ret_also = (struct hint){ .kind = HINT_IRQ, .irq = line };
	return look_at_netdevs_of(machine, addr, false, changes);
}

int machine_look(struct machine *machine, const struct hint *hint, enum look look,
		 struct change_list *changes, bool *ret_gone, struct hint *ret_also)
{
	*ret_gone = false;
	*ret_also = (struct hint){ .kind = HINT_RESYNC };
	/* before the first set is read: afterwards there are ids that no record holds yet */
	inventory_tidy_masks(machine->inventory);
	switch (hint->kind) {
	case HINT_DEVICE:
		return look_at_device_hint(machine, &hint->addr, look, changes, ret_gone, ret_also);
	case HINT_NETDEV:
		return look_at_netdev_hint(machine, hint, look, changes, ret_gone, ret_also);
	case HINT_IRQ:
		return look_at_irq(machine, hint->irq, look, changes, ret_gone);
	case HINT_CPUS:
		return look_at_cpus(machine, look, changes);
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
		r = look_at_netdev(machine, names.items[i], false, changes, &facts);
		if (vanished(r))
			r = drop_netdev(machine, names.items[i], changes);
	}
	netdev_name_list_deinit(&names);
	return vanished(r) ? 0 : r;
}

static int read_devices_and_irqs(struct machine *machine, enum look look,
				 struct change_list *changes)
{
	struct pci_addr_list devices = PCI_ADDR_LIST_INIT;
	bool gone;
	int r;

	r = device_list(machine->root, &devices);
	if (vanished(r))
		r = 0; /* no PCI at all */
	for (size_t i = 0; r == 0 && i < devices.count; i++)
		r = look_at_device(machine, &devices.items[i], look, changes, &gone);
	pci_addr_list_deinit(&devices);
	return r < 0 ? r : read_other_irqs(machine, look, true, changes);
}

int machine_read_all(struct machine *machine, enum look look, struct change_list *changes)
{
	struct topology topology;
	int r;

	r = topology_read(machine->root, &topology);
	if (r < 0)
		return r;
	r = inventory_put_topology(machine->inventory, &topology, changes);
	if (r < 0)
		return r;

	refresh_all_action_names(machine);
	r = read_devices_and_irqs(machine, look, changes);
	forget_action_names(machine);
	return r < 0 ? r : read_all_netdevs(machine, true, changes);
}

/* --------------------------------------------------------------------------------------------------
 * resync */

/* Small files tell whether an IRQ was requested, renamed or moved unseen. */
static bool irq_differs(struct machine *machine, const struct irq *irq)
{
	mask_id asked = MASK_NONE;
	int effective = CPU_NONE;
	int r;

	if (actions_differ(machine, irq))
		return true;
	r = irq_read_affinity(machine->root, irq->number, &machine->inventory->masks, &asked,
			      &effective);
	if (r < 0)
		return irq->requested || !irq_device(irq);
	return irq->requested && (asked != irq->asked || effective != irq->effective_cpu);
}

/* A vector that changed may also have got another index, which only its device's reading tells. */
static int reread_differing_irqs(struct machine *machine, struct change_list *changes)
{
	struct inventory *inventory = machine->inventory;

	for (unsigned int number = 0; number < inventory->irq_slots; number++) {
		const struct irq *irq = inventory_find_irq(inventory, number);
		struct pci_addr addr;
		bool gone;
		int r;

		if (!irq || !irq_differs(machine, irq))
			continue;
		if (irq_device(irq)) {
			addr = irq_device(irq)->addr;
			r = look_at_device(machine, &addr, LOOK_RESYNC, changes, &gone);
		} else {
			r = machine_read_irq(machine, number, LOOK_RESYNC, changes);
		}
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

static int resync_devices_and_irqs(struct machine *machine, struct change_list *changes)
{
	struct pci_addr_list devices = PCI_ADDR_LIST_INIT;
	bool gone;
	int r;

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
	return r < 0 ? r : read_other_irqs(machine, LOOK_RESYNC, false, changes);
}

int machine_resync(struct machine *machine, struct change_list *changes)
{
	int r;

	r = look_at_cpus(machine, LOOK_RESYNC, changes);
	if (r < 0)
		return r;
	refresh_all_action_names(machine);
	r = resync_devices_and_irqs(machine, changes);
	forget_action_names(machine);
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
