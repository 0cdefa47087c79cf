/*
 * slow_check: the safety net below the events. A few kept descriptors are read again each round; in
 * the course of many rounds the whole machine is gone over. Nothing is written, and nothing is
 * opened while the machine stays as it is and is small enough for its descriptors to be kept.
 *
 * Finds: an affinity that somebody changed, an IRQ that was freed and requested again, a device
 * list or a vector list that changed without an event, CPUs that were isolated or went unheard.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/source/dirty.h"
#include "irqherd/source/machine.h"

#define SLOW_CHECK_READS 3u    /* system calls a round, while nothing differs */
#define SLOW_CHECK_KEPT  4096u /* descriptors kept at most; further files are opened and closed */

struct slow_check_entry {
	int fd;              /* -1: not open */
	uint32_t generation; /* of the IRQ that the descriptor belongs to */
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
	struct slow_check_entry *irqs; /* by IRQ number: smp_affinity_list */
	unsigned int irq_slots;
	struct map folders; /* owned; open folders: devices' vectors, and the list of devices */
	unsigned int kept;  /* open descriptors, folders included */
	unsigned int kept_limit;
	unsigned int cursor;           /* next IRQ number */
	struct pci_addr device_cursor; /* next device after this one; all zero: from the start */
	enum slow_check_turn turn;
	struct slow_check_file online;   /* CPUs, as the kernel lists them */
	struct slow_check_file isolated; /* CPUs of isolated cpuset partitions */
	uint64_t isolated_hash;          /* of its text in the last pass; 0: not read yet */
	struct buf text;
	uint64_t passes; /* whole rounds of the machine completed */
	uint64_t found;  /* differences */
};

int slow_check_init(struct slow_check *check, unsigned int kept_limit);
void slow_check_deinit(struct slow_check *check);

/*
 * One round's share: reads until `reads` system calls are spent, or one folder. Affinities that two
 * rounds in a row saw changed are read into the inventory (LOOK_SLOW_CHECK); so is an IRQ that was
 * freed, as one that was made anew. It and devices whose vector list differs become hints in dirty.
 */
int slow_check_step(struct slow_check *check, struct machine *machine, struct dirty *dirty,
		    unsigned int reads, uint64_t now_ms, struct change_list *changes);
