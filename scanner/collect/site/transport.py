"""TLS of a host: versions and suites it accepts, certificate, trust, HSTS, and whether plain HTTP leads to HTTPS."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from scanner.collect.site import securitynotes
from scanner.collect.site.address import AddressGuard, RefusedError
from scanner.collect.site.fetch import Fetched, Fetcher, observing_context
from scanner.collect.site.hello import MODERN, USUAL, VERSIONS, WEAK_SUITES, WEAK_VERSIONS, ServerHello, ask
from scanner.model import Evidence, Text, WebLocator
from scanner.sitefacts import SiteCertificate, Transport

SECONDS = 6.0
MAX_CHAIN = 8


@dataclass
class TransportProbe:
    """Examines hosts of one scan; ``authority`` is a PEM file of an additional certificate authority."""

    guard: AddressGuard
    fetcher: Fetcher
    until: float
    authority: Path | None = None

    def examine(self, host: str, port: int, *, seen: Sequence[Fetched]) -> Transport:
        """Return the transport facts of ``host``; ``port`` is its HTTPS port, ``seen`` what was fetched from it."""
        url = f"https://{host}" + ("" if port == 443 else f":{port}") + "/"
        try:
            address = self.guard.addresses(host)[0]
        except RefusedError as error:
            return Transport(host=host, port=port, problem=error.refused.code)
        versions: dict[str, ServerHello | None] = {}
        try:
            for name, number in VERSIONS.items():
                versions[name] = self._ask(address, port, host, number, MODERN if number == 0x0304 else USUAL)
        except OSError as error:
            # Nothing speaks TLS there; over plain HTTP that is a fact, otherwise it is not known.
            refused = isinstance(error, ConnectionRefusedError)
            return Transport(
                host=host,
                port=port,
                https=False if refused else None,
                http_redirects=False if refused else None,
                problem="connection-refused" if refused else "unreachable",
                evidence=(_proof(url, securitynotes.no_tls_note(host, port, refused=True)),)
                if refused
                else (),
            )
        accepted = tuple(
            n for n, hello in versions.items() if hello is not None and hello.version == VERSIONS[n]
        )
        if not accepted:
            proof = _proof(url, securitynotes.no_tls_note(host, port, refused=False))
            return Transport(host=host, port=port, https=False, problem="no-tls", evidence=(proof,))
        weak = tuple(n for n in accepted if n in WEAK_VERSIONS)
        suites = self._weak_suites(address, port, host, accepted)
        cipher, chain = self._handshake(address, port, host)
        trusted, problem = self._trust(address, port, host)
        facts = tuple(certificate_fact(c) for c in chain)
        hsts_days, header = self._hsts(url, seen)
        matches = _covers(chain[0], host) if chain else None
        redirects = self._redirects(host, port, seen)
        note = securitynotes.tls_note(
            protocols=accepted,
            weak_protocols=weak,
            cipher=cipher,
            weak_ciphers=suites,
            certificate=facts[0] if facts else None,
            trust=trusted,
            matches=matches,
            hsts=header,
            redirects=redirects,
        )
        return Transport(
            host=host,
            port=port,
            https=True,
            protocols=accepted,
            weak_protocols=weak,
            cipher=cipher,
            weak_ciphers=suites,
            trusted=trusted,
            hostname_matches=matches,
            certificates=facts,
            days_left=facts[0].days_left if facts else None,
            http_redirects=redirects,
            hsts=None if header is None else hsts_days is not None and hsts_days > 0,
            hsts_days=hsts_days,
            problem=problem,
            evidence=(_proof(url, note, f"Strict-Transport-Security: {header}" if header else ""),),
        )

    def _left(self) -> float:
        left = min(SECONDS, self.until - time.monotonic())
        if left <= 0:
            raise TimeoutError("the scan's time is over")
        return left

    def _ask(
        self, address: str, port: int, host: str, version: int, suites: tuple[int, ...]
    ) -> ServerHello | None:
        return ask(address, port, host, version, suites, self._left())

    def _weak_suites(self, address: str, port: int, host: str, accepted: tuple[str, ...]) -> tuple[str, ...]:
        older = [n for n in accepted if n != "TLSv1.3"]
        if not older:
            return ()
        version = VERSIONS[older[-1]]
        found = []
        for name, suites in WEAK_SUITES.items():
            try:
                hello = self._ask(address, port, host, version, suites)
            except OSError:
                continue
            if hello is not None and hello.suite in suites:
                found.append(name)
        return tuple(found)

    def _handshake(self, address: str, port: int, host: str) -> tuple[str, list[x509.Certificate]]:
        """Complete one handshake without trusting it: the usual suite and the certificates sent."""
        try:
            with (
                socket.create_connection((address, port), self._left()) as raw,
                observing_context().wrap_socket(raw, server_hostname=host) as sock,
            ):
                cipher = sock.cipher()
                return (cipher[0] if cipher else ""), _chain(sock)
        except (OSError, ValueError):
            return "", []

    def _trust(self, address: str, port: int, host: str) -> tuple[bool | None, str | None]:
        """Whether the chain leads to a trusted root and is in date, whatever name it carries."""
        context = ssl.create_default_context()
        context.check_hostname = False
        if self.authority is not None:
            context.load_verify_locations(self.authority)
        try:
            with (
                socket.create_connection((address, port), self._left()) as raw,
                context.wrap_socket(raw, server_hostname=host),
            ):
                return True, None
        except ssl.SSLCertVerificationError as error:
            return False, error.verify_message
        except (OSError, ValueError):
            return None, "handshake"

    def _hsts(self, url: str, seen: Sequence[Fetched]) -> tuple[float | None, str | None]:
        """Return the days of HSTS and the header (empty when absent); (None, None) when no https answer was seen."""
        for fetched in seen:
            final = fetched.final
            if final is not None and final.url.startswith(url.rstrip("/") + "/"):
                return hsts_days(final.header("strict-transport-security"))
        answer = self.fetcher.fetch(url, scope=lambda _: False, body_limit=1 << 16)
        if not answer.hops:
            return None, None
        return hsts_days(answer.hops[0].header("strict-transport-security"))

    def _redirects(self, host: str, port: int, seen: Sequence[Fetched]) -> bool | None:
        """Whether plain HTTP leads to HTTPS: as seen in the crawl, else by asking port 80."""
        for fetched in seen:
            if fetched.hops and fetched.hops[0].url.startswith(f"http://{host}"):
                return fetched.final_url.startswith("https://")
        if port != 443:
            return None
        answer = self.fetcher.fetch(f"http://{host}/", scope=lambda _: False, method="HEAD")
        if answer.left_scope:
            return answer.left_scope.startswith("https://")
        if answer.trouble is not None and answer.trouble.code == "connection-refused":
            return True  # nothing is offered without encryption
        return False if answer.hops and answer.hops[-1].status < 400 else None


def hsts_days(header: str | None) -> tuple[float | None, str]:
    """Return the max-age of an HSTS header in days (None without one) and the header, empty when absent (RFC 6797)."""
    if not header:
        return None, ""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name.lower() == "max-age" and value.strip('" ').isdigit():
            return round(int(value.strip('" ')[:12]) / 86_400, 1), header
    return None, header


def _proof(url: str, note: Text, header: str = "") -> Evidence:
    return Evidence(artifact=url, locator=WebLocator(url=url), excerpt=header[:400], note=note)


def _chain(sock: ssl.SSLSocket) -> list[x509.Certificate]:
    """Return the certificates the server sent, its own first."""
    found: list[bytes] = []
    inner: Any = getattr(sock, "_sslobj", None)  # public from Python 3.13 on
    get = getattr(sock, "get_unverified_chain", None) or getattr(inner, "get_unverified_chain", None)
    if get is not None:
        for entry in list(get() or ())[:MAX_CHAIN]:
            found.append(
                entry if isinstance(entry, bytes) else ssl.PEM_cert_to_DER_cert(entry.public_bytes())
            )
    if not found:
        leaf = sock.getpeercert(binary_form=True)
        found = [leaf] if leaf else []
    chain = []
    for der in found:
        try:
            chain.append(x509.load_der_x509_certificate(der))
        except ValueError:
            break
    return chain


def certificate_fact(certificate: x509.Certificate) -> SiteCertificate:
    """Return the certificate as a fact; dates in UTC, days left on this day."""
    key = certificate.public_key()
    bits = (
        key.key_size
        if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey)
        else None
    )
    kind = {rsa.RSAPublicKey: "RSA", ec.EllipticCurvePublicKey: "EC", dsa.DSAPublicKey: "DSA"}
    algorithm = next((name for base, name in kind.items() if isinstance(key, base)), type(key).__name__)
    after = certificate.not_valid_after_utc
    try:
        signature = certificate.signature_hash_algorithm
        signed_with = signature.name if signature is not None else certificate.signature_algorithm_oid._name
    except ValueError:
        signed_with = certificate.signature_algorithm_oid.dotted_string
    return SiteCertificate(
        subject=_common_name(certificate.subject),
        issuer=_common_name(certificate.issuer),
        not_before=certificate.not_valid_before_utc,
        not_after=after,
        days_left=(after - datetime.now(UTC)).days,
        key_algorithm=algorithm,
        key_bits=bits,
        signature_algorithm=signed_with,
        self_signed=certificate.subject == certificate.issuer,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _common_name(name: x509.Name) -> str:
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = name.get_attributes_for_oid(oid)
        if found:
            return str(found[0].value)[:200]
    return name.rfc4514_string()[:200]


def _covers(certificate: x509.Certificate, host: str) -> bool:
    """Whether the certificate names ``host`` (RFC 6125: alternative names only, a wildcard for one label)."""
    try:
        names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    assert isinstance(names, x509.SubjectAlternativeName)
    if host in {str(ip) for ip in names.get_values_for_type(x509.IPAddress)}:
        return True
    for name in names.get_values_for_type(x509.DNSName):
        pattern = name.lower()
        if pattern == host or (pattern.startswith("*.") and host.partition(".")[2] == pattern[2:]):
            return True
    return False
