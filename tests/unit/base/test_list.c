#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/list.h"

struct item {
	int number;
	struct list_link link; /* the test's list */
};

static void links_are_walked_in_the_order_of_appending(void **state)
{
	struct item items[5];
	struct list_link list;
	int next = 0;

	(void) state;
	list_init(&list);
	assert_true(list_empty(&list));
	for (int i = 0; i < 5; i++) {
		items[i].number = i;
		list_append(&list, &items[i].link);
	}
	assert_false(list_empty(&list));
	list_foreach(item, &list, struct item, link)
		assert_int_equal(item->number, next++);
	assert_int_equal(next, 5);
}

static void a_safe_walk_may_remove_what_it_visits(void **state)
{
	struct item items[5];
	struct list_link list;
	int left = 0;

	(void) state;
	list_init(&list);
	for (int i = 0; i < 5; i++) {
		items[i].number = i;
		list_append(&list, &items[i].link);
	}
	list_foreach_safe(item, following, &list, struct item, link)
		if (item->number % 2 == 0)
			list_remove(&item->link);
	list_foreach(item, &list, struct item, link) {
		assert_int_equal(item->number % 2, 1);
		left++;
	}
	assert_int_equal(left, 2);

	list_foreach_safe(item, following, &list, struct item, link)
		list_remove(&item->link);
	assert_true(list_empty(&list));
}

static void a_removed_link_may_be_removed_again_and_hung_elsewhere(void **state)
{
	struct item item = { .number = 1 };
	struct list_link list, other;

	(void) state;
	list_init(&list);
	list_init(&other);
	list_append(&list, &item.link);
	list_remove(&item.link);
	list_remove(&item.link);
	assert_true(list_empty(&list));
	list_append(&other, &item.link);
	assert_ptr_equal(list_entry(other.next, struct item, link), &item);
	assert_true(list_empty(&list));
}

static void a_zeroed_head_is_an_empty_list(void **state)
{
	struct list_link list = { NULL, NULL };

	(void) state;
	assert_true(list_empty(&list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_walked_in_the_order_of_appending),
		cmocka_unit_test(a_safe_walk_may_remove_what_it_visits),
		cmocka_unit_test(a_removed_link_may_be_removed_again_and_hung_elsewhere),
		cmocka_unit_test(a_zeroed_head_is_an_empty_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
