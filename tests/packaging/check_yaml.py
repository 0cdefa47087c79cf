#!/usr/bin/env python3
"""Workflows run commands that exist here, and the DaemonSet asks for no right that the image does without.
Usage: check_yaml.py SOURCE"""

import json
import os
import pathlib
import re
import sys

try:
    import yaml
except ImportError:
    print("skipped: Python's yaml is missing: Debian's package python3-yaml has it")
    sys.exit(77)

source = pathlib.Path(sys.argv[1])
problems = []


def check(condition, problem):
    if not condition:
        problems.append(problem)


def check_script(where, script, presets):
    for path in re.findall(r"(?:^|\s)\./(\S+)", script):
        check(os.access(source / path, os.X_OK), f"{where}: there is no program {path}")
    for preset in re.findall(r"--preset[ =](\S+)", script):
        check(preset in presets, f"{where}: there is no preset {preset}")
    for option in re.findall(r"install-deps\.sh (\S+)", script):
        check(f"{option})" in (source / "packaging/install-deps.sh").read_text(), f"{where}: no option {option}")


def check_workflow(path):
    workflow = yaml.safe_load(path.read_text())
    presets = {preset["name"] for preset in json.loads((source / "CMakePresets.json").read_text())["configurePresets"]}
    # YAML 1.1 reads "on" as true
    check(set(workflow) == {"name", True, "permissions", "jobs"}, f"{path.name}: keys {set(workflow)}")
    check(workflow["permissions"] == {"contents": "read"}, f"{path.name}: more than reading is granted")
    for name, job in workflow["jobs"].items():
        where = f"{path.name}, {name}"
        check(job.get("timeout-minutes"), f"{where}: nothing ends it")
        check(isinstance(job.get("container"), (str, dict)), f"{where}: not on Debian")
        for step in job["steps"]:
            check(("run" in step) != ("uses" in step), f"{where}: neither runs nor uses anything: {step}")
            check_script(where, step.get("run", ""), presets)
            check("@" in step.get("uses", "@"), f"{where}: {step.get('uses')} without a version")
    return " ".join(step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"])


def check_daemonset(path):
    objects = {one["kind"]: one for one in yaml.safe_load_all(path.read_text())}
    check(set(objects) == {"Namespace", "ConfigMap", "DaemonSet"}, f"{path.name}: {set(objects)}")
    pod = objects["DaemonSet"]["spec"]["template"]["spec"]
    container, = pod["containers"]
    rights = container["securityContext"]
    check(rights["capabilities"] == {"drop": ["ALL"], "add": ["SYS_CHROOT"]}, f"capabilities: {rights['capabilities']}")
    check((rights["privileged"], rights["allowPrivilegeEscalation"], rights["readOnlyRootFilesystem"])
          == (False, False, True), f"rights: {rights}")
    check(not {"hostPID", "hostIPC"} & set(pod), "namespaces of the host that it does without")
    check(pod["automountServiceAccountToken"] is False, "it asks the cluster for nothing")
    volumes = {volume["name"] for volume in pod["volumes"]}
    check(volumes == {mount["name"] for mount in container["volumeMounts"]}, "volumes and mounts differ")
    writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    check(writable == {"/herd/proc/irq", "/herd/run/irqherd"}, f"written to: {writable}")
    labels = objects["DaemonSet"]["spec"]["template"]["metadata"]["labels"]
    check(objects["DaemonSet"]["spec"]["selector"]["matchLabels"].items() <= labels.items(), "selects other pods")
    version = re.search(r"^project\(irqherd VERSION ([0-9.]+)", (source / "CMakeLists.txt").read_text(), re.MULTILINE)
    check(container["image"].endswith(f":{version.group(1)}"), f"image {container['image']} is of another version")


scripts = [check_workflow(path) for path in sorted((source / ".github/workflows").glob("*.yml"))]
check(any("./tests/run.sh" in script for script in scripts), "no workflow runs tests/run.sh")
check_daemonset(source / "packaging/examples/kubernetes.yaml")
print("\n".join(problems))
sys.exit(1 if problems else 0)
