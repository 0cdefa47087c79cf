#include "irqherd/outlet/target.h"

#include <stdio.h>
#include <string.h>

#include "irqherd/base/parse.h"

static struct target target_of_irq(struct irq *irq)
{
	if (!irq)
		return (struct target){ .cpu = CPU_NONE };
	return (struct target){
		.kind = TARGET_IRQ,
		.irq = irq,
		.device = irq_device(irq),
		.cpu = CPU_NONE,
	};
}

static struct target target_of_device(struct device *device, struct netdev *netdev)
{
	if (!device)
		return (struct target){ .cpu = CPU_NONE };
	return (struct target){
		.kind = TARGET_DEVICE,
		.device = device,
		.netdev = netdev,
		.cpu = CPU_NONE,
	};
}

static int address_parse(const char *text, struct pci_addr *ret_addr)
{
	char full[PCI_ADDR_TEXT];
	int length;

	if (pci_addr_parse(text, ret_addr) == 0)
		return 0;
	length = snprintf(full, sizeof(full), "0000:%s", text);
	return length < (int) sizeof(full) ? pci_addr_parse(full, ret_addr) : -1;
}

struct slot {
	struct pci_addr addr;
	bool has_device; /* else number is the IRQ's */
	uint32_t number;
};

static bool slot_parse(const char *text, struct slot *ret_slot)
{
	const char *slash = strrchr(text, '/');
	char address[PCI_ADDR_TEXT];

	*ret_slot = (struct slot){ .has_device = slash };
	if (strncmp(text, IRQ_SLOT_PREFIX, strlen(IRQ_SLOT_PREFIX)) == 0)
		return parse_u32(text + strlen(IRQ_SLOT_PREFIX), 0, IRQ_NUMBER_LIMIT - 1,
				 &ret_slot->number) == 0;
	if (!slash || (size_t) (slash - text) >= sizeof(address))
		return false;
	(void) snprintf(address, sizeof(address), "%.*s", (int) (slash - text), text);
	return address_parse(address, &ret_slot->addr) == 0 &&
	       parse_u32(slash + 1, 0, UINT16_MAX, &ret_slot->number) == 0;
}

bool target_parse_slot(const char *text, char slot[IRQ_SLOT_TEXT])
{
	char address[PCI_ADDR_TEXT];
	struct slot parsed;

	if (!slot_parse(text, &parsed))
		return false;
	if (parsed.has_device)
		(void) snprintf(slot, IRQ_SLOT_TEXT, "%s/%u",
				pci_addr_format(&parsed.addr, address), parsed.number);
	else
		(void) snprintf(slot, IRQ_SLOT_TEXT, IRQ_SLOT_PREFIX "%u", parsed.number);
	return true;
}

static struct irq *find_by_slot(const struct inventory *inventory, const char *text)
{
	const struct device *device;
	struct slot slot;

	if (!slot_parse(text, &slot))
		return NULL;
	if (!slot.has_device)
		return inventory_find_irq(inventory, slot.number);
	device = inventory_find_device(inventory, &slot.addr);
	if (!device)
		return NULL;
	list_foreach(vector, &device->vectors, struct vector, device_link)
		if (vector->index == slot.number)
			return vector->irq;
	return NULL;
}

/* One of several joined by commas counts as well. */
static bool has_action(const char *actions, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = actions; *at;) {
		size_t part = strcspn(at, ",");

		if (part == length && strncmp(at, name, length) == 0)
			return true;
		at += part;
		at += *at == ',';
	}
	return false;
}

static struct irq *find_by_action(const struct inventory *inventory, const char *name)
{
	inventory_foreach_irq(irq, inventory) {
		if (strcmp(irq->actions, name) == 0 || has_action(irq->actions, name))
			return irq;
	}
	return NULL;
}

struct target target_find(const struct inventory *inventory, const char *text)
{
	struct netdev *netdev;
	struct pci_addr addr;
	uint32_t number;
	struct irq *irq;

	if (!*text)
		return (struct target){ .cpu = CPU_NONE };
	if (parse_u32(text, 0, IRQ_NUMBER_LIMIT - 1, &number) == 0)
		return target_of_irq(inventory_find_irq(inventory, number));
	irq = find_by_slot(inventory, text);
	if (irq)
		return target_of_irq(irq);
	if (address_parse(text, &addr) == 0)
		return target_of_device(inventory_find_device(inventory, &addr), NULL);

	netdev = inventory_find_netdev_by_name(inventory, text);
	if (netdev && netdev->device)
		return target_of_device(netdev->device, netdev);
	if (strncmp(text, "cpu", 3) == 0 && parse_u32(text + 3, 0, CPU_LIMIT - 1, &number) == 0 &&
	    cpumask_test(&inventory->topology.possible, (int) number))
		return (struct target){ .kind = TARGET_CPU, .cpu = (int) number };
	return target_of_irq(find_by_action(inventory, text));
}
