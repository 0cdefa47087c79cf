"""Packets of a NIC with one receive queue are spread while its CPU is overloaded, lose nothing by it, and are gathered after."""

import re
import time

from load import Traffic, gather
from rig import check, check_equal

HOT = 2
CONFIG = "threshold = 60\nload-limit = 55\nshort-interval = 1\nlong-interval = 1\ncooldown = 5\nrps = auto\n" \
         "pxm = /run/proximity\n"


class Queue:
    """The NIC's only receive queue."""

    def __init__(self, rig, nic):
        self.rig, self.nic = rig, nic

    def cpus(self):
        text = self.rig.get(f"/sys/class/net/{self.nic.netdev()}/queues/rx-0/rps_cpus").strip().replace(",", "")
        return {cpu for cpu in range(64) if int(text, 16) >> cpu & 1}

    def set_cpus(self, mask):
        self.rig.run(f"echo {mask} > /sys/class/net/{self.nic.netdev()}/queues/rx-0/rps_cpus")

    def packets_per_s(self, seconds=5):
        path = f"/sys/class/net/{self.nic.netdev()}/statistics/rx_packets"
        lines = self.rig.run(f"cat {path}; cat /proc/uptime; sleep {seconds}; cat {path}; cat /proc/uptime").split("\n")
        first, last = int(lines[0]), int(lines[2])
        return (last - first) / (float(lines[3].split()[0]) - float(lines[1].split()[0]))


def shown(loads):
    return " ".join(f"{loads[cpu]:.0f}" for cpu in range(4))


def gather_receiver(rig, nic):
    """The receiving IRQ on a CPU of its own, everything else on another."""
    receiver = next(irq for irq, names in rig.actions().items() if irq in nic.irqs() and "rx-0" in names)
    gather(rig, [receiver], HOT)
    return receiver


def run(rig):
    nic, sender = rig.add_nic("e1000e", "n1p0"), rig.add_nic("igb", "n0p0")
    queue = Queue(rig, nic)
    rig.put("/run/proximity", f"{nic.address} node -1\n")
    traffic = Traffic(rig, nic, sender)
    receiver = gather_receiver(rig, nic)
    delay_ns = traffic.pace((HOT,), 70, 92)
    before, affinities = rig.cpu_loads(5, softirq=True), rig.affinities()
    rate = queue.packets_per_s()

    # spread: its CPU gets room, and as many packets as before come through
    daemon = rig.daemon(CONFIG)
    daemon.wait_log(r"^spread packets of \S+ over CPUs \S+: .*reason=(overloaded|drops)")
    time.sleep(2)
    after = rig.cpu_loads(10, softirq=True)
    rate_after = queue.packets_per_s()
    print(f"         softirq of CPUs 0-3: {shown(before)} before, {shown(after)} after; packets/s {rate:.0f} before, {rate_after:.0f} after; rps_cpus {queue.cpus()}")
    check(queue.cpus() and HOT not in queue.cpus(), f"spread over {queue.cpus()}")
    check(after[HOT] < before[HOT] - 15, f"CPU {HOT} is not relieved: {before} {after}")
    check(rate_after > 0.9 * rate, f"fewer packets come through: {rate} {rate_after}")
    spread = re.findall(r"^spread packets of (\S+) ", daemon.log(), re.MULTILINE)
    check_equal(spread, [nic.netdev()], "whose packets are spread: one that is down receives none")
    # a CPU that gets packets may be overloaded in its turn, and what else fires there leaves it
    moves = daemon.moves()
    print(f"         moves {moves}")
    check_equal([move for move in moves if move[0] == receiver], [], "moves of the only receiver")
    check_equal({reason for _, _, _, reason in moves} - {"overloaded"}, set(), "other reasons")
    check_equal(len({irq for irq, _, _, _ in moves}), len(moves), "IRQs that were moved, each once")
    rig.check_untouched(affinities, but={irq for irq, _, _, _ in moves})

    # killed: the next one knows what is its own, and takes it back when it ends
    daemon.kill()
    check(queue.cpus(), "gone with the process")
    daemon = rig.daemon(CONFIG)
    daemon.wait_log(r"^packets of \S+ are spread over CPUs since an earlier run")
    daemon.stop()
    check_equal(queue.cpus(), set(), "left behind at the end")

    # calm again
    daemon = rig.daemon(CONFIG)
    daemon.wait_log(r"^spread packets of")
    traffic.stop()
    daemon.wait_log(r"^gathered packets of .*reason=calm")
    check_equal(queue.cpus(), set(), "when calm")

    # a set of somebody else
    daemon.stop()
    queue.set_cpus("1")
    daemon = rig.daemon(CONFIG)
    traffic.start(delay_ns)
    daemon.wait_log(r"^rps_cpus of \S+ was set by somebody else, leaving it")
    daemon.wait_rounds(5)
    check_equal(queue.cpus(), {0}, "somebody else's set")
    traffic.stop()
    daemon.stop()
    check_equal(queue.cpus(), {0}, "somebody else's set at the end")
    queue.set_cpus("0")

    # off
    daemon = rig.daemon(CONFIG.replace("rps = auto", "rps = off"))
    traffic.start(delay_ns)
    daemon.wait_rounds(8)
    check_equal(queue.cpus(), set(), "although off")
    traffic.stop()
    check("spread packets" not in daemon.log(), "although off")
