#!/usr/bin/env python3
"""A CPU is busy with interrupts, two IRQs are active there: exactly one that may move moves to
another CPU, the kernel confirms it, and nothing else is touched.

The heat is a flood of datagrams to nobody on a pair of virtual network devices in this test's own
namespace. The IRQs are the random number generator's, which may move, and the system disk's; and where
there is one, a further movable IRQ that counts by itself every few seconds.
"""

import os
import re
import sys
import time

import rig

FLOOD = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setblocking(False)
while True:
    for _ in range(1000):
        try: s.sendto(b"x" * 32, ("10.77.0.2", 9))
        except OSError: pass
"""

READ_DISK = """
import mmap, os, tempfile, time
with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
    file.write(bytes(1 << 20))
    file.flush()
    os.fsync(file.fileno())
    fd = os.open(file.name, os.O_RDONLY | os.O_DIRECT)
    room = mmap.mmap(-1, 4096)
    at = 0
    while True:
        os.preadv(fd, [room], at % (1 << 20))
        at += 4096
        time.sleep(0.002)
"""


def grown(irqs, seconds=1.0):
    before = {irq: rig.interrupts(irq) for irq in irqs}
    time.sleep(seconds)
    return {irq: rig.interrupts(irq) - before[irq] for irq in irqs}


def active_disk_irq(rng):
    """The IRQ that counts while the disk is read."""
    time.sleep(1)
    counts = grown([irq for irq in rig.irqs() if irq not in rng.vectors() and rig.pci_of_irq(irq)])
    irq = max(counts, key=counts.get)
    if counts[irq] < 20:
        rig.skip("no disk whose interrupts can be kept coming")
    return irq


PERIOD_S = 6    # of rounds, where a further candidate counts by itself only every few seconds


def further_candidate(taken):
    """A movable IRQ that counts in every period without our doing; None."""
    irqs = [irq for irq in rig.irqs() if irq not in taken and rig.pci_of_irq(irq)
            and os.stat(f"/proc/irq/{irq}/smp_affinity").st_mode & 0o222]
    periods = [grown(irqs, PERIOD_S - 1) for _ in range(2)]
    steady = [irq for irq in irqs if all(counts[irq] for counts in periods)]
    return steady[0] if steady else None


def flood(cpu):
    rig.run("ip", "link", "add", "hot0", "type", "veth", "peer", "name", "hot1")
    rig.run("ip", "address", "add", "10.77.0.1/24", "dev", "hot0")
    rig.run("ip", "link", "set", "hot0", "up")
    rig.run("ip", "link", "set", "hot1", "up")
    rig.run("ip", "neighbour", "add", "10.77.0.2", "lladdr", "02:00:00:00:00:77", "dev", "hot0")
    return rig.pinned([sys.executable, "-c", FLOOD], cpu)


def irq_load(cpu, seconds=1.0):
    def times():
        with open("/proc/stat") as stat:
            fields = next(line for line in stat if line.startswith(f"cpu{cpu} ")).split()[1:]
        return [int(field) for field in fields]

    before = times()
    time.sleep(seconds)
    elapsed = [now - then for now, then in zip(times(), before)]
    return 100 * (elapsed[5] + elapsed[6]) / max(sum(elapsed), 1)


def test(program):
    rig.isolate()
    rig.need_cpus(2)
    rng = rig.Rng()
    irq = rng.input_irq()
    helpers = []
    with rig.keep_affinities():
        try:
            cpus = sorted(os.sched_getaffinity(0))
            helpers.append(rig.pinned([sys.executable, "-c", READ_DISK], cpus[0]))
            disk = active_disk_irq(rng)
            hot = rig.effective_cpu(disk)
            if hot is None:
                rig.skip("the disk's interrupts come on several CPUs")
            cool = next(cpu for cpu in cpus if cpu != hot)
            os.sched_setaffinity(helpers[0].pid, {cool})

            rig.set_affinity(irq, hot)
            helpers.append(rig.keep_rng_busy(cool))
            rig.wait_until(lambda: rig.effective_cpu(irq) == hot, "the IRQ on the CPU to heat")
            time.sleep(1)
            if rig.effective_cpu(disk) != hot or min(grown([irq, disk]).values()) < 5:
                rig.skip("the two IRQs can't be kept active on one CPU")
            candidates = [irq]
            further = further_candidate([irq, disk])
            if further is not None:
                rig.set_affinity(further, hot)
                rig.wait_until(lambda: rig.effective_cpu(further) == hot, "the further IRQ there")
                candidates.append(further)
            helpers.append(flood(hot))
            load = irq_load(hot, 2)
            if load < 10:
                rig.skip(f"could not heat CPU {hot}: {load:.1f}% of interrupts")
            print(f"CPU {hot} at {load:.1f}% of interrupts, IRQs {candidates} and {disk} active there")
            relieve(program, candidates, hot, load)
        finally:
            for helper in helpers:
                rig.end(helper)


def relieve(program, candidates, hot, load):
    threshold = max(2, int(load / 2))
    banned = ",".join(str(other) for other in rig.irqs() if other not in candidates)
    before = rig.affinities()
    config = f"threshold = {threshold}\nload-limit = {threshold}\nload-metric = irq\n" \
             f"strategy = rnd\nban-irq = {banned}\n"
    period = PERIOD_S if len(candidates) > 1 else 0.3
    intervals = f"short-interval = {period}\nlong-interval = {period}\n"
    with rig.Daemon(program, config, ["-v"], intervals=intervals) as daemon:
        line = daemon.wait_log(r"^moved IRQ .*$").group()
        print(line)
        match = re.match(r"moved IRQ (\d+) from CPU (\d+) to CPU (\d+): .*reason=(\S+)", line)
        rig.check(match, "the line of the move does not read as it should")
        moved, source, target = (int(match.group(i)) for i in (1, 2, 3))
        rig.check(moved in candidates and source == hot and target != hot, "another move than expected")
        rig.check(match.group(4) == "overloaded", "moved for another reason")

        rig.wait_until(lambda: rig.effective_cpu(moved) == target, "the kernel to confirm the move")
        rig.check(rig.affinity(moved) == str(target), "more than one CPU was written")
        daemon.wait_log(rf"(load of )?IRQ {moved} (fires on|followed to) CPU {target}", limit_s=60)
        daemon.wait_rounds(5 if len(candidates) == 1 else 2)
        moves = re.findall(r"^moved IRQ (\d+) from CPU (\d+)", daemon.log(), re.MULTILINE)
        rig.check(len(moves) == len(set(moves)) <= len(candidates), f"{len(moves)} moves")
        rig.check(all(int(cpu) == hot for _, cpu in moves), "an IRQ went to and fro")
        rig.check(daemon.stop() == 0, "stop is an error")
    for actions, masks in rig.affinities().items():
        for (number, now), (_, then) in zip(masks, before[actions]):
            rig.check(number in candidates or now == then, f"IRQ {number} was touched")


rig.main(test)
