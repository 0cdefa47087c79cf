/*
 * varlink: any bytes as a message, answered by a small interface. What is answered must be one
 * message that can be read again, and nothing where nobody waits for it.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/outlet/interface.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void echo(struct interface_call *call)
{
	call->reply = json_pack("{s:O}", "target", json_object_get(call->parameters, "target"));
}

static void stream(struct interface_call *call)
{
	call->stream = true;
}

static const struct interface_method methods[] = {
	{ "Explain", "target:string past:?int all:?bool seconds:?float", false, false, true, echo },
	{ "Watch", "past:?int", false, true, true, stream },
};

static const struct interface interface = { .name = "io.irqherd",
					    .description = "",
					    .methods = methods,
					    .method_count = ARRAY_SIZE(methods),
					    .vendor = "",
					    .product = "",
					    .version = "",
					    .url = "" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = BUF_INIT;
	struct varlink_call call;
	enum interface_answer answer;
	uint64_t sequence;

	if (varlink_call_parse((const char *) data, size, &call) < 0)
		return 0;
	answer = interface_answer(&interface, &call, size % 2, NULL, &out, &sequence);
	if (call.oneway || answer == INTERFACE_STREAM) {
		assert(out.length == 0);
	} else {
		json_t *reply;

		assert(out.length > 0 && strlen(out.data) + 1 == out.length);
		reply = json_loads(out.data, JSON_REJECT_DUPLICATES, NULL);
		assert(json_is_object(json_object_get(reply, "parameters")));
		json_decref(reply);
	}
	varlink_call_deinit(&call);
	buf_deinit(&out);
	return 0;
}
