#!/usr/bin/env python3
"""An idle round is at most five system calls, its waiting included, and opens no file."""

import pathlib
import tempfile
import time

import rig

CALLS = 5
ROUNDS = 10


def test(program):
    rig.isolate()
    with rig.Daemon(program, "mode = observe\n") as daemon, \
            tempfile.TemporaryDirectory() as folder:
        daemon.wait_rounds(12)
        trace = pathlib.Path(folder) / "trace"
        with rig.strace(daemon.pid, trace):
            time.sleep(4)
            rig.wait_until(lambda: len(rig.rounds_of(trace)) >= ROUNDS, f"{ROUNDS} rounds")
        rounds = rig.rounds_of(trace)
        for calls in rounds:
            text = " ".join(calls)
            rig.check(len(calls) <= CALLS, f"{len(calls)} calls in a round: {text}")
            rig.check("open" not in text, f"a round opens a file: {text}")
        print(f"{len(rounds)} rounds, at most {max(map(len, rounds))} calls")


rig.main(test)
