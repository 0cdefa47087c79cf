"""The IRQs that fill a CPU leave it, their load follows, and nothing goes back and forth for minutes."""

from load import Traffic, gather
from rig import check, check_equal

THRESHOLD, LOAD_LIMIT = 60, 55
SATURATED = 93  # queues that poll without pause hardly interrupt: another matter, see stuck
CONFIG = f"threshold = {THRESHOLD}\nload-limit = {LOAD_LIMIT}\nshort-interval = 1\nlong-interval = 2\n"
# strategy, seconds of watching
STRATEGIES = (("rnd", 40), ("cost", 180))
HOT, COLD = 2, 3  # CPUs of node 1
TRIES = 4


def watch(rig, nic, strategy, seconds):
    daemon = rig.daemon(CONFIG + f"strategy = {strategy}\n")
    begin = daemon.mark()
    daemon.wait_log(r"^moved IRQ", begin)
    loads = []
    for _ in range(seconds // 10):
        loads.append(rig.cpu_loads(10, softirq=True))
    moves = daemon.moves()
    print(f"         {strategy}: moves {moves}")
    print("         softirq of CPUs 2, 3: " + " ".join(f"{load[HOT]:.0f}/{load[COLD]:.0f}" for load in loads))
    return daemon, moves, loads


def run(rig):
    nic, sender = rig.add_nic("igb", "n1p0"), rig.add_nic("igb", "n0p0")
    traffic = Traffic(rig, nic, sender)
    for strategy, seconds in STRATEGIES:
        # light enough for two CPUs, too much for one; the host may do something else meanwhile
        gather(rig, nic.irqs(), HOT)
        for _ in range(TRIES):
            traffic.pace((HOT,), 68, 86)
            load = rig.cpu_loads(4)[HOT]
            if THRESHOLD + 5 <= load <= SATURATED:
                break
            traffic.stop()
        check(THRESHOLD <= load <= SATURATED, f"CPU {HOT} is at {load:.0f} % with all of the load")
        before = rig.affinities()
        daemon, moves, loads = watch(rig, nic, strategy, seconds)
        counts = rig.counts()

        queues = {irq for irq in nic.active_irqs() if counts[irq] > 1000}
        moved = [irq for irq, _, _, _ in moves]
        check(moved, "nothing was moved")
        # rnd takes any that fired, and igb lets all of its vectors fire every two seconds
        may = queues if strategy == "cost" else set(nic.active_irqs())
        check(set(moved) <= may and set(moved) & queues, f"IRQs without load were moved: {moves}, busy are {queues}")
        check(not queues <= set(moved), f"all of them left: {moves}")
        check_equal({source for _, source, _, _ in moves[:1]}, {HOT}, "where the first came from")
        for irq in set(moved):
            path = [(source, target) for number, source, target, _ in moves if number == irq]
            check(len(path) <= 2, f"IRQ {irq} goes back and forth: {path}")
        check_equal([move for move in moves if move[2] not in (HOT, COLD)], [], "moves away from home")
        rig.check_untouched(before, but=set(nic.irqs()))

        # the load follows, and the CPU that was too hot is no more
        late = loads[len(loads) // 2:]
        hot = sum(load[HOT] for load in late) / len(late)
        cold = sum(load[COLD] for load in late) / len(late)
        # one queue of four or more; CPU 3 does nothing else
        check(cold > (hot + cold) / 16, f"CPU {COLD} has no softirq time: {loads}")
        check(hot < THRESHOLD, f"CPU {HOT} is as hot as before: {loads}")
        state = daemon.state()
        check("stuck" not in state.device(nic.address), f"taken for stuck:\n{state.device(nic.address)}")
        daemon.stop()
        traffic.stop()
