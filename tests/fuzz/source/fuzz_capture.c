/* Any text as either answer file of a captured machine. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/source/capture.h"
#include "irqherd/source/genl.h"
#include "irqherd/source/uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pci_addr addr = { .device = 3 };
	struct udev_properties properties;
	struct queue_list queues;
	char *text = malloc(size + 1);
	int r;

	if (!text)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';

	r = udev_export_find(text, &addr, &properties);
	if (r < 0 ? r != -ENOENT
		  : !properties.known || (properties.has_node && properties.node < -1))
		abort();

	r = netdev_queues_find(text, "eth0", &queues);
	if (r < 0 && r != -EBADMSG)
		abort();
	if (r == 0)
		queue_list_deinit(&queues);

	free(text);
	return 0;
}
