/* Any bytes as /proc/interrupts. */
#include <stdlib.h>
#include <string.h>

#include "irqherd/source/proc_irq.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct action_table table = ACTION_TABLE_INIT;
	struct action_row *row;
	struct pci_addr addr;
	size_t cursor = 0;

	if (action_table_parse((const char *) data, size, &table) < 0)
		return 0;
	while ((row = map_next(&table.rows, &cursor))) {
		if (strlen(row->actions) + strlen(row->chip) > size || row->hwirq < -1)
			abort();
		(void) chip_pci_addr(row->chip, &addr);
	}
	action_table_deinit(&table);
	return 0;
}
