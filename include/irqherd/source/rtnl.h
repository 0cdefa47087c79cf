/*
 * rtnl: network links by rtnetlink: arrival, removal, up, down, rename, move to another namespace.
 * By libmnl; the only file that knows it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "irqherd/source/dirty.h"

struct mnl_socket;

struct rtnl_source {
	struct mnl_socket *socket;
	struct dirty *dirty; /* borrowed */
	uint64_t received;
	uint64_t overruns;
};

int rtnl_init(struct rtnl_source *source, struct dirty *dirty, unsigned int receive_buffer);
void rtnl_deinit(struct rtnl_source *source);
int rtnl_fd(const struct rtnl_source *source);               /* -1: not open */
int rtnl_drain(struct rtnl_source *source, uint64_t now_ms); /* an overrun becomes HINT_RESYNC */

/*
 * Pure: decodes one datagram and puts its hints. data is aligned as a netlink header needs it.
 * Answers the number of hints or -EBADMSG (what came before the damage has been put). For tests and
 * fuzzing.
 */
int rtnl_decode(const void *data, size_t length, struct dirty *dirty, uint64_t now_ms);
