"""Facts about a website: pages, forms, requests, cookies, consent, disclosure, filing and transport, with evidence.

No judgement, no law.  ``None`` means *not known*; ``phase`` says when something happened: ``before`` any choice was
made, after ``accept``, after ``reject``, or ``static`` when no browser was used.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from scanner.model import Evidence, Frozen

Phase = Literal["static", "before", "accept", "reject"]
Sensitive = Literal["yes", "conditional", "legacy", "no"]
PageKind = Literal[
    "home",
    "policy",
    "agreement",
    "login",
    "register",
    "contact",
    "account_deletion",
    "complaint",
    "children",
    "other",
]


class Page(Frozen):
    """A page that was fetched: HTTP status, kind, clicks from the start page, size in bytes, time in milliseconds."""

    url: str
    final_url: str
    status: int | None = None
    title: str = ""
    kind: PageKind = "other"
    depth: int = 0
    content_type: str = ""
    size: int = 0
    language: str = ""
    cleartext: bool = False
    rendered: bool = False
    redirects: tuple[str, ...] = ()
    problem: str | None = None
    sha256: str = ""
    evidence: tuple[Evidence, ...] = ()


class FormField(Frozen):
    """An input of a form, classified into a catalogue item (empty when it holds none).

    ``basis``: what told the item (``autocomplete``, ``type``, ``label``, ``name``, ``placeholder``, ``pattern``,
    ``context``).  ``necessary``: whether the form's purpose needs it; None when that cannot be told.
    """

    name: str
    type: str
    label: str = ""
    placeholder: str = ""
    item: str = ""
    basis: tuple[str, ...] = ()
    confidence: float = 0.0
    sensitive: Sensitive = "no"
    required: bool = False
    password: bool = False
    hidden: bool = False
    minors: bool = False
    necessary: bool | None = None
    evidence: tuple[Evidence, ...] = ()


class Form(Frozen):
    """A form of a page: where it sends what, and what stands beside it.

    ``agreement``: a consent box or sentence beside it; ``agreement_checked``: ticked before the visitor does anything.
    ``collects``: the catalogue items of its fields.
    """

    page: str
    purpose: Literal[
        "login",
        "register",
        "password_reset",
        "search",
        "contact",
        "order",
        "payment",
        "recruitment",
        "survey",
        "appointment",
        "subscription",
        "identity",
        "other",
    ]
    method: str = "get"
    action: str = ""
    action_host: str = ""
    third_party: bool = False
    cleartext: bool = False
    fields: tuple[FormField, ...] = ()
    collects: tuple[str, ...] = ()
    collects_pi: bool = False
    collects_sensitive: bool = False
    purpose_stated: bool | None = None
    policy_linked: bool | None = None
    agreement: bool | None = None
    agreement_checked: bool | None = None
    agreement_bundled: bool | None = None
    captcha: bool = False
    evidence: tuple[Evidence, ...] = ()


class ThirdParty(Frozen):
    """A third-party registrable domain the site uses; owner, category and country come from dated offline data."""

    domain: str
    owner: str = ""
    category: str = "unknown"
    country: str = ""
    overseas: bool | None = None
    tracker: bool = False
    lists: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    before_consent: bool = False
    requests: int = 0
    cookies: int = 0
    sends_items: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Request(Frozen):
    """A network request of a page; ``sends`` names catalogue items found in URL, headers or body (values masked).

    ``size`` in bytes on the wire; ``country`` of the host's owner by offline data (empty = unknown); ``lists``: the
    filter lists that name it; ``initiator``: the script or document that caused it.
    """

    url: str
    host: str
    method: str = "GET"
    type: str = ""
    page: str = ""
    phase: Phase = "before"
    third_party: bool = False
    tracker: bool = False
    cleartext: bool = False
    beacon: bool = False
    sends: tuple[str, ...] = ()
    initiator: str = ""
    status: int | None = None
    size: int = 0
    country: str = ""
    lists: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Cookie(Frozen):
    """A cookie: life in days (None = session), flags, who set it, and for what according to offline data."""

    name: str
    domain: str
    path: str = "/"
    phase: Phase = "before"
    third_party: bool = False
    days: float | None = None
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    set_by: str = ""
    owner: str = ""
    purpose: Literal["necessary", "functional", "analytics", "advertising", "unknown"] = "unknown"
    session: bool = False
    identifier: bool = False
    evidence: tuple[Evidence, ...] = ()


class StorageItem(Frozen):
    """An entry in the browser's storage; ``size`` in characters; values are never kept, only whether it identifies."""

    kind: Literal["local", "session", "indexeddb", "cache", "service_worker"]
    origin: str
    key: str
    size: int = 0
    phase: Phase = "before"
    third_party: bool = False
    identifier: bool = False
    set_by: str = ""
    evidence: tuple[Evidence, ...] = ()


class ScriptUse(Frozen):
    """A script's use of an interface that identifies or observes the visitor (``api``: canvas, webgl, keylogging …)."""

    api: str
    script: str
    page: str
    phase: Phase = "before"
    third_party: bool = False
    count: int = 1
    item: str = ""
    evidence: tuple[Evidence, ...] = ()


class Button(Frozen):
    """A choice in a consent dialog; ``prominence`` from 0 to 1 by size, contrast and place."""

    label: str
    role: Literal["accept", "reject", "settings", "close", "other"]
    prominence: float = 0.0
    evidence: tuple[Evidence, ...] = ()


class ConsentDialog(Frozen):
    """A consent banner or dialog, and how it treats a refusal.

    ``reject_clicks``: clicks needed to refuse (None = impossible).  ``reject_respected``: whether what was set after a
    refusal lacks what acceptance adds; ``kept_after_reject`` names what it does not lack (hosts, cookies, storage).
    ``equal_choice``: refusing stands beside accepting and is about as prominent.  ``wall``: the page cannot be used
    before accepting.  ``bundled``: agreement goes with registration or login; ``implied``: going on counts as consent.
    """

    page: str
    kind: Literal["banner", "dialog", "page"]
    text: str = ""
    buttons: tuple[Button, ...] = ()
    reject_clicks: int | None = None
    accept_clicks: int | None = None
    equal_choice: bool | None = None
    prechecked: tuple[str, ...] = ()
    wall: bool = False
    closable: bool | None = None
    policy_linked: bool | None = None
    reject_respected: bool | None = None
    bundled: bool | None = None
    implied: bool | None = None
    kept_after_reject: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Filing(Frozen):
    """An ICP filing, telecom licence or public-security filing number shown on the site.

    ``linked``: it links to the authority's site; ``registered``: result of the offline register (None = none given).
    """

    kind: Literal["icp", "license", "police"]
    number: str
    well_formed: bool
    province: str = ""
    linked: bool | None = None
    link: str = ""
    pages: int = 0
    consistent: bool | None = None
    registered: bool | None = None
    register_matches: bool | None = None
    evidence: tuple[Evidence, ...] = ()


class SiteCertificate(Frozen):
    """A TLS certificate of the site; ``days_left`` on the day of the visit, negative when expired."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    days_left: int
    key_algorithm: str = ""
    key_bits: int | None = None
    signature_algorithm: str = ""
    self_signed: bool = False
    sha256: str = ""


class Transport(Frozen):
    """TLS and HTTP security of one host of the site; ``protocols`` that the server accepts."""

    host: str
    port: int = 443
    https: bool | None = None
    protocols: tuple[str, ...] = ()
    weak_protocols: tuple[str, ...] = ()
    cipher: str = ""
    weak_ciphers: tuple[str, ...] = ()
    trusted: bool | None = None
    hostname_matches: bool | None = None
    certificates: tuple[SiteCertificate, ...] = ()
    days_left: int | None = None
    http_redirects: bool | None = None
    hsts: bool | None = None
    hsts_days: float | None = None
    problem: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Weakness(Frozen):
    """A security weakness seen from outside (``kind``: ``no-csp``, ``cors-any-origin``, ``git-exposed`` …)."""

    kind: str
    url: str
    detail: str = ""
    host: str = ""
    evidence: tuple[Evidence, ...] = ()


class ScriptLibrary(Frozen):
    """A script library with its version and the advisories known on ``data_date`` for it."""

    name: str
    version: str
    url: str
    advisories: tuple[str, ...] = ()
    vulnerable: bool = False
    severity: str = ""
    data_date: str = ""
    evidence: tuple[Evidence, ...] = ()


class ExposedData(Frozen):
    """Personal information of others visible in a page, with its form verified; shown masked only."""

    item: str
    page: str
    count: int
    sample: str
    evidence: tuple[Evidence, ...] = ()


class SiteDisclosure(Frozen):
    """What the site tells its visitors, and in how many clicks (None = not found within the crawl)."""

    policy_url: str | None = None
    policy_clicks: int | None = None
    policy_found: bool | None = None
    agreement_found: bool | None = None
    deletion_found: bool | None = None
    complaint_found: bool | None = None
    contact_found: bool | None = None
    children_found: bool | None = None
    cookie_notice: bool | None = None
    evidence: tuple[Evidence, ...] = ()


class CrawlStats(Frozen):
    """What the visit did: pages, bytes, milliseconds, and which budget ended it (empty = nothing left to visit)."""

    pages: int = 0
    rendered: int = 0
    bytes: int = 0
    milliseconds: int = 0
    refused: int = 0
    disallowed: int = 0
    stopped_by: str = ""
    browser: str = ""
    user_agent: str = ""


class SiteFacts(Frozen):
    """Everything observed on a website.

    ``collects_pi``: a form asks for, or a request sends, personal information; ``has_account``: it offers accounts.
    ``icp_shown``/``police_shown``: a well-formed number is shown on the start page; None when it was not read.
    """

    start_url: str
    host: str = ""
    domain: str = ""
    operator: str | None = None
    visited_at: datetime | None = None
    pages: tuple[Page, ...] = ()
    forms: tuple[Form, ...] = ()
    requests: tuple[Request, ...] = ()
    third_parties: tuple[ThirdParty, ...] = ()
    cookies: tuple[Cookie, ...] = ()
    storage: tuple[StorageItem, ...] = ()
    script_uses: tuple[ScriptUse, ...] = ()
    dialogs: tuple[ConsentDialog, ...] = ()
    filings: tuple[Filing, ...] = ()
    icp_shown: bool | None = None
    police_shown: bool | None = None
    transport: tuple[Transport, ...] = ()
    weaknesses: tuple[Weakness, ...] = ()
    libraries: tuple[ScriptLibrary, ...] = ()
    exposed: tuple[ExposedData, ...] = ()
    disclosure: SiteDisclosure = SiteDisclosure()
    collects_pi: bool | None = None
    has_account: bool | None = None
    mainland: bool | None = None
    stats: CrawlStats = CrawlStats()
