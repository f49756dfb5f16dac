"""Script libraries with known weaknesses, by ``rules/data/script_libraries.yaml`` (Retire.js advisories, dated).

The version shows in the script's address, or in the comment at the head of its content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from scanner.collect.site import securitynotes
from scanner.datafiles import read_data
from scanner.model import Evidence, WebLocator
from scanner.safere import compile_pattern
from scanner.sitefacts import ScriptLibrary

HEAD = 16 << 10
LINE = 200
Basis = Literal["filename", "address", "content"]
SEVERITIES = ("low", "medium", "high", "critical")
_PART = re.compile(r"[0-9]+|[a-z]+")


@dataclass(frozen=True, slots=True)
class Advisory:
    """Versions from ``start`` (inclusive, empty = any) to ``below`` (exclusive) are concerned."""

    below: str
    start: str
    severity: str
    ids: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        """The ids to cite: its CVE numbers, or all ids of an advisory without one."""
        return tuple(i for i in self.ids if i.startswith("CVE")) or self.ids


@dataclass(frozen=True, slots=True)
class KnownLibrary:
    """A library: patterns with a group ``version`` for address, file name and content."""

    name: str
    uri: tuple[re.Pattern[str], ...]
    filename: tuple[re.Pattern[str], ...]
    content: tuple[re.Pattern[str], ...]
    advisories: tuple[Advisory, ...]


class Recognised(NamedTuple):
    """A library by name and version; ``line`` of its file name, address or content told it, as ``basis`` says."""

    name: str
    version: str
    basis: Basis
    line: str


class SeenScript(NamedTuple):
    """A script that ``page`` refers to; ``content`` is empty where it was not read."""

    url: str
    page: str
    content: str = ""


@cache
def known_libraries() -> tuple[str, tuple[KnownLibrary, ...]]:
    """Return the date of the data and its libraries."""
    (data,) = read_data("script_libraries")
    found = []
    for entry in data["libraries"]:
        found.append(
            KnownLibrary(
                name=entry["name"],
                uri=tuple(map(compile_pattern, entry.get("uri", ()))),
                filename=tuple(map(compile_pattern, entry.get("filename", ()))),
                content=tuple(map(compile_pattern, entry.get("filecontent", ()))),
                advisories=tuple(
                    Advisory(a["below"], a.get("from", ""), a["severity"], tuple(a["ids"]))
                    for a in entry["advisories"]
                ),
            )
        )
    return str(data["date"]), tuple(found)


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sortable form: numbers compare as numbers, a pre-release comes before its release."""
    parts = [(1, int(p), "") if p.isdigit() else (-1, 0, p) for p in _PART.findall(version.lower())[:8]]
    while len(parts) < 8:
        parts.append((0, 0, ""))
    numbers: list[tuple[int, int, str]] = [(1, 0, "") if p[0] == 0 else p for p in parts[:3]]
    return (*numbers, *parts[3:])


def identify(url: str, content: str = "") -> Recognised | None:
    """Return the library at ``url`` with ``content``, None when it is not recognised."""
    path = unquote(urlsplit(url).path)
    filename = path.rpartition("/")[2]
    head = content[:HEAD]
    for library in known_libraries()[1]:
        tries: tuple[tuple[Basis, tuple[re.Pattern[str], ...], str], ...] = (
            ("filename", library.filename, filename),
            ("address", library.uri, path),
            ("content", library.content, head),
        )
        for basis, patterns, text in tries:
            for pattern in patterns if text else ():
                match = pattern.search(text)
                if match:
                    version = re.sub(
                        r"[._-]?(?:min|slim|prod|pack|bundle)?[._-]*\Z", "", match.group("version")
                    )
                    if "." in version:
                        return Recognised(library.name, version, basis, _line(text, *match.span()))
    return None


def _line(text: str, start: int, end: int) -> str:
    """Return the line of ``text`` around a match, of a long one what is nearest."""
    first = max(text.rfind("\n", 0, start) + 1, start - LINE // 3)
    last = text.find("\n", end)
    return text[first : min(len(text) if last < 0 else last, first + LINE)].strip()


def advisories_of(name: str, version: str) -> tuple[Advisory, ...]:
    """Return the advisories that concern this version."""
    library = next((entry for entry in known_libraries()[1] if entry.name == name), None)
    if library is None:
        return ()
    key = version_key(version)
    return tuple(
        a
        for a in library.advisories
        if key < version_key(a.below) and (not a.start or key >= version_key(a.start))
    )


def _evidence(script: SeenScript, known: Recognised, concerning: Sequence[Advisory], date: str) -> Evidence:
    """Return what told the version: the page's reference to the script, or the line of the script that names it."""
    ranges = [securitynotes.advisory_range(a.known, a.start, a.below, a.severity) for a in concerning]
    note = securitynotes.library_note(known.name, known.version, known.basis, script.page, ranges, date)
    if known.basis == "content":
        return Evidence(
            artifact=script.url, locator=WebLocator(url=script.url), excerpt=known.line, note=note
        )
    return Evidence(
        artifact=script.page, locator=WebLocator(url=script.page), excerpt=script.url[:LINE], note=note
    )


def library_facts(scripts: Iterable[SeenScript]) -> tuple[ScriptLibrary, ...]:
    """Return one fact per library, version and address."""
    date, _ = known_libraries()
    found: dict[tuple[str, str, str], ScriptLibrary] = {}
    for script in scripts:
        known = identify(script.url, script.content)
        if known is None or (known.name, known.version, script.url) in found:
            continue
        concerning = advisories_of(known.name, known.version)
        worst = max((a.severity for a in concerning), key=SEVERITIES.index, default="")
        found[known.name, known.version, script.url] = ScriptLibrary(
            name=known.name,
            version=known.version,
            url=script.url,
            advisories=tuple(dict.fromkeys(i for a in concerning for i in a.known)),
            vulnerable=bool(concerning),
            severity=worst,
            data_date=date,
            evidence=(_evidence(script, known, concerning, date),),
        )
    return tuple(found.values())
