"""What every test shares: third-party inputs, fixture packages, and a wall against the network."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT / "tests" / "batch"))

# A second conftest.py would hide this one from the tests that import from it.
pytest_plugins = ["batch_fixtures"]

import fetch_corpus  # noqa: E402  (lives in tools/, which is no package)

FIXTURES = ROOT / "fixtures"
CORPUS = {member.id: member for archive in fetch_corpus.load() for member in archive.members}


def corpus_path(name: str) -> Path:
    """The pinned third-party file with this id of tools/corpus.toml; fails the test if it is not there."""
    if name not in CORPUS:
        pytest.fail(f"{name!r} is not an id of tools/corpus.toml", pytrace=False)
    path = CORPUS[name].target()
    if not path.is_file():
        pytest.fail(f"the pinned input {name!r} is missing: run 'make corpus' once", pytrace=False)
    return path


def corpus_ids(group: str) -> list[str]:
    """The ids of one group ("apps", "sdks", "tools"), for parametrised tests."""
    return [name for name, member in CORPUS.items() if group in member.groups]


def fixture_apk_path(name: str) -> Path:
    """A committed fixture package: ``clean``, ``location.bad``, ``broken/truncated`` ..."""
    path = FIXTURES / "apks" / (name if Path(name).suffix == ".apk" else f"{name}.apk")
    if not path.is_file():
        pytest.fail(f"no fixture package {path.relative_to(ROOT)}", pytrace=False)
    return path


@pytest.fixture(scope="session")
def corpus() -> Callable[[str], Path]:
    """``corpus(id)`` gives the path of a pinned third-party input."""
    return corpus_path


@pytest.fixture(scope="session")
def fixture_apk() -> Callable[[str], Path]:
    """``fixture_apk(name)`` gives the path of one of our own packages."""
    return fixture_apk_path


class NetworkBlockedError(RuntimeError):
    """A test tried to leave this machine."""


def is_local(address: object) -> bool:
    """Whether a socket address stays on this machine (loopback, Unix, netlink)."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _check(what: str, address: object) -> None:
    if not is_local(address):
        raise NetworkBlockedError(f"{what} {address!r}: tests may only use the loopback interface")


_connect, _connect_ex, _sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
_getaddrinfo = socket.getaddrinfo


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _check("connect to", address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _check("connect to", address)
    return _connect_ex(self, address)


def _guarded_sendto(self: socket.socket, data: Any, *rest: Any) -> int:
    _check("send to", rest[-1])
    return _sendto(self, data, *rest)


def _guarded_getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
    text = host.decode() if isinstance(host, bytes) else host
    _check("resolve", (text or "", 0))
    return _getaddrinfo(host, *rest, **named)


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Any:
    """Sockets of this process reach the loopback interface and Unix sockets only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _guarded_connect)
        patch.setattr(socket.socket, "connect_ex", _guarded_connect_ex)
        patch.setattr(socket.socket, "sendto", _guarded_sendto)
        patch.setattr(socket, "getaddrinfo", _guarded_getaddrinfo)
        yield
