/*
 * client: talks Varlink with the daemon over its socket. Blocking, with a time limit for each step;
 * one call at a time.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "irqherd/base/buf.h"

#define CLIENT_SOCKET     "/run/irqherd/io.irqherd"
#define CLIENT_INTERFACE  "io.irqherd"
#define CLIENT_TIMEOUT_MS 10000

struct client {
	int fd;         /* -1: not connected */
	struct buf in;  /* received, not yet taken */
	json_t *failed; /* parameters of the last error reply; owned; NULL: none */
	char error[96]; /* its name, "io.irqherd.NotFound"; "" none */
};

#define CLIENT_INIT ((struct client){ .fd = -1 })

/*
 * path NULL: CLIENT_SOCKET. -ENOENT, -ECONNREFUSED: no daemon is there. -EACCES: it does not let
 * this user in.
 */
int client_open(struct client *client, const char *path);
void client_close(struct client *client);

/*
 * One method of CLIENT_INTERFACE ("GetStatus") and its one reply, a new reference to its
 * parameters. parameters are taken over; NULL: none. -EREMOTEIO: an error reply, see client::error
 * and client::failed. -ETIMEDOUT, -ECONNRESET (the daemon went away), -EBADMSG (not Varlink).
 */
int client_call(struct client *client, const char *method, json_t *parameters, json_t **ret_reply);

/* A call with `more`: replies come one by one. timeout_ms of client_next: -1 waits for ever;
 * -ETIMEDOUT leaves the call going on. *ret_more: another reply will follow. -EINTR: a signal came.
 */
int client_start(struct client *client, const char *method, json_t *parameters);
int client_next(struct client *client, int timeout_ms, json_t **ret_reply, bool *ret_more);
