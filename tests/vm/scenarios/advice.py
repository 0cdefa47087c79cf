"""Where to run a program is told in lines that are right as they stand; the share served at home rises as IRQs go home."""

import json
import re

from noise import Noise
from rig import check, check_equal, cpus_of, wait_until

TOPOLOGY = "steady"

STATUS = "grep -h -e Cpus_allowed_list -e Mems_allowed_list /proc/self/status"


def advice_of(rig, target):
    return json.loads(rig.run(f"irqherdctl --json advise {target}"))["advice"]


def steady_advice(rig, nic, node):
    """(as JSON, as text) of one moment: an answer is of the last round, which may have found an emulated CPU busy with
    something else, and the next answer is of another one."""
    def told():
        advice = advice_of(rig, nic.netdev())
        by_address = advice_of(rig, nic.address)
        text = rig.run(f"LANG=C irqherdctl advise {nic.netdev()}")
        same = all(said(one) == said(advice) for one in (by_address, advice_of(rig, nic.netdev())))
        return (advice, text) if same and advice["node"] == node else None

    def said(advice):
        return advice["cpus"], advice["commands"], advice["drop_in"], advice["avoid"]

    return wait_until(told, f"the same advice by address, by name and as text, of node {node}")


def check_advice(rig, nic, node, near):
    """For a device of a node: what is said, and what its lines do."""
    advice, text = steady_advice(rig, nic, node)
    avoid = {one["cpu"] for one in advice["avoid"]}
    cpus = cpus_of(advice["cpus"])
    print(f"         {nic.model} of node {node}: {advice['commands']}, avoid {advice['avoid']}, drop-in {advice['drop_in']}")
    check_equal(near, nic.local_cpus(), "the kernel's local_cpulist")
    check(cpus and cpus == near - avoid, f"CPUs {cpus}, of {near} without {avoid}")

    numactl, taskset, pid = advice["commands"]
    check_equal(numactl, f"numactl --physcpubind={advice['cpus']} --preferred={node} PROGRAM", "the line for numactl")
    check(f"node{node}" in rig.run("ls /sys/devices/system/node"), f"there is no node {node}")
    # run as they are
    ran = rig.run(taskset.replace("PROGRAM", STATUS))
    check_equal(cpus_of(re.search(r"Cpus_allowed_list:\t(.*)", ran).group(1)), cpus, f"CPUs that '{taskset}' gives")
    started = rig.run("sleep 60 >/dev/null 2>&1 & echo $!").strip()
    rig.run(re.sub(r"\bPID\b", started, pid))
    ran = rig.get(f"/proc/{started}/status")
    rig.run(f"kill {started}")
    check_equal(cpus_of(re.search(r"Cpus_allowed_list:\t(.*)", ran).group(1)), cpus, f"CPUs that '{pid}' gives")
    check_equal(advice["drop_in"], ["[Service]", f"CPUAffinity={advice['cpus']}", "NUMAPolicy=preferred", f"NUMAMask={node}"],
                "lines for systemd")
    for line in (*advice["commands"], *advice["drop_in"]):
        check(line in text, f"not in the text: {line}\n{text}")


def shares(rig, nic):
    """Percent served at home, of the device by whoever tells it (each may see another round), and of all."""
    device = json.loads(rig.run("irqherdctl --json devices"))["devices"]
    device = next(one["home_ppm"] for one in device if one["address"] == nic.address) / 1e4
    status = json.loads(rig.try_run("irqherdctl --json status")[1])["status"]
    found = {round(device)} | {round(one["home_ppm"] / 1e4) for one in status["locality"] if one["device"] == nic.address}
    metrics = rig.run("irqherdctl metrics")
    total = re.search(r"^irqherd_home_ratio (\S+)", metrics, re.MULTILINE)
    check(total, f"no share in the metrics: {metrics[-2000:]}")
    # only of up to 16 devices
    told = re.search(rf'^irqherd_device_home_ratio{{device="{nic.address}"}} (\S+)', metrics, re.MULTILINE)
    found |= {round(100 * float(told.group(1)))} if told else set()
    return found, round(100 * float(total.group(1)))


def run(rig):
    rig.run("echo 1 > /proc/irq/default_smp_affinity")  # CPU 0: far from node 1
    nic = rig.add_nic("igb", "n1p0").up()
    noise = Noise(rig, "n0p0").start()
    firing = noise.heard(nic) & set(nic.irqs())
    daemon = rig.daemon()
    daemon.wait_rounds(4)
    check_equal({str(rig.effective()[irq]) for irq in firing}, {"{0}"}, "where the kernel put what fires")
    before = shares(rig, nic)
    status = rig.try_run("LANG=C irqherdctl status")[1]
    check_equal(before[0], {0}, "percent served at home of a device that is served far from it")
    check("of the devices' interrupts are served on their home CPUs" in status, f"no share in the status:\n{status}")

    check_advice(rig, nic, 1, {2, 3})
    check_advice(rig, rig.nics["cold0"], 0, {0, 1})
    unknown = advice_of(rig, rig.nics["cold2"].address)
    check(unknown.get("node") in (None, -1) and "Nobody knows" in " ".join(unknown["words"]), f"a device of no node: {unknown}")

    # home, as CPU 0 is to be kept free: its share rises to all of them
    daemon.configure("exclude-cpus = cpus:0\n")
    check("reloaded" in daemon.reload(), "the reload failed")
    wait_until(lambda: all(cpus <= {2, 3} for irq, cpus in rig.effective().items() if irq in firing), "IRQs at home")
    # igb lets its quiet vectors fire every other second, and they follow then
    after = wait_until(lambda: (now := shares(rig, nic))[0] == {100} and now, "all to be served at home")
    print(f"         percent served at home, of the device and of all: {before} before, {after} after")
    check(after[1] > before[1], f"of all: {before[1]} before, {after[1]} after")
    check_advice(rig, nic, 1, {2, 3})
    noise.stop()
