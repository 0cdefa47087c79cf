/*
 * plan_words: why an IRQ moves, and why none does, in words. Pure.
 *
 * All append to text, without a newline, and answer 0 or -ENOMEM.
 */
#pragma once

#include <stdbool.h>

#include "irqherd/base/buf.h"
#include "irqherd/model/inventory.h"
#include "irqherd/model/load.h"
#include "irqherd/model/move.h"
#include "irqherd/model/policy.h"
#include "irqherd/outlet/words.h"

/* "CPU 3 is overloaded: its load of 99.2% is at or above threshold 99%" */
int plan_words_reason(const struct inventory *inventory, const struct policy *policy,
		      const struct move *move, struct buf *text);

/*
 * Why nothing moves, as far as one sentence says it: "no CPU is at or above threshold 99%". Answers
 * true in *ret_more if there are CPUs that would be relieved if they could, each with words of its
 * own. load NULL: none was measured.
 */
int plan_words_calm(const struct load *load, const struct policy *policy, const struct plan *plan,
		    struct buf *text, bool *ret_more);

/* From which load on a CPU is relieved, "75.8%": plan::level_ppm, rounded up, or the threshold. */
const char *plan_level_format(const struct policy *policy, const struct plan *plan,
			      char text[PERCENT_TEXT]);

/* Whether a CPU is so loaded that the plan looked for relief, and no move of it leaves there. */
bool plan_leaves_alone(const struct load *load, const struct policy *policy,
		       const struct plan *plan, int cpu);

/* Whether a CPU is so loaded that the plan looked for relief: at or above plan::level_ppm. */
bool plan_looks_at(const struct load *load, const struct policy *policy, const struct plan *plan,
		   int cpu);

/* Why nobody leaves a CPU for which that holds: "CPU 3 is overloaded (99.2%): IRQ 5 is alone there,
 * …" */
int plan_words_hold(const struct inventory *inventory, const struct load *load,
		    const struct policy *policy, int cpu, struct buf *text);
