"""A guest that is an ordinary Debian server: systemd as init, udevd, AppArmor, apt and dpkg, on a disk, for what only
a package on a whole system can show. irqherd gets into it as its Debian package and no other way.

Parts of the cache besides those of build.py:

    debian-kernel-<K>/   the kernel with the modules that such a system wants
    debian.tar           the system, made by mmdebstrap from the mirror that the system's own apt uses
    debian-<K>.ext4      both, as the disk that guests boot; they write to a copy of their own
    debian-<K>.gz        what mounts that disk

The package is made by packaging/build-deb.sh, unless one is given. The container image is made of it, with the
mounts and rights of the DaemonSet.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import build
import rig

# What a minimal server has, and what the package depends on: apt in the guest reaches no mirror.
PACKAGES = ("systemd-sysv", "udev", "kmod", "procps", "iproute2", "ethtool", "apparmor", "irqbalance", "strace", "crun",
            "libudev1", "libmnl0", "libnl-3-200", "libnl-genl-3-200", "libev4", "libjansson4", "libncursesw6")
MODULES = (*build.MODULES, "ext4", "crc32c_generic", "autofs4")
BOOT_MODULES = ("virtio_pci", "virtio_blk", "ext4", "crc32c_generic")
DISK_MIB = 700
SHORT = "mode = apply\nshort-interval = 0.5\nlong-interval = 1\n"

INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /root
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$module; done
n=0
until /bin/busybox mount -t ext4 /dev/vda /root 2>/dev/null; do
	n=$((n + 1)); [ $n -lt 100 ] || exit 1
	/bin/busybox sleep 0.1
done
/bin/busybox cp -r /payload /root/
/bin/busybox umount /dev /sys /proc
exec /bin/busybox switch_root /root /sbin/init
"""

UNIT = """[Unit]
Description=Commands of the test bed
DefaultDependencies=no
After=multi-user.target dev-virtio\\x2dports-control.device
Wants=dev-virtio\\x2dports-control.device

[Service]
ExecStart=/payload/agent /dev/virtio-ports/control
Environment=HOME=/root
KillMode=process

[Install]
WantedBy=multi-user.target
"""

# Nobody waits for these, and they cost minutes of an emulated CPU.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
          "e2scrub_reap.service", "fstrim.timer", "getty@tty1.service", "serial-getty@ttyS0.service",
          "systemd-timesyncd.service", "systemd-pstore.service")

SYSTEM_RECIPE = (PACKAGES, UNIT, MASKED, 2)


def make_system(cache, target):
    """A tar archive of the system, without a kernel."""
    if not shutil.which("mmdebstrap"):
        raise build.Unavailable("mmdebstrap is missing")
    if os.geteuid() != 0:
        raise build.Unavailable("a Debian guest's disk is made by root only")
    sources = cache.packages().folder / "test.sources"
    with tempfile.TemporaryDirectory(prefix="irqherd-vm-") as name:
        folder = pathlib.Path(name)
        (folder / "rig.service").write_text(UNIT)
        in_target = f"""
            echo debian >"$1/etc/hostname"
            echo '/dev/vda / ext4 defaults 0 0' >"$1/etc/fstab"
            echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
            rm -f "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/etc/dpkg/dpkg.cfg.d/*mmdebstrap
            rm -rf "$1"/var/cache/apt/*.bin "$1"/usr/share/locale/*
            mkdir -p "$1/etc/systemd/system"
            cp {folder}/rig.service "$1/etc/systemd/system/"
            chroot "$1" systemctl enable rig.service
            chroot "$1" systemctl disable irqbalance.service
            for unit in {' '.join(MASKED)}; do chroot "$1" systemctl mask "$unit"; done
        """
        build.run("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", f"--include={','.join(PACKAGES)}",
                  "--aptopt=Acquire::Retries \"3\"", "--dpkgopt=path-exclude=/usr/share/man/*",
                  "--dpkgopt=path-exclude=/usr/share/doc/*", f"--customize-hook={in_target}",
                  "--format=tar", build.SUITE, target, sources, limit_s=1800)


def make_disk(system, kernel, target):
    with tempfile.TemporaryDirectory(prefix="irqherd-vm-", dir=target.parent) as name:
        build.run("tar", "-C", name, "-xpf", system, "--xattrs", "--numeric-owner")
        shutil.copytree(kernel / "lib/modules", pathlib.Path(name) / "lib/modules", dirs_exist_ok=True)
        build.run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", name, target, f"{DISK_MIB}m")


def make_initial(tools, kernel, target):
    tree = build.Tree()
    tree.copy(build.find_program(tools, "busybox"), "bin/busybox")
    release = next((kernel / "lib/modules").iterdir()).name
    order = []
    for module in BOOT_MODULES:
        shown = build.kmod(tools, "modprobe", "-d", kernel, "-S", release, "--show-depends", module)
        for line in shown.splitlines():
            if line.startswith("insmod "):
                path = pathlib.Path(line.split()[1])
                if path.name not in order:
                    order.append(path.name)
                    tree.copy(path, f"modules/{path.name}")
    tree.put("modules/order", " ".join(order).encode())
    tree.put("init", INIT.encode(), 0o755)
    target.write_bytes(tree.archive())


class Machine(build.Machine):
    def __init__(self, qemu, kernel, image, disk):
        super().__init__(qemu, kernel, image)
        self.disk = disk


def system():
    """The system's archive alone, for who has a kernel."""
    cache = build.Cache()
    with cache.locked():
        return cache.part("debian.tar", SYSTEM_RECIPE, lambda path: make_system(cache, path))


def prepare(version):
    base = build.prepare(version)  # QEMU and tools
    cache = build.Cache()
    qemu, tools = cache.folder / "qemu", cache.folder / "tools"
    with cache.locked():
        kernel = cache.part(f"debian-kernel-{version}", (version, MODULES, 1),
                            lambda path: build.make_kernel(cache, version, tools, path, MODULES))
        archive = cache.part("debian.tar", SYSTEM_RECIPE, lambda path: make_system(cache, path))
        stamp = (cache.folder / "debian.tar.stamp").read_text()
        disk = cache.part(f"debian-{version}.ext4", (stamp, archive.stat().st_mtime_ns, MODULES, DISK_MIB, 1),
                          lambda path: make_disk(archive, kernel, path))
        image = cache.part(f"debian-{version}.gz", (INIT, BOOT_MODULES, MODULES, 1),
                           lambda path: make_initial(tools, kernel, path))
    machine = Machine(qemu, kernel, image, disk)
    machine.qemu = base.qemu
    return machine


def packages(given):
    """Paths of the package, newly built unless given."""
    if given:
        return given
    top = pathlib.Path(__file__).resolve().parents[2]
    for tool in ("dpkg-buildpackage", "dh", "dh_apparmor"):
        if not shutil.which(tool):
            raise build.Unavailable(f"{tool} is missing, so the Debian package can't be built")
    folder = build.cache_folder() / "package"
    build.remove(folder)
    folder.mkdir(parents=True)
    done = subprocess.run([top / "packaging/build-deb.sh", "--worktree", "--nocheck", folder],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise rig.Failure(f"the Debian package does not build:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return next(folder.glob("irqherd_*.deb"))


def overlay(package, config):
    """What goes into /payload of the guest: the agent, the package, and the container as a bundle with this
    configuration."""
    tree = build.Tree()
    tree.put("payload/agent", build.agent(), 0o755)
    tree.put("payload/irqherd.deb", pathlib.Path(package).read_bytes())
    top = pathlib.Path(__file__).resolve().parents[2]
    sys.path.insert(0, str(top / "tests/packaging"))
    import bundle
    with tempfile.TemporaryDirectory(prefix="irqherd-vm-") as name:
        folder = pathlib.Path(name)
        build.run(top / "packaging/container/make-image.py", package, folder / "image.tar")
        daemonset = top / "packaging/examples/kubernetes.yaml"
        bundle.make(folder / "image.tar", daemonset, folder / "bundle", config, here=False)
        build.run("tar", "-C", folder, "-cf", folder / "bundle.tar", "bundle")
        tree.put("payload/bundle.tar", (folder / "bundle.tar").read_bytes())
    return tree.archive()
