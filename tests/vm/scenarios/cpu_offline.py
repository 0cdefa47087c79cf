"""When a CPU goes offline only its IRQs move, and stay at home; when it is back it is used again."""

from rig import check, check_equal, check_placed, cpus_of


def run(rig):
    daemon = rig.daemon("cooldown = 2\n", traced=True)
    nic = rig.add_nic("igb", "n1p0")
    nic.up()
    rig.add_nic("e1000e", "n0p0").up()
    check_placed(rig, nic, daemon.wait_quiet(), {2, 3})
    before = rig.affinities()
    written = len(daemon.writes())
    # an IRQ whose mask has another CPU besides: the kernel may move it without touching the mask
    on_cpu = {irq for irq, cpus in rig.effective().items() if 3 in cpus}
    on_cpu |= {irq for irq, mask in before.items() if cpus_of(mask) == {3}}

    rig.run("echo 0 > /sys/devices/system/cpu/cpu3/online")
    daemon.wait_log(r"^CPU offline: cpu=3")
    state = daemon.wait_quiet()
    daemon.wait_rounds(4)
    check_placed(rig, nic, state, {2})

    rig.run("echo 1 > /sys/devices/system/cpu/cpu3/online")
    daemon.wait_log(r"^CPU online: cpu=3")
    daemon.wait_quiet()
    daemon.wait_rounds(4)
    writes = daemon.writes()[written:]
    print(f"         IRQs of the CPU {sorted(on_cpu)}, writes {writes}")
    check({irq for irq, _, _ in writes} <= on_cpu, f"IRQs of other CPUs were written: {writes}")
    # virtio-net makes up new masks of its own when a CPU goes
    rig.check_untouched(before, but=on_cpu | set(rig.nics["cold1"].irqs()))

    # used again, by what arrives now
    other = rig.add_nic("igb", "n1p1")
    other.up()
    state = daemon.wait_quiet()
    check_placed(rig, other, state, {2, 3})
    effective = [rig.effective()[irq] for irq in other.active_irqs()]
    masks = [cpus_of(rig.affinities()[irq]) for irq in other.active_irqs()]
    check(any(3 in cpus for cpus in effective + [mask for mask in masks if len(mask) == 1]),
          f"CPU 3 is not used again: {effective} {masks}")
    check_equal(daemon.alive(), True, "irqherd alive")
