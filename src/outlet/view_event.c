/* What happened, as told to clients. */
#include <stdio.h>

#include "view_parts.h"

static const char *kind_of(const struct history_entry *entry)
{
	switch (entry->kind) {
	case HISTORY_CHANGE:
		return change_kind_name(entry->change.kind);
	case HISTORY_MOVE:
		return "move";
	case HISTORY_SETTLED:
		return "settled";
	case HISTORY_PROPOSAL:
		return "proposal";
	case HISTORY_RELOAD:
		return "reload";
	case HISTORY_RESYNC:
		return "resync";
	case HISTORY_STEER:
		break;
	}
	return "steer";
}

static bool is_move(const struct history_entry *entry)
{
	return entry->kind == HISTORY_MOVE || entry->kind == HISTORY_SETTLED ||
	       entry->kind == HISTORY_PROPOSAL;
}

static const char *result_of(const struct history_entry *entry)
{
	if (entry->kind == HISTORY_MOVE)
		return move_result_word(entry->result);
	if (entry->kind == HISTORY_PROPOSAL)
		return "planned";
	switch (entry->placement) {
	case PLACEMENT_STUCK:
		return "stuck";
	case PLACEMENT_REVERTED:
		return "reverted";
	case PLACEMENT_FAILED:
		return "failed";
	case PLACEMENT_REQUESTED:
		return "applied";
	case PLACEMENT_IDLE:
	case PLACEMENT_CONFIRMED:
		break;
	}
	return "confirmed";
}

/* The IRQ may be gone: then its slot is what the entry kept. */
static void put_kept_slot(struct maker *maker, json_t *move, const struct history_entry *entry)
{
	char address[PCI_ADDR_TEXT];
	char slot[IRQ_SLOT_TEXT];

	if (json_object_get(move, "slot") || !entry->has_device)
		return;
	(void) pci_addr_format(&entry->addr, address);
	(void) snprintf(slot, sizeof(slot), "%s/%u", address, entry->index);
	put_text(maker, move, "slot", slot);
	put_text(maker, move, "device", address);
	put_text(maker, move, "netdev", entry->netdev);
}

static json_t *make_past_move(struct maker *maker, const struct history_entry *entry)
{
	json_t *move = make_move(maker, &entry->move, result_of(entry));

	put_kept_slot(maker, move, entry);
	put_moment(maker, move, "time", entry->time_ms);
	if (entry->latency_ms > 0)
		put_seconds(maker, move, "latency", entry->latency_ms);
	put_words(maker, move, "words", entry->words);
	return move;
}

static void put_subject(struct maker *maker, json_t *event, const struct history_entry *entry)
{
	const struct netdev *netdev = NULL;
	bool change = entry->kind == HISTORY_CHANGE;
	char address[PCI_ADDR_TEXT];

	if (entry->has_device)
		put_text(maker, event, "device", pci_addr_format(&entry->addr, address));
	else if (change && entry->change.has_device)
		put_text(maker, event, "device", pci_addr_format(&entry->change.addr, address));
	if (change && entry->change.ifindex > 0)
		netdev = inventory_find_netdev(maker->view->inventory, entry->change.ifindex);
	put_text(maker, event, "netdev",
		 *entry->netdev ? entry->netdev
		 : netdev       ? netdev->name
				: NULL);
}

static void put_number(struct maker *maker, json_t *event, const struct history_entry *entry)
{
	if (is_move(entry)) {
		put_int(maker, event, "irq", entry->move.irq);
		return;
	}
	if (entry->kind != HISTORY_CHANGE)
		return;
	switch (entry->change.kind) {
	case CHANGE_IRQ_ARRIVED:
	case CHANGE_IRQ_GONE:
	case CHANGE_IRQ_REMADE:
	case CHANGE_IRQ_REQUESTED:
	case CHANGE_IRQ_RELEASED:
	case CHANGE_IRQ_RENAMED:
	case CHANGE_IRQ_REHOMED:
	case CHANGE_IRQ_MOVED_BY_KERNEL:
	case CHANGE_IRQ_MOVED_BY_OTHERS:
		put_int(maker, event, "irq", entry->change.irq);
		break;
	case CHANGE_CPU_ONLINE:
	case CHANGE_CPU_OFFLINE:
		put_int(maker, event, "cpu", entry->change.cpu);
		break;
	case CHANGE_DEVICE_ARRIVED:
	case CHANGE_DEVICE_GONE:
	case CHANGE_DEVICE_UPDATED:
	case CHANGE_DEVICE_REHOMED:
	case CHANGE_NETDEV_ARRIVED:
	case CHANGE_NETDEV_GONE:
	case CHANGE_NETDEV_RENAMED:
	case CHANGE_NETDEV_QUEUES:
	case CHANGE_NETDEV_LINK:
	case CHANGE_TOPOLOGY:
		break;
	}
}

json_t *make_event(struct maker *maker, const struct history_entry *entry)
{
	json_t *event = make_object(maker);

	put_moment(maker, event, "time", entry->time_ms);
	put_words(maker, event, "kind", kind_of(entry));
	put_subject(maker, event, entry);
	put_number(maker, event, entry);
	if (is_move(entry))
		put(maker, event, "move", make_past_move(maker, entry));
	put_words(maker, event, "words", entry->words);
	return event;
}

json_t *view_event(const struct view *view, const struct history_entry *entry)
{
	struct maker maker = { .view = view };
	json_t *answer = make_object(&maker);

	put(&maker, answer, "event", make_event(&maker, entry));
	return maker_finish(&maker, answer);
}
