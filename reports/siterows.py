"""Rows of the tables about a website in which much is alike: forms, requests, script libraries.

What is the same on many pages is one row that counts them; the JSON report has every single one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from reports.names import Names
from reports.sheet import NONE
from reports.text import one_line
from scanner.sitefacts import Form, ScriptLibrary, SiteFacts
from scanner.visitfacts import Request

URL, NAME = 200, 120

Row = tuple[str, ...]


def origin_of(site: SiteFacts) -> str:
    """Return the origin of the start address (``https://www.shop.example``), "" where it has none."""
    scheme, separator, rest = site.start_url.partition("://")
    return f"{scheme}{separator}{rest.partition('/')[0]}" if separator else ""


def address(url: str, site: SiteFacts) -> str:
    """Return an address for a table: without the origin where it is the site's own (:func:`addresses_note`)."""
    origin = origin_of(site)
    own = url.removeprefix(origin) if origin and url.startswith(f"{origin}/") else url
    return one_line(own, URL)


def addresses_note(site: SiteFacts, names: Names) -> str:
    """Return the sentence that says which part of addresses the tables leave out."""
    origin = origin_of(site)
    return names.word("t_addresses", origin=one_line(origin, URL)) if origin else ""


def form_rows(site: SiteFacts, names: Names) -> list[Row]:
    """Return the forms that ask for something classified, those alike on several pages as one row."""
    pages: dict[Row, list[str]] = defaultdict(list)
    for form in site.forms:
        if form.collects:
            pages[_form(form, names)].append(form.page)
    return [(_pages(found, site, names), *row) for row, found in pages.items()]


def forms_note(site: SiteFacts, names: Names) -> str:
    """Return how many forms there are, how many collect personal information, and how many more the table shows."""
    asking = sum(form.collects_pi for form in site.forms)
    weak = sum(bool(form.collects) for form in site.forms) - asking
    rest = len(site.forms) - asking - weak
    if asking == len(site.forms):
        return names.word("t_forms_all", total=asking)
    more = names.word("t_forms_weak", weak=weak) if weak else ""
    return names.word("t_forms_note", total=len(site.forms), asking=asking, weak=more, rest=rest)


def receivers_note(site: SiteFacts, names: Names) -> str:
    """Return the sentence that names other hosts forms are sent to: no form was sent, so no table of traffic has them."""
    hosts = dict.fromkeys(one_line(f.action_host, NAME) for f in site.forms if f.third_party)
    return names.word("t_form_receivers", hosts=names.join(hosts)) if hosts else ""


def request_rows(requests: Iterable[Request], names: Names) -> list[Row]:
    """Return the requests that send items, those alike as one row with their number."""
    counts: dict[Row, int] = defaultdict(int)
    for request in requests:
        if request.sends:
            row = (
                one_line(request.host, NAME),
                one_line(request.method, 12),
                names.word(f"phase_{request.phase}"),
                names.word("t_third" if request.third_party else "t_first"),
                names.join(names.items(request.sends)),
            )
            counts[row] += 1
    return [(*row, str(count)) for row, count in counts.items()]


def library_rows(site: SiteFacts, names: Names) -> list[Row]:
    """Return the script libraries, vulnerable ones first, each version once with its addresses."""
    found: dict[tuple[str, str], list[ScriptLibrary]] = defaultdict(list)
    for library in sorted(site.libraries, key=lambda one: (not one.vulnerable, one.name, one.version)):
        found[library.name, library.version].append(library)
    return [
        (
            one_line(name, NAME),
            one_line(version, NAME),
            _advisories(alike[0], names),
            "\n".join(address(one.url, site) for one in alike),
        )
        for (name, version), alike in found.items()
    ]


def _advisories(library: ScriptLibrary, names: Names) -> str:
    if not library.vulnerable:
        return names.word("t_no_advisory")
    severity = names.known("advisory", library.severity or "unknown")
    return f"{names.join(one_line(a, NAME) for a in library.advisories)}{names.word('open')}{severity}{names.word('close')}"


def _pages(pages: Sequence[str], site: SiteFacts, names: Names) -> str:
    distinct = list(dict.fromkeys(pages))
    first = address(distinct[0], site)
    if len(pages) == 1:
        return first
    key = "t_and_pages" if len(distinct) > 1 else "t_and_forms"
    return names.word(key, first=first, pages=len(distinct), forms=len(pages))


def _form(form: Form, names: Names) -> Row:
    marks = [] if form.sends_pi or not form.collects_pi else [names.word("t_not_sent")]
    marks += [names.word("t_third")] if form.third_party else []
    marks += [names.word("cleartext")] if form.cleartext or form.page_cleartext else []
    boxless = form.consents and not any(consent.box for consent in form.consents)
    box = names.word("t_implied") if boxless else yes_no(form.agreement, names)
    if form.agreement_checked:
        box += f"{names.word('comma')}{names.word('t_ticked')}"
    return (
        names.known("form", form.purpose),
        _asked(form, names),
        names.join((one_line(form.action_host, NAME) or NONE, *marks)),
        box,
        yes_no(form.policy_linked, names),
    )


def _asked(form: Form, names: Names) -> str:
    """Return the items a form asks for, each with the words of the inputs that ask for it and whether sensitive."""
    words: dict[str, list[str]] = {item: [] for item in form.collects}
    for field in form.fields:
        said = one_line(field.label or field.placeholder or field.name, 40)
        if field.item in words and not field.hidden and said:
            words[field.item].append(said)
    sensitive = {f.item for f in form.fields if f.sensitive == "yes"}
    mark = f" [{names.word('sensitive_yes')}]"
    open_, close = names.word("open"), names.word("close")
    return names.join(
        names.item(item)
        + (f"{open_}{names.join(dict.fromkeys(said))}{close}" if said else "")
        + (mark if item in sensitive else "")
        for item, said in words.items()
    )


def yes_no(value: bool | None, names: Names) -> str:
    """Return yes, no or unknown in the report's language."""
    return names.word({True: "l_yes", False: "l_no_word", None: "t_unknown"}[value])
