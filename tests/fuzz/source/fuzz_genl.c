/*
 * Any datagram to each decoder. The first byte chooses: an event of either family, a queue, a NAPI,
 * or the join of both, whose result has no more queues than went in and only IRQs that a NAPI has.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "irqherd/source/genl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_event(const void *data, size_t size, enum genl_kind family)
{
	struct dirty dirty;
	struct hint hint;
	bool relook;
	int r;

	if (dirty_init(&dirty) < 0)
		abort();
	r = genl_decode_event(data, size, family, &dirty, 0);
	if (r < 0 && r != -EBADMSG)
		abort();
	while (dirty_take(&dirty, 0, &hint, &relook)) {
		if (hint.kind != HINT_NETDEV || hint.ifindex < 0)
			abort();
	}
	dirty_deinit(&dirty);
}

static void join(const uint8_t *data, size_t size)
{
	struct genl_queue queues[32];
	struct genl_napi napis[32];
	struct queue_list list;
	size_t queue_count = 0, napi_count = 0;

	for (; size >= 3; data += 3, size -= 3) {
		if (data[0] & 1 && queue_count < 32)
			queues[queue_count++] = (struct genl_queue){ data[0] >> 4, data[1] & 3,
								     data[2] & 15 };
		else if (napi_count < 32)
			napis[napi_count++] = (struct genl_napi){ data[1] & 15, data[2] };
	}

	if (genl_join(queues, queue_count, napis, napi_count, &list) < 0)
		abort();
	if (list.count > queue_count)
		abort();
	for (size_t i = 0; i < list.count; i++) {
		size_t j = 0;

		while (j < napi_count && napis[j].irq != list.items[i].irq)
			j++;
		if (j == napi_count || list.items[i].irq == 0)
			abort();
	}
	queue_list_deinit(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct genl_queue queue;
	struct genl_napi napi;
	uint8_t which;
	void *copy;

	if (size < 1)
		return 0;
	which = data[0] % 5;
	data++;
	size--;

	copy = malloc(size ? size : 1); /* aligned, and no byte longer */
	if (!copy)
		abort();
	if (size > 0)
		memcpy(copy, data, size);

	switch (which) {
	case 0:
		decode_event(copy, size, GENL_ETHTOOL);
		break;
	case 1:
		decode_event(copy, size, GENL_NETDEV);
		break;
	case 2:
		(void) genl_decode_queue(copy, size, &queue);
		break;
	case 3:
		(void) genl_decode_napi(copy, size, &napi);
		break;
	case 4:
		join(copy, size);
		break;
	}
	free(copy);
	return 0;
}
