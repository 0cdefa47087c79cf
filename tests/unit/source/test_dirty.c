/* dirty: looks in virtual time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/base/rng.h"
#include "irqherd/source/dirty.h"

static int setup(void **state)
{
	static struct dirty dirty;

	*state = &dirty;
	return dirty_init(&dirty);
}

static int teardown(void **state)
{
	dirty_deinit(*state);
	return 0;
}

static struct hint device(unsigned int number)
{
	return (struct hint){ .kind = HINT_DEVICE,
			      .addr = { .bus = (uint8_t) (number >> 5), .device = number & 31 } };
}

static struct hint netdev(const char *name, int ifindex)
{
	struct hint hint = { .kind = HINT_NETDEV, .ifindex = ifindex };

	(void) snprintf(hint.name, sizeof(hint.name), "%s", name);
	return hint;
}

static void put(struct dirty *dirty, struct hint hint, uint64_t now_ms)
{
	assert_int_equal(dirty_put(dirty, &hint, now_ms), 0);
}

static struct hint take(struct dirty *dirty, uint64_t now_ms)
{
	struct hint hint;
	bool relook;

	assert_true(dirty_take(dirty, now_ms, &hint, &relook));
	assert_false(relook);
	return hint;
}

static void assert_nothing(struct dirty *dirty, uint64_t now_ms)
{
	struct hint hint;
	bool relook;

	assert_false(dirty_take(dirty, now_ms, &hint, &relook));
}

/* Looks at all that is due and says that nothing changed. Answers the number of looks. */
static unsigned int look(struct dirty *dirty, uint64_t now_ms)
{
	struct hint hint;
	bool relook;
	unsigned int looks = 0;

	while (dirty_take(dirty, now_ms, &hint, &relook)) {
		dirty_looked(dirty, &hint, now_ms, false, false);
		looks++;
	}
	return looks;
}

/* The times of all looks that the schedule still wants, up to `count`. */
static size_t run_schedule(struct dirty *dirty, uint64_t *times, size_t count)
{
	size_t n = 0;
	uint64_t due_ms;

	while (n < count && (due_ms = dirty_next_due(dirty)) != DIRTY_NEVER) {
		struct hint hint;
		bool relook;

		assert_true(dirty_take(dirty, due_ms, &hint, &relook));
		assert_true(relook);
		dirty_looked(dirty, &hint, due_ms, false, false);
		times[n++] = due_ms;
	}
	return n;
}

static void nothing_is_due_in_an_empty_set(void **state)
{
	assert_true(dirty_next_due(*state) == DIRTY_NEVER);
	assert_nothing(*state, 1000);
}

static void first_hint_is_due_at_once(void **state)
{
	put(*state, device(3), 1000);
	assert_int_equal(dirty_next_due(*state), 1000);
	assert_int_equal(take(*state, 1000).addr.device, 3);
	assert_nothing(*state, 1000);
}

static void hint_soon_after_a_look_waits_for_the_merge_time(void **state)
{
	struct hint hint;

	put(*state, device(3), 1000);
	hint = take(*state, 1000);
	dirty_looked(*state, &hint, 1001, false, false);

	put(*state, device(3), 1001);
	put(*state, device(3), 1002);
	assert_int_equal(dirty_next_due(*state), 1003);
	assert_nothing(*state, 1002);
	(void) take(*state, 1003);
}

static void what_waits_for_a_look_is_counted(void **state)
{
	struct dirty *dirty = *state;
	struct hint hint;

	put(dirty, device(3), 1000);
	put(dirty, device(3), 1000);
	put(dirty, device(4), 1000);
	assert_int_equal(dirty->hinted, 2);
	assert_int_equal(dirty_count(dirty), 2);

	hint = take(dirty, 1000);
	assert_int_equal(dirty->hinted, 1);
	put(dirty, hint, 1000); /* meanwhile */
	assert_int_equal(dirty->hinted, 2);
	dirty_looked(dirty, &hint, 1000, true, false);
	assert_int_equal(dirty_count(dirty), 2);

	assert_int_equal(look(dirty, 1002), 2);
	assert_int_equal(dirty->hinted, 0);
	assert_int_equal(dirty_count(dirty), 2); /* by schedule */
	hint = device(4);
	put(dirty, hint, 1003);
	hint = take(dirty, 1022);
	dirty_looked(dirty, &hint, 1022, false, true);
	assert_int_equal(dirty->hinted, 0);
	assert_int_equal(dirty_count(dirty), 1);
}

static void a_look_for_a_hint_is_known_from_one_by_schedule(void **state)
{
	const struct hint hint = device(3), other = device(4);
	struct dirty *dirty = *state;
	uint64_t before = dirty->looks;

	assert_false(dirty_looked_since(dirty, &hint, before));
	put(dirty, hint, 1000);
	assert_false(dirty_looked_since(dirty, &hint, before));
	assert_int_equal(look(dirty, 1000), 1);
	assert_true(dirty_looked_since(dirty, &hint, before));
	assert_false(dirty_looked_since(dirty, &other, before));

	before = dirty->looks;
	assert_false(dirty_looked_since(dirty, &hint, before));
	assert_int_equal(look(dirty, dirty_next_due(dirty)), 1);
	assert_false(dirty_looked_since(dirty, &hint, before));
}

static void a_look_that_found_nothing_does_not_count(void **state)
{
	const struct hint hint = device(3);
	struct dirty *dirty = *state;

	put(dirty, hint, 1000);
	(void) take(dirty, 1000);
	dirty_looked(dirty, &hint, 1000, false, true);
	assert_false(dirty_looked_since(dirty, &hint, 0));
}

static void a_burst_waits_little_and_a_storm_longer_with_each_look(void **state)
{
	static const unsigned int waits_ms[] = {
		0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 5, 10, DIRTY_MERGE_MS, DIRTY_MERGE_MS
	};
	uint64_t now_ms = 1000;

	for (unsigned int burst = 0; burst < 2; burst++) {
		for (size_t i = 0; i < ARRAY_SIZE(waits_ms); i++) {
			struct hint hint;

			put(*state, device(3), now_ms);
			assert_int_equal(dirty_next_due(*state), now_ms + waits_ms[i]);
			now_ms += waits_ms[i];
			hint = take(*state, now_ms);
			dirty_looked(*state, &hint, now_ms, false, false);
		}
		/* looks by schedule do not count, and in half a second all is forgotten */
		while (dirty_next_due(*state) < now_ms + 500) {
			struct hint hint;
			bool relook;
			uint64_t due_ms = dirty_next_due(*state);

			assert_true(dirty_take(*state, due_ms, &hint, &relook));
			assert_true(relook);
			dirty_looked(*state, &hint, due_ms, false, false);
		}
		now_ms += 700;
	}
}

static void hint_during_a_look_gets_a_look_of_its_own(void **state)
{
	struct hint hint;

	put(*state, device(3), 1000);
	hint = take(*state, 1000);
	put(*state, device(3), 1002);
	dirty_looked(*state, &hint, 1003, false, false);

	assert_int_equal(dirty_next_due(*state), 1005);
	(void) take(*state, 1005);
}

static void flags_of_all_hints_are_merged_and_then_cleared(void **state)
{
	struct hint remade = device(3), from_udevd = device(3), hint;

	remade.remade = true;
	from_udevd.from_udevd = true;
	put(*state, remade, 1000);
	put(*state, from_udevd, 1000);
	put(*state, device(3), 1000);

	hint = take(*state, 1000);
	assert_true(hint.remade);
	assert_true(hint.from_udevd);
	dirty_looked(*state, &hint, 1000, false, false);

	put(*state, device(3), 1100);
	hint = take(*state, 1100);
	assert_false(hint.remade);
	assert_false(hint.from_udevd);
}

static void last_hint_tells_when_its_event_was_received(void **state)
{
	struct dirty *dirty = *state;
	struct hint early = device(1), hint;
	bool relook;

	put(dirty, device(1), 1000);
	put(dirty, device(1), 1007);
	hint = take(dirty, 1008);
	assert_int_equal(hint.told_ms, 1007);

	early.told_ms = 1005; /* handed on by a look at another object */
	dirty_looked(dirty, &hint, 1008, false, false);
	put(dirty, early, 1030);
	hint = take(dirty, 1030);
	assert_int_equal(hint.told_ms, 1007);
	early.told_ms = 1031;
	put(dirty, early, 1040);
	dirty_looked(dirty, &hint, 1041, false, false);
	hint = take(dirty, 1061);
	assert_int_equal(hint.told_ms, 1031);

	/* by schedule: still since the last event */
	dirty_looked(dirty, &hint, 1061, false, false);
	assert_true(dirty_take(dirty, dirty_next_due(dirty), &hint, &relook));
	assert_true(relook);
	assert_int_equal(hint.told_ms, 1031);
}

static void kinds_are_taken_in_a_fixed_order(void **state)
{
	static const enum hint_kind order[] = { HINT_CPUS, HINT_RESYNC, HINT_DEVICE, HINT_NETDEV,
						HINT_IRQ };

	put(*state, (struct hint){ .kind = HINT_IRQ, .irq = 9 }, 1000);
	put(*state, netdev("eth0", 2), 1000);
	put(*state, device(1), 1001);
	put(*state, (struct hint){ .kind = HINT_RESYNC }, 1001);
	put(*state, (struct hint){ .kind = HINT_CPUS }, 1002);

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		assert_int_equal(take(*state, 1002).kind, order[i]);
	assert_nothing(*state, 1002);
}

static void object_is_looked_at_again_at_growing_distance_and_then_forgotten(void **state)
{
	static const uint64_t expected[] = { 1050, 1200, 1500, 3000, 6000, 16000 };
	struct dirty *dirty = *state;
	uint64_t times[16];

	put(dirty, device(3), 1000);
	assert_int_equal(look(dirty, 1000), 1);

	assert_int_equal(run_schedule(dirty, times, 16), ARRAY_SIZE(expected));
	assert_memory_equal(times, expected, sizeof(expected));

	put(dirty, device(4), 17000);
	assert_int_equal(dirty->entries.used, 1);
}

static void found_change_restarts_the_schedule(void **state)
{
	static const uint64_t expected[] = { 1250, 1400, 1700, 3200, 6200, 16200 };
	struct dirty *dirty = *state;
	struct hint hint;
	uint64_t times[16];
	bool relook;

	put(dirty, device(3), 1000);
	(void) look(dirty, 1000);
	(void) look(dirty, 1050);
	assert_true(dirty_take(dirty, 1200, &hint, &relook));
	assert_true(relook);
	dirty_looked(dirty, &hint, 1200, true, false);

	assert_int_equal(run_schedule(dirty, times, 16), ARRAY_SIZE(expected));
	assert_memory_equal(times, expected, sizeof(expected));
}

static void remade_device_is_watched_from_the_start_even_if_nothing_changed_yet(void **state)
{
	struct dirty *dirty = *state;
	struct hint hint = device(3);

	put(dirty, hint, 1000);
	(void) look(dirty, 1000);
	(void) look(dirty, 1500);

	hint.remade = true;
	put(dirty, hint, 2900);
	(void) look(dirty, 2900);
	assert_int_equal(dirty_next_due(dirty), 2950);
}

static void hints_without_change_do_not_multiply_looks(void **state)
{
	struct dirty *dirty = *state;

	for (uint64_t now_ms = 0; now_ms < 150000; now_ms += 10) {
		if (now_ms % 1000 == 0)
			put(dirty, netdev("veth0", 7), now_ms);
		(void) look(dirty, now_ms);
	}
	/* 150 by hint, and ten schedules of six at most */
	assert_in_range(dirty->looks, 150, 210);
}

static void gone_object_is_forgotten(void **state)
{
	struct dirty *dirty = *state;
	struct hint hint;

	put(dirty, device(3), 1000);
	hint = take(dirty, 1000);
	dirty_looked(dirty, &hint, 1000, true, true);
	assert_true(dirty_next_due(dirty) == DIRTY_NEVER);

	put(dirty, device(4), 1020);
	assert_int_equal(dirty->entries.used, 1);
}

static void gone_object_that_was_hinted_meanwhile_is_looked_at(void **state)
{
	struct dirty *dirty = *state;
	struct hint hint;

	put(dirty, device(3), 1000);
	hint = take(dirty, 1000);
	put(dirty, device(3), 1000);
	dirty_looked(dirty, &hint, 1000, true, true);

	assert_int_equal(dirty_next_due(dirty), 1002);
	assert_int_equal(look(dirty, 1002), 1);
	assert_int_equal(dirty_next_due(dirty), 1052);
}

static void flapping_name_that_is_always_gone_costs_one_look_per_merge_time(void **state)
{
	struct dirty *dirty = *state;

	for (unsigned int i = 0; i < 10000; i++) {
		uint64_t now_ms = i / 10;
		struct hint hint;
		bool relook;

		put(dirty, netdev("veth0", 0), now_ms);
		while (dirty_take(dirty, now_ms, &hint, &relook))
			dirty_looked(dirty, &hint, now_ms, true, true);
	}
	/* and a few more before the waits have grown */
	assert_in_range(dirty->looks, 45, 1000 / DIRTY_MERGE_MS + 15);
}

static void storm_on_one_object_costs_one_look_per_merge_time(void **state)
{
	struct dirty *dirty = *state;

	for (unsigned int i = 0; i < 10000; i++) {
		put(dirty, device(3), i / 10);
		(void) look(dirty, i / 10);
	}
	/* and a few more before the waits have grown */
	assert_in_range(dirty->looks, 45, 1000 / DIRTY_MERGE_MS + 15);
	assert_int_equal(dirty->hints, 10000);
	assert_int_equal(look(dirty, 1020), 1);
}

static void cpus_are_looked_at_once_more_and_resync_never(void **state)
{
	uint64_t times[4];

	put(*state, (struct hint){ .kind = HINT_CPUS }, 1000);
	put(*state, (struct hint){ .kind = HINT_RESYNC }, 1000);
	assert_int_equal(look(*state, 1000), 2);
	assert_int_equal(run_schedule(*state, times, 4), 1);
	assert_int_equal(times[0], 1500);
}

static void cpus_and_resync_are_merged_too(void **state)
{
	for (unsigned int i = 0; i < 5; i++) {
		put(*state, (struct hint){ .kind = HINT_CPUS }, 1000 + i);
		put(*state, (struct hint){ .kind = HINT_RESYNC }, 1000 + i);
		assert_int_equal(look(*state, 1000 + i), i == 0 ? 2 : 0);
	}
	assert_int_equal(look(*state, 1020), 2);
}

static void netdev_is_known_by_name_where_there_is_one(void **state)
{
	struct dirty *dirty = *state;

	put(dirty, netdev("eth0", 0), 1000);
	put(dirty, netdev("eth0", 2), 1000);
	put(dirty, netdev("eth1", 2), 1000);
	put(dirty, netdev("", 2), 1000);
	assert_int_equal(dirty->entries.used, 3);
	assert_int_equal(look(dirty, 1000), 3);
}

static void ifindex_that_a_later_hint_knows_is_kept(void **state)
{
	put(*state, netdev("eth0", 0), 1000);
	put(*state, netdev("eth0", 7), 1000);
	put(*state, netdev("eth0", 0), 1000);
	assert_int_equal(take(*state, 1000).ifindex, 7);
}

static void hint_that_names_nothing_is_refused(void **state)
{
	struct hint unterminated = { .kind = HINT_NETDEV };
	struct hint nameless = { .kind = HINT_NETDEV };
	struct hint odd = { .kind = (enum hint_kind) 77 };

	memset(unterminated.name, 'x', sizeof(unterminated.name));
	assert_int_equal(dirty_put(*state, &unterminated, 0), -EINVAL);
	assert_int_equal(dirty_put(*state, &nameless, 0), -EINVAL);
	assert_int_equal(dirty_put(*state, &odd, 0), -EINVAL);
	assert_true(dirty_next_due(*state) == DIRTY_NEVER);
}

static void objects_beyond_the_limit_become_a_resync(void **state)
{
	struct dirty *dirty = *state;

	for (unsigned int i = 0; i < DIRTY_LIMIT; i++)
		put(dirty, (struct hint){ .kind = HINT_IRQ, .irq = i }, 1000);
	assert_int_equal(dirty->entries.used, DIRTY_LIMIT);
	assert_int_equal(take(dirty, 1000).kind, HINT_IRQ);

	put(dirty, (struct hint){ .kind = HINT_IRQ, .irq = DIRTY_LIMIT }, 1000);
	put(dirty, device(1), 1000);
	assert_int_equal(dirty->entries.used, DIRTY_LIMIT);
	assert_int_equal(take(dirty, 1000).kind, HINT_RESYNC);
	assert_int_equal(take(dirty, 1000).kind, HINT_IRQ);
}

static void look_that_nobody_took_does_no_harm(void **state)
{
	struct hint known = device(3), unknown = device(4);

	put(*state, known, 1000);
	dirty_looked(*state, &unknown, 1000, true, false);
	dirty_looked(*state, &known, 1000, true, true);
	assert_int_equal(look(*state, 1020), 1);

	dirty_looked(*state, &known, 1030, false, true);
	assert_true(dirty_next_due(*state) == DIRTY_NEVER);
}

/*
 * Hints in any order and number, looks at odd times, some of them finding change: after its last
 * hint every object is looked at; no two looks at one object are closer than the merge time; and
 * next_due never lies.
 */
static void last_hint_of_every_object_always_gets_its_look(void **state)
{
	enum {
		OBJECTS = 50,
		STEPS = 4000
	};

	struct dirty *dirty = *state;

	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct rng rng = { seed };
		uint64_t hinted[OBJECTS] = { 0 }, looked[OBJECTS] = { 0 };
		uint64_t now_ms = 1000 + seed * 1000000;
		struct hint hint;
		bool relook;

		for (unsigned int step = 0; step < STEPS; step++) {
			unsigned int doubled = 1 + rng_below(&rng, 3);
			unsigned int object = rng_below(&rng, OBJECTS);

			now_ms += rng_below(&rng, 8);
			while (doubled-- > 0)
				put(dirty, device(object), now_ms);
			hinted[object] = step + 1;

			if (rng_below(&rng, 3) == 0)
				continue;
			assert_true(dirty_next_due(dirty) != DIRTY_NEVER);
			while (dirty_take(dirty, now_ms, &hint, &relook)) {
				unsigned int taken = hint.addr.bus * 32u + hint.addr.device;

				assert_true(relook || hinted[taken] != 0);
				assert_true(!looked[taken] || now_ms - looked[taken] >= 2);
				looked[taken] = now_ms;
				hinted[taken] = 0;
				dirty_looked(dirty, &hint, now_ms, rng_below(&rng, 4) == 0,
					     rng_below(&rng, 6) == 0);
			}
			assert_true(dirty_next_due(dirty) > now_ms);
		}

		while (dirty_next_due(dirty) != DIRTY_NEVER) {
			now_ms = dirty_next_due(dirty);
			assert_true(dirty_take(dirty, now_ms, &hint, &relook));
			hinted[hint.addr.bus * 32u + hint.addr.device] = 0;
			dirty_looked(dirty, &hint, now_ms, false, false);
		}
		assert_int_equal(dirty->hinted, 0);
		assert_int_equal(dirty_count(dirty), 0);
		for (unsigned int i = 0; i < OBJECTS; i++)
			assert_int_equal(hinted[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(nothing_is_due_in_an_empty_set),
		TEST(first_hint_is_due_at_once),
		TEST(hint_soon_after_a_look_waits_for_the_merge_time),
		TEST(what_waits_for_a_look_is_counted),
		TEST(hint_during_a_look_gets_a_look_of_its_own),
		TEST(a_look_for_a_hint_is_known_from_one_by_schedule),
		TEST(a_look_that_found_nothing_does_not_count),
		TEST(a_burst_waits_little_and_a_storm_longer_with_each_look),
		TEST(flags_of_all_hints_are_merged_and_then_cleared),
		TEST(last_hint_tells_when_its_event_was_received),
		TEST(kinds_are_taken_in_a_fixed_order),
		TEST(object_is_looked_at_again_at_growing_distance_and_then_forgotten),
		TEST(found_change_restarts_the_schedule),
		TEST(remade_device_is_watched_from_the_start_even_if_nothing_changed_yet),
		TEST(hints_without_change_do_not_multiply_looks),
		TEST(gone_object_is_forgotten),
		TEST(gone_object_that_was_hinted_meanwhile_is_looked_at),
		TEST(flapping_name_that_is_always_gone_costs_one_look_per_merge_time),
		TEST(storm_on_one_object_costs_one_look_per_merge_time),
		TEST(cpus_are_looked_at_once_more_and_resync_never),
		TEST(cpus_and_resync_are_merged_too),
		TEST(netdev_is_known_by_name_where_there_is_one),
		TEST(ifindex_that_a_later_hint_knows_is_kept),
		TEST(hint_that_names_nothing_is_refused),
		TEST(objects_beyond_the_limit_become_a_resync),
		TEST(look_that_nobody_took_does_no_harm),
		TEST(last_hint_of_every_object_always_gets_its_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
