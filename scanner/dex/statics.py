"""Static fields that begin as a string: ``static String BASE = "https://…"`` lives in the class's static values.

No instruction loads such a string: D8 turns a class initialiser's constants into static values, and the code that uses
them reads the field.  Source: "Dalvik executable format", class_data_item, encoded_array_item and encoded_value
encoding.  Whatever is malformed ends the reading of its class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanner.dex.file import DexFile

STRING = b"Ljava/lang/String;"
MAX_FIELDS = 4096
# Static values read of one file; classes of a hostile one may all share the longest list.
MAX_VALUES = 1_000_000
_ACC_FINAL = 0x10
_STRING, _NULL, _BOOLEAN = 0x17, 0x1E, 0x1F
_SIMPLE = frozenset({0x00, 0x02, 0x03, 0x04, 0x06, 0x10, 0x11, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B})


@dataclass(frozen=True, slots=True)
class TextField:
    """A static field that begins as a string: field_id, string index; ``final``: it never changes."""

    field: int
    text: int
    final: bool


class _EndError(Exception):
    """The data are malformed or of a kind that is not read."""


def static_strings(file: DexFile, type_index: int) -> dict[str, str]:
    """Return the strings that static fields of the class with this type_id begin as, by field name; {} for none."""
    rows = np.flatnonzero(file.class_defs[:, 0] == type_index)
    found = _of_class(file, int(rows[0]))[0] if len(rows) else []
    return {file.string(int(file.fields["name"][one.field])): file.string(one.text) for one in found}


def text_fields(file: DexFile) -> list[TextField]:
    """Return the static fields of type String with a string to begin with, in order of their classes."""
    types = np.flatnonzero(file.type_strings == file.find_string(STRING))
    owns = np.zeros(1 << 16, dtype=np.bool_)
    owns[file.fields["class"][np.isin(file.fields["type"], types)]] = True
    table = file.class_defs
    classes = np.minimum(table[:, 0], len(owns) - 1)
    rows = np.flatnonzero((table[:, 6] != 0) & (table[:, 7] != 0) & owns[classes])
    found: list[TextField] = []
    room = MAX_VALUES
    for done, row in enumerate(rows.tolist()):
        more, read = _of_class(file, row)
        found += more
        room -= 1 + read
        if room < 0:
            file.note("static-values", len(rows) - done - 1)
            break
    return found


def _of_class(file: DexFile, row: int) -> tuple[list[TextField], int]:
    """Return the text fields of the class in ``row`` of class_defs, and how many fields were read to find them."""
    data_at, values_at = (int(v) for v in file.class_defs[row, 6:8])
    found: list[TextField] = []
    fields: list[tuple[int, int]] = []
    if not data_at or not values_at:
        return found, 0
    try:
        fields = _static_fields(file.data, data_at)
        count, at = _uleb(file.data, values_at)
        for field, flags in fields[: min(count, MAX_FIELDS)]:
            kind, number, at = _value(file.data, at)
            if kind == _STRING and field < len(file.fields):
                found.append(TextField(field, number, bool(flags & _ACC_FINAL)))
    except _EndError:
        pass
    return found, len(fields)


def _static_fields(data: bytes, at: int) -> list[tuple[int, int]]:
    """Return field_id and flags of the static fields of the class_data_item at ``at``, in their order."""
    count, at = _uleb(data, at)
    for _ in range(3):
        _, at = _uleb(data, at)
    fields: list[tuple[int, int]] = []
    number = 0
    for _ in range(min(count, MAX_FIELDS)):
        step, at = _uleb(data, at)
        flags, at = _uleb(data, at)
        number += step
        fields.append((number, flags))
    return fields


def _value(data: bytes, at: int) -> tuple[int, int, int]:
    """Read an encoded_value: its kind, its bytes as an unsigned number, and where the next one starts."""
    if at >= len(data):
        raise _EndError
    kind, size = data[at] & 0x1F, (data[at] >> 5) + 1
    if kind in {_NULL, _BOOLEAN}:
        return kind, 0, at + 1
    if kind not in _SIMPLE or at + 1 + size > len(data):
        raise _EndError
    return kind, int.from_bytes(data[at + 1 : at + 1 + size], "little"), at + 1 + size


def _uleb(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
    raise _EndError
