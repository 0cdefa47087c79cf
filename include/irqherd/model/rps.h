/*
 * rps: receive packet steering, the kernel's spreading of one receive queue's packets over CPUs by
 * software. The words for it: what is wanted, where it stands, and the message that changes it.
 *
 * Interface: /sys/class/net/<name>/queues/rx-0/rps_cpus; no CPU in it: off.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/model/mask_table.h"

struct inventory;
struct irq;
struct netdev;

enum rps_wish {
	RPS_UNSAID, /* of a device: as the configuration says */
	RPS_OFF,
	RPS_AUTO, /* on while its CPU is overloaded by what it receives */
};

enum rps_state {
	RPS_IDLE,    /* packets are worked on where the IRQ fires */
	RPS_SPREAD,  /* by us */
	RPS_FOREIGN, /* set by somebody else: left alone */
	RPS_REFUSED, /* the kernel did not let us: not tried again while this device is there */
};

/* What a network device itself received, from round to round, while it is asked. */
struct received {
	uint32_t total;        /* packets since it is there, modulo 2^32 */
	uint32_t packets;      /* of them, since the round before */
	unsigned int readings; /* without a gap; 0: not asked, or it does not tell */
};

/* Part of struct netdev. */
struct rps {
	enum rps_state state;
	mask_id cpus;            /* RPS_SPREAD: what we wrote */
	uint64_t since_ms;       /* of the state; 0: from the start */
	uint64_t calm_since_ms;  /* RPS_SPREAD: one CPU could serve it all since; 0: it could not */
	unsigned int hot_rounds; /* RPS_IDLE: in a row, that its CPU was overloaded */
	struct received received;
};

enum rps_reason {
	RPS_FOR_LOAD,  /* its CPU is overloaded, and there is nothing else to move off it */
	RPS_FOR_DROPS, /* the CPU dropped packets or had no time for them */
	RPS_FOR_CPUS,  /* a CPU of the set may not be used any more */
	RPS_CALM,      /* one CPU is enough again */
	RPS_UNWANTED,  /* no longer asked for, or more than one queue now */
};

struct rps_change {
	int ifindex;
	enum rps_reason reason;
	struct cpumask cpus; /* empty: back to what was there before */
	int irq_cpu;         /* where its IRQ fires; CPU_NONE unknown */
	uint32_t load_ppm;   /* of that CPU */
	uint32_t dropped;    /* packets there, since the last round */
};

struct rps_plan {
	struct rps_change *items; /* at most one a network device */
	size_t count;
	size_t size;
};

#define RPS_PLAN_INIT ((struct rps_plan){ NULL, 0, 0 })

void rps_plan_deinit(struct rps_plan *plan);
int rps_plan_add(struct rps_plan *plan, const struct rps_change *change); /* -ENOMEM */

/* total is what the network device says now. */
void received_count(struct received *received, uint32_t total);

const char *rps_reason_name(enum rps_reason reason); /* "overloaded" */

/* What is wanted for it: its device's property, else the rules. Never RPS_UNSAID. */
enum rps_wish netdev_rps_wish(const struct inventory *inventory, const struct netdev *netdev);

/*
 * The IRQ of a network device's only receive queue: told by the driver, by its action's name, or
 * the only IRQ in use. NULL: it has several queues, or nobody can tell.
 */
const struct irq *netdev_only_receiver(const struct netdev *netdev);
