/* The few macros that every layer uses. */
#pragma once

#include <stddef.h>

#define _cleanup_(function)       __attribute__((__cleanup__(function)))
#define _printf_(position, first) __attribute__((__format__(__printf__, position, first)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define container_of(pointer, type, member) \
	((type *) (void *) ((char *) (pointer) -offsetof(type, member)))
