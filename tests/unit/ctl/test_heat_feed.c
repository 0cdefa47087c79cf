/* heat_feed: from two readings and irqherd's answers to the data of a frame. */
#include "irqherd/ctl/heat_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct interrupt_matrix parse(const char *text, uint64_t time_ms)
{
	struct interrupt_matrix matrix = INTERRUPT_MATRIX_INIT;

	assert_int_equal(interrupt_matrix_parse(text, strlen(text), &matrix), 0);
	matrix.time_ms = time_ms;
	return matrix;
}

static json_t *json(const char *text)
{
	json_error_t error;
	json_t *object = json_loads(text, 0, &error);

	assert_non_null(object);
	return object;
}

static const struct heat_irq *find(const struct heat_feed *feed, const char *label,
				   const uint32_t **ret_counts)
{
	for (unsigned int i = 0; i < feed->data.irq_count; i++)
		if (strcmp(feed->data.irqs[i].label, label) == 0) {
			if (ret_counts)
				*ret_counts = feed->data.counts + (size_t) i * feed->data.cpu_count;
			return &feed->data.irqs[i];
		}
	fail_msg("no row %s", label);
	return NULL;
}

static void update(struct heat_feed *feed, const struct interrupt_matrix *before,
		   const struct interrupt_matrix *after, json_t *cpus, json_t *irqs, double now)
{
	struct heat_input input = {
		.before = before, .after = after, .cpus = cpus, .irqs = irqs, .now = now
	};

	assert_int_equal(heat_feed_update(feed, &input), 0);
}

static void counts_are_the_difference_of_two_readings(void **state)
{
	struct heat_feed feed = HEAT_FEED_INIT;
	struct interrupt_matrix before = parse(
		"CPU0 CPU1\n5: 10 20 c a\n6: 4294967290 0 c b\n7: 900 0 c d\n", 1000);
	struct interrupt_matrix after = parse(
		"CPU0 CPU1\n5: 13 20 c a\n6: 4 0 c b\n7: 2 0 c d\n8: 0 9 c e\n", 3000);
	const uint32_t *counts;

	(void) state;
	update(&feed, &before, &after, NULL, NULL, 0);
	assert_int_equal(feed.data.interval_ms, 2000);
	assert_int_equal(find(&feed, "5", &counts)->total, 3);
	assert_int_equal(counts[0], 3);
	assert_int_equal(counts[1], 0);
	assert_int_equal(find(&feed, "6", NULL)->total, 10); /* wrapped */
	assert_int_equal(find(&feed, "7", NULL)->total, 2);  /* freed and requested again */
	assert_int_equal(find(&feed, "8", &counts)->total, 9);
	assert_int_equal(counts[1], 9);
	assert_string_equal(find(&feed, "8", NULL)->what, "e");
	heat_feed_deinit(&feed);
	interrupt_matrix_deinit(&before);
	interrupt_matrix_deinit(&after);
}

static void a_first_reading_counts_since_boot(void **state)
{
	struct heat_feed feed = HEAT_FEED_INIT;
	struct interrupt_matrix none = INTERRUPT_MATRIX_INIT;
	struct interrupt_matrix after = parse("CPU0 CPU1\n5: 13 20 c a\n", 3000);

	(void) state;
	update(&feed, &none, &after, NULL, NULL, 0);
	assert_int_equal(feed.data.interval_ms, 0);
	assert_int_equal(find(&feed, "5", NULL)->total, 33);
	heat_feed_deinit(&feed);
	interrupt_matrix_deinit(&after);
}

/* The columns are others now: differences would be wrong. */
static void an_interval_in_which_cpus_changed_counts_nothing(void **state)
{
	struct heat_feed feed = HEAT_FEED_INIT;
	struct interrupt_matrix before = parse("CPU0 CPU1\n5: 1 9 c a\n", 1000);
	struct interrupt_matrix after = parse("CPU0 CPU2\n5: 2 500 c a\n", 2000);

	(void) state;
	update(&feed, &before, &after, NULL, NULL, 0);
	assert_int_equal(feed.data.cpu_count, 2);
	assert_int_equal(feed.data.cpus[1].cpu, 2);
	assert_int_equal(find(&feed, "5", NULL)->total, 0);
	heat_feed_deinit(&feed);
	interrupt_matrix_deinit(&before);
	interrupt_matrix_deinit(&after);
}

static void cpus_are_ordered_by_node_and_keep_their_counts(void **state)
{
	struct heat_feed feed = HEAT_FEED_INIT;
	struct interrupt_matrix before = parse("CPU0 CPU1 CPU2 CPU3\n5: 0 0 0 0 c a\n", 1000);
	struct interrupt_matrix after = parse("CPU0 CPU1 CPU2 CPU3\n5: 1 2 3 4 c a\n", 2000);
	json_t *cpus = json("{\"cpus\":["
			    "{\"cpu\":0,\"node\":1,\"allowed\":true,\"isolated\":false,"
			    "\"overloaded\":true,\"core\":0,\"llc\":0},"
			    "{\"cpu\":1,\"node\":0,\"allowed\":false,\"isolated\":false},"
			    "{\"cpu\":2,\"node\":1,\"allowed\":true,\"isolated\":true},"
			    "{\"cpu\":3,\"node\":0,\"allowed\":true,\"isolated\":false}]}");
	const uint32_t *counts;

	(void) state;
	update(&feed, &before, &after, cpus, NULL, 0);
	assert_int_equal(feed.data.cpus[0].cpu, 1);
	assert_int_equal(feed.data.cpus[1].cpu, 3);
	assert_int_equal(feed.data.cpus[2].cpu, 0);
	assert_int_equal(feed.data.cpus[3].cpu, 2);
	assert_true(feed.data.cpus[0].reserved);
	assert_false(feed.data.cpus[1].reserved);
	assert_true(feed.data.cpus[2].overloaded);
	assert_true(feed.data.cpus[3].reserved);
	assert_int_equal(feed.data.cpus[0].llc, -1);
	(void) find(&feed, "5", &counts);
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[1], 4);
	assert_int_equal(counts[2], 1);
	assert_int_equal(counts[3], 3);
	json_decref(cpus);
	heat_feed_deinit(&feed);
	interrupt_matrix_deinit(&before);
	interrupt_matrix_deinit(&after);
}

static void irqherds_words_name_the_rows(void **state)
{
	struct heat_feed feed = HEAT_FEED_INIT;
	struct interrupt_matrix before = parse("CPU0 CPU1\n5: 0 0 c a\n6: 0 0 c b\n7: 0 0 c n\n"
					       "LOC: 5 6 Local timer interrupts\n",
					       1000);
	struct interrupt_matrix after = parse("CPU0 CPU1\n5: 0 50 c a\n6: 1 0 c b\n7: 5 5 c n\n"
					      "LOC: 9 6 Local timer interrupts\n",
					      2000);
	json_t *irqs = json(
		"{\"irqs\":["
		"{\"irq\":5,\"device\":\"0000:af:00.1\",\"netdev\":\"eth1\",\"state\":\"active\","
		"\"queue\":{\"kind\":\"rx\",\"index\":4,\"origin\":\"action_name\"},"
		"\"actions\":\"a\",\"home\":{\"cpus\":\"0\"},\"cost_ppm\":41000,\"moved\":995.5},"
		"{\"irq\":6,\"device\":\"0000:5e:00.0\",\"state\":\"managed\",\"actions\":\"b\","
		"\"home\":{\"cpus\":\"0-1\"}},"
		"{\"irq\":7,\"device\":\"10000:01:00.0\",\"state\":\"stuck\",\"actions\":\"n\"}]}");
	json_t *pinned = json("{\"irqs\":[{\"irq\":7,\"state\":\"active\",\"actions\":\"n\","
			      "\"home\":{\"cpus\":\"0\",\"origin\":\"rule\"}}]}");
	const struct heat_irq *irq;

	(void) state;
	update(&feed, &before, &after, NULL, irqs, 1000.0);
	irq = find(&feed, "5", NULL);
	assert_string_equal(irq->device, "eth1");
	assert_string_equal(irq->what, "rx-4");
	assert_int_equal(irq->cpu, 1);
	assert_true(irq->away);
	assert_true(irq->cost_known);
	assert_int_equal(irq->cost_ppm, 41000);
	assert_int_equal(irq->stay_ms, 4500);
	irq = find(&feed, "6", NULL);
	assert_string_equal(irq->device, "5e:00.0");
	assert_int_equal(irq->state, HEAT_MANAGED);
	assert_false(irq->away);
	assert_true(irq->stay_ms == HEAT_NEVER);
	irq = find(&feed, "7", NULL);
	assert_string_equal(irq->device, "10000:01:00.0");
	assert_int_equal(irq->state, HEAT_STUCK);
	assert_int_equal(irq->cpu, CPU_NONE); /* half here, half there */
	irq = find(&feed, "LOC", NULL);
	assert_int_equal(irq->state, HEAT_KERNEL);
	assert_string_equal(irq->what, "Local timer interrupts");
	assert_int_equal(irq->total, 4);

	update(&feed, &before, &after, NULL, pinned, 1000.0);
	assert_int_equal(find(&feed, "7", NULL)->state, HEAT_PINNED);
	assert_int_equal(find(&feed, "6", NULL)->state, HEAT_PLAIN);
	json_decref(pinned);

	assert_true(heat_feed_knows(irqs, &after));
	json_decref(irqs);
	irqs = json("{\"irqs\":[{\"irq\":5,\"actions\":\"a\"},{\"irq\":6,\"actions\":\"b\"}]}");
	assert_false(heat_feed_knows(irqs, &after));
	assert_false(heat_feed_knows(NULL, &after));
	json_decref(irqs);
	heat_feed_deinit(&feed);
	interrupt_matrix_deinit(&before);
	interrupt_matrix_deinit(&after);
}

static void a_change_of_cpu_is_seen_in_the_counts(void **state)
{
	struct heat_feed feed = HEAT_FEED_INIT;
	struct interrupt_matrix readings[] = {
		parse("CPU0 CPU1\n5: 0 0 c a\n", 1000),
		parse("CPU0 CPU1\n5: 100 0 c a\n", 2000),
		parse("CPU0 CPU1\n5: 150 50 c a\n", 3000),
		parse("CPU0 CPU1\n5: 150 150 c a\n", 4000),
		parse("CPU0 CPU1\n5: 150 150 c a\n", 5000),
		parse("CPU0 CPU1\n5: 150 170 c a\n", 6500),
	};
	const struct heat_irq *irq;

	(void) state;
	update(&feed, &readings[0], &readings[1], NULL, NULL, 0);
	irq = find(&feed, "5", NULL);
	assert_int_equal(irq->cpu, 0);
	assert_true(irq->stay_ms == HEAT_NEVER); /* nobody saw it come */
	update(&feed, &readings[1], &readings[2], NULL, NULL, 0);
	assert_int_equal(find(&feed, "5", NULL)->cpu, CPU_NONE);
	update(&feed, &readings[2], &readings[3], NULL, NULL, 0);
	irq = find(&feed, "5", NULL);
	assert_int_equal(irq->cpu, 1);
	assert_int_equal(irq->moves, 1);
	assert_int_equal(irq->stay_ms, 0);
	update(&feed, &readings[3], &readings[4], NULL, NULL, 0);
	assert_int_equal(find(&feed, "5", NULL)->stay_ms, 1000); /* quiet, and still there */
	update(&feed, &readings[4], &readings[5], NULL, NULL, 0);
	irq = find(&feed, "5", NULL);
	assert_int_equal(irq->stay_ms, 2500);
	assert_int_equal(irq->moves, 1);
	heat_feed_deinit(&feed);
	for (size_t i = 0; i < ARRAY_SIZE(readings); i++)
		interrupt_matrix_deinit(&readings[i]);
}

static void programs_get_rates_by_cpu(void **state)
{
	struct heat_feed feed = HEAT_FEED_INIT;
	struct heat_frame frame = HEAT_FRAME_INIT;
	struct heat_view view = { .width = 80, .height = 24 };
	struct interrupt_matrix before = parse("CPU0 CPU1\n5: 0 0 c a\n6: 0 0 c b\n", 1000);
	struct interrupt_matrix after = parse("CPU0 CPU1\n5: 0 50 c a\n6: 0 0 c b\n", 3000);
	json_t *object, *rows, *row;

	(void) state;
	update(&feed, &before, &after, NULL, NULL, 0);
	assert_int_equal(heat_choose_rows(&feed.data, &view, &frame), 0);
	object = heat_json(&feed.data, &frame, 1000.25);
	rows = json_object_get(object, "irqs");
	assert_int_equal(json_array_size(rows), 1);
	row = json_array_get(rows, 0);
	assert_int_equal(json_integer_value(json_object_get(row, "irq")), 5);
	assert_true(json_real_value(json_object_get(row, "rate")) == 25.0);
	assert_int_equal(json_object_size(json_object_get(row, "cpus")), 1);
	assert_true(json_real_value(json_object_get(json_object_get(row, "cpus"), "1")) == 25.0);
	assert_int_equal(json_array_size(json_object_get(object, "cpus")), 2);
	json_decref(object);
	heat_frame_deinit(&frame);
	heat_feed_deinit(&feed);
	interrupt_matrix_deinit(&before);
	interrupt_matrix_deinit(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_the_difference_of_two_readings),
		cmocka_unit_test(a_first_reading_counts_since_boot),
		cmocka_unit_test(an_interval_in_which_cpus_changed_counts_nothing),
		cmocka_unit_test(cpus_are_ordered_by_node_and_keep_their_counts),
		cmocka_unit_test(irqherds_words_name_the_rows),
		cmocka_unit_test(a_change_of_cpu_is_seen_in_the_counts),
		cmocka_unit_test(programs_get_rates_by_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
