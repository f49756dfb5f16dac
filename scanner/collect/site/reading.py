"""What one page contributes to the facts of its site.  Runs in the crawl's threads; keeps no tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from scanner.collect.site import notes
from scanner.collect.site.exposed import find_exposed
from scanner.collect.site.exposure import seen_in_page
from scanner.collect.site.fetch import Fetched
from scanner.collect.site.filing import Seen, find_filings, find_operator
from scanner.collect.site.forms import read_forms
from scanner.collect.site.frontier import Target
from scanner.collect.site.headers import mixed_content
from scanner.collect.site.page import ParsedPage, kind_of
from scanner.collect.site.weburl import UrlError, parse_url
from scanner.collect.site.words import page_words
from scanner.model import Evidence
from scanner.sitefacts import ExposedData, Form, Page, Weakness

SHELL_TEXT = 120
SHELL_LINKS = 2


@dataclass(frozen=True, slots=True)
class Pointer:
    """A link that promises a page of some kind: where it leads and the link as evidence.

    ``leads``: to a page or a part of one; a bare ``#`` leads nowhere unless a script opens something.
    """

    kind: str
    url: str
    evidence: Evidence
    leads: bool = True


@dataclass
class PageReading:
    """Facts of one page.  ``shell``: hardly any text, so a script probably builds the page in the browser.
    ``cut``: the page was too large or nested too deep to be read whole;
    ``broken``: the error that a reader ended with."""

    page: Page
    forms: tuple[Form, ...] = ()
    filings: tuple[Seen, ...] = ()
    operator: str | None = None
    site_name: str = ""
    exposed: tuple[ExposedData, ...] = ()
    weaknesses: tuple[Weakness, ...] = ()
    statements: dict[str, Evidence] = field(default_factory=dict)
    pointers: tuple[Pointer, ...] = ()
    resources: tuple[tuple[str, str], ...] = ()
    shell: bool = False
    cut: bool = False
    broken: str = ""
    policy_like: bool = False
    chinese: bool = False


def read_page(target: Target, fetched: Fetched | None, parsed: ParsedPage, *, start: bool) -> PageReading:
    """Read ``parsed``; ``fetched`` is None for a page a browser rendered.

    A page that breaks a reader is returned as read in part (``broken`` names the error): it never ends a visit.
    """
    kind = kind_of(parsed, target.promised, start=start)
    reading = PageReading(page=_page(target, fetched, parsed, kind), cut=parsed.cut)
    if reading.page.status is not None and reading.page.status >= 400:
        reading.weaknesses = tuple(seen_in_page(parsed, reading.page.status))
        return reading
    try:
        _fill(reading, parsed, kind)
    except Exception as error:  # noqa: BLE001 - the per-page boundary
        reading.broken, reading.cut = type(error).__name__, True
    return reading


def _page(target: Target, fetched: Fetched | None, parsed: ParsedPage, kind: str) -> Page:
    final = fetched.final if fetched is not None else None
    error = final is not None and final.status >= 400
    status = final.status if final is not None else None
    kind_of_content = fetched.content_type if fetched is not None else "text/html"
    cleartext = parsed.url.startswith("http://")
    seen = parsed.evidence(None, parsed.title or parsed.text[:80])
    note = notes.page_note(status=status, cleartext=cleartext, kind=kind_of_content)
    return Page(
        url=target.url,
        final_url=parsed.url,
        status=status,
        title=parsed.title,
        kind="other" if error else kind,
        depth=target.depth,
        content_type=kind_of_content,
        size=len(fetched.body) if fetched is not None else len(parsed.text),
        language=parsed.language,
        cleartext=cleartext,
        rendered=fetched is None,
        redirects=tuple(hop.url for hop in fetched.hops[:-1]) if fetched is not None else (),
        problem=fetched.trouble.code if fetched is not None and fetched.trouble is not None else None,
        sha256=parsed.sha256,
        evidence=(seen.model_copy(update={"note": note}),),
    )


def _fill(reading: PageReading, parsed: ParsedPage, kind: str) -> None:
    reading.weaknesses = tuple(seen_in_page(parsed, reading.page.status))
    words = page_words()
    lowered = parsed.text.lower()
    reading.forms = read_forms(parsed, kind)
    reading.cut = parsed.cut  # reading the forms has its limits too
    reading.filings = find_filings(parsed)
    reading.operator = find_operator(parsed)
    reading.site_name = parsed.site_name
    reading.policy_like = kind == "policy"
    reading.chinese = any("\u4e00" <= c <= "\u9fff" for c in parsed.text[:2000])
    scripted = bool(parsed.scripts) or any(r.type == "script" for r in parsed.resources)
    reading.shell = (
        scripted and len(parsed.text) < SHELL_TEXT and len(parsed.links) <= SHELL_LINKS and not reading.forms
    )
    for name, pattern in words.statements.items():
        match = pattern.search(lowered)
        if match:
            excerpt = parsed.text[max(0, match.start() - 40) : match.end() + 60]
            reading.statements[name] = parsed.evidence(None, excerpt)
    reading.pointers = tuple(_pointers(parsed))
    reading.resources = tuple((r.url, r.type) for r in parsed.resources)
    reading.exposed = tuple(find_exposed(parsed))
    reading.weaknesses += tuple(mixed_content(parsed.url, reading.resources))


def _pointers(parsed: ParsedPage) -> list[Pointer]:
    words = page_words()
    found: dict[tuple[str, str], Pointer] = {}
    for link in parsed.links:
        if not link.text:
            continue
        try:
            path = parse_url(link.url).path
        except UrlError:
            continue
        kind = words.kind_of_link(link.text, path)
        if kind != "other" and (kind, link.url) not in found:
            proof = parsed.evidence(link.element, link.text)
            found[kind, link.url] = Pointer(kind, link.url, proof, leads=not link.url.endswith("#"))
    return list(found.values())
