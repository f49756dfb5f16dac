"""What the interface shows: its texts with who uses them, agreement boxes, consent dialogs; dead resources apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from scanner.appfacts import ConsentDialog
from scanner.collect.app.code import Code
from scanner.collect.app.dialogs import code_dialogs, layout_dialogs
from scanner.collect.app.interface import Layouts, code_texts, resource_texts
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.resourceuse import ResourceUse
from scanner.collect.app.restable import ResourceTable
from scanner.collect.app.ticked import boxes_ticked_in_code
from scanner.facts import CheckBox, InterfaceText

_URL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9./?=&_%:#~-]{3,300}")
_POLICY = re.compile(r"privacy|policy|agreement|protocol|yinsi|xieyi|terms|legal|隐私|协议", re.IGNORECASE)
LINKS = frozenset({"policy_link", "agreement_link", "consent_prompt"})


@dataclass(frozen=True, slots=True)
class Shown:
    """The parts of the facts that come from the interface."""

    texts: tuple[InterfaceText, ...]
    unused: tuple[InterfaceText, ...]
    boxes: tuple[CheckBox, ...]
    dialogs: tuple[ConsentDialog, ...]
    # Names of the resources (``id/agree``) that were looked for in the code.
    names: Collection[str] = ()
    # The classes that show each layout with an input for a password or a phone number.
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def shown(
    code: Code | None, resources: ResourceTable | None, layouts: Layouts | None, manifest: Manifest
) -> Shown:
    """Return what the interface shows."""
    use = None
    if code is not None and resources is not None and layouts is not None:
        use = ResourceUse(code, resources, layouts, manifest)
    texts: list[InterfaceText] = []
    boxes: list[CheckBox] = []
    dialogs: list[ConsentDialog] = []
    if resources is not None and layouts is not None:
        texts += [_with_users(text, code, use) for text in (*resource_texts(resources), *layouts.texts)]
        boxes += [
            box.model_copy(update={"used_by": use.user_classes(box.layout) if use is not None else ()})
            for box in layouts.checkboxes
            if use is None or use.used(box.layout) is not False
        ]
        dialogs += layout_dialogs(layouts, use, code)
    if code is not None:
        texts += code_texts(code)
        dialogs += code_dialogs(code, resources)
        if use is not None:
            boxes += boxes_ticked_in_code(code, use, boxes)
    ordered = sorted(_with_addresses(texts, code), key=lambda t: (t.kind, t.origin, t.name, t.locale, t.text))
    return Shown(
        texts=tuple(text for text in ordered if text.used is not False),
        unused=tuple(text for text in ordered if text.used is False),
        boxes=tuple(boxes),
        dialogs=tuple(sorted(dialogs, key=lambda d: (d.built, d.place))),
        names=use.ids.keys() if use is not None else (),
        forms={name: use.user_classes(name) for name in layouts.credentials} if use and layouts else {},
    )


def consent_screens(seen: Shown) -> frozenset[str]:
    """Return the outermost classes that show a request for agreement together with a button that agrees."""
    asking = {_outer(user) for text in seen.texts if text.kind == "consent_prompt" for user in text.used_by}
    agreeing = {
        _outer(user) for text in seen.texts if text.kind == "consent_agree_button" for user in text.used_by
    }
    dialogs = {_outer(user) for dialog in seen.dialogs if dialog.agree for user in dialog.used_by}
    return frozenset(asking & agreeing | dialogs)


def _outer(name: str) -> str:
    return name.partition("$")[0]


def _with_users(text: InterfaceText, code: Code | None, use: ResourceUse | None) -> InterfaceText:
    if code is None or use is None:
        return text
    users = use.user_classes(text.name)
    kinds = [code.owner_of_class(user).kind for user in users]
    kind = next((k for k in ("app", "unknown", "sdk", "library") if k in kinds), text.owner_kind)
    return text.model_copy(update={"used": use.used(text.name), "used_by": users, "owner_kind": kind})


def _with_addresses(texts: Iterable[InterfaceText], code: Code | None) -> Iterable[InterfaceText]:
    """Add the address a text names, or the policy address that the class showing it loads."""
    loaded: dict[str, str] = {}
    for text in texts:
        if text.kind not in LINKS:
            yield text
            continue
        named = _URL.search(text.text)
        url = named.group() if named else ""
        for user in text.used_by if code is not None and not url else ():
            if user not in loaded:
                loaded[user] = _policy_address(code, user) if code is not None else ""
            url = url or loaded[user]
        yield text.model_copy(update={"url": url}) if url else text


def _policy_address(code: Code, name: str) -> str:
    """Return the address of a policy that a method of the class loads, "" when there is none."""
    number = code.dex.find_type(f"L{name.replace('.', '/')};")
    for node in code.dex.nodes_of_class(number).tolist() if number >= 0 else ():
        part = code.dex.part_of(node)
        for index in sorted(part.strings_of(node)):
            text = part.file.string(index)[:400]
            if text.startswith(("http://", "https://", "file:///android_asset/")) and _POLICY.search(text):
                return text[:300]
    return ""
