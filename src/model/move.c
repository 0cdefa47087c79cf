#include "irqherd/model/move.h"

#include <errno.h>
#include <stdlib.h>

void plan_deinit(struct plan *plan)
{
	free(plan->moves);
	*plan = PLAN_INIT;
}

void plan_reset(struct plan *plan)
{
	struct move *moves = plan->moves;
	size_t size = plan->size;

	*plan = PLAN_INIT;
	plan->moves = moves;
	plan->size = size;
}

int plan_add(struct plan *plan, const struct move *move)
{
	if (plan->count == plan->size) {
		size_t size = plan->size ? 2 * plan->size : 16;
		struct move *moves = realloc(plan->moves, size * sizeof(moves[0]));

		if (!moves)
			return -ENOMEM;
		plan->moves = moves;
		plan->size = size;
	}
	plan->moves[plan->count++] = *move;
	return 0;
}

const char *move_result_name(enum move_result result)
{
	switch (result) {
	case MOVE_APPLIED:
		return "applied";
	case MOVE_BUSY:
		return "busy";
	case MOVE_NO_VECTOR:
		return "no-vector";
	case MOVE_NO_ONLINE_CPU:
		return "no-online-cpu";
	case MOVE_NOT_ALLOWED:
		return "not-allowed";
	case MOVE_GONE:
		return "gone";
	case MOVE_READ_ONLY:
		return "read-only";
	case MOVE_FAILED:
		return "failed";
	}
	return "unknown";
}
