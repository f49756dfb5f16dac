"""The appendix tables: SDKs, items by owner, endpoints, signing, and what was not read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from reports.clauses import RuleView
from reports.names import Names
from reports.text import one_line
from scanner.codefacts import Access, Endpoint, Origin, Sdk
from scanner.facts import AppFacts
from scanner.model import Confidence, Outcome
from scanner.places import Count, count, obtains, only_leads

COLUMNS = 8
MAX_ENDPOINTS = 200
MAX_PLACES = 20
SENSITIVE_ORDER = ("yes", "conditional", "legacy", "no")
OWNER_ORDER = ("app", "unknown", "library", "sdk")


@dataclass(frozen=True, slots=True)
class SdkRow:
    """An SDK: who makes it, what for, what its code reads here, what its vendor says it collects."""

    name: str
    vendor: str
    country: str
    purpose: str
    version: str
    basis: tuple[str, ...]
    seen: tuple[str, ...]
    documented: tuple[str, ...]
    started: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with its places by owner, in the order of the matrix' columns; ``marks`` are words such as 敏感."""

    name: str
    marks: tuple[str, ...]
    cells: tuple[Count, ...]
    total: Count


@dataclass(frozen=True, slots=True)
class Matrix:
    """Items × owners.  ``others`` names the owners gathered in the last column; ``weak`` are items that were only
    obtained through interfaces of mostly harmless use."""

    columns: tuple[str, ...]
    others: tuple[str, ...]
    rows: tuple[ItemRow, ...]
    weak: tuple[ItemRow, ...]


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An address in the package: who wrote the code around it, whether it is fetched without encryption, who runs it.

    ``country`` says whose it is; ``overseas`` is a key (``true``, ``false``, ``unknown``).
    """

    host: str
    url: str
    cleartext: bool
    owner: str
    origin: str
    operator: str
    country: str
    overseas: str
    overseas_label: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that was not read, or odd: what, which facts it leaves open or where it is, how often."""

    message: str
    where: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """Rules that could not be decided for the same reasons."""

    reasons: tuple[str, ...]
    rules: tuple[RuleView, ...]


def sdk_rows(app: AppFacts, names: Names) -> tuple[SdkRow, ...]:
    """Return the SDKs that are services rather than plain libraries; those that read most first."""
    found = [sdk for sdk in app.sdks if not sdk.is_library]
    return tuple(_sdk(sdk, names) for sdk in sorted(found, key=lambda s: (-len(s.items), s.id)))


def _sdk(sdk: Sdk, names: Names) -> SdkRow:
    started = {True: "started", False: "not_started", None: "start_unknown"}[sdk.initialised]
    return SdkRow(
        name=names.text(sdk.name, 80)
        + (names.word("sdk_tentative") if sdk.confidence is Confidence.TENTATIVE else ""),
        vendor=names.text(sdk.vendor, 80),
        country=names.known("country", sdk.country) if sdk.country else "",
        purpose=names.known("purpose", sdk.purpose),
        version=one_line(sdk.version or "", 40),
        basis=tuple(names.known("basis", basis) for basis in sdk.basis),
        seen=names.items(sdk.items),
        documented=names.items(sdk.documented_items),
        started=names.word("started_before" if sdk.initialised and sdk.init_before_ui else started),
    )


def library_names(app: AppFacts, names: Names) -> tuple[str, ...]:
    """Return the names of plain libraries and frameworks."""
    return tuple(names.text(sdk.name, 80) for sdk in app.sdks if sdk.is_library)


def matrix(app: AppFacts, names: Names) -> Matrix:
    """Return who obtains which item, from all accesses: items by sensitivity, owners by number of items.

    Plain libraries share one column.
    """
    cells: dict[tuple[str, str], list[Access]] = defaultdict(list)
    by_item: dict[str, list[Access]] = defaultdict(list)
    owners: dict[str, Origin] = {}
    for access in app.accesses:
        if not obtains(access):
            continue
        key = _owner_key(access.owner)
        owners.setdefault(key, access.owner)
        cells[access.item, key].append(access)
        by_item[access.item].append(access)
    width = Counter(key for _, key in cells)
    ordered = sorted(owners, key=lambda k: (OWNER_ORDER.index(owners[k].kind), -width[k], k))
    shown = ordered if len(ordered) <= COLUMNS + 1 else ordered[:COLUMNS]
    rest = ordered[len(shown) :]
    rows: list[ItemRow] = []
    weak: list[ItemRow] = []
    for item in sorted(by_item, key=lambda i: _item_order(by_item[i], i)):
        parts = [cells.get((item, key), []) for key in shown]
        if rest:
            parts.append([access for key in rest for access in cells.get((item, key), [])])
        row = ItemRow(
            name=names.item(item),
            marks=_marks(by_item[item], names),
            cells=tuple(count(part) for part in parts),
            total=count(by_item[item]),
        )
        (weak if only_leads(by_item[item]) else rows).append(row)
    columns = [_column(owners[key], names) for key in shown]
    if rest:
        columns.append(names.word("other_owners", count=len(rest)))
    others = tuple(_column(owners[key], names) for key in rest)
    return Matrix(columns=tuple(columns), others=others, rows=tuple(rows), weak=tuple(weak))


def _owner_key(owner: Origin) -> str:
    return f"sdk:{owner.id}" if owner.kind == "sdk" else owner.kind


def _column(owner: Origin, names: Names) -> str:
    return names.word("libraries") if owner.kind == "library" else names.owner(owner)


def _item_order(accesses: Sequence[Access], item: str) -> tuple[int, bool, bool, int, str]:
    first = accesses[0]
    unreached = not any(a.reachable for a in accesses)
    sensitive = SENSITIVE_ORDER.index(first.sensitive)
    return sensitive, not first.persistent_identifier, unreached, -len(accesses), item


def _marks(accesses: Sequence[Access], names: Names) -> tuple[str, ...]:
    first = accesses[0]
    marks = []
    if first.sensitive in {"yes", "conditional"}:
        marks.append(names.word(f"sensitive_{first.sensitive}"))
    if first.persistent_identifier:
        marks.append(names.word("persistent"))
    return tuple(marks)


def endpoint_rows(app: AppFacts, names: Names) -> tuple[EndpointRow, ...]:
    """Return the addresses in the package, cleartext first, then those overseas."""
    return tuple(_endpoint(e, names) for e in endpoint_order(app)[:MAX_ENDPOINTS])


def endpoint_order(app: AppFacts) -> list[Endpoint]:
    """Return all addresses, cleartext first, then those overseas."""
    return sorted(app.endpoints, key=lambda e: (not e.cleartext, e.overseas is not True, e.host, e.url))


def _endpoint(endpoint: Endpoint, names: Names) -> EndpointRow:
    overseas = {True: "true", False: "false", None: "unknown"}[endpoint.overseas]
    return EndpointRow(
        host=one_line(endpoint.host, 120),
        url=one_line(endpoint.url, 200),
        cleartext=endpoint.cleartext,
        owner=names.owner(endpoint.owner),
        origin=names.known("origin", endpoint.origin),
        operator=names.text(endpoint.operator, 80),
        country=country_of(endpoint, names),
        overseas=overseas,
        overseas_label="" if _is_loopback(endpoint.host) else names.word(f"b_overseas_{overseas}"),
    )


def country_of(endpoint: Endpoint, names: Names) -> str:
    """Return the country with whose it is, or that the address is the device itself; empty where neither is known."""
    if _is_loopback(endpoint.host):
        return names.word("b_this_device")
    if endpoint.country is None or endpoint.country_of is None:
        return ""
    return names.word(f"b_country_{endpoint.country_of}", country=names.known("country", endpoint.country))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def data_day(app: AppFacts, names: Names) -> str:
    """Return the day of the data that countries of addresses rest on, as a sentence part; empty without any."""
    days = sorted({endpoint.as_of for endpoint in app.endpoints if endpoint.as_of})
    return names.word("b_data_day", day="–".join(dict.fromkeys((days[0], days[-1])))) if days else ""


def signing_rows(app: AppFacts, names: Names) -> tuple[tuple[str, str], ...]:
    """Return label and value: signature schemes, then each certificate."""
    schemes = [
        f"{s.scheme} {names.word({True: 'verified', False: 'broken', None: 'unchecked'}[s.verified])}"
        for s in app.signing.schemes
        if s.present
    ]
    if app.signing.signed is None:  # a bundle: what a device installs is signed later, by the store
        schemes = [names.word("unchecked")]
    rows = [(names.word("label_schemes"), names.join(schemes) or names.word("unsigned"))]
    for certificate in app.signing.certificates:
        marks = [names.word("debug_certificate")] if certificate.debug else []
        marks += [names.text(certificate.weak_reason)] if certificate.weak else []
        key = f"{certificate.key_algorithm} {certificate.key_bits or ''}".strip()
        until = names.word("valid_until", date=certificate.not_after.date().isoformat())
        parts = [one_line(certificate.subject, 200), one_line(key, 40), until, *marks]
        rows.append((names.word("label_certificate"), names.join(part for part in parts if part)))
        rows.append((names.word("label_certificate_sha256"), one_line(certificate.sha256, 80)))
    return tuple(rows)


def unread_rows(names: Names) -> tuple[Unread, ...]:
    """Return what could not be read, each message once: the gaps, with the facts they leave open."""
    counts: Counter[str] = Counter()
    for problem in names.facts.problems:
        counts[names.text(problem.message)] += problem.count
    places: dict[str, list[str]] = {}
    for gap in names.facts.gaps:
        places.setdefault(names.text(gap.reason), []).append(names.known("path", gap.path.replace(".", "_")))
    return tuple(
        Unread(message, tuple(dict.fromkeys(paths)), counts[message]) for message, paths in places.items()
    )


def oddity_rows(names: Names) -> tuple[Unread, ...]:
    """Return what was odd but left no gap, each message once with its places."""
    gaps = {names.text(gap.reason) for gap in names.facts.gaps}
    places: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for problem in names.facts.problems:
        message = names.text(problem.message)
        if message not in gaps:
            places.setdefault(message, []).append(names.known("where", problem.where))
            counts[message] += problem.count
    return tuple(
        Unread(message, _some([place for place in dict.fromkeys(where) if place], names), counts[message])
        for message, where in places.items()
    )


def _some(places: Sequence[str], names: Names) -> tuple[str, ...]:
    """Return at most :data:`MAX_PLACES` of ``places`` and how many more there are."""
    left = len(places) - MAX_PLACES
    return (*places[:MAX_PLACES], names.word("more_places", count=left)) if left > 0 else tuple(places)


def looked_rows(names: Names) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what was searched and for which facts: the ground of every statement that something is absent."""
    found: dict[str, list[str]] = {}
    for looked in names.facts.looked:
        path = names.known("path", looked.path.replace(".", "_"))
        found.setdefault(names.text(looked.what), []).append(path)
    return tuple((what, tuple(dict.fromkeys(paths))) for what, paths in found.items())


def not_followed(app: AppFacts, names: Names) -> tuple[tuple[str, int], ...]:
    """Return what static analysis did not follow in this package, with counts."""
    code = app.code
    return (
        (names.word("blind_reflection"), code.reflection_calls),
        (names.word("blind_native"), code.native_methods),
        (names.word("blind_libraries"), len(app.native_libraries)),
        (names.word("blind_dynamic"), code.dynamic_loads),
        (names.word("blind_skipped"), code.skipped_methods),
    )


def undecided(rules: Iterable[RuleView]) -> tuple[Undecided, ...]:
    """Return the rules that could not be decided or broke, gathered by their reasons."""
    groups: dict[tuple[str, ...], list[RuleView]] = {}
    for rule in sorted(rules, key=lambda r: r.code):
        if rule.outcome in {Outcome.UNKNOWN, Outcome.ERROR}:
            groups.setdefault(rule.reasons, []).append(rule)
    return tuple(Undecided(reasons, tuple(group)) for reasons, group in groups.items())
