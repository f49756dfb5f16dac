"""Facts about a package beyond the first edition: network trust, secrets, native code, web and script containers.

No judgement, no law; ``None`` means *not known* (see :mod:`scanner.facts`).
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from scanner.model import Evidence, Frozen, Text


class NetworkDomain(Frozen):
    """A ``<domain-config>`` of the network security configuration, with inherited values resolved.

    ``user_certificates``: trusts authorities that the user installed; ``pins``: number of pinned keys;
    ``pins_until``: the day the pins expire.
    """

    domain: str
    subdomains: bool = False
    cleartext: bool
    user_certificates: bool
    pins: int = 0
    pins_until: date | None = None
    override_pins: bool = False
    evidence: tuple[Evidence, ...] = ()


class NetworkConfig(Frozen):
    """The effective network security configuration (Android developers: "Network security configuration").

    ``present``: the package names one; the other values hold for connections no domain rule covers, with Android's
    defaults for the target level where the file says nothing.
    """

    present: bool
    readable: bool | None = None
    cleartext: bool | None = None
    user_certificates: bool | None = None
    bundled_certificates: int = 0
    debug_user_certificates: bool | None = None
    domains: tuple[NetworkDomain, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Secret(Frozen):
    """A credential shipped in the package, its form verified; ``masked`` shows only its ends.

    ``checked``: how the form was verified (``prefix``, ``entropy``, ``structure``, ``context``).
    """

    kind: str
    name: Text
    vendor: str
    masked: str
    origin: Literal["code", "resource", "asset", "manifest"]
    checked: tuple[str, ...]
    grants: Literal["server", "client", "signing"] = "server"
    owner_kind: Literal["app", "sdk", "library", "unknown"] = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class NativeHardening(Frozen):
    """Protections of one ELF file, read from its headers; None where the file could not be read.

    ``canary`` and ``fortify`` are seen through the functions they import; a library too small to need them may lack
    both.
    """

    path: str
    machine: str = ""
    nx: bool | None = None
    relro: Literal["none", "partial", "full"] | None = None
    canary: bool | None = None
    fortify: bool | None = None
    runpath: str = ""
    stripped: bool | None = None
    text_relocations: bool | None = None
    jni_functions: int = 0
    problem: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Container(Frozen):
    """A technique that runs code other than dex: web pages, script bundles, engines (``rules/data/containers.yaml``).

    ``readable``: whether its scripts are text this tool searches; False for byte code or encrypted bundles, whose
    behaviour is then unknown.
    """

    kind: str
    name: Text
    files: int = 0
    readable: bool | None = None
    evidence: tuple[Evidence, ...] = ()


# What a test of a stored flag says about consent: ``none`` no test; ``unrelated`` a flag that speaks of something else,
# or a test that lets a first start through; ``unknown`` a flag whose meaning cannot be told; ``consent``.
GuardKind = Literal["none", "unrelated", "unknown", "consent"]


class FlagWrite(Frozen):
    """A place that stores a flag: the value where it is constant, and the callback that leads there (``onClick``)."""

    caller: str
    value: bool | None = None
    trigger: str = ""
    evidence: tuple[Evidence, ...] = ()


class FlagTest(Frozen):
    """A test of a stored flag on the way to a place.

    ``keys`` are the names it is stored under where they are constant; ``flag`` the method or field tested; ``basis``
    says what tells its kind (``key``, ``name``, ``default``, ``written``, ``none``).  ``runs_when`` is the value of the
    flag with which the place runs; ``first_start`` whether the value of a flag never stored lets it run.
    """

    kind: GuardKind
    basis: str
    keys: tuple[str, ...] = ()
    flag: str
    runs_when: bool | None = None
    first_start: bool | None = None
    written: tuple[FlagWrite, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class StartupStep(Frozen):
    """Something that happens while the app starts, in Android's order; ``number`` counts from 1.

    ``phase`` and ``component`` say from where: Android creates the component factory and the application object, runs
    ``attachBaseContext``, the content providers by ``init_order`` (higher first) with the androidx.startup
    initialisers, ``Application.onCreate``, then the launcher activity.  ``action``: ``init`` and ``delayed_init`` of an
    SDK, ``consent`` told to an SDK, ``access`` to a personal-information item, ``network`` opened.  ``deferred``: posted
    to a thread, task or coroutine, so it runs later, though without waiting for the user.  ``dispatched``: an
    interface or overriding method lies on the way, so other code may run instead.  ``guard`` is the weakest kind of test
    on any way there, ``tests`` are those of the way shown.  ``items`` and ``network`` say what an SDK's start leads to.
    """

    number: int
    phase: Literal[
        "factory", "attach_base_context", "provider", "initializer", "application", "launcher_activity"
    ]
    component: str
    entry_method: str
    process: str | None = None
    init_order: int | None = None
    action: Literal["init", "delayed_init", "consent", "access", "network"]
    target: str
    caller: str
    owner_kind: Literal["app", "sdk", "library", "unknown"] = "unknown"
    owner_id: str = ""
    sdk: str = ""
    item: str = ""
    value: bool | None = None
    deferred: bool = False
    dispatched: bool = False
    guard: GuardKind
    tests: tuple[FlagTest, ...] = ()
    items: tuple[str, ...] = ()
    network: bool | None = None
    evidence: tuple[Evidence, ...] = ()


class ConsentDialog(Frozen):
    """A dialog or screen that asks for agreement to a policy, with its buttons.

    ``built``: in code (a dialog builder) or in a layout; ``place`` the method or layout.  ``agree`` and ``refuse``: a
    button that agrees is there, one that may refuse; ``cancelable``: it can be closed otherwise (None: not told).  ``links_policy``: one
    of its words or buttons leads to the policy.
    """

    built: Literal["code", "layout"]
    place: str
    text: str
    buttons: tuple[str, ...] = ()
    agree: bool
    refuse: bool
    cancelable: bool | None = None
    links_policy: bool = False
    owner_kind: Literal["app", "sdk", "library", "unknown"] = "unknown"
    used_by: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
