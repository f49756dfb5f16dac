"""HTTP connections that go only to the guard's pinned addresses and obey one deadline per request.

urllib3 opens the sockets; this module tells it where (:class:`~scanner.collect.site.address.AddressGuard`) while the
Host header, SNI and certificate check keep the name.  Every read sets the socket's timeout to what is left of the
request's time, so a server that drips one byte now and then gains nothing, and header bytes are counted.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager
from urllib3.util.connection import create_connection
from urllib3.util.retry import Retry

from scanner.collect.site.address import AddressGuard

READ_SECONDS = 15.0


class HeaderLimitError(OSError):
    """The response's header section is larger than the limit."""


class Deadline(threading.local):
    """The moment (``time.monotonic``) at which the calling thread's request must be over; and its header limit."""

    until: float = float("inf")
    header_limit: int = 256 << 10

    def left(self) -> float:
        """Return the seconds left; raises TimeoutError when none are."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request's time is over")
        return left


class _Reader(io.RawIOBase):
    """The socket as a raw stream; holds its own reference, as ``makefile`` does, until it is closed."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self.budget: int | None = deadline.header_limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(min(READ_SECONDS, self._deadline.left()))
        count = self._raw.readinto(buffer) or 0
        if self.budget is not None:
            self.budget -= count
            if self.budget < 0:
                raise HeaderLimitError("header section too large")
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def _response_class(deadline: Deadline) -> type[http.client.HTTPResponse]:
    class TimedResponse(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
            super().__init__(sock, *args, **named)
            self.fp.close()
            self._reader = _Reader(sock, deadline)
            self.fp = io.BufferedReader(self._reader, 16 << 10)

        def begin(self) -> None:
            super().begin()
            self._reader.budget = None

    return TimedResponse


class PinnedAdapter(HTTPAdapter):
    """A requests adapter whose connections are pinned and timed; ``context`` is the TLS context, None the default."""

    def __init__(
        self, guard: AddressGuard, deadline: Deadline, *, pool: int, context: ssl.SSLContext | None
    ) -> None:
        self._guard = guard
        self._deadline = deadline
        self._context = context
        super().__init__(
            pool_connections=pool, pool_maxsize=pool, max_retries=Retry(0, read=False), pool_block=False
        )

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **named: Any) -> None:
        """Build the pool manager with connection classes bound to the guard."""
        if self._context is not None:
            named["ssl_context"] = self._context
        manager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **named)
        guard, deadline = self._guard, self._deadline
        timed = _response_class(deadline)

        def connect(connection: HTTPConnection) -> socket.socket:
            host = connection.host.strip("[]")
            problem: OSError = OSError(f"no address for {host}")
            for address in guard.addresses(host):
                try:
                    limit = min(float(connection.timeout or 10), deadline.left())
                    return create_connection(
                        (address, connection.port), limit, socket_options=connection.socket_options
                    )
                except OSError as error:
                    problem = error
            raise problem

        class Plain(HTTPConnection):
            response_class = timed

            def _new_conn(self) -> socket.socket:
                return connect(self)

        class Secure(HTTPSConnection):
            response_class = timed

            def _new_conn(self) -> socket.socket:
                return connect(self)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

            def _validate_conn(self, conn: Any) -> None:
                """Connect; an unverified peer is a recorded fact here, not a warning on standard error."""
                if conn.is_closed:
                    conn.connect()

        manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
        self.poolmanager = manager
