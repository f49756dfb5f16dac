"""Small web servers on loopback for tests: several host names, on several addresses, plain or TLS.

>>> with Servers() as servers:
...     site = servers.site("qinghe.example", folder=FIXTURES / "sites" / "clean")
...     facts = collect_site(site.url("/"), servers.options())

Names resolve by the map given to the scan (``servers.hosts``), like ``curl --resolve``; all hosts on one address share
one port.  A route is ``bytes`` or ``str`` (HTML), a tuple ``(status, headers, body)``, or a function of the
:class:`Request` that returns one of these, or None after it has written raw bytes itself with ``request.send``.
"""

from __future__ import annotations

import datetime
import ipaddress
import mimetypes
import ssl
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scanner.context import CollectOptions, SiteOptions

Reply = bytes | str | tuple[int, Mapping[str, str] | list[tuple[str, str]], bytes | str] | None
Route = Reply | Callable[["Request"], Reply]


@dataclass
class Request:
    """A request as the server saw it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    handler: BaseHTTPRequestHandler

    def send(self, data: bytes) -> None:
        """Write raw bytes to the connection; a peer that has gone away ends the connection silently."""
        self.handler.close_connection = True
        self.handler.wfile.write(data)
        self.handler.wfile.flush()


@dataclass
class Site:
    """One host name: its routes, its folder, what was asked of it."""

    host: str
    port: int
    scheme: str = "http"
    routes: dict[str, Route] = field(default_factory=dict)
    folder: Path | None = None
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        """The address of ``path`` on this host."""
        return f"{self.scheme}://{self.host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [request.path for request in self.requests]

    def reply(self, request: Request) -> Reply:
        """Answer ``request`` from routes, then from the folder, then 404."""
        if request.path in self.routes:
            route = self.routes[request.path]
            return route(request) if callable(route) else route
        if self.folder is not None:
            found = self._file(request.path)
            if found is not None:
                kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
                if kind.startswith("text/"):
                    kind += "; charset=utf-8"
                return 200, {"Content-Type": kind}, found.read_bytes()
        return 404, {"Content-Type": "text/html; charset=utf-8"}, "<title>404</title><p>页面不存在</p>"

    def _file(self, path: str) -> Path | None:
        assert self.folder is not None
        plain = path.strip("/")
        for name in (plain, f"{plain}.html", f"{plain}/index.html" if plain else "index.html"):
            candidate = (self.folder / name).resolve()
            if name and candidate.is_file() and candidate.is_relative_to(self.folder.resolve()):
                return candidate
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "test"
    sys_version = ""
    disable_nagle_algorithm = True
    sites: dict[str, Site]

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        path, _, query = self.path.partition("?")
        request = Request(
            self.command, path, query, {k.lower(): v for k, v in self.headers.items()}, body, self
        )
        host = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
        site = self.sites.get(host)
        if site is None:
            self._write(404, {}, b"unknown host")
            return
        site.requests.append(request)
        try:
            reply = site.reply(request)
            if reply is None:
                return
            if not isinstance(reply, tuple):
                reply = (200, {"Content-Type": "text/html; charset=utf-8"}, reply)
            status, headers, content = reply
            data = content.encode() if isinstance(content, str) else content
            pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
            self._write(status, [*site.headers.items(), *pairs], data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def _write(self, status: int, headers: Any, data: bytes) -> None:
        self.send_response(status)
        pairs = list(headers.items()) if isinstance(headers, dict) else headers
        for name, value in pairs:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_HEAD = do_PUT = do_OPTIONS = _answer  # noqa: N815 - http.server asks for these names

    def version_string(self) -> str:
        return "test"

    def log_message(self, format: str, *args: Any) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        return


class Servers:
    """Servers that stop at the end of the ``with`` block."""

    def __init__(self) -> None:
        self.hosts: dict[str, str] = {}
        self._servers: dict[tuple[str, str], _Server] = {}
        self._sites: dict[tuple[str, str], dict[str, Site]] = {}
        self._folder = tempfile.TemporaryDirectory()
        self.authority = Authority(Path(self._folder.name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        self._folder.cleanup()

    def site(
        self,
        host: str,
        *,
        ip: str = "127.0.0.2",
        folder: Path | None = None,
        routes: Mapping[str, Route] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Site:
        """Serve ``host`` over plain HTTP on ``ip``."""
        return self._add(host, ip, "http", None, folder, routes, headers)

    def tls(
        self,
        host: str,
        *,
        ip: str = "127.0.0.2",
        folder: Path | None = None,
        routes: Mapping[str, Route] | None = None,
        headers: Mapping[str, str] | None = None,
        certificate: Certificate | None = None,
        configure: Callable[[ssl.SSLContext], None] | None = None,
    ) -> Site:
        """Serve ``host`` over TLS on ``ip``, by default with a good certificate of the test authority."""
        certificate = certificate or self.authority.issue(host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.path, certificate.key)
        if configure is not None:
            configure(context)
        return self._add(host, ip, "https", context, folder, routes, headers)

    def _add(
        self,
        host: str,
        ip: str,
        scheme: str,
        context: ssl.SSLContext | None,
        folder: Path | None,
        routes: Mapping[str, Route] | None,
        headers: Mapping[str, str] | None,
    ) -> Site:
        key = (ip, scheme if context is None else f"https:{host}")
        if key not in self._servers:
            sites: dict[str, Site] = {}
            server = _Server((ip, 0), type("Handler", (_Handler,), {"sites": sites}))
            if context is not None:
                server.socket = context.wrap_socket(
                    server.socket, server_side=True, do_handshake_on_connect=False
                )
            self._servers[key], self._sites[key] = server, sites
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        port = self._servers[key].server_address[1]
        site = Site(host, port, scheme, dict(routes or {}), folder, dict(headers or {}))
        self._sites[key][host] = site
        self.hosts[host] = ip
        return site

    def options(self, **named: Any) -> CollectOptions:
        """Options for a scan of these hosts: private addresses allowed, no pause between requests."""
        given: dict[str, Any] = {
            "allow_private": True,
            "hosts": self.hosts,
            "rate": 0.0,
            "browser": False,
            "authority": self.authority.path,
        }
        return CollectOptions(site=SiteOptions(**{**given, **named}))


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key as PEM files."""

    path: Path
    key: Path


class Authority:
    """A certificate authority of the tests; ``path`` is its certificate as a PEM file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        certificate = self._build(self._name, self._key.public_key(), -30, 3650, authority=True, names=[])
        self.path = folder / "authority.pem"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self, host: str, *, from_days: int = -30, to_days: int = 200, self_signed: bool = False
    ) -> Certificate:
        """Issue a certificate for ``host``, valid from and to so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._build(
            name, key.public_key(), from_days, to_days, names=[host], signer=key if self_signed else None
        )
        stem = f"{host}-{certificate.serial_number}"
        paths = Certificate(self._folder / f"{stem}.pem", self._folder / f"{stem}.key")
        paths.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return paths

    def _build(
        self,
        subject: x509.Name,
        public: ec.EllipticCurvePublicKey,
        from_days: int,
        to_days: int,
        *,
        names: list[str],
        authority: bool = False,
        signer: ec.EllipticCurvePrivateKey | None = None,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if signer else self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=from_days))
            .not_valid_after(now + datetime.timedelta(days=to_days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general(n) for n in names]), critical=False
            )
        return builder.sign(signer or self._key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
