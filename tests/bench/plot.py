#!/usr/bin/env python3
"""Draws the pictures of docs/performance.md from the results that are kept beside this script: cost-*.svg from
cost.tsv, scores-*.svg from score*.tsv where there are any.

  plot.py [--results FOLDER] [--out FOLDER]
  plot.py --tables                # the page's tables, for its text
"""

import argparse
import math
import pathlib

import cost
import machine

HERE = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 76, 132, 40, 56
COLOURS = {"irqherd": "#1b6ca8", "irqbalance": "#c1440e", "birq": "#b08a00", "floor": "#777777",
           "none": "#bbbbbb", "static": "#5b8c5a", "oracle": "#333333"}
SCORES = ("oracle", "irqherd", "static", "none", "birq", "irqbalance")
SCENARIOS = ("steady", "shift", "burst", "hotplug", "sticky")

PICTURES = (
    # file, title, unit, (program, phase, column)
    ("quiet-instructions", "A look at a quiet machine: user instructions", "instructions",
     (("irqherd", "quiet", "instructions"), ("irqbalance", "quiet", "instructions"),
      ("floor", "quiet", "instructions"))),
    ("quiet-calls", "A look at a quiet machine: system calls", "calls",
     (("irqherd", "quiet", "calls"), ("irqbalance", "quiet", "calls"))),
    ("start-calls", "Start: system calls until the first wait", "calls",
     (("irqherd", "start", "calls"), ("irqbalance", "start", "calls"))),
    ("start-instructions", "Start: user instructions until the first wait", "instructions",
     (("irqherd", "start", "instructions"), ("irqbalance", "start", "instructions"))),
    ("memory", "Resident memory", "kB",
     (("irqherd", "quiet", "resident_kb"), ("irqbalance", "quiet", "resident_kb"))),
    ("private", "Memory that is private and written to", "kB",
     (("irqherd", "quiet", "private_dirty_kb"), ("irqbalance", "quiet", "private_dirty_kb"))),
    ("arrival-calls", f"Arrival of an adapter of {cost.QUEUES} queues: system calls a vector", "calls",
     (("irqherd", "arrival", "calls"),)),
)


def short(value):
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


class Picture:
    """Lines over the number of IRQs, both axes logarithmic."""

    def __init__(self, title, unit, xs, low, high):
        self.xs = [math.log10(x) for x in xs]
        self.low, self.high = math.floor(math.log10(low)), math.ceil(math.log10(high))
        self.high = max(self.high, self.low + 1)
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            f'<text x="{LEFT}" y="22" font-size="14">{title}</text>',
            f'<text x="14" y="{(HEIGHT - BOTTOM + TOP) / 2}" text-anchor="middle" '
            f'transform="rotate(-90 14 {(HEIGHT - BOTTOM + TOP) / 2})">{unit}</text>']
        for power in range(self.low, self.high + 1):
            y = self.y(10 ** power)
            self.parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" '
                              'stroke="#dddddd"/>')
            self.text(LEFT - 6, y + 4, short(10 ** power), "end")

    def x(self, value):
        share = (math.log10(value) - self.xs[0]) / (self.xs[-1] - self.xs[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)

    def text(self, x, y, text, anchor="middle", colour="#000000"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">'
                          f"{text}</text>")

    def size(self, irqs, cpus):
        x = self.x(irqs)
        self.parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" '
                          'stroke="#eeeeee"/>')
        self.text(x, HEIGHT - BOTTOM + 18, f"{irqs} IRQs")
        self.text(x, HEIGHT - BOTTOM + 34, f"{cpus} CPUs", colour="#555555")

    def line(self, name, points, last_y):
        """Answers where the name went, so that the next one does not cover it."""
        colour = COLOURS[name]
        places = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" '
                          'stroke-width="2"/>')
        for x, y in points:
            self.parts.append(f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3" '
                              f'fill="{colour}"/>')
        x, y = points[-1]
        at = self.y(y) + 4
        if last_y is not None and abs(at - last_y) < 14:
            at = last_y + 14
        self.text(self.x(x) + 8, at, f"{name} {short(float(f'{y:.3g}'))}", "start", colour)
        return at

    def save(self, path):
        path.write_text("\n".join([*self.parts, "</svg>"]) + "\n")


def draw(rows, out):
    counts = {}
    for size in machine.SIZES:
        nodes, packages, cores, threads, *_, irqs = machine.SIZES[size]
        counts[size] = (irqs, packages * cores * threads)
    for file, title, unit, series in PICTURES:
        lines = []
        for program, phase, column in series:
            divisor = cost.QUEUES + 1 if phase == "arrival" else 1
            points = [(counts[row["size"]][0], max(float(row[column]) / divisor, 1)) for row in rows
                      if row["program"] == program and row["phase"] == phase and column in row]
            if points:
                lines.append((program, sorted(points)))
        if not lines:
            continue
        values = [y for _, points in lines for _, y in points]
        sizes = [counts[size] for size in machine.SIZES
                 if any(row["size"] == size for row in rows)]
        picture = Picture(title, unit, [irqs for irqs, _ in sizes], min(values), max(values))
        for irqs, cpus in sizes:
            picture.size(irqs, cpus)
        last_y = None
        for program, points in sorted(lines, key=lambda line: -line[1][-1][1]):
            last_y = picture.line(program, points, last_y)
        picture.save(out / f"cost-{file}.svg")


# ---------------------------------------------------------------------------------------------------
# scores

def draw_scores(paths, out):
    """Unmet work by scenario: bars for each placement, the mean of seeds and of where the IRQs were at the start. What
    started in a heap counts from its second minute on."""
    values = {}
    for path in paths:
        for row in cost.load(path):
            who = row.get("who") or path.stem.removeprefix("score_")  # a peer's file names it
            if row.get("scenario") in SCENARIOS and who in SCORES:
                late = row["initial"] == "first" and "late_unmet" in row
                key = row["machine"], row["scenario"], row["initial"], who
                values.setdefault(key, []).append(float(row["late_unmet" if late else "unmet"]))
    for size in dict.fromkeys(key[0] for key in values if key[0] in machine.SIZES):
        starts = {key[2] for key in values if key[0] == size and key[3] == "irqherd"}
        names = [who for who in SCORES if all((size, scenario, start, who) in values
                                              for scenario in SCENARIOS for start in starts)]
        if "irqherd" not in names:
            continue
        heights = {(scenario, who): cost.mean(cost.mean(values[size, scenario, start, who])
                                              for start in starts if not (who == "none" and start == "first"))
                   for scenario in SCENARIOS for who in names}
        draw_bars(f"Work lost because a CPU was full: {size}", names, heights, out / f"scores-{size}.svg")


def draw_bars(title, names, heights, path):
    top = max(heights.values()) * 1.1 or 1
    group = (WIDTH - LEFT - RIGHT) / len(SCENARIOS)
    width = group * 0.8 / len(names)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
             f'<text x="{LEFT}" y="22" font-size="14">{title}</text>']
    floor = HEIGHT - BOTTOM
    step = 10 ** math.floor(math.log10(top))
    step = step / 2 if top / step < 3 else step
    for tick in range(int(top / step) + 1):
        y = floor - tick * step / top * (floor - TOP)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>'
                     f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick * step:g} %</text>')
    for at, scenario in enumerate(SCENARIOS):
        parts.append(f'<text x="{LEFT + group * (at + 0.5):.1f}" y="{floor + 18}" '
                     f'text-anchor="middle">{scenario}</text>')
        for bar, who in enumerate(names):
            height = heights[scenario, who] / top * (floor - TOP)
            parts.append(f'<rect x="{LEFT + group * (at + 0.1) + width * bar:.1f}" y="{floor - height:.1f}" '
                         f'width="{width * 0.9:.1f}" height="{height:.1f}" fill="{COLOURS[who]}"/>')
    for at, who in enumerate(names):
        parts.append(f'<rect x="{WIDTH - RIGHT + 16}" y="{TOP + 20 * at}" width="12" height="12" '
                     f'fill="{COLOURS[who]}"/><text x="{WIDTH - RIGHT + 34}" y="{TOP + 20 * at + 10}">{who}</text>')
    path.write_text("\n".join([*parts, "</svg>"]) + "\n")


# ---------------------------------------------------------------------------------------------------
# tables

def number(row, column, divisor=1):
    value = row.get(column)
    return "-" if value is None else f"{float(value) / divisor:,.{0 if float(value) / divisor >= 10 else 1}f}"


def print_tables(rows):
    found = {(row["size"], row["program"], row["phase"]): row for row in rows}

    def table(head, phase, columns, programs=("irqherd", "irqbalance"), divisor=1):
        print("\n" + "| machine | " + " | ".join(f"{head[column]}, {program}" for column in columns
                                                 for program in programs) + " |")
        print("|---" * (1 + len(columns) * len(programs)) + "|")
        for size in machine.SIZES:
            cells = [number(found.get((size, program, phase), {}), column, divisor)
                     for column in columns for program in programs]
            print(f"| {size} | " + " | ".join(cells) + " |")

    head = {"instructions": "instructions", "calls": "calls", "allocations": "allocations",
            "resident_kb": "resident kB", "private_dirty_kb": "private dirty kB", "moves": "moves", "opens": "opens"}
    table(head, "quiet", ("instructions",), ("floor", "irqherd", "irqbalance"))
    table(head, "quiet", ("calls", "allocations"))
    table(head, "busy", ("instructions", "calls", "allocations", "moves"), ("irqherd",))
    table(head, "start", ("calls", "instructions"))
    table(head, "arrival", ("instructions", "calls", "opens"), ("irqherd",), cost.QUEUES + 1)
    table(head, "quiet", ("resident_kb", "private_dirty_kb"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", default=HERE / "results", type=pathlib.Path)
    parser.add_argument("--out", default=HERE / "../../docs/pictures", type=pathlib.Path)
    parser.add_argument("--tables", action="store_true")
    arguments = parser.parse_args()
    rows = cost.load(arguments.results / "cost.tsv")
    if arguments.tables:
        print_tables(rows)
        return
    draw(rows, arguments.out)
    draw_scores(sorted([*HERE.glob("score*.tsv"), *arguments.results.glob("score*.tsv")]), arguments.out)


if __name__ == "__main__":
    main()
