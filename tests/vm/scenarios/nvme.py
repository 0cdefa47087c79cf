"""The IRQs that the kernel manages for an NVMe disk are never written where it says so, once at most where it does not."""

from rig import check, check_equal, wait_until

TOPOLOGY = "steady"
QUICK = True
CPUS = "0 1 2 3"


def read(rig, managed):
    """Each CPU reads, and so uses the queue of its own."""
    before = rig.counts()
    rig.run(f"for cpu in {CPUS}; do taskset -c $cpu dd if=/dev/nvme0n1 of=/dev/null bs=4k count=100 iflag=direct; done")
    now = rig.counts()
    idle = {irq for irq in managed if now[irq] == before.get(irq, 0)}
    check(not idle, f"managed IRQs {idle} did not fire, so this shows nothing of them")


def check_writes(rig, daemon, managed, written, generation):
    writes = [write for write in daemon.writes()[written:] if write[0] in managed]
    print(f"         {generation}: {len(writes)} writes to managed IRQs {sorted(managed)}: {writes}")
    if rig.release.startswith("6.1."):
        check_equal(len({irq for irq, _, _ in writes}), len(writes), f"{generation}: IRQs written once")
        check_equal([error for _, _, error in writes if error != "EIO"], [], f"{generation}: other answers")
    else:
        check_equal(writes, [], f"{generation}: writes to managed IRQs")


def run(rig):
    daemon = rig.daemon(traced=True)
    daemon.wait_quiet()
    before = rig.affinities()
    disk = rig.add_nvme("n0p0")
    state = daemon.wait_quiet()
    irqs = disk.irqs()
    check_equal(len(irqs), 5, "vectors")
    managed = set(irqs[1:])  # the first is for administration
    read(rig, managed)
    state = daemon.wait_rounds(5)
    check_writes(rig, daemon, managed, 0, "plugged in")
    if not rig.release.startswith("6.1."):
        check("managed" in state.device(disk.address), f"not shown as managed:\n{state.device(disk.address)}")
    check_equal(state.home(disk.address)[0], {0, 1}, "home of the disk")
    check_equal(set(state.rows(disk.address)) - {irqs[0]} - managed, set(), "IRQs of the disk")
    rig.check_untouched(before)

    # made anew by its driver
    written = len(daemon.writes())
    rig.run(f"echo {disk.address} > /sys/bus/pci/drivers/nvme/unbind; echo {disk.address} > /sys/bus/pci/drivers/nvme/bind")
    wait_until(lambda: len(disk.active_irqs()) == 5 and rig.try_run("[ -b /dev/nvme0n1 ]")[0] == 0, "the bound disk")
    managed = set(disk.irqs()[1:])
    daemon.wait_quiet()
    read(rig, managed)
    daemon.wait_rounds(5)
    check_writes(rig, daemon, managed, written, "bound again")
    rig.check_untouched(before)

    # one that is there at the start
    daemon.stop()
    again = rig.daemon(traced=True)
    again.wait_quiet()
    read(rig, managed)
    again.wait_rounds(3)
    check_equal(again.writes(), [], "writes after a restart")
