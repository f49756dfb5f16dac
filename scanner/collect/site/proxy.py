"""The only way out of the browser: a SOCKS proxy on loopback that asks the address guard before every connection.

Requests of pages, frames, workers, sockets and prefetches all pass here, so nothing in the browser resolves a name or
reaches an address the guard refuses, and an answer is pinned: the name is resolved by the guard alone (SOCKS Protocol
Version 5, RFC 1928; user-level authentication and UDP are not offered).
"""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import cast

from scanner.collect.site.address import AddressGuard, Allowed, Refused

CONNECT_SECONDS = 10.0
ASKED_SECONDS = 0.4
MAX_CONNECTIONS = 400
VERSION, CONNECT, IPV4, DOMAIN, IPV6 = 5, 1, 1, 3, 4
OK, FAILED, NOT_ALLOWED, UNREACHABLE, BAD_COMMAND = 0, 1, 2, 4, 7


@dataclass
class Traffic:
    """What passed: bytes in both directions, connections by host, and what was refused, by host and code."""

    received: int = 0
    sent: int = 0
    hosts: Counter[str] = field(default_factory=Counter)
    refused: dict[str, Refused] = field(default_factory=dict)
    unreachable: Counter[str] = field(default_factory=Counter)
    over_budget: bool = False


class GuardProxy:
    """A SOCKS5 server bound to loopback, closed by :meth:`close`; ``max_bytes`` limits what pages may receive.

    ``own`` names hosts the browser calls for itself; they are refused silently unless ``asked`` says that a page
    requested them.
    """

    def __init__(
        self, guard: AddressGuard, max_bytes: int, own: Container[str], asked: Callable[[str], bool]
    ) -> None:
        self.guard = guard
        self.max_bytes = max_bytes
        self.own = own
        self.asked = asked
        self.traffic = Traffic()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._jobs: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Inlet(self), "127.0.0.1", 0, backlog=256)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
        for link in tuple(self._links):
            link.cut()
        for job in tuple(self._jobs):
            job.cancel()

    def open(self, inlet: _Inlet, host: str, port: int) -> None:
        """Answer a connect request of the browser in the background."""
        job = asyncio.get_running_loop().create_task(self._open(inlet, host, port))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _open(self, inlet: _Inlet, host: str, port: int) -> None:
        if self.traffic.over_budget or len(self._links) > MAX_CONNECTIONS:
            return inlet.refuse(FAILED)
        if host in self.own and not self.asked(host):
            await asyncio.sleep(ASKED_SECONDS)
            if not self.asked(host):
                return inlet.refuse(NOT_ALLOWED)
        loop = asyncio.get_running_loop()
        name = f"[{host}]" if ":" in host else host
        url = f"https://{name}:{port}/" if port == 443 else f"http://{name}:{port}/"
        answer = await loop.run_in_executor(None, self.guard.check, url)
        if not isinstance(answer, Allowed):
            self.traffic.refused.setdefault(host, answer)
            return inlet.refuse(NOT_ALLOWED)
        for address in answer.addresses:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    _, link = await loop.create_connection(lambda: _Link(self, inlet), address, port)
            except (OSError, TimeoutError):
                continue
            self.traffic.hosts[host] += 1
            self._links.add(link)
            return inlet.join(link)
        self.traffic.unreachable[host] += 1
        return inlet.refuse(UNREACHABLE)

    def count(self, received: int) -> bool:
        """Count bytes from the network; False when the budget is spent, and then everything is cut."""
        self.traffic.received += received
        if self.traffic.received <= self.max_bytes:
            return True
        if not self.traffic.over_budget:
            self.traffic.over_budget = True
            for link in tuple(self._links):
                link.cut()
        return False

    def forget(self, link: _Link) -> None:
        """A connection ended."""
        self._links.discard(link)


class _Inlet(asyncio.Protocol):
    """The browser's side of a connection: greeting, request, then plain bytes."""

    def __init__(self, proxy: GuardProxy) -> None:
        self.proxy = proxy
        self.transport: asyncio.Transport | None = None
        self.link: _Link | None = None
        self.buffer = b""
        self.greeted = False
        self.asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.link is not None:
            self.proxy.traffic.sent += len(data)
            self.link.write(data)
            return
        self.buffer += data
        if len(self.buffer) > 1024 or (self.asked and self.link is None):
            return self.end()
        if not self.greeted:
            self._greet()
        if self.greeted and not self.asked:
            self._ask()

    def _greet(self) -> None:
        if len(self.buffer) < 2 or len(self.buffer) < 2 + self.buffer[1]:
            return
        methods = self.buffer[2 : 2 + self.buffer[1]]
        if self.buffer[0] != VERSION or 0 not in methods:
            return self.end()
        self.buffer = self.buffer[2 + len(methods) :]
        self.greeted = True
        self._send(bytes([VERSION, 0]))

    def _ask(self) -> None:
        head = self.buffer
        if len(head) < 5:
            return
        kind = head[3]
        size = {IPV4: 4, IPV6: 16, DOMAIN: 1 + head[4]}.get(kind)
        if head[0] != VERSION or size is None:
            return self.end()
        if len(head) < 4 + size + 2:
            return
        raw = head[4 : 4 + size]
        host = raw[1:].decode("ascii", "replace") if kind == DOMAIN else str(ipaddress.ip_address(raw))
        (port,) = struct.unpack(">H", head[4 + size : 6 + size])
        self.asked, self.buffer = True, b""
        if head[1] != CONNECT:
            return self.refuse(BAD_COMMAND)
        self.proxy.open(self, host, port)

    def join(self, link: _Link) -> None:
        """The way is free: from now on bytes pass."""
        if self.transport is None or self.transport.is_closing():
            return link.cut()
        self.link = link
        self._send(bytes([VERSION, OK, 0, IPV4, 0, 0, 0, 0, 0, 0]))

    def refuse(self, code: int) -> None:
        """Answer with a SOCKS failure and close."""
        self._send(bytes([VERSION, code, 0, IPV4, 0, 0, 0, 0, 0, 0]))
        self.end()

    def _send(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def end(self) -> None:
        """Close the browser's side after what is buffered."""
        if self.transport is not None:
            self.transport.close()

    def pause_writing(self) -> None:
        if self.link is not None:
            self.link.hold(True)

    def resume_writing(self) -> None:
        if self.link is not None:
            self.link.hold(False)

    def eof_received(self) -> bool:
        if self.link is not None:
            self.link.finish()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self.link is not None:
            self.link.cut()


class _Link(asyncio.Protocol):
    """The network's side of a connection."""

    def __init__(self, proxy: GuardProxy, inlet: _Inlet) -> None:
        self.proxy = proxy
        self.inlet = inlet
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.proxy.count(len(data)) and self.inlet.transport is not None:
            self.inlet.transport.write(data)

    def write(self, data: bytes) -> None:
        """Send bytes of the browser on; the browser waits while the network is slow."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def hold(self, yes: bool) -> None:
        """Stop or go on reading from the network."""
        if self.transport is not None and not self.transport.is_closing():
            if yes:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()

    def pause_writing(self) -> None:
        if self.inlet.transport is not None:
            self.inlet.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.inlet.transport is not None and not self.inlet.transport.is_closing():
            self.inlet.transport.resume_reading()

    def finish(self) -> None:
        """The browser has nothing more to send."""
        if self.transport is not None and not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()

    def cut(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()

    def eof_received(self) -> None:
        self.inlet.end()

    def connection_lost(self, exc: Exception | None) -> None:
        self.proxy.forget(self)
        self.inlet.end()
