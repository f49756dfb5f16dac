"""The DevTools client against a made-up browser: answers, events, and everything a hostile or dying one may do."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.site.devtools import DevToolsError, Process, start

# Reads commands from descriptor 3 and writes to 4, as a browser with --remote-debugging-pipe does.
BROWSER = """
import json, os, sys, time
out = lambda data: os.write(4, data)
said = lambda message: out(json.dumps(message, separators=(',', ':')).encode() + b'\\0')
buffer = b''
print('one line', file=sys.stderr); print('the last line', file=sys.stderr, flush=True)
while chunk := os.read(3, 65536):
    *whole, buffer = (buffer + chunk).split(b'\\0')
    for data in whole:
        command = json.loads(data); number = command['id']; method = command['method']; given = command['params']
        if method == 'echo': said({'id': number, 'result': {'given': given, 'session': command.get('sessionId', '')}})
        elif method == 'refuse': said({'id': number, 'error': {'message': 'no such thing'}})
        elif method == 'event': said({'method': 'Some.event', 'params': given}); said({'id': number, 'result': {}})
        elif method == 'long':
            out(b'{"id":%d,"result":{"x":"' % number)
            for _ in range(300): out(b'x' * 1000)
            out(b'"}}\\0')
        elif method == 'rubbish':
            for data in (b'', b'[1]', b'{', b'[' * 100000, b'{"id":"x"}', b'{"id":99999}', b'\\xff\\xfe'): out(data + b'\\0')
            said({'id': number, 'result': {}})
        elif method == 'halves':
            text = json.dumps({'id': number, 'result': {'word': '规鉴'}}, ensure_ascii=False).encode() + b'\\0'
            for byte in text: out(bytes([byte])); time.sleep(0.0005)
        elif method == 'die': os._exit(3)
        elif method == 'Browser.close' and 'stubborn' not in sys.argv: os._exit(0)
"""


def run(job: Callable[[Process], Awaitable[Any]], *arguments: str) -> Any:
    async def main() -> Any:
        process = await start([sys.executable, "-c", BROWSER, *arguments], os.environ)
        try:
            return await job(process)
        finally:
            await process.stop()

    return asyncio.run(main())


def test_answers_go_to_whoever_asked() -> None:
    async def job(process: Process) -> list[dict[str, Any]]:
        return await asyncio.gather(*(process.root.send("echo", {"n": n}) for n in range(50)))

    assert [answer["given"]["n"] for answer in run(job)] == list(range(50))


def test_what_the_browser_refuses_is_an_error_with_its_words() -> None:
    async def job(process: Process) -> None:
        await process.root.send("refuse")

    with pytest.raises(DevToolsError, match="no such thing"):
        run(job)


def test_events_reach_their_handler_only() -> None:
    async def job(process: Process) -> list[Any]:
        seen: list[Any] = []
        process.root.on("Some.event", seen.append)
        process.root.on("Other.event", lambda _: seen.append("wrong"))
        await process.root.send("event", {"n": 1})
        return seen

    assert run(job) == [{"n": 1}]


def test_a_message_in_pieces_is_put_together() -> None:
    async def job(process: Process) -> dict[str, Any]:
        return await process.root.send("halves")

    assert run(job) == {"word": "规鉴"}


def test_an_answer_over_the_limit_fails_alone() -> None:
    async def job(process: Process) -> dict[str, Any]:
        process.wire.limit = 100_000
        with pytest.raises(DevToolsError, match="too long"):
            await process.root.send("long")
        assert len(process.wire.buffer) < 100_000
        return await process.root.send("echo")

    assert run(job)["given"] == {}


def test_rubbish_is_passed_over() -> None:
    async def job(process: Process) -> dict[str, Any]:
        return await process.root.send("rubbish")

    assert run(job) == {}


def test_a_browser_that_dies_leaves_no_one_waiting() -> None:
    async def job(process: Process) -> None:
        async with asyncio.timeout(20):
            waiting = asyncio.create_task(process.root.send("silence"))
            with pytest.raises(DevToolsError):
                await process.root.send("die")
            with pytest.raises(DevToolsError):
                await waiting
            with pytest.raises(DevToolsError, match="gone"):
                await process.root.send("echo")

    run(job)


def test_a_tab_that_is_gone_leaves_no_one_waiting() -> None:
    async def job(process: Process) -> dict[str, Any]:
        waiting = asyncio.create_task(process.wire.send("tab", "silence", None))
        await process.root.send("echo")
        process.wire.fail("the tab is gone", "tab")
        with pytest.raises(DevToolsError, match="tab is gone"):
            await waiting
        return await process.wire.send("other", "echo", None)

    assert run(job)["session"] == "other"


def test_a_browser_that_does_not_close_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.collect.site.devtools.CLOSE_SECONDS", 0.3)

    async def job(process: Process) -> int:
        await process.root.send("echo")
        return process.pid

    pid = run(job, "stubborn")

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_last_line_it_said_is_kept() -> None:
    async def job(process: Process) -> str:
        await process.root.send("echo")
        async with asyncio.timeout(20):
            while not process.said():
                await asyncio.sleep(0.01)
        return process.said()

    assert run(job) == "the last line"


def test_no_descriptor_is_left_open() -> None:
    async def job(process: Process) -> dict[str, Any]:
        return await process.root.send("echo")

    run(job)
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(3):
        run(job)

    assert len(list(Path("/dev/fd").iterdir())) <= before


def test_a_program_that_is_not_there_leaves_nothing_behind() -> None:
    before = len(list(Path("/dev/fd").iterdir()))

    with pytest.raises(FileNotFoundError):
        asyncio.run(start(["/nowhere/chromium"], {}))

    assert len(list(Path("/dev/fd").iterdir())) <= before
