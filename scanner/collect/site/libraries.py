"""Script libraries with known weaknesses, by ``rules/data/script_libraries.yaml`` (Retire.js advisories, dated).

The version shows in the script's address, or in the comment at the head of its content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote, urlsplit

from scanner.collect.site import securitynotes
from scanner.datafiles import read_data
from scanner.model import Evidence, Text
from scanner.safere import compile_pattern
from scanner.sitefacts import ScriptLibrary

HEAD = 16 << 10
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


def identify(url: str, content: str = "") -> tuple[str, str] | None:
    """Return name and version of the library at ``url`` with ``content``, None when it is not recognised."""
    path = unquote(urlsplit(url).path)
    filename = path.rpartition("/")[2]
    head = content[:HEAD]
    for library in known_libraries()[1]:
        for patterns, text in ((library.filename, filename), (library.uri, path), (library.content, head)):
            if not text:
                continue
            for pattern in patterns:
                match = pattern.search(text)
                if match:
                    version = re.sub(
                        r"[._-]?(?:min|slim|prod|pack|bundle)?[._-]*\Z", "", match.group("version")
                    )
                    if "." in version:
                        return library.name, version
    return None


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


def _note(name: str, version: str, concerning: Sequence[Advisory], date: str) -> Text:
    ranges = [securitynotes.advisory_range(a.known, a.start, a.below, a.severity) for a in concerning]
    return securitynotes.library_note(name, version, ranges, date)


def library_facts(scripts: Iterable[tuple[str, str, Evidence]]) -> tuple[ScriptLibrary, ...]:
    """Return one fact per library, version and address; ``scripts`` are URL, content (may be empty) and evidence."""
    date, _ = known_libraries()
    found: dict[tuple[str, str, str], ScriptLibrary] = {}
    for url, content, evidence in scripts:
        known = identify(url, content)
        if known is None or (*known, url) in found:
            continue
        name, version = known
        concerning = advisories_of(name, version)
        worst = max((a.severity for a in concerning), key=SEVERITIES.index, default="")
        found[name, version, url] = ScriptLibrary(
            name=name,
            version=version,
            url=url,
            advisories=tuple(dict.fromkeys(i for a in concerning for i in a.known)),
            vulnerable=bool(concerning),
            severity=worst,
            data_date=date,
            evidence=(evidence.model_copy(update={"note": _note(name, version, concerning, date)}),),
        )
    return tuple(found.values())
