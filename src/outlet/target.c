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

static struct irq *find_by_slot(const struct inventory *inventory, const char *text)
{
	const char *slash = strrchr(text, '/');
	const struct device *device;
	char address[PCI_ADDR_TEXT];
	struct pci_addr addr;
	uint32_t number;

	if (strncmp(text, "irq:", 4) == 0)
		return parse_u32(text + 4, 0, IRQ_NUMBER_LIMIT - 1, &number) == 0
			       ? inventory_find_irq(inventory, number)
			       : NULL;
	if (!slash || (size_t) (slash - text) >= sizeof(address) ||
	    parse_u32(slash + 1, 0, UINT32_MAX, &number) < 0)
		return NULL;
	(void) snprintf(address, sizeof(address), "%.*s", (int) (slash - text), text);
	if (address_parse(address, &addr) < 0)
		return NULL;
	device = inventory_find_device(inventory, &addr);
	if (!device)
		return NULL;
	list_foreach(vector, &device->vectors, struct vector, device_link)
		if (vector->index == number)
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
