"""What the site tells its visitors, and whether what was not found was really looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scanner.collect.site import notes
from scanner.collect.site.reading import PageReading, Pointer
from scanner.model import Evidence
from scanner.sitefacts import DisclosureGround, Page, SiteDisclosure


def disclosure(
    readings: Sequence[PageReading], *, complete: bool, failed: frozenset[str], dead: Mapping[str, str]
) -> SiteDisclosure:
    """Join what all pages link to and say.

    ``complete``: every page that matters was read, so what was not found is absent; otherwise it is not known.
    ``failed``: kinds of pages that are linked but could not be read; ``dead``: addresses that answered 404 or
    410, with the code of the answer.  A link that leads nowhere may be opened by a script, so it neither proves nor denies.
    """
    policy = min((r.page for r in readings if r.page.kind == "policy"), key=lambda p: p.depth, default=None)
    policy_found = _policy_found(policy, readings, complete=complete, failed=failed, dead=dead)
    search = _Search(readings, complete=complete, failed=failed, dead=dead)
    if policy is not None:
        search.note("policy", policy.title, policy.final_url, *policy.evidence)
    elif policy_found is False:
        search.proofs += (_pointed(p, dead) for r in readings for p in r.pointers if p.kind == "policy")
    return SiteDisclosure(
        policy_url=policy.final_url if policy is not None else None,
        policy_clicks=policy.depth if policy is not None else None,
        policy_found=policy_found,
        agreement_found=search.found("agreement", "agreement"),
        deletion_found=search.found("deletion", "account_deletion", "account_deletion"),
        complaint_found=search.found("complaint", "complaint", "complaint"),
        contact_found=search.found("contact", "contact", "contact"),
        children_found=search.found("children", "children", "children"),
        cookie_notice=search.found("cookie_notice", "", "cookie_notice"),
        grounds=tuple(search.grounds),
        evidence=tuple(dict.fromkeys(search.proofs)),
    )


class _Search:
    """Looks for what visitors are told, and keeps what told it."""

    def __init__(
        self,
        readings: Sequence[PageReading],
        *,
        complete: bool,
        failed: frozenset[str],
        dead: Mapping[str, str],
    ) -> None:
        self.readings = readings
        self.complete = complete
        self.failed = failed
        self.dead = dead
        self.grounds: list[DisclosureGround] = []
        self.proofs: list[Evidence] = []

    def note(self, topic: str, text: str, url: str, *proofs: Evidence) -> None:
        """Keep what tells of ``topic``."""
        self.proofs += proofs
        self.grounds.append(DisclosureGround(topic=topic, text=text, url=url, evidence=proofs))

    def found(self, topic: str, kind: str, statement: str = "") -> bool | None:
        """Whether a link to a page of ``kind`` that is there, a sentence or such a page itself tells of ``topic``."""
        pointers = [p for r in self.readings for p in r.pointers if p.kind == kind]
        for pointer in pointers:
            if pointer.leads and pointer.url not in self.dead:
                proof = _pointed(pointer, self.dead)
                self.note(topic, proof.excerpt, pointer.url, proof)
                return True
        for reading in self.readings:
            if statement in reading.statements:
                proof = reading.statements[statement]
                self.note(topic, proof.excerpt, reading.page.final_url, proof)
                return True
        page = next((r.page for r in self.readings if r.page.kind == kind), None)
        if page is not None:
            self.note(topic, page.title, page.final_url, *page.evidence[:1])
            return True
        self.proofs += (_pointed(p, self.dead) for p in pointers)
        nowhere = any(not p.leads for p in pointers)
        return False if self.complete and kind not in self.failed and not nowhere else None


def _pointed(pointer: Pointer, dead: Mapping[str, str]) -> Evidence:
    """Return the link as evidence, with where it leads and how that answered."""
    note = notes.link_note(pointer.url, dead.get(pointer.url, "").removeprefix("http-"), leads=pointer.leads)
    return pointer.evidence.model_copy(update={"note": note})


def _policy_found(
    policy: Page | None,
    readings: Sequence[PageReading],
    *,
    complete: bool,
    failed: frozenset[str],
    dead: Mapping[str, str],
) -> bool | None:
    if policy is not None:
        return True
    # A link that leads to something not read, or not read as a policy, needs a person; one that leads nowhere is none.
    linked = any(p.kind == "policy" and p.url not in dead for r in readings for p in r.pointers)
    return None if linked or "policy" in failed or not complete else False
