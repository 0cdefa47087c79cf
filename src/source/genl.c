/*
 * genl: two generic netlink families on two sockets.
 *
 * Notifications arrive on one socket; it is drained by plain recv, so that errno is the kernel's
 * own (libnl folds ENOBUFS, our signal for lost events, into its code for "out of memory").
 * Questions go over the other socket, answers are matched by sequence number, and a kernel that
 * stays silent costs QUERY_TIMEOUT_MS.
 *
 * The numbers of the netdev family are our own copies: they are fixed for ever in the kernel's
 * interface, and the header that has them is younger than some systems that we build on.
 */
#include <errno.h>
#include <limits.h>
#include <linux/ethtool_netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "irqherd/base/log.h"
#include "irqherd/base/macro.h"
#include "irqherd/source/genl.h"

#define RECEIVE_BUFFER   (1u << 20)
#define DATAGRAM_SIZE    (32u << 10) /* what the kernel fills at most in one part of a dump */
#define QUERY_TIMEOUT_MS 200u
#define QUERY_TRIES      3u /* a dump that was disturbed by a change is asked for again */

#define NETDEV_FAMILY "netdev"
#define NETDEV_GROUP  "mgmt"

enum netdev_command { /* linux/netdev.h: NETDEV_CMD_… */
	NETDEV_DEV_ADD_NTF = 2,
	NETDEV_DEV_DEL_NTF = 3,
	NETDEV_DEV_CHANGE_NTF = 4,
	NETDEV_QUEUE_GET = 10,
	NETDEV_NAPI_GET = 11,
};

enum netdev_dev_attr { /* NETDEV_A_DEV_… */
	NETDEV_DEV_IFINDEX = 1,
};

enum netdev_queue_attr { /* NETDEV_A_QUEUE_… */
	NETDEV_QUEUE_ID = 1,
	NETDEV_QUEUE_IFINDEX = 2,
	NETDEV_QUEUE_TYPE = 3,
	NETDEV_QUEUE_NAPI_ID = 4,
};

enum netdev_napi_attr { /* NETDEV_A_NAPI_… */
	NETDEV_NAPI_IFINDEX = 1,
	NETDEV_NAPI_ID = 2,
	NETDEV_NAPI_IRQ = 3,
};

enum queue_type { /* NETDEV_QUEUE_TYPE_…; further types serve no interrupt of their own */
	QUEUE_TYPE_RX = 0,
	QUEUE_TYPE_TX = 1,
};

/* --- sockets --- */

static struct nl_sock *socket_open(void)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (!sock)
		return NULL;
	if (genl_connect(sock) < 0) {
		nl_socket_free(sock);
		return NULL;
	}
	return sock;
}

/* Without CAP_NET_ADMIN the usual limit holds: a small buffer only means more resyncs. */
static void set_buffer(int fd, unsigned int size)
{
	int value = size > INT_MAX ? INT_MAX : (int) size;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof(value)) < 0)
		(void) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value));
}

static int family_join(struct genl_source *source, const char *family, const char *group)
{
	int id = genl_ctrl_resolve(source->queries, family);
	int membership;

	if (id < 0)
		return -1;

	membership = genl_ctrl_resolve_grp(source->queries, family, group);
	if (membership < 0 || nl_socket_add_membership(source->events, membership) < 0)
		log_debug("generic netlink group is refused, going on without: family=%s group=%s",
			  family, group);
	return id;
}

int genl_init(struct genl_source *source, struct dirty *dirty, unsigned int receive_buffer)
{
	const struct timeval timeout = { .tv_usec = QUERY_TIMEOUT_MS * 1000 };
	int r;

	*source = (struct genl_source){ .dirty = dirty, .netdev_family = -1, .ethtool_family = -1 };

	errno = 0;
	source->events = socket_open();
	source->queries = socket_open();
	if (!source->events || !source->queries) {
		r = errno > 0 ? -errno : -EPROTONOSUPPORT;
		genl_deinit(source);
		return r;
	}

	set_buffer(nl_socket_get_fd(source->events),
		   receive_buffer ? receive_buffer : RECEIVE_BUFFER);
	if (nl_socket_set_nonblocking(source->events) < 0 ||
	    setsockopt(nl_socket_get_fd(source->queries), SOL_SOCKET, SO_RCVTIMEO, &timeout,
		       sizeof(timeout)) < 0) {
		r = -errno;
		genl_deinit(source);
		return r;
	}

	source->ethtool_family = family_join(source, ETHTOOL_GENL_NAME, ETHTOOL_MCGRP_MONITOR_NAME);
	source->netdev_family = family_join(source, NETDEV_FAMILY, NETDEV_GROUP);
	return 0;
}

void genl_deinit(struct genl_source *source)
{
	nl_socket_free(source->events);
	nl_socket_free(source->queries);
	source->events = NULL;
	source->queries = NULL;
}

int genl_fd(const struct genl_source *source)
{
	return source->events ? nl_socket_get_fd(source->events) : -1;
}

static ssize_t receive(struct nl_sock *sock, void *data, size_t size)
{
	ssize_t length;

	do {
		length = recv(nl_socket_get_fd(sock), data, size, MSG_TRUNC);
	} while (length < 0 && errno == EINTR);

	return length < 0 ? -errno : length;
}

/* --- notifications --- */

static void put_resync(struct genl_source *source, uint64_t now_ms)
{
	source->overruns++;
	(void) dirty_put(source->dirty, &(struct hint){ .kind = HINT_RESYNC }, now_ms);
}

static void drain_datagram(struct genl_source *source, const void *data, size_t length,
			   uint64_t now_ms)
{
	const struct nlmsghdr *message = data;
	int r = 0;

	if (length < sizeof(*message))
		r = -EBADMSG;
	else if (message->nlmsg_type == source->ethtool_family)
		r = genl_decode_event(data, length, GENL_ETHTOOL, source->dirty, now_ms);
	else if (message->nlmsg_type == source->netdev_family)
		r = genl_decode_event(data, length, GENL_NETDEV, source->dirty, now_ms);

	if (r < 0) {
		log_debug("generic netlink datagram is broken, comparing all: length=%zu", length);
		put_resync(source, now_ms);
	}
}

int genl_drain(struct genl_source *source, uint64_t now_ms)
{
	_Alignas(struct nlmsghdr) char data[DATAGRAM_SIZE];

	if (!source->events)
		return 0;

	for (;;) {
		ssize_t length = receive(source->events, data, sizeof(data));

		if (length == -EAGAIN)
			return 0;
		if (length == -ENOBUFS) {
			put_resync(source, now_ms);
			continue;
		}
		if (length < 0)
			return (int) length;

		source->received++;
		if ((size_t) length > sizeof(data))
			put_resync(source, now_ms);
		else
			drain_datagram(source, data, (size_t) length, now_ms);
	}
}

/* 0, unknown, where no interface can have that index. */
static int get_ifindex(const struct nlattr *attr)
{
	uint32_t ifindex = nla_get_u32(attr);

	return ifindex <= INT_MAX ? (int) ifindex : 0;
}

/* The header that starts every message of the ethtool family: which device it is about. */
static int decode_ethtool_header(struct nlattr *nest, struct hint *hint)
{
	static const struct nla_policy policy[ETHTOOL_A_HEADER_DEV_NAME + 1] = {
		[ETHTOOL_A_HEADER_DEV_INDEX] = { .type = NLA_U32 },
		[ETHTOOL_A_HEADER_DEV_NAME] = { .type = NLA_STRING, .maxlen = NETDEV_NAME_SIZE },
	};
	struct nlattr *attrs[ARRAY_SIZE(policy)];

	if (!nest || nla_parse_nested(attrs, (int) ARRAY_SIZE(policy) - 1, nest, policy) < 0)
		return -EBADMSG;

	if (attrs[ETHTOOL_A_HEADER_DEV_INDEX])
		hint->ifindex = get_ifindex(attrs[ETHTOOL_A_HEADER_DEV_INDEX]);
	if (attrs[ETHTOOL_A_HEADER_DEV_NAME])
		(void) nla_strlcpy(hint->name, attrs[ETHTOOL_A_HEADER_DEV_NAME],
				   sizeof(hint->name));
	return 0;
}

static int decode_ethtool(const struct genlmsghdr *header, struct hint *hint)
{
	/* The header nest is attribute 1 of every message. */
	static const struct nla_policy policy[ETHTOOL_A_CHANNELS_HEADER + 1] = {
		[ETHTOOL_A_CHANNELS_HEADER] = { .type = NLA_NESTED },
	};
	struct nlattr *attrs[ARRAY_SIZE(policy)];

	if (header->cmd != ETHTOOL_MSG_CHANNELS_NTF && header->cmd != ETHTOOL_MSG_RINGS_NTF)
		return 0;

	if (nla_parse(attrs, (int) ARRAY_SIZE(policy) - 1, genlmsg_attrdata(header, 0),
		      genlmsg_attrlen(header, 0), policy) < 0)
		return -EBADMSG;
	return decode_ethtool_header(attrs[ETHTOOL_A_CHANNELS_HEADER], hint);
}

static int decode_netdev(const struct genlmsghdr *header, struct hint *hint)
{
	static const struct nla_policy policy[NETDEV_DEV_IFINDEX + 1] = {
		[NETDEV_DEV_IFINDEX] = { .type = NLA_U32 },
	};
	struct nlattr *attrs[ARRAY_SIZE(policy)];

	if (header->cmd != NETDEV_DEV_ADD_NTF && header->cmd != NETDEV_DEV_DEL_NTF &&
	    header->cmd != NETDEV_DEV_CHANGE_NTF)
		return 0;

	if (nla_parse(attrs, (int) ARRAY_SIZE(policy) - 1, genlmsg_attrdata(header, 0),
		      genlmsg_attrlen(header, 0), policy) < 0 ||
	    !attrs[NETDEV_DEV_IFINDEX])
		return -EBADMSG;
	hint->ifindex = get_ifindex(attrs[NETDEV_DEV_IFINDEX]);
	return 0;
}

int genl_decode_event(const void *data, size_t length, enum genl_kind family, struct dirty *dirty,
		      uint64_t now_ms)
{
	/* libnl's functions want what they only read to be writable. */
	struct nlmsghdr *message = (struct nlmsghdr *) (uintptr_t) data;
	int left = length > INT_MAX ? INT_MAX : (int) length;
	bool broken = false;
	int hints = 0;

	for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left)) {
		struct hint hint = { .kind = HINT_NETDEV };
		int r;

		if (message->nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		if (!genlmsg_valid_hdr(message, 0)) {
			broken = true;
			continue;
		}

		if (family == GENL_ETHTOOL)
			r = decode_ethtool(genlmsg_hdr(message), &hint);
		else
			r = decode_netdev(genlmsg_hdr(message), &hint);
		if (r < 0)
			broken = true;
		else if ((hint.name[0] || hint.ifindex > 0) && dirty_put(dirty, &hint, now_ms) == 0)
			hints++;
	}

	/* Alignment may carry the last step past the end; anything else left over is no message. */
	if (broken || left > 0)
		return -EBADMSG;
	return hints;
}

/* --- which IRQ serves which queue --- */

void queue_list_deinit(struct queue_list *list)
{
	free(list->items);
	*list = QUEUE_LIST_INIT;
}

/* One whole message of the netdev family: its attributes up to `limit`, all of them numbers. */
static int decode_numbers(const void *data, size_t length, uint8_t command, int limit,
			  const struct nla_policy *policy, struct nlattr **attrs)
{
	struct nlmsghdr *message = (struct nlmsghdr *) (uintptr_t) data;
	const struct genlmsghdr *header;

	if (length > INT_MAX || !nlmsg_ok(message, (int) length) || !genlmsg_valid_hdr(message, 0))
		return -EBADMSG;

	header = genlmsg_hdr(message);
	if (header->cmd != command || nla_parse(attrs, limit, genlmsg_attrdata(header, 0),
						genlmsg_attrlen(header, 0), policy) < 0)
		return -EBADMSG;
	return 0;
}

int genl_decode_queue(const void *data, size_t length, struct genl_queue *ret_queue)
{
	static const struct nla_policy policy[NETDEV_QUEUE_NAPI_ID + 1] = {
		[NETDEV_QUEUE_ID] = { .type = NLA_U32 },
		[NETDEV_QUEUE_TYPE] = { .type = NLA_U32 },
		[NETDEV_QUEUE_NAPI_ID] = { .type = NLA_U32 },
	};
	struct nlattr *attrs[ARRAY_SIZE(policy)];
	struct genl_queue queue = { 0 };

	if (decode_numbers(data, length, NETDEV_QUEUE_GET, (int) ARRAY_SIZE(policy) - 1, policy,
			   attrs) < 0)
		return -EBADMSG;
	if (!attrs[NETDEV_QUEUE_ID] || !attrs[NETDEV_QUEUE_TYPE])
		return -EBADMSG;

	queue.id = nla_get_u32(attrs[NETDEV_QUEUE_ID]);
	queue.type = nla_get_u32(attrs[NETDEV_QUEUE_TYPE]);
	if (attrs[NETDEV_QUEUE_NAPI_ID])
		queue.napi = nla_get_u32(attrs[NETDEV_QUEUE_NAPI_ID]);

	*ret_queue = queue;
	return 0;
}

int genl_decode_napi(const void *data, size_t length, struct genl_napi *ret_napi)
{
	static const struct nla_policy policy[NETDEV_NAPI_IRQ + 1] = {
		[NETDEV_NAPI_ID] = { .type = NLA_U32 },
		[NETDEV_NAPI_IRQ] = { .type = NLA_U32 },
	};
	struct nlattr *attrs[ARRAY_SIZE(policy)];
	struct genl_napi napi = { 0 };

	if (decode_numbers(data, length, NETDEV_NAPI_GET, (int) ARRAY_SIZE(policy) - 1, policy,
			   attrs) < 0)
		return -EBADMSG;
	if (!attrs[NETDEV_NAPI_ID])
		return -EBADMSG;

	napi.id = nla_get_u32(attrs[NETDEV_NAPI_ID]);
	if (attrs[NETDEV_NAPI_IRQ])
		napi.irq = nla_get_u32(attrs[NETDEV_NAPI_IRQ]);

	*ret_napi = napi;
	return 0;
}

static int order(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_napis(const void *left, const void *right)
{
	const struct genl_napi *a = left, *b = right;

	return order(a->id, b->id);
}

static int compare_queues(const void *left, const void *right)
{
	const struct genl_queue *a = left, *b = right;
	int r;

	r = order(a->id, b->id);
	if (r == 0)
		r = order(a->napi, b->napi);
	if (r == 0)
		r = order(a->type, b->type);
	return r;
}

static void pointer_free(void *pointer)
{
	free(*(void **) pointer);
}

static void *copy_sorted(const void *items, size_t count, size_t size,
			 int (*compare)(const void *, const void *))
{
	void *copy = malloc(count * size);

	if (!copy)
		return NULL;
	memcpy(copy, items, count * size);
	qsort(copy, count, size, compare);
	return copy;
}

int genl_join(const struct genl_queue *queues, size_t queue_count, const struct genl_napi *napis,
	      size_t napi_count, struct queue_list *ret_queues)
{
	_cleanup_(pointer_free) struct genl_queue *sorted = NULL;
	_cleanup_(pointer_free) struct genl_napi *by_id = NULL;
	struct queue_list list = QUEUE_LIST_INIT;

	if (queue_count == 0 || napi_count == 0) {
		*ret_queues = list;
		return 0;
	}

	sorted = copy_sorted(queues, queue_count, sizeof(*queues), compare_queues);
	by_id = copy_sorted(napis, napi_count, sizeof(*napis), compare_napis);
	list.items = calloc(queue_count, sizeof(*list.items));
	if (!sorted || !by_id || !list.items) {
		queue_list_deinit(&list);
		return -ENOMEM;
	}
	list.size = queue_count;

	for (size_t i = 0; i < queue_count; i++) {
		const struct genl_queue *queue = &sorted[i];
		const struct genl_napi key = { .id = queue->napi };
		const struct genl_napi *napi;

		if (queue->napi == 0 || queue->type > QUEUE_TYPE_TX)
			continue;
		if (i > 0 && compare_queues(queue, &sorted[i - 1]) == 0)
			continue;

		napi = bsearch(&key, by_id, napi_count, sizeof(*by_id), compare_napis);
		if (!napi || napi->irq == 0)
			continue;

		/* Sorted so, a tx queue comes right after the rx queue that it shares all with. */
		if (i > 0 && queue->type == QUEUE_TYPE_TX && sorted[i - 1].type == QUEUE_TYPE_RX &&
		    sorted[i - 1].id == queue->id && sorted[i - 1].napi == queue->napi) {
			list.items[list.count - 1].kind = QUEUE_COMBINED;
			continue;
		}

		list.items[list.count++] = (struct queue_facts){
			.kind = queue->type == QUEUE_TYPE_RX ? QUEUE_RX : QUEUE_TX,
			.index = queue->id,
			.irq = napi->irq,
		};
	}

	*ret_queues = list;
	return 0;
}

/* --- the question --- */

/* Growing array of either kind of answer. */
struct answers {
	void *items;
	size_t count;
	size_t size;
};

static void answers_deinit(struct answers *answers)
{
	free(answers->items);
}

static void *answers_room(struct answers *answers, size_t item_size)
{
	if (answers->count == answers->size) {
		size_t size = answers->size ? 2 * answers->size : 64;
		void *items = reallocarray(answers->items, size, item_size);

		if (!items)
			return NULL;
		answers->items = items;
		answers->size = size;
	}
	return (char *) answers->items + answers->count * item_size;
}

static int put_answer(struct answers *answers, uint8_t command, const struct nlmsghdr *message)
{
	bool is_queue = command == NETDEV_QUEUE_GET;
	void *room = answers_room(answers,
				  is_queue ? sizeof(struct genl_queue) : sizeof(struct genl_napi));
	int r;

	if (!room)
		return -ENOMEM;

	r = is_queue ? genl_decode_queue(message, message->nlmsg_len, room)
		     : genl_decode_napi(message, message->nlmsg_len, room);
	if (r < 0)
		return r;

	answers->count++;
	return 0;
}

static int send_dump(struct genl_source *source, uint8_t command, int ifindex_attr, int ifindex,
		     uint32_t *ret_sequence)
{
	struct nl_msg *message = nlmsg_alloc();
	int r = -ENOMEM;

	if (!message)
		return -ENOMEM;

	if (genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, source->netdev_family, 0, NLM_F_DUMP,
			command, 1) &&
	    nla_put_u32(message, ifindex_attr, (uint32_t) ifindex) == 0) {
		r = nl_send_auto(source->queries, message) < 0 ? -EIO : 0;
		*ret_sequence = nlmsg_hdr(message)->nlmsg_seq;
	}
	nlmsg_free(message);
	return r;
}

/* 1: the answer is complete; 0: more is to come. -EINTR: disturbed, to be asked again. */
static int take_answers(const void *data, size_t length, uint32_t sequence, uint8_t command,
			struct answers *answers)
{
	struct nlmsghdr *message = (struct nlmsghdr *) (uintptr_t) data;
	int left = (int) length;
	int r;

	for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left)) {
		/* What is left of an answer that came too late. */
		if (message->nlmsg_seq != sequence)
			continue;
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;

		switch (message->nlmsg_type) {
		case NLMSG_DONE:
			/* A dump that failed half-way says so here. */
			if (nlmsg_datalen(message) >= (int) sizeof(int)) {
				memcpy(&r, nlmsg_data(message), sizeof(r));
				if (r < 0)
					return r;
			}
			return 1;
		case NLMSG_ERROR: {
			const struct nlmsgerr *error = nlmsg_data(message);

			if (nlmsg_datalen(message) < (int) sizeof(*error))
				return -EBADMSG;
			return error->error < 0 ? error->error : 1;
		}
		case NLMSG_NOOP:
		case NLMSG_OVERRUN:
			break;
		default:
			r = put_answer(answers, command, message);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int dump_once(struct genl_source *source, uint8_t command, int ifindex_attr, int ifindex,
		     struct answers *answers)
{
	_Alignas(struct nlmsghdr) char data[DATAGRAM_SIZE];
	uint32_t sequence = 0;
	int r;

	r = send_dump(source, command, ifindex_attr, ifindex, &sequence);
	if (r < 0)
		return r;

	for (;;) {
		ssize_t length = receive(source->queries, data, sizeof(data));

		if (length < 0)
			return (int) length;
		if ((size_t) length > sizeof(data))
			return -EMSGSIZE;

		r = take_answers(data, (size_t) length, sequence, command, answers);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

static int dump(struct genl_source *source, uint8_t command, int ifindex_attr, int ifindex,
		struct answers *answers)
{
	int r = -EINTR;

	for (unsigned int i = 0; i < QUERY_TRIES && r == -EINTR; i++) {
		answers->count = 0;
		r = dump_once(source, command, ifindex_attr, ifindex, answers);
	}

	switch (r) {
	case -EOPNOTSUPP: /* an older kernel's family, or a driver that does not tell */
	case -ENODEV:
	case -ENOENT:
		answers->count = 0;
		return 0;
	case -EINTR: /* changing all the time; a later look finds it at rest */
		answers->count = 0;
		return 0;
	}
	return r;
}

/* Answers how many of the NAPIs have an IRQ. */
static size_t count_irqs(const struct answers *napis)
{
	const struct genl_napi *items = napis->items;
	size_t count = 0;

	for (size_t i = 0; i < napis->count; i++)
		count += items[i].irq != 0;
	return count;
}

int genl_read_queues(struct genl_source *source, int ifindex, struct queue_list *ret_queues)
{
	_cleanup_(answers_deinit) struct answers queues = { 0 };
	_cleanup_(answers_deinit) struct answers napis = { 0 };
	int r;

	source->asked++;
	if (source->netdev_family < 0 || ifindex <= 0) {
		*ret_queues = QUEUE_LIST_INIT;
		return 0;
	}

	/* NAPIs first: most drivers tell no IRQ, and then the queues need not be asked for. */
	r = dump(source, NETDEV_NAPI_GET, NETDEV_NAPI_IFINDEX, ifindex, &napis);
	if (r < 0)
		return r;
	if (count_irqs(&napis) > 0) {
		r = dump(source, NETDEV_QUEUE_GET, NETDEV_QUEUE_IFINDEX, ifindex, &queues);
		if (r < 0)
			return r;
	}
	return genl_join(queues.items, queues.count, napis.items, napis.count, ret_queues);
}
