"""A policy file or page → facts; and facts of an app or site × a policy → facts with both sides compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from scanner import __version__
from scanner.collect.policy.compare import compare
from scanner.collect.policy.disclose import disclosed_items, table_items
from scanner.collect.policy.document import Document
from scanner.collect.policy.elements import elements, response_days
from scanner.collect.policy.identify import identify
from scanner.collect.policy.permissions import disclosed_permissions
from scanner.collect.policy.readability import readability
from scanner.collect.policy.sdktable import listed_sdks, named_sdks
from scanner.collect.policy.source import read_document
from scanner.collect.policy.topics import topics
from scanner.collect.policy.wording import wording_issues
from scanner.context import CollectOptions
from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import Artifact, Gap, Looked, Problem, Subject, Text
from scanner.policyfacts import PolicyFacts, Sentence

FoundBy = Literal["given", "package", "link", "site", "unknown"]

MAX_FILE = 64 << 20
# Beyond this many characters sentences are kept and classified but no longer read for what they disclose.
MAX_READ = 1_000_000
FROM_DOCUMENT = ("policy.paragraphs", "policy.tables", "policy.sentences")
FROM_SENTENCES = ("policy.elements", "policy.items", "policy.sdks", "policy.permissions", "policy.issues")
COMPARISONS = "policy.comparisons"
# What must have been read of an app or site before nothing may be called undisclosed there.
COMPARED = ("app.accesses", "app.sdks", "app.permissions", "site.forms", "site.requests", "site.cookies")


@dataclass(frozen=True)
class PolicyReading:
    """What reading a policy gave, to be joined with other facts or to stand alone."""

    policy: PolicyFacts
    artifact: Artifact
    gaps: tuple[Gap, ...] = ()
    looked: tuple[Looked, ...] = ()
    problems: tuple[Problem, ...] = ()
    lists: tuple[Artifact, ...] = ()

    def with_list(self, other: PolicyReading) -> PolicyReading:
        """Return this policy with what a list beside it says: its SDKs, items and permissions count as said here."""
        policy = self.policy.model_copy(
            update={
                "items": (*self.policy.items, *other.policy.items),
                "sdks": (*self.policy.sdks, *other.policy.sdks),
                "permissions": (*self.policy.permissions, *other.policy.permissions),
                "lists": (*self.policy.lists, other.policy.source),
            }
        )
        return replace(
            self,
            policy=policy,
            gaps=(*self.gaps, *other.gaps),
            problems=(*self.problems, *other.problems),
            lists=(*self.lists, other.artifact),
        )


def read_policy(
    data: bytes,
    name: str,
    *,
    media_type: str = "",
    found_by: FoundBy = "given",
    subject: Subject | None = None,
) -> PolicyReading:
    """Return what the policy in ``data`` says; ``name`` is its file name, URL or path inside a package.

    ``subject`` is the application or site it should belong to.  Nothing raises for what the data contains: what could
    not be read becomes gaps on ``policy`` paths and problems.
    """
    document = read_document(data, name, media_type)
    artifact = Artifact(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    return read(document, artifact, found_by=found_by, subject=subject)


def read(
    document: Document, artifact: Artifact, *, found_by: FoundBy = "given", subject: Subject | None = None
) -> PolicyReading:
    """Return what ``document`` says, as :func:`read_policy` does."""
    sentences = topics(document)
    readable, long = _readable(sentences)
    about = (subject.name, subject.identifier, subject.developer or "") if subject else ("", "", "")
    identity = identify(document, *about)
    listed = listed_sdks(document)
    said = disclosed_items(document, readable, listed.used)
    policy = PolicyFacts(
        source=document.source,
        format=document.format,
        encoding=document.encoding,
        rendered=document.rendered,
        complete=document.complete and bool(document.text) and not long,
        text_sha256=document.sha256,
        found_by=found_by,
        identity=identity,
        issues=wording_issues(document, identity),
        readability=readability(document),
        elements=elements(document, sentences, identity),
        response_days=response_days(document),
        paragraphs=document.paragraphs,
        tables=document.tables,
        sentences=sentences,
        items=(*said, *table_items(document, listed.other), *listed.items),
        sdks=(*listed.sdks, *named_sdks(document, said, listed)),
        permissions=disclosed_permissions(document, listed.other, listed.used),
    )
    return PolicyReading(
        policy=policy,
        artifact=artifact,
        gaps=tuple(_gaps(document, long)),
        looked=tuple(_searched(document)),
        problems=document.problems,
    )


def collect_policy(target: str, options: CollectOptions) -> Facts:
    """Return the facts of the policy ``target`` alone, a file or URL; raises InputError when it cannot be had."""
    from scanner.collect.policy.given import read_given  # noqa: PLC0415 - it imports this module

    options.observer.step("policy")
    reading = read_given(target, options)
    identity, source = reading.policy.identity, reading.policy.source
    name = (identity.app_name or identity.title) if identity else ""
    subject = Subject(
        kind="policy",
        name=name or source,
        identifier=source,
        sha256=reading.artifact.sha256,
        source=source,
        category=options.category,
        developer=options.developer or (identity.operator if identity else None),
        store=options.store,
    )
    return join(Facts(collector=f"guijian {__version__}", subject=subject), reading)


def join(facts: Facts, reading: PolicyReading) -> Facts:
    """Return ``facts`` with the policy, and the comparison of what it says with what was seen."""
    together = facts.model_copy(
        update={
            "policy": reading.policy,
            "artifacts": (*facts.artifacts, reading.artifact, *reading.lists),
            "gaps": (*facts.gaps, *reading.gaps),
            "looked": (*facts.looked, *reading.looked),
            "problems": (*facts.problems, *reading.problems),
        }
    )
    if facts.app is None and facts.site is None:
        return together
    comparisons = compare(together)
    what = Text(
        zh=f"政策与所见逐项对照，共 {len(comparisons)} 项",
        en=f"{len(comparisons)} comparisons of policy and behaviour",
    )
    return together.model_copy(
        update={
            "policy": reading.policy.model_copy(update={"comparisons": comparisons}),
            "gaps": (*together.gaps, *_unread_sides(together)),
            "looked": (*together.looked, Looked(path=COMPARISONS, what=what, amount=len(comparisons))),
        }
    )


def read_file(path: Path) -> bytes:
    """Return the bytes of a policy file, at most :data:`MAX_FILE`; raises InputError when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_FILE + 1)
    except OSError as error:
        raise InputError(
            "policy-unreadable",
            Text(
                zh=f"无法读取隐私政策 {path}：{error.strerror}。请检查路径和权限",
                en=f"cannot read the policy {path}: {error.strerror}; check path and permissions",
            ),
        ) from error


def _readable(sentences: tuple[Sentence, ...]) -> tuple[tuple[Sentence, ...], bool]:
    """Return the sentences within :data:`MAX_READ` characters, and whether some lie beyond."""
    kept = tuple(s for s in sentences if s.end <= MAX_READ)
    return kept, len(kept) < len(sentences)


def _gaps(document: Document, long: bool) -> Iterator[Gap]:
    if document.complete and document.text and not long:
        return
    problem = next(iter(document.problems), None)
    code = problem.code if problem else "policy-unread"
    reason = (
        problem.message if problem else Text(zh="隐私政策未能读取", en="the privacy policy could not be read")
    )
    if long and document.complete:
        code = "policy-long"
        reason = Text(
            zh=f"隐私政策超过 {MAX_READ} 字，其后未逐句解读",
            en=f"the policy exceeds {MAX_READ} characters; what follows was not read sentence by sentence",
        )
    for path in ("policy",) if not document.text else (*FROM_DOCUMENT, *FROM_SENTENCES, COMPARISONS):
        yield Gap(path=path, code=code, reason=reason)


def _searched(document: Document) -> Iterator[Looked]:
    if not document.text:
        return
    count, tables = len(document.sentences), len(document.tables)
    what = Text(
        zh=f"隐私政策全文 {count} 句、{tables} 张表",
        en=f"all {count} sentences and {tables} tables of the privacy policy",
    )
    for path in (*FROM_DOCUMENT, *FROM_SENTENCES):
        yield Looked(path=path, what=what, amount=count)


def _unread_sides(facts: Facts) -> Iterator[Gap]:
    """Yield gaps of the comparison: where the app or site was not read, nothing can be compared."""
    done: set[str] = set()
    for gap in facts.gaps:
        touches = any(path == gap.path or path.startswith(gap.path + ".") for path in COMPARED)
        if touches and gap.code not in done:
            done.add(gap.code)
            yield gap.model_copy(update={"path": COMPARISONS})
