#!/usr/bin/env python3
"""Dashboard and alert rules ask for metrics that irqherd has, with labels that it gives them, in expressions that
Prometheus understands. Usage: check_dashboard.py SOURCE IRQHERD

IRQHERD is run for a moment, observes this machine, and writes its metrics.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
WAIT_S = 60
try:
    import yaml
except ImportError:
    print("skipped: Python's yaml is missing: Debian's package python3-yaml has it")
    sys.exit(SKIPPED)

SAMPLE = re.compile(r"^(irqherd_\w+)(?:\{(.*)\})? ", re.MULTILINE)
ASKED = re.compile(r"\b(irqherd_\w+)(?:\{([^}]*)\})?")
GIVEN = {"instance", "job"}  # by Prometheus itself


def metrics_of(text):
    """Name to labels."""
    found = {}
    for name, labels in SAMPLE.findall(text):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels or ""))
    return found


def metrics_text(irqherd):
    """What irqherd writes after two rounds: the first one knows no loads."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        file = folder / "irqherd.prom"
        (folder / "conf").write_text("mode = observe\nshort-interval = 0.3\nlong-interval = 0.3\n"
                                     f"metrics-file = {file}\n")
        with open(folder / "log", "w") as log:
            process = subprocess.Popen([irqherd, "-f", "-c", folder / "conf", "-p", folder / "pid", "--socket", "none"],
                                       stdout=log, stderr=log)
        try:
            end = time.monotonic() + WAIT_S
            while time.monotonic() < end and process.poll() is None:
                if file.exists() and "irqherd_cpu_irq_ratio{" in file.read_text():
                    return file.read_text()
                time.sleep(0.1)
        finally:
            process.terminate()
            process.wait(WAIT_S)
        sys.exit(f"no metrics; its log:\n{(folder / 'log').read_text()}")


def check_expression(where, expression, metrics):
    problems = []
    known = set(GIVEN)
    for name, matchers in ASKED.findall(expression):
        if name not in metrics:
            problems.append(f"{where}: irqherd has no metric {name}")
            continue
        known |= metrics[name]
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers):
            if label not in metrics[name] | GIVEN:
                problems.append(f"{where}: {name} has no label {label}")
    for labels in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression):
        for label in re.split(r"[,\s]+", labels.strip()):
            if label not in known:
                problems.append(f"{where}: no label {label} in {expression}")
    return problems


def main():
    source = pathlib.Path(sys.argv[1])
    metrics = metrics_of(metrics_text(sys.argv[2]))
    # of a machine whose devices are silent just now there are none of these
    written = (source / "src/outlet/openmetrics.c").read_text()
    for name, labels in (("home_ratio", set()), ("device_home_ratio", {"device"})):
        if f'"{name}"' in written:
            metrics.setdefault(f"irqherd_{name}", labels)
    problems = [] if len(metrics) > 20 else [f"only {len(metrics)} metrics: {sorted(metrics)}"]
    expressions = []

    dashboard = json.loads((source / "packaging/examples/grafana-dashboard.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(ids)) != len(ids):
        problems.append("two panels have one number")
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            problems.append(f"{panel['title']}: wider than the page")
        for target in panel["targets"]:
            expressions.append((panel["title"], target["expr"]))
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                by = re.search(r"\bby\s*\(([^)]*)\)", target["expr"])
                if not by or label not in re.split(r"[,\s]+", by.group(1)):
                    problems.append(f"{panel['title']}: the legend's {label} is not in the result")

    rules = yaml.safe_load((source / "packaging/examples/prometheus-rules.yml").read_text())
    for rule in rules["groups"][0]["rules"]:
        expressions.append((rule["alert"], rule["expr"]))

    for where, expression in expressions:
        problems += check_expression(where, expression, metrics)
    if problems:
        print("\n".join(problems))
        sys.exit(1)

    if not shutil.which("promtool"):
        print("promtool is missing, so expressions are only half checked")
        sys.exit(SKIPPED)
    plain = [(where, expression.replace("$__rate_interval", "5m").replace("$host", ".*"))
             for where, expression in expressions]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "all", "rules": [
            {"record": f"dashboard:{i}", "expr": expression} for i, (_, expression) in enumerate(plain)]}]}, file)
        file.flush()
        done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
    print((done.stdout + done.stderr).strip())
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
