#include "irqherd/ctl/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "irqherd/base/clock.h"

#define REPLY_LIMIT (64u << 20) /* a sanity bound: thousands of IRQs are a few MiB */

int client_open(struct client *client, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	*client = CLIENT_INIT;
	if (!path)
		path = CLIENT_SOCKET;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0) {
		r = -errno;
		(void) close(fd);
		return r;
	}
	client->fd = fd;
	return 0;
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		(void) close(client->fd);
	buf_deinit(&client->in);
	json_decref(client->failed);
	*client = CLIENT_INIT;
}

/* --------------------------------------------------------------------------------------------------
 * messages */

static int wait_for(const struct client *client, short events, int timeout_ms)
{
	struct pollfd poller = { .fd = client->fd, .events = events };
	int r = poll(&poller, 1, timeout_ms);

	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

/* With its final NUL. */
static int send_message(struct client *client, const char *text)
{
	size_t length = strlen(text) + 1;

	while (length > 0) {
		ssize_t sent = send(client->fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
			int r = wait_for(client, POLLOUT, CLIENT_TIMEOUT_MS);

			if (r < 0 && r != -EINTR)
				return r;
			continue;
		}
		if (sent < 0)
			return errno == EPIPE ? -ECONNRESET : -errno;
		text += sent;
		length -= (size_t) sent;
	}
	return 0;
}

/* Bytes that are there, at least one. */
static int receive_some(struct client *client, int timeout_ms)
{
	char bytes[65536];
	ssize_t received;
	int r;

	r = wait_for(client, POLLIN, timeout_ms);
	if (r < 0)
		return r;
	received = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (received < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (received == 0)
		return -ECONNRESET;
	if (client->in.length + (size_t) received > REPLY_LIMIT)
		return -EBADMSG;
	return buf_append(&client->in, bytes, (size_t) received);
}

/* One whole message, parsed. Its bytes leave the buffer. */
static int take_message(struct client *client, int timeout_ms, json_t **ret_message)
{
	uint64_t deadline = clock_now_ms() + (uint64_t) (timeout_ms > 0 ? timeout_ms : 0);
	size_t searched = 0, length;
	json_t *message;
	char *end;

	while (!(end = client->in.length > searched
			       ? memchr(client->in.data + searched, 0, client->in.length - searched)
			       : NULL)) {
		uint64_t now = clock_now_ms();
		int left = timeout_ms < 0 ? -1 : deadline > now ? (int) (deadline - now) : 0;
		int r;

		searched = client->in.length;
		r = receive_some(client, left);
		if (r < 0)
			return r;
	}
	length = (size_t) (end - client->in.data);
	message = json_loadb(client->in.data, length, 0, NULL);
	client->in.length -= length + 1;
	memmove(client->in.data, end + 1, client->in.length + 1);
	if (!json_is_object(message)) {
		json_decref(message);
		return -EBADMSG;
	}
	*ret_message = message;
	return 0;
}

/* --------------------------------------------------------------------------------------------------
 * calls */

static int start(struct client *client, const char *method, json_t *parameters, bool more)
{
	json_t *call = json_pack("{s:o, s:o*}", "method",
				 json_sprintf("%s.%s", CLIENT_INTERFACE, method), "parameters",
				 parameters);
	char *text = NULL;
	int r = -ENOMEM;

	json_decref(client->failed);
	client->failed = NULL;
	client->error[0] = '\0';
	if (call && (!more || json_object_set_new(call, "more", json_true()) == 0))
		text = json_dumps(call, JSON_COMPACT);
	if (text)
		r = send_message(client, text);
	free(text);
	json_decref(call);
	return r;
}

static int take_reply(struct client *client, int timeout_ms, json_t **ret_reply, bool *ret_more)
{
	json_t *message, *parameters;
	const char *error;
	int r;

	r = take_message(client, timeout_ms, &message);
	if (r < 0)
		return r;
	error = json_string_value(json_object_get(message, "error"));
	parameters = json_incref(json_object_get(message, "parameters"));
	if (!parameters)
		parameters = json_object();
	*ret_more = json_is_true(json_object_get(message, "continues"));
	if (error) {
		(void) snprintf(client->error, sizeof(client->error), "%s", error);
		json_decref(client->failed);
		client->failed = parameters;
		json_decref(message);
		return -EREMOTEIO;
	}
	json_decref(message);
	*ret_reply = parameters;
	return parameters ? 0 : -ENOMEM;
}

int client_call(struct client *client, const char *method, json_t *parameters, json_t **ret_reply)
{
	bool more;
	int r;

	r = start(client, method, parameters, false);
	return r < 0 ? r : take_reply(client, CLIENT_TIMEOUT_MS, ret_reply, &more);
}

int client_start(struct client *client, const char *method, json_t *parameters)
{
	return start(client, method, parameters, true);
}

int client_next(struct client *client, int timeout_ms, json_t **ret_reply, bool *ret_more)
{
	return take_reply(client, timeout_ms, ret_reply, ret_more);
}
