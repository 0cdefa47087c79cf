/* Scenarios of load: what the balancer does about it, and what it leaves alone. */
#include "sim.h"

static const enum choice choices[] = { CHOICE_MIN, CHOICE_MAX, CHOICE_RANDOM, CHOICE_COST };

static void idle_machine_is_left_alone(void **state)
{
	struct sim sim;

	(void) state;
	sim_init(&sim, 16, 8, 2, 1);
	for (unsigned int n = 20; n < 84; n++)
		sim_put_irq(&sim, n, (int) n % 2, (int) n % 2 * 8 + (int) n % 3, n % 4 * 0.01);
	sim_rounds(&sim, 3000);
	assert_int_equal(sim.moves, 0);
	assert_false(sim.m.plan.hurry);
	sim_deinit(&sim);
}

static void one_hot_cpu_is_relieved_and_then_there_is_peace(void **state)
{
	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		for (uint64_t seed = 1; seed <= 10; seed++) {
			unsigned int moves;
			struct sim sim;

			sim_init(&sim, 8, 4, 1, seed);
			sim.m.policy.choice = choices[i];
			for (unsigned int n = 20; n < 30; n++)
				sim_put_irq(&sim, n, 0, 0, 0.2);
			sim_rounds(&sim, 60);
			assert_true(sim_highest_demand(&sim) < 0.99);
			assert_in_range(sim.moves, 1, 12);
			moves = sim.moves;
			sim_rounds(&sim, 1000);
			assert_int_equal(sim.moves, moves);
			for (int cpu = 4; cpu < 8; cpu++)
				assert_int_equal(sim_working_irqs(&sim, cpu), 0);
			sim_deinit(&sim);
		}
	}
}

static void all_cpus_hot_means_nowhere_to_go(void **state)
{
	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		struct sim sim;

		sim_init(&sim, 8, 4, 1, 3);
		sim.m.policy.choice = choices[i];
		sim.m.policy.non_local_cpus = true;
		for (unsigned int n = 20; n < 60; n++)
			sim_put_irq(&sim, n, (int) n % 8 / 4, (int) n % 8, 0.3);
		sim_rounds(&sim, 1000);
		assert_int_equal(sim.moves, 0);
		assert_true(sim.m.plan.hurry);
		assert_true(sim.m.plan.unrelieved);
		sim_deinit(&sim);
	}
}

static void elephant_gets_a_cpu_without_endless_moving(void **state)
{
	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		for (uint64_t seed = 1; seed <= 10; seed++) {
			unsigned int moves;
			struct sim sim;

			sim_init(&sim, 4, 4, 1, seed);
			sim.m.policy.choice = choices[i];
			sim_put_irq(&sim, 20, 0, 0, 1.2);
			for (unsigned int n = 21; n < 27; n++)
				sim_put_irq(&sim, n, 0, 0, 0.05);
			sim_rounds(&sim, 300);
			assert_int_equal(sim_working_irqs(&sim, sim.irqs[20].work_cpu), 1);
			assert_in_range(sim.moves, 1, 20);
			moves = sim.moves;
			sim_rounds(&sim, 1000);
			assert_int_equal(sim.moves, moves);
			sim_deinit(&sim);
		}
	}
}

/* The deceived balancer of a machine that sticks moves all it has, and to the same CPU. */
static void sticking_irqs_do_not_deceive(void **state)
{
	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		unsigned int stuck = 0;

		for (uint64_t seed = 1; seed <= 20; seed++) {
			struct sim sim;

			sim_init(&sim, 4, 4, 1, seed);
			sim.sticky = true;
			sim.m.policy.choice = choices[i];
			for (unsigned int n = 20; n < 26; n++)
				sim_put_irq(&sim, n, 0, 0, 0.4);
			/* ten hot rounds are 20 s: one move, two rounds of waiting, and again */
			sim_rounds(&sim, 10);
			assert_in_range(sim.moves, 1, 6);
			sim_rounds(&sim, 1000);
			assert_in_range(sim.moves, 1, 40);
			assert_true(sim_highest_demand(&sim) < 0.99);
			stuck += sim.stuck;
			sim_deinit(&sim);
		}
		assert_true(stuck > 0);
	}
}

static void shifting_load_breaks_no_law(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 24; seed++) {
		struct sim sim;
		double hours;

		sim_init(&sim, 16, 4, 2, seed);
		sim.sticky = seed % 2;
		sim.refusals = seed % 3 ? 0 : 0.1;
		sim.m.policy.choice = choices[seed % ARRAY_SIZE(choices)];
		sim.m.policy.non_local_cpus = seed % 5 == 0;
		sim.m.policy.all_threads = seed % 7 != 0;
		for (unsigned int n = 20; n < 84; n++) {
			sim_put_irq(&sim, n, (int) n % 4, (int) rng_below(&sim.world, 16), 0);
			machine_irq(&sim.m, n)->managed = n % 16 == 0;
		}
		for (unsigned int round = 0; round < 1000; round++) {
			unsigned int n = 20 + rng_below(&sim.world, 64);

			sim.irqs[n].cost = rng_below(&sim.world, 3)
						   ? 0
						   : rng_below(&sim.world, 80) / 100.0;
			sim_round(&sim);
		}
		/* a cooldown of 30 s allows 120 moves an hour; bounces slow that down */
		hours = (double) (sim.m.now_ms - START_MS) / 3600000.0;
		for (unsigned int n = 20; n < 84; n++)
			assert_true(sim.moves_of[n] <= 1 + 120 * hours);
		assert_true(sim.moves > 0);
		sim_deinit(&sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_machine_is_left_alone),
		cmocka_unit_test(one_hot_cpu_is_relieved_and_then_there_is_peace),
		cmocka_unit_test(all_cpus_hot_means_nowhere_to_go),
		cmocka_unit_test(elephant_gets_a_cpu_without_endless_moving),
		cmocka_unit_test(sticking_irqs_do_not_deceive),
		cmocka_unit_test(shifting_load_breaks_no_law),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
