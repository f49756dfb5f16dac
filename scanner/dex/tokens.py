"""What renaming leaves as it was: the strings a class loads and the framework methods its methods call.

Names of classes, methods and fields change under R8; string constants and calls to the system do not.  Every string
and every method's set of such traces becomes a 48-bit token that is the same in any file and process, so tokens of a
known library can be kept and looked up later.  Everything is computed with arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.file import DexFile
from scanner.dex.opcodes import CONST_STRING, INVOKE
from scanner.dex.package import Dex
from scanner.dex.part import Part
from scanner.dex.words import read_words

U8 = NDArray[Any]
I8 = NDArray[Any]
# Bytes of a string that its token depends on, besides its length.
READ_BYTES = 96
MIN_STRING = 6
# A method with fewer different traces says nothing.
MIN_TRACES = 4
KEPT_BITS = np.uint64((1 << 48) - 1)
_ODD = np.uint64(0x9E3779B97F4A7C15)
_ODD2 = np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT = np.uint64(29)
_SHIFT2 = np.uint64(32)
# First eight bytes of the descriptors of system classes, with how many of them count.
_SYSTEM = tuple(
    (np.uint64(int.from_bytes(head, "little")), np.uint64((1 << 8 * len(head)) - 1))
    for head in (b"Ljava/", b"Ljavax/", b"Lorg/jso", b"Lorg/xml", b"Lorg/w3c", b"Ldalvik/", b"Landroid")
)
_ANDROID = _SYSTEM[-1][0]
# Eight bytes after "Landroid": what libraries publish below that name.
_LIBRARY_HEADS = tuple(
    (np.uint64(int.from_bytes(head, "little")), np.uint64((1 << 8 * len(head)) - 1))
    for head in (b"/support", b"/arch/")
)
_SLASH = np.uint64(ord("/"))


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of the classes of a program: parallel arrays, sorted by class and without repetition.

    ``place`` is the position in ``dex.classes``, ``token`` the 48-bit token, ``method`` whether it is that of a
    method (else of a string).
    """

    place: I8
    token: U8
    method: NDArray[Any]


def mix(values: U8) -> U8:
    """Return a well-spread 64-bit number for each number of ``values`` (a fixed bijection)."""
    values = (values ^ (values >> _SHIFT2)) * _ODD
    values = (values ^ (values >> _SHIFT)) * _ODD2
    mixed: U8 = values ^ (values >> _SHIFT2)
    return mixed


def text_tokens(content: NDArray[Any], start: I8, end: I8) -> U8:
    """Return the token of the bytes ``content[start:end]`` for each pair: from their length and first 96 bytes."""
    start, end = start.astype(np.int64), end.astype(np.int64)
    result: U8 = mix((end - start).astype(np.uint64))
    for at in range(0, READ_BYTES, 8):
        alive = np.flatnonzero(end - start > at) if at else np.arange(len(start))
        if not len(alive):
            break
        result[alive] = mix(result[alive] * _ODD + read_words(content, start[alive] + at, end[alive]))
    return result


def tokens_of(texts: Sequence[str]) -> U8:
    """Return the tokens that loads of the strings ``texts`` have."""
    data = [text.encode("utf-8", "surrogatepass") for text in texts]
    end = np.cumsum([len(part) for part in data], dtype=np.int64)
    start = end - np.array([len(part) for part in data], dtype=np.int64)
    content = np.frombuffer(b"".join(data) or b"\0", dtype=np.uint8)
    found: U8 = text_tokens(content, start, end) & KEPT_BITS
    return found


def tokens(dex: Dex, wanted: NDArray[Any] | None = None) -> Tokens:
    """Return the tokens of the classes of ``dex``, or of those at the positions where ``wanted`` is true."""
    found: list[tuple[I8, U8, NDArray[Any]]] = [
        (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.bool_))
    ]
    position = dex.classes.position
    for part in dex.parts:
        owner = position[dex.node_keys[part.base : part.base + part.count] >> 32]
        chosen = owner >= 0
        if wanted is not None:
            chosen[chosen] = wanted[owner[chosen]]
        if not chosen.any():
            continue
        of_site = part.site_node - part.base
        asked = chosen[of_site]
        node, token = _string_sites(part, of_site, asked)
        found.append((owner[node], token, np.zeros(len(node), dtype=np.bool_)))
        calls, call_token = _call_sites(part, of_site, asked)
        method, method_token = _methods(np.concatenate([node, calls]), np.concatenate([token, call_token]))
        found.append((owner[method], method_token, np.ones(len(method), dtype=np.bool_)))
    place, token, kind = (np.concatenate([entry[i] for entry in found]) for i in range(3))
    token = token & KEPT_BITS
    order = np.lexsort((token, place))
    place, token, kind = place[order], token[order], kind[order]
    fresh = np.ones(len(place), dtype=np.bool_)
    fresh[1:] = (place[1:] != place[:-1]) | (token[1:] != token[:-1])
    return Tokens(place[fresh], token[fresh], kind[fresh])


def _string_sites(part: Part, of_site: I8, asked: NDArray[Any]) -> tuple[I8, U8]:
    """Return the method (counted from the part's first) and the token of every load of a string long enough."""
    loads = np.flatnonzero(CONST_STRING[part.site_op] & asked)
    index = part.site_index[loads].astype(np.int64)
    starts, ends = part.file.string_spans
    valid = index < len(starts)
    loads, index = loads[valid], index[valid]
    used, number = np.unique(index, return_inverse=True)
    long = (ends[used] - starts[used]) >= MIN_STRING
    token = text_tokens(part.file.bytes, starts[used], ends[used])
    kept = long[number]
    return of_site[loads[kept]], token[number[kept]]


def _call_sites(part: Part, of_site: I8, asked: NDArray[Any]) -> tuple[I8, U8]:
    """Return the method and the token of every call of a system method."""
    of_method = _system_methods(part.file)
    calls = np.flatnonzero(INVOKE[part.site_op] & asked)
    index = part.site_index[calls].astype(np.int64)
    valid = index < len(of_method)
    calls, token = calls[valid], of_method[index[valid]]
    kept = token != 0
    return of_site[calls[kept]], token[kept]


def _system_methods(file: DexFile) -> U8:
    """Return a token for every method_id of a system class (class and name), 0 for others."""
    result = np.zeros(len(file.methods), dtype=np.uint64)
    starts, ends = file.string_spans
    if not len(starts):
        return result
    names = np.minimum(file.type_strings.astype(np.int64), len(starts) - 1)
    system = np.flatnonzero(_is_system(file, names))
    of_type = np.zeros(len(names) + 1, dtype=np.uint64)
    of_type[system] = text_tokens(file.bytes, starts[names[system]], ends[names[system]])
    owner = of_type[np.minimum(file.methods["class"].astype(np.int64), len(names))]
    rows = np.flatnonzero(owner)
    name = np.minimum(file.methods["name"][rows].astype(np.int64), len(starts) - 1)
    result[rows] = mix(owner[rows] + _ODD * text_tokens(file.bytes, starts[name], ends[name])) | np.uint64(1)
    return result


def _is_system(file: DexFile, names: I8) -> NDArray[Any]:
    head = file.string_heads[names]
    found = np.zeros(len(names), dtype=np.bool_)
    for value, mask in _SYSTEM:
        found |= (head & mask) == value
    android = np.flatnonzero(head == _ANDROID)
    starts, ends = file.string_spans
    after = read_words(file.bytes, starts[names[android]] + 8, ends[names[android]])
    library = (after & np.uint64(0xFF)) != _SLASH
    for value, mask in _LIBRARY_HEADS:
        library |= (after & mask) == value
    found[android[library]] = False
    return found


def _methods(node: I8, token: U8) -> tuple[I8, U8]:
    """Return methods with enough different traces and a token of each one's set of traces."""
    order = np.lexsort((token, node))
    node, token = node[order], token[order]
    fresh = np.ones(len(node), dtype=np.bool_)
    fresh[1:] = (node[1:] != node[:-1]) | (token[1:] != token[:-1])
    node, token = node[fresh], token[fresh]
    if not len(node):
        return node, token
    begin = np.flatnonzero(np.concatenate([[True], node[1:] != node[:-1]]))
    count = np.diff(np.append(begin, len(node)))
    whole = mix(np.add.reduceat(mix(token), begin))
    kept = count >= MIN_TRACES
    return node[begin[kept]], whole[kept]
