"""Markdown summary for a pull request: bounded in length, and nothing in it is a link, mention or markup of others.

Words of our own are escaped; whatever comes from the subject stands in code spans, where neither mentions nor issue
numbers nor addresses become links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from reports.findings import FindingView
from reports.text import one_line
from reports.view import ReportView
from reports.viewparts import Problem

MAX_BYTES = 60_000  # a comment on GitHub holds 65,536 characters; GitLab and Gitea take more
MAX_GROUPS = 6
MAX_BASIS = 3
SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$^])")
RUNS = re.compile(r"`+")


def write(view: ReportView) -> bytes:
    """Return the summary as UTF-8 Markdown of at most :data:`MAX_BYTES` bytes."""
    head = "\n".join(_head(view))
    tail = "\n".join(_tail(view))
    room = MAX_BYTES - len((head + tail).encode()) - 400
    body, shown = "", 0
    for problem in view.problems:
        part = "\n".join(_problem(view, problem)) + "\n"
        if len(body.encode()) + len(part.encode()) > room:
            break
        body += part
        shown += len(problem.findings)
    left = len(view.findings) - shown
    if left:
        body += f"\n{escape(view.word('more_findings', count=left))}\n"
    return f"{head}\n{body}\n{tail}\n".encode()


def escape(text: str) -> str:
    """Return ``text`` as one line without markup, mentions or automatic links."""
    found = SPECIAL.sub(r"\\\1", one_line(text, 1000))
    found = found.replace("@", "@<!-- -->").replace("://", ":<!-- -->//")
    return re.sub(r"(?i)\bwww\.", "www<!-- -->.", found)


def span(text: str) -> str:
    """Return ``text`` as a code span that it cannot leave, fit for a table cell."""
    line = one_line(text, 300).replace("|", "¦")
    if not line:
        return ""
    fence = "`" * (max((len(run) for run in RUNS.findall(line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _head(view: ReportView) -> Iterable[str]:
    grade = f"{view.word('grade')} **{escape(view.grade.label.get(view.lang))}**"
    provisional = (
        view.word("open") + view.word("provisional") + view.word("close") if view.grade.provisional else ""
    )
    yield f"## {escape(view.word('title'))}"
    yield ""
    yield f"{span(view.name)} {span(view.facts.subject.identifier)} {span(view.facts.subject.version)}".rstrip()
    yield ""
    yield f"{grade}{escape(provisional)} · {view.word('score')} {view.grade.score} {escape(view.word('of_100'))}"
    yield ""
    yield "| " + " | ".join(escape(label) for _, label, _ in view.counts) + " |"
    yield "|" + "---:|" * len(view.counts)
    yield "| " + " | ".join(str(count) for _, _, count in view.counts) + " |"
    yield ""
    for line in (*view.decision_lines, *view.baseline_lines):
        yield f"- {escape(line)}"
    for finding in (f for f in view.findings if f.accepted):
        yield f"- {escape(view.word('human'))} {escape(finding.title)}{view.word('colon')}{escape(finding.accepted)}"
    yield ""
    yield f"### {escape(view.word('findings'))}"
    if not view.problems:
        yield ""
        yield escape(view.word("none_new" if view.known_total else "none_found"))


def _problem(view: ReportView, problem: Problem) -> Iterable[str]:
    first = problem.first
    clauses = view.citing.cite(view.citing.basis(first)[:MAX_BASIS])
    yield ""
    yield f"#### {escape(first.severity_label)} · {escape(first.verdict_label)} · {escape(first.title)}"
    yield ""
    yield f"{escape(first.message)} {span(first.code)} {escape(clauses)}".rstrip()
    yield ""
    for finding in problem.findings[:MAX_GROUPS]:
        yield _finding(view, finding)
    if len(problem.findings) > MAX_GROUPS:
        yield f"- {escape(view.word('more_findings', count=len(problem.findings) - MAX_GROUPS))}"
    yield ""
    yield f"**{escape(view.word('fix'))}**{view.word('colon')}{escape(first.fix)}"
    if first.snippet is not None:
        yield ""
        yield f"<details><summary>{escape(view.word('before'))} / {escape(view.word('after'))}</summary>"
        for code in (first.snippet.before, first.snippet.after):
            yield ""
            yield f"````{first.snippet.language}\n{code.rstrip()}\n````"
        yield ""
        yield "</details>"


def _finding(view: ReportView, finding: FindingView) -> str:
    mark = f"**{escape(view.word('known'))}** " if finding.known else ""
    group = f" {span(finding.group)}" if finding.group else ""
    place = finding.evidence[0]
    where = span(place.place)
    if place.kind == "search":
        where = escape(f"{place.place}{view.word('colon')}{view.word('semicolon').join(place.searched)}")
    note = f"{view.word('colon')}{escape(place.note)}" if place.note else ""
    count = finding.places_shown(1, view.names) if finding.total > 1 else ""
    return f"- {mark}{finding.label}{group} · {where}{note}" + (f" · {escape(count)}" if count else "")


def _tail(view: ReportView) -> Iterable[str]:
    yield f"### {escape(view.word('rest'))}"
    yield ""
    yield f"- {escape(view.coverage_line)}"
    if view.manual:
        hours = f"{view.manual_minutes / 60:.1f}"
        yield f"- {escape(view.word('manual_left', count=len(view.manual), hours=hours))}"
    for row in view.unread[:10]:
        yield f"- {escape(view.word('unread_what'))}{view.word('colon')}{escape(row.message)}"
    if view.undecided_total:
        yield f"- {escape(view.word('undecided', count=view.undecided_total))}"
    yield f"- {escape(view.word('provisional_why'))}" if view.grade.provisional else ""
    yield ""
    pack = f"{view.word('pack')} {view.assessment.pack_version}"
    yield f"<sub>guijian {view.assessment.tool_version} · {escape(pack)} · {escape(view.when)}</sub>"
