#!/usr/bin/env python3
"""Readiness, status, reload, watchdog and stop are told to the service manager's socket."""

import os
import re
import signal
import socket
import tempfile

import rig


class Manager:
    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.heard = []

    def listen(self):
        while True:
            try:
                self.heard.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return

    def wait(self, pattern, begin=0):
        def found():
            self.listen()
            return any(re.search(pattern, text, re.MULTILINE) for text in self.heard[begin:])

        rig.wait_until(found, f"{pattern} at the manager's socket")


def test(program):
    rig.isolate()
    with tempfile.TemporaryDirectory() as folder:
        manager = Manager(folder)
        environment = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000"}
        with rig.Daemon(program, "mode = observe\n", environment=environment) as daemon:
            manager.wait(r"^READY=1$")
            manager.wait(r"^STATUS=\d+ devices, \d+ IRQs, .*observing")
            for _ in range(3):
                begin = len(manager.heard)
                manager.wait(r"^WATCHDOG=1$", begin)
            begin = len(manager.heard)
            daemon.send(signal.SIGHUP)
            manager.wait(r"^RELOADING=1\nMONOTONIC_USEC=\d+$", begin)
            manager.wait(r"^READY=1$", begin)
            begin = len(manager.heard)
            rig.check(daemon.stop() == 0, "stop is an error")
            manager.wait(r"^STOPPING=1$", begin)
            text = "\n".join(manager.heard)
            rig.check(text.index("READY=1") < text.index("STOPPING=1"), "told in the wrong order")

        environment["WATCHDOG_PID"] = "1"  # meant for another process
        manager.heard.clear()
        with rig.Daemon(program, "mode = observe\n", environment=environment) as daemon:
            daemon.wait_rounds(4)
            manager.listen()
            rig.check(not any("WATCHDOG=1" in text for text in manager.heard), "another's watchdog")
            rig.check(daemon.stop() == 0, "stop is an error")


rig.main(test)
