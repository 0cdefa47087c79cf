/*
 * render: the answers as text for people, made of the JSON alone, so that it does not matter which
 * side gave it. Each appends to the sheet.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "irqherd/ctl/sheet.h"

/* How many IRQs that are alike are told in one line. */
enum fold {
	FOLD_NOTHING,
	FOLD_DULL, /* those that nobody looks for: managed by the kernel, idle, not in use */
	FOLD_MANY, /* and active ones of a device, if they are very many */
};

/* The reply's parameters, as in io.irqherd. now: seconds since 1970, for "12 s ago". all: every CPU
 * has a row. */
void render_status(struct sheet *sheet, const json_t *reply, double now);
void render_devices(struct sheet *sheet, const json_t *reply);
void render_irqs(struct sheet *sheet, const json_t *reply, enum fold fold);
void render_cpus(struct sheet *sheet, const json_t *reply, bool all);
void render_plan(struct sheet *sheet, const json_t *reply);
void render_verify(struct sheet *sheet, const json_t *reply);
void render_explain(struct sheet *sheet, const json_t *reply, double now);
void render_advise(struct sheet *sheet, const json_t *reply);
void render_event(struct sheet *sheet, const json_t *reply);
void render_config(struct sheet *sheet, const json_t *reply);

/* Of irqherdctl's own verbs. */
void render_topology(struct sheet *sheet, const json_t *topology);
void render_doctor(struct sheet *sheet, const json_t *findings);

/* --------------------------------------------------------------------------------------------------
 * words that they share */

#define RATE_TEXT   32
#define MOMENT_TEXT 32

/* "12.3k", "80", "0.4"; "-" where nothing was counted (interval 0). Per second. */
const char *rate_format(double count, double interval, char text[RATE_TEXT]);
const char *duration_format(double seconds,
			    char text[MOMENT_TEXT]); /* "12 s", "3 min", "2 d 04:11" */
const char *moment_format(double time, double now, char text[MOMENT_TEXT]); /* "09:14:02", with the
									       date if not today */
const char *percent_of(json_int_t ppm, char text[RATE_TEXT]);   /* "12.3%"; "-" below 0 */
const char *memory_format(json_int_t kb, char text[RATE_TEXT]); /* "64 GiB" */

/* "eth0", or several, or the address; what people call a device. Into text, at most size. */
const char *device_name(const json_t *device, char *text, size_t size);

/* What an IRQ serves: "eth1 rx-4", else its action. */
const char *service_format(const json_t *irq, char *text, size_t size);

/* A CPU list, or its size where it is longer than `room`. */
const char *cpus_format(const char *list, unsigned int room, char *text, size_t size);
