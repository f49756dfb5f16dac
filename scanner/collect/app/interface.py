"""Interface text: sentences of string resources, layouts and code that matter for the law, and agreement check boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scanner.collect.app.archive import EntryError
from scanner.collect.app.axml import REFERENCES, TYPE_REFERENCE, AxmlError, Element, parse
from scanner.collect.app.code import Code
from scanner.collect.app.files import Files
from scanner.collect.app.restable import ResourceTable
from scanner.collect.phrases import classify
from scanner.dex import strings_beyond_ascii, text_sites
from scanner.facts import CheckBox, InterfaceText
from scanner.model import Evidence, ResourceLocator, Text, XmlLocator

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
MAX_CREDENTIALS = 100
CREDENTIAL = Text(zh="输入密码或手机号的框", en="an input for a password or a phone number")
NEAR = 2
# What all layouts of a package together may cost; real ones stay below a tenth.  Beyond it a layout counts as unread.
MAX_LAYOUTS, MAX_ELEMENTS, MAX_BOXES, MAX_CHARACTERS = 20_000, 2_000_000, 4_000, 20_000_000
MAX_NAME, MAX_PATH, MAX_WORDS = 80, 2_000, 2_000
# An element with the position of its parent in the list (-1: none) and its number among its siblings.
Flat = list[tuple[Element, int, int]]


def resource_texts(resources: ResourceTable) -> Iterator[InterfaceText]:
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
    for site in text_sites(code.dex, strings_beyond_ascii):
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
    """An element of a layout: ``id/name``, tag, text as shown to Chinese users, and where it has one the element path."""

    id: str
    tag: str
    text: str
    path: str


class Layouts:
    """The layouts of a package: check boxes and literal texts.

    ``views`` are the elements of each layout in order; ``links`` the ids of resources that each layout, menu or other
    XML resource refers to.
    """

    def __init__(
        self, archive: Files, resources: ResourceTable, parse_xml: Callable[[bytes], Element] = parse
    ) -> None:
        self._archive = archive
        self._parse = parse_xml
        self._resources = resources
        self.read = 0
        self.unread = 0
        self.others_unread = 0
        # The first input for a password or a phone number of each layout that has one.
        self.credentials: dict[str, Evidence] = {}
        self.checkboxes: list[CheckBox] = []
        self.texts: list[InterfaceText] = []
        self.classes: set[str] = set()
        self._elements = self._characters = 0
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
            root = self._parse(self._archive.read(path, 8 << 20))
        except (EntryError, AxmlError):
            self.others_unread += 1
            return
        flat = _flatten(root)
        if self._full(len(flat)):
            self.others_unread += 1
            return
        for position, (element, _, _) in enumerate(flat):
            self.links.setdefault(name, set()).update(_references(element))
            for resource, label in ((TITLE, "title"), (SUMMARY, "summary")):
                attribute = element.attribute(resource, label)
                if attribute is not None and attribute.text and attribute.type != TYPE_REFERENCE:
                    self._literal(path, name, flat, position, attribute.text)

    def _full(self, elements: int) -> bool:
        """Count ``elements`` more; return whether that is more than is read of one package."""
        self._elements += elements
        shares = (
            self._elements / MAX_ELEMENTS,
            self._characters / MAX_CHARACTERS,
            len(self.checkboxes) / MAX_BOXES,
        )
        return max(shares) > 1

    def _layout(self, name: str, path: str) -> None:
        try:
            root = self._parse(self._archive.read(path, 8 << 20))
        except (EntryError, AxmlError):
            self.unread += 1
            return
        flat = _flatten(root)
        if self._full(len(flat)):
            self.unread += 1
            return
        self.read += 1
        words = [self._words(element) for element, _, _ in flat]
        self.views[name] = [
            View(self._view_id(element), element.name, text, _path(flat, position) if text else "")
            for position, ((element, _, _), text) in enumerate(zip(flat, words, strict=True))
        ]
        for position, (element, _, _) in enumerate(flat):
            if element.name.rpartition(".")[2] in BOXES:
                self._box(name, path, flat, position)
            if (
                name not in self.credentials
                and len(self.credentials) < MAX_CREDENTIALS
                and _asks_for_credentials(element)
            ):
                where = XmlLocator(path=_path(flat, position))
                shown = f"<{element.name}> {words[position]}".strip()
                field = Evidence(artifact=path, locator=where, excerpt=shown[:MAX_EXCERPT], note=CREDENTIAL)
                self.credentials[name] = field
            self.classes.update(_named_classes(element))
            self.links.setdefault(name, set()).update(_references(element))
            attribute = element.attribute(TEXT, "text")
            if attribute is not None and attribute.text is not None and attribute.type != TYPE_REFERENCE:
                self._literal(path, name, flat, position, attribute.text)

    def refers(self, layout: str, name: str) -> bool:
        """Whether ``layout`` refers to the resource called ``name`` (``string/login``)."""
        return any(self._resources.name(number) == name for number in self.links.get(layout, ()))

    def _literal(self, path: str, name: str, flat: Flat, position: int, text: str) -> None:
        self._characters += len(text)
        for kind in classify(text):
            where = XmlLocator(path=_path(flat, position))
            evidence = Evidence(artifact=path, locator=where, excerpt=text[:MAX_EXCERPT])
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
        return " ".join(part[:MAX_WORDS] for part in parts if part)

    def _box(self, name: str, path: str, flat: Flat, position: int) -> None:
        element = flat[position][0]
        own = self._words(element)
        around = flat[max(0, position - NEAR) : position + NEAR + 1]
        near = [self._words(one) for one, _, _ in around]
        attribute = element.attribute(CHECKED, "checked")
        checked = attribute is not None and (attribute.data != 0 or attribute.text == "true")
        text = own or " ".join(word for word in near if word)
        agreement = any(
            AGREEMENT_KINDS.intersection(classify(word)) for word in ([own] if own else near) if word
        )
        excerpt = f'<{element.name} android:checked="{str(checked).lower()}"> {text}'[:MAX_EXCERPT]
        evidence = Evidence(artifact=path, locator=XmlLocator(path=_path(flat, position)), excerpt=excerpt)
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


def _flatten(root: Element) -> Flat:
    """Return ``root`` and all below it in the order of the document."""
    flat: Flat = []
    stack = [(root, -1, 1)]
    while stack:
        element, parent, number = stack.pop()
        here = len(flat)
        flat.append((element, parent, number))
        stack.extend((child, here, n) for n, child in reversed(list(enumerate(element.children, 1))))
    return flat


def _path(flat: Flat, position: int) -> str:
    """Return the path of an element, its beginning left out where it is very long."""
    parts: list[str] = []
    room = MAX_PATH
    while position >= 0 and room > 0:
        element, parent, number = flat[position]
        name = element.name[:MAX_NAME]
        parts.append(f"/*[{number}][self::{name}]" if parent >= 0 else f"/{name}")
        room -= len(parts[-1])
        position = parent
    return ("…" if position >= 0 else "") + "".join(reversed(parts))
