"""Finds consent banners and dialogs, tells their buttons apart, and chooses for the visitor when asked to.

``consent.js`` describes every layer that speaks of privacy and offers a choice; which words mean which choice is data
(``rules/data/consent_words.yaml``).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

from scanner.collect.site.devtools import DevToolsError
from scanner.collect.site.tab import Tab
from scanner.datafiles import read_data
from scanner.model import Evidence, Frozen, WebLocator
from scanner.safere import compile_pattern
from scanner.visitfacts import Button, ConsentDialog

Role = Literal["accept", "reject", "settings", "close", "other"]
SCRIPT = (files("scanner.collect.site") / "consent.js").read_text("utf-8")
PROMINENCE_RATIO = 0.6
WALL_SHARE = 0.6
LATER = 0.6


class Words(Frozen):
    """The vocabulary; patterns by role in the order they are tried."""

    version: int
    verified: str
    topic: str
    container: str
    policy: str
    roles: dict[str, tuple[str, ...]]
    not_choices: tuple[str, ...]
    bundled: tuple[str, ...]
    implied: tuple[str, ...]

    def matches(self, patterns: tuple[str, ...], text: str) -> bool:
        """Whether one of ``patterns`` is found in ``text``, letter case aside."""
        return any(compile_pattern(f"(?i){pattern}").search(text) for pattern in patterns)

    def role(self, label: str) -> str:
        """Return ``reject``, ``settings``, ``save``, ``accept``, ``close`` or ``other``."""
        text = re.sub(r"\s+", " ", label).strip()
        if self.matches(self.not_choices, text) and not self.matches(self.roles["reject"], text):
            return "other"
        return next((role for role, patterns in self.roles.items() if self.matches(patterns, text)), "other")


@cache
def words() -> Words:
    """Return the vocabulary of consent dialogs."""
    return Words.model_validate(read_data("consent_words")[0])


def script_words() -> dict[str, str]:
    """Return the expressions ``consent.js`` needs."""
    data = words()
    choice = "|".join(p for patterns in data.roles.values() for p in patterns)
    return {"topic": data.topic, "container": data.container, "policy": data.policy, "choice": choice}


@dataclass
class Choice:
    """A button as found: where to click and what it means."""

    label: str
    role: str
    index: int
    box: tuple[float, float, float, float]
    css: str
    prominence: float = 0.0


@dataclass
class Found:
    """A consent layer as found in one frame of a page."""

    page: str
    frame: str
    main: bool
    raw: dict[str, Any]
    choices: list[Choice] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The layer's words."""
        return str(self.raw["text"])

    def first(self, role: str) -> Choice | None:
        """Return the most prominent choice of a role."""
        fitting = [c for c in self.choices if c.role == role]
        return max(fitting, key=lambda c: c.prominence, default=None)

    @property
    def box(self) -> list[float]:
        """Place of the layer in the window: x, y, width, height in pixels."""
        return [float(value) for value in self.raw["box"]]


async def find(tab: Tab, page: str) -> list[Found] | None:
    """Return the consent layers of the tab's page, the one with a way to accept first; None when it was not read."""
    found: list[Found] = []
    try:
        frames = await tab.frame_ids()
    except (DevToolsError, TimeoutError):
        return None
    for number, frame in enumerate(frames):
        rows = await tab.evaluate(frame, SCRIPT, script_words())
        if not isinstance(rows, list):
            if number == 0:
                return None
            continue
        for raw in rows:
            layer = Found(page, frame, number == 0, raw, _choices(raw))
            if _speaks_of_consent(layer):
                found.append(layer)
    found.sort(key=lambda f: (f.first("accept") is None, not f.main, len(f.text)))
    return found


def _speaks_of_consent(layer: Found) -> bool:
    roles = {c.role for c in layer.choices}
    if not roles & {"accept", "reject", "save"}:
        return False
    # A login or registration box has a consent box of its own; the form reader judges it.
    return not (layer.raw["fields"] and not roles & {"reject", "settings"})


def _choices(raw: dict[str, Any]) -> list[Choice]:
    found = []
    for entry in raw["buttons"]:
        label = str(entry["label"])
        role = "close" if entry["close"] else words().role(label)
        x, y, width, height = (float(value) for value in entry["box"])
        found.append(Choice(label, role, int(entry["index"]), (x, y, width, height), str(entry["css"])))
    largest = max((c.box[2] * c.box[3] for c in found if c.role != "other"), default=1.0) or 1.0
    tallest = max((float(e["font"]) for e in raw["buttons"]), default=1.0) or 1.0
    for choice, entry in zip(found, raw["buttons"], strict=True):
        choice.prominence = _prominence(entry, raw, choice, largest, tallest)
    return found


def _prominence(
    entry: dict[str, Any], raw: dict[str, Any], choice: Choice, largest: float, tallest: float
) -> float:
    """Return 0–1: size 0.35, contrast of the button with its layer 0.3, of its words 0.2, size of letters 0.15."""
    size = min(1.0, choice.box[2] * choice.box[3] / largest)
    stands_out = min(1.0, (contrast(entry["background"], raw["background"]) - 1) / 2)
    if entry["border"] and stands_out < 0.5:
        stands_out = 0.5
    readable = min(1.0, (contrast(entry["colour"], entry["background"]) - 1) / 6)
    letters = min(1.0, float(entry["font"]) / tallest)
    return round(0.35 * size + 0.3 * stands_out + 0.2 * readable + 0.15 * letters, 2)


def contrast(one: list[float], other: list[float]) -> float:
    """Return the contrast ratio of two sRGB colours, 1–21 (WCAG 2.2, "contrast ratio")."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: list[float]) -> float:
    parts = [min(255.0, max(0.0, float(v))) / 255 for v in (*colour, 0, 0, 0)[:3]]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


async def click(tab: Tab, layer: Found, index: int) -> bool:
    """Click a choice as a visitor would, with the mouse in the main frame; False when it is no longer there."""
    rect = "(i) => { const e = globalThis.choices?.[i]; if (!e?.isConnected) return null; "
    if layer.main:
        rect += (
            "e.scrollIntoView({block: 'center', behavior: 'instant'}); const b = e.getBoundingClientRect(); "
        )
        rect += "return [b.x + b.width / 2, b.y + b.height / 2]; }"
        point = await tab.evaluate(layer.frame, rect, index)
        if not isinstance(point, list):
            return False
        try:
            async with asyncio.timeout(3):
                await tab.click(float(point[0]), float(point[1]))
        except (DevToolsError, TimeoutError):
            return False
        return True
    return bool(await tab.evaluate(layer.frame, rect + "e.click(); return true; }", index))


@dataclass
class Refusal:
    """How refusing went: clicks it took (None = impossible), boxes found ticked on the way, or that a click failed."""

    clicks: int | None = None
    prechecked: tuple[str, ...] = ()
    failed: bool = False


async def refuse(tab: Tab, page: str, layer: Found) -> Refusal:
    """Refuse everything that can be refused, through a second layer if there is one."""
    direct = layer.first("reject")
    if direct is not None:
        return await _clicked(tab, layer, direct, 0, ())
    settings = layer.first("settings")
    clicks = 0
    if settings is not None:
        if not await click(tab, layer, settings.index):
            return Refusal(failed=True)
        clicks = 1
        await asyncio.sleep(LATER)
        layers = await find(tab, page)
        if layers is None:
            return Refusal(failed=True)
        layer = next(
            (f for f in layers if f.first("reject") or f.first("save")), layers[0] if layers else layer
        )
    ticked = _ticked(layer)
    direct = layer.first("reject")
    if direct is not None:
        return await _clicked(tab, layer, direct, clicks, ticked)
    save = layer.first("save")
    boxes = [box for box in layer.raw["boxes"] if not box["disabled"]]
    if save is None or not boxes:
        return Refusal(None, ticked)
    for box in boxes:
        # One box may untick others, so each is looked at again before it is clicked.
        if await _is_ticked(tab, layer, box):
            clicks += 1
            await click(tab, layer, int(box["index"]))
            if await _is_ticked(tab, layer, box):
                await tab.evaluate(
                    layer.frame, "(i) => { globalThis.choices[i].click(); }", int(box["index"])
                )
            if await _is_ticked(tab, layer, box):
                return Refusal(None, ticked, failed=True)
    return await _clicked(tab, layer, save, clicks, ticked)


async def _clicked(tab: Tab, layer: Found, last: Choice, clicks: int, ticked: tuple[str, ...]) -> Refusal:
    if await click(tab, layer, last.index):
        return Refusal(clicks + 1, ticked)
    return Refusal(None, ticked, failed=True)


async def _is_ticked(tab: Tab, layer: Found, box: dict[str, Any]) -> bool:
    state = "(i) => { const e = globalThis.choices[i]; return e.checked ?? e.getAttribute('aria-checked') === 'true'; }"
    return bool(await tab.evaluate(layer.frame, state, int(box["index"])))


def _ticked(layer: Found) -> tuple[str, ...]:
    boxes = (b for b in layer.raw["boxes"] if b["checked"] and not b["disabled"] and b["shown"])
    return tuple(dict.fromkeys(str(b["label"]) for b in boxes))


def dialog(layer: Found, artifact: str, refusal: Refusal | None) -> ConsentDialog:
    """Return the facts of a layer; ``refusal`` when refusing was tried on it."""
    accept, reject = layer.first("accept"), layer.first("reject")
    closes = layer.first("close") is not None
    data = words()
    known = refusal is not None and not refusal.failed
    clicks = refusal.clicks if refusal is not None and known else (1 if reject is not None else None)
    equal: bool | None = None
    if accept is not None:
        equal = reject is not None and reject.prominence >= PROMINENCE_RATIO * accept.prominence
    evidence = _evidence(layer, artifact)
    return ConsentDialog(
        page=layer.page,
        kind=_kind(layer),
        text=layer.text[:1000],
        buttons=tuple(
            Button(
                label=c.label,
                role=cast(Role, "settings" if c.role == "save" else c.role),
                prominence=c.prominence,
                evidence=(_evidence(layer, artifact, c),),
            )
            for c in layer.choices
            if c.role != "other"
        ),
        reject_clicks=clicks,
        accept_clicks=1 if accept is not None else None,
        equal_choice=equal,
        prechecked=tuple(
            dict.fromkeys((*_ticked(layer), *(refusal.prechecked if refusal is not None else ())))
        ),
        wall=_wall(layer) and reject is None and not closes,
        closable=closes or reject is not None,
        policy_linked=bool(layer.raw["policy"]),
        bundled=data.matches(data.bundled, layer.text),
        implied=data.matches(data.implied, layer.text),
        evidence=(evidence,),
    )


def _wall(layer: Found) -> bool:
    return layer.raw["covered"] >= WALL_SHARE or (bool(layer.raw["modal"]) and bool(layer.raw["locked"]))


def _kind(layer: Found) -> Literal["banner", "dialog", "page"]:
    _, _, width, height = layer.box
    window = [float(v) for v in layer.raw["view"]]
    if layer.raw["layer"] == "dialog" and layer.raw["modal"]:
        return "dialog"
    if layer.raw["layer"] == "" and width * height > 0.5 * window[0] * window[1]:
        return "page"
    return "dialog" if layer.raw["covered"] >= WALL_SHARE else "banner"


def _evidence(layer: Found, artifact: str, choice: Choice | None = None) -> Evidence:
    return Evidence(
        artifact=artifact or layer.page,
        locator=WebLocator(url=layer.page, css=choice.css if choice else str(layer.raw["css"])),
        excerpt=choice.label if choice else layer.text[:200],
    )
