#!/usr/bin/env python3
"""Makes the tables of docs/latency.md of what the scenario `latency` printed. Usage: latency_table.py OUTPUT...

    tests/vm/run.py --irqherd build/dev/src/irqherd --kernel 6.12 latency >6.12.txt
    tests/vm/run.py --irqherd build/dev/src/irqherd --kernel 6.1 latency >6.1.txt
    tests/vm/latency_table.py 6.12.txt 6.1.txt
"""

import json
import pathlib
import sys

IRQHERD = (
    ("event to write", "last event to the last write's return"),
    ("event to receipt", "of it: until irqherd has received the event"),
    ("busy at the event", "of that: it was busy with an earlier event"),
    ("receipt to write", "of it: irqherd's own share"),
    ("receipt to first write", "of that: until the first write"),
    ("as logged (after=)", "own share as irqherd logs it (`after=`)"),
    ("write to confirmed", "a write's return until the IRQ fires there"),
)
IRQBALANCE = (
    ("event to first write", "last event to the first write's return"),
    ("event to write", "last event to the last write's return"),
)
SHOWN_CALLS = 6


def rows(found, names):
    for name, words in names:
        one = found.get(name)
        if not one:  # of an older output
            continue
        yield f"| {words} | {one['count']} | {one['median']} | {one['p90']} | {one['max']} |"


def tell_times(found):
    if "event to write" not in found:
        return
    print("| ms | count | median | p90 | max |\n| --- | --- | --- | --- | --- |")
    print("\n".join(rows(found, IRQHERD if "spent" in found else IRQBALANCE)) + "\n")


def tell_spent(spent):
    print("Of the own share, mean of an arrival:\n\n| | calls | ms |\n| --- | --- | --- |")
    print("".join(f"| {what} | | {ms} |\n" for what, ms in spent["ms"].items()), end="")
    for name, (count, ms) in list(spent["calls"].items())[:SHOWN_CALLS]:
        print(f"| of them `{name}` | {count} | {ms} |")
    print(f"| all system calls | {sum(count for count, _ in spent['calls'].values()):.0f} | |\n")


def tell_speed(result):
    print("| us of CPU time | emulated | native | ratio |\n| --- | --- | --- | --- |")
    for name, emulated in result["speed"]["emulated"].items():
        native = result["speed"]["native"][name]
        print(f"| {name} | {emulated} | {native} | {emulated / native:.0f} |")
    print()


def head_of(result, who):
    found = result[who]
    where = f"**{who}**, Linux {result['kernel']}, 4 emulated CPUs; host: {result['host']}, {result['host CPUs']} CPUs, " \
            f"load average {result['host load']}"
    if who == "irqherd":
        return f"{where}; {found['event to write']['count']} arrivals with {found['writes']} writes.\n"
    if who == "irqbalance":
        return f"{where}; {found['written']} of {found['arrivals']} arrivals were written to.\n"
    return where + ".\n"


def main(paths):
    results = [json.loads(line.removeprefix("latency ")) for path in paths
               for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()
               if line.startswith("latency {")]
    if not results:
        sys.exit("no line with results in " + " ".join(paths))
    for result in results:
        who = next(name for name in ("irqherd", "irqbalance", "speed") if name in result)
        print(head_of(result, who))
        if who == "speed":
            tell_speed(result)
            continue
        tell_times(result[who])
        if "spent" in result[who]:
            tell_spent(result[who]["spent"])


if __name__ == "__main__":
    main(sys.argv[1:])
