"""With restore-on-exit the masks from before are put back at the stop, after a crash too, and without it nothing is."""

from rig import check, check_equal

TOPOLOGY = "steady"

CONFIG = "restore-on-exit = y\n"


def start_and_stop(daemon, config):
    daemon.configure(config)
    daemon.start()
    daemon.stop()


def plug(rig, daemon):
    """A NIC of which every IRQ was moved, and the masks that the kernel had given them."""
    nic = rig.add_nic("e1000e", "n1p0")
    nic.up()
    daemon.wait_state(lambda state: {irq for irq, _, _, _ in daemon.moves()} >= set(nic.irqs()), "all moves")
    masks = rig.affinities()
    check(all(masks[irq] in ("2", "3") for irq in nic.irqs()), f"masks: {masks}")
    return nic, {irq: "0" for irq in nic.irqs()}, {irq: masks[irq] for irq in nic.irqs()}


def masks_of(rig, nic):
    masks = rig.affinities()
    return {irq: masks[irq] for irq in nic.irqs()}


def run(rig):
    rig.run("echo 1 > /proc/irq/default_smp_affinity")  # CPU 0: new IRQs have to be moved away
    before = rig.affinities()

    daemon = rig.daemon(CONFIG)
    nic, originals, _ = plug(rig, daemon)
    daemon.stop()
    check_equal(masks_of(rig, nic), originals, "masks after the stop")
    check("put back original affinities: written=3" in daemon.log(), f"log: {daemon.log()[-500:]}")
    rig.check_untouched(before)
    rig.remove(nic, at_once=True)

    # killed: the next one knows, and moves nothing at its start
    daemon.start()
    nic, originals, placed = plug(rig, daemon)
    daemon.kill()
    check_equal(masks_of(rig, nic), placed, "masks after the kill")
    moves = len(daemon.moves())
    daemon.start()
    daemon.wait_rounds(3)
    check_equal(len(daemon.moves()), moves, "moves of the second start")
    check_equal(masks_of(rig, nic), placed, "masks after the second start")
    daemon.stop()
    check_equal(masks_of(rig, nic), originals, "masks after the kill, a start and a stop")
    rig.remove(nic, at_once=True)

    # without it all stays, and is still known to one that is asked to put it back
    daemon.configure("")
    daemon.start()
    nic, originals, placed = plug(rig, daemon)
    daemon.stop()
    check_equal(masks_of(rig, nic), placed, "masks after a stop without restore-on-exit")

    # a mask of a foreign hand is left alone
    daemon.configure(CONFIG)
    # an event of the NIC explains a changed mask: its carrier comes a moment after it is up
    rig.run(f"until [ \"$(cat /sys/class/net/{nic.netdev()}/carrier)\" = 1 ]; do sleep 0.2; done")
    daemon.start()
    daemon.wait_quiet()
    foreign = nic.irqs()[0]
    rig.run(f"echo 0-1 > /proc/irq/{foreign}/smp_affinity_list")
    daemon.wait_state(lambda state: "external" in state.device(nic.address), "the foreign hand to be seen")
    daemon.stop()
    check_equal(masks_of(rig, nic), originals | {foreign: "0-1"}, "masks put back beside a foreign one")

    # numbers that were handed out anew are other IRQs: their masks are theirs
    daemon.start()
    rig.remove(nic, at_once=True)
    nic, _, placed = plug(rig, daemon)
    daemon.kill()
    rig.remove(nic, at_once=True)
    other = rig.add_nic("virtio-net-pci", "n0p0")
    other.up()
    now = masks_of(rig, other)
    check(set(now) & set(placed), f"other numbers: {set(now)}, {set(placed)}")
    start_and_stop(daemon, CONFIG)
    check_equal(masks_of(rig, other), now, "masks of another NIC with the same numbers")
    rig.check_untouched(before)
