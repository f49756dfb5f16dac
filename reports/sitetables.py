"""Tables of what was observed on a website; lists are capped and counted."""

from __future__ import annotations

from collections.abc import Iterator

from reports.names import Names
from reports.sheet import NONE, Sheet, sheet_of
from reports.siterows import (
    NAME,
    URL,
    Row,
    address,
    addresses_note,
    form_rows,
    forms_note,
    library_rows,
    receivers_note,
    request_rows,
    yes_no,
)
from reports.text import one_line
from scanner.sitefacts import SiteFacts, Transport
from scanner.visitfacts import Cookie, page_problem


def site_sheets(names: Names) -> tuple[Sheet, ...]:
    """Return the tables of a site, none where the subject has none."""
    site = names.facts.site
    return tuple(_site(site, names)) if site is not None else ()


def site_identity(names: Names) -> tuple[tuple[str, str], ...]:
    """Return word key and value of what identifies a site and the visit."""
    site = names.facts.site
    if site is None:
        return ()
    visited = site.visited_at.strftime("%Y-%m-%d %H:%M %Z").strip() if site.visited_at else ""
    stats = site.stats
    return (
        ("label_domain", site.domain or site.host),
        ("label_operator", site.operator or ""),
        ("label_filings", names.join(filing.number for filing in site.filings)),
        ("label_visited", visited),
        ("label_pages", _pages_read(site, names)),
        ("label_browser", stats.browser),
    )


def _pages_read(site: SiteFacts, names: Names) -> str:
    pages = str(site.stats.pages or len(site.pages))
    errors = sum((page.status or 0) >= 400 for page in site.pages)
    return names.word("t_error_pages", pages=pages, errors=errors) if errors else pages


def _site(site: SiteFacts, names: Names) -> Iterator[Sheet]:
    yield sheet_of(
        names,
        "site_disclosure",
        "t_disclosure",
        ("t_what", "t_found", "t_ground"),
        (4, 2, 8),
        _disclosure(site, names),
        path="site.disclosure",
    )
    yield sheet_of(
        names,
        "site_pages",
        "t_pages",
        ("address", "t_page_kind", "t_page_title", "t_depth", "t_status"),
        (8, 2, 5, 2, 3),
        [
            (
                address(page.final_url or page.url, site),
                names.known("page", page.kind),
                one_line(page.title, NAME) or NONE,
                str(page.depth),
                _status(page.status, page.problem, names, clear=page.cleartext),
            )
            for page in site.pages
        ],
        path="site.pages",
        note=addresses_note(site, names),
        code=(0,),
    )
    yield sheet_of(
        names,
        "site_forms",
        "t_forms",
        ("t_page", "t_form_purpose", "t_collects", "t_sent_to", "t_agreement", "t_policy_link"),
        (5, 2, 5, 4, 3, 2),
        form_rows(site, names),
        path="site.forms",
        note=" ".join((forms_note(site, names), addresses_note(site, names))),
        code=(0,),
    )
    yield sheet_of(
        names,
        "site_third_parties",
        "t_third_parties",
        ("t_domain", "owner", "t_category", "t_country", "t_before_consent", "t_requests", "t_sends"),
        (4, 4, 3, 2, 2, 2, 5),
        [
            (
                one_line(party.domain, NAME),
                one_line(party.owner, NAME) or NONE,
                names.known("tp", party.category),
                names.known("country", party.country) if party.country else NONE,
                yes_no(party.before_consent, names),
                f"{party.requests} / {names.word('t_unobserved') if party.answered is False else party.cookies}",
                names.join(names.items(party.sends_items))
                or (names.word("t_unobserved") if party.answered is False else NONE),
            )
            for party in sorted(
                site.third_parties, key=lambda p: (not p.before_consent, -p.requests, p.domain)
            )
        ],
        path="site.third_parties",
        standing=receivers_note(site, names),
        code=(0,),
    )
    yield sheet_of(
        names,
        "site_cookies",
        "t_cookies",
        ("t_name", "t_domain", "t_party", "t_phase", "t_days", "t_cookie_purpose", "t_flags"),
        (4, 4, 2, 2, 2, 2, 4),
        [_cookie(cookie, names) for cookie in site.cookies],
        path="site.cookies",
        code=(0, 1),
    )
    yield from _site_behaviour(site, names)
    yield from _site_security(site, names)


def _site_behaviour(site: SiteFacts, names: Names) -> Iterator[Sheet]:
    yield sheet_of(
        names,
        "site_requests",
        "t_sending",
        ("host", "t_method", "t_phase", "t_party", "t_sends", "times"),
        (5, 2, 2, 2, 6, 1),
        request_rows(site.requests, names),
        path="site.requests",
        standing=receivers_note(site, names),
        code=(0,),
    )
    if site.storage:
        yield sheet_of(
            names,
            "site_storage",
            "t_storage",
            ("t_name", "t_storage_kind", "t_origin", "t_phase", "t_identifier"),
            (5, 3, 5, 2, 2),
            [
                (
                    one_line(entry.key, NAME),
                    names.known("storage", entry.kind),
                    one_line(entry.origin, NAME),
                    names.word(f"phase_{entry.phase}"),
                    yes_no(entry.identifier, names),
                )
                for entry in site.storage
            ],
            path="site.storage",
            code=(0, 2),
            level=2,
        )
    yield sheet_of(
        names,
        "site_scripts",
        "t_scripts",
        ("t_api", "t_script", "t_phase", "item", "times"),
        (3, 8, 2, 3, 2),
        [
            (
                names.known("api", use.api),
                one_line(use.script, URL),
                names.word(f"phase_{use.phase}"),
                names.item(use.item) if use.item else NONE,
                str(use.count),
            )
            for use in site.script_uses
        ],
        path="site.script_uses",
        code=(1,),
    )
    yield sheet_of(
        names,
        "site_dialogs",
        "t_dialogs",
        ("t_page", "t_dialog_kind", "t_buttons", "t_reject_clicks", "t_equal", "t_prechecked", "t_respected"),
        (5, 2, 4, 2, 2, 3, 2),
        [
            (
                address(dialog.page, site),
                names.word(f"dialog_{dialog.kind}")
                + (f"{names.word('comma')}{names.word('t_wall')}" if dialog.wall else ""),
                names.join(one_line(button.label, 40) for button in dialog.buttons) or NONE,
                str(dialog.reject_clicks) if dialog.reject_clicks is not None else names.word("t_impossible"),
                yes_no(dialog.equal_choice, names),
                names.join(one_line(text, 60) or names.word("t_no_words") for text in dialog.prechecked)
                or NONE,
                yes_no(dialog.reject_respected, names),
            )
            for dialog in site.dialogs
        ],
        path="site.dialogs",
        note=addresses_note(site, names),
        code=(0,),
    )


def _site_security(site: SiteFacts, names: Names) -> Iterator[Sheet]:
    yield sheet_of(
        names,
        "site_filings",
        "t_filings",
        ("t_filing_kind", "t_number", "t_well_formed", "t_linked", "t_registered"),
        (3, 6, 2, 2, 2),
        [
            (
                names.known("filing", filing.kind),
                one_line(filing.number, NAME),
                yes_no(filing.well_formed, names),
                yes_no(filing.linked, names),
                yes_no(filing.registered, names),
            )
            for filing in site.filings
        ],
        path="site.filings",
    )
    yield sheet_of(
        names,
        "site_transport",
        "t_transport",
        ("host", "t_https", "t_protocols", "t_trusted", "t_days_left", "t_redirects", "t_hsts"),
        (5, 2, 4, 2, 2, 2, 2),
        [_transport(host, names) for host in site.transport],
        path="site.transport",
        code=(0,),
    )
    rows: list[Row] = [
        (names.known("weakness", w.kind), address(w.url, site), one_line(w.detail, 300) or NONE)
        for w in site.weaknesses
    ]
    yield sheet_of(
        names,
        "site_weaknesses",
        "t_weaknesses",
        ("t_what", "address", "t_detail"),
        (4, 6, 6),
        rows,
        path="site.weaknesses",
        note=addresses_note(site, names),
        code=(1,),
    )
    yield sheet_of(
        names,
        "site_libraries",
        "t_libraries",
        ("t_name", "t_version", "t_advisories", "address"),
        (3, 2, 6, 6),
        library_rows(site, names),
        path="site.libraries",
        note=addresses_note(site, names),
        code=(3,),
    )
    if site.exposed:
        yield sheet_of(
            names,
            "site_exposed",
            "t_exposed",
            ("item", "t_page", "times", "t_sample"),
            (3, 7, 2, 4),
            [
                (names.item(e.item), address(e.page, site), str(e.count), one_line(e.sample, NAME))
                for e in site.exposed
            ],
            path="site.exposed",
            note=" ".join((names.word("t_exposed_note"), addresses_note(site, names))),
            code=(1,),
        )


def _disclosure(site: SiteFacts, names: Names) -> list[Row]:
    told = site.disclosure
    found = [
        ("policy", told.policy_found),
        ("agreement", told.agreement_found),
        ("deletion", told.deletion_found),
        ("complaint", told.complaint_found),
        ("contact", told.contact_found),
        ("children", told.children_found),
        ("cookie_notice", told.cookie_notice),
    ]
    grounds = {
        ground.topic: names.word(
            "t_ground_of", text=one_line(ground.text, NAME), url=one_line(ground.url, URL)
        )
        for ground in told.grounds
    }
    rows: list[Row] = [
        (names.word(f"told_{key}"), yes_no(value, names), grounds.get(key, NONE)) for key, value in found
    ]
    if told.policy_clicks is not None:
        rows.append((names.word("told_policy_clicks"), str(told.policy_clicks), NONE))
    return rows


def _status(status: int | None, problem: str | None, names: Names, *, clear: bool) -> str:
    parts = [str(status) if status is not None else "", names.text(page_problem(problem)) if problem else ""]
    parts += [names.word("cleartext")] if clear else []
    return names.join(part for part in parts if part) or NONE


def _cookie(cookie: Cookie, names: Names) -> Row:
    flags = [names.word("t_secure")] if cookie.secure else []
    flags += [names.word("t_http_only")] if cookie.http_only else []
    flags += [names.known("same_site", cookie.same_site.lower())] if cookie.same_site else []
    flags += [names.word("t_identifier")] if cookie.identifier else []
    return (
        one_line(cookie.name, NAME),
        one_line(cookie.domain, NAME),
        _party(cookie.third_party, names),
        names.word(f"phase_{cookie.phase}"),
        names.word("t_session") if cookie.days is None else f"{cookie.days:.0f}",
        names.word(f"cookie_{cookie.purpose}"),
        names.join(flags) or NONE,
    )


def _transport(host: Transport, names: Names) -> Row:
    weak = [f"{one_line(p, 20)} [{names.word('t_weak')}]" for p in host.weak_protocols]
    strong = [one_line(p, 20) for p in host.protocols if p not in host.weak_protocols]
    return (
        one_line(f"{host.host}:{host.port}", NAME),
        yes_no(host.https, names),
        names.join((*strong, *weak)) or NONE,
        *(_certificate(host, names) if host.https is not False else (NONE, NONE)),
        yes_no(host.http_redirects, names),
        yes_no(host.hsts, names) if host.https is not False else NONE,
    )


def _certificate(host: Transport, names: Names) -> tuple[str, str]:
    """Return whether the certificate is trusted and its days left; a host without HTTPS has none to be asked for."""
    left = str(host.days_left) if host.days_left is not None else names.word("t_unknown")
    return yes_no(host.trusted, names), left


def _party(third: bool, names: Names) -> str:
    return names.word("t_third" if third else "t_first")
