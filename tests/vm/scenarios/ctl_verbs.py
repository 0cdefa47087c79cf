"""Each verb of irqherdctl on two nodes, as an operator would use it: with the daemon and without, and what changes acts at once."""

import json

from rig import Skip, check, check_equal, cpus_of, wait_until

TOPOLOGY = "steady"

READING = ("status", "devices", "irqs", "cpus", "topology", "plan", "verify", "config", "doctor", "metrics")
ALONE = ("devices", "irqs", "cpus", "topology", "plan", "doctor")


def run(rig):
    if rig.try_run("command -v irqherdctl")[0] != 0:
        raise Skip("irqherdctl was not built beside irqherd")
    nic, other = rig.nics["cold0"].up(), rig.nics["cold1"].up()
    rig.settle()
    # what the machine is, without a daemon
    for verb in ALONE:
        check_sound(rig, verb, "--no-daemon ")
    check_equal(rig.try_run("irqherdctl status")[0], 3, "status without a daemon")

    daemon = rig.daemon("cooldown = 2\n", arguments="-v --socket /run/irqherd/io.irqherd")
    daemon.wait_rounds(2)
    before = rig.affinities()
    for verb in READING:
        check_sound(rig, verb)
    rig.check_untouched(before)
    topology = rig.run("irqherdctl topology")
    check("node 0" in topology and "node 1" in topology and nic.address in topology, topology)

    # one thing, by each of its names
    irq = nic.active_irqs()[0]
    for target in (irq, nic.address, nic.netdev(), "cpu2", f"{nic.address}/0"):
        check_sound(rig, f"explain {target}")
    explained = ask(rig, f"explain {irq}")["explanation"]
    check_equal(explained["irq"]["device"], nic.address, "the IRQ's device")
    check_equal(cpus_of(explained["irq"]["home"]["cpus"]), {0, 1}, "its home")
    advice = ask(rig, f"advise {other.netdev()}")["advice"]
    check_equal(advice["node"], 1, "where to run")
    check_sound(rig, f"advise {other.netdev()}")
    check_equal(rig.try_run("irqherdctl explain nothing")[0], 2, "something that is not there")

    # changes: a pin moves it now and survives the driver's binding; a release lets go
    target = 1 if rig.effective()[irq] != {1} else 0
    rig.run(f"irqherdctl irq {irq} pin {target}")
    wait_until(lambda: rig.affinities()[irq] == str(target), "the pinned IRQ to be there")
    check_equal(ask(rig, f"explain {irq}")["explanation"]["irq"]["home"]["origin"], "rule", "origin of a pinned home")
    driver = nic.driver()
    rig.run(f"echo {nic.address} > /sys/bus/pci/drivers/{driver}/unbind; "
            f"echo {nic.address} > /sys/bus/pci/drivers/{driver}/bind")
    nic.find().up()
    daemon.wait_quiet()
    irq = nic.active_irqs()[0]
    wait_until(lambda: rig.affinities()[irq] == str(target), "the pin to hold for the device bound anew")
    rig.run(f"irqherdctl irq {irq} release; irqherdctl irq {irq} ban")
    check_equal(ask(rig, f"explain {irq}")["explanation"]["irq"]["state"], "banned", "after a ban")
    rig.run(f"irqherdctl irq {irq} release")

    # CPUs, freezing, reading again
    rig.run("irqherdctl cpus exclude 3")
    check_equal(ask(rig, "status")["status"]["cpus_allowed"], "0-2", "allowed after an exclusion")
    rig.run("irqherdctl cpus include 3")
    check_equal(ask(rig, "status")["status"]["cpus_allowed"], "0-3", "allowed after all")
    rig.run("irqherdctl freeze 60")
    check_equal(ask(rig, "status")["status"]["mode"], "frozen", "mode when frozen")
    rig.run("irqherdctl thaw")
    check_equal(ask(rig, "status")["status"]["mode"], "apply", "mode when thawed")
    rig.run(f"irqherdctl rescan {nic.netdev()}; irqherdctl rescan; irqherdctl reload")
    watched = rig.run("timeout 4 irqherdctl watch --past 5 --json-lines 2>/dev/null; true").splitlines()
    check(watched and all("event" in json.loads(line) for line in watched if line != "Terminated"), f"watched: {watched}")

    # a live picture, and the machine in a file
    frames = rig.run("TERM=linux irqherdctl top --batch 2")
    check("node 1" in frames and "CPU" in frames, frames)
    rig.run("irqherdctl snapshot /run/machine.tar && mkdir -p /run/machine && tar -xf /run/machine.tar -C /run/machine")
    # its folder may be one below
    root = rig.run("dirname $(find /run/machine -maxdepth 2 -name proc)").strip()
    there = ask(rig, "devices", f"--root {root} ")["devices"]
    check_equal({device["address"]: device["home"]["cpus"] for device in there},
                {device["address"]: device["home"]["cpus"] for device in ask(rig, "devices")["devices"]},
                "devices and homes of the captured machine")
    daemon.stop()
    check_equal(rig.try_run("irqherdctl irq 1 pin 0")[0], 3, "a change without a daemon")


def ask(rig, words, options=""):
    code, text = rig.try_run(f"irqherdctl {options}--json {words}")
    check(code == 0 or (words == "status" and code == 1), f"{words}: exit {code}: {text[-500:]}")
    answer = json.loads(text)
    if code == 1:
        print(f"         degraded: {answer['status']['problems']}")
    return answer


def check_sound(rig, words, options=""):
    """Text of at most 100 columns without colours, and JSON."""
    text = rig.run(f"LANG=C irqherdctl {options}{words}")
    check(text.strip(), f"{words} says nothing")
    if words != "metrics":
        wide = [line for line in text.splitlines() if len(line) > 100]
        check(not wide and "\033" not in text, f"{words}: {wide or 'colours'}")
    json.loads(rig.run(f"irqherdctl {options}--json {words}"))
