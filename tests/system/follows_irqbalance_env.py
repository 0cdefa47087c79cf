#!/usr/bin/env python3
"""irqbalance's environment file is followed while irqherd runs: CPUs that it bans are excluded at once and come back,
however the file is exchanged, and a file that nobody understands changes nothing."""

import os
import pathlib

import rig


def test(program):
    rig.isolate(net=False)
    rig.need_cpus(2)
    folder = pathlib.Path("/run/env")
    folder.mkdir()
    env = folder / "irqbalance"
    with rig.Daemon(program, f"irqbalance-env = {env}\nmode = observe\n") as daemon:
        def excluded(cpu):
            return any("excluded" in line and line.split()[0] == str(cpu) for line in daemon.dump().splitlines()
                       if line.strip() and line.split()[0].isdigit())

        daemon.wait_rounds(1)
        rig.check(not excluded(0), "excluded without a file")

        begin = daemon.mark()
        env.write_text('IRQBALANCE_BANNED_CPULIST="0"\n')
        daemon.wait_log(r"^irqbalance's environment file changed: banned=0$", begin)
        rig.check(excluded(0) and not excluded(1), "CPU 0 is not excluded")

        begin = daemon.mark()
        fresh = folder / "irqbalance.new"
        fresh.write_text("IRQBALANCE_BANNED_CPUS=00000002\n")
        os.rename(fresh, env)
        daemon.wait_log(r"^irqbalance's environment file changed: banned=1$", begin)
        rig.check(excluded(1) and not excluded(0), "not CPU 1 alone is excluded")

        begin = daemon.mark()
        env.write_text("IRQBALANCE_BANNED_CPULIST=first\n")
        daemon.wait_log(rf"^{env}:1: bad value 'first' .*what held before stays", begin)
        rig.check(excluded(1), "a broken file was taken")

        # a reload takes a broken file no other way
        daemon.reload()
        rig.check(excluded(1), "a broken file was taken by a reload")
        begin = daemon.mark()
        env.unlink()
        daemon.wait_rounds(1)
        rig.check(not excluded(0) and not excluded(1), "excluded although the file is gone")
        rig.check(daemon.stop() == 0, "stop is an error")


rig.main(test)
