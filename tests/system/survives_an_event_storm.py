#!/usr/bin/env python3
"""Network devices of many queues come and go, faster than anybody reads: the daemon goes on, knows
in the end what a fresh start knows, and has lost neither descriptors nor memory."""

import re

import rig

STORMS = 20
QUEUES = 128
GROWTH_KB = 512


def inventory(dump):
    """What is known of devices and network devices, without counts and loads."""
    lines = []
    for line in dump.splitlines():
        if re.match(r"\s+(\d+)\s+(\d+|-)\s+(\d+|-)\s", line):
            fields = line.split()
            line = " ".join([fields[0], fields[1], *fields[5:]])
        elif re.match(r"Machine|  online|  node|[0-9a-f]{4,}:|    home|\d+ more|.*veth|.*network", line):
            line = line.strip()
        else:
            continue
        lines.append(line)
    return lines


def storm():
    for _ in range(STORMS):
        rig.run("ip", "link", "add", "storm0", "numrxqueues", str(QUEUES), "numtxqueues",
                str(QUEUES), "type", "veth", "peer", "name", "storm1", "numrxqueues", str(QUEUES),
                "numtxqueues", str(QUEUES))
        rig.run("ip", "link", "delete", "storm0")
    rig.run("ip", "link", "add", "storm0", "numrxqueues", "4", "numtxqueues", "4", "type", "veth",
            "peer", "name", "storm1")


def test(program):
    rig.isolate()
    with rig.Daemon(program, "mode = observe\n") as daemon:
        storm()  # the first fills tables that stay
        rig.run("ip", "link", "delete", "storm0")
        rig.wait_until(lambda: daemon.counters()["slow-check-passes"] > 0,
                       "the slow check to keep its descriptors", pause_s=0.5)
        daemon.wait_quiet()
        descriptors, memory = daemon.descriptors(), daemon.memory_kb()

        storm()
        counters = daemon.wait_quiet()
        print(" ".join(f"{key}={counters[key]}" for key in ("hints", "looks", "uevents", "overruns")))
        rig.check(daemon.descriptors() == descriptors,
                  f"{descriptors} descriptors became {daemon.descriptors()}")
        rig.check(rig.is_sanitized(program) or daemon.memory_kb() <= memory + GROWTH_KB,
                  f"{memory} kB became {daemon.memory_kb()} kB")
        with rig.Daemon(program, "mode = observe\n") as fresh:
            fresh.wait_rounds(2)
            old, new = inventory(daemon.dump()), inventory(fresh.dump())
            rig.check(old == new, "\n".join(["not as after a fresh start:", *old, "---", *new]))
            rig.check(len(new) > 5, f"too little in a dump to compare: {new}")
        print(f"memory {memory} kB, then {daemon.memory_kb()} kB")
        rig.check(daemon.stop() == 0, "stop is an error")


rig.main(test)
