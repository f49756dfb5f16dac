"""Write the generated documentation; ``--check`` fails when the committed files differ."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from store_doc import store_reference

from reports import factsdoc
from reports.explain import write_reference
from scanner.cli import COMMANDS, cli
from scanner.packload import load_pack

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def pages() -> dict[Path, str]:
    """Return every generated page by path."""
    found = {DOCS / "rules" / name: text for name, text in write_reference(load_pack()).items()}
    found[DOCS / "cli.md"] = command_reference()
    found[DOCS / "store.md"] = store_reference()
    found[DOCS / "facts.md"] = factsdoc.page()
    return found


def command_reference() -> str:
    """Return the help texts of all commands as one page."""
    blocks = ["# 命令行参考 / Command-line reference", "", "由 `make docs` 生成。", ""]

    def add(command: click.Command, path: str, parent: click.Context | None) -> None:
        context = click.Context(
            command, info_name=path.rpartition(" ")[2], parent=parent, max_content_width=100
        )
        blocks.extend([f"## {path}", "", "```text", command.get_help(context), "```", ""])
        if isinstance(command, click.Group):
            names = COMMANDS if command is cli else command.commands
            for name in names:
                child = command.get_command(context, name)
                assert child is not None
                add(child, f"{path} {name}", context)

    add(cli, "guijian", None)
    return "\n".join(blocks)


def main() -> int:
    """Write or check; return the exit code."""
    wanted = pages()
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    extra = [path for path in (DOCS / "rules").rglob("*.md") if path not in wanted]
    if "--check" in sys.argv[1:]:
        for path in [*stale, *extra]:
            print(f"not up to date: {path.relative_to(ROOT)}; run make docs", file=sys.stderr)
        return 1 if stale or extra else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    for path in extra:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
