#include "irqherd/model/softnet.h"

#include <stdlib.h>

void softnet_deinit(struct softnet *softnet)
{
	free(softnet->cpus);
	*softnet = SOFTNET_INIT;
}
