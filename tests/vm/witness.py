"""What the kernel itself saw, on the guest's monotonic clock: which messages it sent to listeners, when
drivers requested IRQs, who set which affinity, and when that took effect. Written by kprobes into the
kernel's trace buffer, so it needs no process that listens and would have to be scheduled for it.
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
        last[event.pid] = event
        if event.name != "uevent" or event.fields["group"] != 1 or not before or before.name != "link":
            found.append(event)
    return found


class Witness:
    def __init__(self, guest, *pids):
        """Listens to the kernel, and to what the processes receive and write."""
        self.guest = guest
        by_pid = " || ".join(f"common_pid == {pid}" for pid in pids)
        probes = " && ".join(f"echo '{probe}' >> kprobe_events" for probe in PROBES)
        guest.run(f"cd {TRACING} && echo 0 > tracing_on && echo mono > trace_clock && "
                  f"echo 16384 > buffer_size_kb && echo > kprobe_events && {{ {probes} || {{ cat error_log; exit 1; }}; }}")
        guest.run(f"cd {TRACING}/events && echo 'group == 1' > witness/link/filter && "
                  "echo 'group == 1 || group == 2' > witness/uevent/filter && echo 1 > witness/enable && "
                  f"cd syscalls && for c in recvmsg write; do echo '({by_pid}) && ret > 0' > sys_exit_$c/filter; "
                  "echo 1 > sys_exit_$c/enable; done && "
                  f"echo > {TRACING}/trace && echo 1 > {TRACING}/tracing_on")

    def mark(self, text):
        self.guest.run(f"echo {text} > {TRACING}/trace_marker")

    def stop(self):
        """All events, in order."""
        self.guest.run(f"echo 0 > {TRACING}/tracing_on")
        text = self.guest.get(f"{TRACING}/trace")
        self.guest.run(f"cd {TRACING}/events && echo 0 > witness/enable; echo 0 > syscalls/enable; "
                       f"cd ..; echo > kprobe_events; echo > trace; echo 1408 > buffer_size_kb")
        return without_doubles([Event(match) for match in LINE.finditer(text)])
