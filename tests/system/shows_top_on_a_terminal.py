"""irqherdctl top on a terminal, in three sizes: the picture, keys, a resize, and the terminal as it was
before when it ends. tmux is the terminal.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import rig


class Terminal:
    """One tmux server of our own, with a shell in it."""

    def __init__(self, width, height, environment):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="irqherd-top-"))
        self.socket = self.folder / "tmux"
        self.environment = {**os.environ, "HOME": str(self.folder), "TMUX": "", **environment}
        try:
            self.begin(width, height)
        except BaseException:
            self.__exit__()
            raise

    def begin(self, width, height):
        # Without the shell's own files: its prompt and title are ours.
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "test", "-x", str(width), "-y", str(height),
                  "-c", str(self.folder),
                  "env PS1='ready> ' bash --norc --noprofile")
        self.wait(r"^ready>")

    def tmux(self, *words):
        return rig.run("tmux", "-u", "-S", str(self.socket), *words, env=self.environment).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "test")

    def styled(self):
        return self.tmux("capture-pane", "-p", "-e", "-t", "test")

    def keys(self, *names):
        self.tmux("send-keys", "-t", "test", *names)

    def type(self, text):
        self.tmux("send-keys", "-t", "test", "-l", text)

    def resize(self, width, height):
        self.tmux("resize-window", "-t", "test", "-x", str(width), "-y", str(height))

    def wait(self, pattern, gone=False):
        regex = re.compile(pattern, re.MULTILINE)

        def seen():
            screen = self.screen()
            found = regex.search(screen)
            return (screen if not found else None) if gone else (screen if found else None)

        try:
            return rig.wait_until(seen, f"{pattern!r} {'to go' if gone else ''} on the screen", limit_s=30)
        except rig.Failure as failure:
            raise rig.Failure(f"{failure}:\n{self.screen()}") from None

    def wait_whole(self, pattern, condition, what):
        """A screen that also fulfils condition(screen): one that is half drawn is followed by a whole one."""
        last = ""

        def seen():
            nonlocal last
            last = self.wait(pattern)
            return last if condition(last) else None

        try:
            return rig.wait_until(seen, what, limit_s=30)
        except rig.Failure as failure:
            raise rig.Failure(f"{failure}:\n{last}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", str(self.socket), "kill-server"], capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def rows(screen):
    """Labels of the IRQs, from the top."""
    return re.findall(r"^ +(\d+|[A-Z]{3}) (?=.)", screen, re.MULTILINE)


def numbers(screen):
    return [int(row) for row in rows(screen) if row.isdigit()]


def is_sorted(found, reverse=False):
    return bool(found) and found == sorted(found, reverse=reverse)


def rates(screen):
    """The column under irq/s, in order."""
    lines = screen.splitlines()
    head = next(line for line in lines if line.startswith("  irq "))
    end = head.index("irq/s") + len("irq/s")
    found = []
    for line in lines[lines.index(head) + 1:]:
        text = line[max(0, end - 7):end].strip()
        if not re.fullmatch(r"[0-9.]+[kM]?", text):
            break
        found.append(float(text.rstrip("kM")) * {"k": 1e3, "M": 1e6}.get(text[-1], 1))
    return found


def check_size(ctl, width, height, environment):
    with Terminal(width, height, environment) as terminal:
        terminal.type("stty -a | md5sum >before; clear\n")
        terminal.wait(r"\A\n*ready>\n*\Z")
        terminal.type(f"{ctl} --no-daemon top -i 0.3; echo ended with $?\n")

        # Every machine has some IRQ, be it quiet.
        terminal.wait(r"^\d\d:\d\d:\d\d  in \d+\.\d s  no daemon .* by rate")
        terminal.keys("a")
        screen = terminal.wait(r"^ +\d+ .*\S")
        head = screen.splitlines()
        rig.check(any(line.startswith("  irq ") and "irq/s" in line for line in head), screen)
        rig.check(re.search(r"^ +CPU +0 ", screen, re.MULTILINE), "no column of CPU 0:\n" + screen)
        rig.check("busy %" in screen and "irq %" in screen, screen)
        rig.check(max(len(line) for line in head) <= width, "wider than the terminal")
        rig.check(head[height - 1].startswith(" q quit"), "the keys are not in the last line")
        terminal.wait_whole(r"by rate", lambda screen: is_sorted(rates(screen), reverse=True), "rows by rate")

        terminal.keys("i")
        screen = terminal.wait_whole(r"by irq", lambda screen: is_sorted(numbers(screen)), "rows by number")
        wanted = numbers(screen)[0]
        terminal.keys("S")
        terminal.wait_whole(r"by irq reversed", lambda screen: is_sorted(numbers(screen), reverse=True), "rows backwards")
        terminal.keys("S")

        # The filter works while it is typed; q is a letter then.
        terminal.keys("/")
        terminal.type(f"{wanted}q")
        terminal.wait(r"no row fits the filter")
        terminal.keys("BSpace")
        terminal.wait_whole(rf"/{wanted}_", lambda screen: all(
            str(wanted) in line for line in screen.splitlines() if re.match(r" +\d+ ", line)), "rows that fit the filter")
        terminal.keys("Enter")
        terminal.wait(rf"/{wanted} ")

        # The explanation is that of the row.
        terminal.keys("Enter")
        terminal.wait_whole(rf"^IRQ {wanted}\b", lambda screen: "home" in screen, "the IRQ's home")
        terminal.keys("Escape")
        terminal.wait(r"^  irq ")
        terminal.keys("Escape")
        terminal.wait(r"/\d", gone=True)

        terminal.keys("r", "k")
        terminal.wait(r"^ +[A-Z]{3}\w* +[A-Z][a-z]+ ")  # ticks and the like are among the busiest
        terminal.keys("h")
        terminal.wait_whole(r"^ Up Down scroll", lambda screen: "A row is an IRQ" in screen, "the whole help")
        terminal.keys("Escape")
        terminal.keys("-")
        terminal.wait(r"^ +(core of CPU|cache of CPU|node) ")
        terminal.keys("0")
        terminal.wait(r"^ +CPU +0 ")

        terminal.keys("Space")
        terminal.wait(r"stopped")
        terminal.resize(60, 12)
        rig.wait_until(lambda: terminal.screen().splitlines()[11:12] and
                       terminal.screen().splitlines()[11].startswith(" q quit"), "the keys to move up")
        terminal.resize(width, height)
        rig.wait_until(lambda: terminal.screen().splitlines()[height - 1:height] and
                       terminal.screen().splitlines()[height - 1].startswith(" q quit"), "the keys to move down")

        terminal.keys("q")
        screen = terminal.wait(r"^ended with 0")
        rig.check("busy %" not in screen, "the picture stayed:\n" + screen)
        terminal.type("clear; stty -a | md5sum | cmp - before && echo as before\n")
        terminal.wait(r"^as before$")


def check_signal(ctl, environment):
    """Ended from outside, the terminal is given back just so."""
    with Terminal(80, 24, environment) as terminal:
        terminal.type(f"{ctl} --no-daemon top; echo ended with $?\n")
        terminal.wait(r"^\d\d:\d\d:\d\d  in ")
        terminal.keys("C-c")
        terminal.wait(r"^ended with 0")


def check_daemon(program, ctl):
    """What the daemon says is shown, it may end and come back meanwhile."""
    rig.isolate()
    with rig.Daemon(program, "mode = observe\n") as daemon:
        with Terminal(80, 24, {"LC_ALL": "C.UTF-8"}) as terminal:
            terminal.type(f"{ctl} --socket {daemon.socket_path} top -i 0.3\n")
            terminal.wait(r"^\d\d:\d\d:\d\d  in .*  observe ")
            rig.check(daemon.stop() == 0, "stop is an error")
            terminal.wait(r"^\d\d:\d\d:\d\d  in .*  no daemon ")
            daemon.start()
            terminal.wait(r"^\d\d:\d\d:\d\d  in .*  observe ")
            terminal.keys("q")


def check_poor_terminals(ctl):
    """What cannot place a cursor is refused, with what to do instead."""
    with Terminal(80, 24, {"LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}) as terminal:
        for name in ("dumb", "nonsense"):
            terminal.type(f"clear; TERM={name} {ctl} --no-daemon top; echo ended with $?\n")
            screen = terminal.wait(r"^ended with 1")
            rig.check("see top --batch" in screen, screen)


def check_colours(ctl):
    for environment, wanted in (({"LC_ALL": "C.UTF-8"}, True), ({"LC_ALL": "C.UTF-8", "NO_COLOR": "1"}, False)):
        with Terminal(80, 24, environment) as terminal:
            terminal.type(f"{ctl} --no-daemon top -a -i 0.3\n")
            terminal.wait(r"^ +CPU +0 ")
            colours = re.findall(r"\x1b\[(?:\d+;)*3[1-6]m", terminal.styled())
            rig.check(bool(colours) == wanted, f"colours {colours} with {environment}")
            terminal.keys("q")


def test(program):
    rig.need_tools("tmux", "bash", "md5sum", "cmp", "stty")
    ctl = pathlib.Path(program).parent / "irqherdctl"
    if not ctl.exists():
        rig.skip("irqherdctl is not built")
    for width, height in ((80, 24), (120, 40), (250, 60)):
        check_size(ctl, width, height, {"LC_ALL": "C.UTF-8"})
        print(f"{width} x {height}: fine")
    check_size(ctl, 80, 24, {"LC_ALL": "C"})
    print("80 x 24 in ASCII: fine")
    check_signal(ctl, {"LC_ALL": "C.UTF-8"})
    check_colours(ctl)

    check_poor_terminals(ctl)
    for command, code, words in (
            (("top",), 2, "wants a terminal"),
            (("top", "--zoom", "x"), 2, "accepted: auto, nodes, caches, cores, cpus"),
            (("top", "--batch", "1"), 0, "")):
        done = rig.run(str(ctl), "--no-daemon", *command, ok=False)
        rig.check(done.returncode == code and words in done.stderr, f"{command}: {done}")
    rig.check("\x1b" not in done.stdout and "irq/s" in done.stdout, done.stdout)
    if os.geteuid() == 0:
        check_daemon(program, ctl)


rig.main(test)
