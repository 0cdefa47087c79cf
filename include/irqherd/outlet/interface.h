/*
 * interface: a varlink interface as a table of methods, and the answering of calls by it. Every
 * service answers org.varlink.service as well, which is done here.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irqherd/base/buf.h"
#include "irqherd/outlet/varlink.h"

/* One call on its way through a handler, which fills the second part. */
struct interface_call {
	void *context;      /* of who serves */
	json_t *parameters; /* an object that fits the method's `takes`; borrowed */
	bool more;

	json_t *reply;     /* owned; the reply's parameters. NULL: none, or out of memory */
	const char *error; /* qualified name; NULL: no error. reply are its parameters then */
	bool stream;       /* no reply yet: they come one by one, from `sequence` on */
	uint64_t sequence;
};

struct interface_method {
	const char *name;  /* "GetStatus" */
	const char *takes; /* as for varlink_check_parameters */
	bool for_root;     /* PermissionDenied to others */
	bool needs_more;   /* ExpectedMore without */
	bool returns;      /* has a reply: none made means out of memory */
	void (*handle)(struct interface_call *call);
};

struct interface {
	const char *name;
	const char *description; /* its .varlink file */
	const struct interface_method *methods;
	size_t method_count;
	const char *vendor, *product, *version, *url; /* of the service */
};

/* The .varlink file of io.irqherd, taken in when this was built. */
extern const char interface_irqherd[];

enum interface_answer {
	INTERFACE_ANSWERED, /* one message was appended to `out`, or none to a oneway call */
	INTERFACE_STREAM,   /* nothing yet: a stream from *ret_sequence on */
};

/* is_root: whether the caller may use methods for root. Out of memory is an answer, too, if there
 * is enough for it: then `out` may stay empty. */
enum interface_answer interface_answer(const struct interface *interface,
				       const struct varlink_call *call, bool is_root, void *context,
				       struct buf *out, uint64_t *ret_sequence);
