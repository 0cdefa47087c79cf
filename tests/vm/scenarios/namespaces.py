"""A NIC, and a VF, that move into a network namespace and are set up there stay known with their IRQs."""

from rig import check, check_placed

TOPOLOGY = "steady"


def run(rig):
    daemon = rig.daemon()
    nic = rig.add_nic("igb", "n1p0")
    nic.up()
    rig.run("ip netns add apart")

    name = nic.netdev()
    rig.run(f"ip link set {name} netns apart && ip netns exec apart ip link set {name} up")
    state = daemon.wait_quiet()
    active = set(nic.active_irqs())
    check(active and active <= set(state.rows(nic.address)), "the IRQs of the NIC that went away are not known")
    rig.run(f"ip netns exec apart ip link set {name} netns 1")
    nic.find().up()
    check_placed(rig, nic, daemon.wait_quiet(), {2, 3})

    rig.run(f"echo 1 > {nic.path}/sriov_numvfs")
    rig.settle()
    address = rig.run(f"basename $(readlink -f {nic.path}/virtfn0)").strip()
    name = rig.run(f"ls /sys/bus/pci/devices/{address}/net").strip()
    rig.run(f"ip link set {name} netns apart")
    daemon.wait_quiet()
    rounds = daemon.counters()["rounds"]
    rig.run(f"ip netns exec apart ip link set {name} up")
    rig.run(f"ip netns exec apart ip link set {name} mtu 1400")

    def active_irqs():
        actions = rig.actions()
        return {int(irq) for irq in rig.run(f"ls /sys/bus/pci/devices/{address}/msi_irqs").split()
                if int(irq) in actions}

    state = daemon.wait_rounds(3)
    rows = state.rows(address)
    growing = {irq for irq in active_irqs() if count_of(rig, irq)}
    check(growing <= {irq for irq in rows if "not in use" not in rows[irq]["action"]},
          f"VF's IRQs in use that fired are not known after {state.counters['rounds'] - rounds} rounds:\n"
          f"{state.device(address)}")
    rig.run(f"echo 0 > {nic.path}/sriov_numvfs")
    daemon.wait_state(lambda state: not state.device(address), "the VF to go")


def count_of(rig, irq):
    return sum(map(int, rig.get(f"/sys/kernel/irq/{irq}/per_cpu_count").strip().split(",")))
