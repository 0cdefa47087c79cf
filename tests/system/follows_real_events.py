#!/usr/bin/env python3
"""Without udevd: network devices come, change and go, a driver is bound again, and only what an
event names is read again."""

import re

import rig


def netdev_events(daemon):
    begin = daemon.mark()
    rig.run("ip", "link", "add", "herd0", "numrxqueues", "4", "numtxqueues", "4", "type", "veth",
            "peer", "name", "herd1")
    daemon.wait_log(r"network device arrived: netdev=herd0 .*rx-queues=\d+", begin)
    daemon.wait_log(r"network device arrived: netdev=herd1", begin)

    begin = daemon.mark()
    rig.run("ip", "link", "set", "herd0", "up")
    daemon.wait_log(r"network device up: netdev=herd0", begin)
    rig.run("ip", "link", "set", "herd0", "down")
    daemon.wait_log(r"network device down: netdev=herd0", begin)

    begin = daemon.mark()
    rig.run("ethtool", "-L", "herd0", "rx", "4", "tx", "4")
    rig.run("ethtool", "-L", "herd0", "rx", "2", "tx", "2")
    daemon.wait_log(r"network device has other queues: netdev=herd0 .*rx-queues=2 tx-queues=2",
                    begin)

    begin = daemon.mark()
    rig.run("ip", "link", "set", "herd0", "name", "herd9")
    daemon.wait_log(r"network device renamed: netdev=herd9", begin)

    begin = daemon.mark()
    rig.run("ip", "link", "delete", "herd9")
    daemon.wait_log(r"network device gone: netdev=herd9|network device gone: ifindex", begin)
    rig.check("herd" not in daemon.dump(), "a network device is left over")


def no_pci_device_is_read_for_virtual_ones(daemon, before):
    after = daemon.wait_quiet()
    for counter in ("devices-read", "irqs-read"):
        rig.check(after[counter] == before[counter],
                  f"{counter} grew from {before[counter]} to {after[counter]}")


def driver_is_bound_again(daemon, rng):
    other = sum(1 for path in rig.PCI.iterdir() if path.name != rng.device)
    before = daemon.wait_quiet()
    begin = daemon.mark()
    rng.unbind()
    daemon.wait_log(rf"IRQ gone: .*device={rng.device}", begin)
    rig.check(f"\n{rng.device} " not in daemon.dump(), "vectors are left")

    begin = daemon.mark()
    rng.bind()
    for irq in rng.vectors():
        daemon.wait_log(rf"IRQ (arrived|made anew|taken into use): irq={irq} device={rng.device}", begin)
    after = daemon.wait_quiet()
    section = daemon.section(rng.device)
    for irq in rng.vectors():
        rig.check(re.search(rf"^\s+{irq}\s", section, re.MULTILINE), f"IRQ {irq} is not known")

    read = after["devices-read"] - before["devices-read"]
    vectors = after["irqs-read"] - before["irqs-read"]
    print(f"unbind and bind: {read} readings of devices, {vectors} of IRQs")
    rig.check(read > 0, "nothing was read")
    rig.check(vectors <= read * len(rng.vectors()), "IRQs of other devices were read")
    read_again = re.findall(r"device=(\S+)", daemon.log(begin))
    rig.check(set(read_again) <= {rng.device}, f"others changed as well: {read_again}")
    rig.check(other > 0, "no other device to compare with")


def test(program):
    rig.isolate()
    rig.need_tools("ethtool")
    rng = rig.Rng()
    with rig.keep_affinities(), rng.rebinding(), \
            rig.Daemon(program, "mode = observe\n", ["-v"]) as daemon:
        before = daemon.wait_quiet()
        netdev_events(daemon)
        no_pci_device_is_read_for_virtual_ones(daemon, before)
        driver_is_bound_again(daemon, rng)


rig.main(test)
