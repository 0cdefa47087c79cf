/* notify: tells a service manager how we are, by datagrams to NOTIFY_SOCKET. Does nothing where
 * that is not set. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "irqherd/base/macro.h"

bool notify_enabled(void);
int notify_send(const char *format, ...) _printf_(1, 2); /* "READY=1\nSTATUS=…" */

/* Half of WATCHDOG_USEC if it is meant for this process; 0: no watchdog. */
uint64_t notify_watchdog_interval_ms(void);
