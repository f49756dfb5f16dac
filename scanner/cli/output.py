"""Where each report goes: resolved before anything is scanned, written whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.errors import ReportError
from scanner.model import Text


@dataclass(frozen=True, slots=True)
class Output:
    """One report format with its destination: ``-``, a file, or a folder with a name per target.

    ``together``: the format makes one report of all targets.
    """

    format: str
    extension: str
    destination: str
    is_folder: bool
    together: bool = False

    def path_for(self, target: str) -> str:
        """Return the file for ``target``, or ``-``; of a report of all targets one name for all."""
        if not self.is_folder:
            return self.destination
        if self.together:
            return str(Path(self.destination) / f"report.{self.extension}")
        stem = re.sub(r"[^\w.-]+", "_", Path(target).name or "report").strip(".") or "report"
        return str(Path(self.destination) / f"{stem}.{self.extension}")


def plan_outputs(formats: Sequence[str], output: str | None, *, many: bool) -> list[Output]:
    """Return the outputs for ``formats`` and ``output``; raises ReportError for an impossible combination."""
    from reports import WRITERS  # noqa: PLC0415 - the table of writers, not the writers

    names = list(dict.fromkeys(formats)) or [_guess(output)]
    for name in names:
        if name not in WRITERS:
            known = "、".join(WRITERS)
            raise ReportError(
                "format-unknown",
                Text(
                    zh=f"没有名为 {name} 的报告格式，可用：{known}",
                    en=f"no report format {name!r}; known: {known}",
                ),
            )
    destination = "-" if output is None else output
    together = {name: many and bool(WRITERS[name].gatherer) for name in names}
    folder = destination != "-" and (
        destination.endswith("/")
        or Path(destination).is_dir()
        or len(names) > 1
        or (many and not all(together.values()))
    )
    if destination == "-" and len(names) > 1:
        raise ReportError(
            "output-needed",
            Text(
                zh="同时输出多种格式时，请用 -o 指定一个目录",
                en="several formats need a folder: give one with -o",
            ),
        )
    if folder:
        try:
            Path(destination).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ReportError(
                "output-folder",
                Text(
                    zh=f"多个目标或多种格式需要目录，但 {destination} 无法用作目录：{error.strerror}",
                    en=f"several targets or formats need a folder, but {destination}: {error.strerror}",
                ),
            ) from error
    return [Output(name, WRITERS[name].extension, destination, folder, together[name]) for name in names]


def _guess(output: str | None) -> str:
    from reports import WRITERS  # noqa: PLC0415 - the table of writers, not the writers

    suffix = Path(output).suffix.lstrip(".") if output and output != "-" else ""
    return next(
        (name for name, writer in WRITERS.items() if suffix and writer.extension == suffix), "console"
    )
