"""--oneshot measures and decides by load, once; looking only writes nothing; and the exit code says how it went."""

import re

from noise import Noise
from rig import check, check_equal, wait_until

TOPOLOGY = "steady"

CONFIG = "threshold = {}\nload-limit = 100\nstrategy = max\nshort-interval = 3\n"
HOT = 2


def once(rig, threshold, options=""):
    """(exit code, output, IRQs that were written) of one run; with its whole output in `options` by -v."""
    rig.put("/run/once", CONFIG.format(threshold))
    rig.run("rm -f /run/once.trace")
    code, text = rig.try_run("strace -D -f -qq -y --seccomp-bpf -e trace=write -o /run/once.trace "
                             f"irqherd --oneshot -c /run/once -p /run/once.pid {options}")
    wait_until(lambda: rig.try_run("pidof strace")[0] != 0, "strace's end")
    return code, text, [int(irq) for irq in re.findall(r"/irq/(\d+)/smp_affinity", rig.get("/run/once.trace"))]


def run(rig):
    nic, noise = rig.add_nic("igb", "n1p0").up(), Noise(rig, "n0p0")
    for irq in rig.actions():
        rig.try_run(f"echo {HOT if irq in nic.irqs() else 0} > /proc/irq/{irq}/smp_affinity_list")

    # no load: what is there stays, however it is spread
    rig.run("sleep 3")
    before = rig.affinities()
    code, text, writes = once(rig, 20)
    check_equal((code, writes), (0, []), f"exit code and writes without load\n{text}")
    rig.check_untouched(before)

    # one CPU of node 1 has all of the load
    noise.start(delay_ns=300000)
    firing = noise.heard(nic) & set(nic.irqs())
    noise.took_effect(firing)
    loads = rig.cpu_loads(4, softirq=True)
    threshold = int(loads[HOT] / 2)
    print(f"         softirq of CPUs 0-3: {' '.join(f'{loads[cpu]:.0f}' for cpu in range(4))}, threshold {threshold}")
    check(threshold >= 2, f"CPU {HOT} has no load")
    check(len(firing) >= 2, f"IRQs that fire: {firing}")
    for options in ("--dry-run", "--dry-run -v"):
        code, text, writes = once(rig, threshold, options)
        check_equal((code, writes), (0, []), f"exit code and writes with {options}")
        check(re.search(rf"would move IRQ \d+ from CPU {HOT} to CPU 3", text), f"no plan with {options}:\n{text}")
    check(nic.address in text, f"the machine is not shown:\n{text}")
    rig.check_untouched(before)
    code, text, writes = once(rig, threshold)
    check_equal(code, 0, f"exit code under load\n{text}")
    check_equal(len(writes), 1, f"writes of one round: {writes}\n{text}")
    check(set(writes) <= firing, f"an idle IRQ was written: {writes} of {firing}")
    check_equal({rig.affinities()[irq] for irq in writes}, {"3"}, "where it went")
    rig.check_untouched(before, but=set(writes))
    # too little load for a higher threshold: nothing again
    code, text, writes = once(rig, 100)
    check_equal((code, writes), (0, []), "exit code and writes below the threshold")

    # the whole loop, observing only
    for config, arguments in (("", "-v --dry-run"), ("mode = observe\n", "-v")):
        rig.run(f"echo {HOT} > /proc/irq/{min(firing)}/smp_affinity_list")
        before = rig.affinities()
        daemon = rig.daemon(CONFIG.format(threshold) + config, arguments=arguments, traced=True)
        daemon.wait_log(rf"^would move IRQ \d+ from CPU {HOT} to CPU 3")
        daemon.stop()
        check_equal(daemon.writes(), [], f"writes with {config}{arguments}")
        rig.check_untouched(before)
    noise.stop()

    # exit codes: usage, configuration, no right to write
    rig.put("/run/broken", "thresold = 5\n")
    readonly = "mount -o bind /proc/irq /proc/irq && mount -o remount,ro,bind /proc/irq"
    unshare = "busybox unshare -m sh -c"
    for command, wanted in (("irqherd --nonsense", 2), ("irqherd -f -c /run/missing", 1),
                            ("irqherd --check-config -c /run/broken", 1), ("irqherd --check-config -c /run/once", 0),
                            ("irqherd -f -c /run/broken -p /run/once.pid", 1),
                            ("setpriv --reuid 65534 --clear-groups irqherd --oneshot -c /run/once -p /tmp/once.pid", 77),
                            (f"{unshare} '{readonly} && irqherd -f -c /run/once -p /run/once.pid'", 77),
                            (f"{unshare} '{readonly} && irqherd --oneshot --dry-run -c /run/once -p /run/once.pid'", 0),
                            ("irqherdctl status", 3), ("irqherdctl nonsense", 2)):
        code, text = rig.try_run(command)
        check_equal(code, wanted, f"exit code of {command}\n{text}")
        check(code == 0 or text.strip(), f"{command}: nothing is said")
