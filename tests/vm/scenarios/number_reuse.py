"""A NIC that gets the IRQ numbers of one that left, between two rounds and on another node, is another device."""

from rig import check, check_equal, check_placed, wait_until

CONFIG = "short-interval = 60\nlong-interval = 60\n"  # rounds are too rare to help


def run(rig):
    daemon = rig.daemon(CONFIG)
    old = rig.add_nic("e1000e", "n0p0")
    old.up()
    daemon.wait_quiet()
    numbers = old.irqs()

    daemon.signal("STOP")  # nothing is seen until the numbers have a new owner
    rig.remove(old)
    new = rig.add_nic("e1000e", "n1p0")
    new.up()
    check_equal(new.irqs(), numbers, "IRQ numbers of the second NIC")
    daemon.signal("CONT")

    state = daemon.wait_state(lambda state: set(new.irqs()) <= set(state.rows(new.address)), "the second NIC")
    state = daemon.wait_quiet()
    check(not state.device(old.address), "the first NIC is still known")
    check_equal(state.home(new.address)[0], {2, 3}, "home of the second NIC")
    check_placed(rig, new, state, {2, 3})
    check(wait_until(daemon.alive, "irqherd"), "irqherd died")
