/*
 * A client is read until a whole call is there, then stands in the queue of those who have one. The
 * queue is served by an idle watcher of low priority: libev runs it when no event and no round is
 * pending, and looks for events again after each call. It stands one above the clients themselves,
 * so that who floods us does not keep others from being served. While a client has a reply to
 * read, nothing is read of it; so what one client can make us hold is one call and one reply.
 *
 * A tick each half second, only while there are clients, looks for who stalls, and deals out the
 * calls that may be made until the next one.
 */
#include "irqherd/outlet/control.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/fsroot.h"
#include "irqherd/base/list.h"
#include "irqherd/base/log.h"
#include "irqherd/base/parse.h"

#define TICK_S         .5
#define MESSAGE_S      10.  /* for a call, once it has begun */
#define REPLY_S        10.  /* for a reply to be taken, whole */
#define SILENT_S       300. /* between calls */
#define MAKES_ROOM_S   1.   /* silent for so long: gives way to who comes */
#define FREES_MEMORY_S .25  /* a reply not taken for so long: gives way to who asks */
#define ACCEPT_AT_ONCE 16u
#define READ_SIZE      16384u
#define STREAM_AT_ONCE 65536u
#define KEPT_BUFFER    4096u
#define BACKLOG        4096
#define SHARE          .4 /* of each tick, for calls */
#define MUCH           (256u << 10)
#define MANY           16u

struct client {
	struct control *control;
	struct list_link link;        /* control::clients, by the time of their last call */
	struct list_link ready_link;  /* control::ready */
	struct list_link stream_link; /* control::streaming */
	ev_io io;
	uid_t uid;
	struct buf in;
	struct buf out;
	size_t sent;        /* of out */
	uint64_t sequence;  /* of its stream */
	ev_tstamp since;    /* its last call, or its coming */
	ev_tstamp began;    /* its unfinished call or untaken reply */
	unsigned int calls; /* in this tick */
	bool ended;         /* nothing more comes from it */
};

struct control {
	struct ev_loop *loop;
	struct control_service service;
	char *path;
	dev_t device; /* of the file, so that only ours is removed */
	ino_t inode;
	ev_io listener;
	ev_idle server;
	ev_timer tick;
	struct list_link clients;
	struct list_link ready;
	struct list_link streaming;
	unsigned int calls; /* in this tick */
	ev_tstamp spent;    /* on them */
	bool crowd;         /* many clients or much for them, since there was none */
	struct control_counts counts;
};

/* --------------------------------------------------------------------------------------------------
 * clients */

static bool is_streaming(const struct client *client)
{
	return client->stream_link.next != NULL;
}

static bool has_reply(const struct client *client)
{
	return client->out.length > client->sent;
}

static bool has_call(const struct client *client)
{
	return client->in.length > 0 && memchr(client->in.data, '\0', client->in.length);
}

static void listen_again(struct control *control)
{
	if (control->counts.clients < CONTROL_CLIENTS)
		ev_io_start(control->loop, &control->listener);
}

static void give_memory_back(void)
{
#ifdef __GLIBC__
	(void) malloc_trim(0);
#endif
}

static void client_drop(struct client *client)
{
	struct control *control = client->control;

	ev_io_stop(control->loop, &client->io);
	(void) close(client->io.fd);
	list_remove(&client->link);
	list_remove(&client->ready_link);
	if (is_streaming(client))
		control->counts.streams--;
	list_remove(&client->stream_link);
	control->counts.clients--;
	control->counts.queued -= client->out.length - client->sent;
	buf_deinit(&client->in);
	buf_deinit(&client->out);
	free(client);

	listen_again(control);
	if (control->counts.clients > 0)
		return;
	ev_timer_stop(control->loop, &control->tick);
	/* the allocator keeps what a crowd left behind, and nobody will need it soon; what glibc
	 * has at hand for each small size (tcache, 240 kB at most) stays, on pages far from each
	 * other */
	if (control->crowd)
		give_memory_back();
	control->crowd = false;
}

static void client_throw_out(struct client *client, const char *why)
{
	log_debug("a client is dropped: uid=%u reason=%s", (unsigned int) client->uid, why);
	client->control->counts.dropped++;
	client_drop(client);
}

static void client_expect(struct client *client, int events)
{
	struct ev_loop *loop = client->control->loop;

	if (ev_is_active(&client->io) && (client->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(loop, &client->io);
	ev_io_set(&client->io, client->io.fd, events);
	if (events)
		ev_io_start(loop, &client->io);
}

/* Whether this tick leaves time for another call. */
static bool may_serve(const struct control *control)
{
	return control->calls < CONTROL_CALLS && control->spent < TICK_S * SHARE;
}

static void make_ready(struct client *client)
{
	struct control *control = client->control;

	client_expect(client, 0);
	if (!client->ready_link.next)
		list_append(&control->ready, &client->ready_link);
	if (may_serve(control))
		ev_idle_start(control->loop, &control->server);
}

static void forget_reply(struct client *client)
{
	if (client->out.size > KEPT_BUFFER)
		buf_deinit(&client->out);
	else
		buf_reset(&client->out);
	client->sent = 0;
}

/* False: the client is gone. */
static bool send_some(struct client *client)
{
	while (has_reply(client)) {
		ssize_t n = send(client->io.fd, client->out.data + client->sent,
				 client->out.length - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (n < 0) {
			client_drop(client);
			return false;
		}
		client->sent += (size_t) n;
		client->control->counts.queued -= (size_t) n;
	}
	forget_reply(client);
	return true;
}

/* All of it is new: nobody gets a second reply before the first is taken. */
static void note_queued(struct client *client)
{
	struct control *control = client->control;

	control->counts.queued += client->out.length;
	if (control->counts.queued > MUCH)
		control->crowd = true;
	if (has_reply(client))
		client->began = ev_now(control->loop);
}

/* What a client waits for next. Anything may have happened to it before. */
static void client_go_on(struct client *client)
{
	struct control *control = client->control;

	if (has_reply(client)) {
		client_expect(client, EV_WRITE);
		return;
	}
	while (is_streaming(client) && !has_reply(client)) {
		while (client->out.length < STREAM_AT_ONCE &&
		       control->service.next(control->service.context, &client->sequence,
					     &client->out))
			;
		if (client->out.length == 0)
			break;
		note_queued(client);
		if (!send_some(client))
			return;
	}
	if (has_reply(client))
		client_expect(client, EV_WRITE);
	else if (!is_streaming(client) && has_call(client))
		make_ready(client);
	else if (client->ended)
		client_drop(client);
	else
		client_expect(client, EV_READ);
}

/* --------------------------------------------------------------------------------------------------
 * calls */

/* Cuts the first message off what was read. */
static void take_message(struct client *client, size_t length)
{
	size_t rest = client->in.length - length - 1;

	memmove(client->in.data, client->in.data + length + 1, rest);
	client->in.length = rest;
	client->in.data[rest] = '\0';
	client->began = ev_now(client->control->loop);
	if (rest == 0 && client->in.size > KEPT_BUFFER)
		buf_deinit(&client->in);
}

/* False: the client is gone. */
static bool serve_call(struct client *client)
{
	struct control *control = client->control;
	struct varlink_call call = VARLINK_CALL_INIT;
	size_t length = strlen(client->in.data);
	enum control_answer answer;
	int r;

	r = varlink_call_parse(client->in.data, length, &call);
	if (r < 0) {
		client_throw_out(client, r == -ENOMEM ? "memory" : "message");
		return false;
	}
	control->counts.calls++;
	control->calls++;
	client->calls++;
	client->since = ev_now(control->loop);
	list_remove(&client->link);
	list_append(&control->clients, &client->link);
	answer = control->service.call(control->service.context, &call, client->uid, &client->out,
				       &client->sequence);
	varlink_call_deinit(&call);
	take_message(client, length);
	if (answer == CONTROL_STREAM && control->counts.streams >= CONTROL_STREAMS) {
		client_throw_out(client, "streams");
		return false;
	}
	if (answer == CONTROL_STREAM) {
		list_append(&control->streaming, &client->stream_link);
		control->counts.streams++;
	}
	note_queued(client);
	return send_some(client);
}

/* Those who do not read are many or want much: who was asked to read first goes. */
static void make_memory(struct control *control)
{
	ev_tstamp now = ev_now(control->loop);
	struct client *oldest = NULL;

	list_foreach(client, &control->clients, struct client, link) {
		if (has_reply(client) && (!oldest || client->began < oldest->began))
			oldest = client;
	}
	if (oldest && now - oldest->began >= FREES_MEMORY_S)
		client_throw_out(oldest, "memory");
}

static struct client *next_ready(struct control *control)
{
	list_foreach(client, &control->ready, struct client, ready_link) {
		if (client->calls < CONTROL_CALLS_EACH)
			return client;
	}
	return NULL;
}

static void on_idle(struct ev_loop *loop, ev_idle *watcher, int events)
{
	struct control *control = watcher->data;
	ev_tstamp begin, spent;
	struct client *client;

	(void) events;
	if (control->counts.queued >= CONTROL_QUEUED)
		make_memory(control);
	client = control->counts.queued < CONTROL_QUEUED && may_serve(control) ? next_ready(control)
									       : NULL;
	if (!client) {
		ev_idle_stop(loop, watcher); /* the next tick, or the next call, starts it */
		return;
	}
	list_remove(&client->ready_link);
	begin = ev_time();
	if (serve_call(client))
		client_go_on(client);
	/* the clock may be set meanwhile */
	spent = ev_time() - begin;
	control->spent += spent > 0. && spent < TICK_S ? spent : 0.;
}

/* --------------------------------------------------------------------------------------------------
 * reading, writing */

/* False: the client is gone. */
static bool read_some(struct client *client)
{
	ssize_t n;

	if (buf_reserve(&client->in, READ_SIZE) < 0) {
		client_throw_out(client, "memory");
		return false;
	}
	n = recv(client->io.fd, client->in.data + client->in.length, READ_SIZE, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return true;
	if (n < 0) {
		client_drop(client);
		return false;
	}
	if (n == 0) {
		client->ended = true;
		/* what is unfinished stays so, and nobody knows who else reads a stream */
		if (!is_streaming(client))
			return true;
		client_drop(client);
		return false;
	}
	if (client->in.length == 0)
		client->began = ev_now(client->control->loop);
	client->in.length += (size_t) n;
	client->in.data[client->in.length] = '\0';
	if (client->in.length > CONTROL_MESSAGE && (is_streaming(client) || !has_call(client))) {
		client_throw_out(client, "length");
		return false;
	}
	return true;
}

static void on_client(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct client *client = watcher->data;

	(void) loop;
	if (events & EV_WRITE && !send_some(client))
		return;
	if (events & EV_READ && !(events & EV_WRITE) && !read_some(client))
		return;
	client_go_on(client);
}

void control_stream(struct control *control)
{
	if (!control)
		return;
	list_foreach_safe(client, following, &control->streaming, struct client, stream_link) {
		if (!has_reply(client))
			client_go_on(client);
	}
}

/* --------------------------------------------------------------------------------------------------
 * coming */

/* Who was silent for long gives way; who was asked nothing yet has said nothing for as long. */
static bool make_room(struct control *control)
{
	ev_tstamp now = ev_now(control->loop);

	list_foreach(client, &control->clients, struct client, link) {
		if (now - client->since < MAKES_ROOM_S)
			return false;
		if (has_reply(client) || is_streaming(client) || client->ready_link.next)
			continue;
		client_throw_out(client, "room");
		return true;
	}
	return false;
}

static int client_new(struct control *control, int fd)
{
	struct client *client = calloc(1, sizeof(*client));
	socklen_t length = sizeof(struct ucred);
	struct ucred peer;

	if (!client)
		return -ENOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) {
		free(client);
		return -errno;
	}
	client->control = control;
	client->uid = peer.uid;
	client->since = client->began = ev_now(control->loop);
	ev_io_init(&client->io, on_client, fd, EV_READ);
	ev_set_priority(&client->io, EV_MINPRI);
	client->io.data = client;
	ev_io_start(control->loop, &client->io);
	list_append(&control->clients, &client->link);
	control->counts.accepted++;
	if (control->counts.clients++ == 0)
		ev_timer_again(control->loop, &control->tick);
	if (control->counts.clients >= MANY)
		control->crowd = true;
	return 0;
}

static void on_listener(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct control *control = watcher->data;

	(void) events;
	for (unsigned int i = 0; i < ACCEPT_AT_ONCE; i++) {
		int fd;

		if (control->counts.clients >= CONTROL_CLIENTS && !make_room(control)) {
			ev_io_stop(loop, watcher); /* until one leaves or was silent for long */
			return;
		}
		fd = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (fd < 0 && (errno == ECONNABORTED || errno == EINTR))
			continue;
		if (fd < 0) {
			/* no descriptor, no memory: the next tick or the next client to leave may
			 * change that */
			log_debug("no client can be accepted: %s", strerror(errno));
			if (control->counts.clients > 0)
				ev_io_stop(loop, watcher);
			return;
		}
		if (client_new(control, fd) < 0)
			(void) close(fd);
	}
}

/* --------------------------------------------------------------------------------------------------
 * time */

static const char *why_late(const struct client *client, ev_tstamp now)
{
	if (has_reply(client))
		return now - client->began > REPLY_S ? "slow" : NULL;
	if (is_streaming(client) || client->ready_link.next)
		return NULL;
	if (client->in.length > 0)
		return now - client->began > MESSAGE_S ? "unfinished" : NULL;
	return now - client->since > SILENT_S ? "silent" : NULL;
}

static void on_tick(struct ev_loop *loop, ev_timer *watcher, int events)
{
	struct control *control = watcher->data;
	ev_tstamp now = ev_now(loop);

	(void) events;
	control->calls = 0;
	control->spent = 0.;
	list_foreach_safe(client, following, &control->clients, struct client, link) {
		const char *why = why_late(client, now);

		client->calls = 0;
		if (why)
			client_throw_out(client, why);
	}
	if (!list_empty(&control->ready))
		ev_idle_start(loop, &control->server);
	/* tries to make room, should it be full */
	if (!list_empty(&control->clients) && !ev_is_active(&control->listener))
		ev_io_start(loop, &control->listener);
}

/* --------------------------------------------------------------------------------------------------
 * life */

static int fill_address(const char *path, const char *suffix, struct sockaddr_un *ret_address)
{
	int length;

	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	length = snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s%s", path,
			  suffix);
	return length < 0 || (size_t) length >= sizeof(ret_address->sun_path) ? -ENAMETOOLONG : 0;
}

/* A full queue means that somebody listens as well. */
static bool somebody_listens(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool listens;

	if (fd < 0)
		return false;
	listens = connect(fd, (const struct sockaddr *) address, sizeof(*address)) == 0 ||
		  errno == EAGAIN || errno == EINPROGRESS;
	(void) close(fd);
	return listens;
}

/* "name:password:number:members". Answers false where the line is another group's. */
static bool parse_group(const char *line, size_t length, const char *name, gid_t *ret_group)
{
	size_t name_length = strlen(name);
	const char *number, *end;
	uint32_t value;
	char text[16];

	if (length <= name_length || memcmp(line, name, name_length) != 0 ||
	    line[name_length] != ':')
		return false;
	end = line + length;
	number = memchr(line + name_length + 1, ':', (size_t) (end - line) - name_length - 1);
	if (!number)
		return false;
	number++;
	length = (size_t) (end - number);
	if (memchr(number, ':', length))
		length = (size_t) ((const char *) memchr(number, ':', length) - number);
	if (length >= sizeof(text))
		return false;
	memcpy(text, number, length);
	text[length] = '\0';
	if (parse_u32(text, 0, UINT32_MAX - 1, &value) < 0)
		return false;
	*ret_group = value;
	return true;
}

/* A group of this machine. getgrnam asks everybody else, too, and the modules that do so would stay
 * in memory (350 kB) for one question. */
static bool find_group(const char *name, gid_t *ret_group)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int fd = open("/etc/group", O_RDONLY | O_CLOEXEC);
	bool found = false;

	if (fd < 0)
		return false;
	if (file_read_again(fd, &text) == 0) {
		const char *line = buf_text(&text), *end;

		for (; *line && !found; line = end + (*end == '\n')) {
			end = strchrnul(line, '\n');
			found = parse_group(line, (size_t) (end - line), name, ret_group);
		}
	}
	(void) close(fd);
	return found;
}

static void give_to_group(const char *path, const char *group)
{
	struct stat status;
	gid_t gid = 0;

	/* a service manager may have given us the group itself, but no right to give files away */
	if (group && find_group(group, &gid) && stat(path, &status) == 0 && status.st_gid != gid &&
	    chown(path, (uid_t) -1, gid) < 0)
		log_info("the control socket is for root only: group=%s: %s", group,
			 strerror(errno));
}

/* Made beside the path and moved there, so that nobody meets it unfinished. */
static int open_socket(const char *path, const char *group, int *ret_fd)
{
	struct sockaddr_un address, unfinished;
	mode_t mask;
	int fd, r;

	r = fill_address(path, "", &address);
	if (r == 0)
		r = fill_address(path, ".new", &unfinished);
	if (r < 0)
		return r;
	if (somebody_listens(&address))
		return -EADDRINUSE;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;

	(void) unlink(unfinished.sun_path);
	mask = umask(0117);
	r = bind(fd, (const struct sockaddr *) &unfinished, sizeof(unfinished)) < 0 ? -errno : 0;
	(void) umask(mask);
	if (r == 0) {
		give_to_group(unfinished.sun_path, group);
		if (listen(fd, BACKLOG) < 0 || rename(unfinished.sun_path, address.sun_path) < 0) {
			r = -errno;
			(void) unlink(unfinished.sun_path);
		}
	}
	if (r < 0) {
		(void) close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int control_new(struct ev_loop *loop, const char *path, const char *group,
		const struct control_service *service, struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));
	struct stat status;
	int fd, r = -ENOMEM;

	if (!control)
		return -ENOMEM;
	control->path = strdup(path);
	if (control->path)
		r = open_socket(path, group, &fd);
	if (r < 0) {
		free(control->path);
		free(control);
		return r;
	}
	if (stat(path, &status) == 0) {
		control->device = status.st_dev;
		control->inode = status.st_ino;
	}
	control->loop = loop;
	control->service = *service;
	list_init(&control->clients);
	list_init(&control->ready);
	list_init(&control->streaming);
	ev_io_init(&control->listener, on_listener, fd, EV_READ);
	ev_idle_init(&control->server, on_idle);
	ev_init(&control->tick, on_tick);
	control->tick.repeat = TICK_S;
	ev_set_priority(&control->listener, EV_MINPRI);
	ev_set_priority(&control->server, EV_MINPRI + 1); /* one call beside what clients send */
	ev_set_priority(&control->tick, EV_MINPRI);
	control->listener.data = control->server.data = control->tick.data = control;
	ev_io_start(loop, &control->listener);
	*ret_control = control;
	return 0;
}

struct control *control_free(struct control *control)
{
	struct stat status;

	if (!control)
		return NULL;
	list_foreach_safe(client, following, &control->clients, struct client, link)
		client_drop(client);
	ev_io_stop(control->loop, &control->listener);
	ev_idle_stop(control->loop, &control->server);
	ev_timer_stop(control->loop, &control->tick);
	if (stat(control->path, &status) == 0 && status.st_dev == control->device &&
	    status.st_ino == control->inode)
		(void) unlink(control->path);
	(void) close(control->listener.fd);
	free(control->path);
	free(control);
	return NULL;
}

void control_count(const struct control *control, struct control_counts *ret_counts)
{
	*ret_counts = control ? control->counts : (struct control_counts){ 0 };
}
