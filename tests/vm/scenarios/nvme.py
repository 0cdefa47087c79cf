"""The IRQs that the kernel manages for an NVMe disk are never written where it says so, once at most where it does not."""

from rig import check, check_equal

QUICK = True


def run(rig):
    daemon = rig.daemon(traced=True)
    daemon.wait_quiet()
    before = rig.affinities()
    disk = rig.add_nvme("n0p0")
    state = daemon.wait_quiet()
    irqs = disk.irqs()
    check(len(irqs) > 2, f"vectors: {irqs}")
    managed = set(irqs[1:])  # the first is for administration
    rig.run(f"for i in $(seq 50); do dd if=/dev/nvme0n1 of=/dev/null bs=4k count=20 iflag=direct; done")
    state = daemon.wait_rounds(5)

    writes = [write for write in daemon.writes() if write[0] in managed]
    if rig.release.startswith("6.1."):
        check(len(writes) == len({irq for irq, _, _ in writes}), f"managed IRQs were written again: {writes}")
    else:
        check_equal(writes, [], "writes to managed IRQs")
        check("managed" in state.device(disk.address), f"not shown as managed:\n{state.device(disk.address)}")
    check_equal(state.home(disk.address)[0], {0, 1}, "home of the disk")
    rig.check_untouched(before)

    # one that is there at the start
    daemon.stop()
    again = rig.daemon(traced=True)
    again.wait_quiet()
    again.wait_rounds(3)
    check_equal(again.writes(), [], "writes after a restart")
