/* doctor: whether irqherd is of use on a machine, and what stands in its way. */
#pragma once

#include <jansson.h>

#include "irqherd/ctl/local.h"

/* { "useful": bool, "findings": [ { "level": "ok" | "note" | "warning" | "problem", "topic",
 * "words", "advice"? } ] }, a new reference. useful: no finding is a problem. */
json_t *doctor_examine(const struct ctl *ctl, struct local *local);
