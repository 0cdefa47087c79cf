/* Any datagram: as many looks at most as hints were told, all of them at network devices. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/source/rtnl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *copy = malloc(size ? size : 1); /* aligned, and no byte longer */
	struct dirty dirty;
	struct hint hint;
	bool relook;
	int hints, looks = 0;

	if (!copy || dirty_init(&dirty) < 0)
		abort();
	if (size > 0)
		memcpy(copy, data, size);

	hints = rtnl_decode(copy, size, &dirty, 0);
	if (hints < 0 && hints != -EBADMSG)
		abort();
	while (dirty_take(&dirty, 0, &hint, &relook)) {
		if (hint.kind != HINT_NETDEV || hint.ifindex <= 0 ||
		    !memchr(hint.name, '\0', sizeof(hint.name)))
			abort();
		looks++;
	}
	if (hints >= 0 && looks > hints)
		abort();

	dirty_deinit(&dirty);
	free(copy);
	return 0;
}
