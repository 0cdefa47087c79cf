#!/usr/bin/env python3
"""--oneshot, --dry-run and --root look and report. None of them writes, even where a round would."""

import pathlib
import subprocess
import tempfile

import rig
import varlink


def trace_of(program, folder, *arguments):
    trace = folder / "trace"
    command = [*rig.strace_prefix(trace, rig.WRITE_CALLS), program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=rig.WAIT_S,
                          env=rig.environment_for(program, command))
    rig.check(done.returncode == 0, f"{arguments}: exit {done.returncode}: {done.stderr}")
    rig.wait_until(lambda: "openat" in trace.read_text(), "strace")
    writes = rig.affinity_writes(trace)
    rig.check(not writes, f"{arguments}: " + "\n".join(writes))
    return done.stdout + done.stderr


def test(program):
    rig.isolate()
    rig.need_cpus(2)
    rng = rig.Rng()
    irq = rng.input_irq()
    with rig.keep_affinities(), tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        config = folder / "irqherd.conf"
        config.write_text("short-interval = 0.5\nexclude-cpus = cpus:0\n")
        rig.set_affinity(irq, 0)
        reader = rig.keep_rng_busy()
        try:
            rig.wait_until(lambda: rig.effective_cpu(irq) == 0, "the IRQ on CPU 0")
            before = rig.affinities()
            text = trace_of(program, folder, "--oneshot", "--dry-run", "-c", str(config))
            rig.check(f"would move IRQ {irq} from CPU 0" in text, f"no move in the report: {text}")
            rig.check(rig.affinities() == before, "--oneshot --dry-run wrote")

            trace = folder / "daemon-trace"
            with rig.Daemon(program, "exclude-cpus = cpus:0\ncooldown = 0\n", ["--dry-run"],
                            rig.strace_prefix(trace, rig.WRITE_CALLS)) as daemon:
                daemon.wait_log(rf"(?s)(would move IRQ {irq} from CPU 0.*){{3}}")
                with varlink.Client(daemon.socket_path) as client:
                    history = client.call("io.irqherd.Explain", target=str(irq))["explanation"]["history"]
                    moves = client.call("io.irqherd.GetStatus")["status"]["moves"]
                proposed = [event["words"] for event in history if event["kind"] == "proposal"]
                rig.check(len(proposed) == 1 and f"IRQ {irq} from CPU 0" in proposed[0],
                          f"proposals recorded: {history}")
                rig.check(moves["total"] == 0 and "last" not in moves, f"moves that nobody made: {moves}")
                rig.check(daemon.stop() == 0, "stop is an error")
            rig.check(not rig.affinity_writes(trace), "\n".join(rig.affinity_writes(trace)))
            rig.check(rig.affinities() == before, "--dry-run wrote")
        finally:
            rig.end(reader)

        machine = folder / "machine"
        rig.capture(machine)
        files = {path: path.read_bytes() for path in machine.rglob("*") if path.is_file()}
        text = trace_of(program, folder, "--oneshot", "-v", "--root", str(machine), "-c",
                        str(config))
        for device in rig.PCI.glob("*/msi_irqs"):
            rig.check(f"\n{device.parent.name} " in "\n" + text, f"{device} is not in\n{text}")
        rig.check(all(path.read_bytes() == data for path, data in files.items()), "--root wrote")
        rig.check(rig.affinities() == before, "--root wrote to the live machine")


rig.main(test)
