"""A NIC that is unplugged, unbound, or removed and found again by a rescan leaves nothing and comes back whole."""

from rig import check, check_equal, check_placed, wait_until

TOPOLOGY = "steady"
QUICK = True


def gone(state, nic, irqs):
    return not state.device(nic.address) and not set(irqs) & set(state.rows())


def run(rig):
    daemon = rig.daemon()
    nic = rig.add_nic("e1000e", "rp1")
    nic.up()
    daemon.wait_quiet()
    before = rig.affinities()
    own = set(nic.irqs())
    driver = nic.driver()

    # unbind, bind
    rig.run(f"echo {nic.address} > /sys/bus/pci/drivers/{driver}/unbind")
    daemon.wait_state(lambda state: gone(state, nic, own), "the unbound device to go")
    rig.run(f"echo {nic.address} > /sys/bus/pci/drivers/{driver}/bind")
    nic.find().up()
    state = daemon.wait_state(lambda state: set(nic.active_irqs()) <= set(state.rows(nic.address)), "the bound device")
    check_placed(rig, nic, daemon.wait_quiet(), nic.local_cpus())
    rig.check_untouched(before, but=own)

    # remove, rescan
    address = nic.address
    rig.run(f"echo 1 > {nic.path}/remove")
    daemon.wait_state(lambda state: gone(state, nic, own), "the removed device to go")
    rig.run("echo 1 > /sys/bus/pci/rescan")
    nic.find().up()
    check_equal(nic.address, address, "address after the rescan")
    state = daemon.wait_state(lambda state: set(nic.active_irqs()) <= set(state.rows(nic.address)), "the found device")
    check_placed(rig, nic, daemon.wait_quiet(), nic.local_cpus())
    rig.check_untouched(before, but=own)

    # unplug
    begin = daemon.mark()
    rig.remove(nic)
    state = daemon.wait_state(lambda state: gone(state, nic, own), "the unplugged device to go")
    daemon.wait_log(rf"^device gone: device={address}", begin)
    check(wait_until(daemon.alive, "irqherd alive"), "irqherd died")
    rig.check_untouched(before, but=own)
