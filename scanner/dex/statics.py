"""Static string constants of a class: ``static final String VERSION = "1.2"`` lives in the class's static values.

Source: "Dalvik executable format", class_data_item, encoded_array_item and encoded_value encoding.  Reads one class at
a time, for the few that are asked for; whatever is malformed ends the reading.
"""

from __future__ import annotations

import numpy as np

from scanner.dex.file import DexFile

MAX_FIELDS = 4096
_STRING, _ARRAY, _ANNOTATION, _NULL, _BOOLEAN = 0x17, 0x1C, 0x1D, 0x1E, 0x1F
_SIMPLE = frozenset({0x00, 0x02, 0x03, 0x04, 0x06, 0x10, 0x11, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B})


class _EndError(Exception):
    """The data are malformed or of a kind that is not read."""


def static_strings(file: DexFile, type_index: int) -> dict[str, str]:
    """Return the string constants of the class with this type_id, by field name; {} when it has none."""
    rows = np.flatnonzero(file.class_defs[:, 0] == type_index)
    if not len(rows):
        return {}
    data_at, values_at = (int(v) for v in file.class_defs[int(rows[0]), 6:8])
    found: dict[str, str] = {}
    if not data_at or not values_at:
        return found
    try:
        fields = _static_fields(file.data, data_at)
        count, at = _uleb(file.data, values_at)
        for field in fields[: min(count, MAX_FIELDS)]:
            kind, number, at = _value(file.data, at)
            if kind == _STRING and field < len(file.fields):
                found[file.string(int(file.fields["name"][field]))] = file.string(number)
    except _EndError:
        pass
    return found


def _static_fields(data: bytes, at: int) -> list[int]:
    """Return the field_ids of the static fields of the class_data_item at ``at``, in their order."""
    count, at = _uleb(data, at)
    for _ in range(3):
        _, at = _uleb(data, at)
    fields: list[int] = []
    number = 0
    for _ in range(min(count, MAX_FIELDS)):
        step, at = _uleb(data, at)
        _, at = _uleb(data, at)
        number += step
        fields.append(number)
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
