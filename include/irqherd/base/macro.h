/* The few macros that every layer uses. */
#pragma once

#include <stddef.h>

#define _cleanup_(function)             __attribute__((cleanup(function)))
#define _printf_(format, arguments)     __attribute__((format(printf, format, arguments)))

#define ARRAY_SIZE(array)               (sizeof(array) / sizeof((array)[0]))

#define container_of(pointer, type, member) \
	((type *) (void *) ((char *) (pointer) -offsetof(type, member)))
