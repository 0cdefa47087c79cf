#include "irqherd/ctl/ctl.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "irqherd/ctl/client.h"
#include "irqherd/ctl/field.h"
#include "irqherd/ctl/local.h"

#define WIDTH     100u
#define WIDTH_MIN 60u

/* --------------------------------------------------------------------------------------------------
 * the terminal */

void ctl_look_at_terminal(struct ctl *ctl, enum ctl_color color)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	bool terminal = isatty(STDOUT_FILENO);
	struct winsize size;

	switch (color) {
	case CTL_COLOR_ALWAYS:
		ctl->color = true;
		break;
	case CTL_COLOR_NEVER:
		ctl->color = false;
		break;
	case CTL_COLOR_AUTO:
		ctl->color = terminal && !(no_color && *no_color) && term && *term &&
			     strcmp(term, "dumb") != 0;
		break;
	}
	(void) setlocale(LC_CTYPE, "");
	ctl->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	ctl->width = WIDTH;
	if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
	    size.ws_col < WIDTH)
		ctl->width = size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

/* --------------------------------------------------------------------------------------------------
 * sessions */

/* What is kept from one question to the next: a connection, or a machine that was read. */
struct session {
	struct client client;
	bool connected;
	struct local local;
	bool read;
	bool sampled;
};

int ctl_init(struct ctl *ctl)
{
	*ctl = (struct ctl){ .width = WIDTH };
	ctl->session = calloc(1, sizeof(*ctl->session));
	return ctl->session ? 0 : -ENOMEM;
}

void ctl_deinit(struct ctl *ctl)
{
	if (!ctl->session)
		return;
	if (ctl->session->connected)
		client_close(&ctl->session->client);
	if (ctl->session->read)
		local_deinit(&ctl->session->local);
	free(ctl->session);
	ctl->session = NULL;
}

/* --------------------------------------------------------------------------------------------------
 * the daemon */

/* The daemon's no, in words. */
static int say_refusal(const struct client *client)
{
	const char *error = strrchr(client->error, '.');
	const json_t *failed = client->failed;
	const json_t *line;
	size_t i;

	error = error ? error + 1 : client->error;
	if (strcmp(error, "PermissionDenied") == 0) {
		fprintf(stderr, "irqherdctl: only root may change something\n");
		return CTL_PERMISSION;
	}
	if (strcmp(error, "NotFound") == 0)
		fprintf(stderr,
			"irqherdctl: no IRQ, device, network device or CPU is called '%s'\n",
			field_text(failed, "target"));
	else if (strcmp(error, "InvalidCpus") == 0)
		fprintf(stderr, "irqherdctl: '%s' are no CPUs of this machine: %s\n",
			field_text(failed, "cpus"), field_text(failed, "accepted"));
	else if (strcmp(error, "NotMovable") == 0)
		fprintf(stderr, "irqherdctl: %s can't be moved: %s\n", field_text(failed, "target"),
			field_text(failed, "why"));
	else if (strcmp(error, "InvalidParameter") == 0)
		fprintf(stderr, "irqherdctl: the daemon does not accept the parameter '%s'\n",
			field_text(failed, "parameter"));
	else if (strcmp(error, "ConfigInvalid") != 0)
		fprintf(stderr, "irqherdctl: the daemon answers %s\n", client->error);
	else
		fprintf(stderr, "irqherdctl: the configuration is wrong, the old one stays:\n");
	json_array_foreach(json_object_get(failed, "messages"), i, line)
		fprintf(stderr, "  %s\n", json_string_value(line));
	return strcmp(error, "NotFound") == 0 || strcmp(error, "InvalidCpus") == 0 ? CTL_USAGE
										   : CTL_FAILED;
}

static int connect_to_daemon(const struct ctl *ctl)
{
	struct session *session = ctl->session;
	int r;

	if (session->connected)
		return 0;
	r = client_open(&session->client, ctl->socket);
	session->connected = r == 0;
	return r;
}

static bool is_absent(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED || r == -ENOTDIR;
}

static int say_failure(const struct ctl *ctl, int r)
{
	const char *path = ctl->socket ? ctl->socket : CLIENT_SOCKET;

	if (is_absent(r)) {
		fprintf(stderr, "irqherdctl: irqherd is not running (%s: %s)\n", path,
			strerror(-r));
		return CTL_NOT_RUNNING;
	}
	if (r == -EACCES) {
		fprintf(stderr,
			"irqherdctl: %s: only root and the socket's group may ask irqherd\n", path);
		return CTL_PERMISSION;
	}
	if (r == -ETIMEDOUT)
		fprintf(stderr, "irqherdctl: irqherd does not answer\n");
	else if (r == -ECONNRESET)
		fprintf(stderr, "irqherdctl: irqherd hung up\n");
	else if (r == -EBADMSG)
		fprintf(stderr, "irqherdctl: %s: what answers there is not irqherd\n", path);
	else
		fprintf(stderr, "irqherdctl: %s: %s\n", path, strerror(-r));
	return CTL_FAILED;
}

static int ask_daemon(const struct ctl *ctl, const char *method, json_t *parameters,
		      json_t **ret_reply)
{
	struct client *client = &ctl->session->client;
	int r = client_call(client, method, parameters, ret_reply);

	if (r == -EREMOTEIO)
		return say_refusal(client);
	if (r < 0) {
		/* who asks again, asks whoever runs then */
		client_close(client);
		ctl->session->connected = false;
		return say_failure(ctl, r);
	}
	return CTL_OK;
}

int ctl_tell(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply)
{
	json_t *reply;
	int r;

	if (ctl->root || ctl->no_daemon) {
		json_decref(parameters);
		fprintf(stderr, "irqherdctl: only a running daemon can do that\n");
		return CTL_USAGE;
	}
	r = connect_to_daemon(ctl);
	if (r < 0) {
		json_decref(parameters);
		return say_failure(ctl, r);
	}
	r = ask_daemon(ctl, method, parameters, &reply);
	if (r != CTL_OK)
		return r;
	if (ret_reply)
		*ret_reply = reply;
	else
		json_decref(reply);
	return CTL_OK;
}

/* --------------------------------------------------------------------------------------------------
 * streams */

static int stream(const struct ctl *ctl, struct client *client,
		  int (*each)(void *context, const json_t *reply), void *context)
{
	bool more = true;
	json_t *reply;
	int r;

	while (more) {
		r = client_next(client, -1, &reply, &more);
		if (r == -EREMOTEIO)
			return say_refusal(client);
		if (r == -EINTR)
			return CTL_OK;
		if (r < 0)
			return say_failure(ctl, r);
		r = each(context, reply);
		json_decref(reply);
		if (r != CTL_OK)
			return r;
	}
	return CTL_OK;
}

int ctl_follow(const struct ctl *ctl, const char *method, json_t *parameters,
	       int (*each)(void *context, const json_t *reply), void *context)
{
	struct client *client;
	int r;

	if (ctl->root || ctl->no_daemon) {
		json_decref(parameters);
		fprintf(stderr, "irqherdctl: only a running daemon has events to tell\n");
		return CTL_USAGE;
	}
	r = connect_to_daemon(ctl);
	if (r < 0) {
		json_decref(parameters);
		return say_failure(ctl, r);
	}
	client = &ctl->session->client;
	r = client_start(client, method, parameters);
	return r < 0 ? say_failure(ctl, r) : stream(ctl, client, each, context);
}

/* --------------------------------------------------------------------------------------------------
 * the machine itself */

static int read_machine(const struct ctl *ctl, bool loads)
{
	struct session *session = ctl->session;
	int r;

	if (!session->read) {
		session->read = true;
		r = local_init(&session->local, ctl);
		if (r < 0)
			return r;
	}
	if (session->sampled || !loads)
		return 0;
	session->sampled = true;
	r = local_sample(&session->local);
	if (r < 0)
		fprintf(stderr, "irqherdctl: can't read /proc/stat: %s\n", strerror(-r));
	return 0;
}

struct local *ctl_machine(const struct ctl *ctl, bool loads)
{
	return read_machine(ctl, loads) < 0 ? NULL : &ctl->session->local;
}

static int ask_machine(const struct ctl *ctl, const char *method, json_t *parameters,
		       json_t **ret_reply)
{
	struct local *local = ctl_machine(ctl, true);
	const char *target;
	int r;

	if (!local) {
		json_decref(parameters);
		return CTL_FAILED;
	}
	r = local_answer(local, method, parameters, ret_reply);
	if (r == -ENOENT) {
		target = field_text(parameters, "target");
		if (!*target)
			target = field_text(parameters, "device");
		fprintf(stderr,
			"irqherdctl: no IRQ, device, network device or CPU is called '%s'\n",
			*target ? target : "that");
	} else if (r == -EOPNOTSUPP) {
		fprintf(stderr, "irqherdctl: only a running daemon can tell that\n");
	} else if (r < 0) {
		fprintf(stderr, "irqherdctl: %s\n", strerror(-r));
	}
	json_decref(parameters);
	if (r == -EOPNOTSUPP)
		return ctl->root || ctl->no_daemon ? CTL_USAGE : CTL_NOT_RUNNING;
	if (r == -ENOENT)
		return CTL_USAGE;
	return r < 0 ? CTL_FAILED : CTL_OK;
}

int ctl_ask(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply)
{
	int r = -ENOENT;

	if (!ctl->root && !ctl->no_daemon)
		r = connect_to_daemon(ctl);
	if (r == 0)
		return ask_daemon(ctl, method, parameters, ret_reply);
	/* whether the daemon is calm nobody else can say */
	if (r == -EACCES && strcmp(method, "GetStatus") != 0)
		fprintf(stderr, "irqherdctl: only root and its group may use the daemon's socket; "
				"reading the machine itself\n");
	else if (!is_absent(r)) {
		json_decref(parameters);
		return say_failure(ctl, r);
	}
	return ask_machine(ctl, method, parameters, ret_reply);
}

bool ctl_daemon_answers(const struct ctl *ctl)
{
	return !ctl->root && !ctl->no_daemon && connect_to_daemon(ctl) == 0;
}
