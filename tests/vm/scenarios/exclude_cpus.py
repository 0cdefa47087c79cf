"""A CPU that a reload excludes is left by every movable IRQ that is active there, and nothing else moves, then or later."""

from rig import check, check_equal, cpus_of

BASE = "threshold = 100\n"


def on_cpu(rig, cpu):
    """IRQs that fire there, or will with their next interrupt."""
    masks, effective = rig.affinities(), rig.effective()
    found = set()
    for irq in rig.actions():
        mask = cpus_of(masks[irq])
        if (effective[irq] if effective[irq] <= mask else mask) == {cpu}:
            found.add(irq)
    return found


def run(rig):
    nics = [rig.add_nic("igb", "n1p0").up(), rig.add_nic("igb", "n0p0").up(), rig.nics["cold0"].up(),
            rig.nics["cold2"].up()]
    own = {irq for nic in nics for irq in nic.active_irqs()}
    # an IRQ that is there and never fires, and one that is at home everywhere
    idle = next(irq for irq, name in rig.actions().items() if "acpi" in name)
    for irq in (idle, nics[3].irqs()[0]):
        rig.run(f"echo 3 > /proc/irq/{irq}/smp_affinity_list")
    daemon = rig.daemon(BASE, traced=True)
    daemon.wait_quiet()

    before, there, counts = rig.affinities(), on_cpu(rig, 3), rig.counts()
    check(len(there & own) >= 3, f"too few IRQs on CPU 3 to see anything: {there}")
    begin = daemon.mark()
    daemon.configure(BASE + "exclude-cpus = cpus:3\n")
    check("reloaded" in daemon.reload(), "the reload failed")

    def emptied(state):
        fired = {irq for irq in there if rig.counts()[irq] > counts[irq]}
        return fired and not fired & on_cpu(rig, 3)

    daemon.wait_state(emptied, "the CPU to be left")
    daemon.wait_rounds(8)
    fired = {irq for irq in there if rig.counts()[irq] > counts[irq]}
    moves = daemon.moves(begin)
    print(f"         on CPU 3: {sorted(there)}, fired: {sorted(fired)}, moves: {moves}")
    # igb fires all of its vectors every other second; who never fires stays, and is in nobody's way
    steady = there & set(nics[0].irqs())
    check(len(steady) >= 3 and steady <= fired, f"vectors of the igb on CPU 3 {steady}, that fired {fired}")
    check(there - fired, "no IRQ on CPU 3 is idle")
    check_equal({irq for irq, _, _, _ in moves}, fired, "IRQs that were moved")
    check_equal(sorted(irq for irq, _, _, _ in moves), sorted(fired), "moves of one IRQ")
    check_equal({reason for _, _, _, reason in moves}, {"forbidden-cpu"}, "reasons")
    check_equal({irq for irq in fired if "3" in rig.affinities()[irq].split(",")}, set(), "masks with CPU 3")
    node1 = set(nics[0].irqs())
    check_equal({target for irq, _, target, _ in moves if irq in node1}, {2}, "where node 1's IRQs went")
    rig.check_untouched(before, but=fired)

    # taken back
    before, written = rig.affinities(), len(daemon.writes())
    daemon.configure(BASE)
    check("reloaded" in daemon.reload(), "the second reload failed")
    daemon.wait_rounds(8)
    rig.check_untouched(before)
    check_equal(daemon.writes()[written:], [], "writes after the CPU was given back")
