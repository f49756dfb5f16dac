"""Network security configuration: what the package trusts, per domain, with Android's defaults.

Source: developer.android.com/privacy-and-security/security-config; values inherit from the enclosing
``<domain-config>`` and then from ``<base-config>``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from scanner.appfacts import NetworkConfig, NetworkDomain
from scanner.collect.app.axml import AxmlError, Element, parse
from scanner.model import Evidence, XmlLocator

CLEARTEXT_FREE_FROM = 28
USER_TRUST_UNTIL = 23
MAX_DOMAINS = 2000


@dataclass(frozen=True, slots=True)
class _Trust:
    cleartext: bool
    user: bool
    bundled: int = 0


@dataclass(frozen=True, slots=True)
class _Pins:
    count: int = 0
    until: date | None = None


def read_network_config(
    data: bytes,
    path: str,
    target: int,
    cleartext_attribute: bool | None,
    parse_xml: Callable[[bytes], Element] = parse,
) -> NetworkConfig:
    """Return the configuration in the XML ``data`` of file ``path``, which ``parse_xml`` reads.

    ``target`` is the target level, which sets the defaults; on platforms before 7.0, which ignore the file, the
    manifest's ``usesCleartextTraffic`` holds instead.
    """
    try:
        root = parse_xml(data)
    except AxmlError:
        return NetworkConfig(present=True, readable=False)
    default = _Trust(cleartext=target < CLEARTEXT_FREE_FROM, user=target <= USER_TRUST_UNTIL)
    base_element = next(iter(root.find("base-config")), None)
    base = _trust(base_element, default) if base_element is not None else default
    debug = next(iter(root.find("debug-overrides")), None)
    domains = list(_domains(root, "/network-security-config", path, base, _Pins()))
    return NetworkConfig(
        present=True,
        readable=True,
        cleartext=base.cleartext,
        user_certificates=base.user,
        bundled_certificates=base.bundled,
        debug_user_certificates=_trust(debug, default).user if debug is not None else None,
        domains=tuple(domains[:MAX_DOMAINS]),
        evidence=(
            _evidence(path, "/network-security-config/base-config", base_element)
            if base_element is not None
            else _evidence(path, "/network-security-config", root),
        ),
    )


def without_config(target: int, cleartext_attribute: bool | None) -> NetworkConfig:
    """Return what holds for a package without a network security configuration."""
    cleartext = cleartext_attribute if cleartext_attribute is not None else target < CLEARTEXT_FREE_FROM
    return NetworkConfig(present=False, cleartext=cleartext, user_certificates=target <= USER_TRUST_UNTIL)


def _domains(parent: Element, place: str, path: str, outer: _Trust, pins: _Pins) -> Iterator[NetworkDomain]:
    for number, element in enumerate(parent.find("domain-config"), 1):
        here = f"{place}/domain-config[{number}]"
        trust = _trust(element, outer)
        own = _pins(element, pins)
        for domain in element.find("domain"):
            yield NetworkDomain(
                domain=domain.text.strip().lower()[:253],
                subdomains=_value(domain, "includeSubdomains") == "true",
                cleartext=trust.cleartext,
                user_certificates=trust.user,
                pins=own.count,
                pins_until=own.until,
                override_pins=any(
                    _value(c, "overridePins") == "true"
                    for t in element.find("trust-anchors")
                    for c in t.children
                ),
                evidence=(_evidence(path, here, element),),
            )
        yield from _domains(element, here, path, trust, own)


def _trust(element: Element, outer: _Trust) -> _Trust:
    found = outer
    written = _value(element, "cleartextTrafficPermitted")
    if written in {"true", "false"}:
        found = replace(found, cleartext=written == "true")
    anchors = element.find("trust-anchors")
    if anchors:
        sources = [_value(c, "src") for a in anchors for c in a.find("certificates")]
        found = replace(
            found, user="user" in sources, bundled=sum(s not in {"user", "system", None} for s in sources)
        )
    return found


def _pins(element: Element, outer: _Pins) -> _Pins:
    sets = element.find("pin-set")
    if not sets:
        return outer
    until = None
    with suppress(ValueError):
        until = date.fromisoformat(_value(sets[0], "expiration") or "")
    return _Pins(sum(len(s.find("pin")) for s in sets), until)


def _value(element: Element, name: str) -> str | None:
    for attribute in element.attributes:
        if attribute.name == name:
            if attribute.type == 0x12:  # TYPE_INT_BOOLEAN
                return "true" if attribute.data else "false"
            if attribute.type == 0x01:  # a reference: a certificate file of the package
                return f"@{attribute.data:08x}"
            return attribute.text if attribute.text is not None else attribute.raw
    return None


def _evidence(path: str, place: str, element: Element) -> Evidence:
    shown = " ".join(f'{a.name}="{_value(element, a.name)}"' for a in element.attributes)
    inner = [_value(c, "src") for t in element.find("trust-anchors") for c in t.find("certificates")]
    if inner:
        shown += " trust-anchors: " + ", ".join(str(i) for i in inner)
    return Evidence(
        artifact=path,
        locator=XmlLocator(path=place),
        excerpt=f"<{element.name} {shown}".strip()[:300] + ">",
    )
