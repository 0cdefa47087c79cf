/*
 * The service manager's protocol is a datagram of lines to a socket that it names in the
 * environment; no library is needed for it. Nothing is kept open: a message is a rare thing.
 */
#include "irqherd/outlet/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "irqherd/base/buf.h"
#include "irqherd/base/parse.h"

#define WATCHDOG_LIMIT_USEC (UINT64_C(365) * 24 * 3600 * 1000000)

static const char *socket_name(void)
{
	const char *name = getenv("NOTIFY_SOCKET");

	return name && *name ? name : NULL;
}

/* "/path" or "@abstract". The length counts: an abstract name goes up to it, without a NUL. */
static int socket_address(const char *name, struct sockaddr_un *ret_address, socklen_t *ret_length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(name);

	if (name[0] != '/' && name[0] != '@')
		return -EAFNOSUPPORT;
	if (length < 2)
		return -EINVAL;
	if (length >= sizeof(address.sun_path))
		return -ENAMETOOLONG;

	memcpy(address.sun_path, name, length);
	if (name[0] == '@')
		address.sun_path[0] = '\0';

	*ret_address = address;
	*ret_length = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length);
	return 0;
}

bool notify_enabled(void)
{
	return socket_name();
}

int notify_send(const char *format, ...)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const char *name = socket_name();
	struct sockaddr_un address;
	socklen_t address_length;
	va_list arguments;
	int fd, r;

	if (!name)
		return 0;

	r = socket_address(name, &address, &address_length);
	if (r < 0)
		return r;

	va_start(arguments, format);
	r = buf_vprintf(&text, format, arguments);
	va_end(arguments);
	if (r < 0)
		return r;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;

	/* A manager that does not read must not stop us. */
	r = 0;
	if (sendto(fd, buf_text(&text), text.length, MSG_NOSIGNAL | MSG_DONTWAIT,
		   (const struct sockaddr *) &address, address_length) < 0)
		r = -errno;
	(void) close(fd);
	return r;
}

uint64_t notify_watchdog_interval_ms(void)
{
	const char *usec_text = getenv("WATCHDOG_USEC");
	const char *pid_text = getenv("WATCHDOG_PID");
	uint64_t usec;
	uint32_t pid;

	if (!notify_enabled() || !usec_text)
		return 0;
	if (parse_decimal(usec_text, 0, 1, WATCHDOG_LIMIT_USEC, &usec) < 0)
		return 0;

	/* Inherited from a parent that the watchdog was meant for. */
	if (pid_text && (parse_u32(pid_text, 1, INT32_MAX, &pid) < 0 || (pid_t) pid != getpid()))
		return 0;

	return usec < 2000 ? 1 : usec / 2000;
}
