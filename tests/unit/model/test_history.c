/* history: a ring that counts on, and forgets the oldest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/model/history.h"

static void put(struct history *history, uint64_t time_ms)
{
	struct history_entry entry = { .time_ms = time_ms, .sequence = 77 };

	history_put(history, &entry);
}

static void empty_history_has_no_entry(void **state)
{
	struct history history = HISTORY_INIT;

	(void) state;
	assert_int_equal(history_init(&history, 4), 0);
	assert_null(history_from(&history, 0));
	assert_null(history_from(&history, 1));
	assert_null(history_from(&history, 100));
	assert_int_equal(history_oldest(&history), history.next);
	history_deinit(&history);
	history_deinit(&history);
}

static void entries_come_back_in_order(void **state)
{
	struct history history = HISTORY_INIT;
	const struct history_entry *entry;
	uint64_t sequence = 0;

	(void) state;
	assert_int_equal(history_init(&history, 8), 0);
	for (uint64_t i = 1; i <= 5; i++)
		put(&history, 100 * i);
	for (uint64_t i = 1; i <= 5; i++) {
		entry = history_from(&history, sequence);
		assert_non_null(entry);
		assert_int_equal(entry->sequence, i);
		assert_int_equal(entry->time_ms, 100 * i);
		sequence = entry->sequence + 1;
	}
	assert_null(history_from(&history, sequence));
	history_deinit(&history);
}

static void full_ring_forgets_the_oldest_and_tells_so(void **state)
{
	struct history history = HISTORY_INIT;

	(void) state;
	assert_int_equal(history_init(&history, 4), 0);
	for (uint64_t i = 1; i <= 11; i++) {
		put(&history, i);
		assert_int_equal(history_oldest(&history), i > 4 ? i - 3 : 1);
	}
	/* who was at 3 sees that 4 to 7 are lost */
	assert_int_equal(history_from(&history, 4)->sequence, 8);
	assert_int_equal(history_from(&history, 8)->time_ms, 8);
	assert_int_equal(history_from(&history, 11)->time_ms, 11);
	assert_null(history_from(&history, 12));
	history_deinit(&history);
}

static void history_of_no_size_only_counts(void **state)
{
	struct history history = HISTORY_INIT;

	(void) state;
	assert_int_equal(history_init(&history, 0), 0);
	put(&history, 1);
	put(&history, 2);
	assert_int_equal(history.next, 3);
	assert_int_equal(history_oldest(&history), 3);
	assert_null(history_from(&history, 0));
	history_deinit(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_history_has_no_entry),
		cmocka_unit_test(entries_come_back_in_order),
		cmocka_unit_test(full_ring_forgets_the_oldest_and_tells_so),
		cmocka_unit_test(history_of_no_size_only_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
