#!/usr/bin/env python3
"""What a client asks for is in the kernel within a second: a pinned IRQ moves though it is idle, stays over
hotplug, and is let go; an excluded CPU is left; while frozen nothing is written; a second daemon takes
nothing from the first.
"""

import contextlib

import rig
import varlink

IRQHERD = "io.irqherd"

# The kernel's part of a move is done with the IRQ's next interrupt: what is asked for is there at once.
SOON_S = 1.0


def ask(daemon, method, **parameters):
    with varlink.Client(daemon.socket_path) as client:
        return client.call(f"{IRQHERD}.{method}", **parameters)


def soon(condition, what):
    rig.wait_until(condition, what, limit_s=SOON_S, pause_s=0.02)


@contextlib.contextmanager
def running(process):
    try:
        yield process
    finally:
        rig.end(process)


def slot_of(daemon, irq):
    return next(known["slot"] for known in ask(daemon, "ListIrqs")["irqs"] if known["irq"] == irq)


def pins(daemon, rng):
    irq = rng.input_irq()
    slot = slot_of(daemon, irq)
    rig.check(slot.startswith(f"{rng.device}/"), f"slot {slot}")
    for cpu in ("0", "1", "0"):
        # by number and by slot
        target = slot if cpu == "1" else str(irq)
        rig.check(ask(daemon, "PinIrq", target=target, cpus=cpu) == {"slot": slot}, "pin")
        soon(lambda: rig.affinity(irq) == cpu, f"IRQ {irq} on CPU {cpu}, not {rig.affinity(irq)}")
    known = ask(daemon, "Explain", target=slot)["explanation"]
    rig.check(known["irq"]["home"]["origin"] == "rule", f"home: {known['irq']['home']}")
    rig.check(known["irq"]["home"]["cpus"] == "0", f"home: {known['irq']['home']}")
    rig.check(any("pinned" in event["words"] for event in known["history"]), f"{known['history']}")
    return irq, slot


def pins_hold_over_hotplug(daemon, rng, slot):
    """The driver lets its vectors go and makes them anew: other masks, perhaps other numbers."""
    for cpu in ("1", "0"):
        ask(daemon, "PinIrq", target=slot, cpus=cpu)
        rng.unbind()
        rng.bind()
        with running(rig.keep_rng_busy()):
            rig.wait_until(lambda: rig.affinity(rng.input_irq()) == cpu,
                           f"IRQ {rng.input_irq()} on CPU {cpu} after hotplug, not {rig.affinity(rng.input_irq())}")
    # not there, and said all the same
    rng.unbind()
    rig.wait_until(lambda: not any(irq["slot"] == slot for irq in ask(daemon, "ListIrqs")["irqs"]), "the IRQ to go")
    ask(daemon, "PinIrq", target=slot, cpus="1")
    rng.bind()
    rig.wait_until(lambda: rig.affinity(rng.input_irq()) == "1", "the pin that was there first")


def frozen(daemon, rng):
    irq = rng.input_irq()
    ask(daemon, "Freeze")
    before = rig.affinities()
    other = "1" if rig.affinity(irq) == "0" else "0"
    ask(daemon, "PinIrq", target=str(irq), cpus=other)
    ask(daemon, "ExcludeCpus", cpus="1")
    daemon.wait_rounds(6)
    rig.check(rig.affinities() == before, "something was written while frozen")
    status = ask(daemon, "GetStatus")["status"]
    rig.check(status["mode"] == "frozen", f"mode {status['mode']}")
    ask(daemon, "IncludeCpus", cpus="1")
    ask(daemon, "Thaw")
    ask(daemon, "PinIrq", target=str(irq), cpus=other)
    soon(lambda: rig.affinity(irq) == other, "the pin after the thaw")
    ask(daemon, "ReleaseIrq", target=str(irq))


def excluded(daemon, rng):
    """An active IRQ leaves the CPU, and does not come back by itself."""
    irq = rng.input_irq()
    ask(daemon, "PinIrq", target=str(irq), cpus="1")
    soon(lambda: rig.affinity(irq) == "1", "the start on CPU 1")
    ask(daemon, "ReleaseIrq", target=str(irq))
    with running(rig.keep_rng_busy()):
        daemon.wait_rounds(3)
        ask(daemon, "ExcludeCpus", cpus="1")
        rig.wait_until(lambda: rig.affinity(irq) == "0", f"IRQ {irq} off CPU 1")
        ask(daemon, "IncludeCpus", cpus="1")


def banned(daemon, rng):
    irq = rng.input_irq()
    slot = slot_of(daemon, irq)
    ask(daemon, "BanIrq", target=slot)
    state = next(known["state"] for known in ask(daemon, "ListIrqs")["irqs"] if known["irq"] == irq)
    rig.check(state == "banned", f"state {state}")
    daemon.reload()
    state = next(known["state"] for known in ask(daemon, "ListIrqs")["irqs"] if known["irq"] == irq)
    rig.check(state == "banned", f"state after a reload {state}")
    # the last word counts
    ask(daemon, "PinIrq", target=slot, cpus="0")
    ask(daemon, "ReleaseIrq", target=slot)
    state = next(known["state"] for known in ask(daemon, "ListIrqs")["irqs"] if known["irq"] == irq)
    rig.check(state != "banned", "still banned after a pin")


def rules_of_the_configuration(daemon, rng):
    """The key `cpus` says the same for good."""
    irq = rng.input_irq()
    slot = slot_of(daemon, irq)
    for cpu in ("1", "0"):
        daemon.configure(f"cpus = {slot}={cpu}\n")
        ask(daemon, "Reload")
        with running(rig.keep_rng_busy()):
            rig.wait_until(lambda: rig.affinity(irq) == cpu, f"IRQ {irq} on CPU {cpu} by its rule")
    daemon.configure("")
    ask(daemon, "Reload")


def a_second_daemon_takes_nothing(program, daemon):
    arguments = ("--dry-run", "--socket", str(daemon.socket_path))
    with rig.Daemon(program, arguments=arguments) as second:
        second.wait_log(r"another irqherd answers there")
        rig.check(ask(daemon, "GetStatus")["status"]["mode"] == "apply", "the first one is not reached")
    rig.check(ask(daemon, "GetStatus")["status"]["mode"] == "apply", "the second one took the socket away")


def a_killed_daemon_leaves_nothing_in_the_way(program, daemon):
    path = daemon.socket_path
    daemon.kill()
    rig.check(path.exists(), "a killed daemon can't have removed its socket")
    daemon.start()
    rig.check(ask(daemon, "GetStatus")["status"]["mode"] == "apply", "not reached after the restart")


def test(program):
    rig.isolate(net=False)
    rig.need_cpus(2)
    rng = rig.Rng()
    with rig.keep_affinities(), rng.rebinding(), rig.Daemon(program) as daemon:
        rng.input_irq()
        with varlink.Client(daemon.socket_path) as client:
            events = client.stream(f"{IRQHERD}.Watch")
            # a stream begins when the call is answered, which a later call shows
            ask(daemon, "GetPlan")
            _, slot = pins(daemon, rng)
            seen = next(event["event"] for event in events if event["event"]["kind"] == "move")
            rig.check(seen["move"]["reason"] == "pinned", f"move {seen}")
            rig.check(seen["move"]["slot"] == slot, f"move {seen}")
        pins_hold_over_hotplug(daemon, rng, slot)
        frozen(daemon, rng)
        excluded(daemon, rng)
        banned(daemon, rng)
        rules_of_the_configuration(daemon, rng)
        a_second_daemon_takes_nothing(program, daemon)
        a_killed_daemon_leaves_nothing_in_the_way(program, daemon)


rig.main(test)
