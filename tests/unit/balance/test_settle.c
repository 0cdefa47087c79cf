#include "balance_machine.h"

/* A machine whose IRQ 20 was just moved from CPU 0 (100 %) to CPU 1 (10 %). */
static struct irq *moved_irq(struct machine *m)
{
	struct irq *irq;
	const struct move move = { .irq = 20,
				   .from_cpu = 0,
				   .to_cpu = 1,
				   .reason = REASON_OVERLOAD,
				   .from_load_ppm = POINTS(100),
				   .to_load_ppm = POINTS(10) };

	machine_init(m, 4, 2, 1);
	irq = machine_put_irq(m, 20, 0, 0, 10);
	machine_set_load(m, 0, 100);
	machine_set_load(m, 1, 10);
	settle_applied(&m->inventory, irq, &move, &m->policy, m->now_ms);
	return irq;
}

static enum settle_outcome observe(struct machine *m, struct irq *irq, int asked_cpu,
				   int effective_cpu)
{
	m->now_ms += 2000;
	return settle_observe(&m->inventory, irq, mask_of_cpu((unsigned int) asked_cpu),
			      effective_cpu, &m->load, &m->policy, m->now_ms);
}

static void write_that_was_taken_is_a_request(void **state)
{
	struct machine m;
	struct irq *irq;

	(void) state;
	irq = moved_irq(&m);
	assert_int_equal(irq->placement.state, PLACEMENT_REQUESTED);
	assert_int_equal(irq->asked, mask_of_cpu(1));
	assert_int_equal(irq->effective_cpu, 0);
	assert_int_equal(irq->placement.source_cpu, 0);
	assert_int_equal(irq->placement.target_cpu, 1);
	assert_int_equal(irq->placement.moved_ms, m.now_ms);
	assert_int_equal(irq->placement.cooldown_until_ms, m.now_ms + 30000);
	assert_int_equal(irq->placement.away, AWAY_NO);
	assert_true(settle_wants_reading(irq));
	assert_true(settle_is_watching(irq));
	machine_deinit(&m);
}

static void observed_rounds_lead_to_their_outcome(void **state)
{
	struct round {
		int asked, effective;
		double source, target;
		uint32_t count;
		enum settle_outcome outcome;
	};
	static const struct {
		const char *what;
		struct round rounds[5];
		unsigned int count;
		enum placement_state end;
	} cases[] = {
		{ "load rises at once",
		  { { 1, 1, 100, 15, 9, SETTLE_FOLLOWED } },
		  1,
		  PLACEMENT_IDLE },
		{ "load falls at once",
		  { { 1, 1, 95, 10, 9, SETTLE_FOLLOWED } },
		  1,
		  PLACEMENT_IDLE },
		{ "load follows late",
		  { { 1, 1, 100, 10, 9, SETTLE_CONFIRMED }, { 1, 1, 100, 40, 9, SETTLE_FOLLOWED } },
		  2,
		  PLACEMENT_IDLE },
		{ "load stays behind",
		  { { 1, 1, 100, 10, 0, SETTLE_CONFIRMED }, { 1, 1, 99, 12, 0, SETTLE_STUCK } },
		  2,
		  PLACEMENT_STUCK },
		{ "fires, and not where it should",
		  { { 1, 0, 100, 10, 9, SETTLE_WAITING }, { 1, 0, 100, 10, 9, SETTLE_STUCK } },
		  2,
		  PLACEMENT_STUCK },
		{ "does not even fire, and its load stays behind",
		  { { 1, 0, 100, 10, 0, SETTLE_WAITING }, { 1, 0, 100, 10, 0, SETTLE_STUCK } },
		  2,
		  PLACEMENT_STUCK },
		{ "does not fire, and the load goes",
		  { { 1, 0, 100, 10, 0, SETTLE_WAITING },
		    { 1, 0, 30, 10, 0, SETTLE_WAITING },
		    { 1, 0, 30, 10, 0, SETTLE_WAITING },
		    { 1, 1, 30, 20, 5, SETTLE_FOLLOWED } },
		  4,
		  PLACEMENT_IDLE },
		{ "somebody else wrote before it fired",
		  { { 0, 0, 100, 10, 9, SETTLE_REVERTED } },
		  1,
		  PLACEMENT_REVERTED },
		{ "somebody else wrote after it fired",
		  { { 1, 1, 100, 10, 9, SETTLE_CONFIRMED }, { 3, 3, 100, 10, 9, SETTLE_REVERTED } },
		  2,
		  PLACEMENT_REVERTED },
		{ "stuck, and the load follows later",
		  { { 1, 1, 100, 10, 0, SETTLE_CONFIRMED },
		    { 1, 1, 100, 10, 0, SETTLE_STUCK },
		    { 1, 1, 100, 10, 0, SETTLE_WAITING },
		    { 1, 1, 20, 90, 0, SETTLE_UNSTUCK } },
		  4,
		  PLACEMENT_IDLE },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;
		struct irq *irq = moved_irq(&m);

		for (unsigned int j = 0; j < cases[i].count; j++) {
			const struct round *round = &cases[i].rounds[j];
			enum settle_outcome outcome;

			machine_set_load(&m, 0, round->source);
			machine_set_load(&m, 1, round->target);
			m.load.irq_counts[20] = round->count;
			outcome = observe(&m, irq, round->asked, round->effective);
			if (outcome != round->outcome)
				fail_msg("%s: round %u: %d, not %d", cases[i].what, j,
					 (int) outcome, (int) round->outcome);
			assert_int_equal(irq->effective_cpu, round->effective);
			assert_int_equal(irq->asked, mask_of_cpu((unsigned int) round->asked));
		}
		assert_int_equal(irq->placement.state, cases[i].end);
		machine_deinit(&m);
	}
}

static void light_source_that_shows_nothing_is_settled(void **state)
{
	struct machine m;
	struct irq *irq;

	(void) state;
	irq = moved_irq(&m);
	irq->placement.source_load_ppm = POINTS(30);
	machine_set_load(&m, 0, 30);
	assert_int_equal(observe(&m, irq, 1, 1), SETTLE_CONFIRMED);
	assert_int_equal(observe(&m, irq, 1, 1), SETTLE_FOLLOWED);
	assert_false(settle_is_watching(irq));
	machine_deinit(&m);
}

static void round_without_load_judges_nothing(void **state)
{
	struct machine m;
	struct irq *irq;

	(void) state;
	irq = moved_irq(&m);
	m.load.valid = false;
	assert_int_equal(observe(&m, irq, 1, 0), SETTLE_WAITING);
	assert_int_equal(irq->placement.fired, 0);
	assert_int_equal(observe(&m, irq, 1, 1), SETTLE_CONFIRMED);
	machine_deinit(&m);
}

static void stuck_irq_is_looked_at_again_after_a_while_that_doubles(void **state)
{
	static const uint64_t waits[] = { 60000, 120000, 240000 };
	struct machine m;
	struct irq *irq;

	(void) state;
	irq = moved_irq(&m);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		const struct move again = { .irq = 20,
					    .from_cpu = 0,
					    .to_cpu = 1,
					    .reason = REASON_OVERLOAD,
					    .from_load_ppm = POINTS(100),
					    .to_load_ppm = POINTS(10) };

		assert_int_equal(observe(&m, irq, 1, 0), SETTLE_WAITING);
		assert_int_equal(observe(&m, irq, 1, 0), SETTLE_STUCK);
		assert_int_equal(irq->placement.stuck_until_ms, m.now_ms + waits[i]);
		m.now_ms += waits[i] - 3000;
		assert_int_equal(observe(&m, irq, 1, 0), SETTLE_WAITING);
		assert_int_equal(observe(&m, irq, 1, 0), SETTLE_UNSTUCK);
		settle_applied(&m.inventory, irq, &again, &m.policy, m.now_ms);
	}
	machine_deinit(&m);
}

static void cpu_that_goes_while_we_wait_is_no_foreign_hand(void **state)
{
	struct machine m;
	struct irq *irq;
	struct cpumask online = mask_of_bits(0xd), isolated = CPUMASK_NONE;

	(void) state;
	irq = moved_irq(&m);
	machine_set_topology(&m, &online, &isolated, 1);
	assert_int_equal(observe(&m, irq, 2, 2), SETTLE_WAITING);
	assert_int_equal(irq->placement.state, PLACEMENT_IDLE);
	assert_int_equal(irq->placement.away, AWAY_BROKEN);
	machine_deinit(&m);
}

static void bounce_doubles_the_cooldown_until_it_is_forgotten(void **state)
{
	static const struct {
		int from, to;
		enum move_reason reason;
		uint64_t after_ms, cooldown_ms;
	} moves[] = {
		{ 1, 0, REASON_OVERLOAD, 30000, 60000 },
		{ 0, 1, REASON_OVERLOAD, 60000, 120000 },
		{ 1, 0, REASON_GO_HOME, 120000, 240000 },
		{ 0, 1, REASON_FORBIDDEN, 240000, 240000 },
		{ 1, 2, REASON_OVERLOAD, 240000, 240000 },
		{ 2, 3, REASON_OVERLOAD, 8 * 240000, 30000 },
	};
	struct machine m;
	struct irq *irq;

	(void) state;
	irq = moved_irq(&m);
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		const struct move move = { .irq = 20,
					   .from_cpu = moves[i].from,
					   .to_cpu = moves[i].to,
					   .reason = moves[i].reason };

		m.now_ms += moves[i].after_ms;
		settle_applied(&m.inventory, irq, &move, &m.policy, m.now_ms);
		assert_int_equal(irq->placement.cooldown_until_ms - m.now_ms, moves[i].cooldown_ms);
	}
	machine_deinit(&m);
}

static void refusals_are_remembered_by_cause(void **state)
{
	enum {
		IDLE,
		WAITS,
		REFUSED
	};
	static const struct {
		enum move_result result;
		unsigned int times;
		int end;
	} cases[] = {
		{ MOVE_BUSY, 3, IDLE },
		{ MOVE_BUSY, 4, WAITS },
		{ MOVE_NO_VECTOR, 9, IDLE },
		{ MOVE_NO_ONLINE_CPU, 1, IDLE },
		{ MOVE_NO_ONLINE_CPU, 2, REFUSED },
		{ MOVE_NOT_ALLOWED, 1, REFUSED },
		{ MOVE_GONE, 1, IDLE },
		{ MOVE_READ_ONLY, 1, IDLE },
		{ MOVE_FAILED, 1, WAITS },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;
		struct irq *irq;
		struct move move = { .irq = 20, .from_cpu = 0, .to_cpu = 1 };

		machine_init(&m, 2, 2, 1);
		irq = machine_put_irq(&m, 20, 0, 0, 10);
		move.generation = irq->generation;
		for (unsigned int j = 0; j < cases[i].times; j++)
			settle_failed(irq, &move, cases[i].result, m.now_ms);
		assert_int_equal(irq->placement.refused, cases[i].end == REFUSED);
		assert_int_equal(irq_movable(irq), cases[i].end != REFUSED);
		assert_int_equal(irq->placement.state,
				 cases[i].end == IDLE ? PLACEMENT_IDLE : PLACEMENT_FAILED);
		assert_int_equal(irq->placement.cooldown_until_ms > m.now_ms,
				 cases[i].end == WAITS);
		assert_int_equal(irq->asked, mask_of_cpu(0));
		machine_deinit(&m);
	}
}

static void refusal_of_an_older_generation_says_nothing(void **state)
{
	struct machine m;
	struct irq *irq;
	struct move move = { .irq = 20 };

	(void) state;
	machine_init(&m, 2, 2, 1);
	irq = machine_put_irq(&m, 20, 0, 0, 10);
	move.generation = irq->generation++;
	settle_failed(irq, &move, MOVE_NOT_ALLOWED, m.now_ms);
	assert_false(irq->placement.refused);
	machine_deinit(&m);
}

static void room_at_home_is_dated(void **state)
{
	struct machine m;
	struct irq *irq;
	const struct move move = {
		.irq = 20, .from_cpu = 0, .to_cpu = 2, .reason = REASON_OVERLOAD
	};

	(void) state;
	irq = moved_irq(&m);
	settle_applied(&m.inventory, irq, &move, &m.policy, m.now_ms);
	assert_int_equal(irq->placement.away, AWAY_MOVED);
	machine_set_load(&m, 0, 100);
	machine_set_load(&m, 1, 95);
	assert_int_equal(observe(&m, irq, 2, 2), SETTLE_CONFIRMED);
	(void) observe(&m, irq, 2, 2);
	assert_int_equal(irq->placement.home_since_ms, 0);
	machine_set_load(&m, 1, 94);
	(void) observe(&m, irq, 2, 2);
	assert_int_equal(irq->placement.home_since_ms, m.now_ms);
	(void) observe(&m, irq, 2, 2);
	assert_int_equal(irq->placement.home_since_ms, m.now_ms - 2000);
	m.policy.allowed = mask_of_bits(0xc);
	(void) observe(&m, irq, 2, 2);
	assert_int_equal(irq->placement.home_since_ms, 0);
	assert_true(settle_is_watching(irq));
	(void) observe(&m, irq, 0, 0);
	assert_int_equal(irq->placement.away, AWAY_NO);
	machine_deinit(&m);
}

static void write_that_waits_for_its_interrupt_is_read_ever_more_rarely(void **state)
{
	struct machine m;
	struct irq *irq;
	unsigned int readings = 0;

	(void) state;
	irq = moved_irq(&m);
	irq->placement.reason = REASON_ARRIVAL;
	m.load.irq_counts[20] = 0;
	for (unsigned int i = 0; i < 1000; i++) {
		readings += settle_wants_reading(irq);
		assert_int_equal(observe(&m, irq, 1, 0), SETTLE_WAITING);
	}
	assert_in_range(readings, 100, 140);
	machine_deinit(&m);
}

static void foreign_hand_is_respected_for_its_time(void **state)
{
	struct machine m;
	struct irq *irq;

	(void) state;
	irq = moved_irq(&m);
	settle_foreign(irq, &m.policy, m.now_ms);
	assert_true(irq->external);
	assert_int_equal(irq->external_until_ms, m.now_ms + 600000);
	assert_int_equal(irq->placement.state, PLACEMENT_REVERTED);
	assert_int_equal(irq->placement.away, AWAY_NO);
	assert_false(settle_is_watching(irq));
	machine_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_that_was_taken_is_a_request),
		cmocka_unit_test(observed_rounds_lead_to_their_outcome),
		cmocka_unit_test(light_source_that_shows_nothing_is_settled),
		cmocka_unit_test(round_without_load_judges_nothing),
		cmocka_unit_test(stuck_irq_is_looked_at_again_after_a_while_that_doubles),
		cmocka_unit_test(cpu_that_goes_while_we_wait_is_no_foreign_hand),
		cmocka_unit_test(bounce_doubles_the_cooldown_until_it_is_forgotten),
		cmocka_unit_test(refusals_are_remembered_by_cause),
		cmocka_unit_test(refusal_of_an_older_generation_says_nothing),
		cmocka_unit_test(room_at_home_is_dated),
		cmocka_unit_test(write_that_waits_for_its_interrupt_is_read_ever_more_rarely),
		cmocka_unit_test(foreign_hand_is_respected_for_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
