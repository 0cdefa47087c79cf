"""Devices of unknown nodes and no proximity file: the daemon goes on, guesses nothing, and does what unknown-node says."""

from rig import check, check_equal, check_placed

TOPOLOGY = "steady"

ALL = {0, 1, 2, 3}


def run(rig):
    rig.nics["cold2"].up()
    daemon = rig.daemon(traced=True)
    before = rig.affinities()
    state = daemon.wait_quiet()
    check_equal(rig.nics["cold2"].node(), -1, "node of the device")
    check_equal(state.home(rig.nics["cold2"].address), (ALL, "all CPUs"), "home of it")

    # arrivals: all CPUs are at home, and queues are spread over them wherever they are; none is written for a node
    nics = [rig.add_nic(model, port, wait=False) for model, port in (("igb", "rp0"), ("e1000e", "rp1"))]
    for nic in nics:
        nic.find().up()
    state = daemon.wait_quiet()
    for nic in nics:
        check_equal((nic.node(), state.home(nic.address)), (-1, (ALL, "all CPUs")), f"node and home of the {nic.model}")
        check_placed(rig, nic, state, ALL)
    rig.check_untouched(before)
    daemon.wait_rounds(4)
    said = rig.run("LANG=C irqherdctl doctor; true")
    check("the firmware does not tell the node of" in said, f"doctor has no word of it:\n{said}")

    # one node for all, or dealt out over both: by the administrator's word only, and nothing moves for a reload
    # unless it fires outside of its new home
    fired = rig.counts()
    begin = daemon.mark()
    for config, home, word in (("unknown-node = preferred\npreferred-node = 1\n", {2, 3}, "node 1"),
                               ("unknown-node = interleave\n", None, "node")):
        daemon.configure(config)
        check("reloaded" in daemon.reload(), "the reload failed")
        state = daemon.wait_quiet()
        found = [state.home(nic.address) for nic in (*nics, rig.nics["cold2"])]
        check(all(word in why for _, why in found), f"whose word it was: {found}")
        if home:
            check(all(cpus == home for cpus, _ in found), f"homes: {found}")
        else:
            check_equal({frozenset(cpus) for cpus, _ in found}, {frozenset({0, 1}), frozenset({2, 3})}, "nodes dealt out")
            daemon.reload()
            state = daemon.wait_quiet()
            again = [state.home(nic.address) for nic in (*nics, rig.nics["cold2"])]
            check_equal(again, found, "dealt out again")
    counts = rig.counts()
    idle = [move for move in daemon.moves(begin) if counts[move[0]] == fired[move[0]]]
    check_equal(idle, [], "moves of IRQs that did not fire")
    check(daemon.alive(), "irqherd ended")
