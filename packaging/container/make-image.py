#!/usr/bin/env python3
"""Makes a container image of Debian packages, without a container engine.

Usage: make-image.py [--mirror SOURCES] [--tag NAME] PACKAGE OUTPUT

PACKAGE is irqherd's Debian package (build-deb.sh), OUTPUT an archive that engines load: "podman load -i OUTPUT", "docker
load -i OUTPUT", "ctr images import OUTPUT", "skopeo copy docker-archive:OUTPUT docker://REGISTRY/irqherd". Needs mmdebstrap
and root. The same packages give the same bytes.

The image has two floors:

    /bin/busybox            static, changes into /herd and starts irqherd there
    /herd                   irqherd with the libraries that it needs, and nothing else
    /herd/{proc,sys,run}    empty: the host's are mounted there

An engine covers parts of /proc in a container and makes /proc/irq read-only, and only a privileged container is
without that. The host's /proc below /herd is a plain mount, which it leaves alone, so that the right to change
the root folder (CAP_SYS_CHROOT) is all that is asked for.
"""

import argparse
import datetime
import hashlib
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

SUITE = "bookworm"
KEEP = ("usr/share/doc/irqherd/copyright",)
# Of the libraries' packages; the tree only holds what a program opens.
DROP = ("etc", "var", "usr/share", "usr/lib/x86_64-linux-gnu/gconv", "usr/bin", "usr/sbin", "bin", "sbin", "boot",
        "home", "media", "mnt", "opt", "root", "srv", "tmp", "lib/udev", "lib/systemd", "usr/lib/sysusers.d",
        "usr/lib/tmpfiles.d", "dev", "run", "usr/games", "usr/src", "usr/local", "usr/include", "usr/lib/locale",
        "usr/lib/terminfo", "lib/terminfo", "usr/libexec", "usr/lib/os-release")
OWN = ("usr/sbin", "usr/bin", "etc/irqherd", "usr/share/irqherd")
MOUNTED = ("proc", "sys", "dev", "run/udev", "run/irqherd", "etc/irqherd/irqherd.conf.d")
COMMAND = ["/bin/busybox", "chroot", "/herd", "/usr/sbin/irqherd", "--foreground"]


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]}: exit {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def libraries(package):
    """The packages that it depends on, but for an init system's."""
    names = []
    for word in run("dpkg-deb", "-f", package, "Pre-Depends", "Depends").replace("\n", ",").split(","):
        word = re.sub(r"^(Pre-)?Depends:", "", word).strip()
        name = re.split(r"[ (|]", word)[0]
        if name.startswith("lib"):
            names.append(name)
    return names


def make_tree(package, mirror, folder):
    unpacked = folder / "unpacked"
    # Nothing is configured: no shell, no dpkg database, no users come into the image.
    run("mmdebstrap", "--quiet", "--variant=extract", "--mode=root", "--format=directory",
        f"--include={','.join([*libraries(package), 'busybox-static'])}", SUITE, unpacked, *([mirror] if mirror else []))
    tree = folder / "tree"
    (tree / "bin").mkdir(parents=True)
    shutil.copy2(unpacked / "bin/busybox", tree / "bin/busybox")
    for name in DROP:
        path = unpacked / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    unpacked.rename(tree / "herd")

    own = folder / "own"
    run("dpkg-deb", "-x", package, own)
    for name in (*OWN, *KEEP):
        if (own / name).is_dir():
            shutil.copytree(own / name, tree / "herd" / name, dirs_exist_ok=True)
        elif (own / name).exists():
            (tree / "herd" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(own / name, tree / "herd" / name)
    for name in MOUNTED:
        (tree / "herd" / name).mkdir(parents=True, exist_ok=True)
    # an engine mounts these for itself
    for name in ("proc", "sys", "dev", "etc", "run", "tmp"):
        (tree / name).mkdir(exist_ok=True)
    (tree / "herd/etc/group").write_text("root:x:0:\n")
    (tree / "herd/etc/passwd").write_text("root:x:0:0:root:/:/usr/sbin/nologin\n")
    return tree


def layer(tree, epoch):
    """A tar archive of the tree that tells nothing of when and where it was made."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(tree.rglob("*")):
            info = archive.gettarinfo(path, str(path.relative_to(tree)))
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime = epoch
            if info.isreg():
                with open(path, "rb") as file:
                    archive.addfile(info, file)
            else:
                archive.addfile(info)
    return out.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--mirror", help="a file of apt's with the sources to take packages from")
    parser.add_argument("--tag")
    parser.add_argument("package", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    options = parser.parse_args()

    version = run("dpkg-deb", "-f", options.package, "Version").strip()
    machine = run("dpkg-deb", "-f", options.package, "Architecture").strip()
    with tempfile.TemporaryDirectory(prefix="irqherd-image-") as name:
        folder = pathlib.Path(name)
        run("dpkg-deb", "-x", options.package, folder / "dated")
        epoch = int((folder / "dated/usr/sbin/irqherd").stat().st_mtime)
        data = layer(make_tree(options.package.absolute(), options.mirror, folder), epoch)
    digest = hashlib.sha256(data).hexdigest()
    config = json.dumps({
        "architecture": machine, "os": "linux",
        "created": datetime.datetime.fromtimestamp(
            epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "config": {"Entrypoint": COMMAND, "WorkingDir": "/", "Labels": {
            "org.opencontainers.image.title": "irqherd", "org.opencontainers.image.version": version,
            "org.opencontainers.image.licenses": "BSD-2-Clause"}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }, sort_keys=True).encode()
    manifest = json.dumps([{"Config": "config.json", "Layers": ["layer.tar"],
                            "RepoTags": [options.tag or f"localhost/irqherd:{version.split('-')[0]}"]}]).encode()
    with tarfile.open(options.output, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in (("config.json", config), ("layer.tar", data), ("manifest.json", manifest)):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), epoch
            archive.addfile(info, io.BytesIO(content))
    print(f"{options.output}: {len(data) // 1024} KiB, sha256 {digest}")


if __name__ == "__main__":
    main()
