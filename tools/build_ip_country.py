"""Build ``rules/data/ip_country.npz`` from a CSV of IPv4 ranges: ``python tools/build_ip_country.py FILE.csv``.

The CSV is ``geo-whois-asn-country-ipv4-num.csv`` of the npm package ``@ip-location-db/geo-whois-asn-country`` (rows
``first,last,country`` with addresses as numbers).  The table keeps whole /24 blocks that lie in one country, as runs:
length in blocks and country.  Note version and licence in ``rules/data/ip_country.yaml``.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parents[1] / "rules" / "data" / "ip_country.npz"
BLOCKS = 1 << 24


def build(source: Path) -> None:
    """Write the table from ``source``."""
    with source.open(newline="") as stream:
        rows = [(int(first), int(last), country) for first, last, country in csv.reader(stream)]
    names = ["", *sorted({country for *_, country in rows})]
    number = {name: position for position, name in enumerate(names)}
    blocks = np.zeros(BLOCKS, dtype=np.uint8)
    for first, last, country in rows:
        low, high = (first + 255) >> 8, (last + 1) >> 8
        blocks[low:high] = number[country]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(blocks)) + 1])
    lengths = np.diff(np.append(starts, BLOCKS)).astype(np.uint32)
    np.savez_compressed(TARGET, length=lengths, code=blocks[starts], name=np.array(names))


if __name__ == "__main__":
    build(Path(sys.argv[1]))
