#include "irqherd/outlet/interface.h"

#include <stdlib.h>
#include <string.h>

/* Of org.varlink.service's methods as well, whose interface file knows no such error. */
#define OUT_OF_MEMORY "io.irqherd.OutOfMemory"

static bool interface_is(const char *name, const char *method)
{
	size_t length = varlink_interface_length(method);

	return strlen(name) == length && strncmp(name, method, length) == 0;
}

/* --------------------------------------------------------------------------------------------------
 * org.varlink.service */

static const char service_description[] =
	"# What every varlink service tells about itself.\n"
	"interface org.varlink.service\n"
	"\n"
	"method GetInfo() -> (\n"
	"  vendor: string,\n"
	"  product: string,\n"
	"  version: string,\n"
	"  url: string,\n"
	"  interfaces: []string\n"
	")\n"
	"\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"error InterfaceNotFound (interface: string)\n"
	"error MethodNotFound (method: string)\n"
	"error MethodNotImplemented (method: string)\n"
	"error InvalidParameter (parameter: string)\n"
	"error PermissionDenied ()\n"
	"error ExpectedMore ()\n";

static void get_info(struct interface_call *call)
{
	const struct interface *interface = call->context;

	call->reply = json_pack("{s:s, s:s, s:s, s:s, s:[s, s]}", "vendor", interface->vendor,
				"product", interface->product, "version", interface->version, "url",
				interface->url, "interfaces", VARLINK_SERVICE, interface->name);
}

static void get_description(struct interface_call *call)
{
	const struct interface *interface = call->context;
	const char *name = json_string_value(json_object_get(call->parameters, "interface"));
	const char *description = NULL;

	if (strcmp(name, interface->name) == 0)
		description = interface->description;
	else if (strcmp(name, VARLINK_SERVICE) == 0)
		description = service_description;
	if (description) {
		call->reply = json_pack("{s:s}", "description", description);
		return;
	}
	call->error = VARLINK_INTERFACE_NOT_FOUND;
	call->reply = json_pack("{s:s}", "interface", name);
}

static const struct interface_method service_methods[] = {
	{ .name = "GetInfo", .takes = "", .returns = true, .handle = get_info },
	{ .name = "GetInterfaceDescription",
	  .takes = "interface:string",
	  .returns = true,
	  .handle = get_description },
};

/* --------------------------------------------------------------------------------------------------
 * answering */

static const struct interface_method *find_method(const struct interface_method *methods,
						  size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

static void refuse(struct buf *out, const struct varlink_call *call, const char *error,
		   const char *value)
{
	if (!call->oneway)
		(void) varlink_put_service_error(out, error, value);
}

static enum interface_answer run(const struct interface_method *method,
				 const struct varlink_call *varlink, bool is_root, void *context,
				 struct buf *out, uint64_t *ret_sequence)
{
	struct interface_call call = { .context = context,
				       .parameters = varlink->parameters,
				       .more = varlink->more };
	const char *wrong;
	char name[64];

	wrong = varlink_check_parameters(method->takes, varlink->parameters, name, sizeof(name));
	if (wrong) {
		refuse(out, varlink, VARLINK_INVALID_PARAMETER, wrong);
		return INTERFACE_ANSWERED;
	}
	if (method->for_root && !is_root) {
		refuse(out, varlink, VARLINK_PERMISSION_DENIED, NULL);
		return INTERFACE_ANSWERED;
	}
	if (method->needs_more && (!varlink->more || varlink->oneway)) {
		refuse(out, varlink, VARLINK_EXPECTED_MORE, NULL);
		return INTERFACE_ANSWERED;
	}

	method->handle(&call);
	if (call.stream) {
		*ret_sequence = call.sequence;
		return INTERFACE_STREAM;
	}
	if (varlink->oneway)
		;
	else if (call.error)
		(void) varlink_put_error(out, call.error, call.reply);
	else if ((method->returns && !call.reply) || varlink_put_reply(out, call.reply, false) < 0)
		(void) varlink_put_error(out, OUT_OF_MEMORY, NULL);
	json_decref(call.reply);
	return INTERFACE_ANSWERED;
}

enum interface_answer interface_answer(const struct interface *interface,
				       const struct varlink_call *call, bool is_root, void *context,
				       struct buf *out, uint64_t *ret_sequence)
{
	const struct interface_method *method = NULL;
	const char *name = call->method + varlink_interface_length(call->method) + 1;
	bool ours = interface_is(interface->name, call->method);
	bool service = interface_is(VARLINK_SERVICE, call->method);

	if (!ours && !service) {
		size_t length = varlink_interface_length(call->method);
		char *unknown = strndup(call->method, length ? length : strlen(call->method));

		refuse(out, call, VARLINK_INTERFACE_NOT_FOUND, unknown);
		free(unknown);
		return INTERFACE_ANSWERED;
	}
	if (ours)
		method = find_method(interface->methods, interface->method_count, name);
	else
		method = find_method(service_methods, ARRAY_SIZE(service_methods), name);
	if (!method) {
		refuse(out, call, VARLINK_METHOD_NOT_FOUND, call->method);
		return INTERFACE_ANSWERED;
	}
	if (call->upgrade) {
		refuse(out, call, VARLINK_INVALID_PARAMETER, "upgrade");
		return INTERFACE_ANSWERED;
	}
	if (service)
		context = (void *) (uintptr_t) interface;
	return run(method, call, is_root, context, out, ret_sequence);
}
