"""Interface text: sentences of string resources, layouts and code that matter for the law, and agreement check boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.collect.app.archive import Archive, EntryError
from scanner.collect.app.axml import REFERENCES, TYPE_REFERENCE, AxmlError, Element, parse
from scanner.collect.app.code import Code
from scanner.collect.app.resources import Resources
from scanner.collect.phrases import classify
from scanner.dex import string_sites, strings_beyond_ascii
from scanner.facts import CheckBox, InterfaceText
from scanner.model import Evidence, ResourceLocator, XmlLocator

TEXT, HINT, CHECKED, VIEW_ID = 0x0101014F, 0x01010150, 0x01010106, 0x010100D0
TITLE, SUMMARY = 0x010101E1, 0x010101E9
# Types of XML resources that show or name texts besides layouts.
OTHER_XML = ("menu", "xml", "navigation")
INPUT_TYPE, PASSWORD, CLASS_NAME = 0x01010220, 0x0101015C, 0x01010003
# android.text.InputType: class in the low four bits, variation in the next eight.
CREDENTIAL_TYPES = frozenset({0x81, 0x91, 0xE1, 0x12})
PHONE_CLASS = 0x3
BOXES = frozenset({"CheckBox", "Switch", "SwitchCompat", "SwitchMaterial", "MaterialCheckBox", "CheckedTextView",
                   "AppCompatCheckBox", "MaterialSwitch", "ToggleButton"})  # fmt: skip
AGREEMENT_KINDS = frozenset({"policy_link", "agreement_link", "consent_prompt", "implied_consent"})
# A switch that carries these words is the option to turn them off.
PERSONALISED_KINDS = frozenset({"personalised_recommendation", "personalised_ads", "personalisation_switch"})
MAX_EXCERPT = 300
MAX_LAYOUTS = 20_000
NEAR = 2


def resource_texts(resources: Resources) -> Iterator[InterfaceText]:
    """Yield the sentences of string resources that matter."""
    for name, locale, text in resources.strings():
        for kind in classify(text):
            evidence = Evidence(
                artifact="resources.arsc",
                locator=ResourceLocator(name=name, locale=locale),
                excerpt=text[:MAX_EXCERPT],
            )
            yield InterfaceText(
                kind=kind,
                text=text[:MAX_EXCERPT],
                origin="resource",
                name=name,
                locale=locale,
                evidence=(evidence,),
            )


def code_texts(code: Code) -> Iterator[InterfaceText]:
    """Yield the Chinese sentences in code that matter, with who loads them."""
    for site in string_sites(code.dex, strings_beyond_ascii):
        kinds = classify(site.target)
        if not kinds:
            continue
        evidence = code.evidence(site)
        for kind in kinds:
            yield InterfaceText(
                kind=kind,
                text=site.target[:MAX_EXCERPT],
                origin="code",
                name=site.caller,
                owner_kind=code.owner(site.node).kind,
                used=True,
                used_by=(site.caller.partition("->")[0][1:-1].replace("/", "."),),
                evidence=(evidence,),
            )


@dataclass(frozen=True, slots=True)
class View:
    """An element of a layout: ``id/name``, tag, text as shown to Chinese users, element path."""

    id: str
    tag: str
    text: str
    path: str


class Layouts:
    """The layouts of a package: check boxes and literal texts.

    ``views`` are the elements of each layout in order; ``links`` the ids of resources that each layout, menu or other
    XML resource refers to.
    """

    def __init__(self, archive: Archive, resources: Resources) -> None:
        self._archive = archive
        self._resources = resources
        self.read = 0
        self.unread = 0
        self.credential_fields = 0
        self.checkboxes: list[CheckBox] = []
        self.texts: list[InterfaceText] = []
        self.classes: set[str] = set()
        self.views: dict[str, list[View]] = {}
        self.links: dict[str, set[int]] = {}
        seen: set[str] = set()
        for name, path in resources.files("layout"):
            if path in seen or len(seen) >= MAX_LAYOUTS:
                continue
            seen.add(path)
            self._layout(name, path)
        for kind in OTHER_XML:
            for name, path in resources.files(kind):
                if path not in seen and len(seen) < MAX_LAYOUTS:
                    seen.add(path)
                    self._other(name, path)

    def _other(self, name: str, path: str) -> None:
        """Read what an XML resource that is no layout refers to, and the texts it states itself."""
        try:
            root = parse(self._archive.read(path, 8 << 20))
        except (EntryError, AxmlError):
            return
        for element, where in _walk(root, f"/{root.name}"):
            self.links.setdefault(name, set()).update(_references(element))
            for resource, label in ((TITLE, "title"), (SUMMARY, "summary")):
                attribute = element.attribute(resource, label)
                if attribute is not None and attribute.text and attribute.type != TYPE_REFERENCE:
                    self._literal(path, name, where, attribute.text)

    def _layout(self, name: str, path: str) -> None:
        try:
            root = parse(self._archive.read(path, 8 << 20))
        except (EntryError, AxmlError):
            self.unread += 1
            return
        self.read += 1
        flat = list(_walk(root, f"/{root.name}"))
        words = [self._words(element) for element, _ in flat]
        self.views[name] = [
            View(self._view_id(element), element.name, text, where)
            for (element, where), text in zip(flat, words, strict=True)
        ]
        for position, (element, where) in enumerate(flat):
            if element.name.rpartition(".")[2] in BOXES:
                near = words[max(0, position - NEAR) : position + NEAR + 1]
                self._box(name, path, element, where, words[position], near)
            self.credential_fields += _asks_for_credentials(element)
            self.classes.update(_named_classes(element))
            self.links.setdefault(name, set()).update(_references(element))
            attribute = element.attribute(TEXT, "text")
            if attribute is not None and attribute.text is not None and attribute.type != TYPE_REFERENCE:
                self._literal(path, name, where, attribute.text)

    def _literal(self, path: str, name: str, where: str, text: str) -> None:
        for kind in classify(text):
            evidence = Evidence(artifact=path, locator=XmlLocator(path=where), excerpt=text[:MAX_EXCERPT])
            self.texts.append(
                InterfaceText(
                    kind=kind, text=text[:MAX_EXCERPT], origin="layout", name=name, evidence=(evidence,)
                )
            )

    def _view_id(self, element: Element) -> str:
        attribute = element.attribute(VIEW_ID, "id")
        return self._resources.name(attribute.data) if attribute is not None else ""

    def _words(self, element: Element) -> str:
        parts = []
        for resource, name in ((TEXT, "text"), (HINT, "hint")):
            attribute = element.attribute(resource, name)
            if attribute is None:
                continue
            if attribute.type == TYPE_REFERENCE:
                parts.append(self._resources.text(attribute.data, ("zh", "")) or "")
            else:
                parts.append(attribute.text or "")
        return " ".join(part for part in parts if part)

    def _box(self, name: str, path: str, element: Element, where: str, own: str, near: list[str]) -> None:
        attribute = element.attribute(CHECKED, "checked")
        checked = attribute is not None and (attribute.data != 0 or attribute.text == "true")
        text = own or " ".join(word for word in near if word)
        agreement = any(
            AGREEMENT_KINDS.intersection(classify(word)) for word in ([own] if own else near) if word
        )
        excerpt = f'<{element.name} android:checked="{str(checked).lower()}"> {text}'[:MAX_EXCERPT]
        evidence = Evidence(artifact=path, locator=XmlLocator(path=where), excerpt=excerpt)
        if PERSONALISED_KINDS.intersection(classify(own)):
            self.texts.append(
                InterfaceText(
                    kind="personalisation_switch",
                    text=own[:MAX_EXCERPT],
                    origin="layout",
                    name=name,
                    evidence=(evidence,),
                )
            )
        self.checkboxes.append(
            CheckBox(
                layout=name,
                view=self._view_id(element),
                checked=checked,
                agreement=agreement,
                text=text[:MAX_EXCERPT],
                evidence=(evidence,),
            )
        )


def _named_classes(element: Element) -> Iterator[str]:
    """Yield the class the framework creates for the element: a custom view's tag, a view's or fragment's class."""
    if "." in element.name:
        yield element.name
    if element.name in {"view", "fragment", "androidx.fragment.app.FragmentContainerView"}:
        for attribute in (element.attribute(0, "class"), element.attribute(CLASS_NAME, "name")):
            if attribute is not None and attribute.text and "." in attribute.text:
                yield attribute.text


def _references(element: Element) -> Iterator[int]:
    yield from (a.data for a in element.attributes if a.type in REFERENCES and a.data)


def _asks_for_credentials(element: Element) -> bool:
    """Whether the element is an input for a password or a phone number."""
    kind, old = element.attribute(INPUT_TYPE, "inputType"), element.attribute(PASSWORD, "password")
    if old is not None and old.data:
        return True
    return kind is not None and (kind.data & 0xFFF in CREDENTIAL_TYPES or kind.data & 0xF == PHONE_CLASS)


def _walk(element: Element, path: str) -> Iterator[tuple[Element, str]]:
    yield element, path
    for number, child in enumerate(element.children, 1):
        yield from _walk(child, f"{path}/*[{number}][self::{child.name}]")
