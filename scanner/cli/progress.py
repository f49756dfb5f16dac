"""Progress on standard error, and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from scanner.context import Observer, Silent
from scanner.model import Lang, Text

STAGES = {
    "package": Text(zh="读取安装包", en="reading the package"),
    "signing": Text(zh="校验签名", en="verifying signatures"),
    "code": Text(zh="分析代码", en="analysing code"),
    "accesses": Text(zh="查找个人信息的读取", en="finding access to personal information"),
    "sdks": Text(zh="识别第三方 SDK", en="recognising third-party SDKs"),
    "files": Text(zh="检索其他文件", en="searching other files"),
    "startup": Text(zh="跟踪启动过程", en="following the start"),
    "patterns": Text(zh="查找安全问题", en="finding security problems"),
    "wakes": Text(zh="查找自启动与唤醒", en="finding autostart and wake-ups"),
    "summary": Text(zh="汇总", en="summing up"),
    "policy": Text(zh="读取隐私政策", en="reading the privacy policy"),
    "crawl": Text(zh="访问网页", en="visiting pages"),
    "browser": Text(zh="用浏览器观察", en="observing in a browser"),
    "transport": Text(zh="检查传输安全", en="checking transport security"),
    "interface": Text(zh="检索界面文本", en="searching interface text"),
}


class _Bar:
    def __init__(self, lang: Lang) -> None:
        from rich.console import Console  # noqa: PLC0415 - only on a terminal

        self._lang: Lang = lang
        self._status = Console(stderr=True).status("…")
        self._status.start()

    def step(self, name: str, done: int = 0, total: int = 0) -> None:
        text = STAGES[name].get(self._lang) if name in STAGES else name
        self._status.update(f"{text} {done}/{total}" if total else text)

    def close(self) -> None:
        self._status.stop()


@contextmanager
def observer(lang: Lang) -> Iterator[Observer]:
    """Give an observer that shows a spinner when standard error is a terminal."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    bar = _Bar(lang)
    try:
        yield bar
    finally:
        bar.close()
