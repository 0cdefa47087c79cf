"""Thousands of events that overrun the receive buffers lose nothing in the end, and balancing goes on meanwhile."""

import re

from rig import check, check_equal, check_placed, wait_until

# without a capability the buffers are what anybody may have, as under the unit that is installed
UNPRIVILEGED = "setpriv --bounding-set=-all --inh-caps=-all --no-new-privs"
QUEUES = 128
# udevd would take minutes to work all of it off under emulation: it is told to wait, and forgets at its end
HOLD_UDEVD, LET_UDEVD_GO = "udevadm control --stop-exec-queue", "udevadm control --start-exec-queue"


def veths(count):
    pair = f"ip link add storm0 numrxqueues {QUEUES} numtxqueues {QUEUES} type veth " \
           f"peer name storm1 numrxqueues {QUEUES} numtxqueues {QUEUES} && ip link delete storm0"
    return f"for i in $(seq {count}); do {pair}; done"


def triggers(count):
    return f"for i in $(seq {count}); do udevadm trigger --type=devices --action=change; done"


def inventory(state):
    """What is known of devices, network devices and IRQs, without counts and loads."""
    devices = {}
    for address, text in state.sections.items():
        text = re.sub(r"  +\d+ (?:of \d+ )?interrupts", "", text)
        lines = [line for line in text.splitlines() if "home CPUs" in line or line.startswith(address)]
        rows = {irq: (row["vector"], row["asked"], row["queue"], row["action"].strip())
                for irq, row in state.rows(address).items()}
        devices[address] = (lines, rows)
    return devices


def run(rig):
    rig.add_nic("e1000e", "n0p0").up()
    goes = rig.add_nic("e1000e", "rp0").up()
    daemon = rig.daemon(environment=UNPRIVILEGED)
    # what the slow check keeps open is open after its first pass
    daemon.wait_state(lambda state: state.counters["slow-check-passes"] > 0, "a pass of the slow check")
    before = daemon.wait_quiet()
    (kept, others), memory = daemon.descriptors(), daemon.memory_kb()

    # nobody reads for a while, and the machine is another one afterwards
    rig.run(HOLD_UDEVD)
    daemon.signal("STOP")
    rig.run(veths(4), limit_s=300)
    rig.run(triggers(2), limit_s=300)
    rig.remove(goes)
    comes = rig.add_nic("e1000e", "n1p0", wait=False)  # the driver is there: nobody would load it now
    folder = wait_until(comes.folder, "the network device")
    address = rig.run(f"basename $(readlink -f {folder}/device)").strip()
    comes.up()
    rig.run(veths(2), limit_s=300)
    daemon.signal("CONT")
    state = daemon.wait_state(lambda state: state.counters["overruns"] > before.counters["overruns"], "an overrun")
    state = daemon.wait_state(lambda state: state.device(address) and not state.device(goes.address),
                              "the new machine to be known")
    rig.run(LET_UDEVD_GO)
    comes.find()
    state = daemon.wait_quiet()
    check_placed(rig, comes, state, {2, 3})
    print("         first storm: " + told(before, state))

    # it may read, and comes too late now and then; its rounds are made all the same
    rig.run(HOLD_UDEVD)
    first = daemon.counters()
    rig.run(f"( {veths(6)}; {triggers(3)}; touch /run/storm-is-over ) >/dev/null 2>&1 &")
    during = daemon.state()
    over = 0
    while not over:
        during = daemon.state()
        over = rig.try_run("[ -e /run/storm-is-over ]")[0] == 0
    uptime = rig.run("cut -d' ' -f1 /proc/uptime")
    rounds = during.counters["rounds"] - first["rounds"]
    print(f"         second storm: {told(Fake(first), during)}, {rounds} rounds, uptime {uptime.strip()} s")
    check(rounds >= 3, f"only {rounds} rounds during the storm")
    check(during.counters["uevents"] - first["uevents"] > 1000, "this was no storm")
    rig.run(f"rm /run/storm-is-over; {LET_UDEVD_GO}")
    rig.settle()
    state = daemon.wait_quiet()

    with_rows = inventory(state)
    kept_now, others_now = daemon.descriptors()
    check_equal(others_now, others, "descriptors")
    most = max(kept, len(state.rows()) + len(state.sections))
    check(kept_now <= most, f"descriptors of IRQs: {kept_now}, before {kept}")
    print(f"         memory {memory} kB before, {daemon.memory_kb()} kB after")
    daemon.stop()
    fresh = rig.daemon()
    fresh_rows = inventory(fresh.wait_quiet())
    check(len(fresh_rows) > 4, f"too little to compare: {fresh_rows}")
    check_equal(set(with_rows), set(fresh_rows), "devices that are known")
    for device, facts in fresh_rows.items():
        check_equal(with_rows[device], facts, f"what is known of {device}, as a fresh start sees it")


class Fake:
    def __init__(self, counters):
        self.counters = counters


def told(before, after):
    return " ".join(f"{key}={after.counters[key] - before.counters[key]}"
                    for key in ("uevents", "links", "hints", "looks", "devices-read", "overruns"))
