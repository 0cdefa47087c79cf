#!/usr/bin/env python3
"""How long an arrival waits on this host for its first write: wall time, for docs/latency.md.

  arrival.py --irqherd PROGRAM [--queues 8] [--times 25]

The machine is made up of files (machine.py) and the daemon runs in lock step with this script, as for cost.py. Taken is the
time from the daemon's wake-up, with all events of the plug in its sockets, to its first write of an affinity: receiving,
reading, deciding. The files are in memory and not the kernel's own, which cost more. Needs root, unshare, a C compiler.
"""

import argparse
import os
import pathlib
import statistics
import tempfile
import time

import cost

TIMES = []


class Player(cost.Player):
    woken_s = None

    def wait(self, until_ns, allocations):
        goes_on = super().wait(until_ns, allocations)
        if self.phase == "arrival" and self.waits == 1:
            self.woken_s = time.monotonic()
        return goes_on

    def write(self, number, text):
        if self.woken_s:
            TIMES.append((time.monotonic() - self.woken_s) * 1e3)
            self.woken_s = None
        return super().write(number, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--irqherd", required=True)
    parser.add_argument("--queues", type=int, default=8)
    parser.add_argument("--times", type=int, default=25)
    arguments = parser.parse_args()
    cost.enter_namespaces()

    cost.Player, cost.QUEUES = Player, arguments.queues
    cost.SETTLE, cost.QUIET, cost.BUSY, cost.REST, cost.ARRIVAL_S = 10, 5, 2, 5, 1
    tools = pathlib.Path(tempfile.mkdtemp(dir="/run"))
    cost.build(tools)
    command = [os.path.abspath(arguments.irqherd), "-f", "-c", str(cost.HERE / "../../packaging/irqherd.conf"),
               "-p", f"{tools}/pid"]
    for _ in range(arguments.times):
        cost.run("small", command, None, True, tools)
    print(f"{len(TIMES)} arrivals of {arguments.queues} queues, wake-up to first write, ms: least {min(TIMES):.2f} "
          f"median {statistics.median(TIMES):.2f} p90 {statistics.quantiles(TIMES, n=10, method='inclusive')[-1]:.2f} "
          f"most {max(TIMES):.2f}; load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
