/*
 * jansson does the JSON: it refuses what is not UTF-8, what nests deeper than it can follow, and
 * what comes after the object. Doubled names are refused as well, so that nobody reads a call in
 * two ways.
 */
#include "irqherd/outlet/varlink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --------------------------------------------------------------------------------------------------
 * calls */

/* A flag that is there must be true or false; null is as good as nothing. */
static bool take_flag(json_t *message, const char *name, bool *ret_flag)
{
	json_t *value = json_object_get(message, name);

	*ret_flag = json_is_true(value);
	return !value || json_is_boolean(value) || json_is_null(value);
}

int varlink_call_parse(const char *text, size_t length, struct varlink_call *ret_call)
{
	struct varlink_call call = VARLINK_CALL_INIT;
	json_error_t error;
	json_t *method;

	call.message = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (!call.message)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;

	method = json_object_get(call.message, "method");
	call.method = json_string_value(method);
	call.parameters = json_object_get(call.message, "parameters");
	if (json_is_null(call.parameters))
		call.parameters = NULL;
	if (!call.method || (call.parameters && !json_is_object(call.parameters)) ||
	    !take_flag(call.message, "more", &call.more) ||
	    !take_flag(call.message, "oneway", &call.oneway) ||
	    !take_flag(call.message, "upgrade", &call.upgrade)) {
		varlink_call_deinit(&call);
		return -EBADMSG;
	}

	*ret_call = call;
	return 0;
}

void varlink_call_deinit(struct varlink_call *call)
{
	json_decref(call->message);
	*call = VARLINK_CALL_INIT;
}

size_t varlink_interface_length(const char *method)
{
	const char *dot = strrchr(method, '.');

	return dot && dot[1] ? (size_t) (dot - method) : 0;
}

/* --------------------------------------------------------------------------------------------------
 * parameters */

struct taken {
	const char *name;
	size_t name_length;
	bool optional;
	const char *type;
	size_t type_length;
};

/* The next of "name:?type name:type"; false: no more. */
static bool next_taken(const char **takes, struct taken *ret_taken)
{
	const char *text = *takes + strspn(*takes, " ");
	struct taken taken = { .name = text };

	if (!*text)
		return false;
	taken.name_length = strcspn(text, ":");
	text += taken.name_length + 1;
	taken.optional = *text == '?';
	text += taken.optional;
	taken.type = text;
	taken.type_length = strcspn(text, " ");
	*takes = text + taken.type_length;
	*ret_taken = taken;
	return true;
}

static bool has_type(const struct taken *taken, const char *type)
{
	return strlen(type) == taken->type_length &&
	       strncmp(taken->type, type, taken->type_length) == 0;
}

static bool value_fits(const struct taken *taken, const json_t *value)
{
	if (!value || json_is_null(value))
		return taken->optional;
	if (has_type(taken, "string"))
		return json_is_string(value);
	if (has_type(taken, "int"))
		return json_is_integer(value);
	if (has_type(taken, "float"))
		return json_is_number(value);
	return json_is_boolean(value);
}

static bool is_taken(const char *takes, const char *name)
{
	struct taken taken;

	while (next_taken(&takes, &taken))
		if (strlen(name) == taken.name_length &&
		    strncmp(name, taken.name, taken.name_length) == 0)
			return true;
	return false;
}

const char *varlink_check_parameters(const char *takes, json_t *parameters, char *scratch,
				     size_t scratch_size)
{
	const char *rest = takes, *name;
	struct taken taken;
	json_t *value;

	while (next_taken(&rest, &taken)) {
		(void) snprintf(scratch, scratch_size, "%.*s", (int) taken.name_length, taken.name);
		if (!value_fits(&taken, json_object_get(parameters, scratch)))
			return scratch;
	}
	json_object_foreach(parameters, name, value) if (!is_taken(takes, name)) return name;
	return NULL;
}

/* --------------------------------------------------------------------------------------------------
 * replies */

static int append(const char *bytes, size_t length, void *out)
{
	return buf_append(out, bytes, length) < 0 ? -1 : 0;
}

/* Takes the reply over. */
static int put_message(struct buf *out, json_t *reply)
{
	size_t before = out->length;

	if (reply && json_dump_callback(reply, append, out, JSON_COMPACT | VARLINK_NUMBERS) == 0 &&
	    buf_append(out, "", 1) == 0) {
		json_decref(reply);
		return 0;
	}
	json_decref(reply);
	out->length = before;
	return -ENOMEM;
}

int varlink_put_reply(struct buf *out, json_t *parameters, bool continues)
{
	json_t *reply = parameters ? json_pack("{s:O}", "parameters", parameters)
				   : json_pack("{s:{}}", "parameters");

	if (reply && continues && json_object_set_new(reply, "continues", json_true()) < 0) {
		json_decref(reply);
		return -ENOMEM;
	}
	return put_message(out, reply);
}

int varlink_put_error(struct buf *out, const char *error, json_t *parameters)
{
	if (parameters)
		return put_message(out, json_pack("{s:s, s:O}", "error", error, "parameters",
						  parameters));
	return put_message(out, json_pack("{s:s, s:{}}", "error", error, "parameters"));
}

int varlink_put_service_error(struct buf *out, const char *error, const char *value)
{
	static const struct {
		const char *error, *parameter;
	} standard[] = {
		{ VARLINK_INTERFACE_NOT_FOUND, "interface" },
		{ VARLINK_METHOD_NOT_FOUND, "method" },
		{ VARLINK_METHOD_NOT_IMPLEMENTED, "method" },
		{ VARLINK_INVALID_PARAMETER, "parameter" },
	};
	json_t *parameters = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(standard) && value; i++)
		if (strcmp(standard[i].error, error) == 0)
			parameters = json_pack("{s:s}", standard[i].parameter, value);
	r = varlink_put_error(out, error, parameters);
	json_decref(parameters);
	return r;
}
