/*
 * control: the socket at which clients ask and steer.
 *
 * Whatever clients do costs the balancing nothing: they are served when no event and no round is
 * due, one call at a time and a bounded number of calls each half second; no write ever waits; and
 * who is silent, slow or talks nonsense is dropped. Who is dropped may come again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "irqherd/outlet/varlink.h"

#define CONTROL_CLIENTS    192u        /* at once; others wait in the kernel's queue */
#define CONTROL_STREAMS    48u         /* of them, those that get a stream */
#define CONTROL_MESSAGE    65536u      /* bytes of one call */
#define CONTROL_QUEUED     (16u << 20) /* bytes of replies that all clients have not read yet */
#define CONTROL_CALLS_EACH 64u         /* calls of one client in half a second */
#define CONTROL_CALLS      512u        /* of all */

struct ev_loop;
struct control;

enum control_answer {
	CONTROL_ANSWERED, /* whatever is to be said was appended */
	CONTROL_STREAM,   /* messages come one by one, by control_service::next */
};

struct control_service {
	void *context;
	enum control_answer (*call)(void *context, const struct varlink_call *call, uid_t uid,
				    struct buf *out, uint64_t *ret_sequence);
	/* Appends the message of a stream that stands at *sequence, and moves on. False: none yet.
	 */
	bool (*next)(void *context, uint64_t *sequence, struct buf *out);
};

/*
 * Listens at a path. A file that nobody listens at is replaced; -EADDRINUSE: somebody does. The
 * group may be NULL; without that group on this system, or the right to give a file to it, the
 * socket stays root's. The service is copied, the rest borrowed. Other failures: negative errno.
 */
int control_new(struct ev_loop *loop, const char *path, const char *group,
		const struct control_service *service, struct control **ret_control);
struct control *control_free(struct control *control); /* also removes the file, if it is ours */

/* There is more for those who have a stream. Costs nothing where nobody has. */
void control_stream(struct control *control);

struct control_counts {
	uint64_t accepted;
	uint64_t calls;
	uint64_t dropped; /* of the accepted: not gone by themselves */
	unsigned int clients;
	unsigned int streams;
	size_t queued; /* bytes */
};

void control_count(const struct control *control, struct control_counts *ret_counts);
