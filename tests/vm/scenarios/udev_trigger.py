"""`udevadm trigger` for one device has that device read again, and no other."""

from rig import check, check_equal

QUICK = True


def run(rig):
    daemon = rig.daemon()
    nic = rig.nics["cold0"].up()
    before = daemon.wait_quiet().counters
    affinities = rig.affinities()
    for count in range(1, 4):
        rig.run(f"udevadm trigger --action=change {nic.path}")
        rig.settle()
        after = daemon.wait_quiet().counters
    read = after["devices-read"] - before["devices-read"]
    irqs = after["irqs-read"] - before["irqs-read"]
    print(f"         3 triggers: {read} readings of devices, {irqs} of IRQs")
    check(3 <= read, "the device was not read again")
    check(irqs <= read * len(nic.irqs()), f"{irqs} IRQs were read: other devices, too")
    check_equal(after["moves"], before["moves"], "moves")
    rig.check_untouched(affinities)
