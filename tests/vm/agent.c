/*
 * The guest's end of the test bed: takes requests from a port, one after the other, and answers.
 *
 *     run N            N bytes: a command for sh, in a session of its own, without input.
 *                      Answer: its exit code (128 + signal if it was killed), its output.
 *     read FROM N      N bytes: a pattern of paths. Answer: 0, and of each file that is there a
 * line "errno, length of its path, length of its content" and then both; the content from byte FROM
 * on. put N M          N bytes of a path, M bytes that the file is to hold; missing folders are
 * made. Answer: errno, nothing.
 *
 * Each request is a line and the bytes that it names; each answer is a line "code length" and that
 * many bytes. The first word is "ready". Reading without a process is what makes it quick: under
 * emulation, a process costs more than what it is started for.
 *
 * It may be the guest's first process, and then buries whoever was left alone. Usage: agent PORT
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct bytes {
	char *data;
	size_t length;
	size_t size;
};

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void reserve(struct bytes *bytes, size_t more)
{
	if (bytes->length + more + 1 <= bytes->size)
		return;
	bytes->size = 2 * (bytes->length + more + 1);
	bytes->data = realloc(bytes->data, bytes->size);
	if (!bytes->data)
		give_up("memory");
}

static void append(struct bytes *bytes, const void *data, size_t length)
{
	reserve(bytes, length);
	memcpy(bytes->data + bytes->length, data, length);
	bytes->length += length;
}

__attribute__((format(printf, 2, 3))) static void print(struct bytes *bytes, const char *format,
							...)
{
	char line[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	append(bytes, line, (size_t) length);
}

/* All that is left of a file. Answers 0 or errno; what was read before an error is kept. */
static int read_all(int fd, struct bytes *bytes)
{
	ssize_t got;

	do {
		reserve(bytes, 65536);
		got = read(fd, bytes->data + bytes->length, 65536);
		if (got > 0)
			bytes->length += (size_t) got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 ? errno : 0;
}

static void write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t done = write(fd, data, length);

		if (done < 0 && errno != EINTR)
			give_up("port");
		if (done > 0) {
			data += done;
			length -= (size_t) done;
		}
	}
}

/* --- requests --- */

static int run(const char *command, struct bytes *output)
{
	char *arguments[] = { "sh", "-c", (char *) command, NULL };
	int file = memfd_create("output", MFD_CLOEXEC);
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	pid_t child, ended;
	int status = 0, r;

	if (file < 0)
		give_up("memfd");
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, file, 1);
	posix_spawn_file_actions_adddup2(&files, file, 2);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	r = posix_spawnp(&child, "sh", &files, &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (r != 0) {
		print(output, "sh: %s\n", strerror(r));
		close(file);
		return 127;
	}

	do
		ended = waitpid(-1, &status, 0);
	while (ended != child && (ended > 0 || errno == EINTR));
	if (lseek(file, 0, SEEK_SET) == 0)
		read_all(file, output);
	close(file);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void read_files(const char *pattern, off_t from, struct bytes *answer)
{
	struct bytes content = { 0 };
	glob_t found = { 0 };

	if (glob(pattern, 0, NULL, &found) != 0)
		found.gl_pathc = 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		int r = fd < 0 ? errno : 0;

		content.length = 0;
		if (r == 0 && from > 0 && lseek(fd, from, SEEK_SET) < 0)
			r = errno;
		if (r == 0)
			r = read_all(fd, &content);
		if (fd >= 0)
			close(fd);
		print(answer, "%d %zu %zu\n", r, strlen(path), content.length);
		append(answer, path, strlen(path));
		append(answer, content.data ? content.data : "", content.length);
	}
	globfree(&found);
	free(content.data);
}

static int put(char *path, const char *data, size_t length)
{
	int fd, r = 0;

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void) mkdir(path, 0755);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno;
	while (r == 0 && length > 0) {
		ssize_t done = write(fd, data, length);

		if (done < 0 && errno != EINTR)
			r = errno;
		if (done > 0) {
			data += done;
			length -= (size_t) done;
		}
	}
	close(fd);
	return r;
}

/* --- the port --- */

/* The next `length` bytes, as a string; to be freed. */
static char *take(FILE *port, size_t length)
{
	char *data = malloc(length + 1);

	if (!data || fread(data, 1, length, port) != length)
		give_up("request");
	data[length] = '\0';
	return data;
}

static void answer_one(FILE *port, int out, const char *line)
{
	struct bytes answer = { 0 };
	size_t one, other;
	char head[64];
	int code = 0;

	if (sscanf(line, "run %zu", &one) == 1) {
		char *command = take(port, one);

		code = run(command, &answer);
		free(command);
	} else if (sscanf(line, "read %zu %zu", &one, &other) == 2) {
		char *pattern = take(port, other);

		read_files(pattern, (off_t) one, &answer);
		free(pattern);
	} else if (sscanf(line, "put %zu %zu", &one, &other) == 2) {
		char *path = take(port, one), *data = take(port, other);

		code = put(path, data, other);
		free(path);
		free(data);
	} else {
		fprintf(stderr, "agent: no request: %s", line);
		exit(1);
	}

	snprintf(head, sizeof(head), "%d %zu\n", code, answer.length);
	write_all(out, head, strlen(head));
	write_all(out, answer.data ? answer.data : "", answer.length);
	free(answer.data);
}

int main(int argc, char **argv)
{
	char line[64];
	FILE *port;
	int out;

	if (argc != 2) {
		fprintf(stderr, "usage: agent PORT\n");
		return 2;
	}
	out = open(argv[1], O_RDWR | O_CLOEXEC);
	if (out < 0)
		give_up(argv[1]);
	port = fdopen(out, "r");
	if (!port)
		give_up(argv[1]);

	write_all(out, "ready\n", 6);
	while (fgets(line, sizeof(line), port)) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		answer_one(port, out, line);
	}
	return 0;
}
