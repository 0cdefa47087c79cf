#!/usr/bin/env python3
"""Holds the arrows between the layers: who may include whom, and who may see which library.

Usage: check_includes.py ROOT

The rule is the table below, nothing else. Siblings (two layers of one row of the picture) do not
include each other: what both need is a message, and messages live in model/.
"""

import pathlib
import re
import sys

ABOVE_BASE = {"base"}
ABOVE_MODEL = {"base", "model"}
ABOVE_CONFIG_AND_MODEL = {"base", "config", "model"}
EVERYTHING = {"base", "config", "model", "setup", "source", "balance", "actuate", "outlet"}

MAY_INCLUDE = {
    "base": set(),
    "config": ABOVE_BASE,
    "model": ABOVE_BASE,
    "setup": ABOVE_CONFIG_AND_MODEL,
    "source": ABOVE_MODEL,
    "balance": ABOVE_MODEL,
    "actuate": ABOVE_MODEL,
    "outlet": ABOVE_MODEL,
    "daemon": EVERYTHING,
    "ctl": EVERYTHING,
}

# A library's header (or folder of headers) and the files or folders that may see it. An exchange of
# the library is then one file's work.
LIBRARIES = (
    (re.compile(r"libudev\.h$"), ("src/source/uevent.c",)),
    (re.compile(r"libmnl/"), ("src/source/rtnl.c",)),
    (re.compile(r"netlink/"), ("src/source/genl.c",)),
    (re.compile(r"(libev/)?ev(\+\+)?\.h$"), ("src/daemon/", "include/irqherd/daemon/", "src/outlet/control.c")),
    (
        re.compile(r"jansson(_config)?\.h$"),
        ("src/source/", "src/outlet/", "include/irqherd/outlet/", "src/daemon/", "include/irqherd/daemon/", "src/ctl/", "include/irqherd/ctl/"),
    ),
    (re.compile(r"n?curses(w/|\.h$)"), ("src/ctl/",)),
)

INCLUDE = re.compile(r"^\s*#\s*(?:include|include_next|import)\b\s*(.*)$")
OPERAND = re.compile(r'^(?:<([^>]+)>|"([^"]+)")')
PRIVATE = re.compile(r"^[a-z0-9_]+\.h$")
OURS = re.compile(r"^irqherd/([a-z_]+)/[a-z0-9_]+\.h$")


def layer_of(path):
    parts = path.parts
    if parts[:1] == ("src",):
        return parts[1]
    return parts[2]


def problem_of_include(root, path, operand):
    match = OPERAND.match(operand)
    if not match:
        return "names no file"
    angled, quoted = match.groups()

    if quoted is not None:
        ours = OURS.match(quoted)
        # A header beside its sources is the layer's own affair; nobody else can reach it.
        if not ours and path.parts[0] == "src" and PRIVATE.match(quoted) and (root / path.parent / quoted).is_file():
            return None
        if not ours:
            return 'is not of the form "irqherd/<layer>/x.h"'
        if not (root / "include" / quoted).is_file():
            return "does not exist"
        layer, other = layer_of(path), ours.group(1)
        if other != layer and other not in MAY_INCLUDE[layer]:
            return f"points against the arrows: {layer} may include {names(MAY_INCLUDE[layer])}"
        return None

    if angled.startswith("irqherd/"):
        return "is ours and wants quotes"
    for header, places in LIBRARIES:
        if header.match(angled) and not any(
            str(path) == place or (place.endswith("/") and str(path).startswith(place)) for place in places
        ):
            return f"is for {' '.join(places)} only"
    return None


def names(layers):
    return ", ".join(sorted(layers)) or "nothing"


def main():
    root = pathlib.Path(sys.argv[1])
    files = sorted(
        path.relative_to(root)
        for top in ("src", "include")
        for path in (root / top).rglob("*.[ch]")
    )
    if not files:
        sys.exit(f"{root}: no sources found")

    problems = []
    for path in files:
        if len(path.parts) < 3 or layer_of(path) not in MAY_INCLUDE:
            problems.append(f"{path}: belongs to no layer")
            continue
        # Line ends are joined first: an include may not hide behind a backslash.
        text = (root / path).read_text(encoding="utf-8").replace("\\\n", "")
        for number, line in enumerate(text.split("\n"), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            problem = problem_of_include(root, path, match.group(1))
            if problem:
                problems.append(f"{path}:{number}: {match.group(1)} {problem}")

    for problem in problems:
        print(problem)
    print(f"{len(files)} files, {len(problems)} wrong includes")
    sys.exit(1 if problems else 0)


main()
