#!/usr/bin/env python3
"""With restore-on-exit a moved IRQ has its first mask again after an orderly stop, after a crash
with the next one."""

import signal

import rig


def moved_away(program, irq, cpu, config, action):
    """Lets the daemon move an active IRQ off `cpu`; action(daemon) ends it."""
    with rig.Daemon(program, config + f"exclude-cpus = cpus:{cpu}\n") as daemon:
        daemon.wait_log(rf"^moved IRQ {irq} from CPU {cpu} to CPU")
        rig.check(rig.affinity(irq) != str(cpu), "the mask did not change")
        action(daemon)


def test(program):
    rig.isolate()
    rig.need_cpus(2)
    rng = rig.Rng()
    irq = rng.input_irq()
    banned = ",".join(str(other) for other in rig.irqs() if other != irq)
    config = f"restore-on-exit = y\nban-irq = {banned}\n"
    with rig.keep_affinities():
        reader = rig.keep_rng_busy()
        try:
            for cpu in (0, 1):
                rig.set_affinity(irq, cpu)
                rig.wait_until(lambda: rig.effective_cpu(irq) == cpu, "the IRQ on its first CPU")
                moved_away(program, irq, cpu, config, lambda daemon: daemon.stop())
                rig.check(rig.affinity(irq) == str(cpu), f"{rig.affinity(irq)} after the stop")

            moved_away(program, irq, 1, config, lambda daemon: daemon.send(signal.SIGKILL))
            rig.check(rig.affinity(irq) == "0", "a crash restores nothing")
            with rig.Daemon(program, config) as daemon:
                daemon.wait_rounds(3)
                rig.check(rig.affinity(irq) == "0", "the start after a crash moved something")
                rig.check(daemon.stop() == 0, "stop is an error")
            rig.check(rig.affinity(irq) == "1", f"{rig.affinity(irq)} after the stop after a crash")
        finally:
            rig.end(reader)


rig.main(test)
