"""Metrics by the socket and as a file: both formats are right to the letter, the file is whole, readable
by all, and gone when the daemon is.

The reader of OpenMetrics below is written from its specification alone and is strict: it refuses
what scrapers may forgive.
"""

import os
import re
import shutil
import stat

import rig
import varlink

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"^({NAME})(?:\{{(.*)\}})? (-?[0-9]+(?:\.[0-9]+)?)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
SUFFIXES = {
    "gauge": [""],
    "counter": ["_total"],
    "info": ["_info"],
    "histogram": ["_bucket", "_sum", "_count"],
}


def labels_of(text):
    found, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        rig.check(match, f"labels that no reader takes: {text}")
        rig.check(match[1] not in found, f"a label twice: {text}")
        found[match[1]] = match[2]
        at = match.end()
    return found


def read_openmetrics(text):
    """Families by name: type and samples. Fails on what the specification forbids."""
    rig.check(text.endswith("\n# EOF\n"), "OpenMetrics ends with # EOF and nothing behind it")
    families, current, seen = {}, None, set()
    for line in text[:-len("# EOF\n")].splitlines():
        rig.check(line and line == line.strip() and "  " not in line, f"blanks in {line!r}")
        if line.startswith("# "):
            word, name, *rest = line[2:].split(" ", 2)
            rig.check(word in ("TYPE", "UNIT", "HELP") and rest, f"unknown line {line!r}")
            if word == "TYPE":
                rig.check(name not in families, f"family {name} twice")
                rig.check(rest[0] in SUFFIXES, f"type of {line!r}")
                current = families[name] = {"type": rest[0], "samples": {}}
                current["name"] = name
            rig.check(current and current["name"] == name, f"{line!r} stands in another family")
            if word == "UNIT":
                rig.check(name.endswith("_" + rest[0]), f"the name lacks the unit: {line!r}")
            continue
        match = SAMPLE.match(line)
        rig.check(match, f"no sample: {line!r}")
        rig.check(current, f"a sample before any family: {line!r}")
        rig.check(match[1] in [current["name"] + suffix for suffix in SUFFIXES[current["type"]]],
                  f"{line!r} does not belong to {current['name']}, a {current['type']}")
        labels = labels_of(match[2] or "")
        key = (match[1], tuple(sorted(labels.items())))
        rig.check(key not in seen, f"twice: {line!r}")
        seen.add(key)
        current["samples"][key] = float(match[3])
    for family in families.values():
        check_histogram(family)
    return families


def check_histogram(family):
    if family["type"] != "histogram":
        return
    buckets = [(dict(labels)["le"], value) for (name, labels), value in family["samples"].items()
               if name.endswith("_bucket")]
    rig.check(buckets[-1][0] == "+Inf", "a histogram ends with +Inf")
    bounds = [float(bound) for bound, _ in buckets]
    values = [value for _, value in buckets]
    rig.check(bounds == sorted(bounds) and values == sorted(values), f"buckets that do not grow: {buckets}")
    rig.check(all(re.fullmatch(r"[0-9]+\.[0-9]+|\+Inf", bound) for bound, _ in buckets), f"bounds {buckets}")
    rig.check(family["samples"][(family["name"] + "_count", ())] == values[-1], "_count is not +Inf")


def check_file(path):
    """What a collector of text files reads."""
    mode = os.stat(path).st_mode
    rig.check(stat.S_IMODE(mode) == 0o644, f"mode {oct(mode)}")
    text = path.read_text()
    for line in text.splitlines():
        rig.check(line.startswith("#") or re.fullmatch(r"irqherd_\S+(\{.*\})? [0-9.]+", line), line)
    rig.check("timestamp" not in text and "# EOF" not in text, "the older format has no # EOF")
    if not shutil.which("promtool"):
        print("without promtool (Debian package prometheus): the file was read by this test alone")
        return
    # The sanitizers' options are not for it.
    done = rig.run("promtool", "check", "metrics", input=text, ok=False)
    rig.check(done.returncode == 0, f"promtool: {done.stdout}{done.stderr}")
    print("promtool has no complaint")


def test(program):
    rig.isolate()
    daemon = rig.Daemon(program)
    metrics = daemon.folder / "irqherd.prom"
    other = daemon.folder / "other.prom"
    daemon.configure(f"mode = observe\nmetrics-file = {metrics}\n")
    with daemon:
        rig.wait_until(metrics.exists, "the file")
        check_file(metrics)
        first = os.stat(metrics).st_ino

        with varlink.Client(daemon.socket_path) as client:
            families = read_openmetrics(client.call("io.irqherd.GetMetrics")["text"])
        rig.check(families["irqherd_up"]["samples"] == {("irqherd_up", ()): 1.0}, "up")
        rig.check(families["irqherd_mode"]["samples"][("irqherd_mode", (("mode", "observe"),))] == 1,
                  "the mode is observe")
        series = sum(len(family["samples"]) for family in families.values())
        rig.check(series <= 155, f"{series} series")

        # Not with every round: this one is still the first.
        rounds = families["irqherd_rounds"]["samples"][("irqherd_rounds_total", ())]
        rig.check(os.stat(metrics).st_ino == first or rounds > 40, "the file is written too often")

        # A reload to another path takes the old file away.
        daemon.configure(f"mode = observe\nmetrics-file = {other}\n")
        daemon.reload()
        rig.wait_until(other.exists, "the other file")
        rig.check(not metrics.exists(), "the file of before is still there")

        # Where it cannot be written it is said once, and all else goes on.
        begin = daemon.mark()
        daemon.configure(f"mode = observe\nmetrics-file = {daemon.folder}/none/x.prom\n")
        daemon.reload()
        daemon.wait_log(r"metrics can't be written", begin)
        daemon.configure(f"mode = observe\nmetrics-file = {other}\n")
        daemon.reload()
        rig.wait_until(other.exists, "the other file again")

        rig.check(daemon.stop() == 0, "stop is an error")
        rig.check(not other.exists(), "the file is still there after the end")
        rig.check(not list(daemon.folder.glob("*.prom*")), "a temporary file was left")


rig.main(test)
