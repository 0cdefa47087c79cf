"""Machines on paper: trees of /proc and /sys as `irqherdctl snapshot` leaves them, for --root.

Everything is made of arithmetic, so a machine is the same in every run.
"""

import json
import pathlib


def cpulist(cpus):
    """{0, 1, 2, 5} as "0-2,5"."""
    cpus = sorted(cpus)
    parts = []
    while cpus:
        last = 0
        while last + 1 < len(cpus) and cpus[last + 1] == cpus[last] + 1:
            last += 1
        parts.append(f"{cpus[0]}-{cpus[last]}" if last else f"{cpus[0]}")
        cpus = cpus[last + 1:]
    return ",".join(parts)


class Machine:
    """CPU n is thread n // cores of core n % cores; cores are dealt out node by node."""

    def __init__(self, folder, nodes, cores_a_node, threads, isolated=(), remote_distance=21):
        self.folder = pathlib.Path(folder)
        self.nodes = nodes
        self.cores = nodes * cores_a_node
        self.cores_a_node = cores_a_node
        self.cpus = self.cores * threads
        self.isolated = isolated
        self.remote_distance = remote_distance
        self.counts = {}
        self.rows = {}
        self.softirq = {}
        self.user = {}
        self.queues = {}
        self.properties = []
        self.netdevs = 1
        self._cpus()

    def put(self, path, text, mode=0o644):
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"{text}\n" if text and not text.endswith("\n") else text)
        target.chmod(mode)

    def link(self, path, target):
        link = self.folder / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)

    def node_of(self, cpu):
        return cpu % self.cores // self.cores_a_node

    def cpus_of(self, node):
        return [cpu for cpu in range(self.cpus) if self.node_of(cpu) == node]

    def _cpus(self):
        everything = cpulist(range(self.cpus))
        nodes = [cpulist(self.cpus_of(node)) for node in range(self.nodes)]
        cpu_folder, node_folder = "sys/devices/system/cpu", "sys/devices/system/node"
        for name in ("possible", "present", "online"):
            self.put(f"{cpu_folder}/{name}", everything)
        self.put(f"{cpu_folder}/isolated", cpulist(self.isolated))
        for cpu in range(self.cpus):
            core = range(cpu % self.cores, self.cpus, self.cores)
            node = nodes[self.node_of(cpu)]
            folder = f"{cpu_folder}/cpu{cpu}"
            self.put(f"{folder}/topology/core_cpus_list", cpulist(core))
            self.put(f"{folder}/topology/package_cpus_list", node)
            self.put(f"{folder}/cache/index0/level", "3")
            self.put(f"{folder}/cache/index0/type", "Unified")
            self.put(f"{folder}/cache/index0/shared_cpu_list", node)
        self.put(f"{node_folder}/online", cpulist(range(self.nodes)))
        for node in range(self.nodes):
            distances = [10 if node == other else self.remote_distance for other in range(self.nodes)]
            self.put(f"{node_folder}/node{node}/cpulist", cpulist(self.cpus_of(node)))
            self.put(f"{node_folder}/node{node}/distance", " ".join(map(str, distances)))
            self.put(f"{node_folder}/node{node}/meminfo",
                     f"Node {node} MemTotal:       67108864 kB\nNode {node} MemFree: 1 kB")

    def irq(self, number, action, asked=None, effective=None, count=0, managed=False, hwirq=None,
            chip="IO-APIC", node=None):
        """asked: cpulist, None for all."""
        mode = 0o444 if managed else 0o644
        asked = asked or cpulist(range(self.cpus))
        folder = f"proc/irq/{number}"
        self.put(f"{folder}/smp_affinity_list", asked, mode)
        self.put(f"{folder}/effective_affinity_list", "" if effective is None else str(effective), 0o444)
        if node is not None:
            self.put(f"{folder}/node", str(node))
        self.put(f"sys/kernel/irq/{number}/actions", action)
        self.put(f"sys/kernel/irq/{number}/chip_name", chip)
        self.put(f"sys/kernel/irq/{number}/hwirq", str(number if hwirq is None else hwirq))
        self.counts[number] = count
        self.rows[number] = (effective or 0, f"{chip} {number if hwirq is None else hwirq}-edge      {action}")

    def device(self, address, pci_class, driver, node, vectors, netdev=None, up=True, queues=0):
        """vectors: dicts of irq() with `number` and `action`, in the order of their indexes."""
        path = f"devices/pci0000:00/{address}"
        folder = f"sys/{path}"
        self.put(f"{folder}/class", f"0x{pci_class:06x}")
        self.put(f"{folder}/vendor", "0x8086")
        self.put(f"{folder}/device", "0x1592")
        self.put(f"{folder}/numa_node", str(node))
        self.put(f"{folder}/local_cpulist",
                 cpulist(self.cpus_of(node) if node >= 0 else range(self.cpus)))
        self.put(f"{folder}/irq", "0")
        self.put(f"{folder}/uevent", f"DRIVER={driver}\nPCI_SLOT_NAME={address}")
        self.link(f"{folder}/driver", f"../../../bus/pci/drivers/{driver}")
        self.link(f"sys/bus/pci/devices/{address}", f"../../../{path}")
        for index, vector in enumerate(vectors):
            vector = dict(vector)
            number, action = vector.pop("number"), vector.pop("action")
            self.put(f"{folder}/msi_irqs/{number}", "msix")
            self.irq(number, action, hwirq=index, chip=f"IR-PCI-MSIX-{address}", **vector)
        if netdev:
            self._netdev(netdev, f"{path}/net/{netdev}", up, queues)

    def _netdev(self, name, path, up, queues):
        self.netdevs += 1
        self.put(f"sys/{path}/flags", "0x1003" if up else "0x1002")
        self.put(f"sys/{path}/operstate", "up" if up else "down")
        self.put(f"sys/{path}/ifindex", str(self.netdevs))
        for queue in range(queues):
            for kind in ("rx", "tx"):
                (self.folder / "sys" / path / "queues" / f"{kind}-{queue}").mkdir(parents=True)
        self.link(f"sys/{path}/device", "../..")
        self.link(f"sys/class/net/{name}", f"../../{path}")

    def _stat(self, ticks, share):
        """share: of the interval's counts that have happened."""
        lines = ["cpu  0 0 0 0 0 0 0 0 0 0"]
        for cpu in range(self.cpus):
            soft, user = (int(part.get(cpu, 0) * share) for part in (self.softirq, self.user))
            idle = 1000 + ticks - soft - user
            lines.append(f"cpu{cpu} {user} 0 0 {idle} 0 0 {soft} 0 0 0")
        counts = [int(self.counts.get(irq, 0) * share) for irq in range(max(self.counts) + 1)]
        lines.append("intr " + " ".join(map(str, [sum(counts), *counts])))
        return "\n".join(lines) + "\n"

    def _interrupts(self, share):
        """share: as of _stat. Each IRQ has all its counts on its CPU."""
        lines = ["     " + "".join(f"{f'CPU{cpu}':>11}" for cpu in range(self.cpus))]
        for number, (cpu, label) in sorted(self.rows.items()):
            counts = [0] * self.cpus
            counts[cpu] = 5 + int(self.counts.get(number, 0) * share)
            lines.append(f"{number:>4}:" + "".join(f" {count:>10}" for count in counts) + f" {label}")
        ticks = "".join(f" {100 + int(250 * share):>10}" for _ in range(self.cpus))
        lines.append(f" LOC:{ticks}   Local timer interrupts")
        return "\n".join(lines) + "\n"

    def finish(self, config="", proximity=""):
        """Two samples of /proc/stat, a second apart, and what no file of /proc and /sys holds."""
        self.put("proc/stat.before", self._stat(0, 0))
        self.put("proc/stat", self._stat(100, 1))
        self.put("proc/interrupts.before", self._interrupts(0))
        self.put("proc/interrupts", self._interrupts(1))
        self.put("proc/sys/kernel/osrelease", "6.12.1")
        self.put("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0")
        self.put("proc/pressure/irq", "full avg10=0.00 avg60=0.00 avg300=0.00 total=0")
        self.put("udev-properties", "\n\n".join(self.properties))
        self.put("netdev-queues.json", json.dumps(self.queues))
        if config:
            self.put("etc/irqherd/irqherd.conf", config)
        if proximity:
            self.put("etc/irqherd/proximity", proximity)


def pair(folder):
    """Two nodes of four cores with two threads: two NICs of which the firmware misplaces one, an NVMe."""
    m = Machine(folder, nodes=2, cores_a_node=4, threads=2, isolated=(3, 11))
    m.irq(4, "ttyS0", effective=0)
    m.irq(9, "acpi", effective=0, node=0)
    eth0 = [{"number": 98, "action": "ice-0000:3b:00.0:misc", "effective": 0}]
    places = (0, 1, 2, 8, 9, 5, 10, 0)
    eth0 += [{"number": 99 + queue, "action": f"ice-eth0-TxRx-{queue}", "effective": cpu,
              "asked": str(cpu), "count": 1000 * (queue + 1)} for queue, cpu in enumerate(places)]
    m.device("0000:3b:00.0", 0x020000, "ice", -1, eth0, "eth0", queues=8)
    eth1 = [{"number": 124, "action": "ice-0000:af:00.1:misc", "effective": 4}]
    places = (13, 13, 13, 4, 5, 6, 7, 12)
    eth1 += [{"number": 125 + queue, "action": f"ice-eth1-TxRx-{queue}", "effective": cpu,
              "asked": str(cpu), "count": 40000 if cpu == 13 else 2000}
             for queue, cpu in enumerate(places)]
    m.device("0000:af:00.1", 0x020000, "ice", 1, eth1, "eth1", queues=8)
    nvme = [{"number": 60, "action": "nvme0q0", "effective": 1}]
    nvme += [{"number": 61 + queue, "action": f"nvme0q{queue + 1}", "effective": queue,
              "asked": str(queue), "managed": True, "count": 50} for queue in range(16)]
    m.device("0000:5e:00.0", 0x010802, "nvme", 0, nvme)
    m.device("0000:00:17.0", 0x010601, "ahci", -1,
             [{"number": 30, "action": "ahci[0000:00:17.0]", "effective": 0, "count": 12}])
    m.device("0000:00:1f.0", 0x060100, "lpc_ich", -1, [])
    m.queues = {"eth0": [], "eth1": [{"kind": "combined", "index": queue, "irq": 125 + queue}
                                     for queue in range(8)]}
    m.softirq = {0: 14, 1: 12, 2: 8, 4: 21, 5: 17, 6: 11, 13: 99, 8: 5}
    m.user = {cpu: (cpu * 7) % 31 for cpu in range(13)}
    m.finish("strategy=cost\npxm=/etc/irqherd/proximity\nexclude-cpus=cpus:8\n",
             "# where the risers are\n\n0000:3b node 0\n")


def great(folder):
    """1,152 CPUs on eight nodes, four NICs with 128 queues each, four managed NVMes with 128."""
    m = Machine(folder, nodes=8, cores_a_node=72, threads=2, remote_distance=32)
    number = 40
    for card in range(4):
        node, cpus = card * 2, m.cpus_of(card * 2)
        vectors = []
        for queue in range(128):
            cpu = cpus[(queue * 5) % len(cpus)]
            vectors.append({"number": number, "action": f"i40e-ens{card}f0-TxRx-{queue}",
                            "effective": cpu, "asked": str(cpu), "count": queue * 37 % 1000})
            number += 1
        m.device(f"0000:{0x10 + card * 0x20:02x}:00.0", 0x020000, "i40e", node, vectors,
                 f"ens{card}f0", queues=128)
    for disk in range(4):
        vectors = [{"number": number + queue, "action": f"nvme{disk}q{queue}", "managed": True,
                    "effective": (queue * 9 + disk) % m.cpus, "count": 3} for queue in range(128)]
        number += 128
        m.device(f"0000:{0x20 + disk * 0x20:02x}:00.0", 0x010802, "nvme", disk * 2 + 1, vectors)
    m.softirq = {cpu: (cpu * 2654435761 >> 7) % 45 for cpu in range(m.cpus)}
    m.softirq[700] = 100
    m.user = {cpu: (cpu * 40503 >> 3) % 50 for cpu in range(m.cpus)}
    m.finish()


def of_interrupts(folder, text):
    """1,152 CPUs as in great(), whose IRQs are those of a real /proc/interrupts; nothing tells their devices."""
    m = Machine(folder, nodes=8, cores_a_node=72, threads=2, remote_distance=32)
    for line in text.splitlines()[1:]:
        words = line.split()
        if not words[0][:-1].isdigit():
            continue
        counts = [int(word) for word in words[1:1 + m.cpus]]
        number, most = int(words[0][:-1]), max(counts)
        m.put(f"proc/irq/{number}/smp_affinity_list", cpulist(range(m.cpus)))
        m.put(f"proc/irq/{number}/effective_affinity_list", str(counts.index(most)), 0o444)
        m.counts[number] = most % 100000
    m.finish()
    m.put("proc/interrupts", text)
