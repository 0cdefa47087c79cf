"""Isolated CPUs get no IRQ unless isolated-cpus says so, and a cpuset partition isolated at run time is left and given back."""

import re

from noise import Noise
from rig import check, check_equal, cpus_of, wait_until

TOPOLOGY = "isolated"

GROUP = "/sys/fs/cgroup/quiet"
TOLD = "/sys/fs/cgroup/cpuset.cpus.isolated"  # Linux 6.12 has it, 6.1 not


def queue_cpus(rig, nic):
    masks = rig.affinities()
    return [cpus_of(masks[irq]) for irq in nic.active_irqs()]


def arrive(rig, daemon, home):
    """An adapter at node 1 whose IRQs all have to be placed."""
    nic = rig.add_nic("igb", "n1p0").up()
    state = daemon.wait_quiet()
    check_equal(state.home(nic.address)[0], home, "home of an adapter at node 1")
    found = queue_cpus(rig, nic)
    check(all(cpus <= home for cpus in found), f"IRQs of the arrival are on {found}, home {home}")
    check(set().union(*found) == home, f"IRQs of the arrival leave a CPU out: {found}, home {home}")
    rig.remove(nic, at_once=True)


def run(rig):
    rig.run("echo 1 > /proc/irq/default_smp_affinity")
    check_equal(rig.get("/sys/devices/system/cpu/isolated").strip(), "3", "isolated by isolcpus")
    # the kernel itself has put nothing there that can be moved
    daemon = rig.daemon(traced=True)
    before = rig.affinities()
    text = daemon.state().text
    check(re.search(r"isolated +(CPUs? )?3 \(avoided\)", text), f"not said:\n{text[:1500]}")
    arrive(rig, daemon, {2})
    daemon.configure("isolated-cpus = use\n")
    check("reloaded" in daemon.reload(), "the reload failed")
    arrive(rig, daemon, {2, 3})
    daemon.configure("")
    check("reloaded" in daemon.reload(), "the reload failed")
    arrive(rig, daemon, {2})
    rig.check_untouched(before)
    daemon.stop()

    rig.run("mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup")
    if rig.try_run(f"test -e {TOLD}")[0] != 0:
        print(f"         Linux {rig.release} does not tell which partitions are isolated")
        return
    other = rig.add_nic("igb", "n0p0").up()
    noise = Noise(rig, "n0p1").start()
    firing = noise.heard(other) & set(other.irqs())
    for number, irq in enumerate(sorted(firing)):
        rig.run(f"echo {number % 2} > /proc/irq/{irq}/smp_affinity_list")
    noise.took_effect(firing)
    # there is no event of it: it is found by the slow check, which goes round in a number of rounds
    daemon = rig.daemon("short-interval = 0.2\nlong-interval = 0.2\n", traced=True)
    daemon.wait_rounds(2)
    there = {irq for irq in firing if rig.effective()[irq] == {1}}
    check(there, "nothing fires on CPU 1")
    before, begin, rounds = rig.affinities(), daemon.mark(), daemon.counters()["rounds"]
    try:
        rig.run(f"echo +cpuset > /sys/fs/cgroup/cgroup.subtree_control; mkdir -p {GROUP}; "
                f"echo 1 > {GROUP}/cpuset.cpus; echo isolated > {GROUP}/cpuset.cpus.partition")
        check_equal(rig.get(f"{GROUP}/cpuset.cpus.partition").strip(), "isolated", "the partition")
        print(f"         the kernel tells '{rig.get(TOLD).strip()}'")
        wait_until(lambda: not any(rig.effective()[irq] & {1} for irq in firing), "CPU 1 to be left")
        print(f"         CPU 1 was left after {daemon.counters()['rounds'] - rounds} rounds, moves {daemon.moves(begin)}")
        moves = daemon.moves(begin)
        check_equal({reason for _, _, _, reason in moves} - {"forbidden-cpu", "home-changed"}, set(), "reasons")
        check_equal({target for irq, _, target, _ in moves if irq in firing}, {0}, "where they went")
        check_equal(daemon.state().home(other.address)[0], {0}, "home of an adapter at node 0")
        rig.check_untouched(before, but={irq for irq, _, _, _ in moves})
    finally:
        written = len(daemon.writes())
        rig.try_run(f"rmdir {GROUP}")
    daemon.wait_state(lambda state: state.home(other.address)[0] == {0, 1}, "the home with CPU 1")
    check_equal([write for write in daemon.writes()[written:] if write[0] in firing], [], "writes after the CPU was given back")
    noise.stop()
