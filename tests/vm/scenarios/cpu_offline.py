"""When a CPU goes offline its IRQs, and no others, move and stay at home; when it is back it is used again."""

from noise import Noise
from rig import check, check_equal, check_placed, cpus_of, wait_until

TOPOLOGY = "steady"

LEAVER = 3  # of node 1, CPUs 2 and 3


def one_cpu(mask):
    return cpus_of(mask) == {LEAVER}


def run(rig):
    rig.run("echo 1 > /proc/irq/default_smp_affinity")  # the kernel's own choice is bad, so that ours differs
    noise = Noise(rig)
    before_us, tied = rig.add_nic("e1000e", "n1p0"), rig.add_nic("e1000e", "rp0")
    for nic in (before_us, tied):
        nic.up()
        rig.run(f"for i in {' '.join(map(str, nic.irqs()))}; do echo {LEAVER} > /proc/irq/$i/smp_affinity_list; done")
    noise.start()
    firing = noise.heard(before_us, tied)
    noise.took_effect(firing)

    rig.put("/run/proximity", f"{tied.address} cpumask {1 << LEAVER:x}\n")
    daemon = rig.daemon("pxm = /run/proximity\ncooldown = 2\n", traced=True)
    nic = rig.add_nic("igb", "n1p1")
    nic.up()
    firing |= noise.heard(nic)
    check_placed(rig, nic, daemon.wait_quiet(), {2, 3})
    check(all(one_cpu(rig.affinities()[irq]) for irq in (*before_us.irqs(), *tied.irqs())),
          "what was there first was moved")
    ours = {irq for irq, _, target, _ in daemon.moves() if target == LEAVER} & set(nic.irqs())
    firing |= ours  # igb lets all of its vectors fire every two seconds
    check(ours, f"nothing of the NIC was placed on CPU {LEAVER}: {daemon.moves()}")
    noise.took_effect(firing)

    # offline
    before = rig.affinities()
    on_cpu = {irq for irq, cpus in rig.effective().items() if LEAVER in cpus}
    on_cpu |= {irq for irq, mask in before.items() if one_cpu(mask)}
    broken = {irq for irq in on_cpu & firing if one_cpu(before[irq])}
    check(ours <= broken and firing & set(before_us.irqs()) & broken, f"masks of one CPU: {broken}, {ours}")
    written = len(daemon.writes())
    rig.run(f"echo 0 > /sys/devices/system/cpu/cpu{LEAVER}/online")
    daemon.wait_log(rf"^CPU offline: cpu={LEAVER}")
    wait_until(lambda: all(rig.effective()[irq] == {2} for irq in broken), "the IRQs of that CPU to be at home")
    daemon.wait_rounds(3)
    writes = daemon.writes()[written:]
    print(f"         IRQs of the CPU {sorted(on_cpu)}, of it alone and firing {sorted(broken)}, written "
          f"{sorted({irq for irq, _, _ in writes})}")
    check({irq for irq, _, _ in writes} <= on_cpu, f"IRQs of other CPUs were written: {writes}")
    # virtio-net makes up new masks of its own when a CPU goes
    virtio = set(rig.nics["cold1"].irqs())
    rig.check_untouched(before, but=on_cpu | virtio)
    state = daemon.wait_quiet()
    check_equal(state.home(nic.address)[0], {2}, "home without the CPU")
    check_equal(state.home(tied.address)[0], {2}, f"home of what belongs on CPU {LEAVER} alone")
    check("external" not in state.text, f"the kernel was taken for a foreign hand:\n{state.text}")

    # back
    written = len(daemon.writes())
    rig.run(f"echo 1 > /sys/devices/system/cpu/cpu{LEAVER}/online")
    daemon.wait_log(rf"^CPU online: cpu={LEAVER}")
    home = firing & set(tied.irqs())
    wait_until(lambda: all(rig.effective()[irq] == {LEAVER} for irq in home), "those of that CPU to be back")
    daemon.wait_rounds(3)
    writes = daemon.writes()[written:]
    # what fires for the first time since then goes home only now
    check({irq for irq, _, _ in writes} <= set(tied.irqs()) | on_cpu - broken, f"others were written, too: {writes}")
    rig.check_untouched(before, but=on_cpu | virtio)

    # used again, by what arrives now
    other = rig.add_nic("igb", "n1p2")
    other.up()
    state = daemon.wait_quiet()
    check_placed(rig, other, state, {2, 3})
    masks = [rig.affinities()[irq] for irq in other.active_irqs()]
    check(any(map(one_cpu, masks)), f"CPU {LEAVER} is not used again: {masks}")
    check_equal(daemon.alive(), True, "irqherd alive")
