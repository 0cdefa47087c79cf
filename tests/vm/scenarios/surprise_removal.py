"""NICs that go under traffic, by plug, by sysfs and by their driver in the middle of readings, harm nobody else."""

from noise import Noise
from rig import check, check_equal, check_placed

TOPOLOGY = "steady"

TRIGGERS = "/run/triggers"


def trigger_all_the_time(rig, nic):
    """The daemon is made to read a device all the time; more would only keep udevd busy for minutes."""
    rig.run(f"touch {TRIGGERS}; (while [ -e {TRIGGERS} ]; do echo change > {nic.path}/uevent; "
            "sleep 0.02; done) >/dev/null 2>&1 &")


def check_inventory(rig, daemon, *nics):
    """irqherd knows the IRQs that the kernel has, and no others."""
    state = daemon.wait_state(lambda state: all(set(state.rows(nic.address)) == set(nic.irqs()) for nic in nics)
                              and set(rig.actions()) <= set(state.rows()), "the inventory to be right")
    in_use = {irq for irq, row in state.rows().items() if "not in use" not in row["action"]}
    check(in_use <= set(rig.affinities()), f"IRQs {in_use - set(rig.affinities())} do not exist: {state.text}")
    return state


def run(rig):
    daemon = rig.daemon()
    noise = Noise(rig)
    steady, nic, plugged = rig.add_nic("e1000e", "n0p0"), rig.add_nic("igb", "n1p0"), rig.add_nic("e1000e", "rp0")
    for one in (steady, nic, plugged):
        one.up()
    noise.start()
    noise.heard(steady, nic, plugged)
    daemon.wait_quiet()
    own = set(nic.irqs()) | set(plugged.irqs())
    before = {irq: mask for irq, mask in rig.affinities().items() if irq not in own}
    begin = daemon.mark()

    # unplugged
    address = plugged.address
    trigger_all_the_time(rig, nic)
    rig.remove(plugged)
    daemon.wait_log(rf"^device gone: device={address}", begin)
    check_equal(daemon.state().device(address), "", "the unplugged NIC")

    # unbound and bound, while it is being read
    driver = nic.driver()
    for _ in range(4):
        rig.run(f"echo {nic.address} > /sys/bus/pci/drivers/{driver}/unbind; "
                f"echo {nic.address} > /sys/bus/pci/drivers/{driver}/bind")
        nic.up()

    # removed and found again
    for _ in range(3):
        rig.run(f"echo 1 > {nic.path}/remove; echo 1 > /sys/bus/pci/rescan")
        nic.up()
    rig.run(f"rm {TRIGGERS}")
    nic.find()
    noise.heard(steady, nic)
    daemon.wait_quiet()
    state = check_inventory(rig, daemon, steady, nic)
    check_placed(rig, nic, state, {2, 3})

    # taken away for good, under traffic
    irqs = set(nic.irqs())
    rig.remove(nic, at_once=True)
    state = daemon.wait_state(lambda state: not irqs & set(state.rows()), "the NIC to go")
    check_inventory(rig, daemon, steady)
    rig.check_untouched(before)
    check(not {irq for irq, _, _, _ in daemon.moves(begin)} & set(before), f"others were moved: {daemon.moves(begin)}")
    said = [line for line in daemon.log(begin).splitlines() if "could not" in line or "failed" in line]
    check_equal(said, [], "complaints")
    check_equal(daemon.alive(), True, "irqherd alive")
