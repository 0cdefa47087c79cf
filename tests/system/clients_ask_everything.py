#!/usr/bin/env python3
"""A client that knows nothing of irqherd but varlink's description finds every method, calls it, and
gets what the interface file promises, errors included. A dry run: nothing is written.
"""

import os
import pathlib
import sys

import rig
import varlink

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE.parent.parent / "src" / "outlet" / "io.irqherd.varlink"
IRQHERD = "io.irqherd"
SERVICE = "org.varlink.service"

CHANGING = {"Reload", "ExcludeCpus", "IncludeCpus", "PinIrq", "ReleaseIrq", "BanIrq", "Rescan", "Freeze", "Thaw"}
PARAMETERS = {
    "Advise": {"target": "lo"},
    "Explain": {"target": "cpu0"},
    "ExcludeCpus": {"cpus": "0"},
    "IncludeCpus": {"cpus": "0"},
    "PinIrq": {"target": "irq:999999", "cpus": "0"},
    "ReleaseIrq": {"target": "irq:999999"},
    "BanIrq": {"target": "irq:999999"},
}


class Asker:
    """A client whose every answer is held against the interface file."""

    def __init__(self, path):
        self.path = path
        with varlink.Client(path) as client:
            text = client.call(f"{SERVICE}.GetInterfaceDescription", interface=IRQHERD)["description"]
        rig.check(text == FILE.read_text(), "the description is not the file that is installed")
        self.interface = varlink.Interface(text)

    def ask(self, method, **parameters):
        with varlink.Client(self.path) as client:
            return self.interface.check_answer(method, client.call(f"{IRQHERD}.{method}", **parameters))

    def refused(self, error, method, **parameters):
        """The parameters of the error that this call must have."""
        name = error if "." in error else f"{IRQHERD}.{error}"
        try:
            with varlink.Client(self.path) as client:
                answer = client.call(method if "." in method else f"{IRQHERD}.{method}", **parameters)
        except varlink.Error as refusal:
            rig.check(refusal.name == name, f"{method} {parameters}: {refusal}, not {name}")
            if not refusal.name.startswith(SERVICE):
                self.interface.check_error(refusal)
            return refusal.parameters
        raise rig.Failure(f"{method} {parameters}: {answer}, not {name}")


def check_service(path):
    with varlink.Client(path) as client:
        info = client.call(f"{SERVICE}.GetInfo")
        rig.check(set(info) == {"vendor", "product", "version", "url", "interfaces"}, f"GetInfo: {info}")
        rig.check(set(info["interfaces"]) == {SERVICE, IRQHERD}, f"interfaces: {info['interfaces']}")
        for name in info["interfaces"]:
            text = client.call(f"{SERVICE}.GetInterfaceDescription", interface=name)["description"]
            interface = varlink.Interface(text)
            rig.check(interface.name == name, f"{name} describes {interface.name}")


def check_standard_errors(asker):
    refused = asker.refused
    rig.check(refused(f"{SERVICE}.MethodNotFound", "Nothing") == {"method": f"{IRQHERD}.Nothing"}, "method")
    rig.check(refused(f"{SERVICE}.InterfaceNotFound", "com.example.X") == {"interface": "com.example"}, "interface")
    refused(f"{SERVICE}.InterfaceNotFound", f"{SERVICE}.GetInterfaceDescription", interface="com.example")
    refused(f"{SERVICE}.MethodNotFound", f"{SERVICE}.Nothing")
    refused(f"{SERVICE}.ExpectedMore", "Watch")
    for method, parameters, wrong in (
            ("Explain", {}, "target"),
            ("Explain", {"target": 7}, "target"),
            ("Explain", {"target": "cpu0", "other": 1}, "other"),
            ("ListIrqs", {"cpu": "0"}, "cpu"),
            ("ListIrqs", {"cpu": 0.5}, "cpu"),
            ("ListDevices", {"all": 1}, "all"),
            ("Freeze", {"seconds": "1"}, "seconds"),
            ("Freeze", {"seconds": -1}, "seconds"),
            ("Freeze", {"seconds": 1e300}, "seconds"),
            ("GetStatus", {"verbose": True}, "verbose")):
        got = refused(f"{SERVICE}.InvalidParameter", method, **parameters)
        rig.check(got == {"parameter": wrong}, f"{method} {parameters}: {got}")


def check_parameters(asker):
    """Every method takes what the interface file says, of the kind that it says, and nothing else."""
    for method, (takes, _) in asker.interface.methods.items():
        service = f"{SERVICE}.InvalidParameter"
        got = asker.refused(service, method, undeclared=1, **PARAMETERS.get(method, {}))
        rig.check(got == {"parameter": "undeclared"}, f"{method}: {got}")
        for name, (sort, what) in takes[1].items():
            if sort != "maybe":
                rest = {key: value for key, value in PARAMETERS.get(method, {}).items() if key != name}
                got = asker.refused(service, method, **rest)
                rig.check(got == {"parameter": name}, f"{method} without {name}: {got}")
                kind = what
            else:
                kind = what[1]
            wrong = 1 if kind in ("string", "bool") else "x"
            got = asker.refused(service, method, **{**PARAMETERS.get(method, {}), name: wrong})
            rig.check(got == {"parameter": name}, f"{method} with a wrong {name}: {got}")


def check_answers(asker):
    status = asker.ask("GetStatus")["status"]
    rig.check(status["mode"] == "observe" and status["config_valid"], f"status: {status}")
    rig.check(status["cpus_online"] == pathlib.Path("/sys/devices/system/cpu/online").read_text().strip(),
              f"online: {status['cpus_online']}")
    counts = status["irqs"]
    rig.check(counts["total"] == sum(count for name, count in counts.items() if name != "total"), f"{counts}")

    irqs = asker.ask("ListIrqs")["irqs"]
    known = {irq["irq"]: irq for irq in irqs}
    for irq, actions in rig.irqs().items():
        rig.check(irq in known, f"IRQ {irq} is not listed")
        rig.check(known[irq]["actions"] == actions, f"IRQ {irq}: {known[irq]['actions']}, not {actions}")
        rig.check(known[irq]["asked"] == rig.affinity(irq), f"IRQ {irq}: {known[irq]['asked']}")
    rig.check(len({irq["slot"] for irq in irqs}) == len(irqs), "two IRQs have one slot")

    devices = asker.ask("ListDevices")["devices"]
    every = asker.ask("ListDevices", all=True)["devices"]
    rig.check(len(every) >= len(devices), "all devices are fewer")
    listed = {device["address"] for device in every}
    there = {path.name for path in rig.PCI.iterdir()}
    rig.check(listed <= there, f"devices that are not there: {listed - there}")
    with_vectors = {path.name for path in rig.PCI.iterdir() if (path / "msi_irqs").exists()}
    rig.check(with_vectors <= {device["address"] for device in devices}, "a device with vectors is missing")

    cpus = asker.ask("ListCpus")
    rig.check([cpu["cpu"] for cpu in cpus["cpus"]] == list(range(len(cpus["cpus"]))), "CPUs")
    asker.ask("GetPlan")
    asker.ask("Verify")

    device = next(device for device in devices if device["irqs"])
    of_device = asker.ask("ListIrqs", device=device["address"])["irqs"]
    rig.check(sorted(irq["irq"] for irq in of_device) == sorted(device["irqs"]), "IRQs of a device")
    of_cpu = asker.ask("ListIrqs", cpu=0)["irqs"]
    rig.check(all(irq["effective"] == 0 for irq in of_cpu), f"IRQs of CPU 0: {of_cpu}")
    asker.refused("NotFound", "ListIrqs", device="no-such-device")
    asker.refused("NotFound", "ListIrqs", cpu=8191)

    target = of_device[0]
    for text, kind in ((str(target["irq"]), "irq"), (target["slot"], "irq"), (device["address"], "device"),
                       ("cpu0", "cpu")):
        explanation = asker.ask("Explain", target=text)["explanation"]
        rig.check(explanation["kind"] == kind, f"{text} is a {explanation['kind']}")
    asker.refused("NotFound", "Explain", target="nothing of this name")
    if "GetMetrics" in asker.interface.methods:
        text = asker.ask("GetMetrics")["text"]
        rig.check(text.endswith("# EOF\n"), f"metrics end in {text[-40:]!r}")


def check_settings(asker, daemon):
    config = asker.ask("GetConfig")
    settings = {setting["key"]: setting for setting in config["settings"]}
    rig.check(config["files"] == [str(daemon.config_path)], f"files: {config['files']}")
    rig.check(settings["mode"]["origin"] == f"{daemon.config_path}:5", f"mode: {settings['mode']}")
    rig.check(settings["threshold"]["origin"] == "command line", f"threshold: {settings['threshold']}")
    rig.check(settings["threshold"]["value"] == "97", f"threshold: {settings['threshold']}")
    rig.check(settings["ht"]["origin"] == "default", f"ht: {settings['ht']}")
    rig.check(settings["exclude-cpus"]["value"] == "none", f"exclude-cpus: {settings['exclude-cpus']}")


def check_steering(asker, daemon):
    rig.check(asker.ask("ExcludeCpus", cpus="1") == {"excluded": "1"}, "excluded")
    cpu = asker.ask("ListCpus")["cpus"][1]
    rig.check(cpu["excluded"] and not cpu["allowed"], f"CPU 1: {cpu}")
    asker.refused("InvalidCpus", "ExcludeCpus", cpus="all")
    asker.refused("InvalidCpus", "ExcludeCpus", cpus="0")
    asker.refused("InvalidCpus", "ExcludeCpus", cpus="x")
    asker.refused("InvalidCpus", "ExcludeCpus", cpus="8000")
    asker.refused("InvalidCpus", "PinIrq", target="irq:999999", cpus="1")

    slot = "0000:7f:1f.7/5"
    rig.check(asker.ask("PinIrq", target=slot.upper(), cpus="0") == {"slot": slot}, "pin")
    rig.check(asker.ask("BanIrq", target="irq:999999") == {"slot": "irq:999999"}, "ban")
    asker.refused("NotFound", "PinIrq", target="no-such-thing", cpus="0")
    asker.refused("NotFound", "BanIrq", target="cpu0")
    managed = next((irq for irq in asker.ask("ListIrqs")["irqs"] if irq["state"] == "managed"), None)
    if managed:
        asker.refused("NotMovable", "PinIrq", target=str(managed["irq"]), cpus="0")

    def runtime():
        settings = {setting["key"]: setting for setting in asker.ask("GetConfig")["settings"]}
        return {key: settings[key]["value"] for key in settings if settings[key]["origin"] == "runtime"}

    before = runtime()
    rig.check(before == {"exclude-cpus": "cpus:1", "cpus": f"{slot}=0", "ban-irq": "irq:999999"}, f"{before}")
    asker.ask("Reload")
    rig.check(runtime() == before, f"after a reload: {runtime()}")
    rig.check(asker.ask("IncludeCpus", cpus="0-1") == {"excluded": ""}, "included")
    asker.ask("ReleaseIrq", target=slot)
    asker.ask("ReleaseIrq", target="irq:999999")
    asker.ask("ReleaseIrq", target="irq:999999")
    rig.check(not runtime(), f"after all was taken back: {runtime()}")

    rig.check(asker.ask("Freeze") == {}, "a freeze without a limit has an end")
    rig.check(asker.ask("GetStatus")["status"]["mode"] == "frozen", "not frozen")
    rig.check("until" in asker.ask("Freeze", seconds=0.5), "a freeze with a limit has none")
    rig.wait_until(lambda: asker.ask("GetStatus")["status"]["mode"] == "observe", "the thaw by itself")
    freeze = pathlib.Path("/run/irqherd/freeze")
    freeze.parent.mkdir(exist_ok=True)
    asker.ask("Reload")     # the folder is new
    freeze.touch()
    rig.wait_until(lambda: asker.ask("GetStatus")["status"]["mode"] == "frozen", "the freeze by a file")
    rig.check(asker.refused("StillFrozen", "Thaw") == {"file": str(freeze)}, "thaw")
    freeze.unlink()
    rig.wait_until(lambda: asker.ask("GetStatus")["status"]["mode"] == "observe", "the thaw by a file")
    asker.ask("Thaw")

    devices = asker.ask("ListDevices", all=True)["devices"]
    rig.check(asker.ask("Rescan", device=devices[0]["address"]) == {"devices": 1}, "rescan of one")
    rig.check(asker.ask("Rescan")["devices"] >= len(devices), "rescan of all")
    asker.refused("NotFound", "Rescan", device="nothing")

    daemon.configure("mode = observe\nthreshhold = 5\n")
    messages = asker.refused("ConfigInvalid", "Reload")["messages"]
    rig.check(len(messages) == 1 and messages[0].startswith(f"{daemon.config_path}:5: "), f"{messages}")
    status = asker.ask("GetStatus")["status"]
    rig.check(not status["config_valid"] and status["state"] == "degraded", f"after a bad reload: {status}")
    daemon.configure("mode = observe\n")
    asker.ask("Reload")
    rig.check(asker.ask("GetStatus")["status"]["config_valid"], "a good reload is not valid")


def check_watching(asker):
    with varlink.Client(asker.path) as client:
        events = client.stream(f"{IRQHERD}.Watch", past=2)
        past = [next(events), next(events)]
        asker.ask("Freeze")
        asker.ask("Thaw")
        new = [next(events), next(events)]
        for event in past + new:
            asker.interface.check_answer("Watch", event)
        words = [event["event"]["words"] for event in new]
        rig.check(words[0].startswith("frozen") and words[1].startswith("thawed"), f"{words}")
        rig.check(all(event["event"]["kind"] == "steer" for event in new), f"{new}")
    asker.refused(f"{SERVICE}.InvalidParameter", "Watch", past="x")


def check_slow_watcher(asker):
    """Who does not read is told how much it missed: every entry is either heard or counted as lost."""
    calls, crowd = 60, 50
    with varlink.Client(asker.path) as client:
        events = client.stream(f"{IRQHERD}.Watch")
        asker.ask("GetPlan")
        for _ in range(crowd):
            with varlink.Client(asker.path) as other:
                for i in range(calls):
                    other.send(f"{IRQHERD}.{'Thaw' if i % 2 else 'Freeze'}", oneway=True)
                other.call(f"{IRQHERD}.GetPlan")
        asker.ask("ExcludeCpus", cpus="1")
        asker.ask("IncludeCpus", cpus="1")
        heard, lost = 0, 0
        while True:
            event = asker.interface.check_answer("Watch", next(events))["event"]
            if event["kind"] == "lost":
                lost += int(event["words"].split()[0])
            elif event["words"].startswith(("frozen", "thawed")):
                heard += 1
            elif event["words"].startswith("CPUs 1 included"):
                break
        rig.check(lost > 0, f"{heard} entries were heard, none was lost: not slow enough")
        others = heard + lost - calls * crowd
        # what else happened while nobody read is among the lost
        rig.check(0 <= others <= 20, f"{heard} heard and {lost} lost of {calls * crowd}")


def check_protocol(path):
    """What the description says of messages: order, oneway, several at once."""
    with varlink.Client(path) as client:
        client.send(f"{IRQHERD}.GetPlan", oneway=True)
        client.send(f"{IRQHERD}.Nothing", oneway=True)
        for _ in range(10):
            client.send(f"{IRQHERD}.GetStatus", {})
            client.send(f"{IRQHERD}.GetPlan")
        for _ in range(10):
            rig.check("status" in client.take()[0], "answers out of order")
            rig.check("plan" in client.take()[0], "answers out of order")
        client.send(f"{IRQHERD}.GetStatus", {}, more=True)
        rig.check(client.take()[1] is False, "a single answer goes on")


AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[2])
import varlink
os.setgroups([]); os.setgid(65534); os.setuid(65534)
client = varlink.Client(sys.argv[1])
names = sys.argv[3].split()
assert client.call("io.irqherd.GetStatus")["status"]["version"]
for name in names:
    try:
        client.call("io.irqherd." + name, **eval(sys.argv[4]).get(name, {}))
    except varlink.Error as error:
        assert error.name == "org.varlink.service.PermissionDenied", error
    else:
        raise AssertionError(name)
"""


def check_permission(asker, daemon):
    """Who is not root may ask and not change."""
    os.chmod(daemon.folder, 0o755)
    os.chmod(daemon.socket_path, 0o666)
    rig.run(sys.executable, "-B", "-c", AS_NOBODY, str(daemon.socket_path), str(HERE), " ".join(sorted(CHANGING)),
            repr(PARAMETERS))
    rig.check(asker.ask("GetStatus")["status"]["mode"] == "observe", "somebody else froze it")


GROUP = 54321


def make_group(folder):
    """The group that may ask, in this mount namespace alone."""
    group = pathlib.Path(folder) / "group"
    group.write_text(pathlib.Path("/etc/group").read_text() + f"irqherd:x:{GROUP}:\n")
    rig.run("mount", "--bind", str(group), "/etc/group")


AS_MEMBER = """
import os, sys
sys.path.insert(0, sys.argv[2])
import varlink
os.setgroups([int(sys.argv[3])]); os.setgid(65534); os.setuid(65534)
assert varlink.Client(sys.argv[1]).call("io.irqherd.GetStatus")["status"]["version"]
"""

AS_STRANGER = """
import os, sys
sys.path.insert(0, sys.argv[2])
import varlink
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    varlink.Client(sys.argv[1])
except PermissionError:
    sys.exit(0)
sys.exit(1)
"""


def check_group(daemon):
    """Members of the group may connect, others not."""
    status = os.stat(daemon.socket_path)
    rig.check(status.st_gid == GROUP and status.st_uid == 0, f"the socket is {status.st_uid}:{status.st_gid}")
    os.chmod(daemon.folder, 0o755)
    for code in (AS_MEMBER, AS_STRANGER):
        rig.run(sys.executable, "-B", "-c", code, str(daemon.socket_path), str(HERE), str(GROUP))


def test(program):
    rig.isolate()
    rig.need_cpus(2)
    make_group("/run")
    with rig.Daemon(program, "\nmode = observe\n", arguments=("--dry-run", "-t", "97")) as daemon:
        daemon.wait_rounds(2)
        mode = os.stat(daemon.socket_path).st_mode & 0o7777
        rig.check(mode == 0o660, f"the socket has mode {mode:o}")
        check_group(daemon)
        check_service(daemon.socket_path)
        asker = Asker(daemon.socket_path)
        declared = set(asker.interface.methods)
        rig.check(CHANGING < declared, f"methods: {declared}")
        for method in sorted(declared - {"Watch"}):
            try:
                asker.ask(method, **PARAMETERS.get(method, {}))
            except varlink.Error as error:
                rig.check(error.name.startswith(IRQHERD), f"{method}: {error}")
        asker.ask("Thaw")
        for method in ("IncludeCpus", "ReleaseIrq"):
            asker.ask(method, **PARAMETERS[method])
        check_standard_errors(asker)
        check_parameters(asker)
        check_answers(asker)
        check_settings(asker, daemon)
        check_steering(asker, daemon)
        check_watching(asker)
        check_slow_watcher(asker)
        check_protocol(daemon.socket_path)
        check_permission(asker, daemon)
        path = daemon.socket_path
        rig.check(daemon.stop() == 0, "it did not end well")
        rig.check(not path.exists(), "the socket is left behind")
    print(f"{len(declared)} methods")


rig.main(test)
