"""irqbalance's environment file is followed as it changes, its settings and birq's are taken over, and its process is found."""

import json

from noise import Noise
from rig import check, check_equal, cpus_of, wait_until

TOPOLOGY = "steady"

ENV = "/etc/default/irqbalance"
# every option of the manual, in its own spelling
BIRQ_CONF = """# birq
threshold=80.5
load-limit=70
short-interval=1
long-interval=2
strategy=max
exclude-cpus=8
use-cpus=f
ht=y
non-local-cpus=y
"""
IRQBALANCE_ENV = """# Configuration for the irqbalance daemon
#IRQBALANCE_ONESHOT=
IRQBALANCE_BANNED_CPULIST=0,3
IRQBALANCE_ARGS="--banmod=igb --interval=2 --powerthresh=1"
"""


def on_cpu(rig, irqs, cpu):
    """Of these IRQs the ones that fire there, or will with their next interrupt."""
    masks, effective = rig.affinities(), rig.effective()
    bound = {irq: effective[irq] if effective[irq] <= cpus_of(masks[irq]) else cpus_of(masks[irq]) for irq in irqs}
    return {irq for irq in irqs if bound[irq] == {cpu}}


def follow(rig):
    nic, other = rig.add_nic("igb", "n1p0").up(), rig.add_nic("igb", "n0p0").up()
    noise = Noise(rig, "n1p1").start()
    firing = noise.heard(nic, other)
    rig.run(f"rm -f {ENV}; mkdir -p /etc/default")
    daemon = rig.daemon("irqbalance-env = auto\n", traced=True)
    before = rig.affinities()
    daemon.wait_rounds(3)
    rig.check_untouched(before)

    def ban(text, cpus):
        """As a program does it that keeps CPUs free for its work: a new file takes the old one's place."""
        begin, rounds = daemon.mark(), daemon.counters()["rounds"]
        rig.put(f"{ENV}.new", text)
        rig.run(f"mv {ENV}.new {ENV}")
        wait_until(lambda: not any(on_cpu(rig, firing, cpu) for cpu in cpus), f"CPUs {cpus} to be left")
        print(f"         {text.strip() or 'nothing'}: {daemon.counters()['rounds'] - rounds} rounds, "
              f"{len(daemon.moves(begin))} moves")
        daemon.wait_rounds(6)  # igb lets its quiet vectors fire every other second
        return daemon.moves(begin)

    there = {cpu: on_cpu(rig, firing, cpu) for cpu in range(4)}
    check(there[3] and there[1], f"nothing fires on CPUs 1 and 3: {there}")
    # there is no such file at first, and `auto` has nothing to watch but where it would be
    moves = ban("IRQBALANCE_BANNED_CPULIST=3\n", (3,))
    check_equal({move[3] for move in moves}, {"forbidden-cpu"}, "reasons")
    check({move[0] for move in moves} >= there[3], f"left CPU 3: {moves}, of {there[3]}")
    check_equal({target for irq, _, target, _ in moves if irq in nic.irqs()}, {2}, "where node 1's went")
    moves = ban('IRQBALANCE_BANNED_CPUS="00000002"\n', (1,))
    check({move[1] for move in moves} in ({1}, {1, 3}), f"CPUs that were left: {moves}")
    before, written = rig.affinities(), len(daemon.writes())
    moves = ban("", ())
    rig.check_untouched(before)
    check_equal(daemon.writes()[written:], [], "writes after the CPUs were given back")
    rig.remove(nic, at_once=True)
    nic = rig.add_nic("igb", "n1p0").up()
    daemon.wait_quiet()
    masks = rig.affinities()
    check({3} in [cpus_of(masks[irq]) & {3} for irq in nic.active_irqs()], "CPU 3 is not used again")
    daemon.stop()
    noise.stop()


def take_over(rig):
    """Both imports start irqherd, and say what they say."""
    for text, wanted, bans in (
            (BIRQ_CONF, {"threshold": "80.5", "load-limit": "70", "short-interval": "1", "long-interval": "2",
                         "strategy": "max", "exclude-cpus": "8", "use-cpus": "f", "ht": "y", "non-local-cpus": "y"}, ()),
            (IRQBALANCE_ENV, {"exclude-cpus": "cpus:0,3", "ban-driver": "*igb*", "long-interval": "2"}, ("igb",))):
        name = "/run/birq.conf" if "birq" in text else "/run/irqbalance"
        rig.put(name, text)
        rig.run(f"irqherdctl import {name} > /run/imported 2> /run/remarks")
        daemon = rig.daemon(rig.get("/run/imported"))
        keys = {one["key"]: one["value"] for one in json.loads(rig.run("irqherdctl --json config"))["settings"]}
        check_equal({key: keys[key] for key in wanted}, wanted, f"settings of {name}")
        check_equal(rig.get("/run/remarks").count("powerthresh"), len(bans), "remarks of what can't be taken over")
        status = json.loads(rig.try_run("irqherdctl --json status")[1])["status"]
        check_equal(status["cpus_allowed"], "1-2" if bans else "0-2", "CPUs that are left")
        rows = daemon.state().rows()
        igb = [rows[irq]["action"] for nic in rig.nics.values() if nic.model == "igb" for irq in nic.active_irqs()]
        check(igb and all(("banned" in action) == bool(bans) for action in igb), f"IRQs of igb: {igb}")
        daemon.stop()
    # birq's file as it is
    daemon = rig.daemon(BIRQ_CONF)
    daemon.wait_rounds(1)
    daemon.stop()


def beside(rig):
    doctor = json.loads(rig.try_run("irqherdctl --json doctor")[1])
    check(not any("irqbalance (pid" in one["words"] for one in doctor["findings"]), "irqbalance is found, and is not there")
    rig.run("mkdir -p /run/irqbalance; irqbalance --foreground >/run/irqbalance.log 2>&1 & "
            "until pidof irqbalance; do sleep 0.1; done")
    pid = rig.run("pidof irqbalance").strip()
    try:
        code, text = rig.try_run("irqherdctl --json doctor")
        check_equal(code, 1, "exit code of doctor beside irqbalance")
        found = [one for one in json.loads(text)["findings"] if f"irqbalance (pid {pid}) is running" in one["words"]]
        check(len(found) == 1 and "disable" in found[0]["advice"], text)
        rig.put("/run/empty", "")
        code, text = rig.try_run("irqherd -f -c /run/empty -p /run/second")
        check_equal(code, 1, "exit code of a start beside irqbalance")
        check("irqbalance is running" in text, text)
        daemon = rig.daemon("mode = observe\n")
        daemon.wait_rounds(2)
        daemon.stop()
    finally:
        rig.run(f"kill {pid}; while kill -0 {pid} 2>/dev/null; do sleep 0.1; done")
    check_equal(rig.try_run("irqherdctl doctor")[0], 0, "exit code of doctor after that")


def run(rig):
    follow(rig)
    take_over(rig)
    beside(rig)
    rig.run(f"rm -f {ENV}")
