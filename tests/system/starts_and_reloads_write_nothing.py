#!/usr/bin/env python3
"""Start, rounds, a reload without a change, stop and start again write no affinity."""

import pathlib
import tempfile

import rig


def test(program):
    rig.isolate()
    with rig.keep_affinities() as before, tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder) / "trace"
        daemon = rig.Daemon(program, prefix=rig.strace_prefix(trace, rig.WRITE_CALLS))
        with daemon:
            rig.check("mode=apply" in daemon.log(), "not in apply mode")
            daemon.wait_rounds(5)
            rig.check("configuration reloaded" in daemon.reload(), "not reloaded")
            daemon.wait_rounds(3)
            rig.check(daemon.stop() == 0, "stop is an error")

            first = trace.read_text()
            rig.check("started:" in first, "strace saw nothing")
            writes = rig.affinity_writes(trace)
            rig.check(not writes, "\n".join(writes))

            daemon.start()
            daemon.wait_rounds(3)
            rig.check(daemon.stop() == 0, "second stop is an error")
            writes = rig.affinity_writes(trace)
            rig.check(not writes, "\n".join(writes))
        rig.check(rig.affinities() == before, "an affinity changed")


rig.main(test)
