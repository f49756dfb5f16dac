"""The driver: gives tasks to an executor and writes every result to the store, until no task is pending.

It keeps nothing that the store does not know, so it may be killed at any moment: a task is ``pending`` until the
transaction that writes its result.  A worker that dies costs one retry, then a recorded error.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from scanner.batch.executors import execute
from scanner.batch.isolate import Ended, Limits
from scanner.batch.observe import BatchObserver
from scanner.batch.obtain import is_web
from scanner.batch.store import Store
from scanner.batch.targets import Target, is_local, open_location
from scanner.batch.work import COLLECTOR, Done, Failed, Job, file_sha256
from scanner.model import Text
from scanner.rulepack import Pack

MAX_ATTEMPTS = 2
PAGE = 256

ENDED: dict[str, Text] = {
    "memory": Text(zh="内存超过限制（{detail}）", en="memory limit exceeded ({detail})"),
    "cpu": Text(zh="处理器时间超过限制（{detail}）", en="processor time limit exceeded ({detail})"),
    "wall": Text(zh="检测时间超过限制（{detail}）", en="time limit exceeded ({detail})"),
    "killed": Text(
        zh="检测进程被系统终止（{detail}），可能是内存不足",
        en="the process was killed ({detail}), maybe out of memory",
    ),
    "crash": Text(zh="检测进程崩溃（{detail}）", en="the process crashed ({detail})"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a run that every task shares."""

    run_id: int
    profile: str
    now: datetime
    pack: Pack
    limits: Limits = field(default_factory=Limits)
    overlays: tuple[str, ...] = ()
    from_run: int | None = None
    slots: int = 2
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class _Flight:
    task_id: int
    attempts: int
    target: Target
    started: float


def drive(
    store: Store,
    settings: Settings,
    executor: Executor,
    observers: Sequence[BatchObserver] = (),
    stop: threading.Event | None = None,
) -> bool:
    """Work until no task of the run is pending; return False when ``stop`` ended it before."""
    return _Driver(store, settings, executor, observers, stop or threading.Event()).run()


class _Driver:
    def __init__(
        self,
        store: Store,
        settings: Settings,
        executor: Executor,
        observers: Sequence[BatchObserver],
        stop: threading.Event,
    ) -> None:
        self.store, self.settings, self.executor = store, settings, executor
        self.observers, self.stop = observers, stop
        self.flights: dict[Future[Done | Failed | Ended], _Flight] = {}
        self.queue: list[tuple[int, int, Target]] = []
        self.last = 0
        self.exhausted = False

    def run(self) -> bool:
        """Fill free slots and take results, until nothing is left."""
        states = self.store.states(self.settings.run_id)
        total = sum(states.values())
        self._tell("start", total=total, finished=total - states.get("pending", 0))
        while not self.stop.is_set():
            self._fill()
            if not self.flights:
                break
            done, _ = wait(self.flights, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                self._take(future, self.flights.pop(future))
        if self.stop.is_set():
            for future in self.flights:
                future.cancel()
            self._tell("stopped", in_flight=len(self.flights))
            return False
        self.store.finish_run(self.settings.run_id)
        self._tell("finished", **self.store.states(self.settings.run_id))
        return True

    def _fill(self) -> None:
        while len(self.flights) < 2 * self.settings.slots and not self.stop.is_set():
            if not self.queue and not self.exhausted:
                self.queue = self.store.pending(self.settings.run_id, self.last, PAGE)
                self.queue.reverse()
                self.exhausted = not self.queue
            if not self.queue:
                return
            task_id, attempts, target = self.queue.pop()
            self.last = max(self.last, task_id)
            self._submit(task_id, attempts, target)

    def _submit(self, task_id: int, attempts: int, target: Target) -> None:
        settings = self.settings
        job = Job(
            target=target,
            profile=settings.profile,
            now=settings.now,
            overlays=settings.overlays,
            facts=self._known_facts(target),
            allow_private=settings.allow_private,
        )
        future = self.executor.submit(execute, job, settings.limits)
        self.flights[future] = _Flight(task_id, attempts, target, time.monotonic())

    def _known_facts(self, target: Target) -> bytes | None:
        """Return stored facts of the same input by this collector, so that nothing is read twice."""
        if self.settings.from_run is not None:
            return self.store.facts_of_task(self.settings.from_run, target.key)
        if target.kind != "package":
            return None
        try:
            size, changed = _stamp(target.location)
        except OSError:
            return None  # the task itself will say what is wrong with it
        key = hashlib.sha256(target.location.encode()).hexdigest()
        digest = self.store.seen(key, size, changed) if changed else None
        if digest is None:
            if not is_local(target.location):
                return None
            try:
                digest = file_sha256(Path(target.location))
            except OSError:
                return None
            self.store.mark_seen(key, size, changed, digest)
        return self.store.facts_for(digest, COLLECTOR)

    def _take(self, future: Future[Done | Failed | Ended], flight: _Flight) -> None:
        try:
            result = future.result()
        except Exception as error:  # noqa: BLE001 - whatever a cluster's worker died of is that task's result
            result = Ended(why="killed", detail=f"{type(error).__name__}: {error}"[:300])
        seconds = round(time.monotonic() - flight.started, 3)
        fields = {"task": flight.task_id, "target": flight.target.location}
        if isinstance(result, Done):
            self.store.record_done(flight.task_id, flight.target, result, self.settings.pack)
            self._remember(flight.target, result)
            self._tell(
                "done",
                **fields,
                collect_seconds=result.collect_seconds,
                assess_seconds=result.assess_seconds,
                cpu_seconds=result.cpu_seconds,
                facts_reused=result.facts_reused,
            )
            return
        if isinstance(result, Ended):
            text = ENDED[result.why]
            reason = Text(zh=text.zh.format(detail=result.detail), en=text.en.format(detail=result.detail))
            result = Failed(code=f"task-{result.why}", reason=reason, final=False)
        if not result.final and flight.attempts + 1 < MAX_ATTEMPTS and not self.stop.is_set():
            self.store.count_attempt(flight.task_id)
            self._tell("retry", **fields, code=result.code, reason=result.reason.zh)
            self._submit(flight.task_id, flight.attempts + 1, flight.target)
            return
        if self.stop.is_set() and not result.final:
            return  # ended by us, not by the input: it stays pending
        self.store.record_failed(flight.task_id, result.code, result.reason, seconds)
        self._tell("failed", **fields, code=result.code, reason=result.reason.zh)

    def _remember(self, target: Target, done: Done) -> None:
        """Note the digest of a remote input, so that a rerun recognises it without a download."""
        if target.kind != "package" or is_local(target.location):
            return
        try:
            size, changed = _stamp(target.location)
        except OSError:
            return
        if changed:
            key = hashlib.sha256(target.location.encode()).hexdigest()
            self.store.mark_seen(key, size, changed, done.sha256)

    def _tell(self, event: str, **fields: object) -> None:
        for observer in self.observers:
            observer.event(event, **fields)


def _stamp(location: str) -> tuple[int, str]:
    """Return size in bytes and a mark that changes with the content (time in ns, or the storage's own tag)."""
    if is_web(location):
        raise OSError("what a web address gives is known only by fetching it")
    if is_local(location):
        stat = Path(location).stat()
        return stat.st_size, str(stat.st_mtime_ns)
    filesystem, path = open_location(location)
    info = filesystem.info(path)
    mark = info.get("ETag") or info.get("etag") or info.get("LastModified") or info.get("mtime") or ""
    return int(info.get("size") or 0), str(mark)[:200]
