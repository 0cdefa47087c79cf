/*
 * history: what happened lately: changes of the machine, moves and what became of them, what
 * clients asked for. A ring that forgets the oldest; explanations and streams are made of it.
 *
 * Entries are plain data that outlive the records that they name: texts are copied, slots name
 * IRQs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/model/change.h"
#include "irqherd/model/inventory.h"
#include "irqherd/model/move.h"

#define HISTORY_WORDS 160

enum history_kind {
	HISTORY_CHANGE,
	HISTORY_MOVE,
	HISTORY_SETTLED,  /* a move was confirmed, is stuck, was reverted or refused later on */
	HISTORY_PROPOSAL, /* a move that was decided and not made: observing, frozen, dry run */
	HISTORY_RELOAD,
	HISTORY_RESYNC,
	HISTORY_STEER, /* a client changed something: pin, ban, CPUs, freeze, thaw, rescan */
};

struct history_entry {
	uint64_t sequence; /* grows by one; the first is 1 */
	uint64_t time_ms;  /* monotonic */
	enum history_kind kind;
	struct change change; /* HISTORY_CHANGE */
	struct move move;     /* HISTORY_MOVE, _PROPOSAL, _SETTLED; irq 0, generation 0 otherwise */
	enum move_result result;        /* HISTORY_MOVE */
	enum placement_state placement; /* HISTORY_SETTLED */
	uint32_t latency_ms; /* HISTORY_MOVE of an arrival: from the last event's receipt to the
				write's return */
	bool has_device;
	struct pci_addr addr;          /* of the IRQ's device, if has_device */
	unsigned int index;            /* vector index, if has_device */
	char netdev[NETDEV_NAME_SIZE]; /* "" none */
	char words[HISTORY_WORDS];     /* the log line, cut to size */
};

struct history {
	struct history_entry *entries; /* a ring of `size` */
	size_t size;
	uint64_t next; /* sequence of the next one */
};

#define HISTORY_INIT ((struct history){ .next = 1 })

int history_init(struct history *history, size_t size); /* -ENOMEM */
void history_deinit(struct history *history);

/* Takes a copy and gives it its sequence number. Never fails; a history of size 0 only counts. */
void history_put(struct history *history, const struct history_entry *entry);

/* Sequence number of the oldest entry that is still there; `next` if none is. */
uint64_t history_oldest(const struct history *history);

/* The oldest entry with a sequence number >= sequence; NULL: none. */
const struct history_entry *history_from(const struct history *history, uint64_t sequence);
