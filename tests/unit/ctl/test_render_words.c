#include "irqherd/ctl/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"

static void rates_have_two_or_three_digits(void **state)
{
	static const struct {
		double count, interval;
		const char *text;
	} cases[] = {
		{ 0, 1, "0" },         { 1, 2, "0.5" },      { 99, 10, "9.9" },
		{ 12, 1, "12" },       { 9999, 1, "9999" },  { 10000, 1, "10.0k" },
		{ 99949, 1, "99.9k" }, { 99950, 1, "100k" }, { 999499, 1, "999k" },
		{ 999500, 1, "1.0M" }, { 2.5e9, 1, "2.5G" }, { 5, 0, "-" },
		{ -1, 1, "-" },
	};
	char text[RATE_TEXT];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(rate_format(cases[i].count, cases[i].interval, text),
				    cases[i].text);
}

static void durations_are_told_by_their_size(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
		{ -5, "0 s" },
		{ 12.4, "12 s" },
		{ 119, "119 s" },
		{ 120, "2 min" },
		{ 7199, "119 min" },
		{ 7200, "2 h 00 min" },
		{ 86399, "23 h 59 min" },
		{ 86400 * 12 + 4 * 3600 + 11 * 60, "12 d 04:11" },
	};
	char text[MOMENT_TEXT];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(duration_format(cases[i].seconds, text), cases[i].text);
}

static void moments_of_another_day_have_their_date(void **state)
{
	char text[MOMENT_TEXT];

	(void) state;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	assert_string_equal(moment_format(1700000000, 1700000100, text), "22:13:20");
	assert_string_equal(moment_format(1700000000, 1700010000, text), "2023-11-14 22:13:20");
}

static void percents_are_rounded_down(void **state)
{
	char text[RATE_TEXT];

	(void) state;
	assert_string_equal(percent_of(989999, text), "98.9%");
	assert_string_equal(percent_of(1000000, text), "100.0%");
	assert_string_equal(percent_of(-1, text), "-");
}

static void memory_has_the_unit_that_fits(void **state)
{
	char text[RATE_TEXT];

	(void) state;
	assert_string_equal(memory_format(512 * 1024, text), "512 MiB");
	assert_string_equal(memory_format(7025459, text), "6.7 GiB");
	assert_string_equal(memory_format(64 << 20, text), "64 GiB");
	assert_string_equal(memory_format((json_int_t) 3 << 29, text), "1.5 TiB");
}

static void long_cpu_lists_are_told_by_their_size(void **state)
{
	char text[64];

	(void) state;
	assert_string_equal(cpus_format("", 8, text, sizeof(text)), "none");
	assert_string_equal(cpus_format("0-3,8", 8, text, sizeof(text)), "0-3,8");
	assert_string_equal(cpus_format("0-3,8,10,12", 8, text, sizeof(text)), "7 CPUs");
}

static void what_an_irq_serves_is_its_queue_or_its_action(void **state)
{
	static const struct {
		const char *irq, *text;
	} cases[] = {
		{ "{\"actions\":\"x-TxRx-6\",\"netdev\":\"eth1\",\"queue\":{\"kind\":\"rx\","
		  "\"index\":6}}",
		  "eth1 rx-6" },
		{ "{\"actions\":\"ice-misc\",\"netdev\":\"eth1\"}", "eth1 ice-misc" },
		{ "{\"actions\":\"eth1\",\"netdev\":\"eth1\"}", "eth1" },
		{ "{\"actions\":\"ttyS0\"}", "ttyS0" },
		{ "{\"actions\":\"virtio1-req.0\",\"queue\":{\"kind\":\"other\",\"index\":0}}",
		  "virtio1-req.0" },
	};
	char text[64];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *irq = json_loads(cases[i].irq, 0, NULL);

		assert_non_null(irq);
		assert_string_equal(service_format(irq, text, sizeof(text)), cases[i].text);
		json_decref(irq);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_have_two_or_three_digits),
		cmocka_unit_test(durations_are_told_by_their_size),
		cmocka_unit_test(moments_of_another_day_have_their_date),
		cmocka_unit_test(percents_are_rounded_down),
		cmocka_unit_test(memory_has_the_unit_that_fits),
		cmocka_unit_test(long_cpu_lists_are_told_by_their_size),
		cmocka_unit_test(what_an_irq_serves_is_its_queue_or_its_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
