#!/usr/bin/env python3
"""A reload takes all files over or none of them: CPUs that are excluded lose their active IRQs, the
proximity file moves homes, and a broken file leaves what was."""

import rig


def test(program):
    rig.isolate()
    rig.need_cpus(2)
    rng = rig.Rng()
    irq = rng.input_irq()
    banned = "ban-irq = " + ",".join(str(other) for other in rig.irqs() if other != irq) + "\n"
    with rig.keep_affinities():
        rig.set_affinity(irq, 0)
        reader = rig.keep_rng_busy()
        try:
            rig.wait_until(lambda: rig.effective_cpu(irq) == 0, "the IRQ on CPU 0")
            with rig.Daemon(program, banned) as daemon:
                excluded_cpus_are_emptied(daemon, irq, banned)
                broken_files_change_nothing(daemon, irq, banned)
                proximity_is_read_again(daemon, rng, banned)
                rig.check(daemon.stop() == 0, "stop is an error")
        finally:
            rig.end(reader)


def excluded_cpus_are_emptied(daemon, irq, banned):
    daemon.wait_rounds(3)
    rig.check(rig.affinity(irq) == "0", "moved without a reason")
    daemon.configure(banned + "exclude-cpus = cpus:0\n")
    begin = daemon.mark()
    rig.check("configuration reloaded" in daemon.reload(), "not reloaded")
    daemon.wait_log(rf"^moved IRQ {irq} from CPU 0 to CPU \d+: .*reason=", begin)
    rig.wait_until(lambda: rig.effective_cpu(irq) not in (0, None), "the IRQ to leave CPU 0")


def broken_files_change_nothing(daemon, irq, banned):
    there = rig.affinity(irq)
    daemon.configure(banned + "exclude-cpus = cpus:1\nthreshhold = 3\n")
    lines = daemon.reload()
    rig.check("keeping the old one" in lines, f"a broken file was taken: {lines}")
    rig.check(f"{daemon.config_path}:" in lines and "threshold" in lines,
              f"it is not said where, and what was meant: {lines}")
    daemon.wait_rounds(4)
    rig.check(rig.affinity(irq) == there, "half of a broken file was taken")


def proximity_is_read_again(daemon, rng, banned):
    proximity = daemon.folder / "proximity"
    rules = banned + f"pxm = {proximity}\n"
    proximity.write_text(f"{rng.device} cpumask 1\n")
    daemon.configure(rules)
    rig.check("configuration reloaded" in daemon.reload(), "not reloaded")
    rig.check("home CPUs 0: " in daemon.section(rng.device), daemon.section(rng.device))

    proximity.write_text(f"{rng.device} cpumask 2\n")
    rig.check("configuration reloaded" in daemon.reload(), "not reloaded")
    rig.check("home CPUs 1: " in daemon.section(rng.device), daemon.section(rng.device))

    proximity.write_text(f"{rng.device} cpumask 1\nno such line\n")
    lines = daemon.reload()
    rig.check(f"{proximity}:2: " in lines and "keeping the old one" in lines, lines)
    rig.check("home CPUs 1: " in daemon.section(rng.device), "half of a broken file was taken")


rig.main(test)
