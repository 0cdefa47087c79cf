/* plan, move: the list of moves and the names of results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/model/move.h"

static void plan_keeps_moves_in_order(void **state)
{
	struct plan plan = PLAN_INIT;

	(void) state;
	for (unsigned int i = 0; i < 100; i++) {
		struct move move = { .irq = i, .to_cpu = (int) i + 1 };

		assert_int_equal(plan_add(&plan, &move), 0);
	}
	assert_int_equal(plan.count, 100);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(plan.moves[i].irq, i);
		assert_int_equal(plan.moves[i].to_cpu, i + 1);
	}
	plan_deinit(&plan);
	plan_deinit(&plan);
}

static void reset_plan_is_as_new_but_for_its_memory(void **state)
{
	struct plan plan = PLAN_INIT;
	struct move move = { .irq = 1 };
	struct move *moves;

	(void) state;
	assert_int_equal(plan_add(&plan, &move), 0);
	moves = plan.moves;
	plan.overloaded = 3;
	plan.busiest_cpu = 7;
	plan.unrelieved = plan.hurry = true;
	plan_reset(&plan);
	assert_int_equal(plan.count, 0);
	assert_int_equal(plan.overloaded, 0);
	assert_int_equal(plan.busiest_cpu, CPU_NONE);
	assert_false(plan.unrelieved);
	assert_false(plan.hurry);
	assert_int_equal(plan_add(&plan, &move), 0);
	assert_ptr_equal(plan.moves, moves);
	plan_deinit(&plan);
	assert_int_equal(plan.busiest_cpu, CPU_NONE);
}

static void every_result_has_a_name_of_its_own(void **state)
{
	(void) state;
	for (enum move_result result = 0; result <= MOVE_FAILED; result++) {
		assert_string_not_equal(move_result_name(result), "unknown");
		for (enum move_result other = 0; other < result; other++)
			assert_string_not_equal(move_result_name(result), move_result_name(other));
	}
	assert_string_equal(move_result_name((enum move_result) 99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_keeps_moves_in_order),
		cmocka_unit_test(reset_plan_is_as_new_but_for_its_memory),
		cmocka_unit_test(every_result_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
