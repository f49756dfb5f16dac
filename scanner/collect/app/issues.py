"""Code that a rule may name: leaving the app on refusal, very frequent location, patterns, switched-off checks, doors."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.codefacts import Access, CodeIssue
from scanner.collect.app.broadcasts import broadcast_issues
from scanner.collect.app.code import Code
from scanner.collect.app.inbound import inbound_issues
from scanner.collect.app.patterns import pattern_issues
from scanner.collect.app.trust import trust_issues
from scanner.dex import Member, MemberSite, constant_arguments
from scanner.facts import Component

EXITS = (
    Member("Landroid/app/Activity;", "finish"),
    Member("Landroid/app/Activity;", "finishAffinity"),
    Member("Landroid/app/Activity;", "finishAndRemoveTask"),
    Member("Ljava/lang/System;", "exit"),
    Member("Landroid/os/Process;", "killProcess"),
)
UPDATES = (
    Member("Landroid/location/LocationManager;", "requestLocationUpdates"),
    Member("Lcom/google/android/gms/location/LocationRequest;", "setInterval"),
    Member("Lcom/amap/api/location/AMapLocationClientOption;", "setInterval"),
    Member("Lcom/baidu/location/LocationClientOption;", "setScanSpan"),
)
RESULT = "->onRequestPermissionsResult("
SHORT_MS = 10_000
# A one-off fix or "as configured" is written as 0 or below in the SDKs' options.
CONTINUOUS_FROM_MS = 1


def code_issues(code: Code, components: Sequence[Component], accesses: Sequence[Access]) -> list[CodeIssue]:
    """Return the issues found, sorted by kind and place.

    ``components`` are those of the manifest, ``accesses`` what the code obtains of personal information.
    """
    found = [
        _issue(code, hit, "exit-on-refusal", "") for hit in code.sites(EXITS) if RESULT in hit.site.caller
    ]
    for hit in code.sites(UPDATES):
        interval = _interval(code, hit)
        if interval is not None:
            found.append(_issue(code, hit, "frequent-location", f"{interval} ms"))
    found += pattern_issues(code)
    found += trust_issues(code)
    found += inbound_issues(code, components)
    found += broadcast_issues(code, accesses)
    return sorted(found, key=lambda i: (i.kind, i.caller, i.detail, i.component))


def _interval(code: Code, hit: MemberSite) -> int | None:
    """Return a constant update interval below ten seconds, None otherwise."""
    numbers = [a for a in constant_arguments(code.dex, hit.site.node, hit.site.offset) if isinstance(a, int)]
    if not numbers:
        return None
    value = numbers[0]
    return value if CONTINUOUS_FROM_MS <= value < SHORT_MS else None


def _issue(code: Code, hit: MemberSite, kind: str, detail: str) -> CodeIssue:
    owner = code.owner(hit.site.node)
    reachable, _ = code.reached(hit.site.node)
    return CodeIssue(
        kind=kind,
        caller=hit.site.caller,
        detail=detail,
        owner=owner,
        owner_kind=owner.kind,
        reachable=reachable,
        evidence=(code.evidence(hit.site),),
    )
