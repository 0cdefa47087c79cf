"""Link down and up, and renaming (while up where the kernel can), lose nothing, move nothing and keep queues known."""

from rig import check, check_equal, check_placed

TOPOLOGY = "steady"


def rename(rig, old, new):
    # Linux 6.1 renames only what is down
    rig.run(f"ip link set {old} name {new} || "
            f"{{ ip link set {old} down && ip link set {old} name {new} && ip link set {new} up; }}")


def run(rig):
    daemon = rig.daemon()
    nics = [rig.add_nic("e1000e", "n1p0"), rig.add_nic("virtio-net-pci", "n0p0")]
    for nic in nics:
        nic.up()
    state = daemon.wait_quiet()
    for nic in nics:
        check_placed(rig, nic, state, nic.local_cpus())
    before = rig.affinities()
    moves = state.counters["moves"]

    for nic in nics:
        queues = {irq: row["queue"] for irq, row in state.rows(nic.address).items()}
        nic.down()
        state = daemon.wait_quiet()
        check("down" in state.device(nic.address), f"{nic.model} is not seen to be down")
        nic.up()
        state = daemon.wait_quiet()
        check(nic.active_irqs(), "no IRQ in use after up")
        check_placed(rig, nic, state, nic.local_cpus())

        name = nic.netdev()
        rename(rig, name, "other0")
        daemon.wait_state(lambda state: "other0 (up" in state.device(nic.address), "the new name")
        state = daemon.wait_quiet()
        check_equal({irq: row["queue"] for irq, row in state.rows(nic.address).items()}, queues,
                    f"queues of the renamed {nic.model}")
        # the old name stays with it as an alternative one
        rename(rig, "other0", f"other{nic.mac[-2:]}")
        state = daemon.wait_quiet()
    rig.check_untouched(before)
    check_equal(state.counters["moves"], moves, "moves")
