#!/usr/bin/env python3
"""irqherdctl: the daemon's answers and those that it makes itself are the same; all verbs on a live daemon."""

import json
import pathlib
import subprocess
import sys

import rig

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "golden"))
import schema  # noqa: E402

METHODS = {"status": "GetStatus", "devices": "ListDevices", "irqs": "ListIrqs", "cpus": "ListCpus",
           "plan": "GetPlan", "explain": "Explain", "verify": "Verify", "config": "GetConfig"}
# what differs from one second to the next, or that only a daemon knows
PASSING = {"interrupts", "interval", "home_ppm", "load", "state", "active", "overloaded", "cost_ppm",
           "cost_measured", "history", "next", "locality"}


def lasting(value):
    if isinstance(value, dict):
        return {key: lasting(item) for key, item in value.items() if key not in PASSING}
    return [lasting(item) for item in value] if isinstance(value, list) else value


def test(program):
    rig.isolate()
    ctl = pathlib.Path(program).with_name("irqherdctl")
    if not ctl.exists():
        rig.skip("irqherdctl was not built")
    interface = schema.Interface((HERE.parents[1] / "src/outlet/io.irqherd.varlink").read_text())

    def say(daemon, *words, code=0):
        done = subprocess.run([ctl, "--socket", daemon.socket_path, *words], capture_output=True,
                              text=True, timeout=rig.WAIT_S, check=False)
        rig.check(done.returncode == code,
                  f"{words}: exit {done.returncode}, not {code}: {done.stdout}{done.stderr}")
        return done.stdout

    def answer(daemon, *words, **options):
        value = json.loads(say(daemon, "--json", *words, **options))
        if words[0] in METHODS:
            problems = interface.check(METHODS[words[0]], value)
            rig.check(not problems, f"{words}: " + "\n".join(problems))
        return value

    with rig.Daemon(program, arguments=["--dry-run"]) as daemon:
        irqs = answer(daemon, "irqs")["irqs"]
        irq = next(irq for irq in irqs if irq["state"] in ("idle", "active") and "device" in irq)
        number = str(irq["irq"])
        for words in (["devices", "--all"], ["irqs"], ["cpus"], ["explain", number],
                      ["explain", irq["device"]], ["explain", "cpu0"]):
            asked = lasting(answer(daemon, *words))
            read = lasting(json.loads(say(daemon, "--json", "--no-daemon", "-c",
                                          str(daemon.config_path), *words)))
            rig.check(asked == read, f"{words}:\n{json.dumps(asked)}\n{json.dumps(read)}")

        rig.check(answer(daemon, "status")["status"]["state"] == "calm", "calm")
        say(daemon, "status")
        say(daemon, "plan")
        answer(daemon, "plan")
        answer(daemon, "verify")
        answer(daemon, "config")
        say(daemon, "topology")
        say(daemon, "doctor")
        rig.check("# EOF" in say(daemon, "metrics"), "metrics end with # EOF")
        rig.check(answer(daemon, "rescan", irq["device"])["devices"] == 1, "one device read again")

        say(daemon, "cpus", "exclude", "1")
        cpus = answer(daemon, "cpus")["cpus"]
        rig.check([cpu["cpu"] for cpu in cpus if cpu["excluded"]] == [1], "CPU 1 is excluded")
        say(daemon, "cpus", "include", "1")
        say(daemon, "cpus", "exclude", "nonsense", code=2)
        say(daemon, "irq", number, "pin", "1")
        home = answer(daemon, "explain", number)["explanation"]["irq"]["home"]
        rig.check(home["cpus"] == "1" and home["origin"] == "rule", f"pinned: {home}")
        say(daemon, "irq", number, "release")
        say(daemon, "irq", number, "ban")
        rig.check(answer(daemon, "explain", number)["explanation"]["irq"]["state"] == "banned",
                  "banned")
        say(daemon, "irq", number, "release")
        say(daemon, "irq", "nothing", "ban", code=2)
        say(daemon, "irq", number, "sing", code=2)
        say(daemon, "freeze", "90s")
        rig.check(answer(daemon, "status")["status"]["mode"] == "frozen", "frozen")
        say(daemon, "thaw")
        say(daemon, "reload")
        daemon.configure("nonsense = 1\n")
        say(daemon, "reload", code=1)
        rig.check(answer(daemon, "status", code=1)["status"]["state"] == "degraded", "degraded")

        watch = subprocess.Popen([ctl, "--socket", daemon.socket_path, "watch", "--json-lines",
                                  "--past", "1"], stdout=subprocess.PIPE, text=True)
        first = json.loads(watch.stdout.readline())
        rig.check(not interface.check("Watch", first), f"watch: {first}")
        rig.check(daemon.stop() == 0, "the daemon ends well")
        rig.check(watch.wait(rig.WAIT_S) == 1, "watch ends with the daemon")
        say(daemon, "status", code=3)
        say(daemon, "thaw", code=3)


if __name__ == "__main__":
    rig.main(test)
