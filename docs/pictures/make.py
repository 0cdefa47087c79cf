#!/usr/bin/env python3
"""Makes the pictures of the README: what irqherdctl really prints, of the machine with 16 CPUs on which its
output is tested (tests/golden/machine.py), as SVG.

Usage: docs/pictures/make.py IRQHERDCTL

tmux is the terminal of the live picture.
"""

import html
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests" / "golden"))

import machine  # noqa: E402  (the path comes first)

WIDTH, ROW, CHARACTER = 100, 19, 8.43
COLOURS = ["#1e2329", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4"]
BRIGHT = ["#5c6370", "#ff7b86", "#b5e890", "#ffd787", "#7cc4ff", "#e08cff", "#6fd8e5", "#ffffff"]
PAPER, INK = "#1e2329", "#c8ccd4"
SGR = re.compile(r"\x1b\[([0-9;]*)m|\x1b[()][A-Z0-9]|\x0f|\x0e")


class Pen:
    def __init__(self):
        self.reset()

    def reset(self):
        self.colour, self.bold, self.dim, self.reverse = None, False, False, False

    def take(self, codes):
        for code in codes:
            if code == 0:
                self.reset()
            elif code in (1, 2, 7):
                setattr(self, {1: "bold", 2: "dim", 7: "reverse"}[code], True)
            elif code in (22, 27):
                self.bold = self.dim = False if code == 22 else self.bold
                self.reverse = False if code == 27 else self.reverse
            elif 30 <= code <= 37:
                self.colour = COLOURS[code - 30]
            elif 90 <= code <= 97:
                self.colour = BRIGHT[code - 90]
            elif code == 39:
                self.colour = None


def runs(line, pen):
    """Texts of one style: column, text, fill, paper, bold, dim."""
    column, at = 0, 0
    pieces = []
    for match in [*SGR.finditer(line), None]:
        text = line[at:match.start() if match else len(line)]
        if text:
            colour = pen.colour or INK
            pieces.append((column, text, PAPER if pen.reverse else colour, colour if pen.reverse else None,
                           pen.bold, pen.dim))
            column += len(text)
        if match:
            at = match.end()
            if match[1] is not None:
                pen.take([int(code or 0) for code in match[1].split(";")])
    return pieces


def svg(text, title):
    lines = text.rstrip("\n").split("\n")
    height = (len(lines) + 1) * ROW
    width = round((WIDTH + 2) * CHARACTER)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
           f"<title>{html.escape(title)}</title>",
           f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>',
           '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">']
    pen = Pen()
    for number, line in enumerate(lines):
        baseline = (number + 1) * ROW
        for column, piece, fill, paper, bold, dim in runs(line, pen):
            x, length = (column + 1) * CHARACTER, len(piece) * CHARACTER
            if paper:
                out.append(f'<rect x="{x:.1f}" y="{baseline - 14}" width="{length:.1f}" height="{ROW}" fill="{paper}"/>')
            if not piece.strip():
                continue
            style = (' font-weight="bold"' if bold else "") + (' opacity="0.6"' if dim else "")
            out.append(f'<text x="{x:.1f}" y="{baseline}" textLength="{length:.1f}" fill="{fill}"{style}>'
                       f"{html.escape(piece)}</text>")
    return "\n".join([*out, "</g>", "</svg>", ""])


def printed(ctl, root, *words):
    done = subprocess.run([ctl, "--root", root, "--color", "always", *words], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}, check=True)
    return done.stdout


def live(ctl, root, socket, rows, keys):
    tmux = ["tmux", "-u", "-f", "/dev/null", "-S", socket]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TMUX": ""}
    environment.pop("NO_COLOR", None)
    subprocess.run([*tmux, "new-session", "-d", "-s", "top", "-x", str(WIDTH), "-y", str(rows),
                    f"{ctl} --root {root} top"], env=environment, check=True)
    try:
        time.sleep(2)
        for key in keys:
            subprocess.run([*tmux, "send-keys", "-t", "top", key], env=environment, check=True)
            time.sleep(0.3)
        return subprocess.run([*tmux, "capture-pane", "-p", "-e", "-N", "-t", "top"], capture_output=True, text=True,
                              env=environment, check=True).stdout
    finally:
        subprocess.run([*tmux, "kill-server"], env=environment, check=False)


def main():
    ctl = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "pair"
        root.mkdir()
        machine.pair(root)
        pictures = {
            "top": live(ctl, str(root), f"{folder}/tmux", 24, ["Down", "Down"]),
            "topology": printed(ctl, str(root), "topology"),
            "explain": printed(ctl, str(root), "explain", "102"),
        }
    for name, text in pictures.items():
        (HERE / f"{name}.svg").write_text(svg(text, f"irqherdctl {name}"))


main()
