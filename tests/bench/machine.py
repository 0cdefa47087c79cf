"""Made-up machines: what a balancer reads of /proc and /sys, as files, and counters that go on.

The kernel's formats, sizes and folder layout; no more load model than what is needed to keep a daemon quiet, busy or
supplied with a new device. Affinity is applied at once.
"""

import os

HZ = 100
FIRST_MSI = 24
GSI_TOP = 120

# nodes, packages, cores of a package, threads, NICs, queues of each, NVMes, queues of each, IRQs in all
SIZES = {
    "tiny": (1, 1, 2, 1, 1, 2, 1, 2, 19),
    "small": (2, 2, 2, 2, 2, 15, 2, 7, 64),
    "medium": (2, 2, 16, 2, 6, 63, 4, 24, 512),
    "large": (4, 2, 64, 2, 12, 127, 8, 47, 2048),
    "huge": (8, 8, 64, 2, 24, 255, 16, 95, 8192),
}

LEGACY = ((0, "timer"), (1, "i8042"), (4, "ttyS0"), (8, "rtc0"), (9, "acpi"))


def cpulist(cpus):
    parts, cpus = [], sorted(cpus)
    while cpus:
        end = 0
        while end + 1 < len(cpus) and cpus[end + 1] == cpus[end] + 1:
            end += 1
        parts.append(str(cpus[0]) if end == 0 else f"{cpus[0]}-{cpus[end]}")
        cpus = cpus[end + 1:]
    return ",".join(parts)


def cpumask(cpus, count):
    value = sum(1 << cpu for cpu in cpus)
    groups = [f"{value >> 32 * i & 0xffffffff:08x}" for i in reversed(range((count + 31) // 32))]
    if count % 32:
        groups[0] = groups[0][-((count % 32 + 3) // 4):]
    return ",".join(groups)


def put(path, text):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(fd, text.encode())
    os.close(fd)


class Irq:
    def __init__(self, number, action, chip, hwirq, device=None, managed=False):
        self.number, self.action, self.chip, self.hwirq = number, action, chip, hwirq
        self.device, self.managed = device, managed
        self.cpu, self.mask = 0, "0"
        self.total = 1000.0 * (number * 7919 % 99991)  # of some weeks
        self.rate, self.cost = 0.0, 0.0  # interrupts a second, part of a CPU


class Device:
    def __init__(self, machine, kind, index, node, queues):
        place = sum(device.node == node for device in machine.devices)
        self.kind, self.node, self.queues = kind, node, queues
        self.addr = f"{node:04x}:{0x10 + place // 200:02x}:{place // 8 % 25 + 1:02x}.{place % 8}"
        self.driver, self.ids, self.pci_class = {
            "nic": ("ice", (0x8086, 0x1592), 0x020000),
            "nvme": ("nvme", (0x144D, 0xA80A), 0x010802),
            "dma": ("ioatdma", (0x8086, 0x2021), 0x088000),
        }[kind]
        self.name = {"nic": f"ens{index}", "nvme": f"nvme{index}", "dma": f"dma{index}"}[kind]
        self.ifindex = 100 + index
        self.irqs = []

    def path(self):
        return f"devices/pci{self.addr[:7]}/{self.addr}"

    def actions(self):
        yield {"nic": f"{self.driver}-{self.addr}:misc", "nvme": f"{self.name}q0",
               "dma": "ioat-msix"}[self.kind]
        for queue in range(self.queues):
            yield f"{self.driver}-{self.name}-TxRx-{queue}" if self.kind == "nic" else \
                f"{self.name}q{queue + 1}"


class Machine:
    def __init__(self, size):
        nodes, packages, cores, threads, nics, nic_queues, nvmes, nvme_queues, irqs = SIZES[size]
        self.core_count = packages * cores
        self.cpu_count = self.core_count * threads
        self.nodes = range(nodes)
        self.packages, self.cores = packages, cores
        self.root = None
        self.devices, self.irqs = [], {}
        self.next_number = FIRST_MSI
        self.vectors = [0] * self.cpu_count
        self.ticks = [[4e6, 0.0, 2e6, 2e8, 3e4, 1e5, 8e5] for _ in range(self.cpu_count)]
        for number, action in LEGACY[:5 if irqs > 19 else 3]:
            self.add_irq(Irq(number, action, "IR-IO-APIC", number, managed=number == 0))
        for index in range(nics):
            self.add_device("nic", index, index % nodes, nic_queues)
        for index in range(nvmes):
            self.add_device("nvme", index, index % nodes, nvme_queues)
        for index in range(irqs - len(self.irqs)):
            self.add_device("dma", index, index % nodes, 0)
        assert len(self.irqs) == irqs
        numbers = GSI_TOP + 16 + 8 * self.cpu_count + 16 * GSI_TOP
        self.slots = max(min(numbers, 256 * self.cpu_count), self.next_number + 256)
        self.calm()

    # ----------------------------------------------------------------------------------- CPUs

    def node_of(self, cpu):
        return cpu % self.core_count * len(self.nodes) // self.core_count

    def package_of(self, cpu):
        return cpu % self.core_count // self.cores

    def siblings(self, cpu):
        return [c for c in range(cpu % self.core_count, self.cpu_count, self.core_count)]

    def cpus_of(self, node):
        return [cpu for cpu in range(self.cpu_count) if self.node_of(cpu) == node]

    # ----------------------------------------------------------------------------------- IRQs

    def add_irq(self, irq):
        self.irqs[irq.number] = irq
        cpus = self.cpus_of(irq.device.node) if irq.device else range(self.cpu_count)
        if irq.managed and irq.device:  # one queue, one share of the CPUs
            share = max(1, self.cpu_count // max(1, irq.device.queues))
            first = (irq.hwirq - 1) * share % self.cpu_count
            cpus = range(first, min(first + share, self.cpu_count))
        irq.mask = cpulist(cpus if irq.managed else range(self.cpu_count))
        irq.cpu = min(cpus, key=lambda cpu: (self.vectors[cpu], cpu))
        self.vectors[irq.cpu] += 1

    def add_device(self, kind, index, node, queues):
        device = Device(self, kind, index, node, queues)
        self.devices.append(device)
        for vector, action in enumerate(device.actions()):
            irq = Irq(self.next_number, action, f"IR-PCI-MSIX-{device.addr}", vector, device,
                      kind == "nvme" and vector > 0)
            self.next_number += 1
            self.add_irq(irq)
            device.irqs.append(irq)
        return device

    def plug(self, queues):
        """A new adapter, whose vectors the kernel left on one CPU."""
        device = self.add_device("nic", len(self.devices), len(self.nodes) - 1, queues)
        for irq in device.irqs:
            self.vectors[irq.cpu] -= 1
            irq.cpu = self.cpus_of(device.node)[0]
            self.vectors[irq.cpu] += 1
            self.write_irq(irq)
        self.write_device(device)
        return device

    def set_affinity(self, number, cpu):
        irq = self.irqs[number]
        self.vectors[irq.cpu] -= 1
        self.vectors[cpu] += 1
        irq.cpu, irq.mask = cpu, str(cpu)
        self.write_affinity(irq)

    # ----------------------------------------------------------------------------------- time

    def calm(self):
        """Some storage traffic, a little of everything else: nothing to move."""
        for irq in self.irqs.values():
            kind = irq.device.kind if irq.device else ""
            irq.rate = {"nvme": 50.0, "nic": 20.0 if irq.number % 8 == 0 else 0.0}.get(kind, 0.0)
            irq.cost = 0.002 if irq.rate else 0.0

    def busy(self):
        """Three adapter queues ask each eighth CPU for more than it has; all others work a little."""
        placed = [0] * self.cpu_count
        for irq in self.irqs.values():
            if not irq.device or irq.device.kind != "nic" or irq.hwirq == 0:
                continue
            hot = irq.cpu % 8 == 0 and placed[irq.cpu] < 3
            placed[irq.cpu] += 1
            irq.rate, irq.cost = (3000.0, 0.4) if hot else (500.0, 0.01)

    def advance(self, seconds):
        load = [0.01] * self.cpu_count
        for irq in self.irqs.values():
            load[irq.cpu] += irq.cost
        for irq in self.irqs.values():
            irq.total += irq.rate * seconds
        for cpu, ticks in enumerate(self.ticks):
            soft = min(load[cpu], 1.0)
            user = min(0.03, 1.0 - soft)
            for kind, part in ((0, user * 0.7), (2, user * 0.3), (3, 1 - soft - user),
                               (5, soft * 0.1), (6, soft * 0.9)):
                ticks[kind] += part * seconds * HZ

    # ----------------------------------------------------------------------------------- files

    def write(self, root):
        self.root = root
        for folder in ("proc/irq", "sys/bus/pci/devices", "sys/bus/pci/drivers", "sys/class/net",
                       "sys/kernel/irq"):
            os.makedirs(f"{root}/{folder}")
        self.write_cpus()
        self.write_nodes()
        put(f"{root}/proc/irq/default_smp_affinity",
            cpumask(range(self.cpu_count), self.cpu_count) + "\n")
        for irq in self.irqs.values():
            self.write_irq(irq)
        for device in self.devices:
            self.write_device(device)
        self.write_counters()
        self.write_interrupts()
        put(f"{root}/proc/softirqs", self.head() + "".join(
            f"{name:>12}:" + " %10d" % 0 * self.cpu_count + "\n" for name in ("NET_TX", "NET_RX")))

    def write_cpus(self):
        base = f"{self.root}/sys/devices/system/cpu"
        texts = {}

        def put_set(path, cpus):
            key = tuple(cpus)
            if key not in texts:
                texts[key] = (cpumask(key, self.cpu_count) + "\n", cpulist(key) + "\n")
            put(path, texts[key][0])
            put(path.replace("_map", "") + "_list", texts[key][1])

        packages = [[cpu for cpu in range(self.cpu_count) if self.package_of(cpu) == package]
                    for package in range(self.packages)]
        caches = {}
        for cpu in range(self.cpu_count):  # eight cores share a last-level cache
            caches.setdefault(cpu % self.core_count // 8, []).append(cpu)
        for cpu in range(self.cpu_count):
            topology = f"{base}/cpu{cpu}/topology"
            os.makedirs(topology)
            put(f"{base}/cpu{cpu}/online", "1\n")
            put(f"{topology}/physical_package_id", f"{self.package_of(cpu)}\n")
            put(f"{topology}/core_id", f"{cpu % self.core_count % self.cores}\n")
            put(f"{topology}/die_id", "0\n")
            for name in ("thread_siblings", "core_cpus"):
                put_set(f"{topology}/{name}", self.siblings(cpu))
            for name in ("core_siblings", "package_cpus"):
                put_set(f"{topology}/{name}", packages[self.package_of(cpu)])
            for index, (level, kind) in enumerate(
                    ((1, "Data"), (1, "Instruction"), (2, "Unified"), (3, "Unified"))):
                cache = f"{base}/cpu{cpu}/cache/index{index}"
                os.makedirs(cache)
                put(f"{cache}/level", f"{level}\n")
                put(f"{cache}/type", f"{kind}\n")
                put_set(f"{cache}/shared_cpu_map",
                        caches[cpu % self.core_count // 8] if level == 3 else self.siblings(cpu))
            os.symlink(f"../../node/node{self.node_of(cpu)}",
                       f"{base}/cpu{cpu}/node{self.node_of(cpu)}")
        for name in ("online", "present", "possible"):
            put(f"{base}/{name}", cpulist(range(self.cpu_count)) + "\n")
        for name in ("isolated", "nohz_full", "offline"):
            put(f"{base}/{name}", "\n")

    def write_nodes(self):
        base = f"{self.root}/sys/devices/system/node"
        for node in self.nodes:
            os.makedirs(f"{base}/node{node}")
            put(f"{base}/node{node}/cpumap", cpumask(self.cpus_of(node), self.cpu_count) + "\n")
            put(f"{base}/node{node}/cpulist", cpulist(self.cpus_of(node)) + "\n")
            put(f"{base}/node{node}/distance",
                " ".join("10" if node == other else "21" for other in self.nodes) + "\n")
            put(f"{base}/node{node}/meminfo", f"Node {node} MemTotal: 67108864 kB\n")
        for name in ("online", "possible", "has_cpu", "has_memory"):
            put(f"{base}/{name}", cpulist(self.nodes) + "\n")

    def write_affinity(self, irq):
        folder = f"{self.root}/proc/irq/{irq.number}"
        cpus = range(self.cpu_count) if "-" in irq.mask else [int(irq.mask)]
        if irq.managed:
            cpus = [irq.cpu]
        put(f"{folder}/smp_affinity", cpumask(cpus, self.cpu_count) + "\n")
        put(f"{folder}/smp_affinity_list", irq.mask + "\n")
        put(f"{folder}/effective_affinity", cpumask([irq.cpu], self.cpu_count) + "\n")
        put(f"{folder}/effective_affinity_list", f"{irq.cpu}\n")

    def write_irq(self, irq):
        folder = f"{self.root}/proc/irq/{irq.number}"
        os.makedirs(f"{folder}/{irq.action.replace('/', '_')}", exist_ok=True)
        self.write_affinity(irq)
        if irq.managed:  # Linux 6.12
            os.chmod(f"{folder}/smp_affinity", 0o444)
            os.chmod(f"{folder}/smp_affinity_list", 0o444)
        put(f"{folder}/node", f"{irq.device.node if irq.device else -1}\n")
        put(f"{folder}/affinity_hint", cpumask([], self.cpu_count) + "\n")
        put(f"{folder}/spurious", "count 0\nunhandled 0\nlast_unhandled 0 ms\n")
        folder = f"{self.root}/sys/kernel/irq/{irq.number}"
        os.makedirs(folder, exist_ok=True)
        for name, text in (("actions", irq.action), ("chip_name", irq.chip), ("hwirq", irq.hwirq),
                           ("name", "edge"), ("type", "edge"), ("wakeup", "disabled")):
            put(f"{folder}/{name}", f"{text}\n")

    def write_device(self, device):
        sys, folder = f"{self.root}/sys", f"{self.root}/sys/{device.path()}"
        os.makedirs(f"{folder}/msi_irqs")
        cpus = self.cpus_of(device.node)
        vendor, number = device.ids
        for name, text in (
                ("class", f"0x{device.pci_class:06x}"), ("vendor", f"0x{vendor:04x}"),
                ("device", f"0x{number:04x}"), ("subsystem_vendor", f"0x{vendor:04x}"),
                ("subsystem_device", "0x0001"), ("numa_node", device.node), ("irq", "0"),
                ("local_cpus", cpumask(cpus, self.cpu_count)), ("local_cpulist", cpulist(cpus)),
                ("enable", "1"),
                ("uevent", f"DRIVER={device.driver}\nPCI_CLASS={device.pci_class:X}\n"
                           f"PCI_ID={vendor:04X}:{number:04X}\nPCI_SLOT_NAME={device.addr}")):
            put(f"{folder}/{name}", f"{text}\n")
        for irq in device.irqs:
            put(f"{folder}/msi_irqs/{irq.number}", "msix\n")
        os.makedirs(f"{sys}/bus/pci/drivers/{device.driver}", exist_ok=True)
        os.symlink("../../../bus/pci", f"{folder}/subsystem")
        os.symlink(f"../../../bus/pci/drivers/{device.driver}", f"{folder}/driver")
        os.symlink(f"../../../{device.path()}", f"{sys}/bus/pci/devices/{device.addr}")
        if device.kind != "nic":
            return
        net = f"{folder}/net/{device.name}"
        for queue in range(device.queues):
            for kind, name in (("rx", "rps_cpus"), ("tx", "xps_cpus")):
                os.makedirs(f"{net}/queues/{kind}-{queue}")
                put(f"{net}/queues/{kind}-{queue}/{name}", cpumask([], self.cpu_count) + "\n")
        for name, text in (("ifindex", device.ifindex), ("flags", "0x1003"), ("operstate", "up"),
                           ("type", 1), ("address", "02:00:00:00:00:01"),
                           ("uevent", f"INTERFACE={device.name}\nIFINDEX={device.ifindex}")):
            put(f"{net}/{name}", f"{text}\n")
        os.symlink(f"../../../{device.addr}", f"{net}/device")
        os.symlink("../../../../../class/net", f"{net}/subsystem")
        os.symlink(f"../../{device.path()}/net/{device.name}", f"{sys}/class/net/{device.name}")

    def write_counters(self):
        """/proc/stat in place: readers keep it open."""
        lines = [f"cpu{cpu} " + " ".join(str(int(tick)) for tick in ticks) + " 0 0 0"
                 for cpu, ticks in enumerate(self.ticks)]
        sums = [int(sum(ticks[kind] for ticks in self.ticks)) for kind in range(7)]
        totals = ["0"] * self.slots
        for irq in self.irqs.values():
            totals[irq.number] = str(int(irq.total) & 0xFFFFFFFF)
        text = "cpu  " + " ".join(map(str, sums)) + " 0 0 0\n" + "\n".join(lines) + "\n" + \
            f"intr {sum(map(int, totals))} " + " ".join(totals) + \
            "\nctxt 1\nbtime 1700000000\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n" \
            "softirq 0 0 0 0 0 0 0 0 0 0 0\n"
        fd = os.open(f"{self.root}/proc/stat", os.O_WRONLY | os.O_CREAT, 0o644)
        data = text.encode()
        os.pwrite(fd, data, 0)
        os.ftruncate(fd, len(data))
        os.close(fd)

    def head(self):
        width = max(3, len(str(self.slots)))
        return " " * (width + 8) + "".join(f"CPU{cpu:<8}" for cpu in range(self.cpu_count)) + "\n"

    def write_interrupts(self):
        width = max(3, len(str(self.slots)))
        zero = " %10d" % 0
        with open(f"{self.root}/proc/interrupts", "w") as file:
            file.write(self.head())
            for irq in sorted(self.irqs.values(), key=lambda irq: irq.number):
                file.write(f"{irq.number:{width}}:" + zero * irq.cpu + f" {int(irq.total):10}" +
                           zero * (self.cpu_count - irq.cpu - 1) +
                           f" {irq.chip} {irq.hwirq:>4}-edge      {irq.action}\n")
            for name, text in (("NMI", "Non-maskable interrupts"), ("LOC", "Local timer interrupts")):
                file.write(f"{name:>{width}}:" + zero * self.cpu_count + f"   {text}\n")
            file.write(f"{'ERR':>{width}}:{0:11}\n")
