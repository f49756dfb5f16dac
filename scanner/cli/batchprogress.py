"""The progress bar of ``guijian batch`` on a terminal."""

from __future__ import annotations

from typing import Any

from scanner.model import Lang, Text

SCANNING = Text(zh="检测中", en="scanning")
FAILURES = Text(zh="失败 {failed}", en="{failed} failed")


class Bar:
    """A progress bar with rate, failures and time left."""

    def __init__(self, lang: Lang) -> None:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415 - only on a terminal
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._lang: Lang = lang
        self._failed = 0
        self._progress = Progress(
            TextColumn(SCANNING.get(lang)),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[failed]}", style="red"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task("", total=None, rate="", failed="")
        self._progress.start()

    def event(self, event: str, **fields: Any) -> None:
        """Move the bar."""
        if event == "start":
            self._progress.update(self._task, total=fields["total"], completed=fields["finished"])
        elif event in {"done", "failed"}:
            self._failed += event == "failed"
            speed = self._progress.tasks[0].speed or 0.0
            words = FAILURES.get(self._lang).format(failed=self._failed) if self._failed else ""
            self._progress.update(self._task, advance=1, rate=f"{speed * 3600:.0f}/h", failed=words)

    def close(self) -> None:
        """Leave the last state on the terminal."""
        self._progress.stop()
