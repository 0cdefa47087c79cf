/*
 * Any event text: what comes out is at most three hints that the dirty set accepts, and the same
 * ones each time. The input's fields are separated by NUL; an empty one is missing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/source/uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *fields[6] = { NULL };
	struct uevent_text event = { 0 };
	struct hint first[3], second[3];
	struct udev_properties properties = { 0 };
	size_t count;

	if (size < 1)
		return 0;
	event.from_udevd = data[0] & 1;
	event.synthetic = data[0] & 2;
	data++;
	size--;

	/* A copy of its own for each, so that a sanitizer sees each byte too far. */
	for (size_t i = 0; i < 6 && size > 0; i++) {
		size_t length = strnlen((const char *) data, size);

		if (length > 0)
			fields[i] = strndup((const char *) data, length);
		data += length < size ? length + 1 : length;
		size -= length < size ? length + 1 : length;
	}
	event.action = fields[0];
	event.subsystem = fields[1];
	event.devpath = fields[2];
	event.devpath_old = fields[3];
	event.interface = fields[4];
	event.ifindex = fields[5];

	memset(first, 0, sizeof(first));
	memset(second, 0, sizeof(second));
	count = uevent_hints(&event, first);
	if (count > 3 || uevent_hints(&event, second) != count)
		abort();
	for (size_t i = 0; i < count; i++) {
		struct dirty dirty;

		if (memcmp(first[i].name, second[i].name, sizeof(first[i].name)) != 0 ||
		    first[i].kind != second[i].kind)
			abort();
		if (first[i].remade && (event.synthetic || first[i].kind != HINT_DEVICE))
			abort();
		if (dirty_init(&dirty) < 0 || dirty_put(&dirty, &first[i], 0) < 0)
			abort();
		dirty_deinit(&dirty);
	}

	if (fields[0] && fields[1])
		(void) udev_properties_set(&properties, fields[0], fields[1]);

	for (size_t i = 0; i < 6; i++)
		free(fields[i]);
	return 0;
}
