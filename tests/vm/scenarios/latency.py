"""An arrival is placed by its last event, not by a poll: measured from that event to the affinity write's return.

What was measured is printed in lines of JSON; latency_table.py makes tables of them.
"""

import json
import os
import re
import statistics
import subprocess

from rig import Skip, check, check_equal
from witness import TRACING, Witness, calls_of, event_sockets, waits_of

# port, and the node where a rule says that its NIC belongs: the driver puts all vectors on the other one
PORTS = (("n1p0", 0), ("n0p0", 1), ("n1p1", 0), ("n0p1", 1), ("n1p2", 0), ("n0p2", 1))
TURNS = 9  # arrivals of each NIC: a hot plug, then the driver bound again
PEERS_TURNS, PEERS_NICS = 4, 5
PEERS_INTERVAL_S = 10  # irqbalance's own default

# One arrival: the driver is bound, and its network device set up as soon as it is there. Given: the PCI
# address, how long to wait for what comes of it, and how it comes. The marks tell the IRQs that it has.
ARRIVAL = """#!/bin/sh
a=$1; d=/sys/bus/pci/devices/$a
[ "$3" = plugged ] || echo $a > /sys/bus/pci/drivers/igb/unbind
echo "begin $a" > TRACING/trace_marker
[ "$3" = plugged ] || echo $a > /sys/bus/pci/drivers/igb/bind
until ip link set $(ls $d/net 2>/dev/null | head -n 1) up 2>/dev/null; do sleep 0.02; done
sleep $2
echo "end $a $(echo $(ls $d/msi_irqs))" > TRACING/trace_marker
""".replace("TRACING", TRACING)


class Arrival:
    """Times in ms of the guest's monotonic clock. written is False if nobody wrote.

    Of each write the last event counts that was received before it; of an arrival, the write that its
    event waited longest for.
    """

    def __init__(self, address, irqs, during, until_next, pid, sockets):
        """during: the events of its own time. until_next: all before this NIC arrives once more. sockets:
        where the process receives events; None for one that polls."""
        self.address = address
        self.irqs = irqs
        calls = calls_of(until_next, pid)
        sets = [event for event in until_next if event.pid == pid and event.name == "set" and event.fields["irq"] in irqs]
        self.writes = len(sets)
        self.written = bool(sets)
        requests = [event.ms for event in during if event.name == "request" and event.fields["irq"] in irqs]
        check(requests, f"the driver of {address} requested nothing of {irqs}")
        if not sets:
            return
        # the link's message that follows the request, and uevents of the kernel and of udevd
        link = [event for event in during
                if event.name == "link" and event.fields["group"] == 1 and event.ms > requests[-1]][:1]
        told = sorted(link + [event for event in during if event.name == "uevent"], key=lambda event: event.ms)
        writes = [(one.ms, next(call.end for call in calls if call.name == "write" and call.end > one.ms)) for one in sets]
        self.first_write = writes[0][1]
        applied = {}
        for event in until_next:
            if event.name == "applied" and event.ms > sets[0].ms:
                applied.setdefault(event.fields["irq"], event.ms)
        self.confirmed = [max(applied[event.fields["irq"]] - event.ms, 0) for event in sets
                          if event.fields["irq"] in applied]
        if sockets is None:
            self.event = max(event.ms for event in told if event.ms < sets[0].ms)
            self.write = writes[-1][1]
            return

        receipts = {fd: [call.end for call in calls if call.name == "recvmsg" and call.fd == fd and call.result > 0]
                    for fd in sockets.values()}

        def last_told(before):
            """(event, receipt) of the last that was received before."""
            for event in reversed(told):
                fd = sockets[(0, 1) if event.name == "link" else (15, event.fields["group"])]
                for ms in receipts[fd]:
                    if event.ms < ms < before:
                        return event.ms, ms
            check(False, f"{address} was written before anything was received about it")

        spans = [(*last_told(begin), end) for begin, end in writes]
        self.event, self.received, self.write = max(spans, key=lambda span: span[2] - span[1])
        self.first_write = next(end for _, received, end in spans if received == self.received)
        # what counts for irqherd: another event about the NIC may have come after that, and some events are about others
        begin = max(begin for begin, end in writes if end == self.write)
        self.least = self.write - max(ms for times in receipts.values() for ms in times if ms < begin)
        waits = waits_of(until_next, pid)
        self.spent = spent(self.received, self.write, calls, waits)
        # it looked at something else while the event came in
        self.was_busy = self.received - self.event - spent(self.event, self.received, calls, waits)[0][MERGING]


MERGING = "epoll_wait, for merging"


def spent(begin, end, calls, waits):
    """Where the time went: ms by what the process did, and (calls, ms) of each system call, waits left out."""
    calls = [call for call in calls if call.begin < end and call.end > begin]
    waits = [wait for wait in waits if wait[0] < end and wait[1] > begin]

    def without(since, until):
        return sum(min(wait[1], until) - max(wait[0], since) for wait in waits if wait[0] < until and wait[1] > since)

    found = {"in system calls": 0, MERGING: 0, "ready, but without a CPU": 0, "for locks": 0}
    by_name = {}
    for call in calls:
        since, until = max(call.begin, begin), min(call.end, end)
        if call.name in ("epoll_wait", "epoll_pwait"):
            found[MERGING] += until - since
            continue
        ms = until - since - without(since, until)
        found["in system calls"] += ms
        count, sum_ms = by_name.get(call.name, (0, 0))
        by_name[call.name] = count + 1, sum_ms + ms
    polls = [(max(call.begin, begin), min(call.end, end)) for call in calls if call.name in ("epoll_wait", "epoll_pwait")]
    for since, until, ready in waits:
        since, until = max(since, begin), min(until, end)
        if not any(first <= since <= last for first, last in polls):
            found["ready, but without a CPU" if ready else "for locks"] += until - since
    found["in user mode"] = end - begin - sum(found.values())
    return found, by_name


def arrivals(events, pid, sockets=None):
    marks = [(i, event.text.split()) for i, event in enumerate(events) if event.name == "tracing_mark_write"]
    found = []
    for (begin, (word, address)), (end, (_, _, *irqs)) in zip(marks[::2], marks[1::2]):
        check_equal(word, "begin", "a mark")
        later = [i for i, words in marks if i > end and words[:2] == ["begin", address]]
        found.append(Arrival(address, set(map(int, irqs)), events[begin:end],
                             events[begin:later[0] if later else None], pid, sockets))
    return found


def plug(rig):
    nics = [rig.add_nic("igb", port) for port, _ in PORTS]
    rig.settle()
    return nics


def arrive(rig, nics, turns, wait_s, pause_s=0, plugged=False):
    for turn in range(turns):
        how = "plugged" if plugged and turn == 0 else "bound"
        lines = "; ".join(f"/run/arrival {nic.address} {wait_s} {how}" for nic in nics)
        rig.run(f"{lines}; sleep {pause_s}", limit_s=600)


def figures(values):
    values = sorted(values)
    return {"count": len(values), "median": round(statistics.median(values), 1),
            "p90": round(statistics.quantiles(values, n=10, method="inclusive")[-1], 1), "max": round(values[-1], 1)}


def told_shares(log):
    """Of each arrival in the daemon's log: how long after its last event the last write was, as it says itself."""
    shares = []
    last = None
    for device, after in re.findall(r"^moved IRQ .* device=(\S+) .*reason=arrival after=(\d+)ms$", log, re.MULTILINE):
        if device != last:
            shares.append((device, int(after)))
        shares[-1] = (device, max(shares[-1][1], int(after)))
        last = device
    return shares


def mean_spent(found):
    """Of an arrival: ms, and of each system call how many and ms."""
    count = len(found)
    what = {key: round(sum(one.spent[0][key] for one in found) / count, 2) for key in found[0].spent[0]}
    names = {name for one in found for name in one.spent[1]}
    calls = {name: [round(sum(one.spent[1].get(name, (0, 0))[i] for one in found) / count, 2) for i in (0, 1)]
             for name in names}
    return {"ms": what, "calls": dict(sorted(calls.items(), key=lambda item: -item[1][1]))}


# CPU time of a loop in the shell, and of system calls that do next to nothing
LOOPS = {"loop of a shell": ("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done", 100000),
         "read and write of a byte": ("dd if=/dev/zero of=/dev/null bs=1 count=50000 2>/dev/null", 50000)}


def speeds(run):
    """us for one turn, the quickest of three: who shares the CPU does not count."""
    found = {}
    for name, (loop, turns) in LOOPS.items():
        times = []
        for _ in range(3):
            text = run(f"sh -c '{loop}; times'")
            times.append(sum(60 * int(minutes) + float(seconds)
                             for minutes, seconds in re.findall(r"(\d+)m([\d.]+)s", text)))
        found[name] = round(min(times) / turns * 1e6, 2)
    return found


def of_irqherd(rig, nics_of):
    daemon = rig.daemon("pxm = /run/proximity\n")
    daemon.wait_quiet()
    witness = Witness(rig, daemon.pid)
    sockets = event_sockets(rig, daemon.pid)
    begin = daemon.mark()
    nics = nics_of(rig)
    arrive(rig, nics, TURNS, 0.2, plugged=True)
    events = witness.stop()
    found = arrivals(events, daemon.pid, sockets)
    shares = told_shares(daemon.log(begin))
    print("         " + next(line for line in daemon.ask_for_state().splitlines() if line.startswith("arrivals written")))
    daemon.stop()

    written = {event.fields["irq"] for event in events if event.pid == daemon.pid and event.name == "set"}
    check_equal(written - set().union(*(one.irqs for one in found)), set(), "IRQs of others that were written")
    check(all(one.written for one in found), f"not placed: {[one.address for one in found if not one.written]}")
    check_equal([device for device, _ in shares], [one.address for one in found], "arrivals that the log times")
    own = [one.write - one.received for one in found]
    # the daemon's clock starts before it receives and stops after the write, in whole milliseconds
    off = [(share, round(one.least, 1)) for (_, share), one in zip(shares, found) if share < one.least - 2]
    check_equal(off, [], "own shares that are less than what the kernel saw")
    return nics, {
        "writes": sum(one.writes for one in found),
        "event to write": figures([one.write - one.event for one in found]),
        "event to receipt": figures([one.received - one.event for one in found]),
        "busy at the event": figures([one.was_busy for one in found]),
        "receipt to write": figures(own),
        "receipt to first write": figures([one.first_write - one.received for one in found]),
        "as logged (after=)": figures([share for _, share in shares]),
        "write to confirmed": figures([ms for one in found for ms in one.confirmed]),
        "spent": mean_spent(found),
        "slowest": mean_spent([max(found, key=lambda one: one.write - one.received)]),
    }


def of_irqbalance(rig, nics):
    pid = int(rig.run(f"irqbalance -f -t {PEERS_INTERVAL_S} >/run/irqbalance.log 2>&1 & echo $!; sleep 15"))
    witness = Witness(rig, pid)
    arrive(rig, nics[:PEERS_NICS], PEERS_TURNS, 0.1, PEERS_INTERVAL_S + 1)
    found = arrivals(witness.stop(), pid)
    rig.run(f"kill {pid}")
    written = [one for one in found if one.written]
    # it takes an IRQ whose number it knows for one that it has placed: now and then it writes to none
    check(len(found) >= 20, f"only {len(found)} arrivals under irqbalance")
    result = {"arrivals": len(found), "written": len(written)}
    if len(written) > 1:
        result["event to first write"] = figures([one.first_write - one.event for one in written])
        result["event to write"] = figures([one.write - one.event for one in written])
    return result


def tell(rig, who, found):
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        model = re.search(r"^model name\s*: (.*)$", cpuinfo.read(), re.MULTILINE)
    print("latency " + json.dumps({
        "kernel": rig.release, "host": model.group(1) if model else "unknown", "host CPUs": os.cpu_count(),
        "host load": round(os.getloadavg()[1], 1), who: found}), flush=True)


def run(rig):
    if rig.try_run(f"[ -e {TRACING}/events/syscalls/sys_exit_recvmsg/id ]")[0] != 0:
        raise Skip("this kernel does not trace system calls")
    rig.put("/run/arrival", ARRIVAL)
    rig.run("chmod +x /run/arrival")
    nics = plug(rig)
    rig.put("/run/proximity", "".join(f"{nic.address} node {node}\n" for nic, (_, node) in zip(nics, PORTS)))
    rig.remove(*nics, at_once=True)

    nics, own = of_irqherd(rig, plug)
    tell(rig, "irqherd", own)
    tell(rig, "speed", {
        "emulated": speeds(rig.run),
        "native": speeds(lambda command: subprocess.run(["sh", "-c", command], capture_output=True, text=True,
                                                        check=True).stdout)})
    check(own["event to write"]["count"] >= 50, "too few arrivals")
    if os.environ.get("IRQHERD_VM_PEERS") == "no":
        return
    peer = of_irqbalance(rig, nics)
    tell(rig, "irqbalance", peer)
    check("event to first write" not in peer or own["event to write"]["max"] < peer["event to first write"]["median"],
          f"no better than a poll: {own['event to write']}, {peer}")
