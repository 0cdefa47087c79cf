/*
 * rtnl: rtnetlink's link group. The only message that a driver's late vectors cause is a link going
 * up, so every NEWLINK is a hint; that a virtual interface which talks all the time costs little is
 * the dirty set's business.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "irqherd/base/log.h"
#include "irqherd/source/rtnl.h"

#define RECEIVE_BUFFER (4u << 20)
#define DATAGRAM_SIZE  (32u << 10) /* the kernel never builds a larger notification */

static void set_buffer(int fd, unsigned int size)
{
	int value = size > INT_MAX ? INT_MAX : (int) size;

	/* Without CAP_NET_ADMIN the usual limit holds: a small buffer only means more resyncs. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof(value)) < 0)
		(void) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value));
}

int rtnl_init(struct rtnl_source *source, struct dirty *dirty, unsigned int receive_buffer)
{
	int r;

	*source = (struct rtnl_source){ .dirty = dirty };

	source->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (!source->socket)
		return -errno;
	set_buffer(mnl_socket_get_fd(source->socket),
		   receive_buffer ? receive_buffer : RECEIVE_BUFFER);

	if (mnl_socket_bind(source->socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0) {
		r = -errno;
		rtnl_deinit(source);
		return r;
	}
	return 0;
}

void rtnl_deinit(struct rtnl_source *source)
{
	if (source->socket)
		(void) mnl_socket_close(source->socket);
	source->socket = NULL;
}

int rtnl_fd(const struct rtnl_source *source)
{
	return source->socket ? mnl_socket_get_fd(source->socket) : -1;
}

static void put_resync(struct rtnl_source *source, uint64_t now_ms)
{
	source->overruns++;
	(void) dirty_put(source->dirty, &(struct hint){ .kind = HINT_RESYNC }, now_ms);
}

int rtnl_drain(struct rtnl_source *source, uint64_t now_ms)
{
	_Alignas(struct nlmsghdr) char data[DATAGRAM_SIZE];

	if (!source->socket)
		return 0;

	for (;;) {
		ssize_t length = mnl_socket_recvfrom(source->socket, data, sizeof(data));
		int error = errno;

		if (length >= 0) {
			source->received++;
			if (rtnl_decode(data, (size_t) length, source->dirty, now_ms) < 0) {
				log_debug("rtnetlink datagram is broken, comparing all: length=%zd",
					  length);
				put_resync(source, now_ms);
			}
			continue;
		}

		switch (error) {
		case EINTR:
			break;
		case EAGAIN:
			return 0;
		case ENOBUFS: /* told once; the oldest messages are still there */
		case ENOSPC:  /* libmnl: the datagram was larger than the buffer */
			put_resync(source, now_ms);
			break;
		default:
			return -error;
		}
	}
}

/* True: something to look at. */
static bool decode_link(const struct nlmsghdr *message, struct hint *ret_hint, bool *ret_broken)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct hint hint = { .kind = HINT_NETDEV };
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*link)) {
		*ret_broken = true;
		return false;
	}

	/* A bridge tells of its ports in the same group under its own family. */
	if (link->ifi_family != AF_UNSPEC || link->ifi_index <= 0)
		return false;
	hint.ifindex = link->ifi_index;

	mnl_attr_for_each(attr, message, sizeof(*link))
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_WIRELESS: /* scan results and the like, some each second */
			return false;
		case IFLA_IFNAME:
			if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ||
			    mnl_attr_get_payload_len(attr) > sizeof(hint.name)) {
				*ret_broken = true;
				return false;
			}
			(void) strncpy(hint.name, mnl_attr_get_str(attr), sizeof(hint.name) - 1);
			break;
		}
	}

	*ret_hint = hint;
	return true;
}

/* mnl_nlmsg_ok compares as int: a length beyond INT_MAX passes it, and the next step would not
 * move. */
static bool message_ok(const struct nlmsghdr *message, int left)
{
	return mnl_nlmsg_ok(message, left) && message->nlmsg_len <= (uint32_t) left;
}

int rtnl_decode(const void *data, size_t length, struct dirty *dirty, uint64_t now_ms)
{
	const struct nlmsghdr *message = data;
	int left = length > INT_MAX ? INT_MAX : (int) length;
	bool broken = false;
	int hints = 0;

	for (; message_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		struct hint hint;

		if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
			continue;
		if (decode_link(message, &hint, &broken)) {
			(void) dirty_put(dirty, &hint, now_ms);
			hints++;
		}
	}

	/* Alignment may carry the last step past the end; anything else left over is no message. */
	if (broken || left > 0)
		return -EBADMSG;
	return hints;
}
