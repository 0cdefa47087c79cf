#!/usr/bin/env python3
"""What a balancer costs on made-up machines: user instructions, system calls, allocations, memory.

  cost.py --irqherd PROGRAM [--sizes small,large] [--peer NAME=COMMAND] [--out FILE.tsv]
  cost.py --irqherd PROGRAM --quick        # a test: small machines, a few bounds, exit code

A daemon runs in namespaces of its own on the files of machine.py, in lock step with this script (lockstep.c). Each
wait of it ends a segment; segments belong to phases:

  start      from exec to the first wait
  quiet      rounds of a machine that does what it always does; the mean of them
  busy       rounds in which CPUs are asked for more than they have; the mean of them, moves included
  arrival    everything that the plug of one network adapter brings, from its event until nothing looks at it any
             more (25 s), without what as many quiet rounds cost

Three runs each: under strace, under callgrind, and alone for memory. The shim's own share is left out. Wall time is
never measured. Needs root, unshare, a C compiler; strace and valgrind for their columns.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

import machine

HERE = pathlib.Path(__file__).resolve().parent
QUESTION = struct.Struct("<iiqqq64s")
ANSWER = struct.Struct("<qii")
ASK_WAIT, ASK_WRITE = 0, 1
SECOND = 10**9
SKIPPED = 77

SETTLE, QUIET, BUSY, REST = 240, 40, 10, 20  # waits of each phase
PEER_SETTLE, PEER_QUIET = 2, 3  # of another program: each look of it may take minutes under callgrind
ARRIVAL_S = 25
CONNECTING = 8  # system calls by which the shim connects
QUEUES = 64

COLUMNS = ("size", "program", "phase", "instructions", "calls", "opens", "allocations", "moves",
           "resident_kb", "private_dirty_kb", "private_clean_kb")


# ---------------------------------------------------------------------------------------------------
# device events, as udevd multicasts them

def murmur(data, multiplier=0x5BD1E995):
    """The hash of a subsystem's name by which the kernel filters for libudev's monitors."""
    value = len(data)
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at:at + 4], "little") * multiplier & 0xFFFFFFFF
        word = (word ^ word >> 24) * multiplier & 0xFFFFFFFF
        value = value * multiplier & 0xFFFFFFFF ^ word
    if data[whole:]:
        value = (value ^ int.from_bytes(data[whole:], "little")) * multiplier & 0xFFFFFFFF
    value = (value ^ value >> 13) * multiplier & 0xFFFFFFFF
    return value ^ value >> 15


class Events:
    def __init__(self):
        self.sequence = 1000
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)
        self.socket.bind((0, 0))

    def send(self, action, subsystem, path, **more):
        self.sequence += 1
        fields = {"ACTION": action, "DEVPATH": path, "SUBSYSTEM": subsystem,
                  "SEQNUM": self.sequence, "USEC_INITIALIZED": 1, **more}
        body = b"".join(f"{key}={value}".encode() + b"\0" for key, value in fields.items())
        head = b"libudev\0" + struct.pack(">I", 0xFEEDCAFE) + struct.pack("<III", 40, 40, len(body))
        head += struct.pack(">IIII", murmur(subsystem.encode()), 0, 0, 0)
        try:
            self.socket.sendto(head + body, (0, 2))
        except ConnectionRefusedError:
            pass  # nobody listens

    def plugged(self, device):
        path = "/" + device.path()
        self.send("add", "pci", path, PCI_SLOT_NAME=device.addr)
        self.send("bind", "pci", path, DRIVER=device.driver, PCI_SLOT_NAME=device.addr)
        net = f"{path}/net/{device.name}"
        self.send("add", "net", net, INTERFACE=device.name, IFINDEX=device.ifindex)
        for queue in range(device.queues):
            for kind in ("rx", "tx"):
                self.send("add", "queues", f"{net}/queues/{kind}-{queue}")


# ---------------------------------------------------------------------------------------------------
# one run

class Segment:
    """What happened between two waits, and which phase that belongs to."""

    def __init__(self, phase, seconds):
        self.phase, self.seconds = phase, seconds
        self.allocations = self.moves = 0
        self.values = {}


class Player:
    """Answers one daemon until its phases are over."""

    def __init__(self, size, root, whole):
        self.machine = machine.Machine(size)
        self.machine.write(root)
        self.events = Events()
        self.whole = whole  # busy rounds and an arrival, too
        self.settle, self.quiet = (SETTLE, QUIET) if whole else (PEER_SETTLE, PEER_QUIET)
        self.now_ns = 1000 * SECOND
        self.segments = []
        self.memory = {}
        self.phase, self.waits, self.since_ns = "start", 0, 0
        self.allocations = self.moves = 0

    def next_phase(self):
        self.waits += 1
        if self.phase == "start":
            self.enter("settle")
        elif self.phase == "settle" and self.waits > self.settle:
            self.enter("quiet")
        elif self.phase == "quiet" and self.waits > self.quiet:
            if not self.whole:
                return False
            self.machine.busy()
            self.enter("busy")
        elif self.phase == "busy" and self.waits > BUSY:
            self.machine.calm()
            self.enter("rest")
        elif self.phase == "rest" and self.waits > REST:
            device = self.machine.plug(QUEUES)
            self.machine.write_counters()
            self.events.plugged(device)
            self.enter("arrival")
        elif self.phase == "arrival" and self.now_ns - self.since_ns > ARRIVAL_S * SECOND:
            return False
        return True

    def enter(self, phase):
        self.phase, self.waits, self.since_ns = phase, 1, self.now_ns

    def wait(self, until_ns, allocations):
        """Ends the segment before this wait; False: enough."""
        segment = Segment(self.phase, 0)
        segment.allocations, segment.moves = allocations - self.allocations, self.moves
        self.allocations, self.moves = allocations, 0
        self.segments.append(segment)
        if not self.next_phase():
            return False
        if self.phase == "arrival" and self.waits == 1:
            return True  # the event ends the wait at once
        until_ns = min(until_ns, self.now_ns + 60 * SECOND)
        segment.seconds = max(0, until_ns - self.now_ns) / SECOND
        self.machine.advance(segment.seconds)
        self.machine.write_counters()
        self.now_ns = max(self.now_ns, until_ns)
        return True

    def write(self, number, text):
        self.moves += 1
        self.machine.set_affinity(number, int(text.split(b"\0")[0].split(b"-")[0]))
        return 0

    def serve(self, listener, process):
        listener.settimeout(1200)
        connection, _ = listener.accept()
        connection.settimeout(1200)
        while True:
            data = connection.recv(QUESTION.size)
            if len(data) != QUESTION.size:
                break
            kind, number, until_ns, allocations, _, text = QUESTION.unpack(data)
            if kind == ASK_WRITE:
                error = self.write(number, text)
            else:
                if self.phase == "quiet" and self.waits == self.quiet:
                    self.memory = read_memory(process)
                error = 0 if self.wait(until_ns, allocations) else 1
            try:
                connection.send(ANSWER.pack(self.now_ns, error, 0))
            except BrokenPipeError:
                break
        connection.close()


def read_memory(process):
    text = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    value = {key: int(kb) for key, kb in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)}
    return {"resident_kb": value["Rss"], "private_dirty_kb": value["Private_Dirty"],
            "private_clean_kb": value["Private_Clean"]}


def build(folder):
    compiler = os.environ.get("CC", "cc")
    flags = ["-O2", "-Wall", "-Wextra"]
    if not os.path.exists("/usr/include/valgrind/callgrind.h"):
        (folder / "valgrind").mkdir()
        (folder / "valgrind/callgrind.h").write_text(
            "#define CALLGRIND_TOGGLE_COLLECT\n#define CALLGRIND_DUMP_STATS\n")
        flags.append(f"-I{folder}")
    subprocess.check_call([compiler, *flags, "-shared", "-fPIC", "-o", folder / "lockstep.so",
                           HERE / "lockstep.c", "-ldl"])
    subprocess.check_call([compiler, *flags, "-o", folder / "floor", HERE / "floor.c"])


def run(size, command, tool, whole, tools):
    """One run in this namespace; answers its player."""
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        root = f"{folder}/machine"
        os.mkdir(root)
        player = Player(size, root, whole)
        targets = [f"/proc/{name}" for name in ("stat", "interrupts", "softirqs", "irq")] + ["/sys"]
        for target in targets:
            subprocess.check_call(["mount", "--bind", root + target, target])
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(f"{folder}/socket")
        listener.listen(1)
        environment = {**os.environ, "LOCKSTEP_SOCKET": f"{folder}/socket",
                       "LC_ALL": "C", "LD_PRELOAD": f"{tools}/lockstep.so"}
        prefix = []
        if tool == "strace":
            environment.pop("LD_PRELOAD")
            prefix = ["strace", "-f", "-qq", "-o", f"{folder}/trace", "-E",
                      f"LD_PRELOAD={tools}/lockstep.so"]
        elif tool == "callgrind":
            prefix = ["valgrind", "-q", "--tool=callgrind",
                      f"--callgrind-out-file={folder}/cg"]
        with open(f"{folder}/log", "w") as log:
            process = subprocess.Popen([*prefix, *command], env=environment,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                player.serve(listener, process)
            finally:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                for target in targets:
                    subprocess.check_call(["umount", "-l", target])
        if len(player.segments) <= player.settle or process.returncode:
            sys.exit(f"{command[0]} ended early with {process.returncode}, after {len(player.segments)} waits:\n" + pathlib.Path(f"{folder}/log").read_text())
        if tool == "strace":
            read_trace(f"{folder}/trace", player.segments)
        elif tool == "callgrind":
            read_dumps(folder, player.segments)
        return player


def read_trace(path, segments):
    """System calls of each segment. The shim's zero-timeout look before each wait, the wait itself and the second look
    after it are one call of the daemon."""
    at, calls, opens = 0, 0, 0
    for line in open(path, errors="replace"):
        match = re.match(r"\d+ +(\w+)\((\d*)", line)
        if not match:
            continue
        name, fd = match.groups()
        if fd in ("900", "901"):
            calls += name == "sendto" and fd == "901"  # the daemon's write
            if name == "sendto" and fd == "900" and at < len(segments):
                shim = 1 if at else CONNECTING
                segments[at].values.update(calls=calls - shim, opens=opens)
                at, calls, opens = at + 1, 0, 0
            continue
        calls += 1
        opens += name.startswith("open")


def read_dumps(folder, segments):
    for at, segment in enumerate(segments, 1):
        text = pathlib.Path(f"{folder}/cg.{at}").read_text()
        segment.values["instructions"] = int(
            re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE).group(1))


# ---------------------------------------------------------------------------------------------------
# figures

def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else 0


def figures(player, key):
    """What one run says of each phase, by a key of its segments' values."""
    def value(segment):
        return getattr(segment, key) if key in ("allocations", "moves") else segment.values.get(key, 0)

    def of(phase):
        return [segment for segment in player.segments if segment.phase == phase]

    result = {"start": value(player.segments[0])}
    for phase in ("quiet", "busy"):
        if of(phase):
            result[phase] = mean(value(segment) for segment in of(phase)[1:])
    if of("arrival"):
        # the rounds that would have been made anyway
        seconds = sum(segment.seconds for segment in of("arrival"))
        rounds = seconds / mean(segment.seconds for segment in of("quiet"))
        result["arrival"] = sum(map(value, of("arrival"))) - rounds * result["quiet"]
    return result


def floor(size, tools):
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        os.makedirs(f"{folder}/proc")
        made = machine.Machine(size)
        made.root = folder
        made.write_counters()
        counts = []
        for times in (10, 30):
            out = f"{folder}/cg.{times}"
            subprocess.check_call(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
                                   f"{tools}/floor", f"{folder}/proc/stat", str(times)],
                                  stdout=subprocess.DEVNULL)
            counts.append(int(re.search(r"^(?:totals|summary): (\d+)",
                                        pathlib.Path(out).read_text(), re.MULTILINE).group(1)))
        return (counts[1] - counts[0]) / 20


def measure(size, name, command, whole, tools):
    """Rows of one program on one size."""
    rows = {}
    alone = run(size, command, None, whole, tools)
    runs = [(alone, ("allocations", "moves") if whole else ("allocations",))]
    if shutil.which("strace"):
        runs.append((run(size, command, "strace", whole, tools), ("calls", "opens")))
    if shutil.which("valgrind") and (whole or size != "huge"):  # a peer's takes hours there
        runs.append((run(size, command, "callgrind", whole, tools), ("instructions",)))
    for player, keys in runs:
        for key in keys:
            for phase, value in figures(player, key).items():
                rows.setdefault(phase, {"size": size, "program": name, "phase": phase})
                rows[phase][key] = round(value, 1)
    rows["quiet"].update(alone.memory)
    return list(rows.values())


# ---------------------------------------------------------------------------------------------------
# running

def enter_namespaces():
    if os.environ.get("IRQHERD_BENCH_INSIDE"):
        subprocess.check_call(["mount", "-t", "tmpfs", "-o", "nr_inodes=0,size=80%", "tmpfs", "/run"])
        subprocess.check_call(["ip", "link", "set", "lo", "up"])
        return
    os.environ["IRQHERD_BENCH_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc",
                          "--propagation", "private", sys.executable, "-B", *sys.argv])


def check_quick(rows, floors, debug):
    """Bounds that hold on any host; debug: instructions are those of no compiler's optimisation. The figures themselves
    are in docs/performance.md."""
    failures = []
    for row in rows:
        where = f"{row['size']} {row['phase']}"
        if row["phase"] == "quiet":
            if row.get("allocations", 0) > 0:
                failures.append(f"{where}: {row['allocations']} allocations")
            if row.get("calls", 0) > 6 or row.get("opens", 0) > 0:
                failures.append(f"{where}: {row['calls']} system calls, {row['opens']} opens")
            if not debug and row.get("instructions", 0) > 3 * floors.get(row["size"], 1e18):
                failures.append(f"{where}: {row['instructions']} instructions")
        if row["phase"] == "arrival" and row.get("calls", 0) > 32 * QUEUES:
            failures.append(f"{where}: {row['calls']} system calls")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--irqherd", required=True)
    parser.add_argument("--config", default=str(HERE / "../../packaging/irqherd.conf"))
    parser.add_argument("--sizes", default="tiny,small,medium,large,huge")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND",
                        help="in the foreground; %%p: a path for its pid file")
    parser.add_argument("--peer-sizes", default="tiny,small,medium,large")
    parser.add_argument("--out", help="rows are put here, in place of the same rows of an earlier run")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--debug", action="store_true", help="PROGRAM is not optimised: no bound on instructions")
    arguments = parser.parse_args()

    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        print("skipped: needs root, unshare and ip")
        sys.exit(SKIPPED)
    if b"__asan_init" in pathlib.Path(arguments.irqherd).read_bytes():
        print("skipped: a sanitizer has memory and calls of its own")
        sys.exit(SKIPPED)
    enter_namespaces()

    tools = pathlib.Path(tempfile.mkdtemp(dir="/run"))
    build(tools)
    sizes = ["tiny", "small"] if arguments.quick else arguments.sizes.split(",")
    rows, floors = [], {}
    for size in sizes:
        programs = [("irqherd", [os.path.abspath(arguments.irqherd), "-f", "-c", arguments.config,
                                 "-p", f"{tools}/pid"], True)]
        if size in arguments.peer_sizes.split(",") and not arguments.quick:
            for peer in arguments.peer:
                name, command = peer.split("=", 1)
                programs.append((name, command.split(), False))
        for name, command, whole in programs:
            for row in measure(size, name, command, whole, tools):
                rows.append(row)
                print(json.dumps(row), flush=True)
        if shutil.which("valgrind"):
            floors[size] = floor(size, tools)
            rows.append({"size": size, "program": "floor", "phase": "quiet",
                         "instructions": floors[size], "calls": 1})
            print(json.dumps(rows[-1]), flush=True)
        if arguments.out:
            save(arguments.out, rows)
    if arguments.quick:
        failures = check_quick(rows, floors, arguments.debug)
        print("\n".join(failures) if failures else "fine")
        sys.exit(1 if failures else 0)


def load(path):
    with open(path) as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return [{key: value for key, value in zip(lines[0], line) if value != ""} for line in lines[1:]]


def save(path, rows):
    def key(row):
        return row["size"], row["program"], row["phase"]

    merged = {key(row): row for row in (load(path) if os.path.exists(path) else [])}
    merged.update({key(row): row for row in rows})
    order = list(machine.SIZES)
    with open(path, "w") as file:
        file.write("\t".join(COLUMNS) + "\n")
        for row in sorted(merged.values(), key=lambda row: (order.index(row["size"]), row["program"])):
            file.write("\t".join(str(row.get(column, "")) for column in COLUMNS) + "\n")


if __name__ == "__main__":
    main()
