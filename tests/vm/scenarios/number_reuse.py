"""A NIC of node 1 that gets the IRQ numbers of one of node 0 between two rounds is another device, with its own home."""

from rig import check, check_equal, check_placed

TOPOLOGY = "steady"
QUICK = True

CONFIG = "short-interval = 600\nlong-interval = 600\n"  # no round comes to help


def run(rig):
    daemon = rig.daemon(CONFIG, traced=True)
    old = rig.add_nic("e1000e", "n0p0").up()
    state = daemon.wait_state(lambda state: state.counters["rounds"] >= 1, "the first round, which is soon")
    daemon.wait_quiet()
    rig.run("sleep 1.5")  # moves are followed by a round after a second, which looks what became of them
    state = daemon.state()
    numbers, rounds = old.irqs(), state.counters["rounds"]
    check_equal(old.node(), 0, "node of the first NIC")
    check_equal(state.home(old.address)[0], {0, 1}, "home of the first NIC")
    # ours, so that there is something to be remembered wrongly
    for irq in numbers:
        rig.run(f"echo 1 > /proc/irq/{irq}/smp_affinity_list")

    begin, written = daemon.mark(), len(daemon.writes())
    others = {irq: mask for irq, mask in rig.affinities().items() if irq not in numbers}
    daemon.signal("STOP")  # nothing is seen until the numbers have a new owner
    rig.remove(old)
    new = rig.add_nic("e1000e", "n1p0").up()
    check_equal(new.irqs(), numbers, "IRQ numbers of the second NIC")
    check_equal(new.node(), 1, "node of the second NIC")
    check(new.address != old.address, "the second NIC has the address of the first")
    daemon.signal("CONT")

    state = daemon.wait_state(lambda state: set(new.irqs()) <= set(state.rows(new.address)), "the second NIC")
    check_equal(state.counters["rounds"], rounds, "rounds: this was to happen between two of them")
    state = daemon.wait_quiet()
    check(not state.device(old.address), "the first NIC is still known")
    check_equal(state.home(new.address), ({2, 3}, "node 1 (sysfs)"), "home of the second NIC")
    check_equal(sorted(state.rows(new.address)), numbers, "IRQs of the second NIC")
    check_equal(sorted(state.rows()).count(numbers[0]), 1, "owners of a number")
    check_placed(rig, new, state, {2, 3})
    check("external" not in state.device(new.address), "the first NIC's history is held against the second")
    writes = daemon.writes()[written:]
    print(f"         IRQs {numbers}, writes {writes}")
    check({irq for irq, _, _ in writes} <= set(numbers), f"other IRQs were written: {writes}")
    check({cpu for _, cpu, _ in writes} <= {"2", "3", "2\n", "3\n"}, f"written to the first NIC's home: {writes}")
    for name in ("gone", "arrived"):
        check(f"device {name}: device={(old if name == 'gone' else new).address}" in daemon.log(begin),
              f"no word of the NIC that has {name}")
    rig.check_untouched(others)
