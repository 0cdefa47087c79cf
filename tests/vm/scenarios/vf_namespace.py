"""A VF, and a NIC, that are set up and reconfigured inside of a network namespace, unseen, are known two rounds after they fire."""

from rig import Device, check, check_equal, wait_until

TOPOLOGY = "steady"

VFS = 2
ROUNDS = 2


def vf(rig, nic, number):
    address = rig.run(f"basename $(readlink -f {nic.path}/virtfn{number})").strip()
    device = Device(rig, None, address)
    wait_until(lambda: rig.try_run(f"ls {device.path}/net")[1].strip(), "the VF's network device")
    rig.settle()
    return device, rig.run(f"ls {device.path}/net").strip()


def in_namespace(rig, command):
    return rig.run(f"ip netns exec apart {command}")


def known_as_used(state, device):
    return {irq for irq, row in state.rows(device.address).items() if "not in use" not in row["action"]}


def check_known(rig, daemon, device, what):
    """All that fired since it was made is known to be in use, two rounds after it fired."""
    active = set(device.active_irqs())
    check(active, f"{what}: no IRQ in use")

    def fired():
        before = rig.counts()
        rig.run("sleep 1")
        return {irq for irq, count in rig.counts().items() if irq in active and count > before[irq]}

    growing = wait_until(fired, f"{what}: an interrupt")
    state = daemon.wait_rounds(ROUNDS)
    known = known_as_used(state, device)
    print(f"         {what}: in use {sorted(active)}, growing {sorted(growing)}, known {sorted(known)}")
    check(growing <= known, f"{what}: IRQs {growing - known} fire and are not known:\n{state.device(device.address)}")
    # who reads one vector of a device reads the device
    check(active <= known, f"{what}: IRQs {active - known} of the same device are not known:\n"
          f"{state.device(device.address)}")
    check_equal(known - active, set(), f"{what}: IRQs that are not in use any more")


def run(rig):
    daemon = rig.daemon("short-interval = 1\nlong-interval = 1\n")
    nic = rig.add_nic("igb", "n1p0").up()
    rig.run("ip netns add apart")
    rig.run(f"echo {VFS} > {nic.path}/sriov_numvfs")
    vfs = [vf(rig, nic, number) for number in range(VFS)]
    state = daemon.wait_quiet()
    for device, _ in vfs:
        check_equal(state.home(device.address), ({2, 3}, "node 1 (sysfs)"), "home of a VF")
        check_equal(sorted(state.rows(device.address)), device.irqs(), "vectors of a VF")

    device, name = vfs[0]
    rig.run(f"ip link set {name} netns apart")
    daemon.wait_quiet()
    in_namespace(rig, f"ip link set {name} up")
    check_known(rig, daemon, device, "VF up in a namespace")
    daemon.wait_quiet()
    for turn in range(2):
        in_namespace(rig, f"sh -c 'ip link set {name} down; ip link set {name} mtu 140{turn}; ip link set {name} up'")
        check_known(rig, daemon, device, f"VF down and up, {turn}")
    check_equal(daemon.state().home(device.address)[0], {2, 3}, "home of the VF in a namespace")

    # a whole NIC, whose vectors are made anew there
    other = rig.add_nic("igb", "n1p1")
    name = other.netdev()
    rig.run(f"ip link set {name} netns apart")
    in_namespace(rig, f"ip link set {name} up")
    check_known(rig, daemon, other, "NIC up in a namespace")
    for channels in (2, 4):
        daemon.wait_quiet()
        in_namespace(rig, f"ethtool -L {name} combined {channels}")
        check_known(rig, daemon, other, f"NIC with {channels} channels in a namespace")
    check_equal(daemon.state().home(other.address)[0], {2, 3}, "home of the NIC in a namespace")
    check("moved by others" not in daemon.log() and "moved by somebody" not in daemon.log(),
          "what the driver did in the namespace was taken for a foreign hand")

    rig.run(f"ip netns exec apart ip link set {vfs[0][1]} netns 1; ip netns exec apart ip link set {name} netns 1")
    other.find()
    rig.run(f"echo 0 > {nic.path}/sriov_numvfs")
    daemon.wait_state(lambda state: not any(state.device(device.address) for device, _ in vfs), "the VFs to go")
