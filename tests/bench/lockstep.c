/*
 * Preloaded into a daemon: whenever it would wait, the measuring script is asked how things go on,
 * and the wait ends at once. Clocks show the script's time. So a daemon goes through minutes in a
 * moment, and its costs can be told apart by waits.
 *
 * What the daemon spends between two waits is one segment. Callgrind is told not to collect here
 * and to dump at each wait; system calls of this file use descriptors from FD_WAIT on, so that they
 * can be told from the daemon's in a trace; allocations are counted and reported.
 *
 * A write to an IRQ's affinity goes to the script, which changes the files as a kernel would.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#define FD_WAIT  900 /* asks for time */
#define FD_WRITE 901 /* tells of a write; the same socket */
#define SECOND   1000000000LL
#define FOREVER  INT64_MAX
#define EPOCH    1700000000LL /* what a wall clock shows beyond uptime */
#define TICK     1000         /* what a look at the clock takes */
#define TRACKED  8192

enum {
	ASK_WAIT,
	ASK_WRITE,
};

struct question {
	int32_t kind;
	int32_t irq;      /* ASK_WRITE */
	int64_t until_ns; /* ASK_WAIT */
	int64_t allocations;
	int64_t allocated; /* bytes */
	char text[64];     /* ASK_WRITE */
};

struct answer {
	int64_t now_ns;
	int32_t error; /* ASK_WRITE: errno or 0; ASK_WAIT: not 0: end here */
	int32_t unused;
};

static pthread_t main_thread;
static int connected;
static int64_t now_ns = 1000 * SECOND;
static int64_t allocations, allocated;
static int irq_of_fd[TRACKED]; /* IRQ number + 1 of an affinity that is open for writing */

/* Two descriptors are taken before the daemon can have them. */
__attribute__((constructor)) static void begin(void)
{
	int fd = (int) syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);

	main_thread = pthread_self();
	(void) syscall(SYS_dup3, fd, FD_WAIT, O_CLOEXEC);
	(void) syscall(SYS_dup3, fd, FD_WRITE, O_CLOEXEC);
	(void) syscall(SYS_close, fd);
}

/* At the first wait: a tool that starts the daemon is preloaded, too, and waits for nothing. */
static int is_connected(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("LOCKSTEP_SOCKET");
	int fd;

	if (connected || !path || strlen(path) >= sizeof(address.sun_path))
		return connected;
	strcpy(address.sun_path, path);
	fd = (int) syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || syscall(SYS_dup3, fd, FD_WAIT, O_CLOEXEC) != FD_WAIT ||
	    syscall(SYS_dup3, fd, FD_WRITE, O_CLOEXEC) != FD_WRITE ||
	    syscall(SYS_connect, FD_WAIT, &address, sizeof(address)) < 0)
		return 0;
	(void) syscall(SYS_close, fd);
	connected = 1;
	return 1;
}

static int ask(int fd, struct question *question)
{
	struct answer answer;

	question->allocations = allocations;
	question->allocated = allocated;
	if (syscall(SYS_sendto, fd, question, sizeof(*question), MSG_NOSIGNAL, NULL, 0) < 0 ||
	    syscall(SYS_recvfrom, fd, &answer, sizeof(answer), 0, NULL, NULL) != sizeof(answer))
		_exit(0);
	now_ns = answer.now_ns;
	if (question->kind == ASK_WAIT && answer.error)
		_exit(0);
	return answer.error;
}

static int may_ask(void)
{
	return pthread_equal(pthread_self(), main_thread) && is_connected();
}

static void wait_until(int64_t until_ns)
{
	struct question question = { .kind = ASK_WAIT, .until_ns = until_ns };

	if (!is_connected())
		return;
	CALLGRIND_TOGGLE_COLLECT;
	CALLGRIND_DUMP_STATS;
	(void) ask(FD_WAIT, &question);
	CALLGRIND_TOGGLE_COLLECT;
}

static int64_t later(int64_t nanoseconds)
{
	return nanoseconds < 0 ? FOREVER : now_ns + nanoseconds;
}

static int64_t of_timespec(const struct timespec *time)
{
	return time ? time->tv_sec * SECOND + time->tv_nsec : -1;
}

/* --- waits --- */

static int wait_epoll(int fd, struct epoll_event *events, int count, int64_t nanoseconds)
{
	int ready = (int) syscall(SYS_epoll_pwait, fd, events, count, 0, NULL, 8);

	if (ready != 0 || nanoseconds == 0)
		return ready;
	wait_until(later(nanoseconds));
	return (int) syscall(SYS_epoll_pwait, fd, events, count, 0, NULL, 8);
}

int epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms)
{
	if (!may_ask())
		return (int) syscall(SYS_epoll_pwait, fd, events, count, timeout_ms, NULL, 8);
	return wait_epoll(fd, events, count, timeout_ms < 0 ? -1 : timeout_ms * 1000000LL);
}

int epoll_pwait(int fd, struct epoll_event *events, int count, int timeout_ms,
		const sigset_t *signals)
{
	(void) signals;
	return epoll_wait(fd, events, count, timeout_ms);
}

static int wait_poll(struct pollfd *fds, nfds_t count, int64_t nanoseconds)
{
	struct timespec none = { 0, 0 };
	int ready = (int) syscall(SYS_ppoll, fds, count, &none, NULL, 8);

	if (ready != 0 || nanoseconds == 0)
		return ready;
	wait_until(later(nanoseconds));
	return (int) syscall(SYS_ppoll, fds, count, &none, NULL, 8);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *signals)
{
	(void) signals;
	if (!may_ask())
		return (int) syscall(SYS_ppoll, fds, count, timeout, NULL, 8);
	return wait_poll(fds, count, of_timespec(timeout));
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };

	return ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout, NULL);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
	int64_t at = of_timespec(time);

	(void) clock;
	(void) left;
	wait_until(flags & TIMER_ABSTIME ? at : later(at));
	return 0;
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
	return clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);
}

int usleep(useconds_t microseconds)
{
	wait_until(later(microseconds * 1000LL));
	return 0;
}

unsigned int sleep(unsigned int seconds)
{
	wait_until(later(seconds * SECOND));
	return 0;
}

/* --- clocks --- */

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int64_t base = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? EPOCH : 0;

	/* a clock that stood still would never come past a timer */
	now_ns += TICK;
	*ret_time = (struct timespec){ base + now_ns / SECOND, now_ns % SECOND };
	return 0;
}

int gettimeofday(struct timeval *ret_time, void *zone)
{
	(void) zone;
	*ret_time = (struct timeval){ EPOCH + now_ns / SECOND, now_ns % SECOND / 1000 };
	return 0;
}

time_t time(time_t *ret_time)
{
	if (ret_time)
		*ret_time = EPOCH + now_ns / SECOND;
	return EPOCH + now_ns / SECOND;
}

/* --- affinity --- */

static void track(int fd, const char *path, int flags)
{
	const char *at = strstr(path, "irq/");
	unsigned int irq;

	if (fd < 0 || fd >= TRACKED)
		return;
	irq_of_fd[fd] = 0;
	if ((flags & O_ACCMODE) != O_RDONLY && at && strstr(at, "/smp_affinity_list") &&
	    sscanf(at, "irq/%u/", &irq) == 1)
		irq_of_fd[fd] = (int) irq + 1;
}

int openat(int folder, const char *path, int flags, ...)
{
	va_list arguments;
	int mode, fd;

	va_start(arguments, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0;
	va_end(arguments);
	fd = (int) syscall(SYS_openat, folder, path, flags, mode);
	track(fd, path, flags);
	return fd;
}

int __openat_2(int folder, const char *path, int flags);

int __openat_2(int folder, const char *path, int flags)
{
	return openat(folder, path, flags);
}

ssize_t write(int fd, const void *data, size_t size)
{
	struct question question = { .kind = ASK_WRITE };
	int error;

	if (!connected || fd < 0 || fd >= TRACKED || !irq_of_fd[fd] ||
	    size >= sizeof(question.text))
		return syscall(SYS_write, fd, data, size);
	question.irq = irq_of_fd[fd] - 1;
	memcpy(question.text, data, size);
	error = ask(FD_WRITE, &question);
	if (!error)
		return (ssize_t) size;
	errno = error;
	return -1;
}

/* --- allocations --- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	allocations++;
	allocated += (int64_t) size;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	allocated += (int64_t) (count * size);
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	allocated += (int64_t) size;
	return __libc_realloc(old, size);
}
