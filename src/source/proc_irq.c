/*
 * An IRQ is shown in two places. /sys/kernel/irq/N exists for every descriptor and tells chip,
 * hwirq and actions; /proc/irq/N exists once the IRQ was requested and tells its affinity. Kernels
 * before 4.9, and captured trees, lack the first one: /proc/interrupts then names chip and actions,
 * and where even that is missing the sub-folders of /proc/irq/N are named like the actions.
 *
 * /proc/interrupts has 13 MB on a machine with 1,152 CPUs, of which only the ends of its lines are
 * of use here, so it is streamed and the counts are passed over without a look at their digits.
 */
#include "irqherd/source/proc_irq.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attr.h"
#include "interrupts_text.h"
#include "irqherd/base/parse.h"
#include "irqherd/model/inventory.h"

#define MSI_INDEX_MASK 0x7ffu /* PCI-MSI hwirq: domain, device, then 11 bits of vector index */

void irq_reading_deinit(struct irq_reading *reading)
{
	if (reading->fd >= 0)
		(void) close(reading->fd);
	free(reading->actions);
	*reading = IRQ_READING_INIT;
}

int chip_pci_addr(const char *chip, struct pci_addr *ret_addr)
{
	const char *dash = strrchr(chip, '-');

	return dash && pci_addr_parse(dash + 1, ret_addr) == 0 ? 0 : -ENOENT;
}

static bool chip_is_msi(const char *chip)
{
	return strstr(chip, "MSI") != NULL;
}

static unsigned int vector_index(const char *chip, int64_t hwirq)
{
	struct pci_addr addr;

	if (hwirq < 0)
		return 0;
	if (chip_is_msi(chip) && chip_pci_addr(chip, &addr) < 0)
		return (unsigned int) hwirq & MSI_INDEX_MASK;
	return (unsigned int) hwirq;
}

bool irq_index_known(const struct irq_reading *reading)
{
	return chip_is_msi(reading->chip) && reading->hwirq >= 0;
}

/* --- actions of /proc/interrupts --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether one of eight bytes is a letter, a colon, or anything above the digits. */
static bool any_above_digits(uint64_t bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	return (((bytes & ones * 0x7f) + ones * (0x80 - '9' - 1)) | bytes) & ones * 0x80;
}

/* The first byte that can belong neither to a count nor to the blanks between counts. */
static const char *skip_counts(const char *text, const char *end)
{
	while (end - text >= 8) {
		uint64_t bytes;

		memcpy(&bytes, text, sizeof(bytes));
		if (any_above_digits(bytes))
			break;
		text += 8;
	}
	while (text < end && (unsigned char) *text <= '9')
		text++;
	return text;
}

/* One block holds the row and its texts. */
static struct action_row *row_new(const struct token *chip, int64_t hwirq,
				  const struct token *actions)
{
	struct action_row *row = malloc(sizeof(*row) + chip->length + actions->length + 2);

	if (!row)
		return NULL;
	row->hwirq = hwirq;

	row->chip = (char *) (row + 1);
	memcpy(row->chip, chip->text, chip->length);
	row->chip[chip->length] = '\0';

	row->actions = row->chip + chip->length + 1;
	row_actions_copy(row->actions, actions);
	return row;
}

static int put_row(struct action_table *table, unsigned int number, struct action_row *row)
{
	struct action_row *old = map_find(&table->rows, (uint64_t) number + 1);
	int r;

	r = map_put(&table->rows, (uint64_t) number + 1, row);
	if (r < 0)
		free(row);
	else
		free(old);
	return r;
}

static int parse_row(void *context, const char *text, const char *end)
{
	struct action_table *table = context;
	struct action_row *row;
	unsigned int number = 0;
	struct row_tail tail;
	const char *counts;

	while (text < end && *text == ' ')
		text++;
	if (text == end || !is_digit(*text))
		return 0;
	for (; text < end && is_digit(*text); text++) {
		number = number * 10 + (unsigned int) (*text - '0');
		if (number >= IRQ_NUMBER_LIMIT)
			return 0;
	}
	if (text == end || *text != ':')
		return 0;
	counts = ++text;

	text = skip_counts(text, end);
	while (text < end && text > counts && text[-1] != ' ')
		text--;
	tail = row_tail_parse(text, end);

	row = row_new(&tail.chip, tail.hwirq, &tail.actions);
	return row ? put_row(table, number, row) : -ENOMEM;
}

void action_table_deinit(struct action_table *table)
{
	struct action_row *row;
	size_t cursor = 0;

	while ((row = map_next(&table->rows, &cursor)))
		free(row);
	map_deinit(&table->rows);
	*table = ACTION_TABLE_INIT;
}

int action_table_parse(const char *text, size_t length, struct action_table *ret_table)
{
	struct action_table table = ACTION_TABLE_INIT;
	int r;

	r = lines_of_text(text, length, parse_row, &table);
	if (r < 0) {
		action_table_deinit(&table);
		return r;
	}
	*ret_table = table;
	return 0;
}

int action_table_read(struct fsroot *root, struct action_table *ret_table)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct action_table table = ACTION_TABLE_INIT;
	int fd, r;

	fd = fsroot_open(root, FSROOT_PROC, O_RDONLY, "interrupts");
	if (fd < 0)
		return fd;
	r = lines_of_file(fd, &text, parse_row, &table);
	(void) close(fd);
	if (r < 0) {
		action_table_deinit(&table);
		return r;
	}

	*ret_table = table;
	return 0;
}

const struct action_row *action_table_find(const struct action_table *table, unsigned int number)
{
	return map_find(&table->rows, (uint64_t) number + 1);
}

/* --- one IRQ --- */

/* What /proc/irq/N says. */
struct affinity {
	bool managed;
	struct cpumask asked; /* empty: not told */
	int effective_cpu;
};

/* Opens a file of /proc/irq/N by the name of its list, else of its hex. */
static int open_mask(struct fsroot *root, unsigned int number, const char *name,
		     enum mask_form *ret_form)
{
	int fd;

	*ret_form = MASK_LIST;
	fd = fsroot_open(root, FSROOT_PROC, O_RDONLY, "irq/%u/%s_list", number, name);
	if (fd != -ENOENT)
		return fd;
	*ret_form = MASK_HEX;
	return fsroot_open(root, FSROOT_PROC, O_RDONLY, "irq/%u/%s", number, name);
}

/* Linux 6.12 takes the write bits of smp_affinity away where the kernel keeps the affinity.
 * ret_fd: the list, still open; -1: there is none. NULL: nobody wants it. */
static int read_asked(struct fsroot *root, unsigned int number, struct buf *text, bool *ret_managed,
		      struct cpumask *ret_asked, int *ret_fd)
{
	struct cpumask asked = CPUMASK_NONE;
	enum mask_form form;
	struct stat st;
	int fd, r;

	fd = open_mask(root, number, "smp_affinity", &form);
	if (fd < 0)
		return fd;
	r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0)
		r = file_read_record(fd, text);
	if (r < 0 || !ret_fd || form != MASK_LIST) {
		(void) close(fd);
		fd = -1;
	}
	if (r < 0)
		return r;

	(void) attr_parse_mask(buf_text(text), form, &asked);
	if (ret_fd)
		*ret_fd = fd;
	*ret_managed = (st.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0;
	*ret_asked = asked;
	return 0;
}

/* -ENOENT: the kernel (before 4.13) or the chip does not tell. */
static int read_effective(struct fsroot *root, unsigned int number, struct buf *text, int *ret_cpu)
{
	struct cpumask cpus = CPUMASK_NONE;
	enum mask_form form;
	int fd, r;

	fd = open_mask(root, number, "effective_affinity", &form);
	if (fd < 0)
		return fd;
	r = file_read_record(fd, text);
	(void) close(fd);
	if (r < 0)
		return r;

	(void) attr_parse_mask(buf_text(text), form, &cpus);
	*ret_cpu = cpumask_single(&cpus);
	return 0;
}

/* -ENOENT: there is no such file, or not any more. ret_fd as above. */
static int read_affinity(struct fsroot *root, unsigned int number, struct buf *text,
			 struct affinity *ret, int *ret_fd)
{
	struct affinity affinity = { .effective_cpu = CPU_NONE };
	int r;

	r = read_asked(root, number, text, &affinity.managed, &affinity.asked, ret_fd);
	if (r < 0)
		return attr_gone(r) ? -ENOENT : r;

	r = read_effective(root, number, text, &affinity.effective_cpu);
	if (attr_fatal(r)) {
		if (ret_fd && *ret_fd >= 0)
			(void) close(*ret_fd);
		if (ret_fd)
			*ret_fd = -1;
		return r;
	}
	if (r < 0)
		affinity.effective_cpu = cpumask_single(&affinity.asked);

	*ret = affinity;
	return 0;
}

int irq_read_affinity(struct fsroot *root, unsigned int number, struct mask_table *masks,
		      mask_id *ret_asked, int *ret_effective_cpu)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct affinity affinity;
	mask_id asked;
	int r;

	r = read_affinity(root, number, &text, &affinity, NULL);
	if (r < 0)
		return r;
	r = mask_intern(masks, &affinity.asked, &asked);
	if (r < 0)
		return r;

	*ret_asked = asked;
	*ret_effective_cpu = affinity.effective_cpu;
	return 0;
}

int irq_read_effective(struct fsroot *root, unsigned int number, int *ret_cpu)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct affinity affinity;
	int cpu, r;

	r = read_effective(root, number, &text, &cpu);
	if (r == 0) {
		*ret_cpu = cpu;
		return 0;
	}
	if (!attr_gone(r))
		return r;

	r = read_affinity(root, number, &text, &affinity, NULL);
	if (r < 0)
		return r;
	*ret_cpu = affinity.effective_cpu;
	return 0;
}

struct folder_names {
	struct fsroot *root;
	unsigned int number;
	struct buf text;
};

/* Of the entries of /proc/irq/N only the actions are folders. */
static int take_action_folder(void *context, const char *name)
{
	struct folder_names *names = context;

	if (!fsroot_exists(names->root, FSROOT_PROC, "irq/%u/%s/.", names->number, name))
		return 0;
	return buf_printf(&names->text, "%s%s", names->text.length > 0 ? "," : "", name);
}

static int actions_from_folders(struct fsroot *root, unsigned int number, char **ret_actions)
{
	struct folder_names names = { root, number, BUF_INIT };
	char *actions;
	int r;

	r = fsroot_list(root, FSROOT_PROC, take_action_folder, &names, "irq/%u", number);
	if (attr_fatal(r)) {
		buf_deinit(&names.text);
		return r;
	}
	actions = strdup(buf_text(&names.text));
	buf_deinit(&names.text);
	if (!actions)
		return -ENOMEM;
	*ret_actions = actions;
	return 0;
}

static void set_chip(struct irq_reading *reading, const char *chip)
{
	size_t length = strlen(chip);

	if (length >= sizeof(reading->chip))
		length = sizeof(reading->chip) - 1;
	memcpy(reading->chip, chip, length);
	reading->chip[length] = '\0';
}

/* Actions, chip and hwirq as sysfs tells them; -ENOENT: it knows no such IRQ. */
static int describe_by_sysfs(struct fsroot *root, unsigned int number, const char *chip,
			     struct buf *text, struct irq_reading *reading)
{
	int r;

	r = attr_read_text(root, text, "kernel/irq/%u/actions", number);
	if (r < 0)
		return attr_fatal(r) ? r : -ENOENT;
	reading->actions = strdup(buf_text(text));
	if (!reading->actions)
		return -ENOMEM;

	if (chip) {
		set_chip(reading, chip);
	} else {
		r = attr_read_text(root, text, "kernel/irq/%u/chip_name", number);
		if (attr_fatal(r))
			return r;
		if (r == 0)
			set_chip(reading, buf_text(text));
	}

	r = attr_read_text(root, text, "kernel/irq/%u/hwirq", number);
	if (attr_fatal(r))
		return r;
	if (r == 0)
		reading->hwirq = hwirq_parse(buf_text(text), text->length);
	return 0;
}

static int describe_by_table(const struct action_row *row, struct irq_reading *reading)
{
	reading->actions = strdup(row->actions);
	if (!reading->actions)
		return -ENOMEM;
	set_chip(reading, row->chip);
	reading->hwirq = row->hwirq;
	return 0;
}

/* A table may be older than an IRQ, and has no row for one that nobody requested: these are looked
 * at by their folders. */
static int describe(struct fsroot *root, unsigned int number, const struct action_table *actions,
		    const char *chip, bool has_folder, struct buf *text,
		    struct irq_reading *reading)
{
	const struct action_row *row = actions ? action_table_find(actions, number) : NULL;
	int r;

	if (row)
		return describe_by_table(row, reading);
	r = describe_by_sysfs(root, number, chip, text, reading);
	if (r != -ENOENT || !has_folder)
		return r;
	return actions_from_folders(root, number, &reading->actions);
}

int irq_read_vector(struct fsroot *root, unsigned int number, struct mask_table *masks,
		    const struct action_table *actions, const char *chip,
		    struct irq_reading *ret_reading)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct irq_reading reading = IRQ_READING_INIT;
	struct affinity affinity = { .effective_cpu = CPU_NONE };
	struct irq_facts *facts = &reading.facts;
	bool has_folder;
	int r;

	reading.hwirq = -1;
	r = read_affinity(root, number, &text, &affinity, &reading.fd);
	if (attr_fatal(r))
		return r;
	has_folder = r == 0 || fsroot_exists(root, FSROOT_PROC, "irq/%u/.", number);

	r = describe(root, number, actions, chip, has_folder, &text, &reading);
	if (r < 0)
		goto fail;

	r = mask_intern(masks, &affinity.asked, &facts->asked);
	if (r < 0)
		goto fail;
	facts->number = number;
	facts->index = vector_index(reading.chip, reading.hwirq);
	facts->type = IRQ_OTHER;
	facts->requested = has_folder && reading.actions[0] != '\0';
	facts->managed = affinity.managed;
	facts->actions = reading.actions;
	facts->effective_cpu = affinity.effective_cpu;
	facts->node = NODE_NONE;

	*ret_reading = reading;
	return 0;

fail:
	irq_reading_deinit(&reading);
	return r;
}

int irq_read(struct fsroot *root, unsigned int number, struct mask_table *masks,
	     const struct action_table *actions, struct irq_reading *ret_reading)
{
	struct irq_reading reading;
	int32_t node;
	int r;

	r = irq_read_vector(root, number, masks, actions, NULL, &reading);
	if (r < 0)
		return r;

	r = attr_read_i32(root, FSROOT_PROC, NODE_NONE, INT16_MAX, &node, "irq/%u/node", number);
	if (attr_fatal(r)) {
		irq_reading_deinit(&reading);
		return r;
	}
	if (r == 0)
		reading.facts.node = node;

	*ret_reading = reading;
	return 0;
}

static int take_number(void *context, const char *name)
{
	uint32_t number;

	if (attr_name_number(name, IRQ_NUMBER_LIMIT - 1, &number) < 0)
		return 0;
	return irq_number_list_append(context, number);
}

int irq_list(struct fsroot *root, struct irq_number_list *ret_list)
{
	struct irq_number_list list = IRQ_NUMBER_LIST_INIT;
	int r;

	r = fsroot_list(root, FSROOT_PROC, take_number, &list, "irq");
	if (r < 0 && r != -ENOENT) {
		irq_number_list_deinit(&list);
		return r;
	}
	irq_number_list_sort(&list);
	*ret_list = list;
	return 0;
}
