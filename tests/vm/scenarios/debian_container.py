"""The container image, run with what the DaemonSet grants, places a new adapter's IRQs and can change nothing else."""

import re

from rig import State, check, check_equal, cpus_of, wait_until

TOPOLOGY = "debian"


def run(rig):
    rig.run("mkdir -p /run/irqherd && tar -C /run -xf /payload/bundle.tar")
    # not to the journal: the runtime moves the process out of the unit's control group, by which its lines are found
    rig.run("systemd-run --quiet --unit=pod --property=Type=exec --property=StandardOutput=append:/run/pod.log "
            "--property=StandardError=append:/run/pod.log crun run --bundle /run/bundle pod")

    def log():
        return rig.try_run("cat /run/pod.log")[1]

    def state():
        begin = len(log())
        rig.run("crun kill pod USR1")
        wait_until(lambda: "\nrounds=" in log()[begin:], f"irqherd's state in {log()}")
        return State(log()[begin:])

    def runs():
        check(rig.try_run("systemctl is-failed pod.service")[0] != 0, f"the runtime failed: {log()}")
        return re.search(r"^started: .*mode=apply", log(), re.MULTILINE)

    wait_until(runs, "its start")
    rig.put("/etc/udev/rules.d/91-site.rules",
            'SUBSYSTEM=="pci", ATTR{device}=="0x10c9", ENV{IRQHERD_NODE}="0"\n')
    rig.run("udevadm control --reload")
    before = rig.affinities()
    others = set(rig.actions())
    nic = rig.add_nic("igb", "n1p2").up()
    wait_until(lambda: re.search(rf"^moved IRQ \d+ .*device={nic.address}.* reason=arrival", log(), re.MULTILINE),
               "a move on arrival")
    wait_until(lambda: all(cpus_of(rig.affinities()[irq]) <= {0, 1} for irq in nic.active_irqs()),
               "all IRQs of the adapter on node 0")
    home, origin = state().home(nic.address)
    check_equal(home, {0, 1}, f"home by the host's udev rule ({origin})")
    rig.check_untouched(before, but=set(nic.irqs()) - others)

    # the engine's own /proc/irq is covered, the rest of the host's /proc is read-only
    for path in ("/proc/irq/1/smp_affinity_list", "/herd/proc/sys/kernel/printk", "/herd/sys/kernel/uevent_helper"):
        code, said = rig.try_run(f"crun exec pod /bin/busybox sh -c 'exec 3>>{path}'")
        check(code != 0 and "Read-only" in said, f"{path} can be written: {said}")
    rig.run("crun kill pod TERM")
    wait_until(lambda: rig.try_run("systemctl is-active pod.service")[1].strip() in ("inactive", "failed"), "its end")
    check_equal(rig.run("systemctl show -P Result pod.service").strip(), "success", "the end")
    rig.run("rm -rf /run/bundle /run/pod.log /etc/udev/rules.d/91-site.rules; udevadm control --reload")
