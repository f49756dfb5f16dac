"""Methods that carry an annotation kept for run time: frameworks find them by it and call them.

A script in a WebView calls what ``JavascriptInterface`` marks, an event bus what ``Subscribe`` marks; no instruction
of the package does.  Source: "Dalvik executable format", annotations_directory_item, annotation_set_item and
annotation_item.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.file import DexFile
from scanner.dex.numbering import ragged

I8 = NDArray[Any]
MAX_ITEMS = 1_000_000
_RUNTIME = 1
# Marks of the languages themselves, which nobody looks for in order to call.
_LANGUAGE = ("Ljava/lang/", "Lkotlin/", "Ldalvik/")


def annotated_methods(file: DexFile) -> I8:
    """Return the method_ids with an annotation for run time that is not the language's own, ascending.

    What points outside the file is left out; more than a million marks are noted and the rest left out.
    """
    method, sets = _marked(file)
    sets, of_set = np.unique(sets, return_inverse=True)
    size, entry = _listed(file, sets, 0, 1)
    item = file.words[entry].astype(np.int64)
    inside = item < len(file.data) - 4
    kind = np.zeros(len(item), dtype=np.int64)
    kind[inside] = _types(file, item[inside])
    wanted = np.zeros(len(sets), dtype=np.bool_)
    wanted[np.repeat(np.arange(len(sets)), size)[inside & (kind >= 0)]] = True
    return np.unique(method[wanted[of_set]])


def _marked(file: DexFile) -> tuple[I8, I8]:
    """Return the annotated method_ids and where the set of each lies."""
    places = np.unique(file.class_defs[:, 5].astype(np.int64))
    places = places[(places > 0) & (places % 4 == 0) & (places + 16 <= len(file.words) * 4)]
    fields = file.words[places // 4 + 1].astype(np.int64)
    _, entry = _listed(file, places, 2, 2, 4 + 2 * fields)
    method, sets = file.words[entry].astype(np.int64), file.words[entry + 1].astype(np.int64)
    valid = (method < len(file.methods)) & (sets > 0)
    return method[valid], sets[valid]


def _listed(file: DexFile, places: I8, count_at: int, width: int, first: Any = 1) -> tuple[I8, I8]:
    """Return the lengths of the lists at ``places`` (bytes) and the positions (words) of their entries, joined.

    A list's length stands ``count_at`` words after its place, its entries of ``width`` words begin ``first`` words
    after it; a list that does not fit the file counts as empty.
    """
    words = len(file.words)
    start = places // 4
    readable = (places % 4 == 0) & (start + count_at < words)
    size = np.where(readable, file.words[np.where(readable, start + count_at, 0)] if words else 0, 0)
    size = size.astype(np.int64)
    start = start + first
    size[(size > words) | (start + width * size > words)] = 0
    total = np.cumsum(size)
    if len(total) and total[-1] > MAX_ITEMS:
        file.note("annotations", int((total > MAX_ITEMS).sum()))
        size[total > MAX_ITEMS] = 0
    return size, np.repeat(start, size) + width * ragged(size)


def _types(file: DexFile, item: I8) -> I8:
    """Return the type_id of each annotation at ``item`` (bytes) that frameworks may look for, -1 for the others."""
    data = file.bytes
    value = np.zeros(len(item), dtype=np.int64)
    more = np.ones(len(item), dtype=np.bool_)
    for step in range(3):  # a ULEB128 number below 65,536
        byte = data[item + 1 + step].astype(np.int64)
        value |= np.where(more, byte & 0x7F, 0) << (7 * step)
        more &= byte >= 0x80
    known = (data[item] == _RUNTIME) & (value < len(file.type_strings))
    distinct = np.unique(value[known])
    names = file.types(distinct)
    meant = distinct[[not name.startswith(_LANGUAGE) for name in names]] if len(distinct) else distinct
    return np.where(known & np.isin(value, meant), value, -1)
