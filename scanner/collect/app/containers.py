"""Web, script and engine containers: which are in the package, and whether their scripts can be read.

Recognised by files together with classes or libraries that only they bring (``rules/data/containers.yaml``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from scanner.appfacts import Container
from scanner.datafiles import read_data
from scanner.model import Evidence, FileLocator, Frozen, ResourceLocator, Text

CLASS = "class:"
MAX_EVIDENCE = 5
TEXT_SHARE = 0.9
PROBE = 4096


class Technique(Frozen):
    """One technique (the header of containers.yaml says what the fields mean)."""

    kind: str
    name: Text
    files: tuple[str, ...]
    also: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    bytecode: str | None = None
    draws: bool | Literal["in-dex"] = False
    texts: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a container: scripts that are text, scripts that are byte code, compiled files, texts kept apart.

    ``draws``: whether it draws the interface, or does so in code of the dex files.
    """

    draws: bool | Literal["in-dex"] = False
    scripts: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


@cache
def text_kinds(*, draws: bool | str) -> frozenset[str]:
    """Return the kinds of sentence that are taken from the files of a container (``draws``: it draws the interface)."""
    key = "kinds" if draws else "kinds_of_pages"
    return frozenset(kind for content in read_data("containers") for kind in content[key])


@cache
def techniques() -> tuple[Technique, ...]:
    """Return all techniques of the data; raises pydantic.ValidationError for a broken entry."""
    return tuple(
        Technique.model_validate(entry)
        for content in read_data("containers")
        for entry in content["containers"]
    )


@cache
def _any_of(expressions: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{e})" for e in expressions) or r"(?!)")


def find_containers(
    files: Collection[str],
    classes: Collection[str],
    head: Callable[[str], bytes],
    resources: Collection[str] = (),
) -> Iterator[tuple[Container, Found]]:
    """Yield each container with the files that belong to it.

    ``files`` are the package's paths, ``classes`` the dotted class names of its dex files, ``resources`` the names of
    its resources (``id/name``); ``head`` gives the first bytes of a file (empty when it cannot be read).
    """
    for technique in techniques():
        own = [f for f in files if _any_of(technique.files).fullmatch(f)]
        marks = [mark for mark in technique.marks if mark in resources]
        if not (own or marks) or not _confirmed(technique, files, classes):
            continue
        scripts = sorted(f for f in files if _any_of(technique.scripts).fullmatch(f))
        opaque = sorted(f for f in files if _any_of(technique.opaque).fullmatch(f))
        magic = bytes.fromhex(technique.bytecode) if technique.bytecode else None
        text = tuple(f for f in scripts if _is_text(head(f), magic))
        readable: bool | None = None
        if scripts or opaque:
            readable = len(text) == len(scripts) and not opaque
        shown = [*own, *(f for f in opaque if f not in own)][:MAX_EVIDENCE]
        yield (
            Container(
                kind=technique.kind,
                name=technique.name,
                files=len(set(own) | set(scripts) | set(opaque)),
                readable=readable,
                evidence=(
                    *(Evidence(artifact=f, locator=FileLocator(path=f), excerpt=f) for f in shown),
                    *(
                        Evidence(artifact="resources.arsc", locator=ResourceLocator(name=m), excerpt=m)
                        for m in marks
                    ),
                ),
            ),
            Found(
                draws=technique.draws,
                scripts=text,
                compiled=tuple(f for f in scripts if magic is not None and head(f).startswith(magic)),
                opaque=tuple(opaque),
                texts=tuple(sorted(f for f in files if _any_of(technique.texts).fullmatch(f))),
            ),
        )


def _confirmed(technique: Technique, files: Collection[str], classes: Collection[str]) -> bool:
    if not technique.also:
        return True
    wanted = [name.removeprefix(CLASS) for name in technique.also if name.startswith(CLASS)]
    if any(name in classes for name in wanted):
        return True
    paths = tuple(name for name in technique.also if not name.startswith(CLASS))
    return bool(paths) and any(_any_of(paths).fullmatch(f) for f in files)


def _is_text(start: bytes, magic: bytes | None) -> bool:
    """Whether a script's first bytes are text: no magic number, no control characters beyond white space."""
    if not start or (magic is not None and start.startswith(magic)):
        return False
    sample = start[:PROBE]
    plain = sum(byte >= 0x20 or byte in (9, 10, 13) for byte in sample)
    return plain / len(sample) >= TEXT_SHARE and b"\0" not in sample
