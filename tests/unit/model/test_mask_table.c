/* mask_table: equal sets have equal ids, and what nobody holds is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/rng.h"
#include "irqherd/model/mask_table.h"

static int table_setup(void **state)
{
	static struct mask_table table;

	*state = &table;
	return mask_table_init(&table);
}

static int table_teardown(void **state)
{
	mask_table_deinit(*state);
	return 0;
}

static struct cpumask parse(const char *list)
{
	struct cpumask mask;

	assert_int_equal(cpulist_parse(list, &mask), 0);
	return mask;
}

static mask_id intern(struct mask_table *table, const char *list)
{
	struct cpumask mask = parse(list);
	mask_id id;

	assert_int_equal(mask_intern(table, &mask, &id), 0);
	return id;
}

/* A set of two CPUs or more, another for each number. */
static struct cpumask numbered(unsigned int number)
{
	struct cpumask mask = parse("100,8191");

	for (unsigned int bit = 0; bit < 20; bit++)
		if (number >> bit & 1)
			cpumask_set(&mask, bit);
	return mask;
}

static mask_id intern_numbered(struct mask_table *table, unsigned int number)
{
	struct cpumask mask = numbered(number);
	mask_id id;

	assert_int_equal(mask_intern(table, &mask, &id), 0);
	return id;
}

static void every_set_comes_back_as_it_went_in(void **state)
{
	static const char *const lists[] = {
		"",      "0",      "63",        "64",      "8191", "0-1",  "0,64",
		"63-64", "0-8191", "8190-8191", "128-255", "0-63", "0-64", "1,3,5,7,1000,2000,8191",
	};
	struct mask_table *table = *state;
	mask_id ids[ARRAY_SIZE(lists)];

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		ids[i] = intern(table, lists[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct cpumask wanted = parse(lists[i]), got;

		mask_get(table, ids[i], &got);
		assert_true(cpumask_equal(&got, &wanted));
		assert_int_equal(mask_single(ids[i]), cpumask_single(&wanted));
		assert_int_equal(intern(table, lists[i]), ids[i]);
		for (int cpu = 0; cpu < (int) CPU_LIMIT; cpu += 1 + (cpu > 130) * 61)
			assert_int_equal(mask_test(table, ids[i], cpu), cpumask_test(&wanted, cpu));
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(ids[i], ids[k]);
	}
}

static void empty_set_is_mask_none_and_has_no_cpu(void **state)
{
	struct mask_table *table = *state;

	assert_int_equal(intern(table, ""), MASK_NONE);
	assert_false(mask_test(table, MASK_NONE, 0));
	assert_false(mask_test(table, intern(table, "0-7"), CPU_NONE));
	assert_false(mask_test(table, intern(table, "0-7"), (int) CPU_LIMIT));
	assert_false(mask_test(table, intern(table, "5"), CPU_NONE));
	assert_int_equal(mask_single(MASK_NONE), CPU_NONE);
}

static void single_cpus_take_no_entry(void **state)
{
	struct mask_table *table = *state;

	for (unsigned int cpu = 0; cpu < CPU_LIMIT; cpu += 7) {
		struct cpumask mask = cpumask_one(cpu);
		mask_id id;

		assert_int_equal(mask_intern(table, &mask, &id), 0);
		assert_int_equal(id, mask_of_cpu(cpu));
		assert_int_equal(mask_single(id), (int) cpu);
	}
	assert_int_equal(table->used, 0);
}

static void thousands_of_sets_keep_their_ids(void **state)
{
	struct mask_table *table = *state;
	mask_id ids[5000];

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = intern_numbered(table, i);
	assert_int_equal(table->used, ARRAY_SIZE(ids));
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		assert_int_equal(intern_numbered(table, i), ids[i]);
	assert_int_equal(table->used, ARRAY_SIZE(ids));
}

static void sweep_forgets_the_unmarked_and_moves_nobody(void **state)
{
	struct mask_table *table = *state;
	mask_id ids[1000];

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = intern_numbered(table, i);
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i += 3)
		mask_mark(table, ids[i]);
	mask_mark(table, mask_of_cpu(5));
	mask_mark(table, MASK_NONE);
	mask_sweep(table);
	assert_int_equal(table->used, 334);

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i += 3) {
		struct cpumask wanted = numbered(i), got;

		mask_get(table, ids[i], &got);
		assert_true(cpumask_equal(&got, &wanted));
		assert_int_equal(intern_numbered(table, i), ids[i]);
	}
	for (unsigned int i = 1; i < ARRAY_SIZE(ids); i += 3) {
		struct cpumask got;

		mask_get(table, ids[i], &got);
		assert_true(cpumask_empty(&got));
		assert_false(mask_test(table, ids[i], 100));
	}
}

static void ids_of_forgotten_sets_are_given_out_again(void **state)
{
	struct mask_table *table = *state;
	uint32_t size;

	for (unsigned int i = 0; i < 600; i++)
		(void) intern_numbered(table, i);
	size = table->size;
	mask_sweep(table);
	assert_int_equal(table->used, 0);
	for (unsigned int i = 1000; i < 1600; i++)
		(void) intern_numbered(table, i);
	assert_int_equal(table->used, 600);
	assert_int_equal(table->size, size);
	for (unsigned int i = 1000; i < 1600; i++) {
		struct cpumask wanted = numbered(i), got;

		mask_get(table, intern_numbered(table, i), &got);
		assert_true(cpumask_equal(&got, &wanted));
	}
}

static void sweep_is_due_when_the_table_doubled(void **state)
{
	struct mask_table *table = *state;
	unsigned int next = 0;

	while (!mask_sweep_is_due(table))
		(void) intern_numbered(table, next++);
	assert_int_equal(next, 256);
	while (next < 1000)
		(void) intern_numbered(table, next++);
	for (unsigned int i = 0; i < 1000; i++)
		mask_mark(table, intern_numbered(table, i));
	mask_sweep(table);
	assert_int_equal(table->used, 1000);
	while (!mask_sweep_is_due(table))
		(void) intern_numbered(table, next++);
	assert_int_equal(next, 2000);
}

/* Sets whose hash is the same hang in one chain; a chain that loses any of its members still finds
 * the others. Equal hashes are rare, so they are made. */
static void chains_survive_the_loss_of_any_member(void **state)
{
	struct mask_table *table = *state;

	for (unsigned int lost = 0; lost < 3; lost++) {
		mask_id ids[3];

		for (unsigned int i = 0; i < 3; i++)
			ids[i] = intern_numbered(table, 10 + i);
		/* as if all three had the hash of the first: newest first */
		for (unsigned int i = 1; i < 3; i++) {
			(void) map_drop(&table->by_hash, table->entries[ids[i]].hash);
			table->entries[ids[i]].hash = table->entries[ids[0]].hash;
			table->entries[ids[i]].next = ids[i - 1];
		}
		assert_int_equal(map_put(&table->by_hash, table->entries[ids[0]].hash,
					 (void *) (uintptr_t) ids[2]),
				 0);
		for (unsigned int i = 0; i < 3; i++)
			if (i != lost)
				mask_mark(table, ids[i]);
		mask_sweep(table);
		assert_int_equal(table->used, 2);
		/* the first member's own hash leads to whoever is left */
		if (lost != 0)
			assert_int_equal(intern_numbered(table, 10), ids[0]);
		mask_sweep(table);
		assert_int_equal(table->used, 0);
		assert_int_equal(table->by_hash.used, 0);
	}
}

static void any_mixture_of_interning_and_sweeping_stays_true(void **state)
{
	struct mask_table *table = *state;
	struct rng rng = { 42 };
	mask_id held[200] = { 0 };
	unsigned int number[200] = { 0 };

	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int slot = rng_below(&rng, ARRAY_SIZE(held));

		number[slot] = rng_below(&rng, 1u << 20);
		held[slot] = intern_numbered(table, number[slot]);
		if (!mask_sweep_is_due(table))
			continue;
		for (unsigned int i = 0; i < ARRAY_SIZE(held); i++)
			mask_mark(table, held[i]);
		mask_sweep(table);
		for (unsigned int i = 0; i < ARRAY_SIZE(held); i++) {
			struct cpumask wanted = numbered(number[i]), got;

			if (!held[i])
				continue;
			mask_get(table, held[i], &got);
			assert_true(cpumask_equal(&got, &wanted));
		}
	}
	assert_true(table->size <= 1024);
	assert_true(table->by_hash.size <= 2048);
}

#define table_test(function) cmocka_unit_test_setup_teardown(function, table_setup, table_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		table_test(every_set_comes_back_as_it_went_in),
		table_test(empty_set_is_mask_none_and_has_no_cpu),
		table_test(single_cpus_take_no_entry),
		table_test(thousands_of_sets_keep_their_ids),
		table_test(sweep_forgets_the_unmarked_and_moves_nobody),
		table_test(ids_of_forgotten_sets_are_given_out_again),
		table_test(sweep_is_due_when_the_table_doubled),
		table_test(chains_survive_the_loss_of_any_member),
		table_test(any_mixture_of_interning_and_sweeping_stays_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
