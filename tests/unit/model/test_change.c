/* change: the list of changes and their names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/model/change.h"

static void list_keeps_what_is_added_in_order(void **state)
{
	struct change_list list = CHANGE_LIST_INIT;

	(void) state;
	for (unsigned int i = 0; i < 1000; i++) {
		struct change change = { .kind = CHANGE_IRQ_GONE, .irq = i, .index = i / 2 };

		assert_int_equal(change_list_add(&list, &change), 0);
	}
	assert_int_equal(list.count, 1000);
	for (unsigned int i = 0; i < 1000; i++) {
		assert_int_equal(list.items[i].irq, i);
		assert_int_equal(list.items[i].index, i / 2);
	}
	change_list_deinit(&list);
	change_list_deinit(&list);
}

static void reset_keeps_the_memory(void **state)
{
	struct change_list list = CHANGE_LIST_INIT;
	struct change change = { .kind = CHANGE_TOPOLOGY };
	struct change *items;

	(void) state;
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(change_list_add(&list, &change), 0);
	items = list.items;
	change_list_reset(&list);
	assert_int_equal(list.count, 0);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(change_list_add(&list, &change), 0);
	assert_ptr_equal(list.items, items);
	change_list_deinit(&list);
	assert_null(list.items);
}

static void without_a_list_nobody_wants_to_know(void **state)
{
	struct change change = { .kind = CHANGE_TOPOLOGY };

	(void) state;
	assert_int_equal(change_list_add(NULL, &change), 0);
}

static void every_kind_has_a_name_of_its_own(void **state)
{
	(void) state;
	for (enum change_kind kind = 0; kind <= CHANGE_TOPOLOGY; kind++) {
		const char *name = change_kind_name(kind);

		assert_string_not_equal(name, "unknown");
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		for (enum change_kind other = 0; other < kind; other++)
			assert_string_not_equal(name, change_kind_name(other));
	}
	assert_string_equal(change_kind_name(CHANGE_IRQ_ARRIVED), "irq-arrived");
	assert_string_equal(change_kind_name((enum change_kind) 99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_keeps_what_is_added_in_order),
		cmocka_unit_test(reset_keeps_the_memory),
		cmocka_unit_test(without_a_list_nobody_wants_to_know),
		cmocka_unit_test(every_kind_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
