/* Against a server that says what each test wants, also what no daemon would. */
#include "irqherd/ctl/client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct server {
	char path[64];
	pid_t pid;
};

/* One connection: reads until a NUL, then writes `answer`, byte by byte if slow. */
static void serve(int listener, const char *wanted, const void *answer, size_t length, bool slow)
{
	int fd = accept(listener, NULL, NULL);
	char call[4096];
	size_t used = 0;

	while (used < sizeof(call) && read(fd, call + used, 1) == 1 && call[used] != '\0')
		used++;
	if (wanted && strcmp(call, wanted) != 0) {
		fprintf(stderr, "called: %s\n", call);
		_exit(1);
	}
	for (size_t i = 0; i < length; i += slow ? 1 : length)
		if (write(fd, (const char *) answer + i, slow ? 1 : length) < 0)
			_exit(2);
	(void) close(fd);
	_exit(0);
}

static struct server start(const char *wanted, const void *answer, size_t length, bool slow)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct server server;
	int listener;

	(void) snprintf(server.path, sizeof(server.path), "/tmp/test_client.%d", (int) getpid());
	strcpy(address.sun_path, server.path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	server.pid = fork();
	assert_true(server.pid >= 0);
	if (server.pid == 0)
		serve(listener, wanted, answer, length, slow);
	(void) close(listener);
	return server;
}

static void stop(struct server *server)
{
	int status;

	assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
	assert_int_equal(status, 0);
	(void) unlink(server->path);
}

#define ANSWER(text) text, sizeof(text)

static void a_call_has_its_reply(void **state)
{
	struct server server = start(
		"{\"method\":\"io.irqherd.Explain\",\"parameters\":{\"target\":\"eth0\"}}",
		ANSWER("{\"parameters\":{\"a\":1}}"), true);
	struct client client;
	json_t *reply;

	(void) state;
	assert_int_equal(client_open(&client, server.path), 0);
	assert_int_equal(
		client_call(&client, "Explain", json_pack("{s:s}", "target", "eth0"), &reply), 0);
	assert_int_equal(json_integer_value(json_object_get(reply, "a")), 1);
	json_decref(reply);
	client_close(&client);
	stop(&server);
}

static void an_error_has_its_name_and_parameters(void **state)
{
	struct server server = start(
		"{\"method\":\"io.irqherd.GetStatus\"}",
		ANSWER("{\"error\":\"io.irqherd.NotFound\",\"parameters\":{\"target\":\"x\"}}"),
		false);
	struct client client;
	json_t *reply;

	(void) state;
	assert_int_equal(client_open(&client, server.path), 0);
	assert_int_equal(client_call(&client, "GetStatus", NULL, &reply), -EREMOTEIO);
	assert_string_equal(client.error, "io.irqherd.NotFound");
	assert_string_equal(json_string_value(json_object_get(client.failed, "target")), "x");
	client_close(&client);
	stop(&server);
}

static void replies_of_a_stream_come_one_by_one(void **state)
{
	struct server server = start("{\"method\":\"io.irqherd.Watch\",\"more\":true}",
				     ANSWER("{\"parameters\":{\"n\":1},\"continues\":true}\0"
					    "{\"parameters\":{\"n\":2},\"continues\":true}\0"
					    "{\"parameters\":{\"n\":3}}"),
				     false);
	struct client client;
	json_t *reply;
	bool more;

	(void) state;
	assert_int_equal(client_open(&client, server.path), 0);
	assert_int_equal(client_start(&client, "Watch", NULL), 0);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(client_next(&client, 5000, &reply, &more), 0);
		assert_int_equal(json_integer_value(json_object_get(reply, "n")), i);
		assert_int_equal(more, i < 3);
		json_decref(reply);
	}
	assert_int_equal(client_next(&client, 5000, &reply, &more), -ECONNRESET);
	client_close(&client);
	stop(&server);
}

static void what_is_no_varlink_is_told(void **state)
{
	static const struct {
		const char *answer;
		size_t length;
		int error;
	} cases[] = {
		{ ANSWER("nonsense"), -EBADMSG }, { ANSWER("[1]"), -EBADMSG },
		{ ANSWER(""), -EBADMSG },         { "{\"parameters\"", 13, -ECONNRESET },
		{ "", 0, -ECONNRESET },
	};
	struct client client;
	json_t *reply;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server server = start(NULL, cases[i].answer, cases[i].length, false);

		assert_int_equal(client_open(&client, server.path), 0);
		assert_int_equal(client_call(&client, "GetStatus", NULL, &reply), cases[i].error);
		client_close(&client);
		stop(&server);
	}
}

static void nobody_there_is_no_failure_of_ours(void **state)
{
	struct client client;
	char path[256];

	(void) state;
	assert_int_equal(client_open(&client, "/tmp/there/is/no/such/socket"), -ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(client_open(&client, path), -ENAMETOOLONG);
	client_close(&client);
}

static void silence_is_not_waited_for_for_ever(void **state)
{
	struct client client = CLIENT_INIT;
	int ends[2];
	json_t *reply;
	bool more;

	(void) state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	client.fd = ends[0];
	assert_int_equal(client_next(&client, 20, &reply, &more), -ETIMEDOUT);
	/* and half a message is not the end of it */
	assert_int_equal(write(ends[1], "{\"para", 6), 6);
	assert_int_equal(client_next(&client, 20, &reply, &more), -ETIMEDOUT);
	assert_int_equal(write(ends[1], "meters\":{}}", 12), 12);
	assert_int_equal(client_next(&client, 2000, &reply, &more), 0);
	json_decref(reply);
	client_close(&client);
	(void) close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_has_its_reply),
		cmocka_unit_test(an_error_has_its_name_and_parameters),
		cmocka_unit_test(replies_of_a_stream_come_one_by_one),
		cmocka_unit_test(what_is_no_varlink_is_told),
		cmocka_unit_test(nobody_there_is_no_failure_of_ours),
		cmocka_unit_test(silence_is_not_waited_for_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
