/*
 * irq, device, netdev: the records of the inventory.
 *
 * An IRQ is not its number: it is (device, vector index, generation). Number, actions and affinity
 * are attributes. Records are owned by the inventory; others borrow them until the change that
 * removes them has been returned.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/list.h"
#include "irqherd/model/facts.h"
#include "irqherd/model/rps.h"

enum home_origin {
	HOME_ALL,         /* nothing known, policy `all`, or node -1 said so */
	HOME_SYSFS,       /* the device's own numa_node and local_cpulist */
	HOME_PARENT,      /* its nearest parent that knows */
	HOME_PROPERTY,    /* udev property */
	HOME_PROXIMITY,   /* proximity file */
	HOME_RULE,        /* key `cpus`, or pinned by a client: never left for load, not even with
			     non_local_cpus */
	HOME_INTERLEAVED, /* node unknown, policy `interleave` */
	HOME_PREFERRED,   /* node unknown, policy `preferred` */
	HOME_IRQ_NODE,    /* /proc/irq/N/node of an IRQ without a device */
};

struct home {
	mask_id cpus; /* online CPUs that may be used; never empty while any CPU is */
	int node;     /* NODE_NONE: not one node */
	enum home_origin origin;
	unsigned int line; /* of the proximity file, if HOME_PROXIMITY */
	bool nearest;      /* the home itself has no usable CPU: these are the nearest ones */
};

/* Where a move of ours stands. What the kernel has not confirmed is a wish. */
enum placement_state {
	PLACEMENT_IDLE,      /* no move of ours, or long settled */
	PLACEMENT_REQUESTED, /* written; effective affinity does not show it yet */
	PLACEMENT_CONFIRMED, /* effective affinity shows the target; watched until its load follows
			      */
	PLACEMENT_STUCK,     /* the load stayed behind: not moved again while stuck */
	PLACEMENT_REVERTED,  /* somebody else changed it meanwhile */
	PLACEMENT_FAILED,    /* the kernel refused */
};

enum move_reason {
	REASON_NONE,
	REASON_OVERLOAD,        /* its CPU was at or above the threshold */
	REASON_FORBIDDEN,       /* its CPU may not be used (any more) */
	REASON_ARRIVAL,         /* new and badly placed */
	REASON_GO_HOME,         /* moved out earlier; home has room again */
	REASON_HOME_CHANGED,    /* its home is elsewhere now */
	REASON_AFFINITY_BROKEN, /* the kernel moved it away when a CPU went offline */
	REASON_GAIN,            /* expected gain below the threshold (strategy cost) */
	REASON_PINNED,          /* a client wants it there, active or not */
};

#define REASON_COUNT (REASON_PINNED + 1)

/* Why an IRQ is out of its home, which decides whether it goes back by itself. */
enum away {
	AWAY_NO,      /* at home, or never ours to judge: found there */
	AWAY_MOVED,   /* we moved it out */
	AWAY_BROKEN,  /* the kernel moved it out */
	AWAY_REHOMED, /* its home changed under it */
};

struct placement {
	enum placement_state state;
	enum move_reason reason; /* of the last move */
	enum away away;
	int source_cpu; /* of the last move; CPU_NONE: none yet */
	int target_cpu;
	int proposed_from; /* observing: the CPU that the recorded move was to take it off */
	uint64_t moved_ms; /* when written; 0: never moved in this generation */
	uint64_t cooldown_until_ms; /* not a candidate before */
	uint64_t said_until_ms;     /* observing: a move of it was said, and is not again before */
	uint64_t proposed_ms;     /* observing: when its recorded move was decided last; 0: none */
	uint64_t stuck_until_ms;  /* PLACEMENT_STUCK: looked at again then */
	uint64_t home_since_ms;   /* AWAY_MOVED: home has had room since; 0: it has none */
	uint32_t source_load_ppm; /* loads when the move was made */
	uint32_t target_load_ppm;
	uint8_t rounds;       /* watched since the last change of state */
	uint8_t bounces;      /* times it went back to where it came from */
	uint8_t fired;        /* of them, rounds in which it counted */
	uint8_t sticks;       /* times in a row that its load stayed behind */
	uint8_t busy_retries; /* EBUSY in a row */
	uint8_t no_online;    /* EINVAL in a row */
	bool refused;         /* EPERM or EIO: no candidate in this generation */
};

/* What an IRQ's work costs: learned from the loads of the CPUs it was seen on, or measured. */
struct cost {
	uint32_t ppm;  /* of a CPU, hard and soft interrupts */
	bool known;    /* false: never looked at while it fired */
	bool measured; /* a source that can tell sets it anew each round: not to be learned */
};

struct irq {
	unsigned int number; /* as in /proc/irq/<number>; key of inventory::irqs */
	uint32_t generation; /* unique for each making: the same number later has another */
	enum irq_type type;
	struct list_link
		owners;    /* vector::irq_link; empty for IRQ_OTHER; several only for IRQ_INTX */
	char *actions;     /* comma-joined; "" if unrequested */
	mask_id asked;     /* what smp_affinity says; MASK_NONE if unrequested */
	int effective_cpu; /* where it fires; CPU_NONE: several or unknown */
	int node;          /* IRQ_OTHER: /proc/irq/N/node */
	struct home home;  /* of its device; shared lines: intersection, else union */
	struct {
		enum queue_kind kind;
		unsigned int index;
		enum fact_origin origin;
	} queue;
	bool requested;
	bool managed;     /* never ours to move */
	bool banned;      /* the administrator said hands off */
	bool external;    /* a foreign hand placed it */
	bool arrival;     /* new and not judged yet: placed once it has an action */
	uint64_t told_ms; /* arrival: when its last event was received; 0: no event told of it */
	uint64_t external_until_ms; /* set by who handles CHANGE_IRQ_MOVED_BY_OTHERS; 0: not yet */
	struct placement placement;
	struct cost cost;
};

struct device;

struct vector {
	struct device *device; /* owner */
	struct irq *irq;
	unsigned int index;           /* stays when the number changes */
	struct list_link device_link; /* device::vectors, by index */
	struct list_link irq_link;    /* irq::owners */
};

struct device {
	struct pci_addr addr;
	uint32_t class;
	uint16_t vendor;
	uint16_t device;
	char *driver;       /* "" if none */
	int node;           /* what sysfs says, parents included */
	mask_id local_cpus; /* MASK_NONE where the node is known, too: then it is of no use */
	bool node_from_parent;
	bool awaits_udevd;         /* as in its facts */
	bool awaits_netdev;        /* as in its facts */
	uint64_t awaited_since_ms; /* kept by who waits, ends with the generation; 0: nobody does */
	bool ignored;
	enum rps_wish rps_wish; /* RPS_UNSAID: as the rules say */
	struct home_override override;
	struct home home;
	struct list_link vectors; /* vector::device_link */
	unsigned int vector_count;
	struct list_link netdevs;        /* netdev::device_link */
	struct list_link inventory_link; /* inventory::devices, by address */
	uint32_t generation;             /* driver bound anew */
};

struct netdev {
	int ifindex;
	char name[NETDEV_NAME_SIZE];
	bool up;
	bool awaits_udevd; /* as in its facts */
	bool has_device;
	struct pci_addr addr;
	unsigned int rx_queues;
	unsigned int tx_queues;
	struct queue_facts *queues; /* owned; what netdev genl told */
	unsigned int queue_count;
	bool queues_asked;               /* as in its facts */
	struct device *device;           /* NULL: virtual, or its device is not known (yet) */
	struct list_link device_link;    /* device::netdevs */
	struct list_link inventory_link; /* inventory::netdevs, by ifindex */
	struct rps rps;
};

const char *home_origin_name(enum home_origin origin);
const char *move_reason_name(enum move_reason reason);
const char *placement_state_name(enum placement_state state);
const char *irq_type_name(enum irq_type type);

/* The device that an IRQ belongs to (of a shared line the first by address); NULL: none. */
struct device *irq_device(const struct irq *irq);

/*
 * What names an IRQ for good, over hotplug and reboots: "0000:af:00.1/7" is vector 7 of that
 * device, "irq:9" an IRQ that has none. Of a shared line the first owner's.
 */
#define IRQ_SLOT_TEXT   40
#define IRQ_SLOT_PREFIX "irq:"
const char *irq_slot(const struct irq *irq, char text[IRQ_SLOT_TEXT]);
const char *vector_slot(const struct vector *vector, char text[IRQ_SLOT_TEXT]);

/* Whether the balancer may ever write it: requested, not managed, banned, refused or ignored. A
 * foreign hand only makes it wait. */
bool irq_movable(const struct irq *irq);

/*
 * Where an IRQ fires from its next interrupt on: a mask takes effect with that, and drivers set one
 * right after they requested the vector. CPU_NONE: several or unknown. Of a mask of several CPUs
 * that is still to take effect nobody knows which it will be: the answer is where it fires until
 * then.
 */
int irq_bound_cpu(const struct irq *irq);

/*
 * Guess from an action's name which queue it serves: the last number beside a word like rx, tx,
 * TxRx, input, comp, q; or beside the name of a network device ("eth0-3"), which drivers do not
 * follow through renames. netdev_name NULL: not a NIC, or not known. QUEUE_NONE for control vectors
 * and plain device names.
 */
void queue_from_action(const char *actions, const char *netdev_name, enum queue_kind *ret_kind,
		       unsigned int *ret_index);
