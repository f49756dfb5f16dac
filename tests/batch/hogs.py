"""Functions that misbehave, for the tests of isolated processes."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time


def double(number: int) -> int:
    return 2 * number


def big(size: int) -> bytes:
    return b"x" * size


def eat_memory() -> int:
    return len([bytearray(16 << 20) for _ in range(1000)])


def eat_memory_slowly() -> int:
    held = []
    for _ in range(1000):
        held.append(bytearray(os.urandom(8 << 20)))
        time.sleep(0.02)
    return len(held)


def eat_in_a_group_of_its_own() -> None:
    """As a browser does: a group of its own, and it ends when the pipe to its owner breaks."""
    hungry = "import sys; held = b'x' * (600 << 20); sys.stdin.read()"
    subprocess.Popen([sys.executable, "-c", hungry], stdin=subprocess.PIPE, process_group=0).wait()


def spin() -> None:
    while True:
        pass


def sleep_with_child(marker: str) -> None:
    subprocess.Popen(["sleep", marker])
    time.sleep(600)


def crash() -> None:
    ctypes.string_at(0)


def suicide() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def quit_quietly() -> None:
    os._exit(7)


def recurse() -> None:
    recurse()
