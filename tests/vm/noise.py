"""A few hundred broadcasts a second on the hub: the receiving IRQs of every NIC that is up fire all the time,
so they count as active, and a mask that was written takes effect."""

from rig import cpus_of, wait_until


class Noise:
    def __init__(self, guest, port="rp3"):
        self.guest = guest
        self.sender = guest.add_nic("e1000e", port)
        self.name = self.sender.netdev()
        guest.run(f"modprobe pktgen; ip netns add noise; ip link set {self.name} netns noise; "
                  f"ip netns exec noise ip link set {self.name} up; "
                  f"until [ $(ip netns exec noise cat /proc/net/dev | grep -c {self.name}) = 1 ]; do sleep 0.1; done")

    def start(self, delay_ns=4000000):
        # addresses at random, so that adapters with several queues use all of them
        options = ("count 0", "pkt_size 64", f"delay {delay_ns}", "dst 10.9.255.255", "src_min 10.9.0.2",
                   "src_max 10.9.0.200", "flag IPSRC_RND", "dst_mac ff:ff:ff:ff:ff:ff", "udp_dst_min 9",
                   "udp_dst_max 9")
        lines = "".join(f"echo {option} > /proc/net/pktgen/{self.name}\n" for option in options)
        thread = "/proc/net/pktgen/kpktgend_0"
        # pktgen ends at once where there is no carrier, and says nothing
        self.guest.run(f"until ip netns exec noise cat /sys/class/net/{self.name}/carrier 2>/dev/null | grep -q 1; "
                       "do sleep 0.1; done")
        self.guest.put("/run/noise", f"echo rem_device_all > {thread}\necho add_device {self.name} > {thread}\n"
                                     f"{lines}echo start > /proc/net/pktgen/pgctrl\n")
        self.guest.run("ip netns exec noise sh /run/noise >/run/noise.log 2>&1 &")
        return self

    def stop(self):
        self.guest.try_run("ip netns exec noise sh -c 'echo stop > /proc/net/pktgen/pgctrl'")

    def heard(self, *nics):
        """Waits until each has interrupts; answers the IRQs that fire, of all queues."""
        before = self.guest.counts()
        own = [set(nic.irqs()) for nic in nics]

        def firing():
            now = self.guest.counts()
            irqs = {irq for irq in set().union(*own) if now.get(irq, 0) > before.get(irq, 0) + 20}
            return irqs if all(irqs & one for one in own) else None

        wait_until(firing, "traffic at all NICs")
        self.guest.run("sleep 1")  # the first queue is not the only one
        return firing()

    def took_effect(self, irqs):
        """Waits until IRQs fire where their masks say."""
        def done():
            masks, effective = self.guest.affinities(), self.guest.effective()
            return all(effective[irq] <= cpus_of(masks[irq]) for irq in irqs)

        wait_until(done, "masks to take effect")
