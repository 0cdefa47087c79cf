/* Any bytes as /proc/interrupts with its counts, twice into one matrix. */
#include "irqherd/source/proc_interrupts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct interrupt_matrix matrix = INTERRUPT_MATRIX_INIT;
	size_t half = size / 2;

	for (int i = 0; i < 2; i++) {
		int r = interrupt_matrix_parse((const char *) data + i * half, size - i * half,
					       &matrix);

		if (matrix.valid != (r == 0))
			abort();
		for (unsigned int row = 0; row < matrix.row_count; row++) {
			const uint32_t *counts = interrupt_matrix_row(&matrix, row);
			uint64_t total = 0;

			for (unsigned int column = 0; column < matrix.columns; column++)
				total += counts[column];
			if (total != matrix.rows[row].total)
				abort();
			if (strlen(interrupt_matrix_name(&matrix, row)) > size)
				abort();
			if (interrupt_matrix_find(&matrix, &matrix.rows[row], row) != (int) row)
				abort();
		}
	}
	interrupt_matrix_deinit(&matrix);
	return 0;
}
