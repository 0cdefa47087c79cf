/* Scenarios for strategy cost, each with costs that must be learned and with measured ones. */
#include "sim.h"

#define NIC_IRQS  64u
#define FIRST_IRQ 20u

static void init_cost(struct sim *sim, unsigned int cpus, unsigned int per_node,
		      unsigned int threads, uint64_t seed)
{
	sim_init(sim, cpus, per_node, threads, seed);
	sim->m.policy.choice = CHOICE_COST;
	sim->measured = seed % 2;
	sim->short_ms = 1000;
	sim->long_ms = 2000;
}

/* Not one load is alike: from 0.01 to 0.01 + spread. */
static double uneven(struct sim *sim, double spread)
{
	return 0.01 + spread * rng_below(&sim->world, 1000) / 1000.0;
}

static void assert_peace(struct sim *sim)
{
	unsigned int moves = sim->moves;

	sim_rounds(sim, 500);
	assert_int_equal(sim->moves, moves);
}

static unsigned int irqs_moved(const struct sim *sim)
{
	unsigned int count = 0;

	for (unsigned int n = 0; n < SIM_IRQS; n++)
		count += sim->moves_of[n] > 0;
	return count;
}

static void calm_machine_of_any_shape_is_left_alone(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct sim sim;

		init_cost(&sim, 16, seed % 3 ? 8 : 16, 1 + seed % 2, seed);
		sim.user = seed % 4 * 0.3;
		for (unsigned int n = 0; n < NIC_IRQS; n++)
			sim_put_irq(&sim, FIRST_IRQ + n, 0, (int) n % 8, uneven(&sim, 0.06));
		sim_rounds(&sim, 2000);
		assert_int_equal(sim.moves, 0);
		sim_deinit(&sim);
	}
}

static void elephants_company_leaves(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct sim sim;

		init_cost(&sim, 4, 4, 1, seed);
		sim.sticky = true;
		sim_put_irq(&sim, 20, 0, 0, 0.9);
		for (unsigned int n = 21; n < 27; n++)
			sim_put_irq(&sim, n, 0, 0, 0.06);
		sim_rounds(&sim, 30);
		assert_in_range(sim.moves_of[20], 0, 1);
		assert_true(sim_highest_demand(&sim) < 0.99);
		assert_in_range(sim.moves, 1, 12);
		assert_peace(&sim);
		sim_deinit(&sim);
	}
}

static void elephant_that_no_move_can_cure_is_not_chased(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct sim sim;

		init_cost(&sim, 8, 8, 2, seed);
		sim.sticky = seed % 3 == 0;
		sim_put_irq(&sim, 20, 0, 3, 1.3);
		for (unsigned int n = 21; n < 51; n++)
			sim_put_irq(&sim, n, 0, (int) n % 8, 0.04);
		sim_rounds(&sim, 200);
		assert_int_equal(sim_working_irqs(&sim, sim.irqs[20].work_cpu), 1);
		assert_in_range(sim.moves, 1, 16);
		assert_peace(&sim);
		sim_deinit(&sim);
	}
}

static void heap_is_dealt_out_in_seconds(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct sim sim;

		init_cost(&sim, 32, 16, 2, seed);
		sim.sticky = true;
		for (unsigned int n = 0; n < 200; n++)
			sim_put_irq(&sim, FIRST_IRQ + n, (int) n % 2, 0, uneven(&sim, 0.1));
		sim_rounds(&sim, 60);
		assert_true(sim_highest_demand(&sim) < 0.99);
		assert_in_range(irqs_moved(&sim), 120, 200);
		assert_true(sim.moves <= irqs_moved(&sim) + irqs_moved(&sim) / 5);
		sim_deinit(&sim);
	}
}

static void shift_is_followed(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct sim sim;
		unsigned int moves;

		init_cost(&sim, 16, 8, 2, seed);
		for (unsigned int n = 0; n < NIC_IRQS; n++)
			sim_put_irq(&sim, FIRST_IRQ + n, (int) n % 2, (int) (n % 2 * 8 + n / 2 % 8),
				    n % 4 < 2 ? uneven(&sim, 0.25) : 0.01);
		sim_rounds(&sim, 200);
		assert_true(sim_highest_demand(&sim) < 0.99);
		moves = sim.moves;
		for (unsigned int n = 0; n < NIC_IRQS; n++)
			sim.irqs[FIRST_IRQ + n].cost = n % 4 < 2 ? 0.01 : uneven(&sim, 0.25);
		sim_rounds(&sim, 60);
		assert_true(sim_highest_demand(&sim) < 0.99);
		sim_rounds(&sim, 200);
		assert_in_range(sim.moves - moves, 0, NIC_IRQS);
		assert_peace(&sim);
		sim_deinit(&sim);
	}
}

/* A second of load again and again on CPUs that have room for it: nothing to gain by moving. */
static void bursts_that_fit_move_nothing(void **state)
{
	struct sim sim;

	(void) state;
	init_cost(&sim, 8, 8, 1, 7);
	for (unsigned int n = 0; n < 32; n++)
		sim_put_irq(&sim, FIRST_IRQ + n, 0, (int) n % 8, 0.03);
	for (unsigned int round = 0; round < 1000; round++) {
		unsigned int n = FIRST_IRQ + rng_below(&sim.world, 32);

		sim.irqs[n].cost = 0.5;
		sim_round(&sim);
		sim.irqs[n].cost = 0.03;
	}
	assert_int_equal(sim.moves, 0);
	sim_deinit(&sim);
}

/* So full and so sticky that no placement helps: the balancer keeps its hands still. */
static void hopeless_machine_is_not_stirred(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct sim sim;
		double hours;

		init_cost(&sim, 16, 16, 1, seed);
		sim.sticky = true;
		for (unsigned int n = 0; n < NIC_IRQS; n++)
			sim_put_irq(&sim, FIRST_IRQ + n, 0, (int) n % 16, 0.2);
		for (unsigned int round = 0; round < 1000; round++) {
			sim.irqs[FIRST_IRQ + rng_below(&sim.world, NIC_IRQS)].cost = uneven(&sim,
											    0.5);
			sim_round(&sim);
		}
		/* some 13 moves in half a minute */
		hours = (double) (sim.m.now_ms - START_MS) / 3600000.0;
		assert_true(sim.moves <= 14 * (1 + 120 * hours));
		sim_deinit(&sim);
	}
}

static void device_that_arrives_into_load_finds_its_place(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct sim sim;
		double lost;

		init_cost(&sim, 16, 16, 2, seed);
		for (unsigned int n = 0; n < NIC_IRQS; n++)
			sim_put_irq(&sim, FIRST_IRQ + n, 0, (int) n % 16, uneven(&sim, 0.12));
		sim_rounds(&sim, 100);
		for (unsigned int n = NIC_IRQS; n < NIC_IRQS + 32; n++)
			sim_put_irq(&sim, FIRST_IRQ + n, 0, 5, 0.1);
		/* 3.2 CPUs of work on one: what is lost is what the first rounds lose */
		lost = sim_unmet_within(&sim, 30);
		assert_true(lost < 20);
		assert_true(sim_unmet_within(&sim, 30) < 1);
		assert_true(sim_highest_demand(&sim) < 0.99);
		sim_deinit(&sim);
	}
}

static void programs_and_hypervisors_are_not_taken_for_interrupts(void **state)
{
	static const struct {
		double user, steal;
		enum load_metric metric;
	} cases[] = {
		{ 0.95, 0, LOAD_METRIC_IRQ },    { 0, 0.6, LOAD_METRIC_IRQ },
		{ 0.2, 0.5, LOAD_METRIC_BUSY },  { 0.6, 0.1, LOAD_METRIC_BUSY },
		{ 0.5, 0.4, LOAD_METRIC_TOTAL },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sim sim;

		init_cost(&sim, 8, 8, 1, i);
		sim.user = cases[i].user;
		sim.steal = cases[i].steal;
		sim.m.policy.metric = cases[i].metric;
		for (unsigned int n = 0; n < 32; n++)
			sim_put_irq(&sim, FIRST_IRQ + n, 0, (int) n % 8, uneven(&sim, 0.02));
		sim_rounds(&sim, 500);
		assert_int_equal(sim.moves, 0);
		sim_deinit(&sim);
	}
}

static void devices_without_a_node_use_all_cpus(void **state)
{
	struct sim sim;

	(void) state;
	init_cost(&sim, 8, 4, 1, 3);
	for (unsigned int n = 0; n < 40; n++)
		sim_put_irq(&sim, FIRST_IRQ + n, MACHINE_ALL_NODES, 0, 0.12);
	sim_rounds(&sim, 60);
	assert_true(sim_highest_demand(&sim) < 0.99);
	for (int cpu = 0; cpu < 8; cpu++)
		assert_true(sim_working_irqs(&sim, cpu) > 0);
	sim_deinit(&sim);
}

static void full_vector_tables_are_worked_around(void **state)
{
	struct sim sim;

	(void) state;
	init_cost(&sim, 8, 8, 1, 4);
	sim.vectors = 12;
	for (unsigned int n = 0; n < NIC_IRQS; n++)
		sim_put_irq(&sim, FIRST_IRQ + n, 0, n < 24 ? 0 : (int) n % 7 + 1, 0.06);
	sim_rounds(&sim, 200);
	assert_true(sim_highest_demand(&sim) < 0.99);
	for (int cpu = 1; cpu < 8; cpu++)
		assert_in_range(sim_working_irqs(&sim, cpu), 0, 12);
	sim_deinit(&sim);
}

static void lost_cpus_are_done_without(void **state)
{
	struct cpumask most = mask_of_bits(0x3f3f), all = mask_of_bits(0xffff);
	struct sim sim;

	(void) state;
	init_cost(&sim, 16, 8, 2, 5);
	for (unsigned int n = 0; n < NIC_IRQS; n++)
		sim_put_irq(&sim, FIRST_IRQ + n, (int) n % 2, (int) (n % 2 * 8 + n / 2 % 8), 0.1);
	sim_rounds(&sim, 50);
	sim_set_online(&sim, &most);
	sim_rounds(&sim, 100);
	assert_true(sim_highest_demand(&sim) < 0.99);
	sim_set_online(&sim, &all);
	sim_rounds(&sim, 100);
	assert_peace(&sim);
	sim_deinit(&sim);
}

static void learning_costs_less_than_twice_the_loss_of_knowing(void **state)
{
	double lost[2] = { 0 };

	(void) state;
	for (unsigned int known = 0; known < 2; known++) {
		for (uint64_t seed = 1; seed <= 8; seed++) {
			struct sim sim;

			init_cost(&sim, 16, 8, 2, seed);
			sim.measured = known;
			sim.sticky = true;
			for (unsigned int n = 0; n < NIC_IRQS; n++)
				sim_put_irq(&sim, FIRST_IRQ + n, (int) n % 2,
					    (int) (n % 2 * 8 + n / 2 % 8), uneven(&sim, 0.1));
			for (unsigned int round = 0; round < 500; round++) {
				unsigned int n = FIRST_IRQ + rng_below(&sim.world, NIC_IRQS);

				if (round % 4 == 0)
					sim.irqs[n].cost = rng_below(&sim.world, 4)
								   ? uneven(&sim, 0.1)
								   : 0.45;
				sim_round(&sim);
			}
			lost[known] += sim.unmet / (double) (sim.m.now_ms - START_MS);
			sim_deinit(&sim);
		}
	}
	assert_true(lost[0] <= 2 * lost[1] + 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calm_machine_of_any_shape_is_left_alone),
		cmocka_unit_test(elephants_company_leaves),
		cmocka_unit_test(elephant_that_no_move_can_cure_is_not_chased),
		cmocka_unit_test(heap_is_dealt_out_in_seconds),
		cmocka_unit_test(shift_is_followed),
		cmocka_unit_test(bursts_that_fit_move_nothing),
		cmocka_unit_test(hopeless_machine_is_not_stirred),
		cmocka_unit_test(device_that_arrives_into_load_finds_its_place),
		cmocka_unit_test(programs_and_hypervisors_are_not_taken_for_interrupts),
		cmocka_unit_test(devices_without_a_node_use_all_cpus),
		cmocka_unit_test(full_vector_tables_are_worked_around),
		cmocka_unit_test(lost_cpus_are_done_without),
		cmocka_unit_test(learning_costs_less_than_twice_the_loss_of_knowing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
