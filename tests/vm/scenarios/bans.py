"""Banned IRQs are never written, over removal, return, reused numbers, rescan and reload, while their neighbours are placed."""

from rig import check, check_equal, check_placed

TOPOLOGY = "steady"

NODE1 = {2, 3}
# a virtio-net adapter has its vectors long before udevd has done with its name
SLOW_NAMES = 'SUBSYSTEM=="net", ACTION=="add", PROGRAM="/usr/bin/sleep 0.3"\n'


def address_of(port):
    """Of a device in a port behind node 1's expander, which needs not be there."""
    return f"0000:8{int(port[-1]) + 1}:00.0"


def vector(nic, index):
    return nic.irqs()[index]


class Machine:
    def __init__(self, rig, daemon):
        self.rig, self.daemon = rig, daemon

    def plug(self, *models):
        """(model, port) of each: one after the other by port, then up. Answers the NICs as they were named and the IRQs
        that were written since."""
        written = len(self.daemon.writes())
        nics = {port: self.rig.add_nic(model, port) for model, port in sorted(models, key=lambda one: one[1])}
        return self.placed([nics[port] for _, port in models], written)

    def placed(self, nics, written):
        for nic in nics:
            nic.up()
        self.rig.settle()
        self.state = self.daemon.wait_quiet()
        return nics, {irq for irq, _, _ in self.daemon.writes()[written:]}

    def check(self, how, nic, banned, written):
        """Of a NIC's IRQs these were left alone, and all others of it were placed."""
        active = set(nic.active_irqs())
        check(active and banned <= active, f"{how}: the {nic.model} has IRQs {active}, not {banned}")
        check_equal(written & banned, set(), f"{how}: IRQs of the {nic.model} that are banned and were written")
        rows = self.state.rows(nic.address)
        if "left alone (IRQHERD_IGNORE)" not in self.state.device(nic.address):
            check_equal({irq for irq in active if "banned" in rows[irq]["action"]}, banned, f"{how}: IRQs called banned")
        if not banned:
            check_placed(self.rig, nic, self.state, NODE1)
        if nic.model != "virtio-net-pci":  # whose driver makes masks of its own, which may be good
            check_equal(written & active, active - banned, f"{how}: IRQs of the {nic.model} that were written")


def run(rig):
    rig.run("echo 1 > /proc/irq/default_smp_affinity")  # CPU 0: whatever arrives at node 1 has to be moved
    by_name = f"ens{rig.slots['n1p2']}"
    rig.put("/run/udev/rules.d/00-slow.rules", SLOW_NAMES)
    rig.run("udevadm control --reload")
    daemon = rig.daemon(f"ban-driver = igb\nban-irq = *-tx-? {address_of('n1p1')}/2\nban-device = {by_name}\n", traced=True)
    machine = Machine(rig, daemon)
    before = rig.affinities()

    # driver; action name and slot; network device. Again in other ports, and with others' numbers
    numbers = []
    for ports in (("n1p0", "n1p1", "n1p2"), ("n1p2", "n1p1", "n1p0")):
        models = ("igb", "e1000e", "virtio-net-pci")
        nics, written = machine.plug(*zip(models, ports))
        named = nics[ports.index("n1p2")]
        check_equal(named.netdev(), by_name, "name of the network device")
        numbers.append([set(nic.irqs()) for nic in nics])
        tx = {irq for irq, name in rig.actions().items() if name.endswith("-tx-0") and irq in nics[1].irqs()}
        check_equal(len(tx), 1, "IRQs of a transmit queue")
        machine.check("driver", nics[0], set(nics[0].active_irqs()), written)
        machine.check("action and slot", nics[1], tx | {vector(nics[1], 2)}, written)
        machine.check("network device", nics[2], set(nics[2].active_irqs()) if named is nics[2] else set(), written)
        rig.check_untouched(before)
        rig.remove(*nics, at_once=True)
    print(f"         numbers: {[[sorted(one) for one in turn] for turn in numbers]}")
    check(numbers[0][0] & (numbers[1][1] | numbers[1][2]), f"no number went to another device: {numbers}")

    # a reload with other bans: address, vendor and device, property
    rig.put("/run/udev/rules.d/90-test.rules",
            f'SUBSYSTEM=="pci", KERNEL=="{address_of("n1p2")}", ENV{{IRQHERD_IGNORE}}="1"\n')
    rig.run("udevadm control --reload")
    daemon.configure(f"ban-device = {address_of('n1p0')[:-1]}* 8086:10c9\n")
    check("reloaded" in daemon.reload(), "the reload failed")
    nics, written = machine.plug(("e1000e", "n1p0"), ("igb", "n1p1"), ("e1000e", "n1p2"))
    for how, nic in zip(("address", "vendor:device", "property"), nics):
        machine.check(how, nic, set(nic.active_irqs()), written)

    # removed and found again by a rescan of the bus, and after a reload that changes nothing
    daemon.reload()
    since = len(daemon.writes())
    for nic in nics:
        rig.run(f"echo 1 > {nic.path}/remove")
    rig.run("echo 1 > /sys/bus/pci/rescan")
    nics, written = machine.placed([nic.find() for nic in nics], since)
    for how, nic in zip(("address", "vendor:device", "property"), nics):
        machine.check(f"{how}, rescan", nic, set(nic.active_irqs()), written)
    rig.check_untouched(before)
    rig.remove(*nics, at_once=True)

    # at run time: what was placed is banned, and holds for the slot when others take its number
    daemon.configure("")
    daemon.reload()
    (nic,), written = machine.plug(("e1000e", "n1p0"))
    machine.check("no ban", nic, set(), written)
    irq = vector(nic, 0)
    rig.run(f"irqherdctl irq {irq} ban")
    rig.remove(nic, at_once=True)
    (other, nic), written = machine.plug(("virtio-net-pci", "n1p1"), ("e1000e", "n1p0"))
    check(irq in other.irqs() or vector(nic, 0) == irq, f"IRQ {irq} is nobody's")
    machine.check("run time, the slot", nic, {vector(nic, 0)}, written)
    machine.check("run time, another slot", other, set(), written)
    rig.check_untouched(before)
