from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest
from report_sample import ASSESSMENT, FACTS, PACK, view

import reports
from reports import BUILT_IN, WRITERS, formats, render


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_format_renders_through_the_registry(name: str) -> None:
    data = render(name, ASSESSMENT, FACTS, PACK, "zh")

    assert data == WRITERS[name].load()(view())
    if WRITERS[name].media_type.startswith("text/"):
        assert data.decode().endswith("\n")


def test_unknown_format() -> None:
    with pytest.raises(KeyError):
        render("papyrus", ASSESSMENT, FACTS, PACK, "zh")


def test_writers_of_other_packages_are_added_but_replace_none(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        EntryPoint("html", "elsewhere:write", "guijian.writers"),
        EntryPoint("names", "reports.console:write", "guijian.writers"),
    ]
    monkeypatch.setattr(reports, "entry_points", lambda group: entries if group == "guijian.writers" else [])

    found = formats()

    assert found["html"].target == "reports.html:write"
    assert found["names"].extension == "names"
    assert found["names"].load()(view())


def test_format_libraries_load_only_when_used() -> None:
    program = (
        "import sys, reports, reports.view, reports.jsonout;"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'jinja2', 'rich'}))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
