"""A small client of the Chrome DevTools Protocol (1.3) over the browser's own pipe: no port is opened, no other program.

Messages are JSON, each ended by a NUL byte; the browser reads them from its file descriptor 3 and writes them to 4
(``--remote-debugging-pipe``).  What comes in is made by hostile pages in part: it is bounded, handled as it arrives, and
never kept, so that a page that floods the pipe is slowed down by it instead of filling our memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import re
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

MAX_MESSAGE = 96 << 20
MAX_WAITING = 10_000
TOLD = 4_096
CLOSE_SECONDS = 5.0
POLL = 0.02
NUMBER = re.compile(rb'^\{"id":(\d{1,15})[,}]')

Handler = Callable[[dict[str, Any]], None]


class DevToolsError(Exception):
    """The browser refused a command, or went away; the text says why."""


class Channel:
    """Commands to and events from one target: the browser itself (an empty ``number``) or an attached tab."""

    def __init__(self, wire: Wire, number: str = "") -> None:
        self.wire = wire
        self.number = number

    async def send(self, method: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer to a command; raises :class:`DevToolsError`."""
        return await self.wire.send(self.number, method, options)

    def on(self, event: str, handler: Handler) -> None:
        """Call ``handler`` with the parameters of every such event."""
        self.wire.handlers[self.number][event] = handler

    def close(self, reason: str) -> None:
        """The target is gone: what still waits for an answer fails."""
        self.wire.handlers.pop(self.number, None)
        self.wire.fail(reason, self.number)


class Wire(asyncio.Protocol):
    """The pipe: numbers commands, matches answers, hands events out."""

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self.limit = limit
        self.handlers: defaultdict[str, dict[str, Handler]] = defaultdict(dict)
        self.waiting: dict[int, tuple[str, asyncio.Future[dict[str, Any]]]] = {}
        self.closed = asyncio.Event()
        self.numbers = count(1)
        self.writer: asyncio.WriteTransport | None = None
        self.buffer = bytearray()
        self.head = b""
        self.skipping = False

    async def send(self, session: str, method: str, options: Mapping[str, Any] | None) -> dict[str, Any]:
        """Send a command and return its answer."""
        if self.closed.is_set() or self.writer is None:
            raise DevToolsError("the browser is gone")
        if len(self.waiting) >= MAX_WAITING:
            raise DevToolsError("too many unanswered commands")
        number = next(self.numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": dict(options or {})}
        if session:
            message["sessionId"] = session
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.waiting[number] = (session, future)
        try:
            self.writer.write(json.dumps(message).encode() + b"\0")
            return await future
        finally:
            self.waiting.pop(number, None)

    def fail(self, reason: str, session: str | None = None) -> None:
        """Fail what waits for an answer of ``session``, or of anyone."""
        for owner, future in tuple(self.waiting.values()):
            if session in (None, owner) and not future.done():
                future.set_exception(DevToolsError(reason))

    # --- the pipe ---------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take every message that is complete; the rest waits, up to the limit."""
        *whole, rest = data.split(b"\0")
        for part in whole:
            if self.skipping:
                self._drop()
            elif self.buffer:
                self.buffer += part
                message = bytes(self.buffer)
                self.buffer.clear()
                self._take(message)
            else:
                self._take(part)
        if self.skipping:
            return
        self.buffer += rest
        if len(self.buffer) > self.limit:
            self.head = bytes(self.buffer[:40])
            self.buffer.clear()
            self.skipping = True

    def _drop(self) -> None:
        """A message longer than the limit has ended: whoever asked for it is told."""
        self.skipping = False
        found = NUMBER.match(self.head)
        if found and (entry := self.waiting.get(int(found[1]))) and not entry[1].done():
            entry[1].set_exception(DevToolsError("the answer is too long"))

    def _take(self, data: bytes) -> None:
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        if "id" in message:
            entry = self.waiting.get(message["id"])
            if entry is None or entry[1].done():
                return
            if "error" in message:
                entry[1].set_exception(DevToolsError(str(message["error"].get("message", ""))[:500]))
            else:
                entry[1].set_result(message.get("result", {}))
            return
        handlers = self.handlers.get(message.get("sessionId", ""))
        handler = handlers.get(message.get("method", "")) if handlers else None
        if handler is not None:
            handler(message.get("params", {}))

    def eof_received(self) -> None:
        """The browser has nothing more to say."""
        self.closed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The browser is gone: nothing will be answered."""
        self.closed.set()
        self.fail("the browser is gone")


class _Tail(asyncio.Protocol):
    """Reads what the browser says on its standard error and keeps the end of it."""

    def __init__(self) -> None:
        self.text = b""

    def data_received(self, data: bytes) -> None:
        self.text = (self.text + data)[-TOLD:]


class Process:
    """A browser process of its own group with its pipe; :meth:`stop` ends it whatever it does."""

    def __init__(
        self,
        pid: int,
        wire: Wire,
        tail: _Tail,
        transports: Sequence[asyncio.ReadTransport | asyncio.WriteTransport],
    ) -> None:
        self.pid = pid
        self.wire = wire
        self.root = Channel(wire)
        self.tail = tail
        self.transports = transports

    def said(self) -> str:
        """Return the last line the browser said that is no mere notice."""
        lines = self.tail.text.decode("utf-8", "replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")[:200]

    async def stop(self) -> None:
        """Ask the browser to close, then kill what is left of it."""
        with contextlib.suppress(DevToolsError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.root.send("Browser.close")
                await self.wire.closed.wait()
        for transport in self.transports:
            transport.close()
        # Until it is waited for, the number belongs to this process and its group to nobody else.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        end = time.monotonic() + CLOSE_SECONDS
        while not _ended(self.pid) and time.monotonic() < end:
            await asyncio.sleep(POLL)


async def start(command: Sequence[str], environment: Mapping[str, str]) -> Process:
    """Start a browser with its pipe; raises :class:`OSError` when it cannot be started at all."""
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    ours_err, theirs_err = os.pipe()
    passed = [theirs_in, theirs_out, theirs_err]
    try:
        # Out of the way of the numbers they get in the child.
        high = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 10) for number in passed]
        passed += high
        pid = os.posix_spawn(
            command[0],
            list(command),
            dict(environment),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, high[2], 2),
                (os.POSIX_SPAWN_DUP2, high[0], 3),
                (os.POSIX_SPAWN_DUP2, high[1], 4),
            ],
            setpgroup=0,
        )
    except OSError:
        for number in (ours_in, ours_out, ours_err):
            os.close(number)
        raise
    finally:
        for number in passed:
            os.close(number)
    loop = asyncio.get_running_loop()
    wire, tail = Wire(), _Tail()
    reading, _ = await loop.connect_read_pipe(lambda: wire, os.fdopen(ours_in, "rb", 0))
    saying, _ = await loop.connect_read_pipe(lambda: tail, os.fdopen(ours_err, "rb", 0))
    writing, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(ours_out, "wb", 0))
    wire.writer = writing
    return Process(pid, wire, tail, (writing, reading, saying))


def _ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True
