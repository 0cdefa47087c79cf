"""A driver that is loaded late ends with its queues spread as evenly as one that was there at the start."""

from rig import check, check_equal, check_placed, cpus_of

TOPOLOGY = "steady"

MODELS = (("igb", "igb", "n1p0", {2, 3}), ("e1000e", "e1000e", "n0p0", {0, 1}))


def spread(rig, nic, home, rows):
    """Queues on each CPU of its home."""
    masks, effective = rig.affinities(), rig.effective()
    queues = {cpu: 0 for cpu in home}
    for irq in nic.active_irqs():
        if rows[irq]["queue"] == "-":
            continue
        cpus = effective[irq] if effective[irq] <= cpus_of(masks[irq]) else cpus_of(masks[irq])
        for cpu in cpus:
            check(cpu in home, f"IRQ {irq} of {nic.model} is on CPU {cpu}, home {home}")
            queues[cpu] += 1 / len(cpus)
    return queues


def unevenness(queues):
    return max(queues.values()) - min(queues.values())


def run(rig):
    nics = [(rig.add_nic(model, port), driver, home) for model, driver, port, home in MODELS]
    for nic, _, _ in nics:
        nic.up()
    rig.settle()
    before = rig.affinities()
    daemon = rig.daemon(traced=True)
    state = daemon.wait_quiet()
    early = {nic.model: spread(rig, nic, home, state.rows(nic.address)) for nic, _, home in nics}
    rig.check_untouched(before)
    check_equal(daemon.writes(), [], "writes at the start")

    for nic, driver, home in nics:
        others = {other for other, _, _ in nics if other is not nic} | {rig.nics["cold1"]}
        kept = {irq: mask for irq, mask in rig.affinities().items()
                if any(irq in other.irqs() for other in others)}
        written = len(daemon.writes())
        # every way to the driver: as a module, and bound by hand
        for load in (f"modprobe -r {driver} && modprobe {driver}",
                     f"echo {nic.address} > /sys/bus/pci/drivers/{driver}/unbind && "
                     f"echo {nic.address} > /sys/bus/pci/drivers/{driver}/bind"):
            rig.run(load)
            nic.find().up()
            state = daemon.wait_state(lambda state, nic=nic: nic.active_irqs() and
                                      set(nic.active_irqs()) <= set(state.rows(nic.address)), "its IRQs")
            state = daemon.wait_quiet()
            check_placed(rig, nic, state, home)
            late = spread(rig, nic, home, state.rows(nic.address))
            print(f"         {nic.model}: queues at the start {early[nic.model]}, loaded late {late}")
            check(unevenness(late) <= max(unevenness(early[nic.model]), 1),
                  f"{nic.model} is spread worse when it comes late: {late}, at the start {early[nic.model]}")
        rig.check_untouched(kept)
        writes = {irq for irq, _, _ in daemon.writes()[written:]}
        check(not writes & set(kept), f"IRQs of other drivers were written: {writes}")
