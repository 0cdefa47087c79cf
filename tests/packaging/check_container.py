#!/usr/bin/env python3
"""The image runs in an OCI runtime with what the DaemonSet grants, sees the machine, and could write affinities and
nothing else. It only observes here: the machine is not ours. Usage: check_container.py SOURCE FOLDER

FOLDER holds irqherd's Debian package.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
WAIT_S = 60


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


try:
    import bundle
except ImportError:
    skip("Python's yaml is missing: Debian's package python3-yaml has it")


def check(condition, message):
    if not condition:
        print(f"failed: {message}")
        sys.exit(1)


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **options)
    return done.returncode, done.stdout + done.stderr


def must(*command, **options):
    code, said = run(*command, **options)
    check(code == 0, f"{' '.join(map(str, command))}: exit {code}: {said}")
    return said


def wait_for(pattern, log):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if re.search(pattern, log.read_text(), re.MULTILINE):
            return
        time.sleep(0.1)
    check(False, f"no {pattern} in:\n{log.read_text()}")


def private_folders(folder):
    """A /run of our own with the host's /run/udev in it, and the one hierarchy of control groups that crun wants."""
    must("mount", "--make-rprivate", "/")
    udev = os.path.isdir("/run/udev")
    if udev:
        (folder / "udev").mkdir()
        must("mount", "--bind", "/run/udev", folder / "udev")
    must("mount", "-t", "tmpfs", "tmpfs", "/run")
    if udev:
        os.mkdir("/run/udev")
        must("mount", "--bind", folder / "udev", "/run/udev")
        must("umount", folder / "udev")
    if os.path.isdir("/sys/fs/cgroup/unified"):
        must("mount", "--bind", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")


class Container:
    def __init__(self, folder, name, log):
        self.command = ["crun", "--root", folder / "crun", "--cgroup-manager=disabled"]
        self.name = name
        self.log = log
        with open(log, "w") as file:
            self.process = subprocess.Popen([*map(str, self.command), "run", name], cwd=folder / name, stdout=file,
                                            stderr=file, stdin=subprocess.DEVNULL)

    def inside(self, script):
        return run(*self.command, "exec", self.name, "/bin/busybox", "sh", "-c", script)

    def kill(self, name):
        must(*self.command, "kill", self.name, name)


def rights(container):
    irq = next(path.name for path in sorted(pathlib.Path("/proc/irq").glob("[0-9]*"))
               if os.stat(path / "smp_affinity_list").st_mode & 0o200)
    # opened, not written to
    for path, wanted in ((f"/herd/proc/irq/{irq}/smp_affinity_list", True), (f"/proc/irq/{irq}/smp_affinity_list", False),
                         ("/herd/proc/sys/kernel/printk", False), ("/herd/proc/sysrq-trigger", False),
                         ("/herd/sys/kernel/uevent_helper", False), ("/herd/run/udev/control", False),
                         ("/herd/etc/irqherd/irqherd.conf", False), ("/herd/run/irqherd/test", True)):
        code, said = container.inside(f"exec 3>>{path}")
        check((code == 0) == wanted, f"{path} can{'not' if wanted else ''} be written: {said}")
    code, status = container.inside("/bin/busybox cat /proc/1/status")
    check(code == 0, status)
    for line in ("CapEff:\t0000000000040000", "CapBnd:\t0000000000040000", "NoNewPrivs:\t1"):
        check(line in status, f"not {line!r} in:\n{status}")


def main():
    source, built = map(pathlib.Path, sys.argv[1:3])
    if os.geteuid() != 0:
        skip("needs root")
    for tool in ("crun", "mmdebstrap", "dpkg-deb", "unshare"):
        if not shutil.which(tool):
            skip(f"{tool} is missing: install-deps.sh --packages has it")
    packages = list(built.glob("irqherd_*.deb"))
    if not packages:
        skip("there is no Debian package to take the program from")
    if len(sys.argv) < 4:
        sys.exit(subprocess.run(["unshare", "-m", sys.executable, "-B", *sys.argv, "private"]).returncode)

    with tempfile.TemporaryDirectory(prefix="irqherd-container-") as name:
        folder = pathlib.Path(name)
        maker = source / "packaging/container/make-image.py"
        for image in ("image.tar", "again.tar"):
            print(must(maker, packages[0], folder / image).strip().replace(str(folder), "."))
        check((folder / "image.tar").read_bytes() == (folder / "again.tar").read_bytes(), "two images differ")

        private_folders(folder)
        daemonset = source / "packaging/examples/kubernetes.yaml"
        bundle.make(folder / "image.tar", daemonset, folder / "shipped")
        bundle.make(folder / "image.tar", daemonset, folder / "watch", "mode = observe\nshort-interval = 0.5\nlong-interval = 0.5\n")
        container = Container(folder, "shipped", folder / "log")
        try:
            wait_for(r"^started: devices=[1-9].* mode=observe", container.log)
            rights(container)
        finally:
            container.kill("TERM")
        check(container.process.wait(WAIT_S) == 0, f"its end: {container.log.read_text()}")

        container = Container(folder, "watch", folder / "log2")
        try:
            wait_for(r"^started:", container.log)
            container.kill("USR1")
            wait_for(r"^rounds=", container.log)
            state = container.log.read_text()
            check(re.search(r"^[0-9a-f:.]+  .*\n    home CPUs", state, re.MULTILINE), f"no device in:\n{state}")
        finally:
            container.kill("TERM")
        check(container.process.wait(WAIT_S) == 0, f"its end: {container.log.read_text()}")
        print(container.log.read_text().splitlines()[0])


if __name__ == "__main__":
    main()
