"""Two hundred NICs added and removed: no descriptor, no memory and nothing in the inventory is left behind."""

from rig import check, check_equal

TOPOLOGY = "steady"  # an emulated CPU's timer stops now and then, and this takes minutes

ROUNDS = {("rp0", "rp1", "rp2", "rp3"): 50, ("n0p0", "n0p1", "n1p0", "n1p1"): 3}
# what happened lately is remembered: memory that is used when it is full, and no more after that
HISTORY_LEAST, HISTORY_ENTRY_BYTES = 256, 400
# one e1000e takes an emulated CPU as long as three of the others
MODELS = ("e1000e", "virtio-net-pci", "virtio-net-pci", "virtio-net-pci")


def cycle(rig, daemon, ports, number):
    """All at once, come and gone; in every other round they go as soon as they are there."""
    begin = daemon.mark()
    nics = [rig.add_nic(MODELS[(number // 2 + i) % len(MODELS)], port, wait=False) for i, port in enumerate(ports)]
    for nic in nics:
        if number % 2 == 0:
            nic.up()
        else:
            rig.wait_plugged(nic.folder, "a network device")
    if number % 2 == 0:
        daemon.wait_log("(?s)" + ".*".join(["^device arrived:"] * len(ports)), begin)
    rig.remove(*nics)
    if number % 2 == 0:
        daemon.wait_log("(?s)" + ".*".join(["^device gone:"] * len(ports)), begin)
    return daemon.log(begin)


def run(rig):
    daemon = rig.daemon(arguments="")
    for number in range(4):  # what is allocated once is allocated now
        cycle(rig, daemon, ("rp0", "rp1", "rp2", "rp3"), number)
    # what the slow check keeps open is open after its first pass
    daemon.wait_state(lambda state: state.counters["slow-check-passes"] > 0, "a pass of the slow check")
    state = daemon.wait_quiet()
    known = set(state.rows())
    sections = set(state.sections)
    kept, others = daemon.descriptors()
    memory = daemon.memory_kb()
    affinities = rig.affinities()

    arrived = gone = 0
    for ports, count in ROUNDS.items():
        for number in range(count):
            said = cycle(rig, daemon, ports, number)
            arrived += said.count("\ndevice arrived:")
            gone += said.count("\ndevice gone:")
    state = daemon.wait_quiet()
    print(f"         {arrived} arrivals and {gone} departures seen; memory {memory} kB before, "
          f"{daemon.memory_kb()} kB after")
    check_equal(set(state.rows()), known, "IRQs known")
    check_equal(set(state.sections), sections, "devices known")
    kept_now, others_now = daemon.descriptors()
    check_equal(others_now, others, "descriptors")
    check(kept_now <= max(kept, len(known) + len(sections)), f"descriptors of IRQs: {kept_now}, before {kept}")
    history_kb = HISTORY_ENTRY_BYTES * (HISTORY_LEAST + len(known)) // 1024
    check(daemon.memory_kb() <= memory + history_kb + 64, f"memory grew: {memory} kB to {daemon.memory_kb()} kB")
    check(arrived >= sum(len(ports) * count for ports, count in ROUNDS.items()) // 2,
          f"only {arrived} arrivals were seen")
    rig.check_untouched(affinities)
