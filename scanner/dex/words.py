"""Reading eight bytes at many places at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Mask of the lowest n bytes, n = 0..8.
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)


def read_words(content: NDArray[Any], start: NDArray[Any], end: NDArray[Any]) -> NDArray[Any]:
    """Return up to eight bytes from each ``start``, before ``end``, as little-endian numbers padded with zeros."""
    if len(content) < 8:
        content = np.concatenate([content, np.zeros(8, dtype=np.uint8)])
    windows: NDArray[Any] = np.ndarray((len(content) - 7,), dtype="<u8", buffer=content.data, strides=(1,))
    place = np.minimum(start, len(content) - 8)
    value = windows[place] >> ((start - place) * 8).astype(np.uint64)
    kept = np.clip(end - start, 0, 8)
    mask = _MASKS[kept]
    result: NDArray[Any] = value & mask
    return result
