#include "unit/model/world.h"

#include "irqherd/outlet/plan_words.h"

#define THRESHOLD 990000

struct case_of_load {
	uint32_t load_ppm; /* of CPU 1; the others idle */
	uint32_t level_ppm;
	unsigned int recent;
	const char *calm;
	bool more;
	const char *hold;
};

static void nothing_moves_for_a_reason(void **state)
{
	static const struct case_of_load cases[] = {
		{ 500000, THRESHOLD, 0, "no CPU is at or above threshold 99%", false, NULL },
		/* what strategy=cost does below the threshold is part of the truth */
		{ 500000, 750000, 0,
		  "no CPU is at or above 75%, from where on strategy=cost looks for a gain", false,
		  NULL },
		/* a level that nobody set is told to a tenth, and rounded up */
		{ 500000, 757328, 0,
		  "no CPU is at or above 75.8%, from where on strategy=cost looks for a gain",
		  false, NULL },
		{ 800000, 750000, 0, "", true,
		  "CPU 1 is busy (80.0%): no move of one of its 2 active IRQs is expected to gain "
		  "enough" },
		{ 995000, 750000, 0, "", true,
		  "CPU 1 is overloaded (99.5%): no move of one of its 2 active IRQs is expected to "
		  "gain enough" },
		{ 995000, THRESHOLD, 0, "", true,
		  "CPU 1 is overloaded (99.5%): none of the CPUs that may take one of its 2 active "
		  "IRQs is better and below load-limit 95%" },
		{ 500000, THRESHOLD, 13,
		  "13 IRQs were moved within half a minute, which is enough for a while", false,
		  NULL },
		/* a plan of arrivals alone knows no level */
		{ 800000, 0, 0, "no CPU is at or above threshold 99%", false, NULL },
	};
	const struct device_spec nic = {
		.addr = "0000:3b:00.0",
		.vectors = { { .number = 40, .actions = "a", .asked = "1", .effective = 2 },
			     { .number = 41,
			       .index = 1,
			       .actions = "b",
			       .asked = "1",
			       .effective = 2 } },
	};
	struct world *world = *state;
	struct policy policy = { .threshold_ppm = THRESHOLD, .load_limit_ppm = 950000 };
	struct cpu_load cpus_loads[8] = { { 0 } };
	uint32_t counts[42] = { [40] = 5, [41] = 5 };
	struct load load = {
		.valid = true,
		.interval_ms = 1000,
		.cpus = cpus_loads,
		.cpu_count = 8,
		.irq_counts = counts,
		.irq_slots = 42,
	};

	world_device(world, &nic, LOOK_START);
	for (size_t i = 0; i < 8; i++)
		cpus_loads[i].valid = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plan plan = { .level_ppm = cases[i].level_ppm, .recent = cases[i].recent };
		_cleanup_(buf_deinit) struct buf text = BUF_INIT;
		bool more;

		cpus_loads[1].load_ppm = cases[i].load_ppm;
		policy.choice = cases[i].level_ppm && cases[i].level_ppm < THRESHOLD ? CHOICE_COST
										     : CHOICE_MAX;
		assert_int_equal(plan_words_calm(&load, &policy, &plan, &text, &more), 0);
		assert_string_equal(buf_text(&text), cases[i].calm);
		assert_int_equal(more, cases[i].more);
		assert_int_equal(plan_looks_at(&load, &policy, &plan, 1), cases[i].more);
		assert_int_equal(plan_leaves_alone(&load, &policy, &plan, 1), cases[i].more);
		assert_false(plan_looks_at(&load, &policy, &plan, 2));
		if (!cases[i].hold)
			continue;
		buf_reset(&text);
		assert_int_equal(plan_words_hold(&world->inventory, &load, &policy, 1, &text), 0);
		assert_string_equal(buf_text(&text), cases[i].hold);
	}
}

static void without_a_load_nothing_is_known(void **state)
{
	const struct plan plan = PLAN_INIT;
	const struct policy policy = { .threshold_ppm = THRESHOLD };
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	bool more;

	(void) state;
	assert_int_equal(plan_words_calm(NULL, &policy, &plan, &text, &more), 0);
	assert_string_equal(buf_text(&text), "no load has been measured yet");
	assert_false(more);
}

static void a_cpu_that_is_relieved_is_not_left_alone(void **state)
{
	struct cpu_load cpu = { .load_ppm = 995000, .valid = true };
	const struct load load = { .valid = true, .cpus = &cpu, .cpu_count = 1 };
	const struct policy policy = { .threshold_ppm = THRESHOLD };
	struct move move = { .from_cpu = 0, .to_cpu = 1 };
	const struct plan plan = { .moves = &move, .count = 1 };

	(void) state;
	assert_true(plan_looks_at(&load, &policy, &plan, 0));
	assert_false(plan_leaves_alone(&load, &policy, &plan, 0));
	move.from_cpu = 1;
	assert_true(plan_leaves_alone(&load, &policy, &plan, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(nothing_moves_for_a_reason),
		world_test(without_a_load_nothing_is_known),
		cmocka_unit_test(a_cpu_that_is_relieved_is_not_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
