"""What the system tests have in common: a daemon of their own in namespaces of their own, waits with
limits, and every affinity as it was when a test ends.

A test works on the live machine: PCI devices and their IRQs are real and there is one set of them.
Hence keep_affinities() around whatever may write, and one system test at a time. Everything else is
private: isolate() gives a mount namespace (empty /run, fresh /sys) and a network namespace.

No test asserts how long something takes. Waits end as soon as what they wait for is there, and give
up after WAIT_S seconds, which only an error uses up.
"""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

WAIT_S = 60
SKIPPED = 77

PCI = pathlib.Path("/sys/bus/pci/devices")
IRQ = pathlib.Path("/proc/irq")

_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000


class Failure(Exception):
    pass


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def check(condition, message):
    if not condition:
        raise Failure(message)


def wait_until(condition, what, limit_s=WAIT_S, pause_s=0.05):
    """Answers the first true value of condition()."""
    end = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {limit_s} s for {what}")
        time.sleep(pause_s)


def run(*command, ok=True, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, **options)
    if ok and done.returncode != 0:
        raise Failure(f"{' '.join(command)}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done


def need_root():
    if os.geteuid() != 0:
        skip("needs root")


def need_tools(*names):
    for name in names:
        if not shutil.which(name):
            skip(f"needs {name}")


def need_cpus(count):
    if len(os.sched_getaffinity(0)) < count:
        skip(f"needs {count} CPUs")


# ---------------------------------------------------------------------------------------------------
# namespaces


def isolate(net=True):
    """Moves this process into namespaces of its own."""
    need_root()
    need_tools("mount", "ip")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS | (_CLONE_NEWNET if net else 0)) != 0:
        skip(f"no private namespaces: {os.strerror(ctypes.get_errno())}")
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    if net:
        run("mount", "-t", "sysfs", "sysfs", "/sys")  # a sysfs shows the network of who mounted it
        run("ip", "link", "set", "lo", "up")


def start_udevd(rules):
    """A real udevd for these namespaces alone, with these rules and none else."""
    daemon = next(
        (path for path in ("/usr/lib/systemd/systemd-udevd", "/lib/systemd/systemd-udevd")
         if os.path.exists(path)), None)
    if not daemon:
        skip("needs systemd-udevd")
    need_tools("udevadm")
    for folder in ("/run/udev/rules.d", "/run/empty"):
        os.makedirs(folder, exist_ok=True)
    for folder in ("/usr/lib/udev/rules.d", "/lib/udev/rules.d", "/etc/udev/rules.d"):
        if os.path.isdir(folder):
            run("mount", "--bind", "/run/empty", folder)
    pathlib.Path("/run/udev/rules.d/90-test.rules").write_text(rules)
    udevd = subprocess.Popen([daemon, "--resolve-names=never"], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists("/run/udev/control"), "udevd's control socket")
    return udevd


def end(process, limit_s=WAIT_S):
    """Ends a process that this test started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


# ---------------------------------------------------------------------------------------------------
# IRQs


def irqs():
    """Number to action names, of all IRQs that a driver has requested."""
    found = {}
    for folder in pathlib.Path("/sys/kernel/irq").iterdir():
        actions = (folder / "actions").read_text().strip()
        if actions and (IRQ / folder.name).exists():
            found[int(folder.name)] = actions
    return found


def affinity(irq):
    return (IRQ / str(irq) / "smp_affinity_list").read_text().strip()


def effective_cpu(irq):
    text = (IRQ / str(irq) / "effective_affinity_list").read_text().strip()
    return int(text) if text.isdigit() else None


def set_affinity(irq, cpus):
    (IRQ / str(irq) / "smp_affinity_list").write_text(f"{cpus}\n")


def interrupts(irq):
    """Count of all CPUs together."""
    text = pathlib.Path(f"/sys/kernel/irq/{irq}/per_cpu_count").read_text()
    return sum(int(count) for count in text.strip().split(","))


def affinities():
    """Masks by name: a driver that was bound again may have other numbers."""
    found = {}
    for irq, actions in sorted(irqs().items()):
        found.setdefault(actions, []).append((irq, affinity(irq)))
    return found


@contextlib.contextmanager
def keep_affinities():
    """Puts every affinity back, whatever happens inside, and makes sure of it."""
    before = affinities()
    try:
        yield before
    finally:
        now = affinities()
        for actions, masks in before.items():
            for (_, mask), (irq, other) in zip(masks, now.get(actions, [])):
                if mask != other:
                    set_affinity(irq, mask)
        now = affinities()
        differs = [f"{actions}: {masks}, now {now.get(actions)}" for actions, masks in before.items()
                   if [mask for _, mask in masks] != [mask for _, mask in now.get(actions, [])]]
        if differs:
            raise Failure("affinities are not as before: " + "; ".join(differs))


def pci_of_irq(irq):
    return next((path.parent.parent.name for path in PCI.glob(f"*/msi_irqs/{irq}")), None)


class Rng:
    """The virtio random number generator: a PCI device that nobody misses for a moment, and whose
    interrupt comes when its file is read."""

    def __init__(self):
        for driver in PCI.glob("*/virtio*/driver"):
            if driver.resolve().name == "virtio_rng":
                self.device = driver.parent.parent.name
                break
        else:
            skip("needs a virtio random number generator")
        self.driver = (PCI / self.device / "driver").resolve()

    def vectors(self):
        folder = PCI / self.device / "msi_irqs"
        return sorted(int(path.name) for path in folder.iterdir()) if folder.exists() else []

    def input_irq(self):
        known = irqs()
        irq = next((irq for irq in self.vectors() if "input" in known.get(irq, "")), None)
        if irq is None:
            skip("the random number generator has no vector for its input")
        return irq

    def unbind(self):
        (self.driver / "unbind").write_text(self.device)
        wait_until(lambda: not self.vectors(), "the vectors to go")

    def bind(self):
        (self.driver / "bind").write_text(self.device)
        wait_until(self.vectors, "the vectors to come back")

    @contextlib.contextmanager
    def rebinding(self):
        """The driver is bound again when the test ends."""
        try:
            yield self
        finally:
            if not (PCI / self.device / "driver").exists():
                self.bind()


def keep_rng_busy(cpu=None):
    """A process that makes the random number generator interrupt, many times a second."""
    code = "import os, time\n" \
           "fd = os.open('/dev/hwrng', os.O_RDONLY)\n" \
           "while os.read(fd, 64): time.sleep(0.002)\n"
    return pinned([sys.executable, "-c", code], cpu)


def pinned(command, cpu=None):
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=None if cpu is None else lambda: os.sched_setaffinity(0, {cpu}))


# ---------------------------------------------------------------------------------------------------
# the daemon

SHORT = """
short-interval = 0.3
long-interval = 0.3
"""


def environment_for(program, prefix=(), more=None):
    environment = {**os.environ, **(more or {})}
    if prefix and is_sanitized(program):
        environment["ASAN_OPTIONS"] = "detect_leaks=0"
    return environment


class Daemon:
    """irqherd in the foreground, with its own configuration, pid file and log."""

    def __init__(self, program, config="", arguments=(), prefix=(), environment=None,
                 intervals=SHORT):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="irqherd-test-"))
        self.config_path = self.folder / "irqherd.conf"
        self.pid_path = self.folder / "irqherd.pid"
        self.log_path = self.folder / "log"
        self.socket_path = self.folder / "socket"
        self.intervals = intervals
        self.configure(config)
        self.command = [*prefix, program, "-f", "-c", str(self.config_path), "-p",
                        str(self.pid_path), "--socket", str(self.socket_path), *arguments]
        self.environment = environment_for(program, prefix, environment)
        self.process = None

    def start(self):
        begin = len(self.log())
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log,
                                            env=self.environment)
        self.wait_log(r"^started:", begin)

    @property
    def pid(self):
        return self.process.pid

    def configure(self, config):
        self.config_path.write_text(self.intervals + config)

    def log(self, begin=0):
        return self.log_path.read_text()[begin:] if self.log_path.exists() else ""

    def mark(self):
        """A place in the log, to wait for what comes after it."""
        return len(self.log())

    def wait_log(self, pattern, begin=0, limit_s=WAIT_S):
        regex = re.compile(pattern, re.MULTILINE)

        def found():
            match = regex.search(self.log(begin))
            if not match and self.process.poll() is not None:
                raise Failure(f"irqherd ended with {self.process.returncode}:\n{self.log()}")
            return match

        return wait_until(found, f"the log line {pattern}", limit_s)

    def send(self, signum):
        self.process.send_signal(signum)

    def reload(self):
        begin = self.mark()
        self.send(signal.SIGHUP)
        self.wait_log(r"configuration reloaded|keeping the old one", begin)
        return self.log(begin)

    def dump(self):
        """The whole state as text."""
        begin = self.mark()
        self.send(signal.SIGUSR1)
        self.wait_log(r"^rounds=.*\n", begin)
        return self.log(begin)

    def section(self, device):
        """What the dump says of one PCI device; empty: it has no IRQs."""
        match = re.search(rf"^{device} .*\n(    .*\n)*", self.dump(), re.MULTILINE)
        return match.group() if match else ""

    def counters(self):
        line = re.search(r"^rounds=.*$", self.dump(), re.MULTILINE).group()
        return {key: int(value) for key, value in re.findall(r"([\w-]+)=(\d+)", line)}

    def wait_rounds(self, more):
        first = self.counters()["rounds"]
        wait_until(lambda: self.counters()["rounds"] >= first + more, f"{more} rounds", pause_s=0.5)

    def wait_quiet(self):
        """Until nothing that was seen is left to be looked at again."""
        seen = [None]

        def quiet():
            counters = self.counters()
            state = {key: counters[key] for key in ("looks", "hints", "devices-read", "irqs-read")}
            if state == seen[0]:
                return counters
            seen[0] = state
            time.sleep(1.5)
            return None

        return wait_until(quiet, "no more looks")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def memory_kb(self, field="RssAnon"):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE).group(1))

    def stop(self, signum=signal.SIGTERM):
        self.send(signum)
        try:
            code = self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure("irqherd does not stop") from None
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process and self.process.poll() is None:
            end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind:
            print("--- end of irqherd's log", *self.log().splitlines()[-30:], "---", sep="\n")
        self.close()


# ---------------------------------------------------------------------------------------------------
# system calls


def is_sanitized(program):
    """Such a build keeps freed memory, and can't look for leaks under strace."""
    return b"__asan_init" in pathlib.Path(program).read_bytes()


def strace_prefix(output, calls):
    """To start a program under strace and yet have its own process number."""
    need_tools("strace")
    return ["strace", "-D", "-f", "-qq", "-y", "-s", "80", "-o", str(output), "-e", f"trace={calls}"]


@contextlib.contextmanager
def strace(pid, output):
    """All calls of a running process while the block lasts."""
    need_tools("strace")
    process = subprocess.Popen(["strace", "-f", "-qq", "-o", str(output), "-p", str(pid)],
                               stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: os.path.exists(output) and os.path.getsize(output), "strace")
        yield
    finally:
        end(process)


def rounds_of(trace):
    """System calls of each wake-up that made a round, the wait that ended it included."""
    rounds, calls = [], []
    started = False
    for line in pathlib.Path(trace).read_text().splitlines():
        match = re.match(r"\d+ +(\w+)\(", line)
        if not match:
            continue
        calls.append(match.group(1))
        if match.group(1).startswith("epoll_"):
            if started and any(call.startswith("pread") for call in calls):
                rounds.append(calls)
            started, calls = True, []
    return rounds


WRITE_CALLS = "open,openat,openat2,creat,write,pwrite64,writev,pwritev,truncate"


def affinity_writes(output):
    """Lines of a strace_prefix() that write to an affinity, or open one for writing."""
    return [line for line in pathlib.Path(output).read_text().splitlines()
            if re.search(r"open.*smp_affinity.*(O_WRONLY|O_RDWR|O_CREAT)", line)
            or re.search(r"\bp?writev?(64)?\(\d+<[^>]*smp_affinity", line)
            or re.search(r"\b(creat|truncate)\(.*smp_affinity", line)]


# ---------------------------------------------------------------------------------------------------
# a machine on paper


def capture(folder):
    """Copies what the daemon reads of /proc and /sys into folder: a machine for --root."""
    folder = pathlib.Path(folder)

    def copy(path):
        try:
            data = path.read_bytes()
        except OSError:
            return
        target = folder / str(path)[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    for name in ("stat", "interrupts"):
        copy(pathlib.Path("/proc") / name)
    for pattern in ("smp_affinity", "smp_affinity_list", "effective_affinity",
                    "effective_affinity_list", "node"):
        for path in IRQ.glob(f"*/{pattern}"):
            copy(path)
    for pattern in ("kernel/irq/*/*", "devices/system/cpu/*", "devices/system/cpu/cpu*/topology/*",
                    "devices/system/cpu/cpu*/cache/index*/*", "devices/system/node/*",
                    "devices/system/node/node*/*"):
        for path in pathlib.Path("/sys").glob(pattern):
            if path.is_file():
                copy(path)
    for device in PCI.iterdir():
        real = device.resolve()
        for path in [*real.glob("*"), *real.glob("msi_irqs/*")]:
            if path.is_file() and not re.match(r"resource|rom|config|remove|rescan|reset", path.name):
                copy(path)
        links = folder / "sys/bus/pci/devices"
        links.mkdir(parents=True, exist_ok=True)
        (links / device.name).symlink_to(os.path.join("../../..", str(real)[len("/sys/"):]))
        if (real / "driver").exists():
            (folder / str(real)[1:] / "driver").symlink_to(os.readlink(real / "driver"))


# ---------------------------------------------------------------------------------------------------
# running


def main(test):
    """Runs test(program); its exceptions become an exit code."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} IRQHERD")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        test(os.path.abspath(sys.argv[1]))
    except Failure as failure:
        print(f"failed: {failure}")
        sys.exit(1)
    print("fine")
