/* heat_draw: whole frames, as they look, from 2 CPUs to 1,152. */
#include "irqherd/ctl/heat_draw.h"

#include "heat_machine.h"

/* clang-format off */
static const char server100[] =
	"12:04:31  in 1.0 s  apply                                                    7 rows by rate, 1 quiet\n"
	"                           node 0 --------   node 1 --------\n"
	"                      CPU  0   2   4   6     8   10  12  14\n"
	"                   busy %    0 1 1 2 3 3 4   4 5 6 * 7 7 8 9\n"
	"                    irq %    0 0 0 1 1 1 2   2 2 3 * 3 3 4 4\n"
	"  irq device queue, action                                     irq/s   cost  stay note\n"
	"   34 eth0   rx-4          . . . . . .       . . . # . . . .   96.0k  64.1%\n"
	"   30 eth0   rx-0          . # . . . .       . . . . . . . .   41.2k         3:10\n"
	"   31 eth0   rx-1          . . # . . .       . . . . . . . .   38.9k              stuck\n"
	"   32 eth0   rx-2          . . . # . .       . . . . . . . .   17.4k              away\n"
	"   35 eth0   rx-5          . . . . . .       . . . . . # . .   12.3k         0:00 moved\n"
	"   33 eth0   rx-3          # . . . : -       . . . . . . . .     970\n"
	"   36 eth0   rx-6          . . . . . #       . . . . . . . .     7.0              managed\n";

static const char server80[] =
	"12:04:31  in 1.0 s  apply                                7 rows by rate, 1 quiet\n"
	"                           node 0 - node 1 -\n"
	"                      CPU  0   4    8   12\n"
	"                   busy %   0112334 456*7789\n"
	"                    irq %   0001112 223*3344\n"
	"  irq device queue, action                    irq/s   cost  stay note\n"
	"   34 eth0   rx-4          ......   ...#....  96.0k  64.1%\n"
	"   30 eth0   rx-0          .#....   ........  41.2k         3:10\n"
	"   31 eth0   rx-1          ..#...   ........  38.9k              stuck\n";

static const char server60[] =
	"12:04:31  in 1.0 s  apply            7 rows by rate, 1 quiet\n"
	"                           0 1\n"
	"             cache of CPU  0 8\n"
	"                   busy %  2 7\n"
	"                    irq %  1 4\n"
	"  irq device   most irq %  2 *  irq/s   cost  stay note\n"
	"   34 eth0   rx-4          . #  96.0k  64.1%\n"
	"   30 eth0   rx-0          # .  41.2k         3:10\n"
	"   31 eth0   rx-1          # .  38.9k              stuck\n";

static const char blocks[] =
	"12:04:31  in 1.0 s  apply                                7 rows by rate, 1 quiet\n"
	"                           node 0 ─ node 1 ─\n"
	"                      CPU  0   4    8   12\n"
	"                   busy %   ▁▁▁▂▂▃▃ ▄▄▅█▆▆▇▇\n"
	"                    irq %   ▁▁▁▁▁▁▂ ▂▂▂█▃▃▃▄\n"
	"  irq device queue, action                    irq/s   cost  stay note\n"
	"   34 eth0   rx-4          ······   ···█····  96.0k  64.1%\n"
	"   30 eth0   rx-0          ·█····   ········  41.2k         3:10\n"
	"   31 eth0   rx-1          ··█···   ········  38.9k              stuck\n";

static const char two[] =
	"12:04:31  in 1.0 s  apply                                         2 rows by rate\n"
	"                           node 0 --------\n"
	"                      CPU        0       1\n"
	"                   busy %        0       7\n"
	"                    irq %        0       3\n"
	"  irq device queue, action                   irq/s   cost  stay note\n"
	"   30 eth0   rx-0          #  1234 -    30    1264\n"
	"   31 eth0   rx-1                .       .       0\n";

static const char boot[] =
	"12:04:31  since boot  apply                                       2 rows by rate\n"
	"                      CPU        0       1\n"
	"                   busy %        -       7\n"
	"                    irq %        -       3\n"
	"  irq device queue, action                   count   cost  stay note\n"
	"   30 eth0   rx-0          #  1234 -    30    1264\n"
	"   31 eth0   rx-1                .       .       0\n";

static const char large[] =
	"12:04:31  in 1.0 s  apply                                                            94 rows by rate\n"
	"                           node 0 - node 1 - node 2 - node 3 -\n"
	"             cache of CPU  0        288      576      864\n"
	"                   busy %  45454545 45454545 45454545 45454545\n"
	"                    irq %  22222222 22222222 22222222 22222222\n"
	"  irq device   most irq %  44545445 44544544 54544544 54454454  irq/s   cost  stay note\n"
	"   30 eth0   rx-0          #....... ........ ........ ........ 100.0k\n"
	"   31 eth0   rx-1          #....... ........ ........ ........ 100.0k\n";
/* clang-format on */

static const struct heat_page page_of_batch = {
	.time = "12:04:31", .source = "apply", .selected = -1, .ascii = true
};

static void draw(const struct heat_data *data, const struct heat_view *view,
		 const struct heat_page *page, struct buf *text)
{
	struct heat_frame frame = HEAT_FRAME_INIT;
	struct canvas canvas = CANVAS_INIT;

	assert_int_equal(heat_draw(data, view, page, &frame, &canvas), 0);
	buf_reset(text);
	assert_int_equal(canvas_page(&canvas, text), 0);
	canvas_deinit(&canvas);
	heat_frame_deinit(&frame);
}

static void assert_frame(const struct heat_data *data, const struct heat_view *view,
			 const struct heat_page *page, const char *wanted)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	draw(data, view, page, &text);
	assert_string_equal(buf_text(&text), wanted);
}

/* Two nodes of four cores with two threads, two adapters; much of what a frame can tell. */
static void make_server(struct heat_data *data)
{
	static const uint32_t rates[] = { 41200, 38900, 17400, 850, 96000, 12300, 7, 0 };
	static const unsigned int cpus[] = { 1, 2, 3, 0, 11, 13, 5, 5 };

	heat_machine_make(data, &(struct heat_shape){ 2, 1, 4, 2, 8 });
	for (unsigned int i = 0; i < 16; i++) {
		data->cpus[i].busy_ppm = i * 60000;
		data->cpus[i].irq_ppm = i * 30000;
	}
	data->cpus[11].irq_ppm = data->cpus[11].busy_ppm = PPM;
	data->cpus[11].overloaded = true;
	data->cpus[6].reserved = data->cpus[7].reserved = true;
	for (unsigned int i = 0; i < 8; i++) {
		heat_machine_fire(data, i, cpus[i], rates[i]);
		data->irqs[i].cpu = (int) cpus[i];
	}
	heat_machine_fire(data, 3, 4, 100);
	heat_machine_fire(data, 3, 5, 20);
	data->irqs[5].stay_ms = 700;
	data->irqs[0].stay_ms = 190000;
	data->irqs[4].cost_known = true;
	data->irqs[4].cost_ppm = 641000;
	data->irqs[1].state = HEAT_STUCK;
	data->irqs[6].state = HEAT_MANAGED;
	data->irqs[2].away = true;
}

static void a_server_fits_100_columns(void **state)
{
	const struct heat_view view = { .width = 100, .height = 14, .threshold_ppm = 950000 };
	struct heat_data data;

	(void) state;
	make_server(&data);
	assert_frame(&data, &view, &page_of_batch, server100);
	heat_data_deinit(&data);
}

static void a_server_fits_80_columns_and_is_folded_to_60(void **state)
{
	struct heat_view view = { .width = 80, .height = 9, .threshold_ppm = 950000 };
	struct heat_data data;

	(void) state;
	make_server(&data);
	assert_frame(&data, &view, &page_of_batch, server80);
	view.width = 60;
	assert_frame(&data, &view, &page_of_batch, server60);
	heat_data_deinit(&data);
}

static void blocks_and_bars_take_the_place_of_ascii(void **state)
{
	const struct heat_view view = { .width = 80, .height = 9, .threshold_ppm = 950000 };
	struct heat_page page = page_of_batch;
	struct heat_data data;

	(void) state;
	page.ascii = false;
	make_server(&data);
	assert_frame(&data, &view, &page, blocks);
	heat_data_deinit(&data);
}

static void two_cpus_show_rates_in_their_cells(void **state)
{
	const struct heat_view view = { .width = 80, .height = 9, .all = true };
	struct heat_data data;

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 1, 1, 2, 1, 2 });
	heat_machine_fire(&data, 0, 0, 1234);
	heat_machine_fire(&data, 0, 1, 30);
	assert_frame(&data, &view, &page_of_batch, two);
	data.interval_ms = 0;
	data.cpus[0].node = data.cpus[1].node = -1;
	data.cpus[0].measured = false;
	assert_frame(&data, &view, &page_of_batch, boot);
	heat_data_deinit(&data);
}

static void the_largest_machine_fits_100_columns(void **state)
{
	const struct heat_view view = { .width = 100, .height = 8, .threshold_ppm = 950000 };
	struct heat_data data;

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 4, 8, 18, 2, 94 });
	for (unsigned int i = 0; i < 94; i++)
		heat_machine_fire(&data, i, i * 12, 100000 - i);
	assert_frame(&data, &view, &page_of_batch, large);
	heat_data_deinit(&data);
}

/* One column a node: every node begins a ruler of its own, and there is no room for all. */
static void names_of_columns_do_not_run_together(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct heat_data data;

	(void) state;
	heat_machine_make(&data, &(struct heat_shape){ 8, 1, 72, 2, 1 });
	heat_machine_fire(&data, 0, 0, 1);
	for (unsigned int width = 60; width < 120; width++) {
		const struct heat_view view = { .width = width, .height = 9, .zoom = HEAT_LLCS };
		const char *line;

		draw(&data, &view, &page_of_batch, &text);
		line = strstr(buf_text(&text), "cache of CPU");
		assert_non_null(line);
		line += strlen("cache of CPU");
		for (unsigned int names = 0; *line != '\n'; names++) {
			char *end;
			unsigned long name = strtoul(line, &end, 10);

			if (end == line)
				break;
			assert_int_equal(name % 144, 0);
			assert_true(name < 1152);
			assert_non_null(strchr(" >\n", *end));
			line = end;
		}
	}
	heat_data_deinit(&data);
}

/* Each line within the width, no line beyond the height: whatever the size, nothing breaks. */
static void any_size_is_drawn(void **state)
{
	static const unsigned int widths[] = { 1, 20, 40, 79, 80, 99, 132, 250, 1000 };
	static const unsigned int heights[] = { 1, 2, 5, 7, 24, 60 };
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct heat_data data, huge;

	(void) state;
	make_server(&data);
	heat_machine_make(&huge, &(struct heat_shape){ 16, 8, 32, 2, 3 });
	for (size_t w = 0; w < ARRAY_SIZE(widths); w++) {
		for (size_t h = 0; h < ARRAY_SIZE(heights); h++) {
			for (enum heat_zoom zoom = HEAT_AUTO; zoom <= HEAT_CPUS; zoom++) {
				struct heat_view view = { .width = widths[w],
							  .height = heights[h],
							  .zoom = zoom,
							  .first_column = 3,
							  .all = true };
				struct heat_page page = page_of_batch;
				unsigned int lines = 0;

				page.keys = " q quit";
				page.selected = 0;
				draw(&data, &view, &page, &text);
				for (const char *line = buf_text(&text); *line; lines++) {
					size_t length = strcspn(line, "\n");

					assert_true(length <= widths[w]);
					line += length + 1;
				}
				assert_true(lines <= heights[h]);
				draw(&huge, &view, &page, &text);
				page.overlay = heat_help;
				draw(&data, &view, &page, &text);
			}
		}
	}
	heat_data_deinit(&data);
	heat_data_deinit(&huge);
}

static void colours_follow_load_and_node(void **state)
{
	const struct heat_view view = { .width = 100, .height = 14, .threshold_ppm = 950000 };
	struct heat_frame frame = HEAT_FRAME_INIT;
	struct canvas canvas = CANVAS_INIT;
	struct heat_page page = page_of_batch;
	bool hot = false, node0 = false, node1 = false;
	struct heat_data data;

	(void) state;
	make_server(&data);
	page.selected = 2;
	assert_int_equal(heat_draw(&data, &view, &page, &frame, &canvas), 0);
	for (unsigned int x = 0; x < 100; x++) {
		const struct canvas_cell *row = canvas.cells + (size_t) 6 * 100 + x; /* IRQ 34 */

		hot |= row->character == '#' && row->style == STYLE_HOT;
		row += 100; /* IRQ 30, on node 0 */
		node0 |= row->character == '#' && row->style == STYLE_NODE;
		node1 |= row->character == '#' && row->style == STYLE_NODE + 1;
		assert_int_equal(canvas.cells[(size_t) 8 * 100 + x].selected, x < 27 || x >= 61);
		assert_int_equal(canvas.cells[(size_t) 7 * 100 + x].selected, false);
	}
	assert_true(hot);
	assert_true(node0);
	assert_false(node1);
	canvas_deinit(&canvas);
	heat_frame_deinit(&frame);
	heat_data_deinit(&data);
}

static void rates_and_times_are_short(void **state)
{
	static const struct {
		uint64_t count, interval_ms;
		const char *text;
	} rates[] = {
		{ 0, 1000, "0" },           { 1, 100000, "0.1" },        { 5, 10000, "0.5" },
		{ 99, 10000, "9.9" },       { 10, 1000, "10" },          { 9999, 1000, "9999" },
		{ 10000, 1000, "10.0k" },   { 41234, 1000, "41.2k" },    { 999949, 1000, "999.9k" },
		{ 1230000, 1000, "1.23M" }, { 123456789, 1000, "123M" }, { 3, 0, "3" },
		{ 3, 2000, "1.5" },         { UINT64_MAX, 1, ">9999M" },
	};
	static const struct {
		uint64_t ms;
		const char *text;
	} stays[] = {
		{ 0, "0:00" },        { 7999, "0:07" },         { 190000, "3:10" },
		{ 3599999, "59:59" }, { 7500000, "2h05" },      { 86400000ull * 4, "4d" },
		{ HEAT_NEVER, "" },   { HEAT_NEVER - 1, NULL },
	};
	char text[HEAT_RATE];

	(void) state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		assert_string_equal(heat_rate_format(rates[i].count, rates[i].interval_ms, text),
				    rates[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(stays); i++) {
		(void) heat_stay_format(stays[i].ms, text);
		if (stays[i].text)
			assert_string_equal(text, stays[i].text);
		assert_true(strlen(text) < HEAT_RATE);
	}
}

static void the_help_fits_80_columns(void **state)
{
	unsigned int lines = 0;

	(void) state;
	for (const char *line = heat_help; *line; lines++) {
		size_t length = strcspn(line, "\n");

		assert_true(length <= 80);
		line += length + 1;
	}
	assert_true(lines <= 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_fits_100_columns),
		cmocka_unit_test(a_server_fits_80_columns_and_is_folded_to_60),
		cmocka_unit_test(blocks_and_bars_take_the_place_of_ascii),
		cmocka_unit_test(two_cpus_show_rates_in_their_cells),
		cmocka_unit_test(the_largest_machine_fits_100_columns),
		cmocka_unit_test(names_of_columns_do_not_run_together),
		cmocka_unit_test(any_size_is_drawn),
		cmocka_unit_test(colours_follow_load_and_node),
		cmocka_unit_test(rates_and_times_are_short),
		cmocka_unit_test(the_help_fits_80_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
