#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/config/message.h"

static void errors_are_counted_warnings_are_not(void **state)
{
	struct message_list list = MESSAGE_LIST_INIT;

	(void) state;
	message_error(&list, "a.conf", 3, "bad %s", "thing");
	message_warning(&list, "b.conf", 0, "odd %d", 7);

	assert_int_equal(list.count, 2);
	assert_int_equal(list.errors, 1);
	assert_string_equal(list.items[0].file, "a.conf");
	assert_int_equal(list.items[0].line, 3);
	assert_string_equal(list.items[0].text, "bad thing");
	assert_false(list.items[0].warning);
	assert_string_equal(list.items[1].text, "odd 7");
	assert_true(list.items[1].warning);
	message_list_deinit(&list);
}

static void messages_keep_their_order_when_the_list_grows(void **state)
{
	struct message_list list = MESSAGE_LIST_INIT;

	(void) state;
	for (unsigned int i = 1; i <= 100; i++)
		message_error(&list, "file", i, "error %u", i);
	assert_int_equal(list.count, 100);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(list.items[i].line, i + 1);
	message_list_deinit(&list);
}

static void a_list_can_be_emptied_twice_and_used_again(void **state)
{
	struct message_list list = MESSAGE_LIST_INIT;

	(void) state;
	message_error(&list, "file", 1, "one");
	message_list_deinit(&list);
	message_list_deinit(&list);
	assert_int_equal(list.count, 0);
	assert_int_equal(list.errors, 0);
	message_error(&list, "file", 2, "two");
	assert_int_equal(list.count, 1);
	message_list_deinit(&list);
}

static void what_is_not_printable_utf8_is_replaced(void **state)
{
	static const struct {
		const char *given;
		const char *kept;
	} cases[] = {
		{ "plain 'text' ~", "plain 'text' ~" },
		{ "tab\tnewline\nescape\033[31m", "tab?newline?escape?[31m" },
		{ "delete \177", "delete ?" },
		{ "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x91",
		  "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x91" },
		{ "latin \xfc", "latin ?" },
		{ "cut \xe2\x82", "cut ??" },
		{ "cut \xf0\x9f\x90'", "cut ??"
				       "?'" },
		{ "overlong \xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf", "overlong ?? ??? ????" },
		{ "surrogate \xed\xa0\x80", "surrogate ???" },
		{ "beyond \xf4\x90\x80\x80 \xf5\x80\x80\x80", "beyond ???? ????" },
		{ "control \xc2\x9b", "control ??" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_list list = MESSAGE_LIST_INIT;

		message_error(&list, cases[i].given, 1, "%s", cases[i].given);
		assert_string_equal(list.items[0].text, cases[i].kept);
		assert_string_equal(list.items[0].file, cases[i].kept);
		message_list_deinit(&list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_counted_warnings_are_not),
		cmocka_unit_test(messages_keep_their_order_when_the_list_grows),
		cmocka_unit_test(a_list_can_be_emptied_twice_and_used_again),
		cmocka_unit_test(what_is_not_printable_utf8_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
