"""What the site tells its visitors, and whether what was not found was really looked for."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.collect.site.reading import PageReading
from scanner.model import Evidence
from scanner.sitefacts import Page, SiteDisclosure


def disclosure(
    readings: Sequence[PageReading], *, complete: bool, failed: frozenset[str], dead: frozenset[str]
) -> SiteDisclosure:
    """Join what all pages link to and say.

    ``complete``: every page that matters was read, so what was not found is absent; otherwise it is not known.
    ``failed``: kinds of pages that are linked but could not be read; ``dead``: addresses that answered 404 or 410.
    """
    pages = [r.page for r in readings]
    policy = min((p for p in pages if p.kind == "policy"), key=lambda p: p.depth, default=None)
    proofs: list[Evidence] = []

    def found(kind: str, statement: str = "") -> bool | None:
        pointer = next((p for r in readings for p in r.pointers if p.kind == kind), None)
        said = next((r.statements[statement] for r in readings if statement in r.statements), None)
        page = next((p for p in pages if p.kind == kind), None)
        proof = (
            pointer.evidence
            if pointer is not None
            else said or (page.evidence[0] if page is not None else None)
        )
        if proof is not None:
            proofs.append(proof)
            return True
        return False if complete and kind not in failed else None

    policy_found = _policy_found(policy, readings, complete=complete, failed=failed, dead=dead)
    if policy is not None:
        proofs.extend(policy.evidence)
    elif policy_found is False:
        proofs.extend(p.evidence for r in readings for p in r.pointers if p.kind == "policy")
    return SiteDisclosure(
        policy_url=policy.final_url if policy is not None else None,
        policy_clicks=policy.depth if policy is not None else None,
        policy_found=policy_found,
        agreement_found=found("agreement"),
        deletion_found=found("account_deletion", "account_deletion"),
        complaint_found=found("complaint", "complaint"),
        contact_found=found("contact", "contact"),
        children_found=found("children", "children"),
        cookie_notice=_statement(readings, "cookie_notice", proofs, complete=complete),
        evidence=tuple(dict.fromkeys(proofs)),
    )


def _policy_found(
    policy: Page | None,
    readings: Sequence[PageReading],
    *,
    complete: bool,
    failed: frozenset[str],
    dead: frozenset[str],
) -> bool | None:
    if policy is not None:
        return True
    # A link that leads to something not read, or not read as a policy, needs a person; one that leads nowhere is none.
    linked = any(p.kind == "policy" and p.url not in dead for r in readings for p in r.pointers)
    return None if linked or "policy" in failed or not complete else False


def _statement(
    readings: Sequence[PageReading], name: str, proofs: list[Evidence], *, complete: bool
) -> bool | None:
    said = next((r.statements[name] for r in readings if name in r.statements), None)
    if said is not None:
        proofs.append(said)
        return True
    return False if complete else None
