"""`udevadm trigger` for one device has that device read a few times, and no other."""

import re

from rig import check, check_equal

TOPOLOGY = "steady"
QUICK = True
# the first look, one more for udevd's copy of the event, and the schedule of later ones
READINGS = range(5, 9)


def opened(trace):
    """PCI devices and IRQs whose files were opened."""
    devices = set(re.findall(r"devices/([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])", trace))
    return devices, {int(irq) for irq in re.findall(r"irq/(\d+)", trace)}


def run(rig):
    nic = rig.nics["cold0"].up()
    rig.settle()
    # no round, and no slow check with it, in between
    daemon = rig.daemon("short-interval = 600\nlong-interval = 600\n", traced="openat,readlinkat")
    daemon.wait_state(lambda state: state.counters["rounds"] >= 1, "the first round, which is soon")
    daemon.wait_quiet()
    before = daemon.wait_rest().counters
    affinities = rig.affinities()
    begin = len(daemon.trace())

    rig.run(f"udevadm trigger --action=change {nic.path}")
    rig.settle()
    daemon.wait_state(lambda state: state.counters["hints"] > before["hints"], "the event")
    after = daemon.wait_rest().counters
    devices, irqs = opened(daemon.trace()[begin:])
    read = after["devices-read"] - before["devices-read"]
    print(f"         {read} readings of devices, {after['irqs-read'] - before['irqs-read']} of IRQs; "
          f"opened: {sorted(devices)}, IRQs {sorted(irqs)}")
    check_equal(after["rounds"], before["rounds"], "rounds")
    check(read in READINGS, f"{read} readings of the device")
    check(nic.address in devices, "the device was not read")
    # its parents say where it belongs if it does not know
    below = {address for address in devices if address != nic.address and address not in rig.real_path(nic)}
    check_equal(below, set(), "other devices that were read")
    check_equal(irqs - set(nic.irqs()), set(), "IRQs of others that were read")
    check_equal(after["moves"], before["moves"], "moves")
    rig.check_untouched(affinities)
