from __future__ import annotations

import pytest

from reports.imprint import Imprint, read_imprint
from scanner.errors import ReportError


def test_fields_are_read() -> None:
    data = '\ufeffnumber = "GJ-1"\nclient = "甲"\nnotes = ["一", "二"]\n'.encode()

    assert read_imprint(data, "x.toml") == Imprint(number="GJ-1", client="甲", notes=("一", "二"))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"number = ", "x.toml"),
        (b"\xff\xfe", "x.toml"),
        (b'nummer = "1"', "nummer"),
        (b"number = 5", "number"),
        (b"#" * ((1 << 20) + 1), "1 MB"),
    ],
    ids=["not TOML", "not UTF-8", "unknown field", "wrong type", "too large"],
)
def test_a_wrong_file_is_one_clear_error_that_names_the_fields(data: bytes, what: str) -> None:
    with pytest.raises(ReportError, match=what) as caught:
        read_imprint(data, "x.toml")

    assert "laboratory" in caught.value.text.zh
    assert "laboratory" in caught.value.text.en
