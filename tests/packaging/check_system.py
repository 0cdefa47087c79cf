#!/usr/bin/env python3
"""The Debian package on a whole system with systemd as init, in a container: what the guests' scenario debian_package asks
of it, but for devices that come and for AppArmor, of which a container has its host's. Usage: check_system.py FOLDER

FOLDER holds irqherd's Debian package. /proc/irq of the container is a copy in memory, so that nothing reaches the machine's
own, whatever the package does.
"""

import base64
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

VM = pathlib.Path(__file__).resolve().parents[1] / "vm"
sys.path[:0] = [str(VM), str(VM / "scenarios")]

import build  # noqa: E402
import debian  # noqa: E402
import debian_package as scenario  # noqa: E402
import rig  # noqa: E402

SKIPPED = 77

# Before anything else starts: a copy that can be written covers /proc/irq.
COVER = """[Unit]
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'mkdir /run/copy && cp -r /proc/irq /run/copy/; mount --bind /run/copy/irq /proc/irq'
"""


class System:
    """Answers to what the scenario asks of a guest."""

    irq_files = rig.Guest.irq_files
    affinities = rig.Guest.affinities
    effective = rig.Guest.effective
    actions = rig.Guest.actions
    check_untouched = rig.Guest.check_untouched

    def __init__(self, folder, package):
        self.root = folder / "root"
        self.root.mkdir()
        build.run("tar", "-C", self.root, "-xpf", build.cache_folder() / "debian.tar", "--numeric-owner")
        (self.root / "payload").mkdir()
        shutil.copy(package, self.root / "payload/irqherd.deb")
        units = self.root / "etc/systemd/system"
        (units / "multi-user.target.wants/rig.service").unlink()
        (units / "cover.service").write_text(COVER)
        (units / "sysinit.target.wants").mkdir(exist_ok=True)
        (units / "sysinit.target.wants/cover.service").symlink_to("../cover.service")
        for name in ("irqherd", "irqbalance"):  # neither starts in a container unasked
            drop_in = self.root / f"usr/lib/systemd/system/{name}.service.d/container.conf"
            drop_in.parent.mkdir(parents=True)
            drop_in.write_text("[Unit]\nConditionVirtualization=\n")
        self.log = folder / "log"
        self.leader = None
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "-D", self.root, "--register=no", "--keep-unit", "--private-network", "--boot"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            self.wait_started()
        except BaseException:
            self.close()
            raise

    def wait_started(self):
        self.leader = rig.wait_until(self.find_leader, "the container's init", 30)
        rig.wait_until(lambda: self.try_run("systemctl is-system-running")[1].strip() in ("running", "degraded"),
                       "the end of its start", 60)
        if "tmpfs on /proc/irq" not in self.run("mount"):
            raise rig.Failure("/proc/irq is the machine's own")

    def find_leader(self):
        if self.process.poll() is not None:
            raise build.Unavailable(f"systemd-nspawn: {self.log.read_text().strip().splitlines()[-1:]}")
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return children[-1] if children else None

    def try_run(self, command, limit_s=120):
        done = subprocess.run(["nsenter", "-t", self.leader, "-a", "--", "sh", "-c", command], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit_s)
        return done.returncode, done.stdout

    def run(self, command, limit_s=120):
        code, said = self.try_run(command, limit_s)
        rig.check(code == 0, f"in the container: {command}: exit {code}: {said[-1500:]}")
        return said

    def get(self, path):
        return self.run(f"cat {path}")

    def put(self, path, text):
        data = base64.b64encode(text.encode()).decode()
        self.run(f"mkdir -p $(dirname {path}) && echo {data} | base64 -d >{path}")

    def settle(self):
        pass

    def close(self):
        if self.process.poll() is None:
            with contextlib.suppress(Exception):
                self.try_run("systemctl poweroff --no-wall", 10)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def main():
    packages = list(pathlib.Path(sys.argv[1]).glob("irqherd_*.deb"))
    for missing, reason in ((os.geteuid() != 0, "needs root"), (not packages, "there is no Debian package to try"),
                            (not shutil.which("systemd-nspawn"), "systemd-nspawn is missing"),
                            (not shutil.which("nsenter"), "nsenter is missing")):
        if missing:
            print(f"skipped: {reason}")
            sys.exit(SKIPPED)
    system = None
    with tempfile.TemporaryDirectory(prefix="irqherd-system-") as name:
        try:
            debian.system()
            system = System(pathlib.Path(name), packages[0])
            service = scenario.Service(system)
            files = set(system.run(scenario.FILES).splitlines())
            for step in (scenario.install, scenario.watch_then_apply, scenario.confined, scenario.sees_little,
                         scenario.survives, scenario.reload_and_restart, scenario.view_is_the_administrators):
                since = time.monotonic()
                step(system, service)
                print(f"{step.__name__}: {time.monotonic() - since:.0f} s", flush=True)
            scenario.status_is_calm(system)
            scenario.drop_ins(system, service)
            scenario.remove(system, service, files, None)
        except build.Unavailable as reason:
            print(f"skipped: {reason}")
            sys.exit(SKIPPED)
        except rig.Failure as failure:
            print(f"failed: {failure}")
            if system:
                print(system.try_run("journalctl -q -o cat --no-pager -u irqherd | tail -n 30")[1])
            sys.exit(1)
        finally:
            if system:
                system.close()


if __name__ == "__main__":
    main()
