"""A package made of parts: one APK, the splits of a set, or the modules of a bundle, seen as one program.

The parts' files are named as in an installed package (``lib/arm64-v8a/libx.so``), so that whoever reads them need not
know how they were delivered.  Where a file really lies, :meth:`Package.artifact` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from scanner.collect.app import axml, protoxml
from scanner.collect.app.archive import Archive, EntryError
from scanner.collect.app.axml import Document, Element
from scanner.collect.app.declared import Declared
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.prototable import ProtoTable
from scanner.collect.app.resources import ResourceError
from scanner.collect.app.resources import Resources as BinaryTable
from scanner.collect.app.restable import Resources, ResourceTable, Source
from scanner.collect.app.zipdirectory import Entry, Limits, dex_names
from scanner.facts import AppFacts, Signing
from scanner.model import Artifact, Gap, Problem, Text

MANIFEST, BINARY_TABLE, PROTO_TABLE = "AndroidManifest.xml", "resources.arsc", "resources.pb"
# The name of the delivered file as a whole; a set's is told from its parts, one of which may be called base.apk.
WHOLE, WHOLE_SET = "base.apk", "package"
# What every part has one of.
OWN = frozenset({MANIFEST, BINARY_TABLE, PROTO_TABLE, "assets.pb", "native.pb"})
META = "META-INF/"
# Resources are found through the table of their own part, so that a name taken twice hides nothing.
BY_TABLE = tuple(
    f"res/{kind}" for kind in ("layout", "xml", "drawable", "mipmap", "color", "anim", "menu", "font")
)
# Facts that the base alone decides; a split may add to all others.
OF_BASE = frozenset({"identity", "flags", "signing", "network", "code"})
SPLIT_PATHS = tuple(f"app.{name}" for name in AppFacts.model_fields if name not in OF_BASE)

Kind = Literal["apk", "splits", "bundle"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name in what was delivered (empty when that is the part itself), its split name (empty = base).

    ``paths`` maps the place of a file in an installed package to its name in ``archive``; ``prefix`` stands before that
    name in evidence.  ``document`` is the manifest; ``signing`` is None where signatures have not been looked at.
    """

    name: str
    split: str
    archive: Archive
    paths: Mapping[str, str]
    prefix: str = ""
    document: Document | None = None
    signing: Signing | None = None
    sha256: str = ""

    def manifest(self) -> Manifest | None:
        """Return the part's own manifest, references unresolved; None where it could not be read."""
        return None if self.document is None else Manifest(self.document, None)


class Package:
    """An open package.  Use as a context manager; ``notes`` and ``gaps`` say what of the delivery was not read."""

    def __init__(
        self,
        path: Path,
        kind: Kind,
        parts: Sequence[Part],
        digest: Callable[[], str],
        *,
        size: int,
        notes: Sequence[Problem] = (),
        gaps: Sequence[Gap] = (),
        declared: Declared | None = None,
        expansions: Sequence[tuple[str, int | None]] = (),
        stack: ExitStack | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.path, self.kind, self.parts, self.size = path, kind, tuple(parts), size
        self.sha256 = digest
        self.notes, self.gaps = list(notes), list(gaps)
        self.declared = declared
        # Names and sizes (bytes, None where it did not come along) of the expansion files (OBB).
        self.expansions = tuple(expansions)
        self._stack = stack or ExitStack()
        self._left = (limits or Limits()).total
        self._resources: list[ResourceTable | None] = []
        self.entries: dict[str, Entry] = {}
        self._places: dict[str, tuple[Part, str]] = {}
        for number, part in enumerate(self.parts):
            self._add(number, part)

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _add(self, number: int, part: Part) -> None:
        clashes = []
        for place, name in part.paths.items():
            if not number:
                known = place
            else:
                own = place in OWN or place.startswith(META) or ("/" not in place and place.endswith(".dex"))
                clash = not own and place in self.entries
                if clash and self._same(place, part, name):
                    continue
                known = f"{part.name}!/{place}" if own or clash else place
                if clash and not place.startswith(BY_TABLE):
                    clashes.append(place)
            self.entries[known] = part.archive.entries[name]
            self._places[known] = (part, name)
        if clashes:
            message = Text(
                zh=f"{part.name} 有 {len(clashes)} 个文件与另一部分同名而内容不同，按位置查找时只取了前一个",
                en=f"{len(clashes)} files of {part.name} bear the name of another part's file with other content; "
                "where files are found by their place only the first was read",
            )
            self.notes.append(
                Problem(
                    code="part-clash", where=f"{part.name}!/{clashes[0]}", message=message, count=len(clashes)
                )
            )
            for path in ("app.secrets", "app.containers", "app.hardening", "app.endpoints", "policy"):
                self.gaps.append(Gap(path=path, code="part-clash", reason=message))

    def _same(self, place: str, part: Part, name: str) -> bool:
        """Whether a file is the one that another part has in the same place."""
        other, known = self._places[place]
        if other.archive.entries[known].size != part.archive.entries[name].size:
            return False
        try:
            return other.archive.digest(known, "sha256") == part.archive.digest(name, "sha256")
        except EntryError:
            return False

    # --- files ----------------------------------------------------------------------------------------

    @property
    def problems(self) -> list[Problem]:
        """Oddities of the delivery and of each part's container met so far."""
        found = list(self.notes)
        seen: set[int] = set()
        for part in self.parts:
            if id(part.archive) in seen:
                continue
            seen.add(id(part.archive))
            prefix = part.prefix if self.kind == "splits" else ""
            for problem in part.archive.problems:
                where = f"{prefix}{problem.where}"
                found.append(problem.model_copy(update={"where": where}) if prefix else problem)
        return found

    def read(self, name: str, limit: int | None = None) -> bytes:
        """Return the content of ``name``; raises EntryError when it is missing, broken or too large."""
        part, own = self._place(name)
        content = part.archive.read(own, self._left if limit is None else min(limit, self._left))
        self._left -= len(content)
        return content

    def head(self, name: str, size: int) -> bytes:
        """Return the first ``size`` bytes of ``name``, fewer where it is shorter, broken or missing."""
        found = self._places.get(name)
        return b"" if found is None else found[0].archive.head(found[1], size)

    def read_hashed(self, name: str) -> tuple[bytes, str]:
        """Return the content of ``name`` and its sha256 (hex)."""
        part, own = self._place(name)
        if part.archive.entries[own].size > self._left:
            raise EntryError(
                "too-large", name, Text(zh=f"{name} 超过总量上限，未读取", en=f"{name}: total exceeded")
            )
        content, digest = part.archive.read_hashed(own)
        self._left -= len(content)
        return content, digest

    def _place(self, name: str) -> tuple[Part, str]:
        found = self._places.get(name)
        if found is None:
            raise EntryError(
                "missing", name, Text(zh=f"安装包中没有 {name}", en=f"the package has no {name}")
            )
        return found

    def part_path(self, number: int, place: str) -> str:
        """Return the name in ``entries`` of the file that part ``number`` has at ``place``."""
        qualified = f"{self.parts[number].name}!/{place}"
        return qualified if qualified in self.entries else place

    def dex_names(self) -> list[str]:
        """Return the dex files in class-path order: the base's, then those of each split."""
        return [
            self.part_path(number, name)
            for number, part in enumerate(self.parts)
            for name in dex_names(part.paths)
        ]

    def parse_xml(self, data: bytes) -> Element:
        """Parse an XML file of the package, binary or protobuf as its form has it; raises AxmlError."""
        return protoxml.parse(data) if self.kind == "bundle" else axml.parse(data)

    # --- resources ------------------------------------------------------------------------------------

    def tables(self) -> list[tuple[int, str]]:
        """Return the resource tables: number of the part, name of the file."""
        name = PROTO_TABLE if self.kind == "bundle" else BINARY_TABLE
        return [(n, self.part_path(n, name)) for n, part in enumerate(self.parts) if name in part.paths]

    def resources(
        self, read: Callable[[str], bytes], failed: Callable[[str, Text], None]
    ) -> ResourceTable | None:
        """Return all resource tables as one, read with ``read``; ``failed`` is told of those that cannot be read.

        They are read once: a second call gives the same.
        """
        if not self._resources:
            self._resources.append(self._read_tables(read, failed))
        return self._resources[0]

    def _read_tables(
        self, read: Callable[[str], bytes], failed: Callable[[str, Text], None]
    ) -> ResourceTable | None:
        sources: list[Source] = []
        single: BinaryTable | None = None
        for number, name in self.tables():
            try:
                data = read(name)
                table = ProtoTable(data) if self.kind == "bundle" else BinaryTable(data)
            except EntryError as error:
                failed(name, error.text)
                continue
            except ResourceError as error:
                failed(name, Text(zh=str(error), en=str(error)))
                continue
            if self.kind == "apk" and isinstance(table, BinaryTable):
                single = table
            sources.append(Source(table, self.artifact(name), self._in_part(number)))
        return single or (Resources(sources) if sources else None)

    def _in_part(self, number: int) -> Callable[[str], str]:
        return lambda path: self.part_path(number, path)

    # --- names ----------------------------------------------------------------------------------------

    @property
    def whole(self) -> str:
        """The name of what was delivered, as an artifact."""
        return WHOLE_SET if self.kind == "splits" else WHOLE

    def artifact(self, name: str) -> str:
        """Return the name of a file as evidence gives it: where it lies in what was delivered."""
        found = self._places.get(name)
        if found is None:
            return (self.parts[0].name or name) if name == WHOLE and self.kind == "splits" else name
        return f"{found[0].prefix}{found[1]}"

    def artifacts(self) -> Iterator[Artifact]:
        """Yield the delivered file and, of a set, its parts."""
        yield Artifact(name=self.whole, sha256=self.sha256(), size=self.size)
        if self.kind == "splits":
            for part in self.parts:
                yield Artifact(name=part.name, sha256=part.sha256, size=part.archive.size)
