/* load: from two samples to loads and interrupt counts. */
#pragma once

#include "irqherd/model/load.h"
#include "irqherd/model/policy.h"

/*
 * A field that went backwards counts 0. A CPU on which no time passed is not valid. A total that
 * fell is a wrap of 32 bits if it was near the top, else the IRQ was made anew: it is listed in
 * `restarted` and its count is the new total. -ENOMEM; load is then not valid. No allocation once
 * load is large enough.
 */
int load_update(struct load *load, const struct sample *before, const struct sample *after,
		enum load_metric metric);
