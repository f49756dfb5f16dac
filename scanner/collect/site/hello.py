"""Asks a server which TLS versions and cipher suites it accepts, with ClientHello messages of our own.

A modern OpenSSL refuses to speak SSL 3.0, TLS 1.0 or RC4 itself, so it cannot find out whether a server does.  The
question needs no cryptography: the server answers a ClientHello with a ServerHello or an alert (RFC 5246, 7.4.1;
RFC 8446, 4.1), and the connection is closed.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass

VERSIONS = {"SSLv3": 0x0300, "TLSv1.0": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
WEAK_VERSIONS = ("SSLv3", "TLSv1.0", "TLSv1.1")
MODERN = (0x1301, 0x1302, 0x1303)
USUAL = (
    *(
        0xC02B,
        0xC02F,
        0xC02C,
        0xC030,
        0xCCA9,
        0xCCA8,
        0x009E,
        0x009F,
        0xC023,
        0xC027,
        0xC009,
        0xC013,
        0xC00A,
        0xC014,
    ),
    *(
        0x0033,
        0x0039,
        0x0067,
        0x006B,
        0x009C,
        0x009D,
        0x003C,
        0x003D,
        0x002F,
        0x0035,
        0x000A,
        0xC012,
        0xC008,
        0x0016,
    ),
    *(0x0005, 0x0004, 0xC011, 0xC007, 0xE013, 0xE011),
)
# Families of suites no longer acceptable (RFC 7465, RFC 9325; GB/T 22239 asks for sound cryptography), with IANA codes.
WEAK_SUITES: dict[str, tuple[int, ...]] = {
    "RC4": (0x0005, 0x0004, 0xC011, 0xC007, 0x0018),
    "3DES": (0x000A, 0xC012, 0xC008, 0x0016, 0x0013, 0x000D, 0x0010),
    "DES": (0x0009, 0x0015, 0x0012),
    "NULL": (0x0001, 0x0002, 0x003B, 0xC006, 0xC010),
    "EXPORT": (0x0003, 0x0006, 0x0008, 0x0014, 0x0011, 0x0019, 0x0017),
    "anonymous": (0x0034, 0x003A, 0x006C, 0x006D, 0x00A6, 0x00A7, 0xC018, 0xC019, 0xC016, 0xC017),
}
GROUPS = (0x001D, 0x0017, 0x0018, 0x0019, 0x0100)
SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0708)
MAX_ANSWER = 18_000


@dataclass(frozen=True, slots=True)
class ServerHello:
    """The server's choice: protocol version and suite code."""

    version: int
    suite: int


def client_hello(host: str, version: int, suites: tuple[int, ...]) -> bytes:
    """Return a ClientHello record for ``host`` offering at most ``version`` and ``suites``."""
    legacy = min(version, 0x0303)
    body = struct.pack(">H", legacy) + os.urandom(32) + b"\0"
    offered = b"".join(struct.pack(">H", s) for s in (*suites, 0x00FF))
    body += struct.pack(">H", len(offered)) + offered + b"\x01\x00"
    if version > 0x0300:
        extensions = b""
        if not host.replace(".", "").isdigit() and ":" not in host:
            name = host.encode("ascii")
            extensions += _extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name)
        extensions += _extension(10, _list16(GROUPS)) + _extension(11, b"\x01\x00")
        if version >= 0x0303:
            extensions += _extension(13, _list16(SIGNATURES))
        if version == 0x0304:
            share = os.urandom(32)
            entry = struct.pack(">HH", 0x001D, len(share)) + share
            extensions += _extension(43, b"\x02\x03\x04") + _extension(
                51, struct.pack(">H", len(entry)) + entry
            )
        body += struct.pack(">H", len(extensions)) + extensions
    handshake = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16" + struct.pack(">HH", 0x0300 if version == 0x0300 else 0x0301, len(handshake)) + handshake


def _extension(kind: int, data: bytes) -> bytes:
    return struct.pack(">HH", kind, len(data)) + data


def _list16(values: tuple[int, ...]) -> bytes:
    data = b"".join(struct.pack(">H", v) for v in values)
    return struct.pack(">H", len(data)) + data


def read_answer(data: bytes) -> ServerHello | None:
    """Return the ServerHello at the start of ``data``, None when the server refused or answered something else."""
    if len(data) < 5 or data[0] != 0x16:
        return None
    length = struct.unpack(">H", data[3:5])[0]
    record = data[5 : 5 + length]
    if len(record) < 42 or record[0] != 0x02:
        return None
    body = record[4:]
    version = struct.unpack(">H", body[:2])[0]
    session = body[34]
    at = 35 + session
    if len(body) < at + 3:
        return None
    suite = struct.unpack(">H", body[at : at + 2])[0]
    return ServerHello(_chosen_version(body[at + 3 :], version), suite)


def _chosen_version(extensions: bytes, version: int) -> int:
    if len(extensions) < 2:
        return version
    at, end = 2, min(len(extensions), 2 + struct.unpack(">H", extensions[:2])[0])
    while at + 4 <= end:
        kind, size = struct.unpack(">HH", extensions[at : at + 4])
        if kind == 43 and size == 2 and at + 6 <= end:
            return int(struct.unpack(">H", extensions[at + 4 : at + 6])[0])
        at += 4 + size
    return version


def ask(
    address: str, port: int, host: str, version: int, suites: tuple[int, ...], seconds: float
) -> ServerHello | None:
    """Send one ClientHello to ``address`` and return the answer; raises OSError when nothing can be asked."""
    with socket.create_connection((address, port), seconds) as sock:
        sock.settimeout(seconds)
        sock.sendall(client_hello(host, version, suites))
        data = b""
        try:
            while len(data) < MAX_ANSWER:
                chunk = sock.recv(4096)
                if not chunk:
                    break
                data += chunk
                if len(data) >= 5 and (data[0] != 0x16 or len(data) >= 5 + struct.unpack(">H", data[3:5])[0]):
                    break
        except (TimeoutError, ConnectionError):
            return None
    return read_answer(data)
