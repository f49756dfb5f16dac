"""Whose a host is and which country that points to, by offline data only: nothing is resolved or asked.

Operators come from ``rules/data/web/parties.yaml`` and the hosts SDKs document, addresses from ``rules/data/ip_country``.
"""

from __future__ import annotations

import ipaddress
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from pydantic import ConfigDict

from scanner import catalogue
from scanner.catalogue import SdkInfo
from scanner.collect.parties import operator, verified
from scanner.datafiles import read_data
from scanner.model import Frozen

CHINESE_SUFFIXES = frozenset({"xn--fiqs8s", "xn--fiqz9s"})
# Two-letter suffixes that are sold as names and say nothing of a country.
GENERIC = frozenset(
    {"io", "co", "me", "tv", "cc", "ai", "ws", "fm", "ly", "to", "gg", "im", "vc", "so", "sh", "la", "pw"}
)
PARTIES, ADDRESSES, SDKS = "parties", "ip_country", "sdks"


class EndpointData(Frozen):
    """``rules/data/endpoints.yaml``: what counts as an endpoint, and what is never contacted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schemes: tuple[str, ...]
    cleartext: tuple[str, ...]
    overseas_mainland: tuple[str, ...]
    vocabularies: tuple[str, ...]
    examples: tuple[str, ...]
    documents: tuple[str, ...]

    def only_documents(self, host: str) -> bool:
        """Whether public native libraries name the host in their messages only: where they are documented."""
        return any(host == suffix or host.endswith("." + suffix) for suffix in self.documents)

    def never_contacted(self, host: str) -> bool:
        """Whether the host stands in names of vocabularies or in examples only."""
        suffixes = (*self.vocabularies, *self.examples)
        return any(host == suffix or host.endswith("." + suffix) for suffix in suffixes)


@cache
def endpoint_data() -> EndpointData:
    """Return the table."""
    return EndpointData.model_validate(read_data("endpoints")[0])


@cache
def _addresses() -> tuple[Any, Any, Any]:
    """First /24 block of every run, its country's number, the countries."""
    source = files("rules") / "data" / "ip_country.npz"
    with source.open("rb") as stream, np.load(stream, allow_pickle=False) as table:
        length = table["length"].astype(np.int64)
        return np.cumsum(length) - length, table["code"], table["name"]


def country_of_address(address: ipaddress.IPv4Address) -> str:
    """Return the country of the /24 block an address lies in (ISO 3166-1), "" when it is not known."""
    start, code, name = _addresses()
    run = int(np.searchsorted(start, int(address) >> 8, side="right")) - 1
    return str(name[int(code[run])])


@cache
def _address_day() -> str:
    return str(read_data_of_addresses()["as_of"])


def read_data_of_addresses() -> dict[str, Any]:
    """Return source, day and licence of the table of addresses."""
    found: dict[str, Any] = read_data("ip_country")[0]
    return found


@cache
def _sdk_hosts() -> dict[str, SdkInfo]:
    return {domain: sdk for sdk in catalogue.sdks().values() for domain in sdk.domains}


def sdk_of(host: str) -> SdkInfo | None:
    """Return the SDK whose documented hosts include ``host``, by the longest suffix."""
    labels = host.split(".")
    suffixes = (".".join(labels[start:]) for start in range(len(labels) - 1))
    known = _sdk_hosts()
    return next((known[suffix] for suffix in suffixes if suffix in known), None)


@cache
def whereabouts(host: str) -> dict[str, Any]:
    """Return the fields of an endpoint that say whose ``host`` is and which country that points to."""
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        return _of_name(host)
    if not address.is_global:
        return {"kind": "private"}
    country = country_of_address(address)
    return {"kind": "ip"} | (_country(country, "address", ADDRESSES, _address_day()) if country else {})


def _of_name(host: str) -> dict[str, Any]:
    name, known = operator(host)
    sdk = sdk_of(host)
    found: dict[str, Any] = {
        "kind": "url",
        "category": known.category,
        "sdk": sdk.id if sdk is not None else "",
    }
    if name is not None:
        found["operator"] = name
        if known.country:
            found |= _country(known.country, "operator", PARTIES, verified())
    elif sdk is not None:
        found["operator"] = sdk.vendor
        if sdk.country:
            found |= _country(sdk.country, "operator", SDKS, "")
    else:
        last = host.rpartition(".")[2]
        hint = "CN" if last in CHINESE_SUFFIXES else last.upper()
        if len(hint) == 2 and last not in GENERIC:
            found |= {"country": hint, "country_of": "suffix", "country_source": "suffix"}
    return found


def _country(country: str, kind: str, source: str, day: str) -> dict[str, Any]:
    return {
        "country": country,
        "country_of": kind,
        "country_source": source,
        "as_of": day,
        "overseas": country not in endpoint_data().overseas_mainland,
    }
