/*
 * A device is read from its folder in bus/pci/devices. Any of its files may be missing (older
 * kernels, captured trees) or go away under the reader (surprise removal); only a missing file
 * tells these apart from a whole device, so after one the folder itself is asked for, once, at the
 * end.
 *
 * Where firmware names no node for a device, it often does for a bridge above it; the bridges are
 * the addresses in the link that the bus folder holds.
 */
#include "irqherd/source/sysfs_pci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "irqherd/base/parse.h"
#include "irqherd/model/inventory.h"

#define PCI_FOLDER "bus/pci/devices"

/* --- lists --- */

/* Room for one more of `item` bytes. */
static int grow(void **items, size_t count, size_t *size, size_t item)
{
	size_t wanted = *size ? 2 * *size : 16;
	void *grown;

	if (count < *size)
		return 0;
	grown = realloc(*items, wanted * item);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*size = wanted;
	return 0;
}

void pci_addr_list_deinit(struct pci_addr_list *list)
{
	free(list->items);
	*list = PCI_ADDR_LIST_INIT;
}

static int take_addr(void *context, const char *name)
{
	struct pci_addr_list *list = context;
	struct pci_addr addr;
	int r;

	if (pci_addr_parse(name, &addr) < 0)
		return 0;
	r = grow((void **) &list->items, list->count, &list->size, sizeof(list->items[0]));
	if (r < 0)
		return r;
	list->items[list->count++] = addr;
	return 0;
}

static int compare_addrs(const void *a, const void *b)
{
	return pci_addr_compare(a, b);
}

int device_list(struct fsroot *root, struct pci_addr_list *ret_list)
{
	struct pci_addr_list list = PCI_ADDR_LIST_INIT;
	int r;

	r = fsroot_list(root, FSROOT_SYS, take_addr, &list, PCI_FOLDER);
	if (r < 0 && r != -ENOENT) {
		pci_addr_list_deinit(&list);
		return r;
	}
	if (list.count > 1)
		qsort(list.items, list.count, sizeof(list.items[0]), compare_addrs);
	*ret_list = list;
	return 0;
}

/* --- IRQs of a device --- */

static int take_number(void *context, const char *name)
{
	uint32_t number;

	if (attr_name_number(name, IRQ_NUMBER_LIMIT - 1, &number) < 0)
		return 0;
	return irq_number_list_append(context, number);
}

/* -ENOENT: no folder, as without MSI. */
static int read_msi_irqs(struct fsroot *root, const char *addr, struct irq_number_list *list)
{
	int r;

	r = fsroot_list(root, FSROOT_SYS, take_number, list, PCI_FOLDER "/%s/msi_irqs", addr);
	if (r < 0)
		return attr_fatal(r) ? r : -ENOENT;
	irq_number_list_sort(list);
	return 0;
}

/*
 * The legacy line. The file holds a number for every device that has a pin, whether or not anyone
 * uses it, so a driver must be there, and the IRQ. Answers 1 with a line, else 0.
 */
static int read_intx(struct fsroot *root, const char *addr, uint32_t *ret_number)
{
	uint32_t number;
	int r;

	r = attr_read_u32(root, FSROOT_SYS, IRQ_NUMBER_LIMIT - 1, &number, PCI_FOLDER "/%s/irq",
			  addr);
	if (attr_fatal(r))
		return r;
	if (r < 0 || number == 0)
		return 0;
	if (!fsroot_exists(root, FSROOT_PROC, "irq/%u", number) &&
	    !fsroot_exists(root, FSROOT_SYS, "kernel/irq/%u", number))
		return 0;

	*ret_number = number;
	return 1;
}

static bool device_exists(struct fsroot *root, const char *addr)
{
	return fsroot_exists(root, FSROOT_SYS, PCI_FOLDER "/%s/.", addr);
}

int device_irq_numbers(struct fsroot *root, const struct pci_addr *addr,
		       struct irq_number_list *ret_list)
{
	struct irq_number_list list = IRQ_NUMBER_LIST_INIT;
	char name[PCI_ADDR_TEXT];
	uint32_t number;
	int r;

	pci_addr_format(addr, name);
	r = read_msi_irqs(root, name, &list);
	if (r == -ENOENT)
		r = device_exists(root, name) ? 0 : -ENOENT;
	if (r < 0)
		goto fail;

	if (list.count == 0) {
		_cleanup_(buf_deinit) struct buf target = BUF_INIT;

		if (fsroot_read_link(root, FSROOT_SYS, &target, PCI_FOLDER "/%s/driver", name) == 0)
			r = read_intx(root, name, &number);
		if (r > 0)
			r = irq_number_list_append(&list, number);
		if (r < 0)
			goto fail;
	}
	*ret_list = list;
	return 0;

fail:
	irq_number_list_deinit(&list);
	return r;
}

/* --- one device --- */

struct reader {
	struct fsroot *root;
	struct mask_table *masks;
	const struct action_table *actions;
	char addr[PCI_ADDR_TEXT];
	struct device_reading *reading;
	bool missed; /* something was not there: perhaps the whole device is not */
};

void device_reading_deinit(struct device_reading *reading)
{
	for (size_t i = 0; i < reading->irq_count; i++)
		irq_reading_deinit(&reading->irqs[i]);
	free(reading->irqs);
	free(reading->irq_facts);
	*reading = DEVICE_READING_INIT;
}

/* What a failed read means for the whole: ours is an error, the tree's an unknown value. */
static int note(struct reader *reader, int r)
{
	if (attr_fatal(r))
		return r;
	if (r < 0)
		reader->missed = true;
	return 0;
}

/* The driver's name is the end of a path, or of a line. */
static void set_driver(struct device_identity *identity, const char *name, size_t length)
{
	if (length >= sizeof(identity->driver))
		length = sizeof(identity->driver) - 1;
	memcpy(identity->driver, name, length);
	identity->driver[length] = '\0';
}

/* "8086:10D3" */
static bool parse_id(const char *value, struct device_identity *identity)
{
	uint32_t vendor, device;
	const char *colon = strchr(value, ':');
	char text[8];

	if (!colon || (size_t) (colon - value) >= sizeof(text))
		return false;
	memcpy(text, value, (size_t) (colon - value));
	text[colon - value] = '\0';
	if (parse_hex32(text, &vendor) < 0 || parse_hex32(colon + 1, &device) < 0)
		return false;
	identity->vendor = (uint16_t) vendor;
	identity->device = (uint16_t) device;
	return true;
}

/*
 * One file tells all of it, and of one moment. Answers whether it told class, vendor and device;
 * the driver is missing where none is bound.
 */
static bool parse_uevent(char *text, struct device_identity *identity)
{
	bool has_class = false, has_id = false;

	for (char *line = text, *next; line; line = next) {
		uint32_t class;
		char *value;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		value = strchr(line, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(line, "DRIVER") == 0) {
			set_driver(identity, value, strlen(value));
		} else if (strcmp(line, "PCI_CLASS") == 0 && parse_hex32(value, &class) == 0) {
			identity->class = class & 0xffffff;
			has_class = true;
		} else if (strcmp(line, "PCI_ID") == 0) {
			has_id = parse_id(value, identity);
		}
	}
	return has_class && has_id;
}

/* Of a failed reading only what concerns us is an error: the rest is an unknown value. */
static int note_missing(int r, bool *missed)
{
	if (attr_fatal(r))
		return r;
	*missed |= r < 0;
	return 0;
}

static int read_link_of_driver(struct fsroot *root, const char *addr,
			       struct device_identity *identity, bool *missed)
{
	_cleanup_(buf_deinit) struct buf target = BUF_INIT;
	const char *text, *slash;
	int r;

	r = fsroot_read_link(root, FSROOT_SYS, &target, PCI_FOLDER "/%s/driver", addr);
	if (r < 0)
		return note_missing(r, missed);
	text = buf_text(&target);
	slash = strrchr(text, '/');
	if (slash)
		text = slash + 1;
	set_driver(identity, text, strlen(text));
	return 0;
}

static int read_ids(struct fsroot *root, const char *addr, struct device_identity *identity,
		    bool *missed)
{
	uint32_t class = 0, vendor = 0, device = 0;
	int r;

	r = note_missing(attr_read_hex32(root, &class, PCI_FOLDER "/%s/class", addr), missed);
	if (r == 0)
		r = note_missing(attr_read_hex32(root, &vendor, PCI_FOLDER "/%s/vendor", addr),
				 missed);
	if (r == 0)
		r = note_missing(attr_read_hex32(root, &device, PCI_FOLDER "/%s/device", addr),
				 missed);
	identity->class = class & 0xffffff;
	identity->vendor = (uint16_t) vendor;
	identity->device = (uint16_t) device;
	return r;
}

/* Captured trees may lack the one file, and have the others. */
static int read_identity(struct fsroot *root, const char *addr, struct device_identity *identity,
			 bool *missed)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r;

	*identity = (struct device_identity){ 0 };
	r = attr_read_text(root, &text, PCI_FOLDER "/%s/uevent", addr);
	if (attr_fatal(r))
		return r;
	if (r < 0 || text.length == 0 || !parse_uevent(text.data, identity)) {
		r = read_ids(root, addr, identity, missed);
		if (r < 0)
			return r;
	}
	if (identity->driver[0] != '\0')
		return 0;
	return read_link_of_driver(root, addr, identity, missed);
}

int device_read_identity(struct fsroot *root, const struct pci_addr *addr,
			 struct device_identity *ret_identity)
{
	char name[PCI_ADDR_TEXT];
	bool missed = false;

	return read_identity(root, pci_addr_format(addr, name), ret_identity, &missed);
}

/* -1 also where the file is missing or odd. */
static int read_node(struct fsroot *root, const char *addr, int *ret_node)
{
	int32_t node = NODE_NONE;
	int r;

	r = attr_read_i32(root, FSROOT_SYS, NODE_NONE, INT16_MAX, &node, PCI_FOLDER "/%s/numa_node",
			  addr);
	*ret_node = node;
	return r;
}

/*
 * Walks from the device's own address in the path to the left, bridge by bridge. Answers 1 and the
 * bridge that knows its node, else 0.
 */
static int find_parent_node(struct fsroot *root, const char *addr, char parent[PCI_ADDR_TEXT],
			    int *node)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	bool self = true;
	char *slash;
	int r;

	r = fsroot_read_link(root, FSROOT_SYS, &path, PCI_FOLDER "/%s", addr);
	if (r < 0)
		return attr_fatal(r) ? r : 0;

	while ((slash = strrchr(path.data, '/'))) {
		struct pci_addr bridge;

		if (pci_addr_parse(slash + 1, &bridge) == 0) {
			if (!self) {
				pci_addr_format(&bridge, parent);
				r = read_node(root, parent, node);
				if (attr_fatal(r))
					return r;
				if (*node != NODE_NONE)
					return 1;
			}
			self = false;
		}
		*slash = '\0';
	}
	return 0;
}

static int read_local_cpus(struct reader *reader, const char *addr)
{
	struct cpumask cpus;
	int r;

	r = attr_read_mask(reader->root, FSROOT_SYS, MASK_LIST, &cpus,
			   PCI_FOLDER "/%s/local_cpulist", addr);
	if (r < 0 && !attr_fatal(r))
		r = attr_read_mask(reader->root, FSROOT_SYS, MASK_HEX, &cpus,
				   PCI_FOLDER "/%s/local_cpus", addr);
	if (r < 0)
		return note(reader, r);
	return mask_intern(reader->masks, &cpus, &reader->reading->facts.local_cpus);
}

static int read_place(struct reader *reader)
{
	struct device_facts *facts = &reader->reading->facts;
	char parent[PCI_ADDR_TEXT];
	int r;

	r = note(reader, read_node(reader->root, reader->addr, &facts->node));
	if (r < 0)
		return r;
	if (facts->node == NODE_NONE) {
		r = find_parent_node(reader->root, reader->addr, parent, &facts->node);
		if (r < 0)
			return r;
		facts->node_from_parent = r > 0;
	}
	return read_local_cpus(reader, facts->node_from_parent ? parent : reader->addr);
}

/* A vector that no driver requested exists in msi_irqs only, on kernels without /sys/kernel/irq. */
static void set_unrequested(struct irq_reading *reading, unsigned int number)
{
	*reading = IRQ_READING_INIT;
	reading->hwirq = -1;
	reading->facts.number = number;
	reading->facts.actions = "";
	reading->facts.asked = MASK_NONE;
	reading->facts.effective_cpu = CPU_NONE;
	reading->facts.node = NODE_NONE;
}

/* Reads into the next free place; a vector that was freed meanwhile leaves that place free. */
static int read_vector(struct reader *reader, unsigned int number, const char *chip, bool msi)
{
	struct device_reading *reading = reader->reading;
	struct irq_reading *vector = &reading->irqs[reading->irq_count];
	int r;

	r = irq_read_vector(reader->root, number, reader->masks, reader->actions, chip, vector);
	if (r == -ENOENT) {
		reader->missed = true;
		if (!msi || !fsroot_exists(reader->root, FSROOT_SYS, PCI_FOLDER "/%s/msi_irqs/%u",
					   reader->addr, number))
			return 0;
		set_unrequested(vector, number);
		r = 0;
	}
	if (r == 0)
		reading->irq_count++;
	return r;
}

/*
 * One file tells for all: a device uses MSI or MSI-X, never both. Before 3.14 these were folders;
 * there, MSI is told by `irq`, which holds the first vector with MSI and the line with MSI-X.
 */
static int read_msi_type(struct reader *reader, unsigned int number, enum irq_type *ret_type)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	uint32_t line = 0;
	int r;

	r = attr_read_text(reader->root, &text, PCI_FOLDER "/%s/msi_irqs/%u", reader->addr, number);
	if (r == 0) {
		*ret_type = strcmp(buf_text(&text), "msi") == 0 ? IRQ_MSI : IRQ_MSIX;
		return 0;
	}
	r = note(reader, r);
	if (r < 0)
		return r;

	r = note(reader, attr_read_u32(reader->root, FSROOT_SYS, UINT32_MAX, &line,
				       PCI_FOLDER "/%s/irq", reader->addr));
	if (r < 0)
		return r;
	*ret_type = line == number ? IRQ_MSI : IRQ_MSIX;
	return 0;
}

/*
 * A vector whose chip is unknown has its place among its sisters for an index; two of one index say
 * that the chip's numbers mean something else, and then all go by their places.
 */
static int set_indexes(struct device_reading *reading)
{
	struct irq_number_list sorted = IRQ_NUMBER_LIST_INIT;
	bool clash = false;
	int r = 0;

	for (size_t i = 0; i < reading->irq_count && r == 0; i++) {
		struct irq_reading *irq = &reading->irqs[i];

		if (!irq_index_known(irq))
			irq->facts.index = (unsigned int) i;
		r = irq_number_list_append(&sorted, irq->facts.index);
	}
	if (r < 0)
		goto finish;

	irq_number_list_sort(&sorted);
	for (size_t i = 1; i < sorted.count; i++)
		clash |= sorted.items[i] == sorted.items[i - 1];
	for (size_t i = 0; i < reading->irq_count && clash; i++)
		reading->irqs[i].facts.index = (unsigned int) i;

finish:
	irq_number_list_deinit(&sorted);
	return r;
}

static int read_vectors(struct reader *reader, const struct irq_number_list *numbers,
			enum irq_type type)
{
	struct device_reading *reading = reader->reading;
	const char *chip = NULL;
	int r;

	if (numbers->count == 0)
		return 0;
	reading->irqs = calloc(numbers->count, sizeof(reading->irqs[0]));
	reading->irq_facts = calloc(numbers->count, sizeof(reading->irq_facts[0]));
	if (!reading->irqs || !reading->irq_facts)
		return -ENOMEM;

	for (size_t i = 0; i < numbers->count; i++) {
		r = read_vector(reader, numbers->items[i], chip, type != IRQ_INTX);
		if (r < 0)
			return r;
		if (!chip && reading->irq_count > 0 &&
		    reading->irqs[reading->irq_count - 1].chip[0] != '\0')
			chip = reading->irqs[reading->irq_count - 1].chip;
	}

	r = set_indexes(reading);
	if (r < 0)
		return r;
	for (size_t i = 0; i < reading->irq_count; i++) {
		struct irq_facts *facts = &reading->irqs[i].facts;

		facts->type = type;
		if (type == IRQ_INTX)
			facts->index = 0;
		reading->irq_facts[i] = *facts;
	}
	return 0;
}

static int read_irqs(struct reader *reader)
{
	struct irq_number_list numbers = IRQ_NUMBER_LIST_INIT;
	enum irq_type type = IRQ_MSIX;
	uint32_t line;
	int r;

	r = read_msi_irqs(reader->root, reader->addr, &numbers);
	r = note(reader, r);
	if (r < 0)
		goto finish;

	if (numbers.count > 0) {
		r = read_msi_type(reader, numbers.items[0], &type);
	} else if (reader->reading->identity.driver[0] != '\0') {
		type = IRQ_INTX;
		r = read_intx(reader->root, reader->addr, &line);
		if (r > 0)
			r = irq_number_list_append(&numbers, line);
	}
	if (r == 0)
		r = read_vectors(reader, &numbers, type);

finish:
	irq_number_list_deinit(&numbers);
	return r;
}

static int read_device(struct reader *reader)
{
	int r;

	r = read_identity(reader->root, reader->addr, &reader->reading->identity, &reader->missed);
	if (r < 0)
		return r;
	r = read_place(reader);
	if (r < 0)
		return r;
	r = read_irqs(reader);
	if (r < 0)
		return r;
	return reader->missed && !device_exists(reader->root, reader->addr) ? -ENOENT : 0;
}

int device_read(struct fsroot *root, const struct pci_addr *addr, struct mask_table *masks,
		const struct action_table *actions, struct device_reading *ret_reading)
{
	struct device_reading reading = DEVICE_READING_INIT;
	struct reader reader = {
		.root = root, .masks = masks, .actions = actions, .reading = &reading
	};
	int r;

	pci_addr_format(addr, reader.addr);
	reading.facts.addr = *addr;
	reading.facts.node = NODE_NONE;
	r = read_device(&reader);
	if (r < 0) {
		device_reading_deinit(&reading);
		return r;
	}

	*ret_reading = reading;
	ret_reading->facts.class = reading.identity.class;
	ret_reading->facts.vendor = reading.identity.vendor;
	ret_reading->facts.device = reading.identity.device;
	ret_reading->facts.driver = ret_reading->identity.driver;
	ret_reading->facts.irqs = ret_reading->irq_facts;
	ret_reading->facts.irq_count = (unsigned int) ret_reading->irq_count;
	return 0;
}
