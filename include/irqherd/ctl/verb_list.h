/* The functions behind the verbs, by the file that has them. */
#pragma once

#include "irqherd/ctl/sheet.h"
#include "irqherd/ctl/verbs.h"

#define VERB(name) \
	int name(const struct ctl *ctl, const struct verb_options *options, int argc, char **argv)

/* show.c */
VERB(verb_status);
VERB(verb_devices);
VERB(verb_irqs);
VERB(verb_explain);
VERB(verb_plan);
VERB(verb_verify);
VERB(verb_config);
VERB(verb_metrics);
VERB(verb_watch);

/* topology.c, doctor.c, snapshot.c */
VERB(verb_topology);
VERB(verb_doctor);
VERB(verb_snapshot);

/* advise.c, import.c */
VERB(verb_advise);
VERB(verb_import);

/* steer.c */
VERB(verb_cpus);
VERB(verb_irq);
VERB(verb_reload);
VERB(verb_rescan);
VERB(verb_freeze);
VERB(verb_thaw);

/* Prints a sheet or, with --json, the object. Takes neither over. */
int show_sheet(const struct ctl *ctl, const struct sheet *sheet, const json_t *object);
