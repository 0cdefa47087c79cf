"""With SMT switched off nothing is left on second threads, and with SMT on again they are used after the cores."""

from noise import Noise
from rig import check, check_equal, cpus_of, wait_until

TOPOLOGY = "threads"
KERNELS = ("6.12",)  # older ones say that the emulated CPUs have no SMT to switch
CONTROL = "/sys/devices/system/cpu/smt/control"
FIRST, SECOND = {4, 6}, {5, 7}  # threads of node 1's cores


def queue_cpus(rig, nic, state):
    """CPU of each queue's IRQ: where the mask says, if it is of one CPU."""
    masks, effective = rig.affinities(), rig.effective()
    cpus = []
    for irq, row in state.rows(nic.address).items():
        if row["queue"] != "-":
            cpus += cpus_of(masks[irq]) if len(cpus_of(masks[irq])) == 1 else effective[irq]
    return cpus


def run(rig):
    check_equal(rig.get(CONTROL).strip(), "on", "SMT")
    siblings = rig.get("/sys/devices/system/cpu/cpu4/topology/thread_siblings_list").strip()
    check_equal(cpus_of(siblings), {4, 5}, "threads of a core")
    rig.run("echo 1 > /proc/irq/default_smp_affinity")  # so that every queue is ours to place
    noise = Noise(rig)
    daemon = rig.daemon("cooldown = 2\n")
    nic = rig.add_nic("igb", "n1p0")
    nic.up()
    noise.start()
    firing = noise.heard(nic) & set(nic.irqs())
    state = daemon.wait_quiet()
    noise.took_effect(firing)
    cpus = queue_cpus(rig, nic, state)
    print(f"         CPUs of {len(cpus)} queues: {sorted(cpus)}")
    check(set(cpus) == FIRST | SECOND if len(cpus) >= 4 else set(cpus) <= FIRST, f"queues are on {cpus}")
    before = rig.affinities()
    on_second = {irq for irq, found in rig.effective().items() if not found <= {0, 2} | FIRST}
    on_second |= {irq for irq, mask in before.items() if not cpus_of(mask) & ({0, 2} | FIRST)}

    rig.run(f"echo off > {CONTROL}")
    state = daemon.wait_state(lambda state: state.home(nic.address)[0] == FIRST, "the home without second threads")
    wait_until(lambda: all(rig.effective()[irq] <= FIRST for irq in firing), "what fires to be at home")
    daemon.wait_rounds(3)
    check("external" not in daemon.state().device(nic.address), f"a foreign hand is seen:\n{daemon.state().text}")
    # virtio-net makes masks of its own when CPUs go and come
    virtio = set(rig.nics["cold1"].irqs())
    rig.check_untouched(before, but=on_second | virtio)

    before = rig.affinities()
    rig.run(f"echo on > {CONTROL}")
    daemon.wait_state(lambda state: state.home(nic.address)[0] == FIRST | SECOND, "the home with second threads")
    daemon.wait_rounds(3)
    # nothing has a reason to go back; what fires for the first time since then goes home
    rig.check_untouched(before, but=on_second - firing | virtio)
    other = rig.add_nic("igb", "n1p1")
    other.up()
    cpus = queue_cpus(rig, other, daemon.wait_quiet())
    print(f"         CPUs of {len(cpus)} queues: {sorted(cpus)}")
    check(len(cpus) < 4 or set(cpus) & SECOND, f"second threads are not used again: {cpus}")
    check(daemon.alive(), "irqherd died")
