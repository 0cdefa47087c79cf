#!/usr/bin/env python3
"""Dashboard and alert rules ask for metrics that irqherd has, with labels that it gives them, in expressions that
Prometheus understands. Usage: check_dashboard.py SOURCE METRICS

METRICS is a text of metrics as irqherd gives them.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

SKIPPED = 77
SAMPLE = re.compile(r"^(irqherd_\w+)(?:\{(.*)\})? ", re.MULTILINE)
ASKED = re.compile(r"\b(irqherd_\w+)(?:\{([^}]*)\})?")
GIVEN = {"instance", "job"}  # by Prometheus itself


def metrics_of(text):
    """Name to labels."""
    found = {}
    for name, labels in SAMPLE.findall(text):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels or ""))
    return found


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
    metrics = metrics_of(pathlib.Path(sys.argv[2]).read_text())
    problems = [] if len(metrics) > 20 else [f"only {len(metrics)} metrics in {sys.argv[2]}"]
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
