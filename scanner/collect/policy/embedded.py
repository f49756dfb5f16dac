"""The policy inside an Android package, and the links to policies it contains.

Names only suggest where to look; what a text is, :mod:`~scanner.collect.policy.identify` decides by reading it.  Names
of files may be lost to obfuscation, so texts with other names are looked into for the words of a policy as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from scanner.collect.app.archive import EntryError
from scanner.collect.app.code import Code
from scanner.collect.app.files import Files
from scanner.collect.app.restable import ResourceTable
from scanner.collect.policy.blocks import Limits
from scanner.datafiles import read_data
from scanner.dex import strings_with_prefix, text_sites
from scanner.model import Evidence, FileLocator, ResourceLocator, Text

if TYPE_CHECKING:
    from scanner.collect.policy.document import Document
    from scanner.collect.policy.identify import Kind

MIN_SIZE, MAX_SIZE = 300, 16 << 20
MAX_PEEKED, PEEK = 600, 2 << 20
MAX_READ = 40
MIN_HAN = 150
MIN_STRING = 300
MAX_CANDIDATES, MAX_LINKS = 20, 60
MAX_LINK_FILE = 1 << 20
NEAR = 60
READ_LIMITS = Limits(characters=1_000_000, cells=100_000, blocks=30_000)

_FOLDERS = ("assets/", "res/", "r/", "root/assets/")
_URL = re.compile(r"https?://[A-Za-z0-9][^\s\"'<>\\\u3000-\u303f\uff00-\uffef{}|^`]{4,500}")
_HAN = re.compile(r"[\u4e00-\u9fff]")
MIN_WORDS = 4
_UTF8_WORDS = tuple(word.encode() for word in ("隐私", "个人信息", "隱私"))
_GBK_WORDS = tuple(word.encode("gbk") for word in ("隐私政策", "个人信息"))
_ENGLISH = re.compile(rb"(?i)privacy policy")
_ORDER: tuple[Kind, ...] = (
    "privacy_policy",
    "children_policy",
    "sdk_list",
    "collection_list",
    "permission_list",
    "user_agreement",
)


@dataclass(frozen=True)
class Candidate:
    """A text in the package that is a policy or stands beside one; ``name`` is its path or ``string/…`` resource.

    ``document`` is the text as read, ``kind`` and ``confidence`` what it is; ``reason`` says why it was taken.
    """

    name: str
    data: bytes
    kind: Kind
    confidence: float
    document: Document
    reason: Text


@dataclass(frozen=True)
class PolicyLink:
    """A link to a policy: the URL, the kind of document its words name, where it stands.

    ``own`` is False when the code of a third-party SDK names it: then it leads to that SDK's policy.
    """

    url: str
    kind: Kind
    own: bool
    evidence: Evidence


class _Places(NamedTuple):
    names: tuple[tuple[Kind, float, tuple[str, ...]], ...]
    skip: tuple[str, ...]
    extensions: frozenset[str]
    url: tuple[tuple[Kind, tuple[str, ...]], ...]
    words: tuple[tuple[Kind, tuple[str, ...]], ...]


@cache
def _places() -> _Places:
    data = cast("dict[str, Any]", read_data("policy_places")[0])
    return _Places(
        tuple((entry["kind"], float(entry["weight"]), tuple(entry["any"])) for entry in data["names"]),
        tuple(data["skip"]),
        frozenset(data["extensions"]),
        tuple((entry["kind"], tuple(entry["any"])) for entry in data["url"]),
        tuple((entry["kind"], tuple(entry["any"])) for entry in data["words"]),
    )


# --- texts ----------------------------------------------------------------------------------------------


def find_policies(archive: Files, resources: ResourceTable | None) -> list[Candidate]:
    """Return the policies in a package, the likeliest privacy policy first; files that cannot be read are left out."""
    found = []
    sources = sorted(_sources(archive, resources), key=lambda source: -source[2])[:MAX_READ]
    for name, data, weight, why in sources:
        candidate = _read(name, data, weight, why)
        if candidate is not None:
            found.append(candidate)
    found.sort(
        key=lambda c: (_ORDER.index(c.kind), -c.confidence, -min(len(c.document.text), 30_000), c.name)
    )
    return _without_copies(found)[:MAX_CANDIDATES]


def _read(name: str, data: bytes, weight: float, why: Text) -> Candidate | None:
    from scanner.collect.policy.identify import kind_of  # noqa: PLC0415 - few packages hold a policy
    from scanner.collect.policy.source import read_document  # noqa: PLC0415 - the readers cost a tenth of a second

    document = read_document(data, name, limits=READ_LIMITS)
    if len(_HAN.findall(document.text)) < MIN_HAN and len(document.text) < MIN_STRING * 3:
        return None
    kind, confidence = kind_of(document)
    if kind == "other":
        return None
    if not document.title and weight < 3:
        confidence = min(confidence, 0.6)
    return Candidate(name, data, kind, confidence, document, why)


def _without_copies(candidates: Iterable[Candidate]) -> list[Candidate]:
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.document.sha256, candidate)
    return list(first.values())


def _sources(archive: Files, resources: ResourceTable | None) -> Iterator[tuple[str, bytes, float, Text]]:
    """Yield (name, content, weight, reason) of the texts worth reading."""
    aliases = {path: name for name, path in resources.files("raw")} if resources is not None else {}
    peeked = 0
    for name, entry in archive.entries.items():
        path = name.lower()
        suffix = path.rpartition(".")[2] if "." in path.rpartition("/")[2] else ""
        known = suffix in _places().extensions
        if not path.startswith(_FOLDERS) and name not in aliases:
            continue
        if not (known or (name in aliases and not suffix)) or not MIN_SIZE <= entry.size <= MAX_SIZE:
            continue
        called = f"{name} {aliases.get(name, '')}".lower()
        if any(part in called for part in _places().skip):
            continue
        weight, part = _name_weight(called)
        if weight < 3:
            peeked += 1
            if peeked > MAX_PEEKED or entry.size > PEEK or suffix in {"pdf", "docx"}:
                continue
        try:
            data = archive.read(name, MAX_SIZE)
        except EntryError:
            continue
        if weight >= 3:
            yield name, data, weight, _named(part)
        elif _has_words(data):
            yield name, data, weight + 1, _worded()
    if resources is not None:
        yield from _strings(resources)


def _name_weight(name: str) -> tuple[float, str]:
    best = (0.0, "")
    for _, weight, parts in _places().names:
        part = next((part for part in parts if part in name), "")
        if part and weight > best[0]:
            best = (weight, part)
    return best


def _has_words(data: bytes) -> bool:
    """Whether a text speaks of privacy more than in passing: a dictionary, too, has the words, once each."""
    return (
        sum(data.count(word) for word in _UTF8_WORDS) >= MIN_WORDS
        or sum(data.count(word) for word in _GBK_WORDS) >= MIN_WORDS
        or bool(_ENGLISH.search(data))
    )


def _strings(resources: ResourceTable) -> Iterator[tuple[str, bytes, float, Text]]:
    """Yield long string resources that speak of privacy; the parts of an array as one text."""
    joined: dict[str, list[str]] = {}
    for name, locale, text in resources.strings():
        if locale and not locale.startswith("zh"):
            continue
        array = not name.startswith("string/")
        if array or len(text) >= MIN_STRING:
            joined.setdefault(f"{name}@{locale}" if locale else name, []).append(text)
    for name, texts in joined.items():
        text = "\n".join(texts)
        if len(text) < MIN_STRING or not any(
            word in text for word in ("隐私", "隱私", "个人信息", "Privacy Policy")
        ):
            continue
        weight, _ = _name_weight(name.lower())
        yield (
            name,
            text.encode("utf-8", "replace"),
            weight + 1,
            Text(
                zh="字符串资源是一篇长文本，且含有隐私政策的用语",
                en="A string resource is a long text with the words of a policy",
            ),
        )


def _named(part: str) -> Text:
    return Text(zh=f"文件名含有“{part}”", en=f"The file name contains “{part}”")


def _worded() -> Text:
    return Text(zh="文件内容含有隐私政策的用语", en="The content has the words of a policy")


# --- links ----------------------------------------------------------------------------------------------


def find_links(archive: Files, resources: ResourceTable | None, code: Code | None) -> list[PolicyLink]:
    """Return the links to policies in strings, code and small files, the application's own first, without repetition."""
    found: dict[str, PolicyLink] = {}
    links = [*_string_links(resources), *_file_links(archive), *_code_links(code)]
    for link in links:
        known = found.get(link.url)
        if known is None or (link.own and not known.own):
            found[link.url] = link
    ranked = sorted(found.values(), key=lambda link: (not link.own, _ORDER.index(link.kind), link.url))
    return ranked[:MAX_LINKS]


def links_in(text: str, context: str = "") -> Iterator[tuple[str, Kind, int]]:
    """Yield (URL, kind, place) of the links in ``text`` that lead to a policy.

    The words between a link and the next name it (``<a href=…>《隐私政策》</a>``), then those before it, then its own
    path, then ``context`` (the name of the resource).
    """
    matches = list(_URL.finditer(text))
    for number, match in enumerate(matches):
        url = match[0].rstrip(".,;:)]）、")
        after = matches[number + 1].start() if number + 1 < len(matches) else len(text)
        before = matches[number - 1].end() if number else 0
        behind = text[match.end() : min(after, match.end() + NEAR)]
        ahead = text[max(before, match.start() - NEAR) : match.start()]
        if match.start() and text[match.start() - 1] in "\"'":
            behind = behind.partition("</a>")[0]
            kind = _by_words(behind) or _by_url(url)
        else:
            kind = (
                _by_words(ahead.rpartition("\n")[2]) or _by_url(url) or _by_words(behind.partition("\n")[0])
            )
        kind = kind or _by_words(context) or (_by_name(context) if len(matches) == 1 else None)
        if kind is not None:
            yield url, kind, match.start()


def _by_words(text: str) -> Kind | None:
    """The kind named last in ``text`` wins before a link, the first behind it; one of them is enough."""
    return next((kind for kind, parts in _places().words if any(part in text for part in parts)), None)


def _by_url(url: str) -> Kind | None:
    try:
        split = urlsplit(url)
    except ValueError:
        return None
    path = unquote(f"{split.path}?{split.query}#{split.fragment}").lower()
    return next((kind for kind, parts in _places().url if any(part in path for part in parts)), None)


def _by_name(name: str) -> Kind | None:
    lower = name.lower()
    return next(
        (kind for kind, weight, parts in _places().names if weight > 1 and any(p in lower for p in parts)),
        None,
    )


def _string_links(resources: ResourceTable | None) -> Iterator[PolicyLink]:
    for name, locale, text in resources.strings() if resources is not None else ():
        if "http" not in text:
            continue
        for url, kind, place in links_in(text[:200_000], name):
            evidence = Evidence(
                artifact="resources.arsc",
                locator=ResourceLocator(name=name, locale=locale),
                excerpt=text[max(0, place - NEAR) : place + NEAR * 3],
            )
            yield PolicyLink(url, kind, True, evidence)


def _file_links(archive: Files) -> Iterator[PolicyLink]:
    """Links in small text files of the assets that are named like a policy or a consent dialog (androidPrivacy.json)."""
    for name, entry in archive.entries.items():
        lower = name.lower()
        if not lower.startswith(("assets/", "res/raw/")) or entry.size > MAX_LINK_FILE:
            continue
        if (
            not lower.endswith((".json", ".html", ".htm", ".txt", ".xml", ".md"))
            or _name_weight(lower)[0] < 3
        ):
            continue
        try:
            text = (
                archive.read(name, MAX_LINK_FILE)
                .decode("utf-8", "replace")
                .replace("\\/", "/")
                .replace('\\"', '"')
            )
        except EntryError:
            continue
        for url, kind, place in links_in(text):
            excerpt = " ".join(text[max(0, place - NEAR) : place + NEAR * 3].split())
            yield PolicyLink(
                url, kind, True, Evidence(artifact=name, locator=FileLocator(path=name), excerpt=excerpt)
            )


def _code_links(code: Code | None) -> Iterator[PolicyLink]:
    if code is None:
        return
    for site in text_sites(code.dex, lambda file: strings_with_prefix(file, [b"http://", b"https://"])):
        for url, kind, _ in links_in(site.target[:2_000]):
            owner = code.owner(site.node)
            yield PolicyLink(url, kind, owner.kind == "app", code.evidence(site))
