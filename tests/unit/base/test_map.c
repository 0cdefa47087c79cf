#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/map.h"
#include "irqherd/base/rng.h"

static void an_unused_map_answers_nothing(void **state)
{
	struct map map = MAP_INIT;
	size_t cursor = 0;

	(void) state;
	assert_null(map_find(&map, 1));
	assert_null(map_drop(&map, 1));
	assert_null(map_next(&map, &cursor));
	map_deinit(&map);
	map_deinit(&map);
}

static void any_key_is_possible(void **state)
{
	static const uint64_t keys[] = { 0, 1, UINT64_MAX, UINT64_C(1) << 32, UINT64_C(1) << 63 };
	_cleanup_(map_deinit) struct map map = MAP_INIT;
	int values[ARRAY_SIZE(keys)];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(map_put(&map, keys[i], &values[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_ptr_equal(map_find(&map, keys[i]), &values[i]);
	assert_int_equal(map.used, ARRAY_SIZE(keys));
}

static void put_replaces_and_drop_takes_out(void **state)
{
	_cleanup_(map_deinit) struct map map = MAP_INIT;
	int first, second;

	(void) state;
	assert_int_equal(map_put(&map, 5, &first), 0);
	assert_int_equal(map_put(&map, 5, &second), 0);
	assert_int_equal(map.used, 1);
	assert_ptr_equal(map_find(&map, 5), &second);
	assert_ptr_equal(map_drop(&map, 5), &second);
	assert_null(map_drop(&map, 5));
	assert_null(map_find(&map, 5));
	assert_int_equal(map.used, 0);
	assert_int_equal(map_put(&map, 5, &first), 0);
	assert_ptr_equal(map_find(&map, 5), &first);
}

static void walking_may_drop_the_current_entry(void **state)
{
	enum {
		COUNT = 1000
	};
	_cleanup_(map_deinit) struct map map = MAP_INIT;
	static uint64_t keys[COUNT];
	unsigned int visits[COUNT] = { 0 };
	uint64_t *value;
	size_t cursor;

	(void) state;
	for (unsigned int i = 0; i < COUNT; i++) {
		keys[i] = i;
		assert_int_equal(map_put(&map, i, &keys[i]), 0);
	}

	cursor = 0;
	while ((value = map_next(&map, &cursor))) {
		visits[*value]++;
		if (*value % 3 == 0)
			assert_ptr_equal(map_drop(&map, *value), value);
	}
	for (unsigned int i = 0; i < COUNT; i++) {
		assert_int_equal(visits[i], 1);
		if (i % 3 == 0)
			assert_null(map_find(&map, i));
		else
			assert_ptr_equal(map_find(&map, i), &keys[i]);
	}
}

/* Devices that come and go for weeks under ever new keys. */
static void coming_and_going_does_not_grow_the_table(void **state)
{
	_cleanup_(map_deinit) struct map map = MAP_INIT;
	int value;

	(void) state;
	for (uint64_t key = 0; key < 100000; key++) {
		assert_int_equal(map_put(&map, key, &value), 0);
		if (key >= 10)
			assert_ptr_equal(map_drop(&map, key - 10), &value);
		assert_true(map.size <= 64);
	}
	assert_int_equal(map.used, 10);
	assert_null(map_find(&map, 99989));
	assert_ptr_equal(map_find(&map, 99990), &value);
}

/* The same operations on an array that needs no cleverness. */
static void random_operations_agree_with_an_array(void **state)
{
	enum {
		KEYS = 512
	};
	_cleanup_(map_deinit) struct map map = MAP_INIT;
	static int values[64];
	void *model[KEYS] = { NULL };
	struct rng rng = { 3 };

	(void) state;
	for (unsigned int step = 0; step < 50000; step++) {
		uint32_t index = rng_below(&rng, KEYS);
		uint64_t key = (uint64_t) index
			       << 29; /* keys that differ in their high bits only */
		void *value = &values[rng_below(&rng, ARRAY_SIZE(values))];
		size_t used = 0;

		if (rng_below(&rng, 5) < 2) {
			assert_ptr_equal(map_drop(&map, key), model[index]);
			model[index] = NULL;
		} else {
			assert_int_equal(map_put(&map, key, value), 0);
			model[index] = value;
		}
		if (step % 1000 != 0)
			continue;
		for (unsigned int i = 0; i < KEYS; i++) {
			assert_ptr_equal(map_find(&map, (uint64_t) i << 29), model[i]);
			used += model[i] != NULL;
		}
		assert_int_equal(map.used, used);
	}
}

static void hashes_of_texts_are_fnv_1a(void **state)
{
	static const struct {
		const char *text;
		uint64_t hash;
	} cases[] = {
		/* the test vectors published with the algorithm */
		{ "", UINT64_C(0xcbf29ce484222325) },
		{ "a", UINT64_C(0xaf63dc4c8601ec8c) },
		{ "foobar", UINT64_C(0x85944171f73967e8) },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(map_hash_text(cases[i].text) == cases[i].hash);
	assert_true(map_hash_text("\xff") != map_hash_text("\x7f"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unused_map_answers_nothing),
		cmocka_unit_test(any_key_is_possible),
		cmocka_unit_test(put_replaces_and_drop_takes_out),
		cmocka_unit_test(walking_may_drop_the_current_entry),
		cmocka_unit_test(coming_and_going_does_not_grow_the_table),
		cmocka_unit_test(random_operations_agree_with_an_array),
		cmocka_unit_test(hashes_of_texts_are_fnv_1a),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
