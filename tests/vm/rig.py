"""A guest with the hardware that a scenario needs: boots it, runs commands in it, plugs and unplugs, and
always ends it.

No scenario asserts how long something takes. Waits end as soon as what they wait for is there, and give
up after WAIT_S seconds, which only an error uses up (the guest is emulated on a machine that may be busy).

Requests go through a virtio port whose other end is agent.c in the guest; nothing of it uses the
network. Every network device is on a hub inside of QEMU.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

WAIT_S = 120
BOOT_S = 120
QUIET_S = 0.3
LOOK_S = 5
PLUG_S = 20

UDEVD, UDEVD_QUEUE = "/run/udev/control", "/run/udev/queue"  # present while udevd runs, while it is at work

# smp: QEMU's words. sockets: the node of each socket. Ports are hotplug slots: n0p1 is the second behind
# node 0's expander (removal takes 7 s there, as on real slots), rp0 the first on bus 0, node -1 (fast).
# memory_node: node 2 has no CPU, one port (n2p0), and node 1 as its nearest neighbour.
# steady: one thread of QEMU's emulates all CPUs, and no CPU's timer ever stops. Not for spare_cpus: QEMU
# waits for the thread of a CPU that is unplugged, which would be itself.
# late_cpus: only one CPU boots, and the others are set online afterwards. Where each has a thread, half of the boots end in an
# assertion of QEMU's, or with a CPU whose timer does not run: devices move their memory while other CPUs look at it.
TOPOLOGIES = {
    "two_nodes": {"smp": "4,sockets=2,cores=2,threads=1,maxcpus=4", "sockets": (0, 1), "late_cpus": True},
    "steady": {"smp": "4,sockets=2,cores=2,threads=1,maxcpus=4", "sockets": (0, 1), "thread": "single"},
    "isolated": {"smp": "4,sockets=2,cores=2,threads=1,maxcpus=4", "sockets": (0, 1), "thread": "single",
                 "append": "isolcpus=domain,managed_irq,3 nohz_full=3"},
    "threads": {"smp": "8,sockets=2,cores=2,threads=2,maxcpus=8", "sockets": (0, 1), "memory_node": True,
                "thread": "single"},
    "spare_cpus": {"smp": "4,sockets=4,cores=2,threads=1,maxcpus=8", "sockets": (0, 1, 0, 1), "late_cpus": True},
    # a whole system on a disk, see debian.py
    "debian": {"smp": "4,sockets=2,cores=2,threads=1,maxcpus=4", "sockets": (0, 1), "late_cpus": True, "disk": True,
               "boot_s": 420},
}
PORTS = 4
TAPS = 4
# the emulated time stamp counters agree, which a kernel that finds several packages would not believe
CLOCK = "clocksource=tsc tsc=reliable"
# a kernel that hangs says so before a request is given up, and tells by keys what its tasks wait for
WATCH = "sysctl.kernel.hung_task_timeout_secs=60 sysrq_always_enabled"
# what the kernel's console says, and what it means
HANGS = (("timer wakeup didn't happen", "a CPU's timer stopped"),
         ("blocked for more than", "tasks of the guest's kernel hang"))
CPU = "max,-erms,-fsrm"  # string instructions that are fast elsewhere take a step a byte here

# Present at boot, in this order: behind each expander, on bus 0 (where the kernel knows no node).
COLD = (("cold0", "e1000e", "n0p3"), ("cold1", "virtio-net-pci", "n1p3"), ("cold2", "e1000e", "pcie.0"))


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


def check_equal(found, wanted, what):
    check(found == wanted, f"{what}: {found!r} instead of {wanted!r}")


def wait_until(condition, what, limit_s=WAIT_S, pause_s=0.1):
    """The first true value of condition()."""
    end = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {limit_s} s for {what}")
        time.sleep(pause_s)


def cpus_of(text):
    """"0-2,5" as a set."""
    cpus = set()
    for part in text.strip().split(","):
        if part:
            first, _, last = part.partition("-")
            cpus |= set(range(int(first), int(last or first) + 1))
    return cpus


def check_placed(guest, nic, state, home):
    """All IRQs of a NIC that are in use fire at home, and no CPU has several of its queues while another
    has none: more even it need not be, since that would cost writes."""
    effective = guest.effective()
    masks = guest.affinities()
    rows = state.rows(nic.address)
    queues = {cpu: 0 for cpu in home}
    for irq in nic.active_irqs():
        # a written mask takes effect with the next interrupt
        cpus = effective[irq] if effective[irq] <= cpus_of(masks[irq]) else cpus_of(masks[irq])
        check(cpus <= home, f"IRQ {irq} of {nic.model} is on CPUs {cpus}, home {home}")
        if rows[irq]["queue"] != "-" and len(cpus) == 1:
            queues[cpus.pop()] += 1
    if queues:
        check(min(queues.values()) > 0 or max(queues.values()) <= 1,
              f"queues of {nic.model} leave a CPU out: {queues}\n{state.device(nic.address)}")


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


# ---------------------------------------------------------------------------------------------------
# QEMU


class Guest:
    def __init__(self, machine, program_overlay, topology="two_nodes", limit_s=3600):
        self.topology = topology
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="irqherd-vm-"))
        self.events = []
        self.process = None
        self.daemons = []
        self.nics = {}
        self.disks = {}
        self.slots = {}  # port to the slot's number
        self.count = 0
        self.deadline = None
        self.console_seen = 0
        self.mute = ""  # why nothing more can be asked of it
        (self.folder / "image").write_bytes(machine.image.read_bytes() + program_overlay)
        try:
            self.taps = os.geteuid() == 0 and os.path.exists("/dev/net/tun") and shutil.which("ip") \
                and shutil.which("unshare")
            self.boot([*machine.qemu, *self.arguments(machine)], limit_s)
        except Failure as failure:
            said = "" if self.hangs() else f"; its console:\n{self.console()[-3000:]}"
            self.close()
            raise Failure(f"{failure}{said}") from None
        except BaseException:
            self.close()
            raise

    # building the command line

    def arguments(self, machine):
        topology = TOPOLOGIES[self.topology]
        append = f"{CLOCK} {'maxcpus=1' if topology.get('late_cpus') else ''} {topology.get('append', '')}"
        words = ["-M", "q35", "-accel", f"tcg,thread={topology.get('thread', 'multi')}", "-cpu", CPU, "-smp", topology["smp"],
                 "-m", "1152" if topology.get("memory_node") else "1024", "-display", "none", "-nodefaults", "-no-reboot",
                 "-serial", f"file:{self.folder}/console",
                 "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off",
                 "-device", "virtio-serial-pci,vectors=0,bus=pcie.0",
                 "-chardev", f"socket,id=control,path={self.folder}/control,server=on,wait=off",
                 "-device", "virtserialport,chardev=control,name=control",
                 "-kernel", str(machine.kernel), "-initrd", str(self.folder / "image"),
                 "-append", f"console=ttyS0 quiet panic=-1 {WATCH} {append}"]
        for node in (0, 1):
            words += ["-object", f"memory-backend-ram,id=m{node},size=512M",
                      "-numa", f"node,nodeid={node},memdev=m{node}",
                      "-device", f"pxb-pcie,id=px{node},bus_nr={64 * (node + 1)},numa_node={node},bus=pcie.0"]
        if topology.get("memory_node"):
            words += ["-object", "memory-backend-ram,id=m2,size=128M", "-numa", "node,nodeid=2,memdev=m2",
                      "-device", "pxb-pcie,id=px2,bus_nr=192,numa_node=2,bus=pcie.0"]
            for one, other, distance in ((0, 1, 20), (0, 2, 30), (1, 2, 15)):
                words += ["-numa", f"dist,src={one},dst={other},val={distance}"]
        for socket_id, node in enumerate(topology["sockets"]):
            words += ["-numa", f"cpu,node-id={node},socket-id={socket_id}"]
        ports = [(f"{prefix}{i}", bus) for prefix, bus in (("n0p", "px0"), ("n1p", "px1"), ("rp", "pcie.0"))
                 for i in range(PORTS)] + ([("n2p0", "px2")] if topology.get("memory_node") else [])
        for slot, (port, bus) in enumerate(ports, 1):
            words += ["-device", f"pcie-root-port,id={port},bus={bus},chassis={slot},slot={slot}"]
            self.slots[port] = slot
        words += ["-blockdev", "null-co,node-name=null,size=16777216,read-zeroes=on"]
        if topology.get("disk"):
            words += ["-drive", f"file={machine.disk},format=raw,if=none,id=disk,snapshot=on",
                      "-device", "virtio-blk-pci,drive=disk,bus=pcie.0"]
        for name, model, port in COLD:
            mac = self.next_mac()
            words += ["-netdev", f"hubport,id=net-{name},hubid=1",
                      "-device", f"{model},id={name},bus={port},netdev=net-{name},mac={mac},romfile="]
            self.nics[name] = Nic(self, name, model, port, mac)
        return words

    def next_mac(self):
        self.count += 1
        return f"52:54:00:00:{self.count // 256:02x}:{self.count % 256:02x}"

    # starting and ending

    def boot(self, command, limit_s):
        if self.taps:
            setup = "".join(f"ip tuntap add tap{i} mode tap multi_queue && ip link set tap{i} up && "
                            for i in range(TAPS))
            command = ["unshare", "-n", "sh", "-c", f'{setup} exec "$@"', "qemu", *command]
        with open(self.folder / "qemu.log", "w") as log:
            self.process = subprocess.Popen(["nice", *command], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, preexec_fn=die_with_parent)
        self.deadline = threading.Timer(limit_s, self.process.kill)
        self.deadline.daemon = True
        self.deadline.start()
        started = time.monotonic()
        self.control = self.connect("control")
        self.qmp_socket = self.connect("qmp")
        self.received = b""
        self.qmp_received = b""
        self.qmp_read(lambda message: "QMP" in message)
        self.qmp("qmp_capabilities")
        end = started + TOPOLOGIES[self.topology].get("boot_s", BOOT_S)
        while not select.select([self.control], [], [], 1)[0]:
            check(not self.hangs(), self.hangs())
            check(time.monotonic() < end, "the guest does not answer")
        check_equal(self.receive(None, 10), b"ready", "the guest's first word")
        if TOPOLOGIES[self.topology].get("late_cpus"):
            self.run("for c in /sys/devices/system/cpu/cpu*/online; do [ $(cat $c) = 1 ] || echo 1 >$c; done")
        self.boot_s = time.monotonic() - started
        self.check_timers()
        self.release = self.run("uname -r").strip()
        for nic in self.nics.values():
            nic.find()
        self.boot_affinities = self.affinities()
        self.boot_default = self.get("/proc/irq/default_smp_affinity").strip()

    def connect(self, name):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(str(self.folder / name))
                return connection
            time.sleep(0.05)
        raise Failure(f"QEMU does not start: {(self.folder / 'qemu.log').read_text()[-2000:]}")

    def console(self):
        path = self.folder / "console"
        return path.read_text(errors="replace") if path.exists() else ""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def check_timers(self):
        """Now and then an emulated CPU starts without a working timer, and nothing of that is said for long."""
        cpus = cpus_of(self.get("/sys/devices/system/cpu/online"))
        self.run("".join(f"(taskset -c {cpu} sleep 0.1; echo {cpu} >>/run/timers) >/dev/null 2>&1 & "
                         for cpu in sorted(cpus)) + ":")

        def fired():
            return set(map(int, self.try_run("cat /run/timers 2>/dev/null")[1].split())) == cpus

        wait_until(fired, "the timer of every CPU", 20)

    def hangs(self):
        """What the guest's kernel says about itself that no program in it can be the cause of; empty: nothing."""
        console = self.console()
        return next((what for said, what in HANGS if said in console), "")

    def crashed(self):
        """What went wrong with the emulator itself; empty: nothing is known to."""
        if self.hangs():
            return self.hangs()
        log = self.folder / "qemu.log"
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        return said[-1] if not self.alive() and said and "Assertion" in said[-1] else ""

    def close(self):
        if self.deadline:
            self.deadline.cancel()
        if self.alive():
            self.process.kill()
        if self.process:
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    # requests, see agent.c

    def receive(self, length, limit_s):
        """So many bytes, or a line without its end if length is None."""
        end = time.monotonic() + limit_s

        def whole():
            return self.received.find(b"\n") + 1 if length is None else len(self.received) >= length and length

        while not (size := whole()):
            if length == 0:
                return b""
            left = end - time.monotonic()
            if not select.select([self.control], [], [], max(0, min(left, LOOK_S)))[0]:
                # a scenario would wait for minutes for nothing
                self.mute = self.hangs() or ("the guest does not answer" if left <= 0 else "")
                check(not self.mute, self.mute)
                continue
            data = self.control.recv(1 << 16)
            if not data:
                raise Failure("the guest is gone")
            self.received += data
        data, self.received = bytes(self.received[:size]), self.received[size:]
        return data.rstrip(b"\n") if length is None else data

    def request(self, kind, *parts, limit_s=120, first=None):
        """(code, content) of the guest's answer."""
        check(not self.mute, self.mute)
        if time.monotonic() > self.console_seen + LOOK_S:
            self.console_seen = time.monotonic()
            check(not self.hangs(), self.hangs())
        numbers = [*([] if first is None else [first]), *map(len, parts)]
        self.control.sendall(" ".join(map(str, [kind, *numbers])).encode() + b"\n" + b"".join(parts))
        code, length = map(int, self.receive(None, limit_s + 60).split())
        return code, self.receive(length, 60)

    def try_run(self, command, limit_s=120):
        """(exit code, output) of a shell command."""
        code, output = self.request("run", command.encode(), limit_s=limit_s)
        return code, output.decode(errors="replace")

    def run(self, command, limit_s=120):
        """Output of a shell command that must succeed."""
        code, output = self.try_run(command, limit_s)
        check(code == 0, f"in the guest: {command}: exit {code}: {output[-500:]}")
        return output

    def put(self, path, text):
        code, _ = self.request("put", path.encode(), text.encode())
        check(code == 0, f"in the guest: {path} can't be written: {os.strerror(code)}")

    def read(self, pattern, begin=0):
        """(path, errno, bytes from `begin` on) of all files that a shell's pattern matches."""
        _, answer = self.request("read", pattern.encode(), first=begin)
        found, at = [], 0
        while at < len(answer):
            end = answer.index(b"\n", at)
            error, path_length, length = map(int, answer[at:end].split())
            path_end = end + 1 + path_length
            at = path_end + length
            found.append((answer[end + 1:path_end].decode(), error, answer[path_end:at]))
        return found

    def files(self, pattern):
        """Path to text of all files that a shell's pattern matches and that can be read."""
        return {path: content.decode(errors="replace") for path, error, content in self.read(pattern) if not error}

    def exists(self, pattern):
        return bool(self.read(pattern))

    def get(self, path):
        found = self.files(path)
        check(path in found, f"in the guest: {path} can't be read")
        return found[path]

    # QMP

    def qmp_read(self, wanted, limit_s=60):
        end = time.monotonic() + limit_s
        while True:
            while b"\n" in self.qmp_received:
                line, self.qmp_received = self.qmp_received.split(b"\n", 1)
                message = json.loads(line)
                if "event" in message:
                    self.events.append(message)
                if wanted(message):
                    return message
            ready, _, _ = select.select([self.qmp_socket], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise Failure("QEMU does not answer")
            data = self.qmp_socket.recv(1 << 16)
            if not data:
                raise Failure("QEMU is gone")
            self.qmp_received += data

    def qmp(self, command, **arguments):
        self.qmp_socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        answer = self.qmp_read(lambda message: "return" in message or "error" in message)
        if "error" in answer:
            raise Failure(f"QMP {command} {arguments}: {answer['error']['desc']}")
        return answer["return"]

    def device_add(self, driver, **properties):
        self.qmp("device_add", driver=driver, **properties)

    def power_off(self, *devices):
        """Turns the slots of those behind an expander off, as an administrator may: gone at once, without
        the wait for another press of the attention button. Answers which ones are left."""
        slots = [port for port in (device.port for device in devices) if port and port.startswith("n")]
        left = {device.name for device in devices if device.port in slots}
        others = [device.name for device in devices if device.port not in slots]

        def is_gone(message):
            if message.get("event") == "DEVICE_DELETED":
                left.discard(message["data"].get("device"))
            return not left

        if left:
            numbers = " ".join(str(self.slots[port]) for port in slots)
            self.try_run(f"for s in {numbers}; do echo 0 > /sys/bus/pci/slots/$s/power & done; wait")
            self.events = [event for event in self.events if not is_gone(event)]
            if left:
                with contextlib.suppress(Failure):
                    self.qmp_read(is_gone, 20)
        return [*others, *left]

    def device_del(self, *names):
        """Ends when the guest has let go of all of them. Asked again if the guest missed it."""
        left = set(names)

        def is_gone(message):
            if message.get("event") == "DEVICE_DELETED":
                left.discard(message["data"].get("device"))
            return not left

        for attempt in range(4):
            for name in sorted(left):
                with contextlib.suppress(Failure):
                    self.qmp("device_del", id=name)
            self.events = [event for event in self.events if not is_gone(event)]
            if not left:
                return
            with contextlib.suppress(Failure):
                self.qmp_read(is_gone, 45)
                return
        raise Failure(f"the guest does not let go of {', '.join(sorted(left))}")

    # network devices and disks

    def add_nic(self, model, port, name=None, wait=True, **properties):
        """Plugs one in; with queues=N a virtio-net of N queue pairs, else all that the model has."""
        name = name or f"nic{self.count}"
        queues = properties.pop("queues", 1)
        nic = Nic(self, name, model, port, properties.pop("mac", None) or self.next_mac())
        backend = f"net-{name}"
        if queues > 1:
            if not self.taps:
                raise Skip("virtio-net with several queues needs root and /dev/net/tun")
            used = {other.tap for other in self.nics.values()}
            nic.tap = next(f"tap{i}" for i in range(TAPS) if f"tap{i}" not in used)
            self.qmp("netdev_add", type="tap", id=backend, ifname=nic.tap, script="no", downscript="no",
                     queues=queues, vhost=False)
            properties |= {"mq": True, "vectors": 2 * queues + 2}
        else:
            self.qmp("netdev_add", type="hubport", id=backend, hubid=1)
        self.device_add(model, id=name, bus=port, netdev=backend, mac=nic.mac, romfile="", **properties)
        self.nics[name] = nic
        if wait:
            nic.find()
        return nic

    def wait_plugged(self, condition, what):
        """For what comes of a plug. The emulator's word of it is lost once in a long while: then the guest is told to look
        for itself, and it is said."""
        with contextlib.suppress(Failure):
            return wait_until(condition, what, PLUG_S, 0.05)
        print(f"         the guest did not hear of a plug: rescan, for {what}", flush=True)
        self.run("echo 1 > /sys/bus/pci/rescan")
        return wait_until(condition, what, pause_s=0.05)

    def add_nvme(self, port, name=None, queues=4):
        name = name or f"nvme{self.count}"
        self.count += 1
        self.device_add("nvme", id=name, bus=port, serial=name, drive="null", max_ioqpairs=queues)
        self.disks[name] = port
        path = wait_until(lambda: self.try_run(f"grep -l '^{name} *$' /sys/class/nvme/*/serial 2>/dev/null")[1]
                          .strip(),
                          f"the disk {name}")
        address = os.path.basename(self.run(f"readlink -f {os.path.dirname(path)}/device").strip())
        self.settle()
        return Device(self, name, address, port)

    def remove(self, *devices, at_once=False):
        """Unplugs, all together: behind an expander that takes seconds."""
        names = self.power_off(*devices) if at_once else [device.name for device in devices]
        if names:
            self.device_del(*names)
            # who plugs into a port of bus 0 while firmware is still at its removal is not heard
            time.sleep(0.2)
        for device in devices:
            self.disks.pop(device.name, None)
            if self.nics.pop(device.name, None):
                self.qmp("netdev_del", id=f"net-{device.name}")

    def real_path(self, device):
        return self.run(f"readlink -f {device.path}").strip()

    def settle(self):
        self.try_run("udevadm settle --timeout=60")

    # what the kernel says of IRQs

    def irq_files(self, name):
        """Number to content, of one file of all of /proc/irq."""
        return {int(path.split("/")[3]): value.strip() for path, value in self.files(f"/proc/irq/[0-9]*/{name}").items()}

    def affinities(self):
        return self.irq_files("smp_affinity_list")

    def effective(self):
        return {irq: cpus_of(cpus) for irq, cpus in self.irq_files("effective_affinity_list").items()}

    def actions(self):
        """Of all IRQs that a driver has requested."""
        return {int(path.split("/")[4]): names.strip() for path, names in self.files("/sys/kernel/irq/*/actions").items()
                if names.strip()}

    def counts(self):
        """Interrupts of each IRQ since the boot."""
        numbers = re.search(r"^intr \d+(.*)$", self.get("/proc/stat"), re.MULTILINE).group(1).split()
        return {irq: int(count) for irq, count in enumerate(numbers)}

    def cpu_times(self):
        """CPU to (all, idle, softirq) ticks."""
        found = {}
        for cpu, text in re.findall(r"^cpu(\d+) (.*)$", self.get("/proc/stat"), re.MULTILINE):
            ticks = list(map(int, text.split()))[:8]
            found[int(cpu)] = (sum(ticks), ticks[3] + ticks[4], ticks[6])
        return found

    def cpu_loads(self, seconds, softirq=False):
        """Percent of each CPU's time, in softirq alone if asked."""
        before = self.cpu_times()
        self.run(f"sleep {seconds}")
        after = self.cpu_times()
        loads = {}
        for cpu, (total, idle, soft) in after.items():
            ticks = total - before[cpu][0]
            part = soft - before[cpu][2] if softirq else ticks - (idle - before[cpu][1])
            loads[cpu] = 100 * part / max(ticks, 1)
        return loads

    def check_untouched(self, before, but=()):
        """No affinity differs from `before`; IRQs that came or went do not count."""
        now = self.affinities()
        differs = {irq: f"{mask} is now {now[irq]}" for irq, mask in before.items()
                   if irq in now and irq not in but and now[irq] != mask}
        check(not differs, f"affinities were changed: {differs}")

    # the daemon

    def daemon(self, config="", **options):
        return Daemon(self, config, **options)

    # between scenarios

    def reset(self):
        """Everything as it was after the boot."""
        for daemon in self.daemons:
            daemon.end()
        self.daemons.clear()
        self.run("for n in $(ip netns list | cut -d' ' -f1); do ip netns delete $n; done; rm -rf /run/irqherd; "
                 f"echo {self.boot_default} > /proc/irq/default_smp_affinity; "
                 "pidof systemd-udevd >/dev/null || /usr/lib/systemd/systemd-udevd --daemon --resolve-names=never; "
                 "[ -z \"$(ls /run/udev/rules.d 2>/dev/null)\" ] || { rm -rf /run/udev/rules.d/*; udevadm control --reload; }; "
                 "for f in /sys/devices/system/cpu/cpu*/online; do "
                 "[ $(cat $f) = 1 ] || echo 1 > $f; done")
        cold = {name for name, _, _ in COLD}
        added = [nic for name, nic in self.nics.items() if name not in cold]
        self.remove(*added, *(Device(self, name, None, port) for name, port in self.disks.items()),
                    at_once=True)
        for name in cold:
            self.nics[name].find()
            self.run(f"ip link set {self.nics[name].netdev()} down")
        self.settle()
        now = self.affinities()
        for irq, mask in self.boot_affinities.items():
            if irq in now and now[irq] != mask:
                self.try_run(f"echo {mask} > /proc/irq/{irq}/smp_affinity_list")

    def ask_kernel_for_stacks(self):
        """Onto the console: of tasks that are blocked, and of what each CPU does. By keys that a kernel hears that answers
        nothing else."""
        with contextlib.suppress(Failure, OSError):
            for key in ("9", "w", "l"):  # say all, blocked, CPUs
                self.qmp("send-key", keys=[{"type": "qcode", "data": code} for code in ("alt", "sysrq", key)])
                time.sleep(5)

    def dump(self, folder, text):
        """What a failure leaves behind."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "failure").write_text(text)
        if self.alive() and (self.mute or self.hangs()):
            self.ask_kernel_for_stacks()
        for name in ("console", "qemu.log"):
            with contextlib.suppress(OSError):
                shutil.copy(self.folder / name, folder / name)
        if not self.alive():
            return
        commands = {
            "irqs": "grep -H '' /proc/irq/*/* 2>/dev/null; cat /proc/interrupts",
            "pci": "for d in /sys/bus/pci/devices/*; do echo $d node=$(cat $d/numa_node) "
                   "$(readlink $d/driver) msi: $(ls $d/msi_irqs 2>/dev/null); done; ip -d link",
            "processes": "ps; cat /proc/stat; dmesg | tail -n 100",
        }
        with contextlib.suppress(Failure, OSError):
            for number, daemon in enumerate(self.daemons):
                with contextlib.suppress(Failure):
                    daemon.ask_for_state(limit_s=10)
                (folder / f"irqherd-{number}.log").write_text(daemon.log())
            for name, command in commands.items():
                (folder / name).write_text(self.try_run(command)[1])


class Device:
    """A PCI device of the guest."""

    def __init__(self, guest, name, address, port=None):
        self.guest = guest
        self.name = name  # in QEMU
        self.address = address
        self.port = port

    @property
    def path(self):
        return f"/sys/bus/pci/devices/{self.address}"

    def irqs(self):
        """Numbers, in the order of the vectors."""
        vectors = self.guest.files(f"{self.path}/msi_irqs/*")
        if vectors:
            return sorted(int(os.path.basename(path)) for path in vectors)
        return [int(text) for text in self.guest.files(f"{self.path}/irq").values()]

    def active_irqs(self):
        """Those with an action."""
        actions = self.guest.actions()
        return [irq for irq in self.irqs() if irq in actions]

    def node(self):
        return int(self.guest.get(f"{self.path}/numa_node"))

    def local_cpus(self):
        return cpus_of(self.guest.get(f"{self.path}/local_cpulist"))

    def driver(self):
        return self.guest.run(f"basename $(readlink -f {self.path}/driver)").strip()


class Nic(Device):
    def __init__(self, guest, name, model, port, mac):
        super().__init__(guest, name, None, port)
        self.model = model
        self.mac = mac
        self.tap = None

    def find(self):
        """Waits until its network device is there, and udevd has done with its name."""
        def address():
            folder = self.folder()
            if not folder:
                return None
            if self.guest.exists(UDEVD):
                number = "".join(self.guest.files(f"{folder}/ifindex").values()).strip()
                known = "".join(self.guest.files(f"/run/udev/data/n{number}").values())
                # it stays so if the device was set up first, and may not be renamed any more
                if not known or "ID_RENAMING" in known and self.guest.exists(UDEVD_QUEUE):
                    return None
            # virtio's network device hangs below the virtio device
            below = [*self.guest.files(f"{folder}/device/uevent").values(),
                     *self.guest.files(f"{folder}/device/../uevent").values()]
            found = re.findall(r"^PCI_SLOT_NAME=(.*)$", "".join(below), re.MULTILINE)
            return found[0] if found else None

        self.address = self.guest.wait_plugged(address, f"a network device with the address {self.mac}")
        return self

    def folder(self):
        """Empty: there is none, at least in the first network namespace."""
        return next((os.path.dirname(path) for path, mac in self.guest.files("/sys/class/net/*/address").items()
                     if mac.strip() == self.mac), "")

    def netdev(self):
        return os.path.basename(self.folder())

    def up(self):
        # the name is udevd's to change meanwhile
        self.guest.wait_plugged(lambda: (name := self.netdev()) and self.guest.try_run(f"ip link set {name} up")[0] == 0,
                                f"the network device {self.mac} to be up")
        return self

    def down(self):
        self.guest.run(f"ip link set {self.netdev()} down")
        return self


# ---------------------------------------------------------------------------------------------------
# irqherd in the guest

ROW = re.compile(r"^ +(?P<irq>\d+) +(?P<vector>\d+|-) +(?P<cpu>\d+|-)  (?P<asked>\S+(?: CPUs)?) +"
                 r"(?P<interrupts>\d+|-)  (?P<queue>\S+) +(?P<action>.*)$")


class State:
    """What irqherd says of the machine."""

    def __init__(self, text):
        self.text = text
        counters = re.findall(r"^rounds=.*$", text, re.MULTILINE)[-1]
        self.counters = {key: int(value) for key, value in re.findall(r"([\w-]+)=(\d+)", counters)}
        self.sections = {match.group(1): match.group() for match in
                         re.finditer(r"^([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])  .*\n(?:  .*\n)*", text,
                                     re.MULTILINE)}

    def device(self, address):
        """Its lines; empty: it is not known, or has no IRQs."""
        return self.sections.get(address, "")

    def home(self, address):
        """(CPUs, origin in words)"""
        match = re.search(r"^    home CPUs (\S+): (.*)$", self.device(address), re.MULTILINE)
        check(match, f"irqherd knows no home of {address}:\n{self.text}")
        return cpus_of(match.group(1)), match.group(2)

    def rows(self, address=None):
        """Number to fields, of IRQs that have a line of their own."""
        text = self.text if address is None else self.device(address)
        rows = {}
        for line in text.splitlines():
            match = ROW.match(line)
            if match:
                rows[int(match["irq"])] = match.groupdict()
        return rows


class Daemon:
    """irqherd in the foreground, with its own configuration and log."""

    def __init__(self, guest, config="", arguments="-v", traced=False, environment=""):
        self.guest = guest
        number = len(guest.daemons)
        self.folder = f"/run/test{number}"
        self.arguments = arguments
        self.traced = "write" if traced is True else traced  # or names of system calls
        self.environment = environment
        self.known = b""
        self.last_state = None
        self.pid = None
        guest.run(f"rm -rf {self.folder}")
        self.configure(config)
        guest.daemons.append(self)
        self.start()

    def configure(self, config):
        for key, seconds in (("short-interval", 0.3), ("long-interval", 0.5)):
            if key not in config:
                config += f"\n{key} = {seconds}\n"
        self.guest.put(f"{self.folder}/conf", config)

    def start(self):
        begin = self.mark()
        trace = f"strace -D -f -qq -y --seccomp-bpf -e trace={self.traced} -o {self.folder}/trace" \
            if self.traced else ""
        self.guest.run(f"{self.environment} {trace} irqherd -f -c {self.folder}/conf -p {self.folder}/pid "
                       f"{self.arguments} >>{self.folder}/log 2>&1 & echo $! >{self.folder}/started")
        self.pid = int(self.guest.get(f"{self.folder}/started"))
        self.wait_log(r"^started:", begin)

    # its log

    def log(self, begin=0):
        """From a mark on, which is a number of bytes; fetched from the guest in pieces."""
        self.known += b"".join(content for _, _, content in self.guest.read(f"{self.folder}/log", len(self.known)))
        return self.known[begin:].decode(errors="replace")

    def mark(self):
        self.log()
        return len(self.known)

    def wait_log(self, pattern, begin=0, limit_s=WAIT_S):
        regex = re.compile(pattern, re.MULTILINE)

        def found():
            match = regex.search(self.log(begin))
            if not match:
                check(self.alive(), f"irqherd ended:\n{self.log()[-3000:]}")
            return match

        return wait_until(found, f"the log line {pattern}", limit_s)

    def moves(self, begin=0):
        """(IRQ, from, to, reason) of each; from is None for several CPUs."""
        return [(int(irq), int(source) if source.isdigit() else None, int(target), reason)
                for irq, source, target, reason in
                re.findall(r"^moved IRQ (\d+) from (?:CPU )?(\d+|several CPUs) to CPU (\d+):.* reason=(\S+)",
                           self.log(begin), re.MULTILINE)]

    # its state

    def ask_for_state(self, limit_s=WAIT_S):
        begin = self.mark()
        self.signal("USR1")
        self.wait_log(r"^rounds=.*\n", begin, limit_s)
        return self.log(begin)

    def state(self):
        self.last_state = State(self.ask_for_state())
        return self.last_state

    def counters(self):
        return self.state().counters

    def wait_state(self, condition, what):
        """The first state of which condition(state) is true."""
        def found():
            state = self.state()
            return state if condition(state) else None

        return wait_until(found, what)

    def wait_quiet(self):
        """Until everything that it was told of is looked at, and no more is told for a while. Looks by schedule
        may still come: who wants to see what only they find waits for that."""
        def now():
            counters = self.state().counters
            busy = counters["waiting"] or self.guest.exists(UDEVD_QUEUE)
            return None if busy else counters["hints"]

        def is_quiet():
            nonlocal last
            before, last = last, now()
            if last is not None and last == before:
                return True
            time.sleep(QUIET_S)
            return False

        last = None
        wait_until(is_quiet, "quiet", pause_s=0)
        return self.last_state

    def wait_rest(self):
        """Until no look is to come any more, by schedule either: 15 s after the last change."""
        return self.wait_state(lambda state: state.counters["watched"] == 0, "all looks")

    def wait_rounds(self, more):
        first = self.counters()["rounds"]
        return self.wait_state(lambda state: state.counters["rounds"] >= first + more, f"{more} rounds")

    # what it writes, if it is traced

    def trace(self):
        return self.guest.get(f"{self.folder}/trace")

    def writes(self):
        """(IRQ, text, error or None) of each write to an affinity."""
        text = self.trace()
        return [(int(irq), value.replace("\\n", ""), error or None) for irq, value, error in
                re.findall(r'write\(\d+<[^>]*/irq/(\d+)/smp_affinity[^>]*>, "([^"]*)", \d+\) += '
                           r"(?:\d+|-1 (\w+))", text)]

    # the process

    def signal(self, name):
        self.guest.run(f"kill -{name} {self.pid}")

    def alive(self):
        return any(text.rpartition(")")[2].split()[0] not in "ZX"
                   for text in self.guest.files(f"/proc/{self.pid}/stat").values())

    def reload(self):
        begin = self.mark()
        self.signal("HUP")
        self.wait_log(r"configuration reloaded|keeping the old one", begin)
        return self.log(begin)

    def stop(self):
        self.signal("TERM")
        wait_until(lambda: not self.alive(), "irqherd's end")

    def kill(self):
        self.signal("KILL")
        wait_until(lambda: not self.alive(), "irqherd's end")

    def end(self):
        if self.alive():
            self.kill()

    def descriptors(self):
        """(those kept for reading IRQs and vector folders again: as many as there were rounds for, what the others are)"""
        links = [line.split(" -> ")[1] for line in self.guest.run(f"ls -l /proc/{self.pid}/fd").splitlines()
                 if " -> " in line]
        kept = [link for link in links if "/irq/" in link or "msi_irqs" in link]
        others = sorted(re.sub(r"\d+", "", link) for link in links if link not in kept)  # sockets have numbers
        return len(kept), others

    def memory_kb(self):
        return int(self.guest.run(f"awk '/^RssAnon/ {{ print $2 }}' /proc/{self.pid}/status"))


# ---------------------------------------------------------------------------------------------------
# one guest at a time


@contextlib.contextmanager
def only_guest(folder):
    """Two emulated guests on few CPUs only hinder each other."""
    with open(folder / "guest.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    time.sleep(1)  # who waits for it is to have it before who wants it again
