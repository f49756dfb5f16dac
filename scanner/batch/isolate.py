"""Run one function in a process of its own, under limits the operating system enforces.

The child is forked from a server process that has the rule pack loaded, so starting one costs milliseconds.  It leads
a process group of its own: when the time is over, or the supervisor dies, all of it is killed.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import resource
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Literal, TypeVar

from scanner.model import Frozen

T = TypeVar("T")
PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.2
_start_lock = threading.Lock()


class Limits(Frozen):
    """Limits of one task: memory in MB (of all its processes), processor and wall time in seconds."""

    memory_mb: int = 3072
    cpu_seconds: int = 600
    wall_seconds: float = 900.0


class Ended(Frozen):
    """How a child ended without a result.

    ``why``: ``memory``, ``cpu``, ``wall``, ``killed`` (by somebody else), ``crash`` (the interpreter died).
    """

    why: Literal["memory", "cpu", "wall", "killed", "crash"]
    detail: str = ""


def run(function: Callable[..., T], *args: Any, limits: Limits, address_space: bool = True) -> T | Ended:
    """Return ``function(*args)``, computed in a child process, or how the child ended.

    ``function`` must be importable and its result picklable.  ``address_space`` limits the child's address space at
    once; without it (programs that reserve much and use little, such as browsers) the resident memory of the process
    group is watched instead.
    """
    context = multiprocessing.get_context("forkserver")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_child, args=(sender, function, args, limits, address_space, os.getpid()), daemon=False
    )
    with (
        _start_lock
    ):  # starting the server process twice at once would leave one without its preloaded modules
        process.start()
    sender.close()
    try:
        result: T | Ended = _supervise(process, receiver, limits)
        return result
    finally:
        receiver.close()
        _kill_group(process.pid)
        process.join()
        process.close()


def _supervise(process: Any, receiver: Connection, limits: Limits) -> Any:
    deadline = time.monotonic() + limits.wall_seconds
    peak = 0
    while True:
        if receiver.poll(POLL_SECONDS):
            try:
                kind, value = pickle.loads(receiver.recv_bytes())  # noqa: S301 - our own child's result
            except (EOFError, OSError):
                break
            return value if kind == "result" else Ended(why=kind, detail=value)
        if time.monotonic() > deadline:
            return Ended(why="wall", detail=f"> {limits.wall_seconds:g} s")
        used = session_memory(process.pid)
        peak = max(peak, used)
        if used > limits.memory_mb << 20:
            return Ended(why="memory", detail=f"> {limits.memory_mb} MB")
    process.join(5)
    code = process.exitcode
    if code == -signal.SIGXCPU:
        return Ended(why="cpu", detail=f"> {limits.cpu_seconds} s")
    if code == -signal.SIGKILL:
        return Ended(why="killed", detail=f"peak {peak >> 20} MB")
    return Ended(
        why="crash", detail=f"exit {code}" if code is None or code >= 0 else signal.Signals(-code).name
    )


def _child(
    sender: Connection,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    limits: Limits,
    address_space: bool,
    supervisor: int,
) -> None:
    os.setsid()
    _die_with(supervisor)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    if address_space:
        size = limits.memory_mb << 20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    try:
        answer = ("result", function(*args))
    except MemoryError:
        answer = ("memory", f"> {limits.memory_mb} MB")
    except RecursionError as error:
        answer = ("crash", f"RecursionError: {error}")
    sender.send_bytes(pickle.dumps(answer))
    sender.close()


def _die_with(supervisor: int) -> None:
    """Have the kernel kill this process when its server ends, and watch that the supervisor lives.

    The kernel's signal follows the parent, which is the fork server; the server itself ends with the supervisor.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while True:
            try:
                os.kill(supervisor, 0)
            except ProcessLookupError:
                os.killpg(os.getpgrp(), signal.SIGKILL)
            time.sleep(1.0)

    threading.Thread(target=watch, daemon=True).start()


def _kill_group(pid: int | None) -> None:
    if pid is None:
        return
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def session_memory(session: int | None) -> int:
    """Return the resident memory in bytes of all processes of ``session`` (Linux /proc), a browser's own group too."""
    if session is None:
        return 0
    total = 0
    page = os.sysconf("SC_PAGE_SIZE")
    for name in os.listdir("/proc"):  # noqa: PTH208 - names only, read several times a second
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123 - hot path
                fields = stat.read().rpartition(b")")[2].split()
            if int(fields[3]) == session:
                total += int(fields[21]) * page
        except (OSError, IndexError, ValueError):
            continue
    return total
