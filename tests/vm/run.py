#!/usr/bin/env python3
"""Runs scenarios in guests. Usage: run.py --irqherd PATH [--kernel K] [--quick] [--repeat N]
                                  [--topology T | --without T] [SCENARIO...]

A scenario is a file in scenarios/: a docstring of one sentence, and run(rig), which raises if something
is not as it should be. Optional:

    TOPOLOGY = "threads"        one of rig.TOPOLOGIES; "two_nodes" unless said
    KERNELS = ("6.1",)          where it makes sense; everywhere unless said
    QUICK = True                part of the selection that vm/quick runs

Scenarios of one topology share a guest, which is put back to its state after the boot between them; one
that fails gets its guest replaced, and leaves console, logs and a dump of the state in the output folder.

Exit: 0 all that ran passed, 1 something failed, 77 nothing could be run (the reason is printed).
"""

import argparse
import contextlib
import importlib
import pathlib
import signal
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import build  # noqa: E402
import debian  # noqa: E402
import rig  # noqa: E402

SKIPPED = 77
BOOTS = 5
TRIES = 3


def scenarios(names, kernel, quick, topology=None, without=None):
    """Modules by topology; of one topology, or of all but one, if so asked."""
    sys.path.insert(0, str(HERE / "scenarios"))
    found = {}
    present = sorted(path.stem for path in (HERE / "scenarios").glob("*.py"))
    for name in names or present:
        if name not in present:
            sys.exit(f"no scenario {name}; there are: {', '.join(present)}")
        module = importlib.import_module(name)
        if kernel not in getattr(module, "KERNELS", (kernel,)):
            if names:
                print(f"skipped  {name}: not for Linux {kernel}")
            continue
        if quick and not getattr(module, "QUICK", False):
            continue
        its = getattr(module, "TOPOLOGY", "two_nodes")
        if its != (topology or its) or its == without:
            continue
        found.setdefault(its, []).append(module)
    return found


class Runner:
    def __init__(self, options):
        self.options = options
        self.machine = build.prepare(options.kernel)
        self.overlay = build.overlay(options.irqherd)
        self.prepared = {}
        self.guest = None
        self.held = contextlib.ExitStack()  # while there is a guest: others' runs wait, and get their turn after it
        self.since = self.spent = 0
        self.turn = 0
        self.results = []  # (turn, scenario, result, seconds)

    def parts(self, topology):
        """What a guest of this topology boots, and what goes on top of it."""
        if not rig.TOPOLOGIES[topology].get("disk"):
            return self.machine, self.overlay
        if topology not in self.prepared:
            package = debian.packages(self.options.package)
            self.prepared[topology] = debian.prepare(self.options.kernel), debian.overlay(package, debian.SHORT)
        return self.prepared[topology]

    def boot(self, topology):
        self.end()
        parts = self.parts(topology)
        self.held.enter_context(rig.only_guest(build.cache_folder()))
        self.since = time.monotonic()
        for left in range(BOOTS - 1, -1, -1):  # an emulated boot hangs once in a long while
            try:
                self.guest = rig.Guest(*parts, topology)
                break
            except rig.Failure as failure:
                print(f"         no boot, {left} tries left: {failure}", flush=True)
                if not left:
                    raise
        print(f"         Linux {self.guest.release}, {topology}: booted in {self.guest.boot_s:.0f} s",
              flush=True)

    def end(self):
        if self.guest:
            self.guest.close()
            self.spent += time.monotonic() - self.since
        self.guest = None
        self.held.close()

    def tell(self, result, module, since, text):
        seconds = time.monotonic() - since
        self.results.append((self.turn, module.__name__, result, seconds))
        print(f"{result:8} {module.__name__} ({seconds:.0f} s): {text}", flush=True)

    def count(self, result):
        return sum(found == result for _, _, found, _ in self.results)

    def tell_turns(self):
        """Scenario by turn, and who took longest."""
        turns = range(1, self.turn + 1)
        names = list(dict.fromkeys(name for _, name, _, _ in self.results))
        cells = {(name, turn): f"{result} {seconds:.0f} s" for turn, name, result, seconds in self.results}
        if self.turn > 1:
            width = max(map(len, names), default=0)
            for name in names:
                print(f"{name:{width}}  " + "".join(f"{cells.get((name, turn), '-'):15}" for turn in turns))
        longest = sorted(self.results, key=lambda one: -one[3])[:3]
        print("slowest: " + ", ".join(f"{name} {seconds:.0f} s" for _, name, _, seconds in longest))

    def run(self, topology, module, tries=TRIES):
        since = time.monotonic()
        if not self.guest:
            try:
                self.boot(topology)
            except build.Unavailable as reason:  # this topology's parts are missing, not all
                self.tell("skipped", module, since, reason)
                return
            since = time.monotonic()
        try:
            module.run(self.guest)
            for daemon in self.guest.daemons:
                rig.check("AddressSanitizer" not in daemon.log(), "a sanitizer complains")
            self.guest.reset()
        except rig.Skip as reason:
            self.tell("skipped", module, since, reason)
            self.guest.reset()
        except Exception as problem:  # also a mistake in the scenario must not hide the others
            text = traceback.format_exc()
            turn = f"-{self.turn}" if self.options.repeat > 1 else ""
            folder = self.options.output / f"{module.__name__}-{self.options.kernel}{turn}"
            crashed = self.guest.crashed()
            if crashed and tries > 1:
                # says nothing of irqherd, and is told from what does by the emulator's and the kernel's own words
                print(f"         {module.__name__}: QEMU failed, once more: {crashed}; see {folder}", flush=True)
                self.guest.dump(folder, text)
                self.end()
                self.run(topology, module, tries - 1)
                return
            self.guest.dump(folder, text)
            self.end()
            self.tell("failed", module, since, f"{problem}\n         see {folder}")
            if not isinstance(problem, rig.Failure):
                print(text)
        else:
            self.tell("passed", module, since, module.__doc__.strip().splitlines()[0])

    def run_all(self, groups):
        self.turn += 1
        try:
            for topology, modules in groups.items():
                for module in modules:
                    self.run(topology, module)
                self.end()
        finally:
            self.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--irqherd", required=True, type=pathlib.Path)
    parser.add_argument("--package", type=pathlib.Path, help="irqherd's Debian package, else it is built")
    parser.add_argument("--kernel", choices=build.KERNELS, default=build.KERNELS[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--topology", choices=rig.TOPOLOGIES, help="only scenarios in such guests")
    parser.add_argument("--without", choices=rig.TOPOLOGIES, help="no scenarios in such guests")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="all of it N times, in new guests")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("vm-output"))
    parser.add_argument("scenario", nargs="*")
    options = parser.parse_args()
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda *_: sys.exit(1))

    groups = scenarios(options.scenario, options.kernel, options.quick, options.topology, options.without)
    try:
        runner = Runner(options)
        for _ in range(options.repeat):
            runner.run_all(groups)
    except build.Unavailable as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    except rig.Failure as failure:
        print(f"failed: the test bed itself: {failure}")
        sys.exit(1)
    runner.tell_turns()
    print(f"Linux {options.kernel}: "
          + ", ".join(f"{runner.count(word)} {word}" for word in ("passed", "failed", "skipped"))
          + f" in {runner.spent:.0f} s")
    if runner.count("failed"):
        sys.exit(1)
    sys.exit(0 if runner.count("passed") else SKIPPED)


if __name__ == "__main__":
    main()
