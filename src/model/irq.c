#include "irqherd/model/irq.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *home_origin_name(enum home_origin origin)
{
	switch (origin) {
	case HOME_ALL:
		return "all CPUs";
	case HOME_SYSFS:
		return "sysfs";
	case HOME_PARENT:
		return "parent device";
	case HOME_PROPERTY:
		return "udev property";
	case HOME_PROXIMITY:
		return "proximity file";
	case HOME_RULE:
		return "rule";
	case HOME_INTERLEAVED:
		return "interleaved";
	case HOME_PREFERRED:
		return "preferred node";
	case HOME_IRQ_NODE:
		return "IRQ's node";
	}
	return "unknown";
}

const char *move_reason_name(enum move_reason reason)
{
	switch (reason) {
	case REASON_NONE:
		return "none";
	case REASON_OVERLOAD:
		return "overloaded";
	case REASON_FORBIDDEN:
		return "forbidden-cpu";
	case REASON_ARRIVAL:
		return "arrival";
	case REASON_GO_HOME:
		return "go-home";
	case REASON_HOME_CHANGED:
		return "home-changed";
	case REASON_AFFINITY_BROKEN:
		return "affinity-broken";
	case REASON_GAIN:
		return "gain";
	case REASON_PINNED:
		return "pinned";
	}
	return "unknown";
}

const char *placement_state_name(enum placement_state state)
{
	switch (state) {
	case PLACEMENT_IDLE:
		return "idle";
	case PLACEMENT_REQUESTED:
		return "requested";
	case PLACEMENT_CONFIRMED:
		return "confirmed";
	case PLACEMENT_STUCK:
		return "stuck";
	case PLACEMENT_REVERTED:
		return "reverted";
	case PLACEMENT_FAILED:
		return "failed";
	}
	return "unknown";
}

const char *irq_type_name(enum irq_type type)
{
	switch (type) {
	case IRQ_OTHER:
		return "other";
	case IRQ_INTX:
		return "intx";
	case IRQ_MSI:
		return "msi";
	case IRQ_MSIX:
		return "msix";
	}
	return "unknown";
}

struct device *irq_device(const struct irq *irq)
{
	if (list_empty(&irq->owners))
		return NULL;
	return list_entry(irq->owners.next, struct vector, irq_link)->device;
}

bool irq_movable(const struct irq *irq)
{
	const struct list_link *owners = &irq->owners;

	if (!irq->requested || irq->managed || irq->banned || irq->placement.refused)
		return false;
	for (const struct list_link *link = owners->next; link != owners; link = link->next)
		if (list_entry(link, const struct vector, irq_link)->device->ignored)
			return false;
	return true;
}

int irq_bound_cpu(const struct irq *irq)
{
	int asked = mask_single(irq->asked);

	return asked != CPU_NONE ? asked : irq->effective_cpu;
}

/* --------------------------------------------------------------------------------------------------
 * queues by name */

/* Words that drivers put beside a queue's number. The longest that fits counts, so "txrx" is not
 * taken for "tx". */
static const struct {
	const char *word;
	enum queue_kind kind;
} queue_words[] = {
	{ "txrx", QUEUE_COMBINED },
	{ "rxtx", QUEUE_COMBINED },
	{ "tx-rx", QUEUE_COMBINED }, /* ena */
	{ "tr", QUEUE_COMBINED },
	{ "combined", QUEUE_COMBINED },
	{ "comp", QUEUE_COMBINED }, /* mlx5, efa */
	{ "mlx4", QUEUE_COMBINED }, /* "mlx4-3@0000:3b:00.0" */
	{ "mana_q", QUEUE_COMBINED },
	{ "fp", QUEUE_COMBINED },    /* bnx2x, qede */
	{ "slice", QUEUE_COMBINED }, /* myri10ge */
	{ "input", QUEUE_RX },       /* virtio-net */
	{ "output", QUEUE_TX },
	{ "rx", QUEUE_RX },
	{ "tx", QUEUE_TX },
	{ "rxq", QUEUE_RX }, /* hinic */
	{ "txq", QUEUE_TX },
	{ "ntfy-blk", QUEUE_OTHER }, /* gve: first those that send, then those that receive */
	{ "queue", QUEUE_OTHER },
	{ "req", QUEUE_OTHER },  /* virtio-blk */
	{ "msix", QUEUE_OTHER }, /* mpt3sas, megaraid_sas, hpsa */
	{ "lpfc:", QUEUE_OTHER },
	{ "q", QUEUE_OTHER },
};

/* Vectors that look like a queue's and are none: flow director of i40e and ice, administration of
 * NVMe. */
static bool is_control_vector(const char *action, size_t length)
{
	static const char nvme[] = "nvme";
	const char *admin = memmem(action, length, "q0", 2);

	if (memmem(action, length, ":fdir", 5))
		return true;
	return length > strlen(nvme) && strncmp(action, nvme, strlen(nvme)) == 0 && admin &&
	       admin + 2 == action + length;
}

/* Finds "<word><separators><digits>" where the word ends just before; compares without letter case.
 */
static bool word_before(const char *text, size_t end, enum queue_kind *ret_kind)
{
	size_t best = 0;

	while (end > 0 && strchr("-._ []", text[end - 1]))
		end--;
	for (size_t i = 0; i < sizeof(queue_words) / sizeof(queue_words[0]); i++) {
		size_t length = strlen(queue_words[i].word);

		if (length <= best || length > end)
			continue;
		if (strncasecmp(text + end - length, queue_words[i].word, length) != 0)
			continue;
		/* a word of its own, or behind digits ("nvme0q1"), not the tail of another
		 * ("vmux3") */
		if (end > length && length < 4 && isalpha((unsigned char) text[end - length - 1]))
			continue;
		best = length;
		*ret_kind = queue_words[i].kind;
	}
	return best > 0;
}

/* "eth0-3", also where the interface has got another name since its driver took the vectors. */
static bool is_name_and_number(const char *action, size_t start, size_t digits)
{
	if (digits < 2 || action[digits - 1] != '-')
		return false;
	if (start)
		return digits == start + 1;
	for (size_t i = 0; i + 1 < digits; i++)
		if (!isalnum((unsigned char) action[i]))
			return false;
	return true;
}

void queue_from_action(const char *actions, const char *netdev_name, enum queue_kind *ret_kind,
		       unsigned int *ret_index)
{
	size_t length = strcspn(actions, ",@");
	size_t name_length = netdev_name ? strlen(netdev_name) : 0;
	size_t start = 0, digits_end, digits_start;
	unsigned long index = 0;
	enum queue_kind kind;

	*ret_kind = QUEUE_NONE;
	*ret_index = 0;
	if (is_control_vector(actions, length))
		return;

	/* the device's own name is no queue, though it may end in a digit: "ens1f0", "eth0-tx-3",
	 * "eth0-3" */
	if (name_length && strncmp(actions, netdev_name, name_length) == 0)
		start = name_length;

	digits_end = length;
	while (digits_end > start && !isdigit((unsigned char) actions[digits_end - 1]) &&
	       strchr("]) ", actions[digits_end - 1]))
		digits_end--;
	digits_start = digits_end;
	while (digits_start > start && isdigit((unsigned char) actions[digits_start - 1]))
		digits_start--;
	if (digits_start == digits_end || digits_end - digits_start > 5)
		return;
	for (size_t i = digits_start; i < digits_end; i++)
		index = index * 10 + (unsigned long) (actions[i] - '0');

	if (word_before(actions, digits_start, &kind))
		*ret_kind = kind;
	else if (netdev_name && is_name_and_number(actions, start, digits_start))
		*ret_kind = QUEUE_COMBINED;
	else
		return;
	*ret_index = (unsigned int) index;
}

const char *vector_slot(const struct vector *vector, char text[IRQ_SLOT_TEXT])
{
	char addr[PCI_ADDR_TEXT];

	snprintf(text, IRQ_SLOT_TEXT, "%s/%u", pci_addr_format(&vector->device->addr, addr),
		 vector->index);
	return text;
}

const char *irq_slot(const struct irq *irq, char text[IRQ_SLOT_TEXT])
{
	if (!list_empty(&irq->owners))
		return vector_slot(list_entry(irq->owners.next, const struct vector, irq_link),
				   text);
	snprintf(text, IRQ_SLOT_TEXT, IRQ_SLOT_PREFIX "%u", irq->number);
	return text;
}
