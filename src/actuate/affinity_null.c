#include "irqherd/actuate/affinity_null.h"

#include "irqherd/base/macro.h"

static enum move_result apply(struct actuator *self, const struct move *move)
{
	struct affinity_null *affinity = container_of(self, struct affinity_null, actuator);

	(void) move;
	affinity->moves++;
	return MOVE_APPLIED;
}

void affinity_null_init(struct affinity_null *affinity)
{
	*affinity = (struct affinity_null){
		.actuator = { .name = "dry run", .writes = false, .apply = apply },
	};
}
