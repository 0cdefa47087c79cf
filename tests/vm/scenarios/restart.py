"""Stopped or killed at any point of an arrival, the next start takes over what it finds and moves nothing for it."""

import re

from rig import check, check_equal, check_placed, wait_until

TOPOLOGY = "steady"

PORT, SLOT = "n1p0", "0000:81:00.0"
DEVICE = f"/sys/bus/pci/devices/{SLOT}"

# signal, what has just happened when it is sent, as a condition in the guest's shell
POINTS = (
    ("KILL", "the device is there", f"[ -e {DEVICE} ]"),
    ("KILL", "it has vectors", f"[ -e {DEVICE}/msi_irqs ]"),
    ("TERM", "its network device is there", f"ls {DEVICE}/net/* >/dev/null 2>&1"),
    ("KILL", "a vector is in use", f"grep -qs . $(ls {DEVICE}/msi_irqs | sed 's,.*,/sys/kernel/irq/&/actions,')"),
    ("KILL", "the first IRQ was moved", "grep -q '^moved' {log}"),
)


def check_files(rig, when):
    """What is kept for the next start is whole."""
    code, text = rig.try_run("cat /run/irqherd/originals")
    if code == 0:
        check(re.fullmatch(r"irqherd originals [0-9a-f-]{36}\n(\d+ [0-9a-f]{16} [0-9,-]+\n)*", text),
              f"{when}, half-written: {text!r}")


def run(rig):
    rig.run("echo 1 > /proc/irq/default_smp_affinity")  # CPU 0: every IRQ of the NIC has to be moved
    for signal, when, condition in POINTS:
        first = rig.daemon()
        before = rig.affinities()
        watched = condition.replace("{log}", f"{first.folder}/log")
        rig.run(f"(until {watched}; do sleep 0.01; done; kill -{signal} {first.pid}) >/dev/null 2>&1 &")
        nic = rig.add_nic("igb", PORT, wait=False)
        nic.up()
        wait_until(lambda: not first.alive(), f"irqherd's end when {when}")
        check_files(rig, when)

        nic.find()
        in_use = set(rig.actions())
        second = rig.daemon(traced=True)
        known = in_use & set(rig.actions())
        state = second.wait_rounds(2)
        check_equal(set(state.rows(nic.address)), set(nic.irqs()), f"{when}: IRQs known to the second")
        writes = second.writes()
        check({irq for irq, _, _ in writes} <= set(nic.irqs()) - known,
              f"{when}: the second start wrote to IRQs {known} that it found: {writes}")
        rig.check_untouched(before)
        check_files(rig, when)

        # it is as good as the first for what comes now
        rig.run(f"echo {nic.address} > /sys/bus/pci/drivers/igb/unbind; echo {nic.address} > /sys/bus/pci/drivers/igb/bind")
        nic.up()
        second.wait_state(lambda state: set(nic.active_irqs()) <= {irq for irq, _, _, _ in second.moves()},
                          f"{when}: the bound NIC's IRQs to be placed")
        check_placed(rig, nic, second.state(), {2, 3})
        second.stop()
        check_equal(rig.try_run(f"ls {second.folder}/pid")[0] != 0, True, "pid file gone after an orderly stop")
        rig.check_untouched(before)
        rig.remove(nic, at_once=True)
