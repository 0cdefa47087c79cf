#!/usr/bin/env python3
"""What irqherdctl says of recorded and made machines, to the letter.

Usage: run.py IRQHERDCTL INTERFACE [--update] [--fixtures FOLDER] [--more FOLDER]

Each verb's text is compared with expected/MACHINE/VERB.txt, and on machines whose JSON is kept with
VERB.json. Every text must fit 100 columns, hold no escape code, and have the same lines in plain ASCII;
every JSON must be of the interface's types. --update writes what is said now: look at the difference
before you commit it.
"""

import argparse
import bz2
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import machine
import schema

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = HERE / "expected"
WIDTH = 100

METHODS = {"status": "GetStatus", "devices": "ListDevices", "irqs": "ListIrqs", "cpus": "ListCpus",
           "plan": "GetPlan", "explain": "Explain", "verify": "Verify"}
VERBS = ["status", "devices", "irqs", "cpus", "topology", "plan", "verify", "doctor"]
SLOW = ["status", "plan", "verify", "doctor"]  # not on a machine of thousands of files
STATUS_STOPPED = 3

# archive or maker, further verbs, whether its JSON is kept (None: nor the text, only its form is looked at)
MACHINES = {
    "pair": (machine.pair, ["explain 99", "explain eth0", "explain eth1", "explain cpu13", "explain 61",
                            "explain 104", "irqs eth1", "irqs cpu13", "irqs --all", "devices --all",
                            "top --batch 1"],
             True),
    "great": (machine.great, ["explain ens0f0", "irqs cpu700", "explain 168", "top --batch 1 --size 100x30"], False),
    "guest": ("hwloc/2pa-pcidomain32bits.tar.bz2", ["explain ens3", "explain 10000:00:04.0"], True),
    "nvme": ("hwloc/32em64t-2n8c+dax+nvme+mic+dimms.tar.bz2", ["explain ib0"], False),
    "islands": ("hwloc/40intel64-2g2n4c+pcilocality.tar.bz2", ["explain eth0"], False),
    "sparse": ("hwloc/48amd64-4pa2n6c-sparse.tar.bz2", ["explain cpu0"], False),
    "buggy": ("hwloc/8em64t-2s2ca2c-buggynuma.tar.bz2", ["explain cpu7"], False),
    "epyc": ("real/util-linux/x86_64-epyc_7451.tar.gz", ["explain cpu95"], False),
    "crowd": ("real/pcp/interrupts-1152cpu-x86_64.bz2", [], None),
    "vmware": ("real/util-linux/vmware_fpe.tar.gz", [], False),
}


class Run:
    def __init__(self, arguments):
        self.arguments = arguments
        self.interface = schema.Interface(pathlib.Path(arguments.interface).read_text())
        self.problems = []
        self.compared = self.looked_at = 0

    def say(self, root, words, *options, locale="C.UTF-8"):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": locale, "TZ": "UTC"}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        result = subprocess.run([self.arguments.irqherdctl, "--root", root, *options, *words.split()],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                                check=False)
        if result.stderr:
            self.problems.append(f"{words}: {result.stderr.decode()}")
        return result.stdout.decode(), result.returncode

    def compare(self, path, text):
        self.compared += 1
        if self.arguments.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif not path.exists():
            self.problems.append(f"{path}: missing; --update writes it")
        elif path.read_text() != text:
            self.problems.append(f"{path.relative_to(HERE)}: differs; this is what is said now:\n{text}")

    def check_text(self, where, text, plain):
        if "\033" in text or "\033" in plain:
            self.problems.append(f"{where}: escape codes though it is no terminal")
        for line in text.splitlines():
            if len(line) > WIDTH:
                self.problems.append(f"{where}: {len(line)} columns: {line}")
        if not plain.isascii():
            self.problems.append(f"{where}: not ASCII in a locale that has nothing else")
        if [len(line) for line in plain.splitlines()] != [len(line) for line in text.splitlines()]:
            self.problems.append(f"{where}: has another shape in ASCII")

    def check_json(self, where, words, text):
        verb = words.split()[0]
        try:
            answer = json.loads(text)
        except ValueError as error:
            self.problems.append(f"{where}: {error}")
            return
        if verb in METHODS:
            self.problems += [f"{where}: {problem}"
                              for problem in self.interface.check(METHODS[verb], answer)]

    def verb(self, name, root, words, keep_json):
        where = EXPECTED / name / words.replace(" ", "_").replace(":", ".").replace("--", "")
        text, code = self.say(root, words)
        plain, _ = self.say(root, words, locale="C")
        answer, json_code = self.say(root, words, "--json")
        verb = words.split()[0]
        wanted = {"status": (STATUS_STOPPED,), "doctor": (0, 1), "verify": (0, 1)}.get(verb, (0,))
        if code not in wanted or json_code != code:
            self.problems.append(f"{name} {words}: exit codes {code} and {json_code}")
        self.check_text(f"{name} {words}", text, plain)
        self.check_json(f"{name} {words}", words, answer)
        if keep_json is None:
            self.looked_at += 1
            return
        self.compare(where.with_name(where.name + ".txt"), text)
        if keep_json:
            self.compare(where.with_name(where.name + ".json"), answer)

    def machine(self, name):
        source, more, keep_json = MACHINES[name]
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
            root = pathlib.Path(folder)
            if callable(source):
                source(root)
            else:
                archive = self.find(source)
                if not archive:
                    print(f"skipped: {name}, {source} is not here")
                    return
                if keep_json is None:
                    machine.of_interrupts(root, bz2.open(archive, "rt").read())
                else:
                    with tarfile.open(archive) as tar:
                        tar.extractall(folder)
                root = next(path for path in [root, *root.iterdir()] if (path / "sys").is_dir())
            for words in [*VERBS, *more]:
                if name in ("great", "crowd") and words in SLOW:
                    continue
                self.verb(name, str(root), words, keep_json)

    def find(self, source):
        for folder in (self.arguments.fixtures, self.arguments.more):
            if folder and (pathlib.Path(folder) / source).exists():
                return pathlib.Path(folder) / source
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("irqherdctl")
    parser.add_argument("interface")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--fixtures", default=HERE.parent / "fixtures")
    parser.add_argument("--more", default=HERE.parent.parent.parent / "shared/fixtures")
    run = Run(parser.parse_args())
    for name in MACHINES:
        run.machine(name)
    for problem in run.problems:
        print(problem)
    print(f"{run.compared} answers compared, {run.looked_at} looked at, {len(run.problems)} problems")
    sys.exit(1 if run.problems or not run.compared else 0)


if __name__ == "__main__":
    main()
