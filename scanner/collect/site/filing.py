"""Filing numbers and the operator's name, as pages show them (``rules/data/filing.yaml``).

Numbers count when they stand where operators put them: the page's foot, its last lines, or a line with a copyright
notice.  A number quoted in an article is not the site's own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from scanner.collect.site import notes
from scanner.collect.site.domains import registrable
from scanner.collect.site.page import ParsedPage, squeeze, words_of
from scanner.collect.site.weburl import UrlError, parse_url
from scanner.datafiles import read_data
from scanner.errors import InputError
from scanner.model import Evidence, Text
from scanner.sitefacts import Filing

Kind = Literal["icp", "license", "police"]
LAST_LINES = 25
MAX_FOUND = 20
MAX_SHOWN = 3
MAX_REGISTER = 64 << 20
_ICP = re.compile(
    r"([\u4e00-\u9fff]?)\s?ICP\s?([备備证證])\s?(?:案)?(?:字)?(?:第)?[\s:：]{0,3}([0-9A-Za-z]{3,14})\s?(?:号|號)?(?:\s?[-－—]\s?([0-9]{1,4}[A-Za-z]?))?",
    re.IGNORECASE,
)
_LICENSE = re.compile(r"([\u4e00-\u9fff])\s?(B[12]|A[12])\s?[-.－—]\s?([0-9]{8})", re.IGNORECASE)
_POLICE = re.compile(
    r"([\u4e00-\u9fff]?)\s?公网安备[案]?\s?[:：]?\s?(?:第)?\s?([0-9A-Za-z]{6,18})\s?(?:号|號)?"
)
# What every number holds, at most two characters after its beginning: finding it first spares trying every character.
_ICP_CORE = re.compile(r"ICP", re.IGNORECASE)
_LICENSE_CORE = re.compile(r"[AB][12]", re.IGNORECASE)
_POLICE_CORE = re.compile(r"公网安备")
_NOTICE = re.compile(r"版权|©|copyright|主办|备案", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A filing number on one page; ``main`` is the number without the website's suffix."""

    kind: Kind
    number: str
    main: str
    well_formed: bool
    province: str
    linked: bool
    link: str
    evidence: Evidence


@dataclass(frozen=True)
class FilingWords:
    """The data of ``filing.yaml``."""

    provinces: dict[str, str]
    icp_hosts: frozenset[str]
    former_icp_hosts: frozenset[str]
    police_hosts: frozenset[str]
    operator: re.Pattern[str]
    marks: tuple[str, ...]


@cache
def filing_words() -> FilingWords:
    """Return the data."""
    (data,) = read_data("filing")
    ends = "|".join(map(re.escape, sorted(data["operator_ends"], key=len, reverse=True)))
    return FilingWords(
        provinces=dict(data["provinces"]),
        icp_hosts=frozenset(data["icp_hosts"]),
        former_icp_hosts=frozenset(data["former_icp_hosts"]),
        police_hosts=frozenset(data["police_hosts"]),
        operator=re.compile(
            rf"[\u4e00-\u9fff][\u4e00-\u9fffA-Za-z0-9()（）·]{{1,40}}?(?:{ends})(?![\u4e00-\u9fff])"
        ),
        marks=tuple(data["operator_marks"]),
    )


def find_filings(page: ParsedPage) -> tuple[Seen, ...]:
    """Return the filing numbers ``page`` shows as its own, each once."""
    if "ICP" not in page.text.upper() and "公网安备" not in page.text and "B2" not in page.text:
        return ()
    words = filing_words()
    text = _own_lines(page)
    icp = _Link(_link(page, words.icp_hosts), _link(page, words.former_icp_hosts))
    police = _Link(_link(page, words.police_hosts))
    found: dict[str, Seen] = {}

    def note(
        kind: Kind, number: str, main: str, link: _Link, match: re.Match[str], fault: Text | None
    ) -> None:
        if number not in found and len(found) < MAX_FOUND:
            found[number] = _seen(page, kind, number, main, fault, match.group(1), link, match.group())

    for match in _around(_ICP, _ICP_CORE, text):
        province, mark, digits, suffix = match.groups()
        kind: Kind = "icp" if mark in "备備" else "license"
        main = f"{province}ICP{'备' if kind == 'icp' else '证'}{digits}号"
        fault = icp_fault(province, digits, licence=kind == "license")
        note(kind, main + (f"-{suffix}" if suffix else ""), main, icp, match, fault)
    for match in _around(_LICENSE, _LICENSE_CORE, text):
        province, letter, digits = match.groups()
        if province in words.provinces:
            number = f"{province}{letter.upper()}-{digits}"
            note("license", number, number, _Link(), match, None)
    for match in _around(_POLICE, _POLICE_CORE, text):
        province, digits = match.groups()
        number = f"{province}公网安备{digits}号"
        note("police", number, number, police, match, police_fault(province, digits))
    return tuple(found.values())


def _around(pattern: re.Pattern[str], core: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of ``pattern``, each of which holds ``core`` within two characters of its beginning."""
    position = 0
    while found := core.search(text, position):
        starts = range(max(position, found.start() - 2), found.start() + 1)
        match = next((m for m in (pattern.match(text, start) for start in starts) if m), None)
        if match is not None:
            yield match
        position = match.end() if match is not None else found.start() + 1


def icp_fault(province: str, digits: str, *, licence: bool) -> Text | None:
    """Return which rule of form an ICP filing or licence number breaks, None when it keeps them."""
    if province not in filing_words().provinces:
        return _no_province(province)
    if not digits.isdigit():
        return Text(zh=f"“{digits}”不全是数字", en=f"“{digits}” is not made of digits only")
    if len(set(digits)) == 1:
        return Text(zh=f"“{digits}”各位数字相同", en=f"“{digits}” repeats one digit")
    count = len(digits)
    if licence:
        return None if 6 <= count <= 10 else _wrong_count("6 至 10 位", "6 to 10", count)
    if count == 8 or (count == 10 and digits.startswith("20")):
        return None
    return _wrong_count("8 位或以 20 开头的 10 位", "8, or 10 beginning with 20", count)


def police_fault(province: str, digits: str) -> Text | None:
    """Return which rule of form a police filing number breaks, None when it keeps them."""
    provinces = filing_words().provinces
    if province not in provinces:
        return _no_province(province)
    if not digits.isdigit():
        return Text(zh=f"“{digits}”不全是数字", en=f"“{digits}” is not made of digits only")
    if not 12 <= len(digits) <= 14:
        return _wrong_count("12 至 14 位", "12 to 14", len(digits))
    code = provinces[province]
    if digits[:2] == code:
        return None
    other = next((name for name, known in provinces.items() if known == digits[:2]), "")
    zh, en = (f"，是“{other}”的代码", f", the code of “{other}”") if other else ("", "")
    return Text(
        zh=f"简称“{province}”的行政区划代码以 {code} 开头，编号以 {digits[:2]} 开头{zh}",
        en=f"the area code of “{province}” begins with {code}, the number with {digits[:2]}{en}",
    )


def _no_province(province: str) -> Text:
    if not province:
        return Text(zh="编号前没有省级简称", en="no province stands before it")
    return Text(zh=f"“{province}”不是省级简称", en=f"“{province}” is no province")


def _wrong_count(zh: str, en: str, count: int) -> Text:
    return Text(zh=f"应为 {zh}数字，所见为 {count} 位", en=f"it is to have {en} digits and has {count}")


@dataclass(frozen=True, slots=True)
class _Link:
    """Where a page links to: the authority's site in use, or one it no longer uses."""

    official: str = ""
    former: str = ""


def _seen(
    page: ParsedPage,
    kind: Kind,
    number: str,
    main: str,
    fault: Text | None,
    province: str,
    link: _Link,
    excerpt: str,
) -> Seen:
    marker = "公网安备" if kind == "police" else ("ICP" if "ICP" in main else main[1:3])
    element = next(
        (
            e
            for e in page.root.iter("a", "p", "span", "div", "td", "li", "font", "footer")
            if marker in (e.text or "")
        ),
        None,
    )
    note = notes.filing_note(link.official, link.former, fault)
    proof = page.evidence(element, excerpt).model_copy(update={"note": note})
    return Seen(
        kind,
        number,
        main,
        fault is None,
        province,
        bool(link.official),
        link.official or link.former,
        proof,
    )


def _own_lines(page: ParsedPage) -> str:
    lines = page.text.split("\n")
    chosen = _notices(page.text, sum(len(line) + 1 for line in lines[:-LAST_LINES]))
    feet = [
        squeeze(words_of(e))
        for e in (page.root.iter("footer", "div", "p", "td") if page.foot else ())
        if e in page.foot and len(e) < 40
    ][:40]
    return " \n".join((*chosen, *(f for f in feet if len(f) < 3_000), "  ".join(lines[-LAST_LINES:])))


def _notices(text: str, end: int) -> list[str]:
    """Return the lines of ``text`` before position ``end`` that hold a copyright or filing notice, if not too long."""
    found: list[str] = []
    position = 0
    while match := _NOTICE.search(text, position, end):
        start = text.rfind("\n", 0, match.start()) + 1
        position = text.find("\n", match.end())
        position = len(text) if position < 0 else position
        if position - start < 300:
            found.append(text[start:position])
    return found


def _link(page: ParsedPage, hosts: frozenset[str]) -> str:
    for link in page.links:
        try:
            if parse_url(link.url).host in hosts:
                return link.url
        except UrlError:
            continue
    return ""


def find_operator(page: ParsedPage) -> str | None:
    """Return the operator named in a copyright or host line of ``page``, None when there is none."""
    words = filing_words()
    for line in reversed(page.text.split("\n")[-80:]):
        lowered = line.lower()
        if len(line) < 400 and any(mark in lowered for mark in words.marks):
            rest = line
            for mark in (*words.marks, "：", ":", "归"):
                rest = rest.replace(mark, " ")
            match = words.operator.search(rest)
            if match:
                return match.group()
    return None


@dataclass
class Register:
    """An offline register of filings: numbers, and numbers by domain."""

    numbers: set[str] = field(default_factory=set)
    by_domain: dict[str, set[str]] = field(default_factory=dict)


NUMBER_COLUMNS = ("备案号", "备案编号", "主体备案号", "网站备案号", "icp", "number", "license")
DOMAIN_COLUMNS = ("域名", "网站域名", "domain", "host", "网址")


def read_register(path: Path) -> Register:
    """Read a CSV register with a column of numbers and, optionally, of domains; raises InputError."""
    try:
        if path.stat().st_size > MAX_REGISTER:
            raise InputError("register-too-large", Text(zh=f"{path} 过大", en=f"{path} is too large"))
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            "register-unreadable", Text(zh=f"无法读取 {path}：{error.strerror}", en=f"cannot read {path}")
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    rows = csv.DictReader(text.splitlines())
    names = {str(name).strip().lower(): str(name) for name in rows.fieldnames or ()}
    number = next((names[c] for c in NUMBER_COLUMNS if c in names), None)
    domain = next((names[c] for c in DOMAIN_COLUMNS if c in names), None)
    if number is None:
        raise InputError(
            "register-columns",
            Text(
                zh=f"{path} 的首行没有“备案号”一列",
                en=f"{path} has no column named 备案号 or number in its first line",
            ),
        )
    register = Register()
    for row in rows:
        plain = plain_number(row.get(number) or "")
        if plain:
            register.numbers.add(plain)
            for host in re.split(r"[;；,，\s]+", (row.get(domain) or "") if domain else ""):
                if host:
                    bare = host.lower().removeprefix("http://").removeprefix("https://").split("/")[0]
                    register.by_domain.setdefault(registrable(bare), set()).add(plain)
    return register


def plain_number(number: str) -> str:
    """Return the main number without blanks and website suffix, for comparison."""
    return (
        re.sub(r"[-－—][0-9A-Za-z]{1,5}\Z", "", re.sub(r"\s", "", number))
        .replace("號", "号")
        .replace("備", "备")
    )


def join_filings(
    pages: Sequence[tuple[str, Sequence[Seen]]], host: str, register: Register | None
) -> tuple[Filing, ...]:
    """Join what all pages (URL, numbers) show into one fact per number, most shown first."""
    by_number: dict[str, list[Seen]] = {}
    for _, seen in pages:
        for entry in seen:
            by_number.setdefault(entry.number, []).append(entry)
    mains: dict[str, set[str]] = {}
    for entries in by_number.values():
        if entries[0].well_formed:  # a malformed number is a matter of its own
            mains.setdefault(entries[0].kind, set()).add(entries[0].main)
    filings = []
    for number, entries in sorted(by_number.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        first = entries[0]
        best = next((e for e in entries if e.linked), first)
        registered, matches = _registered(first, host, register)
        filings.append(
            Filing(
                kind=first.kind,
                number=number,
                well_formed=first.well_formed,
                province=first.province,
                linked=None if first.kind == "license" else any(e.linked for e in entries),
                link=best.link,
                pages=len(entries),
                consistent=len(mains[first.kind]) == 1
                if first.kind != "license" and first.well_formed
                else None,
                registered=registered,
                register_matches=matches,
                evidence=_shown((best, *(e for e in entries if e is not best))),
            )
        )
    return tuple(filings)


def _shown(entries: Sequence[Seen]) -> tuple[Evidence, ...]:
    """Return the evidence of the first pages that show a number, which say how many pages show it."""
    shown = [entry.evidence for entry in entries[:MAX_SHOWN]]
    if len(entries) > len(shown):
        shown = [
            proof.model_copy(update={"note": notes.shown_note(proof.note, len(entries), len(shown))})
            for proof in shown
        ]
    return tuple(shown)


def _registered(seen: Seen, host: str, register: Register | None) -> tuple[bool | None, bool | None]:
    if register is None or seen.kind != "icp":
        return None, None
    plain = plain_number(seen.main)
    known = register.by_domain.get(registrable(host))
    return plain in register.numbers, (plain in known) if known is not None else None


def shown(seen: Iterable[Seen], kinds: Iterable[str]) -> bool:
    """Whether a well-formed number of one of ``kinds`` is among ``seen``."""
    wanted: Any = set(kinds)
    return any(entry.well_formed and entry.kind in wanted for entry in seen)
