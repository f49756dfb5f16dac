"""Rows of the lists: who is to be named for what, and the findings, SDKs and permissions of each subject.

The notice list (通报名单) has the columns of the authorities' bulletins.  所涉问题 names only problems whose verdict is
不符合; leads (疑似) stand in a column of their own, because they must be verified before anybody is named.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.citing import cite
from reports.findings import FindingView, place_of
from reports.powertable import powers
from reports.tables import country_of, endpoint_order
from reports.text import one_line
from reports.view import ReportView
from reports.words import word
from scanner.model import VERDICT_ORDER, Lang, Text, Verdict

NOTICE = (
    "l_no",
    "l_name",
    "l_developer",
    "l_store",
    "l_version",
    "l_problems",
    "l_suspected",
    "l_identifier",
    "l_sha256",
)
SUBJECTS = (
    "l_name",
    "l_identifier",
    "l_version",
    "l_developer",
    "l_store",
    "l_category",
    "grade",
    "score",
    "provisional",
    *(f"v_{verdict.value}" for verdict in VERDICT_ORDER),
    "findings",
    "manual",
    "unread",
    "assessed",
    "l_sha256",
)
FINDINGS = (
    "l_name",
    "l_identifier",
    "l_version",
    "l_finding",
    "severity",
    "confidence",
    "verdict",
    "l_problem",
    "l_code",
    "l_about",
    "what",
    "l_places",
    "evidence",
    "legal_basis",
    "fix",
    "fingerprint",
)
SDKS = ("l_name", "l_identifier", "sdk", "vendor", "purpose", "l_version", "seen", "documented", "start")
PERMISSIONS = (
    "l_name",
    "l_identifier",
    "permission",
    "f_name_code",
    "level",
    "declared",
    "use",
    "opens",
    "o_asked",
    "o_policy",
    "o_measured",
    "o_need",
    "verdict",
    "reason",
    "o_found",
    "o_law",
)
STARTUP = (
    "l_name",
    "l_identifier",
    "b_step",
    "b_phase",
    "b_entry",
    "b_action",
    "b_subject",
    "b_called",
    "b_then",
    "owner",
    "b_guard",
    "b_how",
    "b_place",
)
ENDPOINTS = (
    "l_name",
    "l_identifier",
    "address",
    "l_url",
    "cleartext",
    "b_operator",
    "b_country",
    "b_overseas",
    "l_data_day",
    "owner",
    "l_found_in",
    "b_place",
)
POWERS = ("l_name", "l_identifier", "b_kind", "b_what", "l_details", "owner", "b_state", "b_place")
MISSED = ("l_name", "l_developer", "l_store", "l_version", "l_place", "l_state", "l_reason")

Value = str | int
Row = tuple[Value, ...]
OVERSEAS = {True: "true", False: "false", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Missed:
    """A target that was not examined: what a list says of it, where it is, and why; ``tried`` whether it was tried."""

    name: str
    developer: str
    store: str
    version: str
    place: str
    tried: bool
    reason: Text | None


@dataclass(frozen=True, slots=True)
class Notice:
    """What one subject is to be named for: phrases of bulletins by verdict, each once, worst first."""

    confirmed: tuple[str, ...]
    suspected: tuple[str, ...]


def notice(view: ReportView) -> Notice:
    """Return the phrases for the subject; a problem that bulletins have no phrase for is named by its title."""
    found: dict[Verdict, dict[str, None]] = {Verdict.VIOLATION: {}, Verdict.SUSPECTED: {}}
    for problem in view.problems:
        if problem.first.verdict in found:
            found[problem.first.verdict].update(dict.fromkeys(phrases(problem.first, view)))
    confirmed = tuple(found[Verdict.VIOLATION])
    return Notice(confirmed, tuple(p for p in found[Verdict.SUSPECTED] if p not in confirmed))


def phrases(finding: FindingView, view: ReportView) -> tuple[str, ...]:
    """Return how bulletins word the finding's problem."""
    known = view.pack.phrases(view.pack.rules[finding.rule])
    return tuple(p.phrase if view.lang == "zh" else p.en for p in known) or (finding.title,)


def notice_row(view: ReportView, number: int) -> Row | None:
    """Return the subject's row of the notice list, None when there is nothing to name it for."""
    named = notice(view)
    if not named.confirmed and not named.suspected:
        return None
    semicolon = view.word("semicolon")
    subject = view.facts.subject
    return (
        number,
        view.name,
        one_line(subject.developer or "", 200),
        one_line(subject.store or "", 200),
        one_line(subject.version, 80),
        semicolon.join(named.confirmed),
        semicolon.join(named.suspected),
        one_line(subject.identifier, 300),
        one_line(subject.sha256, 64),
    )


def subject_row(view: ReportView) -> Row:
    """Return the subject with its grade and counts."""
    subject, grade = view.facts.subject, view.grade
    return (
        view.name,
        one_line(subject.identifier, 300),
        one_line(subject.version, 80),
        one_line(subject.developer or "", 200),
        one_line(subject.store or "", 200),
        one_line(subject.category or "", 80),
        grade.label.get(view.lang),
        grade.score,
        view.word("l_yes") if grade.provisional else view.word("l_no_word"),
        *(count for _, _, count in view.counts),
        len(view.findings),
        len(view.manual),
        len(view.unread),
        view.when,
        one_line(subject.sha256, 64),
    )


def finding_rows(view: ReportView) -> list[Row]:
    """Return one row for each finding, with its first place."""
    return [
        (
            *_who(view),
            finding.label,
            finding.severity_label,
            finding.confidence_label,
            finding.verdict_label,
            finding.title,
            finding.code,
            finding.group,
            finding.message,
            finding.total,
            _place(finding, view),
            cite(view.citing.basis(finding), view.names),
            finding.fix,
            finding.fingerprint,
        )
        for finding in view.findings
    ]


def sdk_rows(view: ReportView) -> list[Row]:
    """Return one row for each SDK."""
    join, (name, identifier, _) = view.names.join, _who(view)
    return [
        (
            name,
            identifier,
            sdk.name,
            join(part for part in (sdk.vendor, sdk.country) if part),
            sdk.purpose,
            sdk.version,
            join(sdk.seen),
            join(sdk.documented),
            sdk.started,
        )
        for sdk in view.sdks
    ]


def permission_rows(view: ReportView) -> list[Row]:
    """Return one row for each permission."""
    join, (name, identifier, _) = view.names.join, _who(view)
    return [
        (
            name,
            identifier,
            row.label or row.short,
            row.name,
            join(part for part in (row.level_label, row.sensitive) if part),
            join([view.word("l_yes") if row.declared else view.word("l_no_word"), *row.limits]),
            join(row.users) or row.use_label,
            join(row.items),
            view.word("semicolon").join(row.asked),
            row.policy,
            view.category_line,
            row.need_label,
            row.verdict_label,
            row.reason,
            view.word("semicolon").join(row.found),
            row.law,
        )
        for row in view.permissions
    ]


def startup_rows(view: ReportView) -> list[Row]:
    """Return one row for each step of the start."""
    semicolon, (name, identifier, _) = view.word("semicolon"), _who(view)
    return [
        (
            name,
            identifier,
            line.number,
            line.phase,
            semicolon.join((line.entry, *line.entry_notes)),
            line.action,
            line.subject,
            line.target,
            semicolon.join(line.leads),
            line.owner,
            line.guard,
            semicolon.join(line.how),
            line.full_place,
        )
        for line in view.startup
    ]


def endpoint_rows(view: ReportView) -> list[Row]:
    """Return one row for each address, all of them, cleartext first."""
    if view.facts.app is None:
        return []
    names, (name, identifier, _) = view.names, _who(view)
    return [
        (
            name,
            identifier,
            one_line(endpoint.host, 200),
            one_line(endpoint.url, 1000),
            view.word("l_yes") if endpoint.cleartext else view.word("l_no_word"),
            names.text(endpoint.operator, 120),
            country_of(endpoint, names),
            view.word(f"b_overseas_{OVERSEAS[endpoint.overseas]}"),
            one_line(endpoint.as_of, 20),
            names.owner(endpoint.owner),
            names.known("origin", endpoint.origin),
            place_of(endpoint.evidence, names, full=True),
        )
        for endpoint in endpoint_order(view.facts.app)
    ]


def power_rows(view: ReportView) -> list[Row]:
    """Return one row for each self-start, wake-up and special ability, all of them."""
    app, semicolon, (name, identifier, _) = view.facts.app, view.word("semicolon"), _who(view)
    if app is None:
        return []
    return [
        (
            name,
            identifier,
            line.kind,
            line.what,
            semicolon.join(line.details),
            line.who,
            semicolon.join(line.state),
            line.place,
        )
        for line in powers(
            app, view.names, limit=max(1, len(app.autostarts), len(app.wakes), len(app.abilities))
        ).lines
    ]


def missed_row(target: Missed, lang: Lang) -> Row:
    """Return the row of a target that was not examined."""
    listed = (target.name, target.developer, target.store, target.version, target.place)
    return (
        *(one_line(text, 300) for text in listed),
        word("l_failed" if target.tried else "l_pending", lang),
        one_line(target.reason.get(lang), 1000) if target.reason is not None else "",
    )


def _who(view: ReportView) -> tuple[str, str, str]:
    subject = view.facts.subject
    return view.name, one_line(subject.identifier, 300), one_line(subject.version, 80)


def _place(finding: FindingView, view: ReportView) -> str:
    first = finding.evidence[0]
    parts = [
        first.place,
        *(f"{label} {value}" for label, value in first.locator),
        first.note,
        *first.searched,
        finding.places_shown(1, view.names) if finding.total > 1 else "",
    ]
    return one_line(" · ".join(dict.fromkeys(part for part in parts if part)), 2000)
