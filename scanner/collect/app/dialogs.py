"""Dialogs that ask for agreement: built in code with a dialog builder, or laid out in a layout of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scanner.appfacts import ConsentDialog
from scanner.collect.app.code import Code
from scanner.collect.app.interface import AGREEMENT_KINDS, Layouts
from scanner.collect.app.resourceuse import ResourceUse
from scanner.collect.app.restable import ResourceTable
from scanner.collect.phrases import classify
from scanner.dex import Member, MemberSite, constant_arguments
from scanner.model import DexLocator, Evidence, XmlLocator

BUILDERS = (
    "Landroid/app/AlertDialog$Builder;",
    "Landroidx/appcompat/app/AlertDialog$Builder;",
    "Landroid/support/v7/app/AlertDialog$Builder;",
    "Lcom/google/android/material/dialog/MaterialAlertDialogBuilder;",
)
TEXTS = ("setTitle", "setMessage")
BUTTONS = ("setPositiveButton", "setNegativeButton", "setNeutralButton")
CALLS = (*TEXTS, *BUTTONS, "setCancelable", "setView", "setOnCancelListener")
MAX_CALLS = 2000
MAX_TEXT = 300
CHINESE = ("zh", "")


@dataclass(slots=True)
class _Built:
    """What one method gives the builders it uses."""

    site: MemberSite
    texts: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)
    opaque: bool = False
    cancelable: bool | None = True


def code_dialogs(code: Code, resources: ResourceTable | None) -> Iterator[ConsentDialog]:
    """Yield the consent dialogs that methods build, read from their constant arguments.

    A button or view that is not constant there leaves open what it says: such a dialog is left out.
    """
    members = [Member(owner, name) for owner in BUILDERS for name in CALLS]
    built: dict[int, _Built] = {}
    for hit in code.sites(members)[:MAX_CALLS]:
        one = built.setdefault(hit.site.node, _Built(hit))
        _take(code, resources, members[hit.member].name, hit, one)
    for node, one in built.items():
        kinds = {kind for text in one.texts for kind in classify(text)}
        owner = code.owner(node)
        if one.opaque or owner.kind == "library" or not _asks(kinds):
            continue
        yield ConsentDialog(
            built="code",
            place=one.site.site.caller,
            text=_longest(one.texts),
            buttons=tuple(one.buttons),
            agree=_means(one.buttons, "consent_agree_button"),
            refuse=any(_leads_elsewhere(text) for text in one.buttons),
            cancelable=one.cancelable,
            links_policy=_means(one.buttons, "policy_link"),
            owner_kind=owner.kind,
            used_by=(one.site.site.caller.partition("->")[0][1:-1].replace("/", "."),),
            evidence=(
                Evidence(
                    artifact=one.site.site.dex,
                    locator=DexLocator(
                        dex=one.site.site.dex, method=one.site.site.caller, offset=one.site.site.offset
                    ),
                    excerpt=" | ".join((_longest(one.texts)[:200], *one.buttons))[:MAX_TEXT],
                    chain=code.chain(node),
                ),
            ),
        )


def _take(code: Code, resources: ResourceTable | None, name: str, hit: MemberSite, one: _Built) -> None:
    arguments = constant_arguments(code.dex, hit.site.node, hit.site.offset)
    given = arguments[1] if len(arguments) > 1 else None
    if name in TEXTS:
        text = _text(resources, given)
        one.texts += [text] if text else []
    elif name in BUTTONS:
        text = _text(resources, given)
        one.buttons += [text] if text else []
        one.opaque |= text is None
    elif name == "setCancelable":
        one.cancelable = bool(given) if isinstance(given, int) else None
    elif name == "setView":
        one.opaque = True


def _text(resources: ResourceTable | None, given: Any) -> str | None:
    if isinstance(given, str):
        return given[:20_000]
    if isinstance(given, int) and resources is not None:
        return resources.text(given & 0xFFFFFFFF, CHINESE)
    return None


def layout_dialogs(layouts: Layouts, use: ResourceUse | None, code: Code | None) -> Iterator[ConsentDialog]:
    """Yield the layouts that hold a consent prompt together with an agree button."""
    for name, views in sorted(layouts.views.items()):
        texts = [(view, view.text) for view in views if view.text]
        prompts = [view for view, text in texts if _asks(set(classify(text)))]
        buttons = [text for view, text in texts if view not in prompts and len(text) <= 24]
        if (
            not prompts
            or not _means(buttons, "consent_agree_button")
            or (use is not None and use.used(name) is False)
        ):
            continue
        users = use.user_classes(name) if use is not None else ()
        owners = {code.owner_of_class(user).kind for user in users} if code is not None else set()
        yield ConsentDialog(
            built="layout",
            place=name,
            text=prompts[0].text[:MAX_TEXT],
            buttons=tuple(buttons[:8]),
            agree=True,
            refuse=_means(buttons, "consent_refuse_button") or _means(buttons, "dismiss_button"),
            links_policy=any("policy_link" in classify(text) for text in buttons),
            owner_kind="app" if "app" in owners else next(iter(sorted(owners)), "unknown"),
            used_by=users,
            evidence=(
                Evidence(
                    artifact=name,
                    locator=XmlLocator(path=prompts[0].path),
                    excerpt=" | ".join((prompts[0].text[:200], *buttons))[:MAX_TEXT],
                ),
            ),
        )


def _asks(kinds: set[str]) -> bool:
    return "consent_prompt" in kinds and not AGREEMENT_KINDS.isdisjoint(kinds)


def _means(buttons: Sequence[str], kind: str) -> bool:
    return any(kind in classify(text) for text in buttons)


def _leads_elsewhere(button: str) -> bool:
    """Whether a button neither agrees nor opens the rules: then it may refuse."""
    return {"consent_agree_button", "policy_link", "agreement_link"}.isdisjoint(classify(button))


def _longest(texts: Sequence[str]) -> str:
    return max(texts, key=len)[:MAX_TEXT]
