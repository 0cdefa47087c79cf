"""Two hundred times added and removed: no descriptor, no memory and nothing in the inventory is left behind."""

from rig import check, check_equal, wait_until

CYCLES = {"rp0": 200, "n1p0": 10}


def cycle(rig, port, model):
    nic = rig.add_nic(model, port, wait=False)
    wait_until(nic.folder, "the network device")
    rig.try_run(f"ip link set {nic.netdev()} up")  # udevd may be renaming it
    rig.remove(nic)


def run(rig):
    daemon = rig.daemon(arguments="")
    for model in ("e1000e", "virtio-net-pci"):  # what is allocated once is allocated now
        for _ in range(5):
            cycle(rig, "rp0", model)
    state = daemon.wait_quiet()
    known = set(state.rows())
    sections = set(state.sections)
    descriptors, memory = daemon.descriptors(), daemon.memory_kb()
    affinities = rig.affinities()

    begin = daemon.mark()
    for port, count in CYCLES.items():
        for i in range(count):
            cycle(rig, port, ("e1000e", "virtio-net-pci")[i % 2])
    state = daemon.wait_quiet()
    arrivals = daemon.log(begin).count("device arrived")
    check(arrivals >= sum(CYCLES.values()) // 2, f"only {arrivals} arrivals were seen")
    check_equal(set(state.rows()), known, "IRQs known")
    check_equal(set(state.sections), sections, "devices known")
    check_equal(daemon.descriptors(), descriptors, "descriptors")
    print(f"         memory {memory} kB before, {daemon.memory_kb()} kB after")
    check(daemon.memory_kb() <= memory + 64, f"memory grew: {memory} kB to {daemon.memory_kb()} kB")
    rig.check_untouched(affinities)
