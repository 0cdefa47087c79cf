"""A proximity file and IRQHERD_NODE say where a device belongs that the kernel knows no node of, or a wrong one."""

from rig import check, check_equal, check_placed

QUICK = True


def run(rig):
    unknown, wrong = rig.nics["cold2"], rig.nics["cold1"]
    unknown.up()
    wrong.up()
    rig.put("/run/proximity", f"{unknown.address} node 1\n{wrong.address} node 0  # firmware says 1\n")
    daemon = rig.daemon("pxm = /run/proximity\n")
    state = daemon.wait_quiet()
    check_equal(state.home(unknown.address), ({2, 3}, "node 1 (proximity file, line 1)"), "home by the file")
    check_equal(state.home(wrong.address), ({0, 1}, "node 0 (proximity file, line 2)"), "home by the file")

    # an arrival below a rule: the port's bus is known, the device is not there yet
    nic = rig.add_nic("igb", "rp0")
    bus = nic.address.rsplit(":", 1)[0]
    rig.remove(nic)
    rig.put("/run/proximity", f"{bus} node 1\n")
    daemon.reload()
    state = daemon.wait_quiet()
    check_equal(state.home(unknown.address), ({0, 1, 2, 3}, "all CPUs"), "home without a rule")
    nic = rig.add_nic("igb", "rp0")
    nic.up()
    state = daemon.wait_quiet()
    check_equal(state.home(nic.address), ({2, 3}, "node 1 (proximity file, line 1)"), "home of the arrival")
    check_placed(rig, nic, state, {2, 3})
    rig.remove(nic)

    # udev's property goes before the file, and is there when the device is placed
    rig.put("/run/udev/rules.d/90-test.rules",
            f'SUBSYSTEM=="pci", KERNEL=="{nic.address}", ENV{{IRQHERD_NODE}}="0"\n')
    rig.run("udevadm control --reload")
    begin = daemon.mark()
    nic = rig.add_nic("igb", "rp0")
    nic.up()
    state = daemon.wait_quiet()
    check_equal(state.home(nic.address)[0], {0, 1}, "home by the property")
    check_placed(rig, nic, state, {0, 1})
    strangers = [move for move in daemon.moves(begin) if move[2] not in (0, 1) and move[0] in nic.irqs()]
    check_equal(strangers, [], "moves before the property was known")

    # a node that has no CPUs now
    rig.put("/run/proximity", f"{unknown.address} node 7\n")
    said = daemon.reload()
    check("7" in said, f"no warning of a node that does not exist: {said}")
    check(daemon.alive(), "irqherd died")
