"""A NIC that is plugged in is known with all vectors and queues and is spread over its node; no other IRQ is written."""

from rig import check, check_equal, check_placed

QUICK = True

# model, port, its node's CPUs, queues, what its vectors are for
MODELS = (
    ("e1000e", "n0p0", {0, 1}, {}),
    ("igb", "n1p0", {2, 3}, {}),
    ("virtio-net-pci", "n1p1", {2, 3}, {"queues": 4}),
    ("e1000", "rp0", {0, 1, 2, 3}, {}),  # INTx
)


def run(rig):
    for name in ("cold0", "cold1", "cold2"):
        rig.nics[name].up()
    daemon = rig.daemon(traced=True)
    daemon.wait_quiet()

    for model, port, home, options in MODELS:
        before = rig.affinities()
        others = set(rig.actions())
        written = len(daemon.writes())
        nic = rig.add_nic(model, port, **options)
        nic.up()
        state = daemon.wait_quiet()

        check_equal(state.home(nic.address)[0], home, f"home of the {model}")
        active = nic.active_irqs()
        check(active, f"the {model} has no IRQ in use")
        rows = state.rows(nic.address)
        check_equal({irq for irq in rows if "not in use" not in rows[irq]["action"]}, set(active),
                    f"the {model}'s IRQs")
        rig.check_untouched(before, but=set(active) - others)
        writes = daemon.writes()[written:]
        check(set(irq for irq, _, _ in writes) <= set(active) - others, f"writes to others: {writes}")
        check(len(writes) <= len(active), f"more writes than IRQs: {writes}")
        check_equal([error for _, _, error in writes if error], [], "refused writes")
        check_placed(rig, nic, state, home)
        print(f"         {model}: {len(active)} IRQs in use, {len(writes)} writes")
