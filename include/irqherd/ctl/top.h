/* top: the live picture of IRQs × CPUs. */
#pragma once

#include "irqherd/ctl/ctl.h"

/* The verb `top` with its own options; argv[0] is "top". Answers an exit code. */
int top_run(const struct ctl *ctl, int argc, char **argv);

extern const char top_usage[]; /* lines with their newlines */
