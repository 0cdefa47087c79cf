"""A CPU that is plugged in and set online is known with its node, is used by what arrives, and may go again."""

from rig import check, check_equal, check_placed, cpus_of, wait_until

TOPOLOGY = "spare_cpus"
KERNELS = ("6.1",)  # newer ones refuse CPUs that firmware did not announce in the way that QEMU does


def run(rig):
    check_equal(rig.get("/sys/devices/system/cpu/online").strip(), "0-3", "CPUs at first")
    rig.run("echo 1 > /proc/irq/default_smp_affinity")
    daemon = rig.daemon(traced=True)
    daemon.wait_quiet()
    before = rig.affinities()

    # the third socket belongs to node 0, whose CPUs are 0 and 1
    rig.device_add("max-x86_64-cpu", id="spare", **{"socket-id": 2, "core-id": 0, "thread-id": 0})
    rig.run("until [ -e /sys/devices/system/cpu/cpu4 ]; do sleep 0.1; done; "
            "[ $(cat /sys/devices/system/cpu/cpu4/online) = 1 ] || echo 1 > /sys/devices/system/cpu/cpu4/online")
    daemon.wait_log(r"^CPU online: cpu=4")
    home = cpus_of(rig.get("/sys/devices/system/node/node0/cpulist"))
    check_equal(home, {0, 1, 4}, "CPUs of node 0")
    state = daemon.wait_quiet()
    check_equal(state.home(rig.nics["cold0"].address)[0], home, "home of what is on that node")
    virtio = set(rig.nics["cold1"].irqs())
    rig.check_untouched(before, but=virtio)
    check_equal([write for write in daemon.writes() if write[0] not in virtio], [], "writes for a CPU that came")

    nic = rig.add_nic("igb", "n0p0")
    nic.up()
    state = daemon.wait_quiet()
    check_placed(rig, nic, state, home)
    masks = {irq: rig.affinities()[irq] for irq in nic.active_irqs()}
    check("4" in masks.values(), f"the new CPU is not used: {masks}")

    rig.run("echo 0 > /sys/devices/system/cpu/cpu4/online")
    rig.qmp("device_del", id="spare")
    # QEMU itself now and then never says that it is gone
    wait_until(lambda: rig.try_run("[ -e /sys/devices/system/cpu/cpu4 ]")[0] != 0, "the guest to let go of the CPU")
    daemon.wait_log(r"^CPU offline: cpu=4")
    state = daemon.wait_quiet()
    check_equal(state.home(nic.address)[0], {0, 1}, "home without the CPU")
    check(daemon.alive(), "irqherd died")
