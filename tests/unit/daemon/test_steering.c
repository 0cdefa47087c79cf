#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "irqherd/daemon/steering.h"

static struct cpumask one_cpu(unsigned int cpu)
{
	return cpumask_range(cpu, cpu);
}

static const struct cpu_rule *pin_of(const struct steering *steering, const char *slot)
{
	struct rules rules = RULES_INIT;

	steering_add_rules(steering, &rules);
	for (size_t i = 0; i < rules.pins.count; i++)
		if (strcmp(rules.pins.items[i].pattern, slot) == 0)
			return &rules.pins.items[i];
	return NULL;
}

static bool is_banned(const struct steering *steering, const char *slot)
{
	struct rules rules = RULES_INIT;

	steering_add_rules(steering, &rules);
	for (size_t i = 0; i < rules.banned.count; i++)
		if (strcmp(rules.banned.items[i], slot) == 0)
			return true;
	return false;
}

static void last_word_on_a_slot_counts(void **state)
{
	struct steering steering = STEERING_INIT;
	struct cpumask two = one_cpu(2), three = one_cpu(3);

	(void) state;
	assert_int_equal(steering_pin(&steering, "irq:9", &two), 0);
	assert_int_equal(steering_pin(&steering, "irq:9", &three), 0);
	assert_int_equal(steering.pin_count, 1);
	assert_true(cpumask_test(pin_of(&steering, "irq:9")->cpus, 3));

	assert_int_equal(steering_ban(&steering, "irq:9"), 0);
	assert_null(pin_of(&steering, "irq:9"));
	assert_true(is_banned(&steering, "irq:9"));
	assert_int_equal(steering_ban(&steering, "irq:9"), 0);
	assert_int_equal(steering.ban_count, 1);

	assert_int_equal(steering_pin(&steering, "irq:9", &two), 0);
	assert_false(is_banned(&steering, "irq:9"));
	assert_true(steering_release(&steering, "irq:9"));
	assert_null(pin_of(&steering, "irq:9"));
	assert_false(steering_release(&steering, "irq:9"));
	steering_deinit(&steering);
	steering_deinit(&steering);
}

static void many_pins_keep_their_cpus_whatever_is_released(void **state)
{
	struct steering steering = STEERING_INIT;
	char slot[IRQ_SLOT_TEXT];

	(void) state;
	for (unsigned int i = 0; i < 200; i++) {
		struct cpumask cpus = one_cpu(i);

		snprintf(slot, sizeof(slot), "0000:af:00.1/%u", i);
		assert_int_equal(steering_pin(&steering, slot, &cpus), 0);
	}
	for (unsigned int i = 0; i < 200; i += 3) {
		snprintf(slot, sizeof(slot), "0000:af:00.1/%u", i);
		assert_true(steering_release(&steering, slot));
	}
	for (unsigned int i = 0; i < 200; i++) {
		const struct cpu_rule *rule;

		snprintf(slot, sizeof(slot), "0000:af:00.1/%u", i);
		rule = pin_of(&steering, slot);
		assert_int_equal(rule == NULL, i % 3 == 0);
		if (rule)
			assert_int_equal(cpumask_first(rule->cpus), i);
	}
	steering_deinit(&steering);
}

static void slot_that_is_too_long_is_refused(void **state)
{
	struct steering steering = STEERING_INIT;
	struct cpumask cpus = one_cpu(1);
	char slot[100];

	(void) state;
	memset(slot, 'a', sizeof(slot) - 1);
	slot[sizeof(slot) - 1] = '\0';
	assert_true(steering_pin(&steering, slot, &cpus) < 0);
	assert_int_equal(steering.pin_count, 0);
	steering_deinit(&steering);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_word_on_a_slot_counts),
		cmocka_unit_test(many_pins_keep_their_cpus_whatever_is_released),
		cmocka_unit_test(slot_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
