#!/usr/bin/env python3
"""A snapshot of this machine, unpacked, gives the same devices and IRQs; and irqherd works on it."""

import json
import pathlib
import subprocess
import tarfile
import tempfile

import rig

PASSING = {"interrupts", "interval", "home_ppm", "state"}


def lasting(value):
    if isinstance(value, dict):
        return {key: lasting(item) for key, item in value.items() if key not in PASSING}
    return [lasting(item) for item in value] if isinstance(value, list) else value


def test(program):
    ctl = pathlib.Path(program).with_name("irqherdctl")
    if not ctl.exists():
        rig.skip("irqherdctl was not built")
    rig.need_root()

    def answer(*words):
        done = subprocess.run([ctl, "--json", *words], stdout=subprocess.PIPE, text=True,
                              timeout=rig.WAIT_S, check=True)
        return json.loads(done.stdout)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        made = answer("snapshot", str(folder / "here.tar"))
        with tarfile.open(folder / "here.tar") as tar:
            # the final blocks of zeros are no entries
            rig.check(len(tar.getnames()) == made["entries"], f"{made} entries")
            tar.extractall(folder)
        root = str(folder / "here")
        for words in (["irqs"], ["devices", "--all"], ["cpus"]):
            live, captured = (lasting(answer(*options, *words))
                              for options in (["--no-daemon"], ["--root", root]))
            if words == ["cpus"]:
                for side in (live, captured):
                    for item in [*side["cpus"], *side["nodes"]]:
                        for key in ("load", "active", "overloaded"):
                            item.pop(key, None)
            rig.check(live == captured, f"{words}:\n{json.dumps(live)}\n{json.dumps(captured)}")
        rig.check("load" in answer("--root", root, "cpus")["cpus"][0], "loads are replayed")
        done = subprocess.run([program, "--root", root, "--oneshot", "-v"], capture_output=True,
                              text=True, timeout=rig.WAIT_S, check=False)
        rig.check(done.returncode == 0, f"irqherd --root: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    rig.main(test)
