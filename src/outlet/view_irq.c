/* IRQs and devices as objects, and the lists of them. */
#include <errno.h>

#include "irqherd/outlet/pci_class.h"
#include "irqherd/outlet/words.h"
#include "view_parts.h"

enum irq_state irq_state_of(const struct view *view, const struct irq *irq)
{
	const struct device *device = irq_device(irq);
	const struct load *load = valid_load(view);

	if (!irq->requested)
		return IRQ_STATE_UNREQUESTED;
	if (irq->managed)
		return IRQ_STATE_MANAGED;
	if (irq->banned || (device && device->ignored))
		return IRQ_STATE_BANNED;
	if (irq->placement.refused)
		return IRQ_STATE_REFUSED;
	if (irq->placement.state == PLACEMENT_STUCK)
		return IRQ_STATE_STUCK;
	if (irq->external)
		return IRQ_STATE_EXTERNAL;
	return load && load_irq_count(load, irq->number) > 0 ? IRQ_STATE_ACTIVE : IRQ_STATE_IDLE;
}

const char *irq_state_word(enum irq_state state)
{
	switch (state) {
	case IRQ_STATE_UNREQUESTED:
		return "unrequested";
	case IRQ_STATE_MANAGED:
		return "managed";
	case IRQ_STATE_BANNED:
		return "banned";
	case IRQ_STATE_REFUSED:
		return "refused";
	case IRQ_STATE_STUCK:
		return "stuck";
	case IRQ_STATE_EXTERNAL:
		return "external";
	case IRQ_STATE_ACTIVE:
		return "active";
	case IRQ_STATE_IDLE:
		break;
	}
	return "idle";
}

/* --------------------------------------------------------------------------------------------------
 * an IRQ */

static json_t *make_queue(struct maker *maker, const struct irq *irq)
{
	json_t *object = make_object(maker);
	const char *kind = "other";

	switch (irq->queue.kind) {
	case QUEUE_RX:
		kind = "rx";
		break;
	case QUEUE_TX:
		kind = "tx";
		break;
	case QUEUE_COMBINED:
		kind = "combined";
		break;
	case QUEUE_OTHER:
	case QUEUE_NONE:
		break;
	}
	put_words(maker, object, "kind", kind);
	put_int(maker, object, "index", irq->queue.index);
	put_words(maker, object, "origin",
		  irq->queue.origin == ORIGIN_NETDEV_GENL ? "netdev_genl" : "action_name");
	return object;
}

static void put_owner(struct maker *maker, json_t *object, const struct irq *irq)
{
	const struct netdev *netdev = irq_netdev(irq);
	const struct vector *vector;
	char address[PCI_ADDR_TEXT];

	if (list_empty(&irq->owners))
		return;
	vector = list_entry(irq->owners.next, struct vector, irq_link);
	put_text(maker, object, "device", pci_addr_format(&vector->device->addr, address));
	put_int(maker, object, "vector", vector->index);
	if (netdev)
		put_text(maker, object, "netdev", netdev->name);
	if (irq->queue.kind != QUEUE_NONE)
		put(maker, object, "queue", make_queue(maker, irq));
}

static void put_placement(struct maker *maker, json_t *object, const struct irq *irq)
{
	const struct placement *placement = &irq->placement;

	put_words(maker, object, "placement", placement_state_name(placement->state));
	if (placement->moved_ms != 0 && placement->reason != REASON_NONE)
		put_words(maker, object, "last_reason", move_reason_word(placement->reason));
	put_moment(maker, object, "moved", placement->moved_ms);
	if (placement->cooldown_until_ms > maker->view->now_ms)
		put_moment(maker, object, "cooling_until", placement->cooldown_until_ms);
}

static bool same_home(const struct home *a, const struct home *b)
{
	return a->cpus == b->cpus && a->node == b->node && a->origin == b->origin &&
	       a->line == b->line && a->nearest == b->nearest;
}

/* And which of its CPUs may be used. */
static void put_home(struct maker *maker, json_t *object, const struct irq *irq,
		     const struct cpumask *usable)
{
	struct cpumask allowed;
	char list[CPULIST_TEXT];

	if (!maker->home || !same_home(maker->home, &irq->home)) {
		json_decref(maker->home_object);
		json_decref(maker->home_allowed);
		maker->home = &irq->home;
		maker->home_object = make_home(maker, &irq->home);
		inventory_home(maker->view->inventory, irq, &allowed);
		allowed = cpumask_and(&allowed, usable);
		(void) cpulist_format(&allowed, list, sizeof(list));
		maker->home_allowed = json_string(list);
	}
	put(maker, object, "home", json_incref(maker->home_object));
	put(maker, object, "allowed", json_incref(maker->home_allowed));
}

json_t *make_irq(struct maker *maker, const struct irq *irq, const struct cpumask *usable)
{
	const struct view *view = maker->view;
	const struct load *load = valid_load(view);
	json_t *object = make_object(maker);
	char slot[IRQ_SLOT_TEXT];

	put_int(maker, object, "irq", irq->number);
	put_words(maker, object, "slot", irq_slot(irq, slot));
	put_words(maker, object, "type", irq_type_name(irq->type));
	put_owner(maker, object, irq);
	put_words(maker, object, "actions", irq->actions);
	put_words(maker, object, "state", irq_state_word(irq_state_of(view, irq)));
	if (irq->asked != MASK_NONE)
		put_mask(maker, object, "asked", irq->asked);
	if (irq->requested)
		put_known(maker, object, "effective", irq->effective_cpu);
	put_home(maker, object, irq, usable);
	if (irq->requested && irq->effective_cpu != CPU_NONE)
		put_bool(maker, object, "at_home",
			 mask_test(&view->inventory->masks, irq->home.cpus, irq->effective_cpu));
	if (load)
		put_int(maker, object, "interrupts", load_irq_count(load, irq->number));
	if (irq->cost.known) {
		put_int(maker, object, "cost_ppm", irq->cost.ppm);
		put_bool(maker, object, "cost_measured", irq->cost.measured);
	}
	put_placement(maker, object, irq);
	return object;
}

/* --------------------------------------------------------------------------------------------------
 * a device */

static void serve(struct served *served, const struct view *view, const struct irq *irq)
{
	const struct load *load = valid_load(view);
	uint32_t count = load ? load_irq_count(load, irq->number) : 0;

	served->interrupts += count;
	if (irq->effective_cpu == CPU_NONE)
		return;
	served->placed += count;
	if (mask_test(&view->inventory->masks, irq->home.cpus, irq->effective_cpu))
		served->at_home += count;
}

struct served served_of_device(const struct view *view, const struct device *device)
{
	struct served served = { 0 };

	list_foreach(vector, &device->vectors, struct vector, device_link)
		serve(&served, view, vector->irq);
	return served;
}

static json_t *make_netdev(struct maker *maker, const struct netdev *netdev)
{
	json_t *object = make_object(maker);

	put_words(maker, object, "name", netdev->name);
	put_int(maker, object, "ifindex", netdev->ifindex);
	put_bool(maker, object, "up", netdev->up);
	put_int(maker, object, "rx_queues", netdev->rx_queues);
	put_int(maker, object, "tx_queues", netdev->tx_queues);
	return object;
}

json_t *make_device(struct maker *maker, const struct device *device)
{
	const struct view *view = maker->view;
	struct served served = served_of_device(view, device);
	json_t *object = make_object(maker);
	json_t *netdevs = make_array(maker);
	json_t *irqs = make_array(maker);
	char address[PCI_ADDR_TEXT];
	unsigned int managed = 0;

	list_foreach(netdev, &device->netdevs, struct netdev, device_link)
		add(maker, netdevs, make_netdev(maker, netdev));
	list_foreach(vector, &device->vectors, struct vector, device_link) {
		add(maker, irqs, json_integer(vector->irq->number));
		managed += vector->irq->managed;
	}

	put_words(maker, object, "address", pci_addr_format(&device->addr, address));
	put_words(maker, object, "class",
		  pci_class_word(device->class, device->vendor, device->device));
	put_int(maker, object, "vendor", device->vendor);
	put_int(maker, object, "device", device->device);
	put_words(maker, object, "driver", device->driver);
	put_known(maker, object, "node_sysfs", device->node);
	if (device->local_cpus != MASK_NONE)
		put_mask(maker, object, "local_cpus", device->local_cpus);
	put(maker, object, "home", make_home(maker, &device->home));
	put_bool(maker, object, "ignored", device->ignored);
	put(maker, object, "netdevs", netdevs);
	put(maker, object, "irqs", irqs);
	put_int(maker, object, "managed", managed);
	if (valid_load(view))
		put_int(maker, object, "interrupts", (json_int_t) served.interrupts);
	if (served.placed > 0)
		put_int(maker, object, "home_ppm",
			(json_int_t) (served.at_home * PPM / served.placed));
	return object;
}

unsigned int devices_with_irqs(const struct view *view)
{
	unsigned int count = 0;

	inventory_foreach_device(device, view->inventory)
		count += device->vector_count > 0;
	return count;
}

/* --------------------------------------------------------------------------------------------------
 * lists */

json_t *view_devices(const struct view *view, bool all)
{
	struct maker maker = { .view = view };
	json_t *answer = make_object(&maker);
	json_t *devices = make_array(&maker);
	json_int_t others = 0;

	inventory_foreach_device(device, view->inventory) {
		if (all || device->vector_count > 0 || !list_empty(&device->netdevs))
			add(&maker, devices, make_device(&maker, device));
		else
			others++;
	}
	put(&maker, answer, "devices", devices);
	put_int(&maker, answer, "others", others);
	put_interval(&maker, answer);
	return maker_finish(&maker, answer);
}

static bool is_of_device(const struct irq *irq, const struct target *target)
{
	if (target->netdev)
		return irq_netdev(irq) == target->netdev;
	list_foreach(vector, &irq->owners, struct vector, irq_link)
		if (vector->device == target->device)
			return true;
	return false;
}

json_t *view_irqs(const struct view *view, const char *device, int cpu, int *ret_error)
{
	struct maker maker = { .view = view };
	struct cpumask usable = usable_cpus(view);
	struct target target = { .cpu = CPU_NONE };
	json_t *answer, *irqs;

	*ret_error = 0;
	if (device)
		target = target_find(view->inventory, device);
	if ((device && target.kind != TARGET_DEVICE) ||
	    (cpu != CPU_NONE && !cpumask_test(&view->inventory->topology.possible, cpu))) {
		*ret_error = -ENOENT;
		return NULL;
	}

	answer = make_object(&maker);
	irqs = make_array(&maker);
	inventory_foreach_irq(irq, view->inventory) {
		if ((device && !is_of_device(irq, &target)) ||
		    (cpu != CPU_NONE && (!irq->requested || irq->effective_cpu != cpu)))
			continue;
		add(&maker, irqs, make_irq(&maker, irq, &usable));
	}
	put(&maker, answer, "irqs", irqs);
	put_interval(&maker, answer);
	answer = maker_finish(&maker, answer);
	if (!answer)
		*ret_error = -ENOMEM;
	return answer;
}
