/* interface: which call gets which answer, whoever asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/outlet/interface.h"

static unsigned int changes;

static void echo(struct interface_call *call)
{
	call->reply = json_pack("{s:O, s:s}", "text", json_object_get(call->parameters, "text"),
				"context", call->context);
}

static void change(struct interface_call *call)
{
	(void) call;
	changes++;
}

static void refuse(struct interface_call *call)
{
	call->error = "com.example.Refused";
	call->reply = json_pack("{s:i}", "why", 7);
}

static void exhaust(struct interface_call *call)
{
	(void) call;
}

static void stream(struct interface_call *call)
{
	call->stream = true;
	call->sequence = 42;
}

static const struct interface_method methods[] = {
	{ "Echo", "text:string", false, false, true, echo },
	{ "Change", "", true, false, false, change },
	{ "Refuse", "", false, false, true, refuse },
	{ "Exhaust", "", false, false, true, exhaust },
	{ "Stream", "", false, true, true, stream },
};

static const struct interface example = { .name = "com.example",
					  .description = "interface com.example",
					  .methods = methods,
					  .method_count = ARRAY_SIZE(methods),
					  .vendor = "V",
					  .product = "P",
					  .version = "1",
					  .url = "U" };

static enum interface_answer ask(const char *text, bool is_root, struct buf *out)
{
	struct varlink_call call;
	enum interface_answer answer;
	uint64_t sequence = 0;
	char context[] = "ctx";

	assert_int_equal(varlink_call_parse(text, strlen(text), &call), 0);
	answer = interface_answer(&example, &call, is_root, context, out, &sequence);
	assert_int_equal(answer == INTERFACE_STREAM, sequence == 42);
	varlink_call_deinit(&call);
	return answer;
}

static void assert_answer(const char *text, bool is_root, const char *expected)
{
	struct buf out = BUF_INIT;

	assert_int_equal(ask(text, is_root, &out), INTERFACE_ANSWERED);
	assert_string_equal(buf_text(&out), expected);
	buf_deinit(&out);
}

#define SERVICE_ERROR(name, parameters) \
	"{\"error\":\"org.varlink.service." name "\",\"parameters\":" parameters "}"

static void every_call_has_its_answer(void **state)
{
	static const struct {
		const char *text, *answer;
	} cases[] = {
		{ "{\"method\":\"com.example.Echo\",\"parameters\":{\"text\":\"hi\"}}",
		  "{\"parameters\":{\"text\":\"hi\",\"context\":\"ctx\"}}" },
		{ "{\"method\":\"com.example.Echo\"}",
		  SERVICE_ERROR("InvalidParameter", "{\"parameter\":\"text\"}") },
		{ "{\"method\":\"com.example.Echo\",\"parameters\":{\"text\":\"a\",\"b\":1}}",
		  SERVICE_ERROR("InvalidParameter", "{\"parameter\":\"b\"}") },
		{ "{\"method\":\"com.example.Refuse\"}",
		  "{\"error\":\"com.example.Refused\",\"parameters\":{\"why\":7}}" },
		{ "{\"method\":\"com.example.Exhaust\"}",
		  "{\"error\":\"io.irqherd.OutOfMemory\",\"parameters\":{}}" },
		{ "{\"method\":\"com.example.Stream\"}", SERVICE_ERROR("ExpectedMore", "{}") },
		{ "{\"method\":\"com.example.Stream\",\"more\":true,\"oneway\":true}", "" },
		{ "{\"method\":\"com.example.None\"}",
		  SERVICE_ERROR("MethodNotFound", "{\"method\":\"com.example.None\"}") },
		{ "{\"method\":\"com.exampl.Echo\"}",
		  SERVICE_ERROR("InterfaceNotFound", "{\"interface\":\"com.exampl\"}") },
		{ "{\"method\":\"com.example.sub.Echo\"}",
		  SERVICE_ERROR("InterfaceNotFound", "{\"interface\":\"com.example.sub\"}") },
		{ "{\"method\":\"Echo\"}",
		  SERVICE_ERROR("InterfaceNotFound", "{\"interface\":\"Echo\"}") },
		{ "{\"method\":\"\"}", SERVICE_ERROR("InterfaceNotFound", "{\"interface\":\"\"}") },
		{ "{\"method\":\"com.example.Echo\",\"upgrade\":true}",
		  SERVICE_ERROR("InvalidParameter", "{\"parameter\":\"upgrade\"}") },
		{ "{\"method\":\"com.example.Echo\",\"oneway\":true}", "" },
		{ "{\"method\":\"com.example.Echo\",\"oneway\":true,\"parameters\":{\"text\":\"\"}"
		  "}",
		  "" },
		{ "{\"method\":\"com.example.None\",\"oneway\":true}", "" },
		{ "{\"method\":\"org.varlink.service.GetInfo\"}",
		  "{\"parameters\":{\"vendor\":\"V\",\"product\":\"P\",\"version\":\"1\",\"url\":"
		  "\"U\",\"interfaces\":[\"org.varlink.service\",\"com.example\"]}}" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":"
		  "{\"interface\":\"com.example\"}}",
		  "{\"parameters\":{\"description\":\"interface com.example\"}}" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":"
		  "{\"interface\":\"x\"}}",
		  SERVICE_ERROR("InterfaceNotFound", "{\"interface\":\"x\"}") },
		{ "{\"method\":\"org.varlink.service.Echo\"}",
		  SERVICE_ERROR("MethodNotFound", "{\"method\":\"org.varlink.service.Echo\"}") },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_answer(cases[i].text, false, cases[i].answer);
}

static void who_changes_something_must_be_root(void **state)
{
	static const char call[] = "{\"method\":\"com.example.Change\"}";
	static const char quiet[] = "{\"method\":\"com.example.Change\",\"oneway\":true}";

	(void) state;
	changes = 0;
	assert_answer(call, false, SERVICE_ERROR("PermissionDenied", "{}"));
	assert_answer(quiet, false, "");
	assert_int_equal(changes, 0);
	assert_answer(call, true, "{\"parameters\":{}}");
	assert_answer(quiet, true, "");
	assert_int_equal(changes, 2);
}

static void a_stream_says_nothing_yet(void **state)
{
	struct buf out = BUF_INIT;

	(void) state;
	assert_int_equal(ask("{\"method\":\"com.example.Stream\",\"more\":true}", false, &out),
			 INTERFACE_STREAM);
	assert_int_equal(out.length, 0);
	buf_deinit(&out);
}

static void the_file_of_our_interface_is_taken_in_as_it_is(void **state)
{
	(void) state;
	assert_non_null(strstr(interface_irqherd, "\ninterface io.irqherd\n"));
	assert_non_null(strstr(interface_irqherd, "\nmethod GetStatus() -> (status: Status)\n"));
	assert_non_null(strstr(interface_irqherd, "type MoveCounts (\n  total: int,\n"));
	assert_non_null(strstr(interface_irqherd, "by_reason: [string]int"));
	assert_non_null(strstr(interface_irqherd, "\"file:line: message\" each"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_has_its_answer),
		cmocka_unit_test(who_changes_something_must_be_root),
		cmocka_unit_test(a_stream_says_nothing_yet),
		cmocka_unit_test(the_file_of_our_interface_is_taken_in_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
