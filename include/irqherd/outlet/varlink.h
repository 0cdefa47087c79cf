/*
 * varlink: the protocol alone: calls out of bytes, replies into bytes. Nothing here knows a socket,
 * a client or a method.
 *
 * A message is a JSON object ended by a NUL. A call names a method "interface.Method", has
 * parameters, and may ask for several replies (`more`), for none (`oneway`) or for another protocol
 * on this connection (`upgrade`, which nobody gets here).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "irqherd/base/buf.h"

#define VARLINK_SERVICE "org.varlink.service"

/* Standard errors and the one parameter that each has; NULL: none. */
#define VARLINK_INTERFACE_NOT_FOUND    VARLINK_SERVICE ".InterfaceNotFound"    /* interface */
#define VARLINK_METHOD_NOT_FOUND       VARLINK_SERVICE ".MethodNotFound"       /* method */
#define VARLINK_METHOD_NOT_IMPLEMENTED VARLINK_SERVICE ".MethodNotImplemented" /* method */
#define VARLINK_INVALID_PARAMETER      VARLINK_SERVICE ".InvalidParameter"     /* parameter */
#define VARLINK_PERMISSION_DENIED      VARLINK_SERVICE ".PermissionDenied"
#define VARLINK_EXPECTED_MORE          VARLINK_SERVICE ".ExpectedMore"

/* How numbers are printed: times have three decimals, more digits would only show how they were
 * computed. */
#define VARLINK_NUMBERS JSON_REAL_PRECISION(14)

struct varlink_call {
	json_t *message;    /* owned: the whole call; the rest is borrowed from it */
	const char *method; /* fully qualified */
	json_t *parameters; /* an object; NULL: none were given */
	bool more;
	bool oneway;
	bool upgrade;
};

#define VARLINK_CALL_INIT ((struct varlink_call){ NULL, NULL, NULL, false, false, false })

/*
 * One message without its NUL. -EBADMSG: not a call; the connection is of no use any more, since
 * nobody knows what the client takes its next reply for. -ENOMEM.
 */
int varlink_call_parse(const char *text, size_t length, struct varlink_call *ret_call);
void varlink_call_deinit(struct varlink_call *call);

/* Length of a method's interface: of "io.irqherd.GetStatus" it is that of "io.irqherd". 0: not
 * qualified. */
size_t varlink_interface_length(const char *method);

/*
 * What a method takes, as a text: "target:string past:?int all:?bool seconds:?float". Answers the
 * name of the first parameter that is missing, unknown or of another kind; NULL: all are right.
 * The text's names are borrowed; an unknown name lives as long as the parameters.
 */
const char *varlink_check_parameters(const char *takes, json_t *parameters, char *scratch,
				     size_t scratch_size);

/* Appends a message and its NUL. Parameters may be NULL and are not taken over. -ENOMEM: nothing
 * was appended. */
int varlink_put_reply(struct buf *out, json_t *parameters, bool continues);
int varlink_put_error(struct buf *out, const char *error, json_t *parameters);

/* A standard error with the value of its one parameter. */
int varlink_put_service_error(struct buf *out, const char *error, const char *value);
