"""Without udevd an arrival is placed by the kernel's events alone; udevd may start later and end again."""

from rig import check_equal, check_placed, wait_until


def run(rig):
    rig.run("kill $(pidof systemd-udevd)")
    wait_until(lambda: rig.try_run("pidof systemd-udevd")[0] != 0, "udevd's end")
    rig.run("mv /run/udev /run/udev.aside")  # as on a machine that never had one
    try:
        daemon = rig.daemon()
        first = rig.add_nic("igb", "n1p0")
        first.up()
        check_placed(rig, first, daemon.wait_quiet(), {2, 3})
        before = rig.affinities()
    finally:
        rig.run("rm -rf /run/udev; mv /run/udev.aside /run/udev; "
                "/usr/lib/systemd/systemd-udevd --daemon --resolve-names=never; udevadm control --reload")
    rig.run("udevadm trigger --type=devices --action=add")
    rig.settle()
    daemon.wait_quiet()
    rig.check_untouched(before)

    second = rig.add_nic("igb", "n0p0")
    second.up()
    check_placed(rig, second, daemon.wait_quiet(), {0, 1})
    rig.check_untouched(before)
    check_equal(daemon.alive(), True, "irqherd alive")
