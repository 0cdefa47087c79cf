/*
 * All event sources on a real kernel: network interfaces come, change and go in a network namespace
 * of our own. Skipped without root, or where the tools `ip` and `ethtool` are missing.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "irqherd/base/macro.h"
#include "irqherd/source/genl.h"
#include "irqherd/source/rtnl.h"
#include "irqherd/source/uevent.h"

#define PATIENCE_MS 5000

struct sources {
	struct dirty dirty;
	struct uevent_source uevents;
	struct rtnl_source links;
	struct genl_source families;
};

static uint64_t now(void)
{
	struct timespec time;

	(void) clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t) time.tv_sec * 1000 + (uint64_t) time.tv_nsec / 1000000;
}

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

static void open_sources(struct sources *sources, unsigned int receive_buffer)
{
	assert_int_equal(dirty_init(&sources->dirty), 0);
	assert_int_equal(uevent_init(&sources->uevents, &sources->dirty, receive_buffer), 0);
	assert_int_equal(rtnl_init(&sources->links, &sources->dirty, receive_buffer), 0);
	assert_int_equal(genl_init(&sources->families, &sources->dirty, receive_buffer), 0);
}

static void close_sources(struct sources *sources)
{
	genl_deinit(&sources->families);
	rtnl_deinit(&sources->links);
	uevent_deinit(&sources->uevents);
	dirty_deinit(&sources->dirty);
}

static void drain(struct sources *sources)
{
	assert_int_equal(uevent_drain(&sources->uevents, now()), 0);
	assert_int_equal(rtnl_drain(&sources->links, now()), 0);
	assert_int_equal(genl_drain(&sources->families, now()), 0);
}

/* Whether such a hint comes in time; those before it are taken and forgotten. */
static bool hint_comes(struct sources *sources, enum hint_kind kind, const char *name)
{
	uint64_t end_ms = now() + PATIENCE_MS;
	struct pollfd fds[] = {
		{ .fd = uevent_kernel_fd(&sources->uevents), .events = POLLIN },
		{ .fd = uevent_udevd_fd(&sources->uevents), .events = POLLIN },
		{ .fd = rtnl_fd(&sources->links), .events = POLLIN },
		{ .fd = genl_fd(&sources->families), .events = POLLIN },
	};

	while (now() < end_ms) {
		struct hint hint;
		bool relook, found = false;

		drain(sources);
		while (dirty_take(&sources->dirty, now(), &hint, &relook)) {
			dirty_looked(&sources->dirty, &hint, now(), false, true);
			if (hint.kind == kind && (!name || strcmp(hint.name, name) == 0))
				found = true;
		}
		if (found)
			return true;
		(void) poll(fds, ARRAY_SIZE(fds), 20);
	}
	return false;
}

/* One source alone, to know that it is the one that tells. */
static void drop_all(struct sources *sources)
{
	struct hint hint;
	bool relook;

	drain(sources);
	usleep((DIRTY_MERGE_MS + 5) * 1000);
	drain(sources);
	while (dirty_take(&sources->dirty, now() + DIRTY_MERGE_MS, &hint, &relook))
		dirty_looked(&sources->dirty, &hint, now(), false, true);
}

static int setup(void **state)
{
	static struct sources sources;

	if (geteuid() != 0) {
		print_message("needs root, skipping\n");
		skip();
	}
	if (system("command -v ip >/dev/null && command -v ethtool >/dev/null") != 0) {
		print_message("needs ip and ethtool, skipping\n");
		skip();
	}
	if (unshare(CLONE_NEWNET) < 0) {
		print_message("needs a network namespace: %s, skipping\n", strerror(errno));
		skip();
	}
	*state = &sources;
	return 0;
}

static void interface_is_followed_from_arrival_to_removal(void **state)
{
	struct sources *sources;
	uint64_t received;

	(void) setup(state);
	sources = *state;
	open_sources(sources, 0);

	run("ip link add v0 numrxqueues 4 numtxqueues 4 type veth peer name v1 numrxqueues 4 "
	    "numtxqueues 4");
	assert_true(hint_comes(sources, HINT_NETDEV, "v0"));
	assert_true(sources->uevents.received > 0);
	assert_true(sources->links.received > 0);

	/* Link up is told by rtnetlink alone. */
	drop_all(sources);
	received = sources->uevents.received;
	run("ip link set v0 up");
	assert_true(hint_comes(sources, HINT_NETDEV, "v0"));
	assert_int_equal(sources->uevents.received, received);

	drop_all(sources);
	received = sources->families.received;
	run("ethtool -L v0 rx 2 tx 2");
	assert_true(hint_comes(sources, HINT_NETDEV, "v0"));
	if (sources->families.ethtool_family >= 0)
		assert_true(sources->families.received > received);

	drop_all(sources);
	run("ip link set v0 down && ip link set v0 name w0");
	assert_true(hint_comes(sources, HINT_NETDEV, "w0"));

	drop_all(sources);
	run("ip link del w0");
	assert_true(hint_comes(sources, HINT_NETDEV, "w0"));

	assert_int_equal(sources->uevents.overruns, 0);
	assert_int_equal(sources->links.overruns, 0);
	assert_int_equal(sources->families.overruns, 0);
	close_sources(sources);
}

static void overrun_becomes_a_resync_and_later_events_still_arrive(void **state)
{
	struct sources *sources;

	(void) setup(state);
	sources = *state;
	open_sources(sources, 4096);

	run("ip link add v0 numrxqueues 64 numtxqueues 64 type veth peer name v1 numrxqueues 64 "
	    "numtxqueues 64");
	assert_true(hint_comes(sources, HINT_RESYNC, NULL));
	assert_true(sources->uevents.overruns > 0);

	drop_all(sources);
	run("ip link add d0 type veth peer name d1");
	assert_true(hint_comes(sources, HINT_NETDEV, "d0"));
	run("ip link del d0 && ip link del v0");
	close_sources(sources);
}

static void queues_without_interrupts_have_an_empty_list(void **state)
{
	struct queue_list list;
	struct sources *sources;

	(void) setup(state);
	sources = *state;
	open_sources(sources, 0);

	run("ip link add v0 numrxqueues 4 numtxqueues 4 type veth peer name v1 && ip link set v0 "
	    "up "
	    "&& ip link set v1 up && ethtool -K v0 gro on");
	assert_int_equal(genl_read_queues(&sources->families, (int) if_nametoindex("v0"), &list),
			 0);
	assert_int_equal(list.count, 0);
	queue_list_deinit(&list);

	run("ip link del v0");
	assert_int_equal(genl_read_queues(&sources->families, 4711, &list), 0);
	assert_int_equal(list.count, 0);
	close_sources(sources);
}

static void device_that_does_not_exist_has_no_properties(void **state)
{
	const struct pci_addr addr = { .domain = 0xfffe, .bus = 0xff, .device = 31 };
	struct udev_properties properties;
	struct sources *sources;

	(void) setup(state);
	sources = *state;
	open_sources(sources, 0);
	assert_int_equal(udev_properties_read(&sources->uevents, &addr, &properties), -ENODEV);
	close_sources(sources);
}

/* To udevd's group, in a form that libudev accepts there. */
static void send_as_udevd(const char *text, size_t length)
{
	const struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = 2 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, text, length, 0, (const struct sockaddr *) &group,
				sizeof(group)),
			 length);
	(void) close(fd);
}

/* As in a service with a private /dev. */
static void udevd_that_comes_later_is_heard_beside_any_dev(void **state)
{
	static const char event[] = "add@/devices/virtual/net/late0\0ACTION=add\0"
				    "DEVPATH=/devices/virtual/net/late0\0SUBSYSTEM=net\0"
				    "INTERFACE=late0\0IFINDEX=4711\0SEQNUM=1";
	struct sources *sources;

	(void) setup(state);
	sources = *state;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		print_message("needs a mount namespace: %s, skipping\n", strerror(errno));
		skip();
	}
	assert_int_equal(mount("tmpfs", "/dev", "tmpfs", 0, NULL), 0);
	assert_int_equal(mount("tmpfs", "/run", "tmpfs", 0, NULL), 0);
	open_sources(sources, 0);
	assert_int_equal(umount("/run"), 0);
	assert_int_equal(umount("/dev"), 0);

	send_as_udevd(event, sizeof(event));
	assert_true(hint_comes(sources, HINT_NETDEV, "late0"));
	close_sources(sources);
}

static void closed_sources_have_no_descriptor(void **state)
{
	struct sources *sources;

	(void) setup(state);
	sources = *state;
	open_sources(sources, 0);
	close_sources(sources);
	close_sources(sources);
	assert_int_equal(uevent_kernel_fd(&sources->uevents), -1);
	assert_int_equal(uevent_udevd_fd(&sources->uevents), -1);
	assert_int_equal(rtnl_fd(&sources->links), -1);
	assert_int_equal(genl_fd(&sources->families), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interface_is_followed_from_arrival_to_removal),
		cmocka_unit_test(overrun_becomes_a_resync_and_later_events_still_arrive),
		cmocka_unit_test(queues_without_interrupts_have_an_empty_list),
		cmocka_unit_test(device_that_does_not_exist_has_no_properties),
		cmocka_unit_test(udevd_that_comes_later_is_heard_beside_any_dev),
		cmocka_unit_test(closed_sources_have_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
