"""A proximity file and IRQHERD_* say where a device belongs that the kernel knows no node of, or a wrong one."""

from noise import Noise
from rig import check, check_equal, check_placed, wait_until

TOPOLOGY = "steady"
QUICK = True
ALL = {0, 1, 2, 3}


def rule(nic, text):
    return f'SUBSYSTEM=="pci", KERNEL=="{nic.address}", {text}\n'


def run(rig):
    unknown, right, wrong = rig.nics["cold2"], rig.nics["cold0"], rig.nics["cold1"]
    for nic in (unknown, right, wrong):
        nic.up()
    noise = Noise(rig, "n0p0").start()
    rig.put("/run/proximity", f"{unknown.address} node 1\n{wrong.address} node 0  # firmware says 1\n"
                              f"{right.address} node -1\n")
    daemon = rig.daemon("pxm = /run/proximity\ncooldown = 1\n")
    state = daemon.wait_quiet()
    check_equal(state.home(unknown.address), ({2, 3}, "node 1 (proximity file, line 1)"), "home by the file")
    check_equal(state.home(wrong.address), ({0, 1}, "node 0 (proximity file, line 2)"), "home by the file")
    check_equal(state.home(right.address)[0], ALL, "home by the file, which says any")
    check("line 3" in state.home(right.address)[1], f"home by the file, which says any: {state.home(right.address)}")
    check_equal(daemon.moves(), [], "moves at the start")  # what is there stays, whatever the file says

    # an arrival below a rule: the port's bus is known, the device is not there yet
    nic = rig.add_nic("igb", "rp0")
    bus = nic.address.rsplit(":", 1)[0]
    rig.remove(nic)
    rig.put("/run/proximity", f"{bus} node 1\n")
    daemon.reload()
    state = daemon.wait_quiet()
    check_equal(state.home(unknown.address), (ALL, "all CPUs"), "home without a rule")
    nic = rig.add_nic("igb", "rp0")
    nic.up()
    state = daemon.wait_quiet()
    check_equal(state.home(nic.address), ({2, 3}, "node 1 (proximity file, line 1)"), "home of the arrival")
    check_placed(rig, nic, state, {2, 3})

    # another rule for what is there and fires: it goes to its new home, and nothing else does
    firing = noise.heard(nic) & set(nic.irqs())
    noise.took_effect(firing)
    before, begin = rig.affinities(), daemon.mark()
    rig.put("/run/proximity", f"{nic.address} node 0\n")
    daemon.reload()
    wait_until(lambda: all(rig.effective()[irq] <= {0, 1} for irq in firing), "what fires to be at its new home")
    check_equal({reason for _, _, _, reason in daemon.moves(begin)}, {"home-changed"}, "reasons")
    rig.check_untouched(before, but=set(nic.irqs()))
    rig.remove(nic)

    # udev's properties go before the file and before what the kernel says, and are there in time
    for number, (port, text, home) in enumerate((("rp0", 'ENV{IRQHERD_NODE}="1"', {2, 3}),
                                                 ("n1p0", 'ENV{IRQHERD_NODE}="0"', {0, 1}),
                                                 ("n1p0", 'ENV{IRQHERD_CPUS}="1"', {0}))):
        if number != 2:  # the address is known by the port's last guest
            known = nic if port == "rp0" else rig.add_nic("e1000e", port)
            if port != "rp0":
                rig.remove(known, at_once=True)
        rig.put("/run/udev/rules.d/90-test.rules", rule(known, text))
        rig.run("udevadm control --reload")
        begin = daemon.mark()
        nic = rig.add_nic("e1000e", port)
        check_equal(nic.address, known.address, "address")
        nic.up()
        state = daemon.wait_quiet()
        check_equal(state.home(nic.address)[0], home, f"home by {text}")
        check_placed(rig, nic, state, home)
        strangers = [move for move in daemon.moves(begin) if move[2] not in home and move[0] in nic.irqs()]
        check_equal(strangers, [], "moves before the property was known")
        rig.remove(nic, at_once=True)

    # a node that does not exist
    rig.put("/run/proximity", f"{unknown.address} node 7\n")
    said = daemon.reload()
    check("7" in said, f"no warning of a node that does not exist: {said}")
    check_equal(daemon.state().home(unknown.address), (ALL, "all CPUs"), "home by a rule that sleeps")
    check(daemon.alive(), "irqherd died")
