#!/usr/bin/env python3
"""Scores of irqherd and its peers on synthetic machines: runs what is missing, prints the tables.

  score_rows.py run --bench DIR --results FILE.tsv --who NAME[=COMMAND] [--who ...] [--set SET ...]
  score_rows.py table --results FILE.tsv [--set SET ...] [--birq birq.tsv]

DIR holds the workload player (see score_one.py). NAME is one of its yardsticks (none, static,
oracle) or the label of a daemon's COMMAND, which must stay in the foreground; "{pid}" in it is
replaced by a path of its own. `run` needs root, appends one row a run to FILE.tsv, and leaves out
what is there already: so one daemon can be measured again without the others, by removing its rows.
Runs of one row meet the same machine and the same load; wall time does not matter to any figure.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIOS = ("idle", "steady", "shift", "burst", "hotplug", "sticky")
BUSY = SCENARIOS[1:]
INITIAL = ("all", "hint", "first")
KEY = ("machine", "initial", "scenario", "seed", "who")
FIGURES = (
    "unmet",
    "late_unmet",
    "moves",
    "late_moves",
    "local",
    "late_local",
    "plug_write_s",
    "after_plug",
    "went_back",
)

# name: arguments of the player
MACHINES = {
    "small": "--preset small",
    "medium": "--preset medium",
    "large": "--preset large",
    "8 cores, 1 node": "--preset small --nodes 1 --packages 1 --cores 8",
    "4 nodes, 32 queues": "--preset medium --nodes 4 --packages 4 --cores 8 --nic-queues 32",
    "no SMT": "--preset medium --smt 1 --nic-queues 31",
    "24 CPUs, 16 queues": "--preset small --cores 6 --nics 4 --nic-queues 16 --irqs 128",
    "medium, load 0.5": "--preset medium --load 0.5",
    "medium, load 0.2": "--preset medium --load 0.2",
}

# name: rows as (machine, initial, scenario), and their seeds
SETS = {
    "small": ([("small", i, s) for i in INITIAL for s in SCENARIOS], (1, 2, 3)),
    "medium": ([("medium", i, s) for i in INITIAL for s in SCENARIOS], (1, 2, 3)),
    "large": ([("large", i, s) for i in INITIAL for s in SCENARIOS], (1, 2, 3)),
    "seeds": ([(m, i, s) for m in ("small", "medium") for i in INITIAL for s in BUSY], (21, 22, 23, 24)),
    "shapes": (
        [
            (m, i, s)
            for m in ("8 cores, 1 node", "4 nodes, 32 queues", "no SMT", "24 CPUs, 16 queues")
            for i in INITIAL
            for s in BUSY
        ],
        (21, 22, 23),
    ),
    "loads": (
        [(m, i, s) for m in ("medium, load 0.5", "medium, load 0.2") for i in INITIAL for s in ("steady", "shift")],
        (21, 22, 23),
    ),
}


def read(path):
    rows = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            names = file.readline().rstrip("\n").split("\t")
            for line in file:
                row = dict(zip(names, line.rstrip("\n").split("\t")))
                rows[tuple(row[k] for k in KEY)] = row
    return rows


# ------------------------------------------------------------------------------------------------
# running


def measure(bench, key, command):
    machine, initial, scenario, seed, who = key
    argv = [sys.executable, os.path.join(HERE, "score_one.py")] + MACHINES[machine].split()
    argv += ["--initial", initial, "--scenario", scenario, "--seed", seed]
    with tempfile.TemporaryDirectory(prefix="score.") as folder:
        pid = os.path.join(folder, "pid")
        argv += ["--label", who, "--"] + shlex.split(command.replace("{pid}", pid)) if command else ["--policy", who]
        done = subprocess.run(
            argv, capture_output=True, text=True, env=dict(os.environ, IRQHERD_BENCH=bench), check=False
        )
    try:
        score = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        print("a run failed: %s\n%s" % (" ".join(argv), done.stderr[-500:]), file=sys.stderr, flush=True)
        return None
    # a daemon that is slow to end is told to: SIGTERM is no fault
    if score.get("rc", 0) not in (0, -15) or "died_at" in score:
        print("a daemon died: %s" % " ".join(argv), file=sys.stderr, flush=True)
        return None
    late = score["late"]
    figures = (
        score["unmet_pct"],
        late["unmet_pct"],
        score["moves"],
        late["moves"],
        score["local_work_pct"],
        late["local_work_pct"],
        score.get("plug_first_write"),
        score.get("after_plug_pct"),
        score["went_back"],
    )
    return ["" if x is None else str(x) for x in figures]


def run(options):
    have = read(options.results)
    commands = dict((who.split("=", 1) + [None])[:2] for who in options.who)
    todo = []
    for name in options.set:
        rows, seeds = SETS[name]
        seeds = [int(s) for s in options.seeds.split(",")] if options.seeds else seeds
        for row in rows:
            todo += [row + (str(seed), who) for seed in seeds for who in commands]
    todo = [key for key in todo if key not in have]
    fresh = not os.path.exists(options.results)
    with open(options.results, "a", encoding="utf-8") as file, concurrent.futures.ThreadPoolExecutor(
        options.jobs
    ) as pool:
        if fresh:
            print("\t".join(KEY + FIGURES), file=file, flush=True)
        futures = {pool.submit(measure, options.bench, key, commands[key[4]]): key for key in todo}
        for future in concurrent.futures.as_completed(futures):
            figures = future.result()
            if figures:
                print("\t".join(futures[future] + tuple(figures)), file=file, flush=True)


# ------------------------------------------------------------------------------------------------
# tables


class Row:
    """All that was measured of one (machine, initial, scenario): means over the seeds that irqherd has."""

    def __init__(self, results, birq, key, seeds):
        self.machine, self.initial, self.scenario = key
        self.late = self.initial == "first"
        self.runs = collections.defaultdict(dict)
        for (machine, initial, scenario, seed, who), figures in results.items():
            if (machine, initial, scenario) == key and int(seed) in seeds:
                self.runs[who][seed] = figures
        self.seeds = sorted(self.runs["irqherd"])
        self.birq = birq.get(key) if 1 in seeds else None

    def mean(self, who, figure):
        values = [self.runs[who][s][figure] for s in self.seeds if s in self.runs[who]]
        if len(values) < len(self.seeds) or "" in values or not values:
            return None
        return sum(float(v) for v in values) / len(values)

    def unmet(self, who):
        if who == "birq":
            return self.birq
        return self.mean(who, "late_unmet" if self.late else "unmet")

    def moves(self, who):
        return self.mean(who, "late_moves" if self.late else "moves")

    def local(self, who):
        return self.mean(who, "late_local" if self.late else "local")

    def peer(self):
        known = [x for x in (self.unmet("irqbalance"), self.unmet("birq")) if x is not None]
        return min(known) if known else None

    def missed(self):
        """Bars that the row misses, each with its figures."""
        ours, result = self.unmet("irqherd"), []
        # rounded as they are shown; nothing is better than no loss
        above = lambda bar: bar is not None and round(ours, 3) > round(bar, 3)
        if self.scenario == "idle":
            late = self.mean("irqherd", "late_moves")
            if late and not self.late:
                result.append("moves after a minute: %.1f" % late)
        elif self.moves("irqbalance") and self.moves("irqherd") > self.moves("irqbalance") / 5:
            result.append("moves: %.1f > %.1f" % (self.moves("irqherd"), self.moves("irqbalance") / 5))
        if self.peer() is not None and above(self.peer() / 2):
            result.append("half of the better peer's: %.3f > %.3f" % (ours, self.peer() / 2))
        for who in ("static", "none"):
            if above(self.unmet(who)):
                result.append("`%s`: %.3f > %.3f" % (who, ours, self.unmet(who)))
        home, theirs = self.local("irqherd"), self.local("irqbalance")
        if theirs is not None and home < theirs - 0.05:
            result.append("at home: %.1f < %.1f %%" % (home, theirs))
        if self.scenario == "hotplug":
            first = self.mean("irqherd", "plug_write_s")
            if first is None or first > 1:
                result.append("first write after the plug: %s s" % first)
            after, static = self.mean("irqherd", "after_plug"), self.mean("static", "after_plug")
            if static is not None and after > 2 * static + 0.0005:
                result.append("30 s after the plug: %.3f > 2 × %.3f" % (after, static))
        return result


def number(value, digits=3):
    return "-" if value is None else "%.*f" % (digits, value)


def read_birq(path):
    rows = {}
    if path:
        for line in open(path, encoding="utf-8").read().splitlines()[1:]:
            machine, initial, scenario, unmet = line.split("\t")
            rows[machine, initial, scenario] = float(unmet)
    return rows


def table(options):
    results, birq = read(options.results), read_birq(options.birq)
    rows = [Row(results, birq, key, SETS[name][1]) for name in options.set for key in SETS[name][0]]
    rows = [row for row in rows if row.seeds]
    print("| machine | initial | scenario | seeds | irqherd | irqbalance | birq | none | static | oracle | moves |"
          " irqbalance's | at home | irqbalance's |")
    print("|" + "---|" * 14)
    for row in rows:
        print("| %s | %s | %s | %d | **%s** | %s | %s | %s | %s | %s | %s | %s | %s | %s |" % (
            row.machine, row.initial, row.scenario, len(row.seeds), number(row.unmet("irqherd")),
            number(row.unmet("irqbalance")), number(row.unmet("birq"), 2), number(row.unmet("none")),
            number(row.unmet("static")), number(row.unmet("oracle")), number(row.moves("irqherd"), 0),
            number(row.moves("irqbalance"), 0), number(row.local("irqherd"), 1), number(row.local("irqbalance"), 1)))
    print("\n| machine | initial | scenario | missed |\n|---|---|---|---|")
    for row in rows:
        if row.missed():
            print("| %s | %s | %s | %s |" % (row.machine, row.initial, row.scenario, "; ".join(row.missed())))
    busy = [row for row in rows if row.scenario != "idle" and row.unmet("oracle") is not None]
    print("\n%d rows, %d without a miss." % (len(rows), sum(not row.missed() for row in rows)))
    for machine in dict.fromkeys(row.machine for row in busy):
        ours = [row.unmet("irqherd") for row in busy if row.machine == machine]
        best = [row.unmet("oracle") for row in busy if row.machine == machine]
        print("%s: mean loss %.3f, the oracle's %.3f" % (machine, sum(ours) / len(ours), sum(best) / len(best)))
    back = sum(row.mean("irqherd", "went_back") or 0 for row in rows)
    moves = sum(row.mean("irqherd", "moves") or 0 for row in rows)
    print("went back within a minute: %.1f of %.1f moves" % (back, moves))
    plugs = [row for row in rows if row.scenario == "hotplug"]
    if plugs:
        print("first write after a plug: at most %.2f s" % max(row.mean("irqherd", "plug_write_s") for row in plugs))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("run")
    verb.add_argument("--bench", default=os.environ.get("IRQHERD_BENCH"), help="folder of the workload player")
    verb.add_argument("--who", action="append", required=True)
    verb.add_argument("--jobs", type=int, default=2)
    verb.add_argument("--seeds", help="instead of those of the sets")
    verb = verbs.add_parser("table")
    verb.add_argument("--birq", help="unmet work of birq by row, measured elsewhere")
    for verb in verbs.choices.values():
        verb.add_argument("--results", required=True)
        verb.add_argument("--set", action="append", choices=SETS, help="default: all")
    options = parser.parse_args()
    options.set = options.set or list(SETS)
    if options.verb == "run" and not options.bench:
        parser.error("where is the workload player? --bench or IRQHERD_BENCH")
    return run(options) if options.verb == "run" else table(options)


if __name__ == "__main__":
    main()
