"""Facts about a privacy policy: what it is, what it contains, what it discloses, and how that compares with what was seen.

No judgement, no law.  ``None`` means *not known*.  Offsets count characters of the extracted text
(:attr:`PolicyFacts.text_sha256` identifies it), so every statement can be looked up in the document.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from scanner.model import Evidence, Frozen, Text

Party = Literal["operator", "sdk", "partner", "affiliate", "user", "unknown"]


class PolicyIdentity(Frozen):
    """What kind of document it is and whose.

    ``kind`` is decided by the words of title and body; ``confidence`` from 0 to 1.  ``matches_subject`` says whether
    the operator or application it names is the subject examined; None when either is unknown.
    """

    kind: Literal[
        "privacy_policy",
        "children_policy",
        "user_agreement",
        "sdk_list",
        "permission_list",
        "collection_list",
        "other",
    ]
    confidence: float
    title: str = ""
    operator: str | None = None
    app_name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    address: str | None = None
    updated: date | None = None
    effective: date | None = None
    matches_subject: bool | None = None
    language: str = "zh"
    evidence: tuple[Evidence, ...] = ()


class Paragraph(Frozen):
    """A block of the document: stable id, heading level (0 = no heading), ids of the headings above it."""

    id: str
    kind: Literal["heading", "text", "item", "table"]
    level: int = 0
    text: str
    start: int
    end: int
    section: tuple[str, ...] = ()


class PolicyTable(Frozen):
    """A table as rows of cell texts; ``paragraph`` is the block that stands for it."""

    paragraph: str
    caption: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class Sentence(Frozen):
    """A sentence with its character span and the topics it speaks of (docs/policy-model.md)."""

    paragraph: str
    text: str
    start: int
    end: int
    topics: tuple[str, ...] = ()


class Element(Frozen):
    """A required element of a policy (``rules/data/policy_elements.yaml``).

    ``weak``: mentioned, but without the substance the requirement names.  ``absent`` is said only when the whole
    document was read; ``unknown`` otherwise.
    """

    id: str
    state: Literal["present", "weak", "absent", "unknown"]
    missing: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class DisclosedItem(Frozen):
    """A personal-information item the policy speaks of.

    ``item`` is a catalogue id; ``vague`` when it is an umbrella term such as 设备信息; ``negated`` for 不会收集….
    ``open_ended`` when the list it stands in ends in 等.  ``party``: who collects it; ``sdk`` the name as written.
    """

    item: str
    term: str
    vague: bool = False
    negated: bool = False
    open_ended: bool = False
    party: Party = "operator"
    sdk: str = ""
    sdk_id: str = ""
    purpose: str = ""
    function: str = ""
    recipient: str = ""
    condition: str = ""
    evidence: tuple[Evidence, ...] = ()


class DisclosedSdk(Frozen):
    """A third-party SDK or partner the policy names, from a table row or a sentence.

    ``sdk_ids``: every catalogue entry the name can mean (友盟SDK means several); ``sdk_id`` when it is only one.
    """

    name: str
    sdk_id: str = ""
    sdk_ids: tuple[str, ...] = ()
    vendor: str = ""
    items: tuple[str, ...] = ()
    item_text: str = ""
    purpose: str = ""
    method: str = ""
    link: str = ""
    in_table: bool = False
    evidence: tuple[Evidence, ...] = ()


class DisclosedPermission(Frozen):
    """A system permission the policy names; ``permission`` as an Android name or group."""

    permission: str
    term: str
    purpose: str = ""
    evidence: tuple[Evidence, ...] = ()


class PolicyIssue(Frozen):
    """Wording that is unfair, contradictory or left over from a template (``kind``: ``rules/data/policy_wording.yaml``)."""

    kind: str
    text: str
    detail: str = ""
    evidence: tuple[Evidence, ...] = ()


class Readability(Frozen):
    """How hard the text is to read: counts of characters and sentences, mean sentence length in characters.

    ``difficulty`` from 0 (easy) to 100; ``font_px`` and ``contrast`` (WCAG ratio) only when it was rendered.
    """

    characters: int = 0
    sentences: int = 0
    mean_sentence: float = 0.0
    longest_paragraph: int = 0
    headings: int = 0
    difficulty: float | None = None
    font_px: float | None = None
    contrast: float | None = None


class Comparison(Frozen):
    """One thing seen or declared, and what the other side says of it.

    ``state``: ``disclosed``; ``vague`` (only an umbrella term); ``omitted`` (seen, and nothing in a policy that was
    read whole can mean it); ``contradicted`` (seen, and the policy denies it); ``unseen`` (declared, not found);
    ``unknown`` (``reason`` says why).  ``evidence`` shows both sides: what was seen first, then the policy or the search
    record.  ``umbrella`` is the vaguer wording that can mean it.  ``owner_id`` is an SDK id, a package or a domain.
    Only what certainly runs is called omitted or contradicted: ``reachable`` is True and ``strength`` direct or derived
    there.
    """

    kind: Literal["item", "sdk", "permission"]
    id: str
    name: Text
    state: Literal["disclosed", "vague", "omitted", "contradicted", "unseen", "unknown"]
    surface: Literal["app", "site"]
    owner_kind: Literal["app", "sdk", "library", "site", "third_party", "unknown"] = "unknown"
    owner_id: str = ""
    reachable: bool | None = None
    strength: Literal["direct", "derived", "weak", "none"] = "none"
    sensitive: Literal["yes", "conditional", "legacy", "no"] = "no"
    persistent_identifier: bool = False
    umbrella: str = ""
    reason: Text | None = None
    seen_evidence: tuple[Evidence, ...] = ()
    policy_evidence: tuple[Evidence, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class PolicyFacts(Frozen):
    """What a privacy policy says.

    ``source`` is the file, URL or path inside the package; ``format`` the form it was read from.  ``complete`` is
    False when part of it could not be read (the gaps say what).  ``response_days`` is the longest time limit promised
    for requests, in days.  ``lists`` are the separate lists (of SDKs, items, permissions) read with it: what they say
    stands in ``items``, ``sdks`` and ``permissions`` too.
    """

    source: str
    format: Literal["html", "pdf", "docx", "markdown", "text", "image", "unknown"] = "unknown"
    encoding: str = ""
    rendered: bool = False
    complete: bool | None = None
    text_sha256: str = ""
    found_by: Literal["given", "package", "link", "site", "unknown"] = "unknown"
    identity: PolicyIdentity | None = None
    paragraphs: tuple[Paragraph, ...] = ()
    tables: tuple[PolicyTable, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    elements: tuple[Element, ...] = ()
    items: tuple[DisclosedItem, ...] = ()
    sdks: tuple[DisclosedSdk, ...] = ()
    permissions: tuple[DisclosedPermission, ...] = ()
    issues: tuple[PolicyIssue, ...] = ()
    readability: Readability | None = None
    comparisons: tuple[Comparison, ...] = ()
    response_days: int | None = None
    lists: tuple[str, ...] = ()
