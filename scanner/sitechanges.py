"""The facts of a website that a retest compares.

Counts, sizes and times differ between any two visits and are no part of any entry; addresses stand without their query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar
from urllib.parse import urlsplit

from scanner.changes import Entry, Source, marks, said
from scanner.facts import Facts
from scanner.sitefacts import ExposedData, Filing, Form, ScriptLibrary, SiteFacts, Transport, Weakness
from scanner.visitfacts import ConsentDialog, Cookie, ScriptUse, StorageItem, ThirdParty

MAX_TEXT = 200
T = TypeVar("T")


def _each(
    facts_of: Callable[[SiteFacts], Iterable[T]], entry: Callable[[T], Entry]
) -> Callable[[Facts], Iterator[Entry]]:
    """Return how to take the entries of a site's list from its facts; a subject that is no site has none."""

    def entries(facts: Facts) -> Iterator[Entry]:
        if facts.site is not None:
            yield from map(entry, facts_of(facts.site))

    return entries


def _path(url: str) -> str:
    """Return host and path of ``url``, without query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0][:MAX_TEXT]
    return f"{parts.netloc}{parts.path or '/'}"[:MAX_TEXT]


def third_party(party: ThirdParty) -> Entry:
    """Third-party domains: for what, whose, where, what they are sent, whether before consent."""
    return Entry(
        party.domain,
        (
            *said("party", party.category if party.category != "unknown" else ""),
            *said("text", party.owner),
            *said("country", party.country),
            *marks(overseas=party.overseas is True, before_consent=party.before_consent),
            *said("item", *party.sends_items),
        ),
        evidence=party.evidence,
    )


def cookie_entry(cookie: Cookie) -> Entry:
    """Cookies: for what, whether they last and identify, and whether set before consent."""
    return Entry(
        f"{cookie.name} {cookie.domain}",
        (
            *said("cookie", cookie.purpose),
            *marks(
                third_party=cookie.third_party,
                before_consent=cookie.phase == "before",
                kept_after_reject=cookie.phase == "reject" and not cookie.session,
                identifies=cookie.identifier,
                session=cookie.session,
            ),
        ),
        evidence=cookie.evidence,
    )


def _identifying(site: SiteFacts) -> Iterator[StorageItem]:
    return (item for item in site.storage if item.identifier)


def storage(item: StorageItem) -> Entry:
    """Entries of the browser's storage that identify the visitor."""
    return Entry(
        f"{item.key} {_path(item.origin).rstrip('/')}",
        marks(third_party=item.third_party, before_consent=item.phase == "before"),
        evidence=item.evidence,
    )


def script(use: ScriptUse) -> Entry:
    """Interfaces that identify or observe the visitor, by the host of the script that uses them."""
    host = _path(use.script).partition("/")[0]
    return Entry(
        f"{use.api} {host}",
        (
            *marks(third_party=use.third_party, before_consent=use.phase == "before"),
            *said("item", use.item),
        ),
        evidence=use.evidence,
    )


def _asking(site: SiteFacts) -> Iterator[Form]:
    return (form for form in site.forms if form.collects_pi or form.collects)


def form_entry(form: Form) -> Entry:
    """Forms that ask for something: items, where they send, and what stands beside them."""
    return Entry(
        f"{form.purpose} {_path(form.page)}",
        (
            *said("item", *form.collects),
            *said("text", form.action_host if form.third_party else ""),
            *marks(
                cleartext=form.cleartext or form.page_cleartext,
                third_party=form.third_party,
                policy_linked=form.policy_linked is True,
                no_policy_link=form.policy_linked is False,
                consent_box=form.agreement is True,
                no_consent_box=form.agreement is False,
                ticked=form.agreement_checked,
                bundled=form.agreement_bundled,
            ),
        ),
        evidence=form.evidence,
    )


def consent(dialog: ConsentDialog) -> Entry:
    """Consent banners and dialogs: choices, how refusing works and whether it is respected."""
    choices = " / ".join(button.label for button in dialog.buttons if button.role != "other")
    return Entry(
        f"{dialog.kind} {_path(dialog.page)}",
        (
            *said("text", dialog.text[:MAX_TEXT], choices[:MAX_TEXT]),
            *marks(
                no_refuse=dialog.reject_clicks is None,
                unequal=dialog.equal_choice is False,
                wall=dialog.wall,
                ticked=bool(dialog.prechecked),
                refusal_ignored=dialog.reject_respected is False,
                refusal_respected=dialog.reject_respected is True,
                implied=dialog.implied,
                bundled=dialog.bundled,
                policy_linked=dialog.policy_linked is True,
                no_policy_link=dialog.policy_linked is False,
            ),
        ),
        evidence=dialog.evidence,
    )


def disclosure(facts: Facts) -> Iterator[Entry]:
    """What visitors are told, by whether it was found."""
    if facts.site is None:
        return
    told = facts.site.disclosure
    found = {
        "policy": told.policy_found,
        "agreement": told.agreement_found,
        "deletion": told.deletion_found,
        "complaint": told.complaint_found,
        "contact": told.contact_found,
        "children": told.children_found,
        "cookie_notice": told.cookie_notice,
    }
    for key, value in found.items():
        if value is not None:
            yield Entry(key, said("word", "found" if value else "missing"), evidence=told.evidence)
    if told.policy_url:
        yield Entry("policy_url", said("text", _path(told.policy_url)), evidence=told.evidence)


def filing_entry(filing: Filing) -> Entry:
    """Filing and licence numbers."""
    return Entry(
        filing.kind,
        (
            *said("text", filing.number),
            *marks(
                malformed=not filing.well_formed,
                not_linked=filing.linked is False,
                unregistered=filing.registered is False,
                mismatch=filing.register_matches is False,
            ),
        ),
        evidence=filing.evidence,
    )


def transport(host: Transport) -> Entry:
    """TLS of each host: protocol versions, what is weak, certificate."""
    own = host.certificates[0] if host.certificates else None
    return Entry(
        host.host if host.port == 443 else f"{host.host}:{host.port}",
        (
            *said("text", *sorted(host.protocols)),
            *marks(
                no_https=host.https is False,
                weak_protocols=bool(host.weak_protocols),
                weak_ciphers=bool(host.weak_ciphers),
                untrusted=host.trusted is False,
                wrong_name=host.hostname_matches is False,
                no_redirect=host.http_redirects is False,
                hsts=host.hsts is True,
                no_hsts=host.hsts is False,
            ),
            *said("text", f"{own.issuer} {own.not_after.date().isoformat()}" if own else ""),
        ),
        evidence=host.evidence,
    )


def weakness_entry(weakness: Weakness) -> Entry:
    """Security weaknesses seen from outside, by kind and host."""
    return Entry(
        f"{weakness.kind} {weakness.host or _path(weakness.url).partition('/')[0]}",
        evidence=weakness.evidence,
    )


def library_entry(library: ScriptLibrary) -> Entry:
    """Script libraries with their versions and known advisories."""
    return Entry(
        library.name,
        (*said("text", library.version), *marks(vulnerable=library.vulnerable)),
        evidence=library.evidence,
    )


def exposed(data: ExposedData) -> Entry:
    """Personal information of others in pages, by item and page."""
    return Entry(f"{data.item} {_path(data.page)}", said("text", str(data.count)), evidence=data.evidence)


def operator(facts: Facts) -> Iterator[Entry]:
    """Who says to run the site."""
    if facts.site is not None and facts.site.operator:
        yield Entry("operator", said("text", facts.site.operator))


SOURCES: tuple[Source, ...] = (
    Source("identity", ("site.operator",), operator),
    Source("third_party", ("site.third_parties",), _each(lambda site: site.third_parties, third_party)),
    Source("cookie", ("site.cookies",), _each(lambda site: site.cookies, cookie_entry)),
    Source("storage", ("site.storage",), _each(_identifying, storage)),
    Source("script", ("site.script_uses",), _each(lambda site: site.script_uses, script)),
    Source("form", ("site.forms",), _each(_asking, form_entry)),
    Source("consent", ("site.dialogs",), _each(lambda site: site.dialogs, consent)),
    Source("disclosure", ("site.disclosure",), disclosure),
    Source("filing", ("site.filings",), _each(lambda site: site.filings, filing_entry)),
    Source("transport", ("site.transport",), _each(lambda site: site.transport, transport)),
    Source("weakness", ("site.weaknesses",), _each(lambda site: site.weaknesses, weakness_entry)),
    Source("library", ("site.libraries",), _each(lambda site: site.libraries, library_entry)),
    Source("exposed", ("site.exposed",), _each(lambda site: site.exposed, exposed)),
)
