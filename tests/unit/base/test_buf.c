#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/macro.h"

static void an_unused_buffer_is_the_empty_text(void **state)
{
	struct buf buf = BUF_INIT;

	(void) state;
	assert_string_equal(buf_text(&buf), "");
	buf_reset(&buf);
	assert_null(buf.data);
	buf_deinit(&buf);
	buf_deinit(&buf);
}

static void appending_keeps_the_final_nul(void **state)
{
	_cleanup_(buf_deinit) struct buf buf = BUF_INIT;

	(void) state;
	assert_int_equal(buf_append(&buf, NULL, 0), 0);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_puts(&buf, "one"), 0);
	assert_int_equal(buf_puts(&buf, ""), 0);
	assert_int_equal(buf_append(&buf, " two", 4), 0);
	assert_int_equal(buf_printf(&buf, " %d%s", 3, "!"), 0);
	assert_string_equal(buf_text(&buf), "one two 3!");
	assert_int_equal(buf.length, 10);
}

static void bytes_may_be_nul(void **state)
{
	_cleanup_(buf_deinit) struct buf buf = BUF_INIT;

	(void) state;
	assert_int_equal(buf_append(&buf, "a\0b", 3), 0);
	assert_int_equal(buf.length, 3);
	assert_memory_equal(buf.data, "a\0b", 4);
}

static void reset_keeps_the_memory(void **state)
{
	_cleanup_(buf_deinit) struct buf buf = BUF_INIT;
	const char *data;

	(void) state;
	assert_int_equal(buf_puts(&buf, "something"), 0);
	data = buf.data;
	buf_reset(&buf);
	assert_int_equal(buf.length, 0);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_puts(&buf, "else"), 0);
	assert_ptr_equal(buf.data, data);
	assert_string_equal(buf_text(&buf), "else");
}

static void reserved_room_is_there_without_moving(void **state)
{
	_cleanup_(buf_deinit) struct buf buf = BUF_INIT;
	const char *data;

	(void) state;
	assert_int_equal(buf_reserve(&buf, 1000), 0);
	assert_true(buf.size >= 1001);
	data = buf.data;
	for (unsigned int i = 0; i < 1000; i++)
		assert_int_equal(buf_append(&buf, "x", 1), 0);
	assert_ptr_equal(buf.data, data);
	assert_int_equal(strlen(buf.data), 1000);
}

static void impossible_sizes_are_refused_and_lose_nothing(void **state)
{
	_cleanup_(buf_deinit) struct buf buf = BUF_INIT;

	(void) state;
	assert_int_equal(buf_puts(&buf, "kept"), 0);
	assert_int_equal(buf_reserve(&buf, SIZE_MAX), -ENOMEM);
	assert_int_equal(buf_reserve(&buf, SIZE_MAX - 4), -ENOMEM);
	assert_int_equal(buf_reserve(&buf, SIZE_MAX / 2), -ENOMEM);
	assert_string_equal(buf_text(&buf), "kept");
}

/* Every length around the doublings of the room, so that each way of just fitting is met. */
static void formatted_texts_of_every_length_arrive_whole(void **state)
{
	(void) state;
	for (int width = 1; width < 300; width++) {
		_cleanup_(buf_deinit) struct buf buf = BUF_INIT;

		assert_int_equal(buf_printf(&buf, "%*d", width, 7), 0);
		assert_int_equal(buf_printf(&buf, "%*d", width, 8), 0);
		assert_int_equal(buf.length, 2 * width);
		assert_int_equal(strlen(buf.data), 2 * width);
		assert_int_equal(buf.data[width - 1], '7');
		assert_int_equal(buf.data[2 * width - 1], '8');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unused_buffer_is_the_empty_text),
		cmocka_unit_test(appending_keeps_the_final_nul),
		cmocka_unit_test(bytes_may_be_nul),
		cmocka_unit_test(reset_keeps_the_memory),
		cmocka_unit_test(reserved_room_is_there_without_moving),
		cmocka_unit_test(impossible_sizes_are_refused_and_lose_nothing),
		cmocka_unit_test(formatted_texts_of_every_length_arrive_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
