/*
 * What happened, for explanations and streams. Entries outlive what they name, so names are copied.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "irqherd/base/clock.h"
#include "irqherd/base/log.h"
#include "irqherd/daemon/daemon.h"

static void put_words(struct history_entry *entry, const char *words)
{
	(void) snprintf(entry->words, sizeof(entry->words), "%s", words ? words : "");
}

static void put_irq(struct history_entry *entry, const struct irq *irq)
{
	const struct device *device = irq_device(irq);

	if (!device)
		return;
	entry->has_device = true;
	entry->addr = device->addr;
	entry->index = list_entry(irq->owners.next, const struct vector, irq_link)->index;
	if (!list_empty(&device->netdevs))
		memcpy(entry->netdev,
		       list_entry(device->netdevs.next, const struct netdev, device_link)->name,
		       sizeof(entry->netdev));
}

void daemon_record_change(struct daemon *daemon, const struct change *change, const char *words)
{
	struct history_entry entry = { .kind = HISTORY_CHANGE,
				       .time_ms = clock_now_ms(),
				       .change = *change,
				       .has_device = change->has_device,
				       .addr = change->addr,
				       .index = change->index };
	const struct netdev *netdev = NULL;

	if (change->ifindex > 0)
		netdev = inventory_find_netdev(&daemon->inventory, change->ifindex);
	if (netdev)
		memcpy(entry.netdev, netdev->name, sizeof(entry.netdev));
	put_words(&entry, words);
	history_put(&daemon->history, &entry);
	if (change->kind == CHANGE_IRQ_MOVED_BY_OTHERS)
		daemon->counts.foreign_writes++;
}

void daemon_record_move(struct daemon *daemon, const struct irq *irq, const struct move *move,
			enum move_result result, const char *words)
{
	struct history_entry entry = {
		.kind = HISTORY_MOVE, .time_ms = clock_now_ms(), .move = *move, .result = result
	};

	if (result == MOVE_APPLIED)
		daemon->counts.moves_by_reason[move->reason]++;
	else
		daemon->counts.move_errors[result]++;
	if (move->timed)
		entry.latency_ms = (uint32_t) move->after_ms;
	put_irq(&entry, irq);
	put_words(&entry, words);
	history_put(&daemon->history, &entry);
}

void daemon_record_proposal(struct daemon *daemon, const struct irq *irq, const struct move *move,
			    const char *words)
{
	struct history_entry entry = { .kind = HISTORY_PROPOSAL,
				       .time_ms = clock_now_ms(),
				       .move = *move };

	daemon->counts.proposals++;
	put_irq(&entry, irq);
	put_words(&entry, words);
	history_put(&daemon->history, &entry);
}

void daemon_record_outcome(struct daemon *daemon, const struct irq *irq, const char *words)
{
	const struct placement *placement = &irq->placement;
	struct history_entry entry = {
		.kind = HISTORY_SETTLED,
		.time_ms = clock_now_ms(),
		.placement = placement->state,
		.move = { .irq = irq->number,
			  .generation = irq->generation,
			  .from_cpu = placement->source_cpu,
			  .to_cpu = placement->target_cpu,
			  .reason = placement->reason,
			  .from_load_ppm = placement->source_load_ppm,
			  .to_load_ppm = placement->target_load_ppm },
	};

	put_irq(&entry, irq);
	put_words(&entry, words);
	history_put(&daemon->history, &entry);
}

void daemon_record(struct daemon *daemon, enum history_kind kind, const char *format, ...)
{
	struct history_entry entry = { .kind = kind, .time_ms = clock_now_ms() };
	va_list arguments;

	va_start(arguments, format);
	(void) vsnprintf(entry.words, sizeof(entry.words), format, arguments);
	va_end(arguments);
	history_put(&daemon->history, &entry);
	log_info("%s", entry.words);
}
