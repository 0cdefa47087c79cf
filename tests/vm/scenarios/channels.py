"""A driver that makes its vectors anew for another number of queues, losing their masks, is an arrival and no foreign hand."""

from rig import check, check_equal, check_placed

TOPOLOGY = "steady"
QUICK = True


def set_channels(rig, daemon, nic, count):
    rig.run(f"ethtool -L {nic.netdev()} combined {count}")
    rig.settle()
    daemon.wait_state(lambda state: set(state.rows(nic.address)) == set(nic.irqs()), f"{count} channels")
    state = daemon.wait_quiet()
    check_equal(len(nic.active_irqs()), count_of_irqs(count), "IRQs in use")
    check("external" not in state.device(nic.address), f"taken for a foreign hand:\n{state.device(nic.address)}")
    check_placed(rig, nic, state, {2, 3})


def count_of_irqs(channels):
    # igb pairs rx and tx on one vector when the CPUs are more than the vectors that it may have
    return {4: 9, 2: 5}[channels]


def run(rig):
    daemon = rig.daemon()
    nic = rig.add_nic("igb", "n1p0")
    nic.up()
    daemon.wait_quiet()
    own = set(nic.irqs())
    before = rig.affinities()
    for count in (2, 4):
        set_channels(rig, daemon, nic, count)
    rig.check_untouched(before, but=own)
    check("moved by somebody else" not in daemon.log() and "moved by others" not in daemon.log(),
          "the driver was taken for a foreign hand")
