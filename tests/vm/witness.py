"""What the kernel itself saw, on the guest's monotonic clock: which messages it sent to listeners, when
drivers requested IRQs, who set which affinity, when that took effect, and each system call of a process with
what it waited for. Written by kprobes and tracepoints into the kernel's trace buffer, so it needs no process
that listens and would have to be scheduled for it.
"""

import re

TRACING = "/sys/kernel/debug/tracing"

PROBES = (
    "p:witness/link nlmsg_notify group=$arg4:u32",  # rtnetlink's group 1 is that of links
    "p:witness/uevent netlink_broadcast group=$arg4:u32",  # 1: the kernel's, 2: udevd's copies
    "p:witness/request request_threaded_irq irq=$arg1:u32",
    "p:witness/set irq_set_affinity irq=$arg1:u32",
    "r:witness/written irq_set_affinity",
    "p:witness/applied irq_do_set_affinity irq=+4($arg1):u32",  # irq_data::irq
)

NAMES = {0: "read", 1: "write", 3: "close", 5: "fstat", 17: "pread64", 21: "access", 44: "sendto", 45: "recvfrom",
         46: "sendmsg", 47: "recvmsg", 72: "fcntl", 89: "readlink", 217: "getdents64", 228: "clock_gettime",
         232: "epoll_wait", 233: "epoll_ctl", 257: "openat", 262: "newfstatat", 267: "readlinkat", 281: "epoll_pwait",
         332: "statx", 439: "faccessat2", 269: "faccessat"}  # of x86-64

LINE = re.compile(r"^ *(?P<comm>.+)-(?P<pid>\d+) +\[\d+\] \S+ +(?P<s>\d+\.\d+): (?P<event>\w+)(?::| ->) ?(?P<rest>.*)$",
                  re.MULTILINE)


class Event:
    def __init__(self, match):
        self.comm = match["comm"]
        self.pid = int(match["pid"])
        self.ms = float(match["s"]) * 1e3
        self.name = match["event"]
        self.text = match["rest"]
        self.fields = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", self.text)}


def without_doubles(events):
    """On its way a link's message passes the function that uevents go through, too."""
    found, last = [], {}
    for event in events:
        before = last.get(event.pid)
        if event.name in ("sys_enter", "sys_exit", "sched_switch"):
            found.append(event)
            continue
        last[event.pid] = event
        if event.name != "uevent" or event.fields["group"] != 1 or not before or before.name != "link":
            found.append(event)
    return found


class Call:
    """A system call of the process. Times in ms."""

    def __init__(self, enter, leave):
        self.name = NAMES.get(int(enter.text.split()[1]), enter.text.split()[1])
        self.fd = int(enter.text.split("(")[1].split(",")[0], 16)
        self.begin = enter.ms
        self.end = leave.ms
        self.result = int(leave.text.split("= ")[1])


def calls_of(events, pid):
    """Those that returned, in order."""
    found, entered = [], None
    for event in events:
        if event.pid != pid or event.name not in ("sys_enter", "sys_exit"):
            continue
        if event.name == "sys_enter":
            entered = event
        elif entered:
            found.append(Call(entered, event))
            entered = None
    return found


def waits_of(events, pid):
    """(from, until, whether it was ready to run) of each time that the process was without a CPU."""
    found, since, ready = [], None, False
    for event in events:
        if event.name != "sched_switch":
            continue
        if f"prev_pid={pid} " in event.text:
            since, ready = event.ms, re.search(r"prev_state=R", event.text) is not None
        elif since is not None and f"next_pid={pid} " in event.text:
            found.append((since, event.ms, ready))
            since = None
    return found


class Witness:
    def __init__(self, guest, pid):
        """Listens to the kernel, and to what the process calls."""
        self.guest = guest
        probes = " && ".join(f"echo '{probe}' >> kprobe_events" for probe in PROBES)
        guest.run(f"cd {TRACING} && echo 0 > tracing_on && echo mono > trace_clock && "
                  f"echo 16384 > buffer_size_kb && echo > kprobe_events && {{ {probes} || {{ cat error_log; exit 1; }}; }}")
        guest.run(f"cd {TRACING}/events && echo 'group == 1' > witness/link/filter && "
                  "echo 'group == 1 || group == 2' > witness/uevent/filter && echo 1 > witness/enable && "
                  f"for e in sys_enter sys_exit; do echo 'common_pid == {pid}' > raw_syscalls/$e/filter; done && "
                  f"echo 'prev_pid == {pid} || next_pid == {pid}' > sched/sched_switch/filter && "
                  "echo 1 > raw_syscalls/enable && echo 1 > sched/sched_switch/enable && "
                  f"echo > {TRACING}/trace && echo 1 > {TRACING}/tracing_on")

    def mark(self, text):
        self.guest.run(f"echo {text} > {TRACING}/trace_marker")

    def stop(self):
        """All events, in order."""
        self.guest.run(f"echo 0 > {TRACING}/tracing_on")
        text = self.guest.get(f"{TRACING}/trace")
        self.guest.run(f"cd {TRACING}/events && echo 0 > witness/enable; echo 0 > raw_syscalls/enable; "
                       "echo 0 > sched/sched_switch/enable; "
                       f"cd ..; echo > kprobe_events; echo > trace; echo 1408 > buffer_size_kb")
        return without_doubles([Event(match) for match in LINE.finditer(text)])


def event_sockets(guest, pid):
    """(netlink protocol, groups) to the descriptors on which the process waits for events of it."""
    waits = set(guest.run(f"grep -h '^tfd:' /proc/{pid}/fdinfo/* | tr -s ' ' | cut -d' ' -f2").split())
    inodes = dict(re.findall(r"(\d+) -> socket:\[(\d+)\]", guest.run(f"ls -l /proc/{pid}/fd")))
    found = {}
    for line in guest.get("/proc/net/netlink").splitlines()[1:]:
        words = line.split()
        for fd, inode in inodes.items():
            if words[-1] == inode and fd in waits:
                found[int(words[1]), int(words[3], 16)] = int(fd)
    return found
