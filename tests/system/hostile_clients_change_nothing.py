#!/usr/bin/env python3
"""A thousand clients at once, half of them up to no good: silent, not reading, talking nonsense,
sending without an end, nesting deeply, flooding, half closed, one byte at a time. The others get every
answer, rounds go on as before, and afterwards memory, descriptors and the cost of a round are what they
were.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import pathlib
import resource
import tempfile
import time

import rig
import varlink

IRQHERD = "io.irqherd"
HONEST = 500
HOSTILE = 500
SECONDS = 12        # of hostility
SESSIONS = 3        # of each honest client
PARALLEL = 192      # of them at the socket at once: the kernel's queue holds the others
MEMORY_KB = 1024    # what may be left


def message(method, **flags):
    return json.dumps({"method": f"{IRQHERD}.{method}", **flags}).encode() + b"\0"


# ---------------------------------------------------------------------------------------------------
# hostile clients: each makes connections until it is told to end


async def silent(_reader, _writer):
    await asyncio.sleep(SECONDS)


async def deaf(_reader, writer):
    for _ in range(50):
        writer.write(message("ListIrqs"))
    await asyncio.sleep(SECONDS)


async def deaf_watcher(_reader, writer):
    writer.write(message("Watch", parameters={"past": 1000}, more=True))
    await asyncio.sleep(SECONDS)


async def nonsense(reader, writer):
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\0")
    await reader.read()


async def binary(reader, writer):
    writer.write(bytes(range(255, -1, -1)) * 16)
    await reader.read()


async def endless(_reader, writer):
    while True:
        writer.write(b'{"method":"' + b"x" * 65000)
        await writer.drain()


async def nested(reader, writer):
    writer.write(b'{"method":"io.irqherd.Explain","parameters":{"target":' + b"[" * 60000 + b"\0")
    await reader.read()


async def wide(reader, writer):
    names = ",".join(f'"k{i}":{i}' for i in range(5000)).encode()
    writer.write(b'{"method":"io.irqherd.GetStatus","parameters":{' + names + b"}}\0")
    await reader.readuntil(b"\0")


async def flood(reader, writer):
    async def read():
        while await reader.read(65536):
            pass

    reading = asyncio.ensure_future(read())
    try:
        while not reading.done() and not writer.transport.is_closing():
            writer.write(message("GetStatus") * 20)
            await writer.drain()
            await asyncio.sleep(0)
    finally:
        reading.cancel()


async def half_closed(_reader, writer):
    writer.write(message("ListIrqs") * 20)
    writer.write_eof()
    await asyncio.sleep(SECONDS)


async def drip(_reader, writer):
    for byte in message("GetStatus")[:-1] * 100:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.1)


async def hit_and_run(_reader, writer):
    writer.write(message("ListIrqs"))


KINDS = (silent, deaf, deaf_watcher, nonsense, binary, endless, nested, wide, flood, half_closed, drip, hit_and_run)


async def hostile_client(path, kind, end):
    while time.monotonic() < end:
        try:
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                await asyncio.wait_for(kind(reader, writer), max(0.1, end - time.monotonic()))
            finally:
                writer.transport.abort()
        except (OSError, EOFError, asyncio.TimeoutError, asyncio.LimitOverrunError):
            pass
        await asyncio.sleep(0.05)


async def hostile_clients(path, end):
    await asyncio.gather(*(hostile_client(path, KINDS[i % len(KINDS)], end) for i in range(HOSTILE)))


# ---------------------------------------------------------------------------------------------------
# honest clients


async def session(path, answers):
    """Two calls in one connection. Who is sent away before the first answer comes again."""
    while True:
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=1 << 22)
        except OSError:
            await asyncio.sleep(0.02)   # the kernel's queue is full, or it was sent away at once
            continue
        try:
            for method, field in (("GetStatus", "status"), ("ListIrqs", "irqs")):
                writer.write(message(method))
                reply = json.loads((await reader.readuntil(b"\0"))[:-1])
                assert field in reply["parameters"], reply
                answers.append(method)
            return
        except (EOFError, OSError):
            answers.append("again")
        finally:
            writer.close()


async def honest_clients(path, queue):
    answers, longest = [], [0.0]
    gate = asyncio.Semaphore(PARALLEL)

    async def client():
        for _ in range(SESSIONS):
            async with gate:
                begin = time.monotonic()
                await session(path, answers)
                longest[0] = max(longest[0], time.monotonic() - begin)

    await asyncio.wait_for(asyncio.gather(*(client() for _ in range(HONEST))), rig.WAIT_S * 2)
    queue.put(({name: answers.count(name) for name in set(answers)}, longest[0]))


def run_loop(function, *arguments):
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    asyncio.run(function(*arguments))


# ---------------------------------------------------------------------------------------------------


def rounds(daemon):
    """By the socket as an honest client, who must be heard as well."""
    while True:
        try:
            with varlink.Client(daemon.socket_path) as client:
                status = client.call(f"{IRQHERD}.GetStatus")["status"]
            return status["events"]["rounds"], time.monotonic()
        except (varlink.Closed, OSError):
            continue


def pace(first, last):
    return (last[0] - first[0]) / (last[1] - first[1])


def sockets(daemon):
    """Of the daemon's descriptors, those; IRQs' files come to be kept open by and by."""
    found = 0
    for link in pathlib.Path(f"/proc/{daemon.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found += os.readlink(link).startswith("socket:")
    return found


def calls_of_a_round(daemon):
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder) / "trace"
        with rig.strace(daemon.pid, trace):
            rig.wait_until(lambda: len(rig.rounds_of(trace)) >= 8, "8 rounds")
        return max(len(calls) for calls in rig.rounds_of(trace)[1:])


def attack(daemon):
    path = str(daemon.socket_path)
    queue = multiprocessing.Queue()
    end = time.monotonic() + SECONDS
    hostile = multiprocessing.Process(target=run_loop, args=(hostile_clients, path, end))
    honest = multiprocessing.Process(target=run_loop, args=(honest_clients, path, queue))
    hostile.start()
    honest.start()
    try:
        time.sleep(1)
        first = rounds(daemon)
        time.sleep(SECONDS / 2)
        last = rounds(daemon)
        counts, longest = queue.get(timeout=rig.WAIT_S * 3)
        hostile.join(rig.WAIT_S)
        honest.join(rig.WAIT_S)
        rig.check(hostile.exitcode == 0 and honest.exitcode == 0, "a crowd did not end well")
    finally:
        for process in (hostile, honest):
            if process.is_alive():
                process.terminate()
    return pace(first, last), counts, longest


def test(program):
    rig.isolate()
    before = rig.affinities()
    sanitized = rig.is_sanitized(program)
    with rig.Daemon(program, "mode = observe\n") as daemon:
        daemon.wait_rounds(4)
        with varlink.Client(daemon.socket_path) as client:
            client.call(f"{IRQHERD}.ListIrqs")
        time.sleep(1)
        descriptors, memory = sockets(daemon), daemon.memory_kb()
        calls = calls_of_a_round(daemon)
        first = rounds(daemon)
        time.sleep(4)
        quiet = pace(first, rounds(daemon))

        for number in range(2):
            paced, counts, longest = attack(daemon)
            wanted = HONEST * SESSIONS
            rig.check(counts.get("GetStatus", 0) >= wanted and counts.get("ListIrqs", 0) >= wanted,
                      f"answers {counts}, wanted {wanted} of each")
            rig.wait_until(lambda: sockets(daemon) == descriptors, f"{descriptors} sockets, not {sockets(daemon)}")
            print(f"attack {number + 1}: rounds a second {paced:.2f} (quiet {quiet:.2f}), answers {counts}, "
                  f"longest session {longest:.2f} s, memory {daemon.memory_kb()} kB (before {memory} kB)")
            rig.check(paced > quiet / 2, f"{paced:.2f} rounds a second, {quiet:.2f} before")
            if not sanitized:
                rig.check(daemon.memory_kb() <= memory + MEMORY_KB, f"{daemon.memory_kb()} kB, {memory} kB before")

        after = calls_of_a_round(daemon)
        rig.check(after <= calls, f"{after} calls in a round, {calls} before")
        rig.check(daemon.process.poll() is None, "it ended")
        rig.check("out of memory" not in daemon.log(), daemon.log())
    rig.check(rig.affinities() == before, "an affinity was written")


rig.main(test)
