"""A NIC that is plugged in is known with all vectors and queues and is spread over its node; no other IRQ is written."""

from rig import check, check_equal, check_placed

TOPOLOGY = "steady"
QUICK = True
ALL = {0, 1, 2, 3}

# model, port, its node's CPUs, options, number of its IRQs in use, queues by name
MODELS = (
    ("e1000e", "n0p0", {0, 1}, {}, 3, {"rx-0", "tx-0"}),
    ("igb", "n1p0", {2, 3}, {}, None, None),
    ("virtio-net-pci", "n1p1", {2, 3}, {"queues": 4}, 9, {f"{kind}-{i}" for kind in ("rx", "tx") for i in range(4)}),
    # every CPU is at home, and the driver gives each pair of queues one of its own
    ("virtio-net-pci", "rp1", ALL, {"queues": 4}, 9, {f"{kind}-{i}" for kind in ("rx", "tx") for i in range(4)}),
    ("e1000", "rp0", ALL, {}, 1, None),  # INTx
)


def run(rig):
    for name in ("cold0", "cold1", "cold2"):
        rig.nics[name].up()
    daemon = rig.daemon(traced=True)
    daemon.wait_quiet()

    for model, port, home, options, count, queues in MODELS:
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
        check_equal(len(active), count or len(active), f"IRQs in use of the {model}")
        known = {row["queue"] for row in rows.values()} - {"-"}
        check_equal(known, queues or known, f"queues of the {model}")
        check_queues(rig, nic, known)
        rig.check_untouched(before, but=set(active) - others)
        writes = daemon.writes()[written:]
        check(set(irq for irq, _, _ in writes) <= set(active) - others, f"writes to others: {writes}")
        check_equal(len({irq for irq, _, _ in writes}), len(writes), "IRQs written once")
        check_equal([error for _, _, error in writes if error], [], "refused writes")
        check_placed(rig, nic, state, home)
        print(f"         {model} at {port}: {len(active)} IRQs in use, queues {' '.join(sorted(known))}, "
              f"{len(writes)} writes")
        if home == ALL:
            check_equal(writes, [], f"writes for a {model} that its driver spread well")


def check_queues(rig, nic, known):
    """What irqherd calls rx-0, tx-0 or rx-tx-0 are queues that sysfs knows, and all of them unless it is INTx."""
    folder = rig.run(f"ls {nic.folder()}/queues").split()
    told = set()
    for name in known:
        kinds, _, index = name.rpartition("-")
        told |= {f"{kind}-{index}" for kind in (("rx", "tx") if kinds not in ("rx", "tx") else (kinds,))}
    check(told <= set(folder), f"queues that {nic.model} does not have: {told}, it has {folder}")
    check(told == set(folder) or not known, f"queues not known: {set(folder) - told} of {nic.model}")
