"""An IRQ whose NIC polls without pause is moved, stays where it was, is recognised as stuck, and is not chased."""

import re

from load import Traffic, gather
from rig import check

THRESHOLD, LOAD_LIMIT = 60, 55
CONFIG = f"threshold = {THRESHOLD}\nload-limit = {LOAD_LIMIT}\nshort-interval = 1\nlong-interval = 2\nstrategy = rnd\n" \
         "cooldown = 5\n"  # short, so that it is not the cool-down that holds an IRQ
HOT, COLD = 2, 3
WATCH_S = 40  # less than an IRQ is held for being stuck


def follow(log, model):
    """Whoever is stuck is not moved, and its target gets one more at most for the room that it did not take."""
    stuck = set()
    for line in log.splitlines():
        if match := re.match(r"IRQ (\d+) is stuck on CPU", line):
            stuck.add(match.group(1))
        elif match := re.match(r"IRQ (\d+) is no longer stuck", line):
            stuck.discard(match.group(1))
        elif match := re.match(r"moved IRQ (\d+) from CPU \d+ to CPU (\d+):", line):
            check(match.group(1) not in stuck, f"{model}: IRQ {match.group(1)} was moved while it was stuck:\n{log}")
            check(int(match.group(2)) != COLD or len(stuck) < 2, f"{model}: CPU {COLD} is refilled:\n{log}")


def flood(rig, model, ports):
    nic, sender = (rig.add_nic(model, port) for port in ports)
    traffic = Traffic(rig, nic, sender)
    gather(rig, nic.irqs(), HOT)
    traffic.start(10_000_000)  # each queue fires: a written mask takes effect with the next interrupt
    rig.run("sleep 3")
    traffic.stop()
    rig.run("sleep 1")
    traffic.start(0)
    rig.run("sleep 3")
    load = rig.cpu_loads(4, softirq=True)
    counts = rig.counts()
    check(load[HOT] > 70, f"{model}: no flood on CPU {HOT}: {load}")

    daemon = rig.daemon(CONFIG)
    loads = [rig.cpu_loads(10, softirq=True) for _ in range(WATCH_S // 10)]
    moves = daemon.moves()
    stuck = [int(irq) for irq in re.findall(r"^IRQ (\d+) is stuck on CPU 2", daemon.log(), re.MULTILINE)]
    fired = {irq: rig.counts()[irq] - counts[irq] for irq in nic.active_irqs()}
    print(f"         {model}: fired {fired}, moves {moves}, stuck {stuck}")
    print("         softirq of CPUs 2, 3: " + " ".join(f"{load[HOT]:.0f}/{load[COLD]:.0f}" for load in loads))
    traffic.stop()

    check(loads[0][HOT] > 60 and loads[1][HOT] > 60, f"{model}: the load did not stay, so this shows nothing: {loads}")
    moved = {irq for irq, _, _, _ in moves}
    check(moved <= set(nic.irqs()), f"{model}: other IRQs were moved: {moves}")
    follow(daemon.log(), model)
    state = daemon.state()
    for irq in stuck:
        if f"IRQ {irq} is no longer stuck" not in daemon.log():
            check(re.search(rf"^ +{irq} .*stuck", state.device(nic.address), re.MULTILINE),
                  f"{model}: IRQ {irq} is not shown as stuck:\n{state.device(nic.address)}")
    daemon.stop()
    return moves, stuck


def run(rig):
    found = [flood(rig, "igb", ("n1p0", "n0p0"))]
    rig.run("ip netns delete sender")
    found.append(flood(rig, "virtio-net-pci", ("n1p1", "n0p1")))
    check(any(stuck for _, stuck in found), "nothing was ever recognised as stuck")
