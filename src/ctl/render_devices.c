#include <stdio.h>
#include <string.h>

#include "irqherd/ctl/field.h"
#include "irqherd/ctl/render.h"
#include "irqherd/ctl/table.h"
#include "irqherd/outlet/words.h"

#define NAME_SIZE 64
#define HOME_ROOM 20u

static void put_device(struct table *table, const json_t *device, double interval)
{
	const json_t *home = json_object_get(device, "home");
	json_int_t node = field_int(home, "node", -1);
	json_int_t managed = field_int(device, "managed", 0);
	json_int_t home_ppm = field_int(device, "home_ppm", -1);
	json_int_t irqs = (json_int_t) json_array_size(json_object_get(device, "irqs"));
	char name[NAME_SIZE], text[NAME_SIZE], rate[RATE_TEXT];
	const char *driver = field_text(device, "driver");

	table_cell(table, INK_PLAIN, "%s", field_text(device, "address"));
	table_cell(table, INK_BOLD, "%s",
		   json_array_size(json_object_get(device, "netdevs"))
			   ? device_name(device, name, sizeof(name))
			   : "");
	table_cell(table, INK_PLAIN, "%s", field_text(device, "class"));
	table_cell(table, INK_PLAIN, "%s", *driver ? driver : "-");
	table_cell(table, INK_PLAIN, "%lld", (long long) irqs);
	table_cell(table, INK_DIM, managed ? "%lld" : "-", (long long) managed);
	table_cell(table, INK_PLAIN, "%s",
		   rate_format(field_number(device, "interrupts", -1), interval, rate));
	table_cell(table, home_ppm >= 0 && home_ppm < 900000 ? INK_WARN : INK_PLAIN, "%s",
		   percent_of(home_ppm, rate));
	table_cell(table, ink_of_node((int) node), "%s%s%s%s", field_text(home, "words"),
		   node < 0 ? ": " : "",
		   node < 0 ? cpus_format(field_text(home, "cpus"), HOME_ROOM, text, sizeof(text))
			    : "",
		   field_true(device, "ignored") ? ", ignored" : "");
}

void render_devices(struct sheet *sheet, const json_t *reply)
{
	static const char *const titles[] = { "device",   "name",   "class",    "driver", ">IRQs",
					      ">managed", ">int/s", ">at home", "home" };
	const json_t *devices = json_object_get(reply, "devices"), *device;
	double interval = field_number(reply, "interval", 0);
	json_int_t others = field_int(reply, "others", 0);
	struct table table;
	size_t i;

	table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
	json_array_foreach(devices, i, device) put_device(&table, device, interval);
	table_put(&table, sheet, 0);
	table_deinit(&table);
	if (others > 0) {
		sheet_ink(sheet, INK_DIM, "and %lld without interrupts (--all shows %s)",
			  (long long) others, others == 1 ? "it" : "them");
		sheet_end_line(sheet, 0);
	}
	if (json_array_size(devices) == 0 && others == 0) {
		sheet_printf(sheet, "no PCI devices");
		sheet_end_line(sheet, 0);
	}
}
