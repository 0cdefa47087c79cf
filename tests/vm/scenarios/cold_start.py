"""At start the home of every IRQ is right on two nodes and where no node is known, and nothing is written."""

from rig import check, check_equal

TOPOLOGY = "steady"
QUICK = True


def run(rig):
    nics = {name: rig.nics[name].up() for name in ("cold0", "cold1", "cold2")}
    rig.settle()
    check_equal([nic.node() for nic in nics.values()], [0, 1, -1], "nodes of the cold devices")
    before = rig.affinities()

    daemon = rig.daemon(traced=True)
    daemon.wait_rounds(4)
    state = daemon.wait_quiet()

    for name, cpus, words in (("cold0", {0, 1}, "node 0 (sysfs)"), ("cold1", {2, 3}, "node 1 (sysfs)"),
                              ("cold2", {0, 1, 2, 3}, "all CPUs")):
        check_equal(state.home(nics[name].address), (cpus, words), f"home of {name}")
        rows = state.rows(nics[name].address)
        check_equal(sorted(rows), nics[name].irqs(), f"vectors of {name}")
        check(all(row["cpu"] == "-" or int(row["cpu"]) in cpus for row in rows.values())
              or rig.affinities() == before, f"{name} was moved")

    effective = rig.effective()
    for irq, row in state.rows().items():
        if row["cpu"] != "-":
            check_equal({int(row["cpu"])}, effective[irq], f"where IRQ {irq} fires")
    check_equal(set(rig.actions()) - set(state.rows()), set(), "IRQs that irqherd does not know")
    rig.check_untouched(before)
    check_equal(daemon.writes(), [], "writes")
    check_equal(state.counters["moves"], 0, "moves")
