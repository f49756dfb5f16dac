"""What a batch tells while it runs: events to observers, JSON lines, and a metrics file for Prometheus."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

from scanner.errors import ReportError
from scanner.files import write_whole
from scanner.model import Text

METRICS_SECONDS = 2.0


class BatchObserver(Protocol):
    """Told what happens in a run; ``event`` names it, ``fields`` say the rest (plain JSON values)."""

    def event(self, event: str, **fields: Any) -> None:
        """Take note of ``event``."""
        ...

    def close(self) -> None:
        """The run has ended."""
        ...


class JsonLog:
    """Writes every event as one JSON line with its time (UTC, ISO 8601)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def event(self, event: str, **fields: Any) -> None:
        """Write the event."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._stream.write(json.dumps({"time": moment, "event": event, **fields}, ensure_ascii=False) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing is buffered."""


class Metrics:
    """Keeps a file in the Prometheus text format (version 0.0.4) up to date, for the textfile collector."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: Counter[str] = Counter()
        self._seconds: Counter[str] = Counter()
        self._total = 0
        self._done_before = 0
        self._written = 0.0

    def event(self, event: str, **fields: Any) -> None:
        """Count the event."""
        if event == "start":
            self._total, self._done_before = fields["total"], fields["finished"]
        elif event in {"done", "failed"}:
            self._counts[event] += 1
            for stage in ("collect_seconds", "assess_seconds"):
                self._seconds[stage] += fields.get(stage, 0.0)
            if fields.get("facts_reused"):
                self._counts["reused"] += 1
        elif event == "retry":
            self._counts["retry"] += 1
        if time.monotonic() - self._written >= METRICS_SECONDS:
            self._write()

    def close(self) -> None:
        """Write the last values."""
        self._write()

    def _write(self) -> None:
        counts = self._counts
        lines = [
            *_metric("guijian_batch_targets", "gauge", "Targets of the run.", self._total),
            *_metric(
                "guijian_batch_finished",
                "gauge",
                "Targets of the run that have a result.",
                self._done_before + counts["done"] + counts["failed"],
            ),
            "# HELP guijian_batch_results_total Results since this driver started.",
            "# TYPE guijian_batch_results_total counter",
            *(
                f'guijian_batch_results_total{{outcome="{name}"}} {counts[name]}'
                for name in ("done", "failed")
            ),
            *_metric(
                "guijian_batch_retries_total",
                "counter",
                "Workers that died and were retried.",
                counts["retry"],
            ),
            *_metric("guijian_batch_reused_total", "counter", "Results from stored facts.", counts["reused"]),
            "# HELP guijian_batch_stage_seconds_total Seconds spent by stage.",
            "# TYPE guijian_batch_stage_seconds_total counter",
            *(
                f'guijian_batch_stage_seconds_total{{stage="{name.removesuffix("_seconds")}"}} {value:.3f}'
                for name, value in sorted(self._seconds.items())
            ),
            *_metric("guijian_batch_updated_seconds", "gauge", "Unix time of this file.", int(time.time())),
        ]
        write_whole(self._path, ("\n".join(lines) + "\n").encode())
        self._written = time.monotonic()


def _metric(name: str, kind: str, text: str, value: float) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", f"{name} {value}"]


def open_log(path: Path) -> TextIO:
    """Open a log for appending; raises ReportError when it cannot be written."""
    try:
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise ReportError(
            "log-unwritable",
            Text(
                zh=f"无法写日志 {path}：{error.strerror}。请检查目录和权限",
                en=f"cannot write the log {path}: {error.strerror}; check the folder and its permissions",
            ),
        ) from error
