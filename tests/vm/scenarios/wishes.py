"""CPUs given to a device or IRQ by cpus, IRQHERD_CPUS or a pin hold over hotplug, reused numbers, reload, restart and load."""

from noise import Noise
from rig import check, check_equal, cpus_of, wait_until

TOPOLOGY = "steady"

CONFIG = "cooldown = 5\n"


def where(rig, nic):
    """CPUs by vector, of what is in use: as the mask says, since a written one takes effect with the next interrupt."""
    masks, active = rig.affinities(), nic.active_irqs()
    return {index: cpus_of(masks[irq]) for index, irq in enumerate(nic.irqs()) if irq in active}


def check_kept(rig, nic, cpus, what, vectors=None):
    found = where(rig, nic)
    check(found, f"{what}: no IRQ in use")
    wrong = {index: on for index, on in found.items() if (vectors is None or index in vectors) and not on <= cpus}
    check(not wrong, f"{what}: on CPUs {wrong}, wanted {cpus}")


def run(rig):
    rig.run("echo 8 > /proc/irq/default_smp_affinity")  # CPU 3: wrong for most
    slot, propertied = "0000:81:00.0", "0000:82:00.0"
    rig.put("/run/udev/rules.d/90-test.rules",
            f'SUBSYSTEM=="pci", KERNEL=="{propertied}", ENV{{IRQHERD_CPUS}}="1-1"\n')
    rig.run("udevadm control --reload")
    # a device by its driver and by vendor:device, an IRQ by slot, and by name; against the node that firmware says
    daemon = rig.daemon(CONFIG + f"cpus = {slot}/2=0 irq:*-rx-0=1-2 driver:igb=node0 8086:10d3=2\n", traced=True)

    def plug(*models):
        nics = [rig.add_nic(model, port) for model, port in models]  # one after the other: so are their numbers
        for nic in nics:
            nic.up()
        rig.settle()
        return nics, daemon.wait_quiet()

    for turn in range(2):  # the second time with other numbers, and the igb on the other node
        models = [("e1000e", "n1p0"), ("e1000e", "n1p1"), ("igb", "n1p2")]
        if turn:
            models = [("igb", "n0p0"), models[1], models[0]]
        nics, state = plug(*models)
        nic, with_property, igb = nics if not turn else (nics[2], nics[1], nics[0])
        check_equal((nic.address, with_property.address), (slot, propertied), "addresses")
        check_equal(state.home(igb.address)[0], {0, 1}, "home by the driver")
        named = {index for index, irq in enumerate(igb.irqs()) if rig.actions().get(irq, "").endswith("-rx-0")}
        check_kept(rig, igb, {0, 1}, "by driver", set(range(len(igb.irqs()))) - named)
        check_kept(rig, igb, {1, 2}, "IRQ by name, which goes before the driver", named)
        check_kept(rig, nic, {1, 2}, "IRQ by name", {0})
        check_kept(rig, nic, {2}, "device by vendor:device", {1})
        check_kept(rig, nic, {0}, "IRQ by slot", {2})
        check_kept(rig, with_property, {2}, "the key goes before the property", {1, 2})
        check("rule" in state.home(nic.address)[1], f"whose word it was: {state.home(nic.address)}")
        if not turn:
            before = set(nic.irqs())
            rig.remove(*nics, at_once=True)
    print(f"         IRQs of the first: {sorted(before)}, then {nic.irqs()}")
    check(before != set(nic.irqs()), "the numbers are the same")

    # the rules go: now the property counts, and what fires goes where it belongs, and stays there under load
    noise = Noise(rig, "n1p2").start()
    daemon.configure(CONFIG + "threshold = 1\nload-limit = 100\nnon-local-cpus = y\n")
    check("reloaded" in daemon.reload(), "the reload failed")
    firing = noise.heard(nic, with_property, igb)
    daemon.wait_state(lambda state: state.home(with_property.address)[0] == {1}, "home by the property")
    own = firing & set(with_property.irqs())
    wait_until(lambda: all(rig.affinities()[irq] == "1" for irq in own), "IRQs of the device with the property on CPU 1")

    # a pin moves at once, whatever it was; it holds for the slot
    irq = nic.irqs()[1]
    rig.run(f"irqherdctl irq {irq} pin 0; irqherdctl --persist -c {daemon.folder}/conf irq {nic.irqs()[2]} pin 3")
    wait_until(lambda: where(rig, nic)[1] == {0} and where(rig, nic)[2] == {3}, "the pinned IRQs to be there")
    check("/2=3" in rig.get(f"{daemon.folder}/conf.conf.d/90-irqherdctl.conf"), "nothing was written down")
    rig.remove(nic, at_once=True)
    (other, nic), state = plug(("virtio-net-pci", "n0p1"), ("e1000e", "n1p0"))
    check(set(other.irqs()) | set(nic.irqs()) >= {irq}, f"IRQ {irq} is nobody's")
    check_kept(rig, nic, {0}, "pinned, plugged in again", {1})
    check_kept(rig, nic, {3}, "pinned for good, plugged in again", {2})
    # a CPU with all of the load keeps what belongs there
    begin = daemon.mark()
    daemon.wait_rounds(6)
    pinned = set(nic.irqs()[1:])
    strangers = [move for move in daemon.moves(begin) if move[0] in pinned and move[3] in ("overloaded", "gain")]
    check_equal(strangers, [], "moves for load of what has its CPU")

    # the next start knows what was written down, and only that
    noise.stop()
    daemon.stop()
    daemon.configure(CONFIG)  # nothing moves for load
    daemon.start()
    state = daemon.wait_quiet()
    rig.run(f"echo {nic.address} > /sys/bus/pci/drivers/e1000e/unbind; echo {nic.address} > /sys/bus/pci/drivers/e1000e/bind")
    nic.find().up()
    daemon.wait_quiet()
    check_kept(rig, nic, {3}, "pinned for good, after a new start", {2})
    check_kept(rig, nic, {2, 3}, "pinned until the end, after it", {1})
    rig.run(f"irqherdctl --persist -c {daemon.folder}/conf irq {nic.irqs()[2]} release")
    check("/2=3" not in rig.get(f"{daemon.folder}/conf.conf.d/90-irqherdctl.conf"), "a release is not written down")
