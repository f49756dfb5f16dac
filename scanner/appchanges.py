"""The facts of a package that a retest compares: how each is recognised again, and what is said of it.

Names that a build may change (obfuscated methods, sizes, offsets, orders) are no part of any entry, so that two builds
of one source compare as equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from scanner import buildchanges
from scanner.appfacts import ConsentDialog, StartupStep
from scanner.changes import Entry, Source, Value, author, code_of, foreign, marks, said
from scanner.codefacts import Access
from scanner.componentfacts import Ability, AutoStart, DeepLink, Wake
from scanner.facts import Facts
from scanner.necessity import category_of, need_of_item, need_of_permission

READS = frozenset({"read", "observe", "capture"})
GUARDS = ("none", "unrelated", "unknown", "consent")
MAX_TEXT = 400
MAX_LINKS = 200  # addresses of one intent filter
ALIKE = 0.5  # share of equal text above which two dialogs count as one that was changed


def permissions(facts: Facts) -> Iterator[Entry]:
    """Declared permissions: level, whether code uses them, and whether the category needs them."""
    app = facts.app
    if app is None:
        return
    category = category_of(app)
    for permission in app.permissions:
        if not permission.declared:
            continue
        need = need_of_permission(permission, category)
        values = (
            *said("level", permission.protection),
            *marks(used=permission.used is True, unused=permission.used is False),
            *said("need", "outside" if need == "outside" else ""),
        )
        yield Entry(permission.name, values, permission.label, evidence=permission.evidence)


def items(facts: Facts) -> Iterator[Entry]:
    """Personal information that code of the app or an SDK obtains, by whose code."""
    app = facts.app
    if app is None:
        return
    category = category_of(app)
    places: dict[tuple[str, str, str], list[Access]] = {}
    for access in app.accesses:
        obtained = access.mode in READS and access.strength != "weak" and not access.restricted
        if obtained and access.owner_kind != "library":
            places.setdefault((access.item, access.owner_kind, access.owner_id), []).append(access)
    for (item, kind, owner), found in places.items():
        names = tuple(dict.fromkeys(name for access in found for name in access.permissions))
        outside = category is not None and need_of_item(item, names, category) == "outside"
        live = [access for access in found if access.reachable is not False]
        yield Entry(
            f"{item} {foreign(kind, owner) or kind}",
            (*said("need", "outside" if outside else ""), *marks(reached=bool(live), unreached=not live)),
            owner=foreign(kind, owner),
            evidence=(live or found)[0].evidence,
        )


def sdks(facts: Facts) -> Iterator[Entry]:
    """SDKs and libraries with their versions."""
    app = facts.app
    for sdk in app.sdks if app else ():
        yield Entry(
            sdk.id,
            (
                *said("text", sdk.version),
                *marks(library=sdk.is_library, not_started=sdk.initialised is False and not sdk.is_library),
            ),
            sdk.name,
            evidence=sdk.evidence,
        )


def startup(facts: Facts) -> Iterator[Entry]:
    """What happens while the app starts: the first phase it happens in, and the weakest test on the way."""
    app = facts.app
    steps: dict[tuple[str, str], list[StartupStep]] = {}
    for step in app.startup if app else ():
        if step.owner_kind == "library" and step.action != "network":
            continue
        author = foreign(step.owner_kind, step.owner_id) or step.owner_kind
        subject = step.sdk or f"{step.item or step.action} {author}"
        steps.setdefault((step.action, subject), []).append(step)
    for (action, subject), found in steps.items():
        first = min(found, key=lambda s: s.number)
        guard = min((step.guard for step in found), key=GUARDS.index)
        told = [step.value for step in found] if action == "consent" else []
        yield Entry(
            f"{action} {subject}",
            (
                *said("phase", first.phase),
                *said("guard", guard),
                *marks(agreed=True in told, not_agreed=False in told, value_unknown=None in told),
            ),
            owner=first.sdk or foreign(first.owner_kind, first.owner_id),
            evidence=first.evidence,
        )


def abilities(facts: Facts) -> Iterator[Entry]:
    """Special abilities: declared or not, used or not, by whom, and what they ask for."""
    app = facts.app
    for ability in app.abilities if app else ():
        yield Entry(
            ability.kind,
            (
                *marks(declared=ability.declared, undeclared=not ability.declared),
                *marks(used=ability.used is True, unused=ability.used is False),
                *_accessibility(ability),
                *said("text", *sorted(ability.policies)),
            ),
            ability.name,
            foreign(ability.owner_kind, ability.owner_id),
            ability.evidence,
        )
        known = {sdk.id for sdk in app.sdks} if app else set()
        for user in ability.used_by:
            owner = user if user in known else ""
            yield Entry(ability.kind, said("owner", owner or "app"), ability.name, owner, ability.evidence)


def _accessibility(ability: Ability) -> tuple[Value, ...]:
    asked = ability.accessibility
    if asked is None:
        return ()
    return (
        *marks(
            window_content=asked.window_content,
            gestures=asked.gestures,
            key_events=asked.key_events,
            accessibility_tool=asked.tool,
        ),
        *said("text", *sorted(asked.packages)),
    )


def autostarts(facts: Facts) -> Iterator[Entry]:
    """Ways to run unasked: whether Android still acts on them."""
    app = facts.app
    for way in app.autostarts if app else ():
        if way.reachable is not False:
            yield _autostart(way)


def _autostart(way: AutoStart) -> Entry:
    owner = foreign(way.owner_kind, way.owner_id)
    return Entry(
        f"{way.kind} {way.component}".strip(),
        (
            *author(way.owner_kind, way.owner_id),
            *marks(works=way.works is True, ineffective=way.works is False),
        ),
        way.name,
        owner,
        way.evidence,
    )


def wakes(facts: Facts) -> Iterator[Entry]:
    """Other apps that are started, how and by whose code."""
    app = facts.app
    for wake in app.wakes if app else ():
        if wake.reachable is not False:
            yield _wake(wake)


def _wake(wake: Wake) -> Entry:
    return Entry(
        wake.package or wake.action or "*",
        (
            *marks(**{f"way_{wake.way}": True}),
            *author(wake.owner_kind, wake.owner_id),
            *marks(
                before_ui=wake.before_ui is True,
                guarded=wake.guarded is True,
                switched_off=wake.switched_off,
            ),
        ),
        owner=foreign(wake.owner_kind, wake.owner_id),
        evidence=wake.evidence,
    )


def components(facts: Facts) -> Iterator[Entry]:
    """Components other apps can start, with the permissions that guard them."""
    app = facts.app
    for component in app.components if app else ():
        if component.exported and component.may_run:
            guards = (component.permission, component.read_permission, component.write_permission)
            yield Entry(
                f"{component.kind} {component.name}",
                said("text", *dict.fromkeys(guards)) or said("word", "open"),
                owner=code_of(component.owner),
                evidence=component.evidence,
            )


def links(facts: Facts) -> Iterator[Entry]:
    """Links components answer to: paths, whether pages can open them and Android can verify them."""
    app = facts.app
    for link in app.links if app else ():
        if link.exported:
            yield from _addresses(link)


def _addresses(link: DeepLink) -> Iterator[Entry]:
    found = [f"{scheme}://{host}" for scheme in link.schemes for host in link.hosts or ("",)]
    for address in (found or list(link.mime_types))[:MAX_LINKS]:
        yield Entry(
            f"{link.component} {address}",
            (
                *said("text", *link.paths),
                *marks(browsable=link.browsable, unverifiable=link.verifiable is False),
                *said("text", link.permission),
            ),
            owner=foreign(link.owner_kind, link.owner_id),
            evidence=link.evidence,
        )


def endpoints(facts: Facts) -> Iterator[Entry]:
    """Hosts in the package: cleartext, operator, country."""
    app = facts.app
    clear = {endpoint.host for endpoint in app.endpoints if endpoint.cleartext} if app else set()
    for endpoint in app.endpoints if app else ():
        if not endpoint.host:
            continue
        known = endpoint.operator
        yield Entry(
            endpoint.host,
            (
                *said("word", "cleartext" if endpoint.host in clear else "encrypted"),
                *((Value(kind="text", text=known.zh, name=known),) if known is not None else ()),
                *said("country", endpoint.country if endpoint.country_of != "suffix" else ""),
                *marks(overseas=endpoint.overseas is True),
            ),
            owner=code_of(endpoint.owner),
            evidence=endpoint.evidence,
        )


def secrets(facts: Facts) -> Iterator[Entry]:
    """Credentials shipped in the package, masked."""
    app = facts.app
    for secret in app.secrets if app else ():
        yield Entry(
            f"{secret.kind} {secret.masked}",
            (*said("text", secret.masked), *author(secret.owner_kind, secret.owner_id)),
            secret.name,
            foreign(secret.owner_kind, secret.owner_id),
            secret.evidence,
        )


def _dialog(dialog: ConsentDialog, key: str) -> Entry:
    return Entry(
        key[:MAX_TEXT],
        (
            *said("text", dialog.text[:MAX_TEXT], " / ".join(dialog.buttons)[:MAX_TEXT]),
            *marks(
                no_agree=not dialog.agree,
                no_refuse=not dialog.refuse,
                not_cancelable=dialog.cancelable is False,
                policy_linked=dialog.links_policy,
                no_policy_link=not dialog.links_policy,
            ),
        ),
        evidence=dialog.evidence,
    )


def dialog_source(old: Facts, new: Facts) -> Source:
    """Return the source of the dialogs that ask for agreement; one whose words changed keeps the older one's key."""
    before = [dialog.text for dialog in old.app.dialogs] if old.app else []
    keys = _renamed(before, [dialog.text for dialog in new.app.dialogs] if new.app else [])

    def dialogs(facts: Facts) -> Iterator[Entry]:
        for dialog in facts.app.dialogs if facts.app else ():
            yield _dialog(dialog, keys.get(dialog.text, dialog.text) if facts is new else dialog.text)

    return Source("dialog", ("app.dialogs",), dialogs)


def _renamed(before: list[str], after: list[str]) -> dict[str, str]:
    """Return for each text of ``after`` that is new the text of ``before`` that is gone and most like it."""
    gone = [text for text in dict.fromkeys(before) if text not in after][:50]
    found: dict[str, str] = {}
    for text in [text for text in dict.fromkeys(after) if text not in before][:50]:
        scores = [(SequenceMatcher(None, text[:MAX_TEXT], other[:MAX_TEXT]).ratio(), other) for other in gone]
        score, best = max(scores, default=(0.0, ""))
        if score >= ALIKE:
            found[text] = best
            gone.remove(best)
    return found


SOURCES: tuple[Source, ...] = (
    Source("sdk", ("app.sdks",), sdks),
    Source("setting", ("app.flags", "app.network", "app.queries"), buildchanges.settings),
    Source("permission", ("app.permissions",), permissions),
    Source("item", ("app.accesses",), items),
    Source("startup", ("app.startup",), startup),
    Source("ability", ("app.abilities",), abilities),
    Source("autostart", ("app.autostarts",), autostarts),
    Source("wake", ("app.wakes",), wakes),
    Source("component", ("app.components",), components),
    Source("link", ("app.links",), links),
    Source("endpoint", ("app.endpoints",), endpoints),
    Source("secret", ("app.secrets",), secrets),
    Source("native", ("app.native_libraries", "app.hardening", "app.containers"), buildchanges.native),
)
