/*
 * genl: what drivers tell through generic netlink. `ethtool` notifications (channels, rings), and
 * the `netdev` family: notifications, and which IRQ serves which queue. By libnl-genl; the only
 * file that knows it.
 *
 * Either family may be missing on older kernels; then its part is silent.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "irqherd/model/facts.h"
#include "irqherd/source/capture.h"
#include "irqherd/source/dirty.h"

struct nl_sock;

struct genl_source {
	struct nl_sock *events;  /* notifications */
	struct nl_sock *queries; /* a socket of its own: answers never mix with notifications */
	int netdev_family;       /* -1: not on this kernel */
	int ethtool_family;
	struct dirty *dirty; /* borrowed */
	uint64_t asked;      /* network devices whose queues were asked for */
	uint64_t received;
	uint64_t overruns;
};

int genl_init(struct genl_source *source, struct dirty *dirty, unsigned int receive_buffer);
void genl_deinit(struct genl_source *source);
int genl_fd(const struct genl_source *source);               /* -1: not open */
int genl_drain(struct genl_source *source, uint64_t now_ms); /* an overrun becomes HINT_RESYNC */

/* Growing array of answers. */
struct queue_list {
	struct queue_facts *items;
	size_t count;
	size_t size;
};

#define QUEUE_LIST_INIT ((struct queue_list){ NULL, 0, 0 })

void queue_list_deinit(struct queue_list *list);

/*
 * Queue to NAPI to IRQ of one network device. Rx and tx queue of one NAPI with the same index
 * become QUEUE_COMBINED. An empty list where the family is missing, the network device is not up,
 * or its driver does not tell. Waits for the kernel's answer alone; on many kernels that waits for
 * its lock of network devices (rtnl), which a driver holds while it sets one up.
 */
int genl_read_queues(struct genl_source *source, int ifindex, struct queue_list *ret_queues);

/*
 * Pure decoders, for tests and fuzzing. data is aligned as a netlink header needs it.
 *
 * genl_decode_event: one datagram; family: which of the two it belongs to. Answers the number of
 * hints or -EBADMSG (what came before the damage has been put).
 */
enum genl_kind {
	GENL_ETHTOOL,
	GENL_NETDEV,
};
int genl_decode_event(const void *data, size_t length, enum genl_kind family, struct dirty *dirty,
		      uint64_t now_ms);

/* What queue-get and napi-get told, joined by NAPI id. Pure. */
struct genl_queue {
	uint32_t id;
	uint32_t type; /* 0 rx, 1 tx */
	uint32_t napi; /* 0: none */
};
struct genl_napi {
	uint32_t id;
	uint32_t irq; /* 0: the driver does not tell */
};
int genl_join(const struct genl_queue *queues, size_t queue_count, const struct genl_napi *napis,
	      size_t napi_count, struct queue_list *ret_queues);
int genl_decode_queue(const void *data, size_t length,
		      struct genl_queue *ret_queue); /* one message; -EBADMSG */
int genl_decode_napi(const void *data, size_t length, struct genl_napi *ret_napi);
