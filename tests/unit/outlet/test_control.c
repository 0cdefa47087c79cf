/*
 * control: clients of every kind against the real socket and the real loop, in one process. Each
 * client is a descriptor; turn() lets the loop do what is to be done now.
 */
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/outlet/control.h"

#define LARGE (4u << 20)

struct bench {
	char folder[64];
	char path[96];
	struct ev_loop *loop;
	struct control *control;
	uint64_t events; /* that streams may have */
	unsigned int calls;
};

/* Methods: x.Echo, x.Large, x.Stream; everything else is answered by its own name. */
static enum control_answer answer(void *context, const struct varlink_call *call, uid_t uid,
				  struct buf *out, uint64_t *ret_sequence)
{
	struct bench *bench = context;

	assert_int_equal(uid, getuid());
	bench->calls++;
	if (strcmp(call->method, "x.Stream") == 0) {
		*ret_sequence = 0;
		return CONTROL_STREAM;
	}
	if (strcmp(call->method, "x.Slow") == 0)
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
	if (call->oneway)
		return CONTROL_ANSWERED;
	if (strcmp(call->method, "x.Large") == 0) {
		char *text = malloc(LARGE + 1);

		assert_non_null(text);
		memset(text, 'a', LARGE);
		text[LARGE] = '\0';
		assert_int_equal(buf_append(out, text, LARGE + 1), 0);
		free(text);
		return CONTROL_ANSWERED;
	}
	assert_int_equal(buf_append(out, call->method, strlen(call->method) + 1), 0);
	return CONTROL_ANSWERED;
}

static bool next(void *context, uint64_t *sequence, struct buf *out)
{
	const struct bench *bench = context;

	if (*sequence >= bench->events)
		return false;
	assert_int_equal(buf_printf(out, "event %llu", (unsigned long long) *sequence), 0);
	assert_int_equal(buf_append(out, "", 1), 0);
	(*sequence)++;
	return true;
}

static int open_control(struct bench *bench, struct control **ret_control)
{
	const struct control_service service = { .context = bench, .call = answer, .next = next };

	return control_new(bench->loop, bench->path, NULL, &service, ret_control);
}

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	if (!bench)
		return -1;
	snprintf(bench->folder, sizeof(bench->folder), "/tmp/test_control.XXXXXX");
	if (!mkdtemp(bench->folder))
		return -1;
	snprintf(bench->path, sizeof(bench->path), "%s/io.irqherd", bench->folder);
	bench->loop = ev_loop_new(EVFLAG_AUTO);
	*state = bench;
	return open_control(bench, &bench->control);
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	bench->control = control_free(bench->control);
	ev_loop_destroy(bench->loop);
	if (rmdir(bench->folder) < 0)
		return -1; /* the socket was left behind */
	free(bench);
	return 0;
}

static void turn(struct bench *bench)
{
	for (unsigned int i = 0; i < 600; i++)
		ev_run(bench->loop, EVRUN_NOWAIT);
}

static void turn_for(struct bench *bench, unsigned int ms)
{
	const struct timespec pause = { 0, 10000000 };

	for (unsigned int i = 0; i < ms; i += 10) {
		turn(bench);
		nanosleep(&pause, NULL);
	}
}

/* As long as it takes: calls have their share of the time only, and machines may be slow. */
static void turn_until_calls(struct bench *bench, unsigned int calls)
{
	for (unsigned int i = 0; i < 6000 && bench->calls < calls; i++)
		turn_for(bench, 10);
}

static int client(const struct bench *bench)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, bench->path, strlen(bench->path) + 1);
	assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *text, size_t length)
{
	assert_int_equal(send(fd, text, length, MSG_NOSIGNAL), length);
}

static void call(int fd, const char *method)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"method\":\"%s\"}", method);
	say(fd, text, strlen(text) + 1);
}

/* Reads exactly these bytes. */
static void assert_hears(int fd, const char *text, size_t length)
{
	char heard[1024] = "";
	ssize_t n = recv(fd, heard, length, 0);

	assert_int_equal(n, length);
	assert_memory_equal(heard, text, length);
}

static void assert_silence(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void assert_dropped(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
	close(fd);
}

static bool somebody_is_left(const struct bench *bench)
{
	struct control_counts counts;

	control_count(bench->control, &counts);
	return counts.clients > 0;
}

static void assert_nobody_left(struct bench *bench)
{
	struct control_counts counts;

	turn(bench);
	control_count(bench->control, &counts);
	assert_int_equal(counts.clients, 0);
	assert_int_equal(counts.streams, 0);
	assert_int_equal(counts.queued, 0);
}

/* --------------------------------------------------------------------------------------------------
 */

static void calls_are_answered_in_their_order(void **state)
{
	static const char three[] =
		"{\"method\":\"a.A\"}\0{\"method\":\"b.B\"}\0{\"method\":\"c.C\"}";
	struct bench *bench = *state;
	int fd = client(bench);

	call(fd, "x.Echo");
	turn(bench);
	assert_hears(fd, "x.Echo", 7);
	say(fd, three, sizeof(three));
	turn(bench);
	assert_hears(fd, "a.A\0b.B\0c.C", 12);
	assert_silence(fd);
	close(fd);
	assert_nobody_left(bench);
}

static void a_call_may_come_byte_by_byte(void **state)
{
	static const char text[] = "{\"method\":\"x.Echo\"}";
	struct bench *bench = *state;
	int fd = client(bench);

	for (size_t i = 0; i < sizeof(text); i++) {
		assert_silence(fd);
		say(fd, text + i, 1);
		turn(bench);
	}
	assert_hears(fd, "x.Echo", 7);
	close(fd);
	assert_nobody_left(bench);
}

static void who_has_said_all_still_hears_the_answers(void **state)
{
	struct bench *bench = *state;
	int fd = client(bench);

	call(fd, "a.A");
	call(fd, "b.B");
	say(fd, "{\"meth", 6);
	shutdown(fd, SHUT_WR);
	turn(bench);
	assert_hears(fd, "a.A\0b.B", 8);
	assert_dropped(fd);
	assert_nobody_left(bench);
}

static void who_leaves_before_the_answer_does_no_harm(void **state)
{
	struct bench *bench = *state;

	for (unsigned int i = 0; i < 100; i++) {
		int fd = client(bench);

		call(fd, i % 2 ? "x.Large" : "x.Echo");
		if (i % 3 == 0)
			turn(bench);
		close(fd);
	}
	/* calls have their share of the time, however slow the machine: as long as it takes */
	for (unsigned int i = 0; i < 600 && somebody_is_left(bench); i++)
		turn_for(bench, 100);
	assert_nobody_left(bench);
}

static void nonsense_is_dropped_and_others_are_served(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} nonsense[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 19 },
		{ "", 1 },
		{ "\0\0\0\0", 4 },
		{ "{}", 3 },
		{ "[]", 3 },
		{ "{\"method\":1}", 13 },
		{ "\xff\xfe\x00", 3 },
		{ "null", 5 },
	};
	struct bench *bench = *state;
	int good = client(bench);

	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		int fd = client(bench);

		say(fd, nonsense[i].text, nonsense[i].length);
		turn(bench);
		assert_dropped(fd);
		call(good, "x.Echo");
		turn(bench);
		assert_hears(good, "x.Echo", 7);
	}
	close(good);
	assert_nobody_left(bench);
}

static void a_message_without_an_end_is_dropped(void **state)
{
	struct bench *bench = *state;
	char part[4096];
	int fd = client(bench);
	size_t said = 0;

	memset(part, 'x', sizeof(part));
	while (said < 4 * CONTROL_MESSAGE) {
		ssize_t n = send(fd, part, sizeof(part), MSG_NOSIGNAL);

		if (n < 0)
			break;
		said += (size_t) n;
		turn(bench);
	}
	assert_true(said <= 2 * CONTROL_MESSAGE);
	close(fd);
	assert_nobody_left(bench);
}

static void who_does_not_read_keeps_nobody_waiting(void **state)
{
	struct bench *bench = *state;
	struct control_counts counts;
	int slow = client(bench), good = client(bench);
	size_t heard = 0;

	for (unsigned int i = 0; i < 20; i++)
		call(slow, "x.Large");
	turn(bench);
	/* one reply is held for it, not twenty */
	assert_int_equal(bench->calls, 1);
	control_count(bench->control, &counts);
	assert_true(counts.queued > 0 && counts.queued <= LARGE + 1);

	call(good, "x.Echo");
	turn(bench);
	assert_hears(good, "x.Echo", 7);

	/* it reads after all, and gets everything */
	while (heard < 20 * ((size_t) LARGE + 1)) {
		char part[65536];
		ssize_t n = recv(slow, part, sizeof(part), 0);

		if (n < 0)
			turn(bench);
		else
			heard += (size_t) n;
		assert_true(n != 0);
	}
	close(slow);
	close(good);
	assert_nobody_left(bench);
}

static void replies_that_nobody_reads_have_a_limit(void **state)
{
	enum {
		MANY = 24
	};
	struct bench *bench = *state;
	struct control_counts counts;
	int slow[MANY], good;

	for (unsigned int i = 0; i < MANY; i++) {
		slow[i] = client(bench);
		call(slow[i], "x.Large");
		turn(bench);
		control_count(bench->control, &counts);
		assert_true(counts.queued < CONTROL_QUEUED + LARGE + 1);
	}
	/* who does not read makes room for who asks */
	good = client(bench);
	call(good, "x.Echo");
	turn_for(bench, 5000);
	assert_hears(good, "x.Echo", 7);
	for (unsigned int i = 0; i < MANY; i++)
		close(slow[i]);
	close(good);
	assert_nobody_left(bench);
}

static void a_flood_of_calls_is_served_in_portions(void **state)
{
	enum {
		MANY = 2000
	};
	static const char text[] = "{\"method\":\"f.F\",\"oneway\":true}";
	struct bench *bench = *state;
	int flood = client(bench), good = client(bench);
	unsigned int said = 0;

	/* a socket holds so many messages only */
	while (said < MANY && send(flood, text, sizeof(text), MSG_NOSIGNAL) > 0)
		said++;
	assert_true(said > 3 * CONTROL_CALLS_EACH);
	turn(bench);
	assert_true(bench->calls <= CONTROL_CALLS_EACH);
	call(good, "x.Echo");
	turn(bench);
	assert_hears(good, "x.Echo", 7);
	turn_until_calls(bench, CONTROL_CALLS_EACH + 1);
	assert_true(bench->calls <= 3 * CONTROL_CALLS_EACH);
	/* nothing is forgotten, though who called has left */
	close(flood);
	turn_until_calls(bench, said + 1);
	turn_for(bench, 100);
	assert_int_equal(bench->calls, said + 1);
	close(good);
	assert_nobody_left(bench);
}

/* 50 ms each: in half a second there is time for four, and one that goes over. */
static void costly_calls_have_their_share_of_the_time(void **state)
{
	static const char text[] = "{\"method\":\"x.Slow\",\"oneway\":true}";
	struct bench *bench = *state;
	int fd = client(bench);

	for (unsigned int i = 0; i < 12; i++)
		say(fd, text, sizeof(text));
	turn(bench);
	assert_in_range(bench->calls, 3, 9);
	turn_until_calls(bench, 12);
	turn_for(bench, 100);
	assert_int_equal(bench->calls, 12);
	close(fd);
	assert_nobody_left(bench);
}

static void streams_get_what_happens(void **state)
{
	struct bench *bench = *state;
	struct control_counts counts;
	int fd = client(bench), other = client(bench);

	bench->events = 2;
	call(fd, "x.Stream");
	turn(bench);
	assert_hears(fd, "event 0\0event 1", 16);
	assert_silence(fd);

	call(other, "x.Stream");
	turn(bench);
	assert_hears(other, "event 0\0event 1", 16);
	bench->events = 3;
	control_stream(bench->control);
	assert_hears(fd, "event 2", 8);
	assert_hears(other, "event 2", 8);
	control_stream(bench->control);
	assert_silence(fd);

	close(other);
	turn(bench);
	control_count(bench->control, &counts);
	assert_int_equal(counts.streams, 1);
	close(fd);
	assert_nobody_left(bench);
	control_stream(bench->control);
	control_stream(NULL);
}

static void a_stream_that_nobody_reads_is_held_in_part(void **state)
{
	struct bench *bench = *state;
	struct control_counts counts;
	int fd = client(bench);
	size_t heard = 0, expected = 0;

	call(fd, "x.Stream");
	turn(bench);
	for (unsigned int i = 0; i < 300; i++) {
		bench->events += 1000;
		control_stream(bench->control);
		turn(bench);
		control_count(bench->control, &counts);
		assert_true(counts.queued < 100000);
	}
	for (uint64_t i = 0; i < bench->events; i++)
		expected += (size_t) snprintf(NULL, 0, "event %llu", (unsigned long long) i) + 1;
	while (heard < expected) {
		char part[65536];
		ssize_t n = recv(fd, part, sizeof(part), 0);

		if (n < 0)
			turn(bench);
		else
			heard += (size_t) n;
		assert_true(n != 0);
	}
	assert_silence(fd);
	close(fd);
	assert_nobody_left(bench);
}

static void streams_have_a_limit(void **state)
{
	struct bench *bench = *state;
	int fds[CONTROL_STREAMS + 1];

	for (unsigned int i = 0; i <= CONTROL_STREAMS; i++) {
		fds[i] = client(bench);
		call(fds[i], "x.Stream");
		turn(bench);
	}
	assert_dropped(fds[CONTROL_STREAMS]);
	for (unsigned int i = 0; i < CONTROL_STREAMS; i++) {
		assert_silence(fds[i]);
		close(fds[i]);
	}
	assert_nobody_left(bench);
}

static void who_is_silent_gives_way_when_it_is_full(void **state)
{
	enum {
		MANY = CONTROL_CLIENTS + 40
	};
	struct bench *bench = *state;
	struct control_counts counts;
	int silent[MANY], good;

	for (unsigned int i = 0; i < MANY; i++) {
		silent[i] = client(bench);
		turn(bench);
		control_count(bench->control, &counts);
		assert_true(counts.clients <= CONTROL_CLIENTS);
	}
	good = client(bench);
	call(good, "x.Echo");
	turn_for(bench, 2500);
	assert_hears(good, "x.Echo", 7);
	control_count(bench->control, &counts);
	assert_true(counts.dropped >= 41);
	for (unsigned int i = 0; i < MANY; i++)
		close(silent[i]);
	close(good);
	assert_nobody_left(bench);
}

static void the_socket_is_for_its_owner_and_group(void **state)
{
	struct bench *bench = *state;
	struct stat status;

	assert_int_equal(stat(bench->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0660);
	assert_true(S_ISSOCK(status.st_mode));
}

/* The groups of this machine, as the C library finds them; and one that there is not. */
static void a_group_is_found_by_its_name(void **state)
{
	static const char *const names[] = { "daemon", "nogroup", "no-such-group", "dae", "" };
	const struct control_service service = { .call = answer, .next = next };
	struct bench *bench = *state;

	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct group *group = getgrnam(names[i]);
		gid_t wanted = group ? group->gr_gid : getegid();
		struct stat status;

		bench->control = control_free(bench->control);
		assert_int_equal(control_new(bench->loop, bench->path, names[i], &service,
					     &bench->control),
				 0);
		assert_int_equal(stat(bench->path, &status), 0);
		assert_int_equal(status.st_gid, wanted);
	}
}

static void a_live_socket_is_not_taken(void **state)
{
	struct bench *bench = *state;
	struct control *second = NULL;
	int fd;

	assert_int_equal(open_control(bench, &second), -EADDRINUSE);
	assert_null(second);
	turn(bench); /* it knocked */
	fd = client(bench);
	call(fd, "x.Echo");
	turn(bench);
	assert_hears(fd, "x.Echo", 7);
	close(fd);
	assert_nobody_left(bench);
}

static void a_file_that_nobody_listens_at_is_replaced(void **state)
{
	struct bench *bench = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	bench->control = control_free(bench->control);
	assert_int_equal(access(bench->path, F_OK), -1);
	memcpy(address.sun_path, bench->path, strlen(bench->path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	close(fd); /* as after a crash */
	assert_int_equal(access(bench->path, F_OK), 0);

	assert_int_equal(open_control(bench, &bench->control), 0);
	fd = client(bench);
	call(fd, "x.Echo");
	turn(bench);
	assert_hears(fd, "x.Echo", 7);
	close(fd);
	assert_nobody_left(bench);
}

static void a_file_of_somebody_else_is_left_at_the_end(void **state)
{
	struct bench *bench = *state;
	int fd;

	assert_int_equal(unlink(bench->path), 0);
	fd = open(bench->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	bench->control = control_free(bench->control);
	assert_int_equal(unlink(bench->path), 0);
}

static void a_path_that_is_too_long_is_an_error(void **state)
{
	struct bench *bench = *state;
	const struct control_service service = { .context = bench, .call = answer, .next = next };
	struct control *control = NULL;
	char path[200];

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(control_new(bench->loop, path, NULL, &service, &control), -ENAMETOOLONG);
	assert_int_equal(control_new(bench->loop, "/nonexistent/x", NULL, &service, &control),
			 -ENOENT);
	assert_null(control);
}

static void no_descriptor_is_left_open(void **state)
{
	struct bench *bench = *state;
	int first, last;

	first = dup(0);
	close(first);
	for (unsigned int i = 0; i < 500; i++) {
		int fd = client(bench);

		call(fd, "x.Echo");
		turn(bench);
		assert_hears(fd, "x.Echo", 7);
		close(fd);
		turn(bench);
	}
	last = dup(0);
	close(last);
	assert_int_equal(first, last);
}

#define control_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		control_test(calls_are_answered_in_their_order),
		control_test(a_call_may_come_byte_by_byte),
		control_test(who_has_said_all_still_hears_the_answers),
		control_test(who_leaves_before_the_answer_does_no_harm),
		control_test(nonsense_is_dropped_and_others_are_served),
		control_test(a_message_without_an_end_is_dropped),
		control_test(who_does_not_read_keeps_nobody_waiting),
		control_test(replies_that_nobody_reads_have_a_limit),
		control_test(a_flood_of_calls_is_served_in_portions),
		control_test(costly_calls_have_their_share_of_the_time),
		control_test(streams_get_what_happens),
		control_test(a_stream_that_nobody_reads_is_held_in_part),
		control_test(streams_have_a_limit),
		control_test(who_is_silent_gives_way_when_it_is_full),
		control_test(the_socket_is_for_its_owner_and_group),
		control_test(a_group_is_found_by_its_name),
		control_test(a_live_socket_is_not_taken),
		control_test(a_file_that_nobody_listens_at_is_replaced),
		control_test(a_file_of_somebody_else_is_left_at_the_end),
		control_test(a_path_that_is_too_long_is_an_error),
		control_test(no_descriptor_is_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
