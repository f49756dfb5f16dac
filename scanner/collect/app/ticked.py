"""Boxes that code ticks before the user does anything: ``setChecked(true)`` on a view whose id can be told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.collect.app.code import Code
from scanner.collect.app.flagdata import flag_data
from scanner.collect.app.resourceuse import ResourceUse
from scanner.dex import Instruction, Member, MemberSite, instructions
from scanner.facts import CheckBox

SET_CHECKED = tuple(
    Member(f"L{name};", "setChecked", "(Z)V")
    for name in (
        "android/widget/CompoundButton", "android/widget/CheckBox", "android/widget/Switch",
        "android/widget/CheckedTextView", "android/widget/ToggleButton", "android/widget/RadioButton",
        "androidx/appcompat/widget/SwitchCompat", "androidx/appcompat/widget/AppCompatCheckBox",
        "com/google/android/material/checkbox/MaterialCheckBox", "android/widget/Checkable",
        "com/google/android/material/switchmaterial/SwitchMaterial",
        "com/google/android/material/materialswitch/MaterialSwitch",
    )
)  # fmt: skip
MAX_SITES, MAX_SIBLINGS = 500, 200
_FINDS = ("findViewById(I)", "requireViewById(I)")


def boxes_ticked_in_code(code: Code, use: ResourceUse, boxes: list[CheckBox]) -> Iterator[CheckBox]:
    """Yield the agreement boxes of ``boxes`` that code ticks; a tick in answer to the user's tap does not count."""
    by_view: dict[str, CheckBox] = {}
    for box in boxes:
        if box.view and box.agreement:
            by_view.setdefault(box.view.partition("/")[2], box)
    if not by_view:
        return
    numbers = {use.ids[f"id/{name}"]: name for name in by_view if f"id/{name}" in use.ids}
    for hit in code.sites(SET_CHECKED)[:MAX_SITES]:
        if code.owner(hit.site.node).kind == "library" or _after_a_tap(code, hit):
            continue
        name = _view_ticked(code, hit, numbers)
        if name in by_view:
            box = by_view[name]
            yield box.model_copy(
                update={
                    "checked": True,
                    "origin": "code",
                    "used_by": (hit.site.caller.partition("->")[0][1:-1].replace("/", "."),),
                    "evidence": (code.evidence(hit.site), *box.evidence),
                }
            )


def _after_a_tap(code: Code, hit: MemberSite) -> bool:
    chain = code.chain(hit.site.node)
    names = {step.method.partition("->")[2].partition("(")[0] for step in chain}
    names.add(hit.site.caller.partition("->")[2].partition("(")[0])
    return not chain or not names.isdisjoint(flag_data().triggers)


def _view_ticked(code: Code, hit: MemberSite, numbers: dict[int, str]) -> str:
    """Return the id of the view that ``setChecked`` is called on with a constant true, "" when it cannot be told."""
    views: dict[int, str] = {}
    constants: dict[int, int] = {}
    found = ""
    for ins in instructions(code.dex, hit.site.node):
        if ins.offset == hit.site.offset:
            receiver, value = ins.registers[0], ins.registers[-1]
            return views.get(receiver, "") if constants.get(value) == 1 else ""
        found = _follow(code, hit.site.node, ins, views, constants, found, numbers)
    return ""


def _follow(
    code: Code,
    node: int,
    ins: Instruction,
    views: dict[int, str],
    constants: dict[int, int],
    found: str,
    numbers: dict[int, str],
) -> str:
    """Track constants and views through one instruction; return the view a call has just found."""
    registers = ins.registers
    if 0x6E <= ins.opcode <= 0x78:
        finds = (ins.reference or "").partition("->")[2].startswith(_FINDS)
        return numbers.get(constants.get(registers[-1], -1), "") if finds and registers else ""
    if not registers or ins.opcode in {0x1F, 0x38, 0x39} or 0x59 <= ins.opcode <= 0x5F:
        return found
    target = registers[0]
    constants.pop(target, None)
    view = ""
    if 0x12 <= ins.opcode <= 0x15 and ins.literal is not None:
        constants[target] = ins.literal & 0xFFFFFFFF
    elif ins.opcode == 0x0C:
        view = found
    elif 0x07 <= ins.opcode <= 0x09:
        view = views.get(registers[1], "")
    elif ins.opcode in {0x54, 0x62} and ins.reference is not None:
        view = _of_field(code, node, ins.reference, numbers)
    if view:
        views[target] = view
    else:
        views.pop(target, None)
    return ""


def _of_field(code: Code, node: int, field: str, numbers: dict[int, str]) -> str:
    """Return the view a field holds: set from ``findViewById`` in the class, or named like the id (view binding)."""
    name = field.partition("->")[2].partition(":")[0]
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    if snake in numbers.values():
        return snake
    for sibling in code.siblings(node)[:MAX_SIBLINGS]:
        number = -1
        for ins in instructions(code.dex, sibling):
            if 0x14 <= ins.opcode <= 0x15 and ins.literal is not None:
                number = ins.literal & 0xFFFFFFFF if ins.literal & 0xFFFFFFFF in numbers else number
            elif ins.opcode in {0x5B, 0x69} and ins.reference == field and number in numbers:
                return numbers[number]
    return ""
