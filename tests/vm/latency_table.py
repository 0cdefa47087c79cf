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
    ("receipt to write", "of it: irqherd's own share"),
    ("receipt to first write", "of that: until the first write"),
    ("as logged (after=)", "own share as irqherd logs it (`after=`)"),
    ("write to confirmed", "a write's return until the IRQ fires there"),
)
IRQBALANCE = (
    ("event to first write", "last event to the first write's return"),
    ("event to write", "last event to the last write's return"),
)


def rows(found, names):
    for name, words in names:
        one = found[name]
        yield f"| {words} | {one['count']} | {one['median']} | {one['p90']} | {one['max']} |"


def main(paths):
    results = [json.loads(line.removeprefix("latency ")) for path in paths
               for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()
               if line.startswith("latency {")]
    if not results:
        sys.exit("no line with results in " + " ".join(paths))
    for result in results:
        for who, names in (("irqherd", IRQHERD), ("irqbalance", IRQBALANCE)):
            if who not in result:
                continue
            found = result[who]
            what = f"{found['event to write']['count']} arrivals with {found['writes']} writes" if who == "irqherd" \
                else f"{found['event to write']['count']} of {found['arrivals']} arrivals were written to"
            print(f"**{who}**, Linux {result['kernel']}, 4 emulated CPUs; host: {result['host']}, "
                  f"{result['host CPUs']} CPUs, load average {result['host load']}; {what}.\n")
            print("| ms | count | median | p90 | max |\n| --- | --- | --- | --- | --- |")
            print("\n".join(rows(found, names)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
