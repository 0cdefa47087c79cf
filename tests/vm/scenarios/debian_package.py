"""The Debian package on a whole system: confined as shipped it follows devices and moves IRQs; it goes without trace."""

import json
import pathlib
import re

from load import Traffic
from rps import HOT, Queue, gather_receiver
from rig import State, check, check_equal, check_placed, cpus_of, wait_until

TOPOLOGY = "debian"

DROP_INS = "/etc/systemd/system/irqherd.service.d"
EXAMPLES = "/usr/share/doc/irqherd/examples"
TOP = pathlib.Path(__file__).resolve().parents[3]

# What a package manager and the system itself write while anything is installed.
FILES = """find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /payload \\
	-o -path '/var/log' -o -path '/var/cache' -o -path '/var/tmp' -o -path '/var/backups' \\
	-o -path '/var/lib/apt' -o -path '/var/lib/dpkg' -o -path '/var/lib/systemd/random-seed' \\
	-o -path '/etc/*-' -o -path '/etc/.pwd.lock' -o -path '/etc/ld.so.cache' \\) -prune -o -print | sort"""


class Service:
    """irqherd.service in the guest."""

    def __init__(self, guest):
        self.guest = guest

    def show(self, name):
        return self.guest.run(f"systemctl show -P {name} irqherd.service").strip()

    def pid(self):
        return int(self.show("MainPID"))

    def wait_active(self):
        wait_until(lambda: self.show("ActiveState") == "active" and self.pid(), "an active irqherd.service")

    def log(self):
        return self.guest.run("journalctl -q -u irqherd.service -o cat --no-pager")

    def state(self):
        begin = len(self.log())
        self.guest.run("systemctl kill -s USR1 --kill-who=main irqherd.service")
        wait_until(lambda: "\nrounds=" in self.log()[begin:], "irqherd's state in the journal")
        return State(self.log()[begin:])

    def wait_quiet(self):
        last = None

        def quiet():
            nonlocal last
            state = self.state()
            now = [state.counters[key] for key in ("hints", "devices-read")]
            same, last = now == last, now
            return state if same else None

        return wait_until(quiet, "quiet", pause_s=3)

    def wait_rounds(self, more):
        first = self.state().counters["rounds"]
        wait_until(lambda: self.state().counters["rounds"] >= first + more, f"{more} rounds", pause_s=1)


def blocks_of_fleet():
    """The commands that docs/fleet.md shows, in its order: before, collector, watch, apply, image."""
    text = (TOP / "docs/fleet.md").read_text()
    found = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    check_equal(len(found), 5, "blocks of commands in docs/fleet.md")
    return found


PROFILE = "/etc/apparmor.d/usr.sbin.irqherd"
PROFILE_MORE = "/etc/apparmor.d/local/usr.sbin.irqherd"


def drop_ins_of_the_manual():
    """Those that irqherd(8) shows: more comes into the view, and none at all; and what the profile has to allow."""
    text = (TOP / "docs/man/irqherd.8.scd").read_text()
    found = re.findall(r"^```\n(\[Service\]\n.*?)^```", text, re.MULTILINE | re.DOTALL)
    check_equal(len(found), 2, "drop-ins in irqherd(8)")
    rules, = re.findall(r"^```\n(/opt/.*?)^```", text, re.MULTILINE | re.DOTALL)
    return *found, rules


def watch_then_apply(rig, service):
    """As docs/fleet.md tells it, beside irqbalance and then in its place."""
    _, collector, watch, apply, _ = blocks_of_fleet()
    check("mode=observe" in service.log(), "it does not only observe")
    rig.run("mkdir -p /var/lib/prometheus/node-exporter && " + collector)
    wait_until(lambda: "irqherd_up 1" in rig.try_run("cat /var/lib/prometheus/node-exporter/irqherd.prom")[1], "metrics")
    for line in watch.splitlines():
        code, said = rig.try_run(line)
        # nothing would have moved, and doctor may have something to say
        check(code == 0 or "-- No entries --" in said or line.endswith(("would move'", "doctor")),
              f"{line}: exit {code}: {said}")
    rig.run("systemctl start irqbalance.service")
    service.wait_rounds(1)
    rig.run(apply)
    service.wait_active()
    wait_until(lambda: "mode=apply" in service.log(), "mode=apply")
    check_equal(rig.try_run("systemctl is-active irqbalance.service")[1].strip(), "inactive", "irqbalance")
    rig.run(f"rm -r {DROP_INS} /var/lib/prometheus /etc/irqherd/irqherd.conf.d/10-stage.conf && "
            "systemctl daemon-reload && systemctl restart irqherd.service")
    service.wait_active()


def install(rig, service):
    rig.run(blocks_of_fleet()[0])
    affinities = rig.affinities()
    rig.run("apt-get install -qq -y /payload/irqherd.deb", limit_s=300)
    service.wait_active()
    check_equal(rig.run("systemctl is-enabled irqherd.service").strip(), "enabled", "the unit")
    check_equal(rig.run("systemctl is-system-running || true").strip(), "running", "the system")
    check_equal(rig.run("getent group irqherd | cut -d: -f1").strip(), "irqherd", "the group")
    service.wait_quiet()
    rig.check_untouched(affinities)


def confined(rig, service):
    status = rig.get(f"/proc/{service.pid()}/status")
    for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        check(line in status, f"not {line!r}: {status}")
    if rig.try_run("test -d /sys/kernel/security/apparmor")[0] == 0:
        check_equal(rig.get(f"/proc/{service.pid()}/attr/current").strip(" \n\0"), "irqherd (enforce)", "AppArmor's word")
    service.wait_rounds(1)
    check(re.match(r"\d+ devices, \d+ IRQs", service.show("StatusText")), f"status: {service.show('StatusText')}")


def sees_little(rig, service):
    """Of the host's files only what it needs, and of what listens in /run nobody but who waits for its word."""
    root = f"/proc/{service.pid()}/root"
    wanted = {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "sys", "tmp", "usr", "var"}
    more = set(rig.run(f"cd {root} && ls").split()) - wanted
    check_equal({name for name in more if rig.run(f"ls -A {root}/{name}")}, set(), "more of / than is wanted")
    sockets = set(rig.run(f"find {root}/run -exec test -S {{}} \\; -printf '%P\\n'").split())
    logs = {name for name in sockets if name.startswith("systemd/journal/")}  # newer managers put them there
    check_equal(sockets - logs - {"udev/control"}, {"systemd/notify", "irqherd/io.irqherd"}, "sockets in /run")
    for path in ("etc", "usr", "."):
        code, said = rig.try_run(f"touch {root}/{path}/written")
        check(code != 0 and "Read-only" in said, f"{path} can be written: {said}")


def no_denials(rig):
    """Neither AppArmor nor the unit's filters hinder it."""
    check_equal(rig.run("dmesg | grep -E 'apparmor=.DENIED|type=1326' || true"), "", "refused by the kernel")


def follows(rig, service):
    """An adapter that a udev rule sends to the other node, and what is done to it later."""
    # the examples of the rules file, made rules
    rig.run("sed -n 's/^#\\(SUBSYSTEM.*0x1592.*\\)/\\1/p' /lib/udev/rules.d/90-irqherd.rules | "
            "sed 's/0x1592/0x10c9/; s/0-7,32-39/0-1/' >/etc/udev/rules.d/91-site.rules && "
            "grep -q IRQHERD_CPUS /etc/udev/rules.d/91-site.rules")
    for device, setting in (("0x100e", 'IRQHERD_IGNORE}="1"'), ("0x10d3", 'IRQHERD_NODE}="1"')):
        rig.run(f"echo 'SUBSYSTEM==\"pci\", ATTR{{device}}==\"{device}\", ENV{{{setting}' >>/etc/udev/rules.d/91-site.rules")
    rig.run("udevadm control --reload")

    before = rig.affinities()
    others = set(rig.actions())
    nic = rig.add_nic("igb", "n1p0")
    nic.up()
    said = rig.run(f"udevadm test --action=add {nic.path} 2>&1 || true")
    check("IRQHERD_CPUS=0-1" in said, f"udevd does not set the property:\n{said[-2000:]}")
    check(not re.search(r"9[01]-(irqherd|site)\.rules:\d", said), f"udevd complains of the rules:\n{said[-2000:]}")
    state = service.wait_quiet()
    home, origin = state.home(nic.address)
    check_equal(home, {0, 1}, f"home by the rule ({origin})")
    check_equal(nic.node(), 1, "the adapter's own node")
    placed(rig, nic)
    rig.check_untouched(before, but=set(nic.irqs()) - others)
    check(re.search(rf"^moved IRQ \d+ .*device={nic.address}.* reason=arrival", service.log(), re.MULTILINE),
          "no move is in the journal")

    # its driver makes all vectors anew, which no uevent of the device tells
    rig.run(f"ethtool -L {nic.netdev()} combined 2")
    service.wait_quiet()
    placed(rig, nic)

    ignored = rig.add_nic("e1000", "rp1").up()
    other = rig.add_nic("e1000e", "rp2").up()
    state = service.wait_quiet()
    check_equal(state.home(other.address)[0], {2, 3}, "home by IRQHERD_NODE")
    check_placed(rig, other, state, {2, 3})
    check("left alone (IRQHERD_IGNORE)" in state.device(ignored.address), f"ignored it is not:\n{state.text}")
    moved = {int(irq) for irq in re.findall(r"^moved IRQ (\d+) ", service.log(), re.MULTILINE)}
    check_equal(set(ignored.irqs()) & moved, set(), "IRQs of the device to leave alone that were moved")
    rig.remove(ignored, other)
    return nic


def placed(rig, nic):
    masks = rig.affinities()
    for irq in nic.active_irqs():
        check(cpus_of(masks[irq]) <= {0, 1}, f"IRQ {irq} is at {masks[irq]}")


def survives(rig, service):
    pid = service.pid()
    before = service.state().counters
    queues = "numtxqueues 128 numrxqueues 128"
    rig.run(f"ip link add many0 {queues} type veth peer name many1 {queues} && ip link set many0 up && "
            "ip link set many1 up", limit_s=300)
    rig.run("ip link delete many0", limit_s=300)
    rig.settle()
    state = service.wait_quiet()
    service.wait_rounds(2)
    check_equal(service.pid(), pid, "the process")
    print(f"         veth of 128 queues: {state.counters['uevents'] - before['uevents']} uevents, "
          f"{state.counters['links'] - before['links']} link messages, "
          f"{state.counters['overruns'] - before['overruns']} overruns")
    check(state.counters["uevents"] - before["uevents"] >= 512, "the events did not come")


def setting(rig, name):
    """(value, who set it) of a key in force."""
    keys = json.loads(rig.run("irqherdctl config --json"))["settings"]
    key, = (key for key in keys if key["key"] == name)
    return key["value"], key["origin"]


def reload_and_restart(rig, service):
    affinities = rig.affinities()
    pid = service.pid()
    rig.run("systemctl reload irqherd.service")
    service.wait_rounds(1)
    check_equal(service.pid(), pid, "the process after a reload")

    rig.put("/etc/irqherd/irqherd.conf.d/10-site.conf", "threshhold = 80\n")
    rig.try_run("systemctl reload irqherd.service")
    wait_until(lambda: "keeping the old one" in service.log(), "a refused reload")
    check_equal((service.pid(), service.show("ActiveState")), (pid, "active"), "the service with a broken file")
    # a new folder in the old one's place, as a configuration management may make it
    rig.run("cp -a /etc/irqherd /etc/irqherd.new && rm -r /etc/irqherd && mv /etc/irqherd.new /etc/irqherd")
    rig.put("/etc/irqherd/irqherd.conf.d/10-site.conf", "threshold = 97\nirqbalance-env = auto\nmode = observe\n")
    rig.run("systemctl reload irqherd.service")
    check_equal(setting(rig, "threshold"), ("97", "/etc/irqherd/irqherd.conf.d/10-site.conf:1"), "the new folder's threshold")

    # what others rewrite, in place and as a new file
    old = rig.run("cat /etc/default/irqbalance 2>/dev/null || true")
    for cpus, write in (("1", "cat >/etc/default/irqbalance"),
                        ("0", "cat >/etc/default/new && mv /etc/default/new /etc/default/irqbalance")):
        rig.run(f"echo IRQBALANCE_BANNED_CPULIST={cpus} | {{ {write}; }}")
        wait_until(lambda said=f"file changed: banned={cpus}\n": said in service.log(), f"CPU {cpus} to be banned")
    if old:
        rig.put("/etc/default/irqbalance", old)
    else:
        rig.run("rm /etc/default/irqbalance")
    rig.run("rm /etc/irqherd/irqherd.conf.d/10-site.conf && systemctl reload irqherd.service")
    rig.run("systemctl restart irqherd.service")
    check(service.pid() not in (0, pid), "the same process after a restart")
    service.wait_rounds(2)
    pid = service.pid()
    rig.run(f"kill -KILL {pid}")
    wait_until(lambda: service.pid() not in (0, pid), "the manager to start it again")
    service.wait_active()
    service.wait_rounds(2)
    rig.check_untouched(affinities)


def status_is_calm(rig):
    wait_until(lambda: rig.try_run("irqherdctl status")[0] == 0, "a calm status", pause_s=2)
    rig.run("irqherdctl status --json")
    check_equal(rig.run("stat -c '%a %U:%G' /run/irqherd/io.irqherd").strip(), "660 root:irqherd", "the socket")


def drop_ins(rig, service):
    rig.run(f"install -D -m 644 {EXAMPLES}/large-buffers.conf {DROP_INS}/large-buffers.conf && "
            "systemctl daemon-reload && systemctl restart irqherd.service")
    status = rig.get(f"/proc/{service.pid()}/status")
    check("CapEff:\t0000000000001000" in status, f"not CAP_NET_ADMIN alone: {status}")
    service.wait_rounds(1)
    rig.run(f"rm {DROP_INS}/large-buffers.conf")

    # the other balancer: refused beside it, then switched by the example, both ways
    rig.run("systemctl daemon-reload && systemctl stop irqherd.service && systemctl start irqbalance.service && "
            "until grep -qsx irqbalance /proc/[0-9]*/comm; do sleep 0.1; done")
    rig.try_run("systemctl start irqherd.service")
    wait_until(lambda: service.show("ActiveState") == "failed", "an end to all tries beside irqbalance", pause_s=2)
    check("irqbalance is running" in service.log(), "it is not said why")
    rig.run(f"install -D -m 644 {EXAMPLES}/instead-of-irqbalance.conf {DROP_INS}/instead-of-irqbalance.conf && "
            "systemctl daemon-reload && systemctl reset-failed irqherd.service && systemctl start irqherd.service")
    service.wait_active()
    check_equal(rig.try_run("systemctl is-active irqbalance.service")[1].strip(), "inactive", "irqbalance")
    rig.run("systemctl start irqbalance.service")
    check_equal(service.show("ActiveState"), "inactive", "irqherd, with irqbalance started")
    rig.run("systemctl start irqherd.service")
    check_equal(rig.try_run("systemctl is-active irqbalance.service")[1].strip(), "inactive", "irqbalance again")

    # nothing to do here is neither a failure nor a reason to try again
    restarts = service.show("NRestarts")
    rig.put(f"{DROP_INS}/read-only.conf", "[Service]\nReadOnlyPaths=+/proc/irq\n")
    rig.run("systemctl daemon-reload && systemctl restart irqherd.service")
    wait_until(lambda: service.show("ActiveState") == "inactive", "its end where it can't write")
    check_equal((service.show("Result"), service.show("ExecMainStatus"), service.show("NRestarts")),
                ("success", "77", restarts), "result, exit code and restarts")
    check_equal(service.show("StatusText"), "Nothing to do: /proc/irq can't be written", "status")
    rig.run(f"rm -r {DROP_INS} && systemctl daemon-reload && systemctl start irqherd.service")
    service.wait_active()


def view_is_the_administrators(rig, service):
    """What he keeps elsewhere comes into the view by what irqherd(8) tells, or the view goes."""
    more, none, rules = drop_ins_of_the_manual()
    load_profile = f"if [ -d /sys/kernel/security/apparmor ]; then apparmor_parser -r {PROFILE}; fi"
    allowed = rig.get(PROFILE_MORE)
    site = "/etc/irqherd/irqherd.conf.d/10-site.conf"
    rig.run("mkdir -p /var/lib/metrics")
    rig.put("/opt/site/proximity", "0000:00 node 0\n")
    rig.put(site, "pxm = /opt/site/proximity\nmetrics-file = /var/lib/metrics/irqherd.prom\n")
    begin = len(service.log())
    rig.try_run("systemctl reload irqherd.service")
    wait_until(lambda: "keeping the old one" in service.log()[begin:], "a file that is not in the view")
    check("/opt/site/proximity: cannot be read" in service.log()[begin:], f"it is not named: {service.log()[begin:]}")
    rig.put(PROFILE_MORE, allowed + rules)
    rig.run(load_profile)
    for text in (more, none):
        rig.run("rm -f /var/lib/metrics/irqherd.prom")
        rig.put(f"{DROP_INS}/view.conf", text if text == more else text + "ReadWritePaths=/var/lib/metrics\n")
        rig.run("systemctl daemon-reload && systemctl restart irqherd.service")
        service.wait_active()
        wait_until(lambda: "irqherd_up 1" in rig.try_run("cat /var/lib/metrics/irqherd.prom")[1], "metrics")
        root = f"/proc/{service.pid()}/root"
        check_equal(rig.try_run(f"test -e {root}/run/systemd/private")[0] == 0, text == none, "sees all of /run")
    rig.run(f"rm -r {DROP_INS} {site} /opt/site && systemctl daemon-reload && systemctl restart irqherd.service && "
            "rm -r /var/lib/metrics")
    service.wait_active()
    rig.put(PROFILE_MORE, allowed)
    rig.run(load_profile)


def steers_packets(rig, service):
    """The key rps, confined: refused with the reason, then with its drop-in."""
    nic, sender = rig.add_nic("e1000e", "n1p1"), rig.add_nic("igb", "n0p0")
    rig.run("systemctl stop irqherd.service")
    queue, traffic = Queue(rig, nic), Traffic(rig, nic, sender)
    gather_receiver(rig, nic)
    traffic.pace((HOT,), 65, 95)
    rig.put("/etc/irqherd/irqherd.conf.d/50-rps.conf", "rps = auto\nthreshold = 50\nload-limit = 45\n")
    begin = len(service.log())
    rig.run("systemctl start irqherd.service")
    wait_until(lambda: "not allowed to spread packets" in service.log()[begin:], "the refusal")
    check("packet-steering.conf" in service.log()[begin:], "the drop-in is not named")
    check_equal(queue.cpus(), set(), "rps_cpus without the right")

    rig.run(f"install -D -m 644 {EXAMPLES}/packet-steering.conf {DROP_INS}/packet-steering.conf && "
            "systemctl daemon-reload && systemctl restart irqherd.service")
    wait_until(lambda: re.search(r"^spread packets of \S+ over CPUs", service.log()[begin:], re.MULTILINE), "spread packets")
    print(f"         rps_cpus {queue.cpus()}")
    check(queue.cpus() and HOT not in queue.cpus(), f"spread over {queue.cpus()}")
    traffic.stop()
    rig.run(f"systemctl stop irqherd.service && rm -r {DROP_INS} /etc/irqherd/irqherd.conf.d/50-rps.conf && "
            "systemctl daemon-reload")
    check_equal(queue.cpus(), set(), "rps_cpus at the end")
    rig.run("ip netns delete sender")
    rig.settle()
    rig.remove(nic, sender)
    rig.run("systemctl start irqherd.service")
    service.wait_active()


def remove(rig, service, files, nic):
    service.wait_rounds(1)
    affinities = rig.affinities()
    pid = service.pid()
    rig.run("apt-get remove -qq -y irqherd", limit_s=300)
    check(rig.try_run(f"test -d /proc/{pid}")[0] != 0, "it runs on")
    left = set(rig.run(FILES).splitlines()) - files
    check_equal({path for path in left if not path.startswith("/etc/")}
                - {"/var/lib/systemd/deb-systemd-helper-enabled/irqherd.service.dsh-also",
                   "/var/lib/systemd/deb-systemd-helper-enabled/multi-user.target.wants/irqherd.service",
                   "/var/lib/systemd/deb-systemd-helper-masked/irqherd.service"}, set(),
                "left besides configuration")
    check("/etc/irqherd/irqherd.conf" in left, "the configuration is gone, too")
    check(rig.try_run("ls -d /run/irqherd*")[0] != 0, "/run/irqherd is left")
    rig.check_untouched(affinities)

    rig.run("apt-get purge -qq -y irqherd", limit_s=300)
    rig.run("rm -f /etc/udev/rules.d/91-site.rules")
    check_equal(set(rig.run(FILES).splitlines()) - files, set(), "left after a purge")
    check(rig.try_run("getent group irqherd")[0] != 0, "the group is left")
    check_equal(rig.run("grep -s '^irqherd ' /sys/kernel/security/apparmor/profiles || true"), "", "profiles in the kernel")
    rig.check_untouched(affinities)


def run(rig):
    service = Service(rig)
    rig.run("test -d /sys/kernel/security/apparmor")  # else nothing is shown of the profile
    for name in ("cold0", "cold1", "cold2"):
        rig.nics[name].up()
    files = set(rig.run(FILES).splitlines())
    install(rig, service)
    watch_then_apply(rig, service)
    confined(rig, service)
    sees_little(rig, service)
    nic = follows(rig, service)
    survives(rig, service)
    reload_and_restart(rig, service)
    status_is_calm(rig)
    drop_ins(rig, service)
    view_is_the_administrators(rig, service)
    steers_packets(rig, service)
    no_denials(rig)
    remove(rig, service, files, nic)
