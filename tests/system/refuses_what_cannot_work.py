#!/usr/bin/env python3
"""What is wrong with a command line, a file or a machine is said in one place, with the exit code
that belongs to it."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import rig


class Expect:
    def __init__(self, program):
        self.program = program

    def __call__(self, code, pattern, *arguments, **environment):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True,
                              timeout=rig.WAIT_S, env={**os.environ, **environment})
        text = done.stdout + done.stderr
        rig.check(done.returncode == code, f"{arguments}: exit {done.returncode}, not {code}: {text}")
        rig.check(re.search(pattern, text, re.MULTILINE), f"{arguments}: no {pattern!r} in: {text}")


def command_lines(expect):
    expect(0, r"usage: irqherd", "--help")
    expect(0, r"^irqherd \d+\.\d+", "-V")
    expect(2, r"--help", "--no-such-option")
    expect(2, r"--help", "-c")
    expect(2, r"argument", "-f", "something")
    expect(2, r"facility.*nowhere.*local0", "-O", "nowhere")


def files(expect, folder):
    good, bad = folder / "good.conf", folder / "bad.conf"
    proximity = folder / "proximity"
    good.write_text("threshold = 90 # percent\nload-limit=80\n")
    bad.write_text("threshold = 101\nload-limit = 80\nload-limit = 70\nthreshhold = 1\nuse-cpus = xyz\n")
    proximity.write_text("0000:00 node 0\n\n0000:00:1f nod 1\n")
    expect(0, r"", "--check-config", "-c", good)
    expect(1, rf"^{bad}:1: ", "--check-config", "-c", bad)
    for line in (3, 4, 5):
        expect(1, rf"^{bad}:{line}: ", "--check-config", "-c", bad)
    expect(1, r"did you mean.*threshold", "--check-config", "-c", bad)
    expect(1, rf"^{bad}:1: ", "-f", "-c", bad)
    expect(1, rf"^{proximity}:3: ", "--check-config", "-c", good, "-x", proximity)
    expect(1, r"missing\.conf", "-f", "-c", folder / "missing.conf")
    expect(1, r"missing-proximity", "-f", "-c", good, "-x", folder / "missing-proximity")
    expect(1, r"IRQBALANCE_BANNED_CPULIST", "--check-config", "-c", good,
           IRQBALANCE_BANNED_CPULIST="0-")
    expect(1, r"threshold", "--check-config", "-c", good, "-t", "1000")
    expect(0, r"legacy", "--check-config", "-c", good, "-t", "99")


def instances(program, expect):
    with rig.Daemon(program, "mode = observe\n") as daemon:
        rig.check(daemon.pid_path.read_text() == f"{daemon.pid}\n", "the pid file is wrong")
        expect(1, r"another irqherd is running", "-f", "-c", daemon.config_path, "-p",
               daemon.pid_path)
        rig.check(daemon.process.poll() is None, "the first instance ended")
        daemon.kill()
        rig.check(daemon.pid_path.exists(), "there is no stale pid file to start with")
        daemon.start()
        rig.check(daemon.pid_path.read_text() == f"{daemon.pid}\n", "the pid file is wrong")
        rig.check(daemon.stop() == 0, "stop is an error")
        rig.check(not daemon.pid_path.exists(), "the pid file is left")


@contextlib.contextmanager
def bound(*arguments):
    """A mount of this test's own namespace."""
    target = arguments[-1]
    rig.run("mount", "--bind", *arguments)
    try:
        yield target
    finally:
        rig.run("umount", target)


def observes(program, *arguments):
    with rig.Daemon(program, "mode = observe\n", arguments) as daemon:
        daemon.wait_rounds(2)
        rig.check(daemon.stop() == 0, "stop is an error")


def machines(program, expect, folder):
    path = str(folder / "notify")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    manager.setblocking(False)

    config = folder / "apply.conf"
    config.write_text("")
    apply = ("-f", "-c", config, "-p", folder / "pid")
    with bound("/proc/irq", "/proc/irq"):
        rig.run("mount", "-o", "remount,bind,ro", "/proc/irq")
        expect(77, r"/proc/irq", *apply, NOTIFY_SOCKET=path)
        # else this end would be a failed service
        rig.check(re.match(rb"READY=1\nSTATUS=Nothing to do: /proc/irq", manager.recv(4096)),
                  "the service manager is not told")
        observes(program)

    possible = folder / "possible"
    possible.write_text("0\n")
    cpus = "/sys/devices/system/cpu"
    with bound(str(possible), f"{cpus}/possible"), bound(str(possible), f"{cpus}/present"), \
            bound(str(possible), f"{cpus}/online"):
        expect(77, r"one CPU", *apply, NOTIFY_SOCKET=path)
        rig.check(re.match(rb"READY=1\nSTATUS=Nothing to do: .*one CPU", manager.recv(4096)),
                  "the service manager is not told")

    other = folder / "irqbalance"
    shutil.copy(shutil.which("sleep"), other)
    process = subprocess.Popen([str(other), "600"])
    try:
        rig.wait_until(lambda: pathlib.Path(f"/proc/{process.pid}/comm").read_text()
                       == "irqbalance\n", "the other's name")
        expect(1, rf"irqbalance is running \(pid {process.pid}\)", *apply, NOTIFY_SOCKET=path)
        with contextlib.suppress(BlockingIOError):
            rig.check(False, f"the service manager is told {manager.recv(4096)}")
        observes(program)
    finally:
        rig.end(process)


def test(program):
    rig.isolate()
    expect = Expect(program)
    with rig.keep_affinities(), tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        command_lines(expect)
        files(expect, folder)
        instances(program, expect)
        machines(program, expect, folder)


rig.main(test)
