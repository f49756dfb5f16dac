"""Reads the forms of a page: what each input asks for, for what purpose, sent where, and what stands beside it.

Inputs outside any ``form`` element, as script frameworks write them, are grouped by the nearest block that has a
button.  Nothing is submitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from scanner import catalogue
from scanner.collect.site import formnotes
from scanner.collect.site.fields import Signals, classify, form_data, is_chinese
from scanner.collect.site.formgroups import BUTTON_TYPES, INPUTS, groups_of
from scanner.collect.site.labels import Labels, buttons_text, own_text
from scanner.collect.site.page import ParsedPage, css_path, shorten, squeeze, words_of
from scanner.collect.site.pagetext import Element
from scanner.collect.site.purpose import Purpose, choose_purpose, says, words_named
from scanner.collect.site.sending import destination, is_sent
from scanner.collect.site.words import page_words
from scanner.model import Evidence, WebLocator
from scanner.sitefacts import Form, FormConsent, FormField

MAX_FORMS = 200
MAX_GROUPS = 2 * MAX_FORMS
MAX_FIELDS = 300
MAX_BLOCK_TEXT = 3_000
MAX_BESIDE = 3_000
MAX_NAME = 200
CHOICES = frozenset({"checkbox", "radio"})
SPEAKING = ("p", "div", "span", "label", "li", "td", "small", "section", "form")


def read_forms(page: ParsedPage, kind: str) -> tuple[Form, ...]:
    """Return the forms of ``page``; ``kind`` is the kind of page."""
    groups = list(groups_of(page))
    if not groups:
        return ()
    labels = Labels(page.root)
    chinese = is_chinese(page.text) or page.language.lower().startswith("zh")
    found = []
    for number, (block, inputs) in enumerate(groups):
        if number >= MAX_GROUPS:
            page.cut = True
            break
        form = _Reader(page, kind, block, inputs, labels, chinese=chinese).read()
        if form is not None:
            found.append(form)
        if len(found) >= MAX_FORMS:
            page.cut = True
            break
    return tuple(found)


class _Reader:
    def __init__(
        self,
        page: ParsedPage,
        kind: str,
        block: Element,
        inputs: Sequence[Element],
        labels: Labels,
        *,
        chinese: bool,
    ) -> None:
        self.page = page
        self.kind = kind
        self.block = block
        self.inputs = inputs[:MAX_FIELDS]
        self.labels = labels
        self.chinese = chinese
        self.text = own_text(block)
        self.buttons = buttons_text(block)
        self.around = self._around()
        self.near = squeeze(words_of(self.around)[: 4 * MAX_BLOCK_TEXT])
        self.to = destination(page.url, block, inputs)

    def _around(self) -> Element:
        """The block in which what stands beside the form is looked for: up to three levels out, while it is small."""
        chosen = self.block
        for depth, ancestor in enumerate(self.block.iterancestors()):
            if depth >= 3 or ancestor.tag in {"body", "html"} or ancestor in self.page.foot:
                break
            others = sum(1 for other in ancestor.iter("form") if other is not self.block)
            if others or len(words_of(ancestor)) > MAX_BLOCK_TEXT:
                break
            chosen = ancestor
        return chosen

    def read(self) -> Form | None:
        fields = tuple(self._fields())
        visible = [f for f in fields if not f.hidden]
        boxes = [e for e in self.inputs if self._type(e) in CHOICES]
        if not visible and not boxes:
            return None
        purpose = choose_purpose(self.page, self.kind, self.block, self.around, self.buttons, visible)
        fields = tuple(self._judged(f, purpose) for f in self._settled(fields, purpose))
        visible = [f for f in fields if not f.hidden]
        collects = tuple(dict.fromkeys(f.item for f in visible if f.item))
        sent = tuple(dict.fromkeys(f.item for f in visible if f.item and f.submitted))
        alone = set(form_data()["not_alone"])
        to = self.to
        consent = self._consent()
        purpose_stated, policy_linked = self._purpose_stated(), self._policy_linked()
        note = formnotes.form_note(
            to=to,
            form=self.block.tag == "form",
            page=self.page.url,
            fields=[f for f in visible if f.item],
            policy=policy_linked,
            agreement=consent is not None,
            purpose=purpose_stated,
        )
        evidence = (
            Evidence(
                artifact=self.page.url,
                locator=WebLocator(url=self.page.url, css=css_path(self.block)),
                excerpt=shorten(
                    " ".join(
                        filter(
                            None,
                            (
                                self.buttons,
                                " / ".join(
                                    filter(None, (f.label or f.placeholder or f.name for f in visible))
                                ),
                            ),
                        )
                    )
                ),
                note=note,
            ),
        )
        return Form(
            page=self.page.url,
            purpose=purpose.id if purpose is not None else "other",
            method=to.method,
            action=to.action,
            action_host=to.host,
            third_party=to.third_party,
            cleartext=to.cleartext,
            page_cleartext=self.page.url.startswith("http:"),
            fields=fields,
            collects=collects,
            collects_pi=any(item not in alone for item in collects),
            sent=sent,
            sends_pi=any(item not in alone for item in sent),
            collects_sensitive=any(f.sensitive == "yes" for f in visible),
            purpose_stated=purpose_stated,
            policy_linked=policy_linked,
            agreement=consent is not None,
            agreement_checked=consent is not None and consent.checked,
            agreement_bundled=consent is not None and consent.bundled,
            consents=(consent,) if consent is not None else (),
            captcha=self._captcha(),
            evidence=evidence,
        )

    # --- fields ---------------------------------------------------------------------------------------------

    @staticmethod
    def _type(element: Element) -> str:
        return element.tag if element.tag != "input" else (element.get("type") or "text").lower().strip()

    def _fields(self) -> Iterator[FormField]:
        radios: set[str] = set()
        for element in self.inputs:
            kind = self._type(element)
            name = (element.get("name") or "")[:MAX_NAME]
            if kind in BUTTON_TYPES or kind == "checkbox":
                continue
            if kind == "radio":
                if name in radios:
                    continue
                radios.add(name)
            field = self._field(element, kind, name)
            if field.item or kind != "hidden":
                yield field

    def _field(self, element: Element, kind: str, name: str) -> FormField:
        label, bound = self.labels.of(element, self.block)
        placeholder = squeeze(element.get("placeholder") or "")[:200]
        rules = "|".join(
            (element.get(a) or "")[:MAX_NAME]
            for a in (
                "lay-verify",
                "datatype",
                "data-rule",
                "data-validate",
                "data-type",
                "check-type",
                "validate",
                "valid",
            )
        )
        hidden = kind == "hidden" or _invisible(element)
        guess = classify(
            Signals(
                type=kind,
                name=name
                or next(filter(None, map(element.get, ("v-model", "formcontrolname", "ng-model"))), "")[
                    :MAX_NAME
                ],
                ident=(element.get("id") or "")[:MAX_NAME],
                autocomplete=(element.get("autocomplete") or "")[:MAX_NAME],
                label="" if kind == "hidden" else label,
                bound=bound,
                placeholder=placeholder,
                rules=rules,
                pattern=(element.get("pattern") or "")[:MAX_NAME],
                chinese=self.chinese,
            )
        )
        item = catalogue.items().get(guess.item)
        said = f"{label} {placeholder}"
        return FormField(
            name=name or (element.get("id") or "")[:MAX_NAME],
            type=kind,
            label=label,
            placeholder=placeholder,
            item=guess.item,
            basis=guess.basis,
            confidence=guess.confidence,
            sensitive=item.sensitive if item is not None else "no",
            required=self._required(element, label, rules),
            password=kind == "password",
            hidden=hidden,
            submitted=bool(self.to.method) and is_sent(element),
            minors=not hidden and bool(guess.item) and _about_minor(guess.item, said),
            evidence=(
                Evidence(
                    artifact=self.page.url,
                    locator=WebLocator(url=self.page.url, css=css_path(element)),
                    excerpt=shorten(
                        " ".join(filter(None, (label, placeholder, f"name={name}" if name else "")))
                    ),
                ),
            ),
        )

    def _required(self, element: Element, label: str, rules: str) -> bool:
        if element.get("required") is not None or (element.get("aria-required") or "").lower() == "true":
            return True
        if "required" in rules.lower() or "notnull" in rules.lower():
            return True
        if any(mark in label for mark in ("*", "＊", "必填", "required")):
            return True
        current: Element | None = element
        for _ in range(4):
            if current is None or current is self.block:
                return False
            classes = (current.get("class") or "").lower().split()
            if (
                "required" in classes
                or "is-required" in classes
                or any(c.endswith("-required") for c in classes)
            ):
                return len(list(islice(current.iter(*INPUTS), 3))) <= 2
            current = current.getparent()
        return False

    def _settled(self, fields: tuple[FormField, ...], purpose: Purpose | None) -> tuple[FormField, ...]:
        """What an input is can depend on its neighbours: a code beside a phone number, a name in a login form."""
        items = {f.item for f in fields if not f.hidden}
        sends = says("send_code", self.text + " " + self.buttons)
        out = []
        for f in fields:
            said = f"{f.label} {f.placeholder}"
            item = f.item
            if item == "sms-code" and not (
                any(word in said for word in ("短信", "手机", "动态"))
                or (sends and {"phone-number", "email", "account-name"} & items)
            ):
                item = ""
            elif (
                item == "name"
                and purpose is not None
                and purpose.id == "login"
                and "password" in items
                and "姓名" not in said
            ):
                item = "account-name"
            elif purpose is not None and purpose.id == "search" and f.basis and set(f.basis) == {"name"}:
                item = ""
            if item == f.item:
                out.append(f)
                continue
            entry = catalogue.items().get(item)
            out.append(
                f.model_copy(
                    update={
                        "item": item,
                        "basis": (*f.basis, "context") if item else (),
                        "confidence": f.confidence if item else 0.0,
                        "sensitive": entry.sensitive if entry is not None else "no",
                    }
                )
            )
        return tuple(out)

    @staticmethod
    def _judged(field: FormField, purpose: Purpose | None) -> FormField:
        necessary: bool | None = None
        if purpose is not None and field.item and not field.hidden:
            if field.item in purpose.necessary:
                necessary = True
            elif field.item in purpose.unnecessary:
                necessary = False
        note = formnotes.field_note(
            item=field.item,
            basis=field.basis,
            required=field.required,
            necessary=necessary,
            password=field.password,
            minors=field.minors,
            submitted=field.submitted,
        )
        proof = tuple(one.model_copy(update={"note": note}) for one in field.evidence)
        return field.model_copy(update={"necessary": necessary, "evidence": proof})

    # --- the form -------------------------------------------------------------------------------------------

    def _purpose_stated(self) -> bool:
        return says("purpose_stated", self.text) or says("purpose_stated", self.near)

    def _policy_linked(self) -> bool:
        words = page_words()
        for link in self.around.iter("a"):
            if words.names_policy(squeeze(words_of(link))[:MAX_BLOCK_TEXT]) and link not in self.page.foot:
                return True
        return False

    def _captcha(self) -> bool:
        tokens = set(form_data()["captcha_tokens"])
        for element in self.block.iter("input", "img", "div", "iframe", "script", "canvas"):
            marks = " ".join(
                element.get(a) or ""
                for a in ("name", "id", "class", "src", "alt", "placeholder", "data-sitekey")
            ).lower()
            if element.get("data-sitekey") or any(token in marks for token in tokens):
                return True
        codes = [
            f
            for f in self.inputs
            if says("captcha", f"{f.get('placeholder') or ''}{self.labels.of(f, self.block)[0]}")
        ]
        return bool(codes) and not says("send_code", self.text + " " + self.buttons)

    def _consent(self) -> FormConsent | None:
        """Return the consent asked beside the form, a ticked box before others; None where none is asked."""
        best: tuple[bool, Element, str] | None = None
        for element in islice(self.around.iter("input", "div", "span", "i", "label"), MAX_BESIDE):
            role = (element.get("role") or "").lower()
            if not (element.tag == "input" and self._type(element) == "checkbox") and role != "checkbox":
                continue
            text = self.labels.beside(element, self.around)
            if says("remember", text) or not (
                says("documents", text) and (says("consent", text) or "《" in text)
            ):
                continue
            ticked = (
                element.get("checked") is not None or (element.get("aria-checked") or "").lower() == "true"
            )
            if best is None or ticked:
                best = (ticked, element, text)
        if best is not None:
            ticked, element, text = best
            proof = self.page.evidence(element, text)
            note = formnotes.box_note(checked=ticked)
            return FormConsent(
                text=proof.excerpt,
                checked=ticked,
                bundled=says("bundled_with", text),
                evidence=(proof.model_copy(update={"note": note}),),
            )
        implied = self._implied_sentence()
        if implied is not None:
            proof = self.page.evidence(*implied)
            return FormConsent(
                text=proof.excerpt,
                box=False,
                bundled=True,
                evidence=(proof.model_copy(update={"note": formnotes.IMPLIED}),),
            )
        return None

    def _implied_sentence(self) -> tuple[Element, str] | None:
        """Return the sentence by which sending is consent, as it stands in the smallest element that holds it."""
        if not says("implied", self.near) or not says("documents", self.near):
            return None
        best = self.around
        for element in islice(self.around.iter(*SPEAKING), MAX_BESIDE):
            line = squeeze(words_of(element)[:MAX_BLOCK_TEXT])
            inside = best is self.around or best in element.iterancestors()
            if inside and len(line) < 400 and says("implied", line) and says("documents", line):
                best = element
        line = squeeze(words_of(best)[: 4 * MAX_BLOCK_TEXT])
        if len(line) < 400:
            return best, line
        pattern = words_named("implied")
        match = pattern.search(line.lower()) if pattern is not None else None
        return (best, line[max(0, match.start() - 60) : match.end() + 80]) if match else None


def _about_minor(item: str, said: str) -> bool:
    """Whether an input asks about a minor; one that asks about the minor's guardian does not."""
    return item == "child-info" or (says("minors", said) and not says("guardians", said))


def _invisible(element: Element) -> bool:
    """Whether the input or a near ancestor is hidden by attribute or inline style (honeypots, templates)."""
    current: Element | None = element
    for _ in range(4):
        if current is None or current.tag == "form":
            return False
        style = (current.get("style") or "").lower().replace(" ", "")
        if current.get("hidden") is not None or "display:none" in style or "visibility:hidden" in style:
            return current is element or (
                current.tag not in {"form", "body"} and len(list(islice(current.iter(*INPUTS), 2))) == 1
            )
        current = current.getparent()
    return False
