#!/usr/bin/env python3
"""Turns the DaemonSet into a bundle that an OCI runtime runs, as a kubelet and its engine would: the image as root
folder, the mounts, rights and files that the pod asks for, and all that an engine covers in /proc unasked.

Usage: bundle.py [--config TEXT] IMAGE DAEMONSET FOLDER

With --config TEXT it is the configuration map's only file.
"""

import argparse
import json
import pathlib
import tarfile

import yaml

# What engines cover and make read-only in every container that is not privileged.
MASKED = ["/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def unpack(image, target):
    """The image's root folder, and its configuration."""
    with tarfile.open(image) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))[0]
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                layer.extractall(target)
        return json.load(archive.extractfile(manifest["Config"]))["config"]


def mounts(pod, container, folder, maps, here):
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in container["volumeMounts"]:
        volume = volumes[mount["name"]]
        if "configMap" in volume:
            source = folder / mount["name"]
            source.mkdir()
            for name, text in maps[volume["configMap"]["name"]].items():
                (source / name).write_text(text)
            source = source if here else mount["name"]  # crun takes it from the bundle's folder
        else:
            source = pathlib.Path(volume["hostPath"]["path"])
            if here and volume["hostPath"]["type"] == "DirectoryOrCreate":
                source.mkdir(parents=True, exist_ok=True)
        yield {"destination": mount["mountPath"], "source": str(source), "type": "bind",
               "options": ["rbind", "rprivate", "ro" if mount.get("readOnly") else "rw"]}


def make(image, daemonset, folder, config=None, here=True):
    """here: it is to run on this machine and in this folder."""
    folder = pathlib.Path(folder)
    objects = list(yaml.safe_load_all(pathlib.Path(daemonset).read_text()))
    pod = next(one for one in objects if one["kind"] == "DaemonSet")["spec"]["template"]["spec"]
    maps = {one["metadata"]["name"]: one["data"] for one in objects if one["kind"] == "ConfigMap"}
    if config is not None:
        maps = {name: {"10-site.conf": config} for name in maps}
    container, = pod["containers"]
    rights = container["securityContext"]
    assert not rights["privileged"] and rights["capabilities"]["drop"] == ["ALL"]
    assert "command" not in container and "args" not in container

    root = folder / "root"
    root.mkdir(parents=True)
    image_config = unpack(image, root)
    capabilities = [f"CAP_{name}" for name in rights["capabilities"].get("add", [])]
    namespaces = ["pid", "ipc", "uts", "mount", "cgroup"] + ([] if pod.get("hostNetwork") else ["network"])
    spec = {
        "ociVersion": "1.0.2",
        "root": {"path": "root", "readonly": rights["readOnlyRootFilesystem"]},
        "process": {
            "terminal": False, "user": {"uid": rights["runAsUser"], "gid": 0}, "cwd": "/",
            "args": image_config["Entrypoint"], "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            "noNewPrivileges": not rights["allowPrivilegeEscalation"],
            "capabilities": {kind: capabilities for kind in ("bounding", "effective", "permitted")},
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/sys", "type": "bind", "source": "/sys", "options": ["rbind", "rprivate", "ro"]},
            *mounts(pod, container, folder, maps, here),
        ],
        "linux": {"namespaces": [{"type": kind} for kind in namespaces], "maskedPaths": MASKED,
                  "readonlyPaths": READ_ONLY, "resources": {"devices": [{"allow": False, "access": "rwm"}]}},
    }
    (folder / "config.json").write_text(json.dumps(spec, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--config")
    parser.add_argument("image")
    parser.add_argument("daemonset")
    parser.add_argument("folder")
    options = parser.parse_args()
    make(options.image, options.daemonset, options.folder, options.config)


if __name__ == "__main__":
    main()
