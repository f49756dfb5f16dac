"""Facts: what a package, site or policy contains, with evidence.  No judgement, no law.

``None`` means *not known* throughout: a rule that needs such a value becomes ``unknown``.  A list is complete
unless a :class:`~scanner.model.Gap` covers its path.  Rules address these fields by path (``app.accesses``),
so names here are an interface: renaming one is a breaking change.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from scanner.appfacts import Container, NativeHardening, NetworkConfig, Secret
from scanner.model import Artifact, Confidence, Evidence, Frozen, Gap, Looked, Problem, Subject, Text
from scanner.policyfacts import PolicyFacts
from scanner.sitefacts import SiteFacts

Owner = Literal["app", "sdk", "library", "unknown"]
EntryKind = Literal[
    "application",
    "provider",
    "launcher_activity",
    "activity",
    "service",
    "receiver",
    "callback",
    "static",
    "native",
    "other",
]


class Origin(Frozen):
    """Who wrote a class: the app itself, a known SDK, a plain library, or not determinable.

    ``id`` is the SDK's or library's id in ``rules/data/sdks``, the package prefix of the app, or empty;
    ``basis`` says how it was found: ``prefix``, ``class``, ``manifest``, ``structure`` (renamed code that has the
    strings and system calls of a known SDK), ``callers`` (renamed code reached only from one owner), ``none``.
    """

    kind: Owner
    id: str = ""
    name: Text | None = None
    basis: str = "none"


class Identity(Frozen):
    """Who the package says it is (AndroidManifest.xml and resources)."""

    package: str
    version_name: str | None = None
    version_code: int | None = None
    min_sdk: int | None = None
    target_sdk: int | None = None
    compile_sdk: int | None = None
    label: str | None = None
    label_zh: str | None = None
    label_en: str | None = None
    split: str | None = None
    shared_user_id: str | None = None
    evidence: tuple[Evidence, ...] = ()


class AppFlags(Frozen):
    """Switches of the ``<application>`` element with Android's effective values for the target level."""

    debuggable: bool | None = None
    allow_backup: bool | None = None
    cleartext_traffic: bool | None = None
    test_only: bool | None = None
    legacy_external_storage: bool | None = None
    has_code: bool | None = None
    network_security_config: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Component(Frozen):
    """An activity, service, receiver or provider of the manifest; ``exported`` is the effective value."""

    kind: Literal["activity", "activity-alias", "service", "receiver", "provider"]
    name: str
    exported: bool
    exported_explicit: bool | None = None
    enabled: bool = True
    permission: str | None = None
    read_permission: str | None = None
    write_permission: str | None = None
    grant_uri_permissions: bool = False
    process: str | None = None
    authorities: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    launcher: bool = False
    foreground_service_type: tuple[str, ...] = ()
    owner: Origin
    evidence: tuple[Evidence, ...] = ()


class PermissionUse(Frozen):
    """One owner's use of a permission: how many call sites need it, one of them as evidence."""

    owner: Origin
    sites: int
    evidence: tuple[Evidence, ...] = ()


class Permission(Frozen):
    """A permission the package declares or whose protected API it calls.

    ``used`` is None when code could not be read or the catalogue knows no API for the permission.
    ``requested`` says whether its name occurs as a string constant in code (the run-time request needs it).
    """

    name: str
    declared: bool
    max_sdk: int | None = None
    protection: Literal[
        "normal", "dangerous", "signature", "special", "privileged", "vendor", "custom", "unknown"
    ]
    group: str | None = None
    label: Text | None = None
    collects_pi: bool = False
    items: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    used: bool | None = None
    used_by: tuple[PermissionUse, ...] = ()
    used_by_owner: tuple[Owner, ...] = ()
    requested: bool | None = None
    evidence: tuple[Evidence, ...] = ()


class Access(Frozen):
    """One place in code that obtains a personal-information item (``rules/data``: items, android_sources).

    ``target`` is the method, field, URI or property; ``caller`` the method descriptor; ``offset`` counts
    16-bit code units.  ``reachable``: from an entry point by calls, dispatch by class hierarchy and
    callbacks; None where the graph is incomplete.  ``entry`` and ``entry_kind`` name the entry point of the
    shortest chain.  ``strength``: ``weak`` where the API is mostly used for something harmless.
    ``entry_method`` is the name of the entry point's method when calls alone lead from it here, empty when a callback
    lies between.  ``before_ui``: runs before any user interface exists; ``guarded``: then every way there passes a
    test of a stored flag (None where it does not apply).  ``restricted``: no device of the package's range gives an
    ordinary app the value.
    """

    item: str
    source: str
    kind: Literal["method", "field", "uri", "property", "path", "intent-action"]
    mode: Literal["read", "observe", "capture", "prompt", "write"]
    target: str
    caller: str
    dex: str
    offset: int
    owner: Origin
    owner_kind: Owner
    owner_id: str = ""
    strength: Literal["direct", "derived", "weak"]
    via_hierarchy: bool = False
    reachable: bool | None = None
    entry: str | None = None
    entry_kind: EntryKind | None = None
    entry_method: str | None = None
    before_ui: bool | None = None
    guarded: bool | None = None
    restricted: bool = False
    permissions: tuple[str, ...] = ()
    permission_missing: bool = False
    sensitive: Literal["yes", "conditional", "legacy", "no"] = "no"
    persistent_identifier: bool = False
    evidence: tuple[Evidence, ...] = ()


class Sdk(Frozen):
    """A third-party SDK or library found in the package.

    ``basis``: what identified it (``class``: a class only it has, ``prefix``: package names, ``structure``: strings
    and system calls of renamed code, ``string``, ``native``, ``manifest``, ``manifest-key``, ``resource``).
    ``confidence``: tentative where the traces are few or nobody has checked them against the real SDK.
    ``version`` is what its own code states (``version_evidence`` says where), None when it does not say exactly one.
    ``items`` were seen accessed by its code here; ``documented_items`` are what its vendor says it collects.
    ``domains`` are those its vendor uses, ``hosts`` those named in its code here.
    ``init``: its initialisation calls found in code, with the earliest entry kind; None where its names are gone.
    """

    id: str
    name: Text
    vendor: Text
    country: str | None = None
    purpose: str
    is_library: bool
    version: str | None = None
    basis: tuple[str, ...]
    confidence: Confidence = Confidence.FIRM
    classes: int = 0
    items: tuple[str, ...] = ()
    documented_items: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    initialised: bool | None = None
    init_entry_kind: EntryKind | None = None
    init_before_ui: bool | None = None
    init_guarded: bool | None = None
    consent_api: tuple[str, ...] = ()
    consent_api_called: bool | None = None
    source: str = ""
    source_verified: str = ""
    evidence: tuple[Evidence, ...] = ()
    init_evidence: tuple[Evidence, ...] = ()
    version_evidence: tuple[Evidence, ...] = ()


class CodeStats(Frozen):
    """Size of the code and what in it could not be followed (counts)."""

    dex_files: int = 0
    classes: int = 0
    methods: int = 0
    instructions: int = 0
    calls: int = 0
    skipped_methods: int = 0
    native_methods: int = 0
    reflection_calls: int = 0
    dynamic_loads: int = 0
    entry_points: int = 0
    reachable_methods: int = 0
    packer: str | None = None
    packer_name: Text | None = None
    obfuscated_share: float | None = None
    evidence: tuple[Evidence, ...] = ()


class NativeLibrary(Frozen):
    """A native library file: path in the package, ABI, size in bytes."""

    path: str
    name: str
    abi: str
    size: int
    owner: Origin


class SchemeState(Frozen):
    """State of one APK signature scheme; ``verified`` is None when it could not be checked."""

    scheme: Literal["v1", "v2", "v3", "v3.1", "v4"]
    present: bool
    verified: bool | None = None
    problem: str | None = None


class Certificate(Frozen):
    """A signing certificate (X.509); ``key_bits`` in bits, dates in UTC."""

    sha256: str
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    key_algorithm: str
    key_bits: int | None = None
    signature_algorithm: str
    self_signed: bool
    debug: bool
    weak: bool
    weak_reason: Text | None = None
    evidence: tuple[Evidence, ...] = ()


class Signing(Frozen):
    """Signature schemes and certificates; ``verified`` is None when nothing could be checked."""

    signed: bool | None = None
    verified: bool | None = None
    v1_only: bool | None = None
    schemes: tuple[SchemeState, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class InterfaceText(Frozen):
    """A sentence of the interface that matters for the law.

    ``kind`` comes from ``rules/data/texts.yaml`` (``policy_link``, ``consent_prompt``, ``implied_consent``,
    ``account_deletion``, ``complaint_channel``, ``personalisation_switch``, ``login`` …); ``origin`` is the place
    it was found in; ``used`` whether a resource or class refers to it (None = not analysed).
    """

    kind: str
    text: str
    origin: Literal["resource", "code", "layout", "asset"]
    name: str = ""
    locale: str = ""
    owner_kind: Owner = "unknown"
    evidence: tuple[Evidence, ...] = ()


class CheckBox(Frozen):
    """A check box or switch in a layout; ``agreement`` when its words or a neighbour's mention consent."""

    layout: str
    checked: bool
    agreement: bool
    text: str = ""
    evidence: tuple[Evidence, ...] = ()


class PermissionRequest(Frozen):
    """A run-time permission request: the permissions that could be read from its constant arguments."""

    caller: str
    permissions: tuple[str, ...]
    groups: int
    complete: bool
    owner: Origin
    owner_kind: Owner
    reachable: bool | None = None
    entry_kind: EntryKind | None = None
    before_ui: bool | None = None
    evidence: tuple[Evidence, ...] = ()


class Endpoint(Frozen):
    """A URL or host in code or resources; ``country`` of registration or hosting from offline data."""

    url: str
    host: str
    cleartext: bool
    origin: Literal["code", "resource", "asset"]
    owner: Origin
    owner_kind: Owner
    kind: str = "url"
    evidence: tuple[Evidence, ...] = ()


class CodeIssue(Frozen):
    """A security-relevant code pattern (``kind`` from ``rules/data/patterns.yaml``), with its place."""

    kind: str
    caller: str
    detail: str = ""
    owner: Origin
    owner_kind: Owner
    reachable: bool | None = None
    evidence: tuple[Evidence, ...] = ()


class AppFacts(Frozen):
    """Everything read from an Android package."""

    identity: Identity
    flags: AppFlags = AppFlags()
    signing: Signing = Signing()
    components: tuple[Component, ...] = ()
    permissions: tuple[Permission, ...] = ()
    accesses: tuple[Access, ...] = ()
    sdks: tuple[Sdk, ...] = ()
    requests: tuple[PermissionRequest, ...] = ()
    texts: tuple[InterfaceText, ...] = ()
    checkboxes: tuple[CheckBox, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    issues: tuple[CodeIssue, ...] = ()
    native_libraries: tuple[NativeLibrary, ...] = ()
    network: NetworkConfig | None = None
    secrets: tuple[Secret, ...] = ()
    hardening: tuple[NativeHardening, ...] = ()
    containers: tuple[Container, ...] = ()
    code: CodeStats = CodeStats()
    category: str | None = None
    collects_pi: bool | None = None
    has_account: bool | None = None


class Facts(Frozen):
    """The whole fact base of one subject; one of ``app``, ``site`` and ``policy`` or several."""

    schema_version: Literal["1"] = "1"
    collector: str
    subject: Subject
    app: AppFacts | None = None
    site: SiteFacts | None = None
    policy: PolicyFacts | None = None
    artifacts: tuple[Artifact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    looked: tuple[Looked, ...] = ()
    problems: tuple[Problem, ...] = Field(default=())
