#include "irqherd/outlet/notify.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"

static int clean_environment(void **state)
{
	(void) state;
	(void) unsetenv("NOTIFY_SOCKET");
	(void) unsetenv("WATCHDOG_USEC");
	(void) unsetenv("WATCHDOG_PID");
	return 0;
}

/* A service manager's socket, bound to a name as NOTIFY_SOCKET gives it. */
static int listen_on(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(name));
	int fd;

	assert_true(strlen(name) < sizeof(address.sun_path));
	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *) &address, length), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void assert_received(int fd, const char *expected)
{
	char text[256];
	ssize_t length;

	length = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	assert_true(length >= 0);
	text[length] = '\0';
	assert_string_equal(text, expected);
}

static void message_reaches_an_abstract_socket(void **state)
{
	char name[64];
	int fd;

	(void) state;
	(void) snprintf(name, sizeof(name), "@irqherd-test-%d", (int) getpid());
	fd = listen_on(name);

	assert_true(notify_enabled());
	assert_int_equal(notify_send("READY=1\nSTATUS=%u IRQs", 19u), 0);
	assert_int_equal(notify_send("WATCHDOG=1"), 0);
	assert_received(fd, "READY=1\nSTATUS=19 IRQs");
	assert_received(fd, "WATCHDOG=1");
	(void) close(fd);

	/* The manager is gone: an error, and no signal. */
	assert_int_equal(notify_send("WATCHDOG=1"), -ECONNREFUSED);
}

static void message_reaches_a_path_socket(void **state)
{
	char folder[] = "/tmp/irqherd-notify-XXXXXX";
	char name[64];
	int fd;

	(void) state;
	assert_non_null(mkdtemp(folder));
	(void) snprintf(name, sizeof(name), "%s/notify", folder);
	fd = listen_on(name);

	assert_int_equal(notify_send("STOPPING=1"), 0);
	assert_received(fd, "STOPPING=1");
	(void) close(fd);
	(void) unlink(name);
	(void) rmdir(folder);
}

static void manager_that_does_not_read_never_blocks_us(void **state)
{
	char name[64];
	int fd, r = 0;

	(void) state;
	(void) snprintf(name, sizeof(name), "@irqherd-test-full-%d", (int) getpid());
	fd = listen_on(name);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = notify_send("WATCHDOG=1");
	assert_int_equal(r, -EAGAIN);
	(void) close(fd);
}

static void without_manager_nothing_happens(void **state)
{
	(void) state;
	assert_false(notify_enabled());
	assert_int_equal(notify_send("READY=1"), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", "", 1), 0);
	assert_false(notify_enabled());
	assert_int_equal(notify_send("READY=1"), 0);
}

static void names_that_are_no_socket_are_errors(void **state)
{
	char name[200];

	(void) state;
	memset(name, 'x', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';

	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	assert_int_equal(notify_send("READY=1"), -ENAMETOOLONG);
	assert_int_equal(setenv("NOTIFY_SOCKET", "vsock:2:1234", 1), 0);
	assert_int_equal(notify_send("READY=1"), -EAFNOSUPPORT);
	assert_int_equal(setenv("NOTIFY_SOCKET", "@", 1), 0);
	assert_int_equal(notify_send("READY=1"), -EINVAL);
}

static void watchdog_is_fed_at_half_its_time(void **state)
{
	char own[16], other[16];
	const struct {
		const char *usec;
		const char *pid;
		uint64_t expected_ms;
	} cases[] = {
		{ "30000000", NULL, 15000 },
		{ "30000000", own, 15000 },
		{ "30000000", other, 0 },
		{ "30000000", "", 0 },
		{ "1000", own, 1 },
		{ "0", own, 0 },
		{ "-5", own, 0 },
		{ "30s", own, 0 },
		{ "99999999999999999999999", own, 0 },
		{ NULL, own, 0 },
	};

	(void) snprintf(own, sizeof(own), "%d", (int) getpid());
	(void) snprintf(other, sizeof(other), "%d", (int) getpid() + 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		clean_environment(state);
		assert_int_equal(setenv("NOTIFY_SOCKET", "@irqherd-test", 1), 0);
		if (cases[i].usec)
			assert_int_equal(setenv("WATCHDOG_USEC", cases[i].usec, 1), 0);
		if (cases[i].pid)
			assert_int_equal(setenv("WATCHDOG_PID", cases[i].pid, 1), 0);
		assert_int_equal(notify_watchdog_interval_ms(), cases[i].expected_ms);
	}

	clean_environment(state);
	assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
	assert_int_equal(notify_watchdog_interval_ms(), 0); /* nobody to tell */
}

#define CLEAN(test) cmocka_unit_test_setup_teardown(test, clean_environment, clean_environment)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLEAN(message_reaches_an_abstract_socket),
		CLEAN(message_reaches_a_path_socket),
		CLEAN(manager_that_does_not_read_never_blocks_us),
		CLEAN(without_manager_nothing_happens),
		CLEAN(names_that_are_no_socket_are_errors),
		CLEAN(watchdog_is_fed_at_half_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
