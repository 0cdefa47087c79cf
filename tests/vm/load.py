"""Traffic in the guest whose softirq time lands where a NIC's IRQs are.

One NIC receives, another is in a network namespace of its own and sends: pktgen in the kernel, on a CPU of
node 0. Filters at the receiver make each packet cost much more than it costs a real CPU's NIC, so that a
few thousand packets a second fill an emulated CPU. Paced, the receiver leaves its polling between packets
and its load follows its IRQs; unpaced it polls for ever, and the load stays where it is.
"""

from rig import check

SENDER_CPU = 1
RECEIVER, SENDER = "10.9.0.1", "10.9.0.2"
PACES = 16


def gather(guest, irqs, cpu):
    """These on one CPU, and all others that may be moved on CPU 0."""
    guest.run("; ".join(f"echo {cpu if irq in irqs else 0} > /proc/irq/{irq}/smp_affinity_list 2>/dev/null"
                        for irq in guest.actions()) + "; true")


class Traffic:
    def __init__(self, guest, receiver, sender, filters=600):
        self.guest = guest
        self.receiver = receiver
        self.sender_name = sender.netdev()
        name = receiver.netdev()
        guest.run("modprobe -a pktgen cls_u32 sch_ingress act_gact; ip netns add sender; "
                  f"ip link set {self.sender_name} netns sender; ip addr add {RECEIVER}/24 dev {name}; "
                  f"ip link set {name} up; ip netns exec sender ip addr add {SENDER}/24 dev {self.sender_name}; "
                  f"ip netns exec sender ip link set {self.sender_name} up; tc qdisc add dev {name} clsact")
        rules = "".join(f"filter add dev {name} ingress protocol ip prio {i + 1} u32 "
                        f"match ip dport {20000 + i} 0xffff action drop\n" for i in range(filters))
        rules += f"filter add dev {name} ingress protocol ip prio 60000 u32 match ip dst {RECEIVER}/32 " \
                 "match ip protocol 17 0xff action drop\n"
        guest.put("/run/filters", rules)
        guest.run("tc -b /run/filters")
        self.wait_carrier(name, f"ip netns exec sender cat /sys/class/net/{self.sender_name}/carrier")

    def wait_carrier(self, name, of_sender):
        self.guest.run(f"until [ \"$(cat /sys/class/net/{name}/carrier)$({of_sender})\" = 11 ]; do sleep 0.2; done")

    def start(self, delay_ns):
        options = ("count 0", "pkt_size 64", f"delay {delay_ns}", f"dst {RECEIVER}", f"src_min {SENDER}",
                   "src_max 10.9.0.200", "flag IPSRC_RND", f"dst_mac {self.receiver.mac}", "udp_dst_min 9",
                   "udp_dst_max 9")
        lines = "; ".join(f"echo {option} > /proc/net/pktgen/{self.sender_name}" for option in options)
        thread = f"/proc/net/pktgen/kpktgend_{SENDER_CPU}"
        self.guest.put("/run/send", f"echo rem_device_all > {thread}\necho add_device {self.sender_name} > {thread}\n"
                       f"{lines}\necho start > /proc/net/pktgen/pgctrl\n")
        # sysfs mounted anew belongs to the namespace; pktgen is in /proc/net, which follows by itself
        self.guest.run("ip netns exec sender sh /run/send >/run/send.log 2>&1 &")

    def stop(self):
        self.guest.try_run("ip netns exec sender sh -c 'echo stop > /proc/net/pktgen/pgctrl'")

    def pace(self, cpus, low, high, delay_ns=450000):
        """Sends so fast that the mean of `cpus` has a load in [low, high] percent, whatever the emulation's speed.

        The load jumps where the receiver begins to poll without pause, at a delay that moves with the host's speed. So the
        delay is sought between one that was too long and one that was too short, once there are both; what they say
        is forgotten when nothing is left between them.
        """
        too_short = too_long = None
        for _ in range(PACES):
            self.start(delay_ns)
            self.guest.run("sleep 1")
            loads = self.guest.cpu_loads(5)
            load = sum(loads[cpu] for cpu in cpus) / len(cpus)
            print(f"         delay {delay_ns} ns: CPUs {cpus} {load:.0f} %")
            if low <= load <= high:
                return delay_ns
            self.stop()
            if load > high:
                too_short = delay_ns
            else:
                too_long = delay_ns
            if too_short and too_long and too_long < too_short * 1.02:
                too_short, too_long = (delay_ns, None) if load > high else (None, delay_ns)
            if too_short and too_long:
                delay_ns = int((too_short * too_long) ** 0.5)
            else:
                wanted = (low + high) / 2
                delay_ns = int(min(max(delay_ns * max(load, 10) / wanted, delay_ns / 2), delay_ns * 2))
        check(False, f"no pace gives CPUs {cpus} a load of {low} to {high} %")
