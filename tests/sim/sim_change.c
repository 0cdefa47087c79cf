/* Scenarios of change: CPUs that go, come back, or may not be used any more. */
#include "sim.h"

static unsigned int irqs_away(const struct sim *sim)
{
	unsigned int count = 0;

	inventory_foreach_irq(irq, &sim->m.inventory)
		count += sim->irqs[irq->number].cost > 0 &&
			 !mask_test(&sim->m.inventory.masks, irq->home.cpus,
				    sim->irqs[irq->number].work_cpu);
	return count;
}

static void fill_two_nodes(struct sim *sim)
{
	for (unsigned int n = 20; n < 52; n++)
		sim_put_irq(sim, n, (int) n % 2, (int) n % 2 * 4 + (int) n % 8 / 2,
			    n % 5 ? 0.05 : 0);
}

static void irqs_that_the_kernel_drove_out_go_home(void **state)
{
	struct cpumask online = mask_of_bits(0x3f), all = mask_of_bits(0xff);
	unsigned int moves;
	struct sim sim;

	(void) state;
	sim_init(&sim, 8, 4, 1, 5);
	fill_two_nodes(&sim);
	sim_rounds(&sim, 10);
	assert_int_equal(sim.moves, 0);

	sim_set_online(&sim, &online);
	assert_true(irqs_away(&sim) > 0);
	sim_rounds(&sim, 20);
	assert_int_equal(irqs_away(&sim), 0);
	assert_true(sim.moves > 0);

	moves = sim.moves;
	sim_set_online(&sim, &all);
	sim_rounds(&sim, 1000);
	assert_int_equal(sim.moves, moves);
	sim_deinit(&sim);
}

static void node_that_goes_and_comes_back_gets_its_irqs_again(void **state)
{
	struct cpumask online = mask_of_bits(0x0f), all = mask_of_bits(0xff);
	unsigned int moves;
	struct sim sim;

	(void) state;
	sim_init(&sim, 8, 4, 1, 6);
	fill_two_nodes(&sim);
	sim_set_online(&sim, &online);
	sim_rounds(&sim, 20);
	for (int cpu = 4; cpu < 8; cpu++)
		assert_int_equal(sim_working_irqs(&sim, cpu), 0);
	sim_set_online(&sim, &all);
	sim_rounds(&sim, 40);
	assert_int_equal(irqs_away(&sim), 0);
	moves = sim.moves;
	sim_rounds(&sim, 500);
	assert_int_equal(sim.moves, moves);
	sim_deinit(&sim);
}

static void excluded_cpus_are_left_and_not_missed(void **state)
{
	struct cpumask most = mask_of_bits(0xdd);
	unsigned int moves;
	struct sim sim;

	(void) state;
	sim_init(&sim, 8, 4, 1, 7);
	fill_two_nodes(&sim);
	machine_irq(&sim.m, 22)->managed = true;
	sim.irqs[22].cost = 0;
	sim_rounds(&sim, 5);
	sim.m.policy.allowed = most;
	sim_rounds(&sim, 10);
	assert_int_equal(sim_working_irqs(&sim, 1), 0);
	assert_int_equal(sim_working_irqs(&sim, 5), 0);
	moves = sim.moves;
	assert_true(moves > 0);
	sim.m.policy.allowed = mask_of_bits(0xff);
	sim_rounds(&sim, 1000);
	assert_int_equal(sim.moves, moves);
	sim_deinit(&sim);
}

static void budget_is_kept_when_half_the_machine_is_excluded(void **state)
{
	struct sim sim;

	(void) state;
	sim_init(&sim, 8, 4, 1, 8);
	for (unsigned int n = 20; n < 180; n++)
		sim_put_irq(&sim, n, (int) n % 2, (int) n % 2 * 4, 0.004);
	sim.m.policy.move_budget = 16;
	sim.m.policy.allowed = mask_of_bits(0xee);
	sim_rounds(&sim, 9);
	assert_int_equal(sim.moves, 9 * 16);
	sim_rounds(&sim, 5);
	assert_int_equal(sim.moves, 160);
	for (int cpu = 0; cpu < 8; cpu++)
		assert_in_range(sim_working_irqs(&sim, cpu), 0, cpu % 4 ? 40 : 0);
	sim_deinit(&sim);
}

static void fled_irqs_return_when_home_has_room_for_long(void **state)
{
	struct sim sim;

	(void) state;
	sim_init(&sim, 8, 4, 1, 9);
	sim.m.policy.non_local_cpus = true;
	for (unsigned int n = 20; n < 28; n++)
		sim_put_irq(&sim, n, 0, (int) n % 4, 0.3);
	for (int cpu = 0; cpu < 4; cpu++)
		sim.ground[cpu] = 0.7;
	sim_rounds(&sim, 100);
	assert_true(irqs_away(&sim) > 0);
	assert_true(sim_highest_demand(&sim) <= 1.01);
	for (int cpu = 0; cpu < 4; cpu++)
		sim.ground[cpu] = 0;
	sim_rounds(&sim, 100);
	assert_int_equal(irqs_away(&sim), 0);
	assert_in_range(sim.moves, 2, 32);
	sim_deinit(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(irqs_that_the_kernel_drove_out_go_home),
		cmocka_unit_test(node_that_goes_and_comes_back_gets_its_irqs_again),
		cmocka_unit_test(excluded_cpus_are_left_and_not_missed),
		cmocka_unit_test(budget_is_kept_when_half_the_machine_is_excluded),
		cmocka_unit_test(fled_irqs_return_when_home_has_room_for_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
