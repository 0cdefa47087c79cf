#!/usr/bin/env python3
"""Without -f: a process of its own, with a pid file and no terminal, that ends at SIGTERM."""

import os
import pathlib
import signal
import tempfile

import rig


def test(program):
    rig.isolate()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        config, pid_path = folder / "irqherd.conf", folder / "pid"
        config.write_text(rig.SHORT + "mode = observe\n")
        # relative paths are those of the folder that it was started in
        rig.run(program, "-c", "irqherd.conf", "-p", "pid", "-O", "local3", cwd=folder)
        rig.wait_until(lambda: pid_path.exists() and pid_path.read_text().endswith("\n"),
                       "the pid file")
        pid = int(pid_path.read_text())
        proc = pathlib.Path(f"/proc/{pid}")
        try:
            rig.check((proc / "comm").read_text() == "irqherd\n", "another process")
            fields = (proc / "stat").read_text().rsplit(")", 1)[1].split()
            rig.check(int(fields[1]) != os.getpid(), "not detached from who started it")
            rig.check(int(fields[3]) != os.getsid(0), "in the session of who started it")
            rig.check(int(fields[4]) == 0, "has a terminal")
            rig.check(os.readlink(proc / "cwd") == "/", "keeps a folder in use")
            for number in (0, 1, 2):
                target = os.readlink(proc / f"fd/{number}")
                rig.check(target == "/dev/null", f"descriptor {number} is {target}")
            os.kill(pid, signal.SIGHUP)  # at once: it must not end what is still starting
            second = rig.run(program, "-c", str(config), "-p", str(pid_path), ok=False)
            rig.check(second.returncode == 1, f"a second start: exit {second.returncode}")
            os.kill(pid, signal.SIGTERM)
            rig.wait_until(lambda: not pid_path.exists(), "the pid file to go")
            rig.wait_until(lambda: not proc.exists() or "Z" in (proc / "stat").read_text(), "its end")
        except BaseException:
            if proc.exists():
                os.kill(pid, signal.SIGKILL)
            raise


rig.main(test)
