#!/usr/bin/env python3
"""The table of features names tests that exist, and leaves no cell empty. Usage: check_peers.py ROOT"""

import pathlib
import sys


def exists(root, name):
    tier, _, rest = name.partition("/")
    if tier == "vm":
        return (root / "tests/vm/scenarios" / f"{rest}.py").is_file()
    return (root / "tests" / name).is_file()


def problems(root):
    rows = 0
    for number, line in enumerate((root / "docs/peers.md").read_text().splitlines(), 1):
        if not line.startswith("| ") or line.startswith("| ---"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[-1] == "shown by":
            continue
        rows += 1
        if len(cells) != 3 or not all(cells):
            yield f"docs/peers.md:{number}: three cells, none empty: {line}"
            continue
        if cells[2] == "-" and not cells[1].startswith("no"):
            yield f"docs/peers.md:{number}: what is there is shown by a test: {cells[1]}"
        for name in [] if cells[2] == "-" else cells[2].split(", "):
            if not exists(root, name):
                yield f"docs/peers.md:{number}: no test {name}"
    if rows < 10:
        yield "docs/peers.md: no table"


found = list(problems(pathlib.Path(sys.argv[1])))
print("\n".join(found) or "every row names a test or a reason")
sys.exit(bool(found))
