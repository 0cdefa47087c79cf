#!/usr/bin/env python3
"""With a udevd of its own: properties set by a rule decide a device's home, and `udevadm trigger`
has that one device read again."""

import pathlib

import rig

RULES = pathlib.Path("/run/udev/rules.d/90-test.rules")


def rule(device, assignments):
    return f'SUBSYSTEM=="pci", KERNEL=="{device}", {assignments}\n'


def set_rule(device, assignments):
    RULES.write_text(rule(device, assignments))
    rig.run("udevadm", "control", "--reload")


def trigger(device):
    rig.run("udevadm", "trigger", "--action=change", str(rig.PCI / device))
    rig.run("udevadm", "settle", "--timeout=30")


def wait_section(daemon, device, text):
    rig.wait_until(lambda: text in daemon.section(device), f"{text!r} in the dump of {device}",
                   pause_s=0.5)


def test(program):
    rig.isolate()
    rng = rig.Rng()
    udevd = rig.start_udevd(rule(rng.device, 'ENV{IRQHERD_CPUS}="0-0"'))
    try:
        trigger(rng.device)
        with rig.keep_affinities(), rng.rebinding(), \
                rig.Daemon(program, "mode = observe\n", ["-v"]) as daemon:
            wait_section(daemon, rng.device, "home CPUs 0: ")
            before = daemon.wait_quiet()

            set_rule(rng.device, 'ENV{IRQHERD_CPUS}="1"')
            trigger(rng.device)
            wait_section(daemon, rng.device, "home CPUs 0: ")  # "1" is a hex mask: CPU 0

            set_rule(rng.device, 'ENV{IRQHERD_CPUS}="0-1"')
            begin = daemon.mark()
            trigger(rng.device)
            daemon.wait_log(rf"device has a new home: device={rng.device}", begin)
            wait_section(daemon, rng.device, "home CPUs 0-1: ")

            set_rule(rng.device, 'ENV{IRQHERD_CPUS}="", ENV{IRQHERD_NODE}="0"')
            trigger(rng.device)
            wait_section(daemon, rng.device, "node 0")

            set_rule(rng.device, 'ENV{IRQHERD_IGNORE}="1"')
            trigger(rng.device)
            wait_section(daemon, rng.device, "left alone")

            after = daemon.wait_quiet()
            read = after["devices-read"] - before["devices-read"]
            vectors = after["irqs-read"] - before["irqs-read"]
            print(f"four triggers: {read} readings of devices, {vectors} of IRQs")
            rig.check(0 < vectors <= read * len(rng.vectors()), "other devices were read as well")

            # a new device waits for what its rule says
            set_rule(rng.device, 'ENV{IRQHERD_IGNORE}="", ENV{IRQHERD_CPUS}="0-0"')
            begin = daemon.mark()
            rng.unbind()
            rng.bind()
            daemon.wait_log(rf"IRQ (arrived|made anew|taken into use): .*device={rng.device}", begin)
            wait_section(daemon, rng.device, "home CPUs 0: ")
            rig.check(daemon.stop() == 0, "stop is an error")
    finally:
        rig.end(udevd)


rig.main(test)
