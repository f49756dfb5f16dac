"""Where evidence lies, as a URI that tools for developers accept: ``app.apk!/classes.dex``, or the page itself."""

from __future__ import annotations

from urllib.parse import quote

from reports.text import one_line, plain
from scanner.facts import Facts
from scanner.model import Evidence, FileLocator, SearchLocator, Subject, WebLocator

SAFE = "/!:@$+,;=~._-"
# What facts call the delivered file: a set of splits is told from its parts, one of which may be called base.apk.
PACKAGE, PACKAGE_SET = "base.apk", "package"
MAX_URI = 600


def subject_uri(subject: Subject) -> str:
    """Return the subject's file name or address as a URI reference, percent-encoded."""
    name = one_line(subject.source or subject.identifier or subject.name, MAX_URI)
    if subject.kind == "site" or "://" in name:
        return web_uri(name)
    return quote(name.replace("\\", "/").lstrip("/"), safe="/@$+,;=~._-") or "subject"


def artifact_uri(facts: Facts, artifact: str) -> str:
    """Return the URI of a file of the subject: inside the package, the package itself, or the page."""
    own = subject_uri(facts.subject)
    name = one_line(artifact, MAX_URI)
    if "://" in name:
        return web_uri(name)
    is_set = bool(facts.artifacts) and facts.artifacts[0].name == PACKAGE_SET
    whole = PACKAGE_SET if is_set else PACKAGE
    if facts.app is None or name in {"", whole, facts.subject.source}:
        return own
    return f"{own}!/{quote(name.lstrip('/'), safe=SAFE.replace(':', ''))}"


def evidence_uri(evidence: Evidence, facts: Facts) -> str:
    """Return the URI of the file or page that ``evidence`` points into."""
    locator = evidence.locator
    if isinstance(locator, WebLocator):
        return web_uri(locator.url)
    if isinstance(locator, SearchLocator):
        return subject_uri(facts.subject)
    if isinstance(locator, FileLocator) and facts.app is not None:
        return artifact_uri(facts, locator.path)
    return artifact_uri(facts, evidence.artifact)


def web_uri(url: str) -> str:
    """Return ``url`` with everything that may not stand in a URI percent-encoded; existing escapes stay."""
    return quote(plain(url, MAX_URI).strip(), safe="%/:?#[]@!$&'()*+,;=~._-")
