/*
 * slow_check: the safety net below the events. A few kept descriptors are read again each round; in
 * the course of many rounds the whole machine is gone over. Nothing is written, and nothing is
 * opened while the machine stays as it is and its descriptors are kept.
 *
 * Finds: an affinity that somebody changed, an IRQ that was freed and requested again, a device
 * list or a vector list that changed without an event, CPUs that were isolated or went unheard.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/model/load.h"
#include "irqherd/source/dirty.h"
#include "irqherd/source/machine.h"

/* System calls a round, while nothing differs. */
#define SLOW_CHECK_READS      3u
#define SLOW_CHECK_READS_MANY 4u   /* on a machine with so many IRQs that a pass takes long */
#define SLOW_CHECK_MANY       256u /* IRQs */

/* In all passes but one of so many, IRQs that did not fire since their last reading are left out:
 * whoever changed their affinity, nothing depends on it before they fire. */
#define SLOW_CHECK_WHOLE 8u

/* The CPU sets are looked at in one round of so many, too, however long a pass takes. */
#define SLOW_CHECK_CPUS_EVERY 32u

struct slow_check_entry {
	uint32_t generation; /* of the IRQ that was read; 0: none yet */
	uint32_t total;      /* its interrupts then */
	bool suspected;      /* its affinity differed the last time */
};

/* What a pass goes through, in this order. */
enum slow_check_turn {
	SLOW_CHECK_IRQS,
	SLOW_CHECK_DEVICES,
	SLOW_CHECK_CPUS,
};

/* A kept descriptor of one file. */
struct slow_check_file {
	int fd;     /* -1: not there on this kernel */
	bool tried; /* fd is valid */
};

struct slow_check {
	struct slow_check_entry *irqs; /* by IRQ number */
	unsigned int irq_slots;
	struct map folders;  /* owned; open folders: devices' vectors, and the list of devices */
	unsigned int cursor; /* next IRQ number */
	struct pci_addr device_cursor; /* next device after this one; all zero: from the start */
	enum slow_check_turn turn;
	struct slow_check_file online;   /* CPUs, as the kernel lists them */
	struct slow_check_file isolated; /* CPUs of isolated cpuset partitions */
	struct buf text;
	uint64_t rounds;
	uint64_t passes; /* whole rounds of the machine completed */
	uint64_t found;  /* differences */
};

int slow_check_init(struct slow_check *check);
void slow_check_deinit(struct slow_check *check);

/*
 * One round's share: reads until `reads` system calls are spent. sample: the last one, whose totals
 * tell who fired; NULL: nobody is left out. Affinities that two rounds in a row saw changed are
 * read into the inventory (LOOK_SLOW_CHECK); so is an IRQ that was freed, as one that was made
 * anew. It and devices whose vector list differs become hints in dirty.
 */
int slow_check_step(struct slow_check *check, struct machine *machine, struct dirty *dirty,
		    const struct sample *sample, unsigned int reads, uint64_t now_ms,
		    struct change_list *changes);

/* This IRQ's affinity was seen to differ from the record: it is read next, and once more in the
 * round after, as whatever differs. */
void slow_check_next(struct slow_check *check, const struct irq *irq);
