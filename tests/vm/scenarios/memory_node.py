"""A device on a node without CPUs, by the kernel's word or by a rule, has the nearest node's CPUs as its home."""

from rig import check, check_equal, check_placed

TOPOLOGY = "threads"
NEAREST = {4, 5, 6, 7}  # node 1 is nearer to node 2 than node 0 is


def run(rig):
    check_equal(rig.get("/sys/devices/system/node/node2/cpulist").strip(), "", "CPUs of node 2")
    rig.run("echo 1 > /proc/irq/default_smp_affinity")  # so that every queue is ours to place
    ruled = rig.nics["cold0"].up()
    rig.put("/run/proximity", f"{ruled.address} node 2\n")
    daemon = rig.daemon("pxm = /run/proximity\n")
    state = daemon.wait_quiet()
    check_equal(state.home(ruled.address), (NEAREST, "node 2 (proximity file, line 1; nearest usable CPUs)"), "home")

    nic = rig.add_nic("igb", "n2p0")
    check_equal(nic.node(), 2, "node by the kernel's word")
    nic.up()
    state = daemon.wait_quiet()
    check_equal(state.home(nic.address), (NEAREST, "node 2 (sysfs; nearest usable CPUs)"), "home")
    check_placed(rig, nic, state, NEAREST)

    # the nearest changes with the CPUs
    rig.run("for i in 4 5 6 7; do echo 0 > /sys/devices/system/cpu/cpu$i/online; done")
    state = daemon.wait_state(lambda state: state.home(nic.address)[0] == {0, 1, 2, 3}, "the next nearest node")
    rig.run("for i in 4 5 6 7; do echo 1 > /sys/devices/system/cpu/cpu$i/online; done")
    state = daemon.wait_state(lambda state: state.home(nic.address)[0] == NEAREST, "the nearest node again")
    check(daemon.alive(), "irqherd died")
