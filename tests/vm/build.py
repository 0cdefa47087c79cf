#!/usr/bin/env python3
"""Builds what the test bed boots: QEMU, kernels and a small guest, out of Debian's packages and nothing
else. Usage: build.py [--refresh] [--kernel K]... [IRQHERD]

Everything lives in a cache outside of the source ($IRQHERD_VM_CACHE, else irqherd-vm below the user's
cache folder):

    apt/           a private view of the package lists: the system's own are neither read nor changed
    qemu/          QEMU with all its libraries, unpacked, not installed
    tools/         what runs in the guest besides irqherd, unpacked
    kernel-<K>/    vmlinuz, and those modules that the scenarios use
    image-<K>.gz   the guest's file system without irqherd
    agent          what takes requests in the guest, see agent.c

A part is made when it is missing or when its recipe here changed; --refresh makes all of them from the
newest packages. Nothing is downloaded for what is there. irqherd itself is put on top of an image at
each boot, so that a new build of it costs nothing here.

The mirror is the one that the system's own apt uses.
"""

import argparse
import contextlib
import fcntl
import gzip
import hashlib
import lzma
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent

KERNELS = ("6.12", "6.1")

SUITE = "bookworm"
BACKPORTS = "bookworm-backports"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

TOOLS = ("busybox-static", "dash", "util-linux", "udev", "kmod", "ethtool", "iproute2", "irqbalance",
         "strace", "iputils-ping")
PROGRAMS = ("udevadm", "kmod", "ethtool", "ip", "tc", "irqbalance", "strace", "ping", "setsid", "setpriv",
            "taskset")
RULES = ("50-udev-default", "60-block", "60-persistent-storage", "73-special-net-names",
         "75-net-description", "80-drivers", "80-net-setup-link")
MODULES = ("virtio_pci", "virtio_net", "virtio_console", "virtio_blk", "e1000e", "e1000", "igb", "igbvf",
           "vmxnet3", "nvme", "veth", "tun", "pktgen", "dummy", "8021q", "sch_fq_codel", "pci_stub",
           "cls_u32", "sch_ingress", "act_gact")

GROUPS = ("root", "kvm", "tty", "disk", "input", "kmem", "audio", "video", "sgx", "render", "lp",
          "dialout", "cdrom", "tape")

INIT = """#!/bin/sh
export PATH=/usr/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
mkdir -p /run/udev /dev/pts
mount -t debugfs debug /sys/kernel/debug
mount -t devpts pts /dev/pts
ip link set lo up
/usr/lib/systemd/systemd-udevd --daemon --resolve-names=never
udevadm trigger --type=subsystems --action=add
udevadm trigger --type=devices --action=add
udevadm settle --timeout=120
modprobe virtio_console
port=
while [ -z "$port" ]; do
	port=$(grep -l '^control$' /sys/class/virtio-ports/*/name 2>/dev/null | head -n 1)
	[ -n "$port" ] || sleep 0.2
done
port=${port%/name}
exec agent "/dev/${port##*/}"
"""


class Unavailable(Exception):
    """What the test bed needs can't be had here: its tests are skipped, with this reason."""


def cache_folder():
    given = os.environ.get("IRQHERD_VM_CACHE")
    if given:
        return pathlib.Path(given).absolute()
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(caches).absolute() / "irqherd-vm"


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, env=None, cwd=None, stdin=None, limit_s=900):
    done = subprocess.run([str(word) for word in command], capture_output=True, cwd=cwd, timeout=limit_s,
                          env={**os.environ, **(env or {})}, input=stdin)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-3:]
        raise Unavailable(f"{' '.join(map(str, command[:3]))}…: exit {done.returncode}: {' / '.join(last)}")
    return done.stdout


# ---------------------------------------------------------------------------------------------------
# parts of the cache


class Cache:
    """One builder at a time; a part is whole or absent."""

    def __init__(self, refresh=False):
        self.folder = cache_folder()
        self.refresh = refresh
        self.apt = None

    @contextlib.contextmanager
    def locked(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def part(self, name, recipe, make):
        """The path of a part; make(path) is called if it is missing or was made by another recipe."""
        path = self.folder / name
        stamp = self.folder / f"{name}.stamp"
        digest = hashlib.sha256(repr(recipe).encode()).hexdigest()
        if not self.refresh and path.exists() and stamp.exists() and stamp.read_text() == digest:
            return path
        say(f"test bed: making {name}")
        stamp.unlink(missing_ok=True)
        remove(path)
        fresh = self.folder / f"{name}.new"
        remove(fresh)
        make(fresh)
        fresh.rename(path)
        stamp.write_text(digest)
        return path

    def packages(self):
        if not self.apt:
            self.apt = Apt(self.folder / "apt")
        return self.apt


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# ---------------------------------------------------------------------------------------------------
# packages


def system_sources():
    """(URI, suites, keyring) of the system's apt sources, both of the forms that there are."""
    found = []
    for path in sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
            if "deb" not in fields.get("Types", "").split() or fields.get("Enabled") == "no":
                continue
            for uri in fields.get("URIs", "").split():
                found.append((uri, fields.get("Suites", "").split(), fields.get("Signed-By", "")))
    lists = [pathlib.Path("/etc/apt/sources.list"),
             *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*.list"))]
    for path in lists:
        if path.exists():
            for options, uri, suite in re.findall(r"^\s*deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)",
                                                  path.read_text(), re.MULTILINE):
                keyring = re.search(r"signed-by=(\S+)", options)
                found.append((uri, [suite], keyring.group(1) if keyring else ""))
    return found


class Apt:
    """A private apt: it believes that nothing is installed, so that what it fetches is complete."""

    def __init__(self, folder):
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise Unavailable("the test bed is made of Debian packages, and there is no apt-get here")
        self.folder = folder
        for name in ("lists/partial", "cache/archives/partial", "state"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "state/status").write_text("")
        (folder / "test.sources").write_text(self.sources())
        (folder / "apt.conf").write_text(f"""
Dir::State "{folder}/state";
Dir::State::status "{folder}/state/status";
Dir::State::Lists "{folder}/lists";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/test.sources";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Sandbox::User "";
APT::Install-Recommends "false";
""")
        self.call("apt-get", "update", "-qq")
        if not list((folder / "lists").glob("*_Packages*")):  # apt only warns
            raise Unavailable("the Debian mirror that this system uses can't be reached")

    @staticmethod
    def sources():
        if os.uname().machine != "x86_64":
            raise Unavailable("the test bed's packages are for x86_64")
        plain = [(uri, keyring) for uri, suites, keyring in system_sources()
                 if suites and not any("security" in suite or "-updates" in suite for suite in suites[:1])
                 and uri.rstrip("/").endswith("/debian")]
        security = [(uri, keyring) for uri, suites, keyring in system_sources()
                    if any("security" in suite for suite in suites)]
        if not plain:
            raise Unavailable("no Debian mirror among the system's apt sources")
        text = ""
        for uri, keyring, suites in ((*plain[0], f"{SUITE} {BACKPORTS}"),
                                     *((*one, f"{SUITE}-security") for one in security[:1])):
            text += f"Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main\n" \
                    f"Signed-By: {keyring or KEYRING}\n\n"
        return text

    def call(self, *command, cwd=None):
        return run(*command, env={"APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C",
                                  "DEBIAN_FRONTEND": "noninteractive"}, cwd=cwd).decode()

    def unpack_closure(self, packages, suite, target):
        """Packages with all that they depend on."""
        archives = self.folder / "cache/archives"
        for old in archives.glob("*.deb"):
            old.unlink()
        self.call("apt-get", "install", "-qq", "-y", "--download-only", "-t", suite, *packages)
        target.mkdir(parents=True)
        for package in sorted(archives.glob("*.deb")):
            run("dpkg-deb", "-x", package, target)
            package.unlink()

    def unpack_kernel(self, version, target):
        text = self.call("apt-cache", "show", "-a", "linux-image-amd64")
        names = re.findall(rf"^Depends: (linux-image-{re.escape(version)}[.+-]\S+-amd64)\b", text,
                           re.MULTILINE)
        if not names:
            raise Unavailable(f"no package of Linux {version} on this mirror")
        target.mkdir(parents=True)
        self.call("apt-get", "download", "-qq", names[0], cwd=target)
        for package in target.glob("*.deb"):
            run("dpkg-deb", "-x", package, target)
            package.unlink()


# ---------------------------------------------------------------------------------------------------
# kernels and the guest's file system


def find(root, name, *folders):
    for folder in folders:
        path = root / folder / name
        if path.exists():
            return path
    raise Unavailable(f"{name} is not in Debian's package any more where it was looked for")


PROGRAM_FOLDERS = ("usr/bin", "usr/sbin", "bin", "sbin")
LIBRARY_FOLDERS = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64")


def find_program(root, name):
    return find(root, name, *PROGRAM_FOLDERS)


def own_loader(root, program, *arguments):
    """The command that runs an unpacked program with its own libraries."""
    libraries = ":".join(str(root / folder) for folder in LIBRARY_FOLDERS)
    return [str(find(root, "ld-linux-x86-64.so.2", *LIBRARY_FOLDERS)), "--library-path", libraries,
            str(program), *arguments]


def needed_libraries(root, program):
    """Paths of all shared libraries, the loader among them; none for a static program."""
    command = own_loader(root, program, )
    done = subprocess.run([command[0], "--list", *command[1:]], capture_output=True, text=True)
    if done.returncode != 0:
        return []
    if "not found" in done.stdout:
        raise Unavailable(f"{program.name} misses a library: {done.stdout}")
    return [pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", done.stdout)]


def kmod(tools, applet, *arguments):
    # kmod knows what to do by the name that it was called with
    loader = own_loader(tools, find_program(tools, "kmod"))
    return run(loader[0], "--argv0", applet, *loader[1:], *arguments).decode()


def make_kernel(cache, version, tools, target, names=MODULES):
    whole = cache.folder / f"kernel-{version}.whole"
    remove(whole)
    cache.packages().unpack_kernel(version, whole)
    release = next((whole / "lib/modules").iterdir()).name
    kmod(tools, "depmod", "-b", whole, release)

    target.mkdir()
    shutil.copy(next((whole / "boot").glob("vmlinuz-*")), target / "vmlinuz")
    modules = target / "lib/modules" / release
    modules.mkdir(parents=True)
    for name in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
        shutil.copy(whole / "lib/modules" / release / name, modules)
    wanted = set()
    for name in names:
        shown = kmod(tools, "modprobe", "-d", whole, "-S", release, "--show-depends", name)
        wanted |= set(re.findall(r"^insmod (\S+)", shown, re.MULTILINE))
    for path in sorted(map(pathlib.Path, wanted)):
        data = path.read_bytes()
        copy = modules / path.relative_to(whole / "lib/modules" / release)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".xz":  # the kernel would log an error before it asks for help
            copy, data = copy.with_suffix(""), lzma.decompress(data)
        copy.write_bytes(data)
    kmod(tools, "depmod", "-b", target, release)
    remove(whole)


class Tree:
    """A file system in memory, to be written as an archive that a kernel unpacks at its start."""

    def __init__(self):
        self.entries = {}

    def folder(self, path):
        if path and path not in self.entries:
            self.folder(os.path.dirname(path))
            self.entries[path] = (stat.S_IFDIR | 0o755, b"")

    def put(self, path, data, mode=0o644):
        self.folder(os.path.dirname(path))
        self.entries[path] = (stat.S_IFREG | mode, data)

    def link(self, path, to):
        self.folder(os.path.dirname(path))
        self.entries[path] = (stat.S_IFLNK | 0o777, to.encode())

    def copy(self, source, path):
        self.put(path, source.read_bytes(), 0o755 if os.access(source, os.X_OK) else 0o644)

    def archive(self):
        out = bytearray()

        def add(number, name, mode, data):
            fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
            out.extend(b"070701" + b"".join(b"%08X" % field for field in fields))
            for text in (name.encode() + b"\0", data):
                out.extend(text + bytes(-(len(out) + len(text)) % 4))

        for number, (path, (mode, data)) in enumerate(self.entries.items(), 1):
            add(number, path, mode, data)
        add(0, "TRAILER!!!", 0, b"")
        return gzip.compress(bytes(out), 1, mtime=0)


def put_libraries(tree, paths):
    for path in paths:
        tree.copy(path.resolve(), f"usr/lib/x86_64-linux-gnu/{path.name}")


def make_image(tools, kernel, target):
    tree = Tree()
    for name in ("dev", "proc", "sys", "run", "tmp", "etc/udev", "var", "usr/bin", "usr/lib"):
        tree.folder(name)
    for name in ("bin", "lib"):
        tree.link(name, f"usr/{name}")
    tree.link("sbin", "usr/bin")
    tree.link("usr/sbin", "bin")
    tree.link("lib64", "usr/lib/x86_64-linux-gnu")

    busybox = find_program(tools, "busybox")
    tree.copy(busybox, "usr/bin/busybox")
    for applet in set(run(busybox, "--list").decode().split()) - {"busybox"}:
        tree.link(f"usr/bin/{applet}", "busybox")
    # busybox's own shell would prefer its applets to the real programs
    for name, program in (("sh", "dash"), *((name, name) for name in PROGRAMS)):
        path = find_program(tools, program)
        tree.copy(path.resolve(), f"usr/bin/{name}")
        put_libraries(tree, needed_libraries(tools, path))
    for applet in ("lsmod", "modprobe", "insmod", "rmmod", "modinfo", "depmod"):
        tree.link(f"usr/bin/{applet}", "kmod")
    tree.link("usr/lib/systemd/systemd-udevd", "../../bin/udevadm")

    # those that a server has, without those that call programs which are not here
    for name in RULES:
        tree.copy(tools / f"lib/udev/rules.d/{name}.rules", f"usr/lib/udev/rules.d/{name}.rules")
    tree.copy(tools / "lib/systemd/network/99-default.link", "usr/lib/systemd/network/99-default.link")
    tree.put("etc/group", "".join(f"{name}:x:{i}:\n" for i, name in enumerate(GROUPS)).encode())
    tree.put("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n")
    for path in sorted((kernel / "lib/modules").rglob("*")):
        if path.is_file():
            tree.copy(path, f"usr/{path.relative_to(kernel)}")
    target.write_bytes(tree.archive())


def agent():
    """The program at the guest's end of requests: static, since the guest may have another C library."""
    source = HERE / "agent.c"
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise Unavailable("there is no C compiler for the guest's agent")
    cache = Cache()
    with cache.locked():
        return cache.part("agent", source.read_bytes(),
                          lambda path: run(compiler, "-O2", "-static", "-o", path, source)).read_bytes()


def overlay(program):
    """What goes on top of an image: irqherd and, if it was built beside it, irqherdctl, with the libraries that they
    were built with, the agent, and init."""
    tree = Tree()
    tree.put("usr/bin/agent", agent(), 0o755)
    program = pathlib.Path(program).absolute()
    listed = ""
    for path in (program, program.with_name("irqherdctl")):
        if path == program or path.exists():
            tree.put(f"usr/bin/{'irqherd' if path == program else path.name}", path.read_bytes(), 0o755)
            listed += run("ldd", path).decode()
    if "libasan" in listed:
        raise Unavailable("irqherd is built with sanitizers, which have no room in the guest")
    for name in ("/lib/terminfo/l/linux", "/usr/share/terminfo/l/linux"):
        if pathlib.Path(name).exists():
            tree.put("usr/share/terminfo/l/linux", pathlib.Path(name).read_bytes())
            break
    libraries = [pathlib.Path(path) for path in dict.fromkeys(re.findall(r"(/\S+) \(0x", listed))]
    put_libraries(tree, libraries)
    # parts of one C library belong together
    for path in libraries:
        if path.name == "libc.so.6":
            for name in ("libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "libresolv.so.2"):
                if (path.parent / name).exists():
                    put_libraries(tree, [path.parent / name])
    tree.put("init", INIT.encode(), 0o755)
    return tree.archive()


# ---------------------------------------------------------------------------------------------------
# what a rig asks for


class Machine:
    """Paths to boot a kernel with."""

    def __init__(self, qemu, kernel, image):
        self.kernel = kernel / "vmlinuz"
        self.image = image
        self.qemu = [*own_loader(qemu, qemu / "usr/bin/qemu-system-x86_64")]
        for folder in ("qemu", "seabios", "ipxe/qemu"):
            if (qemu / "usr/share" / folder).exists():
                self.qemu += ["-L", str(qemu / "usr/share" / folder)]
        self.qemu += ["-L", str(qemu / "usr/lib/ipxe/qemu")]


def prepare(version, refresh=False):
    """Everything for one kernel; raises Unavailable."""
    cache = Cache(refresh)
    recipe = pathlib.Path(__file__).read_bytes()
    with cache.locked():
        qemu = cache.part("qemu", ("qemu-system-x86", BACKPORTS, 1),
                          lambda path: cache.packages().unpack_closure(["qemu-system-x86"], BACKPORTS, path))
        tools = cache.part("tools", (TOOLS, SUITE, 1),
                           lambda path: cache.packages().unpack_closure(TOOLS, SUITE, path))
        kernel = cache.part(f"kernel-{version}", (version, MODULES, 1),
                            lambda path: make_kernel(cache, version, tools, path))
        image = cache.part(f"image-{version}.gz", (recipe, sorted(map(str, kernel.rglob("*")))),
                           lambda path: make_image(tools, kernel, path))
    return Machine(qemu, kernel, image)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--refresh", action="store_true", help="from the newest packages")
    parser.add_argument("--kernel", action="append", choices=KERNELS)
    options = parser.parse_args()
    try:
        for i, version in enumerate(options.kernel or KERNELS):
            machine = prepare(version, options.refresh and i == 0)
            print(f"Linux {version}: {machine.kernel} {machine.image}")
    except Unavailable as reason:
        print(f"skipped: {reason}")
        sys.exit(77)


if __name__ == "__main__":
    main()
