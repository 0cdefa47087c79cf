/* varlink: calls out of bytes, replies into bytes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/outlet/varlink.h"

static void a_call_is_a_method_and_what_it_asks_for(void **state)
{
	static const struct {
		const char *text, *method;
		bool parameters, more, oneway, upgrade;
	} cases[] = {
		{ "{\"method\":\"a.b.C\"}", "a.b.C", false, false, false, false },
		{ "{\"method\":\"a.b.C\",\"parameters\":{}}", "a.b.C", true, false, false, false },
		{ "{\"method\":\"a.b.C\",\"parameters\":null}", "a.b.C", false, false, false,
		  false },
		{ " {\"parameters\":{\"x\":1},\"more\":true, \"method\":\"a.b.C\" } ", "a.b.C",
		  true, true, false, false },
		{ "{\"method\":\"a.C\",\"oneway\":true,\"more\":null}", "a.C", false, false, true,
		  false },
		{ "{\"method\":\"C\",\"upgrade\":true,\"com.example\":{\"y\":[1]}}", "C", false,
		  false, false, true },
		{ "{\"method\":\"\"}", "", false, false, false, false },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct varlink_call call;

		assert_int_equal(varlink_call_parse(cases[i].text, strlen(cases[i].text), &call),
				 0);
		assert_string_equal(call.method, cases[i].method);
		assert_int_equal(call.parameters != NULL, cases[i].parameters);
		assert_int_equal(call.more, cases[i].more);
		assert_int_equal(call.oneway, cases[i].oneway);
		assert_int_equal(call.upgrade, cases[i].upgrade);
		varlink_call_deinit(&call);
		varlink_call_deinit(&call);
	}
}

static void what_is_no_call_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		" ",
		"null",
		"1",
		"\"x\"",
		"[]",
		"[{\"method\":\"a.B\"}]",
		"{",
		"{}",
		"{\"method\":1}",
		"{\"method\":null}",
		"{\"method\":\"a.B\"",
		"{\"method\":\"a.B\"}}",
		"{\"method\":\"a.B\"} {\"method\":\"a.B\"}",
		"{\"method\":\"a.B\",\"method\":\"a.C\"}",
		"{\"method\":\"a.B\",\"parameters\":[]}",
		"{\"method\":\"a.B\",\"parameters\":\"x\"}",
		"{\"method\":\"a.B\",\"parameters\":{\"x\":1,\"x\":2}}",
		"{\"method\":\"a.B\",\"more\":1}",
		"{\"method\":\"a.B\",\"oneway\":\"true\"}",
		"{\"method\":\"a.B\",\"upgrade\":[]}",
		"{\"method\":\"a.\\u0000B\"}",
		"{\"method\":\"\xff\"}",
		"{'method':'a.B'}",
		"GET / HTTP/1.1\r\n\r\n",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct varlink_call call = VARLINK_CALL_INIT;

		if (varlink_call_parse(wrong[i], strlen(wrong[i]), &call) != -EBADMSG)
			fail_msg("%s", wrong[i]);
		assert_null(call.message);
	}
}

/* Deep nesting must end in an error, not at the end of the stack. */
static void nesting_has_a_limit(void **state)
{
	size_t depth = 60000;
	char *text = malloc(depth + 64);
	struct varlink_call call;
	size_t length;

	(void) state;
	assert_non_null(text);
	strcpy(text, "{\"method\":\"a.B\",\"parameters\":{\"x\":");
	length = strlen(text);
	memset(text + length, '[', depth - length);
	assert_int_equal(varlink_call_parse(text, depth, &call), -EBADMSG);
	free(text);
}

static void the_interface_is_all_before_the_last_dot(void **state)
{
	(void) state;
	assert_int_equal(varlink_interface_length("io.irqherd.GetStatus"), strlen("io.irqherd"));
	assert_int_equal(varlink_interface_length("a.B"), 1);
	assert_int_equal(varlink_interface_length("B"), 0);
	assert_int_equal(varlink_interface_length(""), 0);
	assert_int_equal(varlink_interface_length("a."), 0);
	assert_int_equal(varlink_interface_length(".B"), 0);
}

static void parameters_are_checked_by_name_and_kind(void **state)
{
	static const char takes[] = "target:string past:?int all:?bool seconds:?float";
	static const struct {
		const char *parameters, *wrong;
	} cases[] = {
		{ "{\"target\":\"x\"}", NULL },
		{ "{\"target\":\"x\",\"past\":3,\"all\":false,\"seconds\":2}", NULL },
		{ "{\"target\":\"x\",\"past\":null,\"all\":null,\"seconds\":1.5}", NULL },
		{ "{}", "target" },
		{ "{\"target\":null}", "target" },
		{ "{\"target\":7}", "target" },
		{ "{\"target\":\"x\",\"past\":1.5}", "past" },
		{ "{\"target\":\"x\",\"past\":\"1\"}", "past" },
		{ "{\"target\":\"x\",\"all\":1}", "all" },
		{ "{\"target\":\"x\",\"seconds\":\"1\"}", "seconds" },
		{ "{\"target\":\"x\",\"seconds\":true}", "seconds" },
		{ "{\"target\":\"x\",\"other\":1}", "other" },
		{ "{\"target\":\"x\",\"tar\":1}", "tar" },
		{ "{\"target\":\"x\",\"\":1}", "" },
	};
	char scratch[64];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *parameters = json_loads(cases[i].parameters, 0, NULL);
		const char *wrong;

		assert_non_null(parameters);
		wrong = varlink_check_parameters(takes, parameters, scratch, sizeof(scratch));
		if (!cases[i].wrong)
			assert_null(wrong);
		else
			assert_string_equal(wrong, cases[i].wrong);
		json_decref(parameters);
	}
	assert_null(varlink_check_parameters("", NULL, scratch, sizeof(scratch)));
	assert_null(varlink_check_parameters("past:?int", NULL, scratch, sizeof(scratch)));
	assert_string_equal(varlink_check_parameters("past:int", NULL, scratch, sizeof(scratch)),
			    "past");
}

static void assert_message(struct buf *out, const char *text)
{
	assert_int_equal(out->length, strlen(text) + 1);
	assert_string_equal(buf_text(out), text);
	buf_reset(out);
}

static void replies_end_in_a_nul(void **state)
{
	struct buf out = BUF_INIT;
	json_t *parameters = json_pack("{s:f, s:s}", "time", 1795336955.5375, "text", "a\"b");

	(void) state;
	assert_int_equal(varlink_put_reply(&out, NULL, false), 0);
	assert_message(&out, "{\"parameters\":{}}");
	assert_int_equal(varlink_put_reply(&out, parameters, false), 0);
	assert_message(&out, "{\"parameters\":{\"time\":1795336955.5375,\"text\":\"a\\\"b\"}}");
	assert_int_equal(varlink_put_reply(&out, parameters, true), 0);
	assert_message(&out, "{\"parameters\":{\"time\":1795336955.5375,\"text\":\"a\\\"b\"},"
			     "\"continues\":true}");

	assert_int_equal(varlink_put_reply(&out, NULL, false), 0);
	assert_int_equal(varlink_put_reply(&out, NULL, false), 0);
	assert_int_equal(out.length, 2 * sizeof("{\"parameters\":{}}"));
	buf_reset(&out);
	json_decref(parameters);
	buf_deinit(&out);
}

static void errors_carry_what_the_standard_says(void **state)
{
	struct buf out = BUF_INIT;

	(void) state;
	assert_int_equal(varlink_put_service_error(&out, VARLINK_METHOD_NOT_FOUND, "a.B"), 0);
	assert_message(&out, "{\"error\":\"org.varlink.service.MethodNotFound\","
			     "\"parameters\":{\"method\":\"a.B\"}}");
	assert_int_equal(varlink_put_service_error(&out, VARLINK_INVALID_PARAMETER, "x"), 0);
	assert_message(&out, "{\"error\":\"org.varlink.service.InvalidParameter\","
			     "\"parameters\":{\"parameter\":\"x\"}}");
	assert_int_equal(varlink_put_service_error(&out, VARLINK_EXPECTED_MORE, NULL), 0);
	assert_message(&out, "{\"error\":\"org.varlink.service.ExpectedMore\",\"parameters\":{}}");
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_a_method_and_what_it_asks_for),
		cmocka_unit_test(what_is_no_call_is_refused),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(the_interface_is_all_before_the_last_dot),
		cmocka_unit_test(parameters_are_checked_by_name_and_kind),
		cmocka_unit_test(replies_end_in_a_nul),
		cmocka_unit_test(errors_carry_what_the_standard_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
