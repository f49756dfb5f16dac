"""Write ``fixtures/apks/README.md`` from the fixture tables: ``python tools/build_fixture_readme.py [--check]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import build_broken
import build_fixtures

TARGET = build_fixtures.APKS / "README.md"
HEAD = """# 测试用安装包 / Fixture packages

本目录的安装包全部由旁边的文本源码构建，不含任何第三方代码。`sdk-stubs/` 里的类只借用厂商的包名和方法签名，内容是我们自己写的，
用来测试归属判断；`keys/` 里的密钥只用于这些测试包，不保护任何东西。

Every package here is built from the text sources beside it and contains no third-party code. The classes in
`sdk-stubs/` bear vendors' names and signatures only; their content is ours. The keys in `keys/` sign these packages
and protect nothing.

| 命令 / Command | |
|---|---|
| `python tools/build_fixtures.py [NAME…]` | 构建 / builds `*.apk` |
| `python tools/build_broken.py` | 由 clean.apk 构建 / builds `broken/*.apk` from clean.apk |
| `python tools/build_fixture_readme.py` | 写本文件 / writes this file |

`clean.apk` 是合规的小应用。每一族的 `bad` 与 `good` 都只在一处与它不同（`fixture.toml` 写明），因此一条规则只遇到一个差异。
`clean.apk` is a small application that does things right. Each family's `bad` and `good` differ from it in one place,
said in `fixture.toml`, so a rule meets one difference at a time. All share the package name `cn.qinghe.notes`.

## 成对的安装包 / Pairs

| 安装包 / Package | 说明 / Shows | 应得的事实 / Expected facts |
|---|---|---|
"""
BROKEN = """
## 损坏与对抗 / Broken and hostile

`refuse`：没有可用内容，一行说明，退出码 3。`partial`：给出事实并报告问题。`read`：Android 能读，我们也应读出。
`refuse`: nothing usable, one line, exit code 3. `partial`: facts with a reported problem. `read`: Android reads it, so
must we. Their v1 signature is removed or void.

| 安装包 / Package | 说明 / Shows | 结果 / Outcome |
|---|---|---|
"""


def text() -> str:
    """The whole document."""
    rows = []
    for name, (_, _, table) in build_fixtures.packages().items():
        shows = f"{table['shows']['zh']}<br>{table['shows']['en']}"
        rows.append(f"| `{name}.apk` | {shows} | {'<br>'.join(table['facts'])} |\n")
    broken = [
        f"| `broken/{name}.apk` | {case.zh}<br>{case.en} | {case.outcome} |\n"
        for name, case in build_broken.CASES.items()
    ]
    return HEAD + "".join(rows) + BROKEN + "".join(broken)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status (1: ``--check`` found the file out of date)."""
    parser = argparse.ArgumentParser(description="Write the table of the fixture packages.")
    parser.add_argument("--check", action="store_true", help="only say whether the file is up to date")
    options = parser.parse_args(arguments)
    if options.check:
        return 0 if TARGET.is_file() and TARGET.read_text("utf-8") == text() else 1
    Path(TARGET).write_text(text(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
