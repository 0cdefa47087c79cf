"""Without udevd an arrival is placed by the kernel's events alone; udevd may start later, and its rules count then."""

from noise import Noise
from rig import check, check_equal, check_placed, wait_until

TOPOLOGY = "steady"


def run(rig):
    noise = Noise(rig)
    rig.run("modprobe -a igb e1000e")  # else nobody would load them
    rig.run("kill $(pidof systemd-udevd)")
    wait_until(lambda: rig.try_run("pidof systemd-udevd")[0] != 0, "udevd's end")
    rig.run("mv /run/udev /run/udev.aside")  # as on a machine that never had one
    try:
        daemon = rig.daemon("cooldown = 1\n")
        first, second = rig.add_nic("igb", "n1p0"), rig.add_nic("e1000e", "n1p1")
        for nic in (first, second):
            nic.up()
        state = daemon.wait_quiet()
        for nic in (first, second):
            check_placed(rig, nic, state, {2, 3})
        before = rig.affinities()
    finally:
        rig.run("rm -rf /run/udev; mv /run/udev.aside /run/udev")

    # udevd comes, and has a rule for the first
    rig.put("/run/udev/rules.d/90-test.rules",
            f'SUBSYSTEM=="pci", KERNEL=="{first.address}", ENV{{IRQHERD_NODE}}="0"\n')
    noise.start()
    firing = noise.heard(first, second) & set(first.irqs())
    begin = daemon.mark()
    rig.run("/usr/lib/systemd/systemd-udevd --daemon --resolve-names=never; udevadm control --reload; "
            "udevadm trigger --type=devices --action=add")
    rig.settle()
    state = daemon.wait_state(lambda state: state.home(first.address)[0] == {0, 1}, "the property to be known")
    check("udev" in state.home(first.address)[1], f"home: {state.home(first.address)}")
    wait_until(lambda: all(rig.effective()[irq] <= {0, 1} for irq in firing), "what fires to be at its new home")
    check_equal({irq for irq, _, _, _ in daemon.moves(begin)} - set(first.irqs()), set(), "other IRQs that were moved")
    rig.check_untouched(before, but=set(first.irqs()))

    before = rig.affinities()
    third = rig.add_nic("igb", "n0p0")
    third.up()
    check_placed(rig, third, daemon.wait_quiet(), {0, 1})
    rig.check_untouched(before, but=set(first.irqs()))
    check_equal(daemon.alive(), True, "irqherd alive")
