"""What the site tells its visitors, and whether what was not found was really looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scanner.collect.site import notes
from scanner.collect.site.reading import PageReading, Pointer
from scanner.model import Evidence, Looked, Text
from scanner.sitefacts import Page, SiteDisclosure


def disclosure(
    readings: Sequence[PageReading], *, complete: bool, failed: frozenset[str], dead: Mapping[str, str]
) -> SiteDisclosure:
    """Join what all pages link to and say.

    ``complete``: every page that matters was read, so what was not found is absent; otherwise it is not known.
    ``failed``: kinds of pages that are linked but could not be read; ``dead``: addresses that answered 404 or
    410, with the status.  A link that leads nowhere may be opened by a script, so it neither proves nor denies.
    """
    pages = [r.page for r in readings]
    policy = min((p for p in pages if p.kind == "policy"), key=lambda p: p.depth, default=None)
    proofs: list[Evidence] = []

    def found(kind: str, statement: str = "") -> bool | None:
        pointers = [p for r in readings for p in r.pointers if p.kind == kind]
        pointer = next((p for p in pointers if p.leads and p.url not in dead), None)
        said = next((r.statements[statement] for r in readings if statement in r.statements), None)
        page = next((p for p in pages if p.kind == kind), None)
        proof = (
            _pointed(pointer, dead)
            if pointer is not None
            else said or (page.evidence[0] if page is not None else None)
        )
        if proof is not None:
            proofs.append(proof)
            return True
        proofs.extend(_pointed(p, dead) for p in pointers)
        nowhere = any(not p.leads for p in pointers)
        return False if complete and kind not in failed and not nowhere else None

    policy_found = _policy_found(policy, readings, complete=complete, failed=failed, dead=dead)
    if policy is not None:
        proofs.extend(policy.evidence)
    elif policy_found is False:
        proofs.extend(_pointed(p, dead) for r in readings for p in r.pointers if p.kind == "policy")
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


def _pointed(pointer: Pointer, dead: Mapping[str, str]) -> Evidence:
    """Return the link as evidence, with where it leads and how that answered."""
    note = notes.link_note(pointer.url, dead.get(pointer.url, ""), leads=pointer.leads)
    return pointer.evidence.model_copy(update={"note": note})


def dead_policy_links(readings: Sequence[PageReading], dead: Mapping[str, str]) -> Iterator[Looked]:
    """Yield what became of the links called a privacy policy where none was found: each address with its answer."""
    links = {p.url: p.evidence.excerpt for r in readings for p in r.pointers if p.kind == "policy"}
    told = [(words, url, dead[url]) for url, words in links.items() if url in dead]
    if told:
        shown = notes.listed(
            [
                Text(
                    zh=f"“{words}”指向 {url} ，返回 {status}",
                    en=f"“{words}” leads to {url} which answered {status}",
                )
                for words, url, status in told
            ]
        )
        what = Text(
            zh=f"称作隐私政策的链接，其地址没有内容：{shown.zh}",
            en=f"links called a privacy policy, with nothing at their address: {shown.en}",
        )
        yield Looked(path="site.disclosure.policy_found", what=what, amount=len(told))


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


def _statement(
    readings: Sequence[PageReading], name: str, proofs: list[Evidence], *, complete: bool
) -> bool | None:
    said = next((r.statements[name] for r in readings if name in r.statements), None)
    if said is not None:
        proofs.append(said)
        return True
    return False if complete else None
