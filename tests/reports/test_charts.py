from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from reports.charts import NARROWEST, WIDTH, bars, stacked

COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=12)


@given(COUNTS)
def test_segments_fill_the_bar_in_order_without_overlap(counts: list[int]) -> None:
    segments = stacked([("s", str(n), count) for n, count in enumerate(counts)])

    assert [s.count for s in segments] == [count for count in counts if count]
    for before, after in itertools.pairwise(segments):
        assert abs(float(before.x) + float(before.width) - float(after.x)) < 0.25
    if segments:
        assert abs(float(segments[-1].x) + float(segments[-1].width) - WIDTH) < 1
        assert min(float(s.width) for s in segments) > NARROWEST / 3


def test_bars_share_one_scale() -> None:
    long, short = bars([("a", [("x", "x", 40)]), ("b", [("x", "x", 10)])])

    assert (long.parts[0].width, short.parts[0].width) == ("1000.0", "250.0")
    assert bars([]) == ()
