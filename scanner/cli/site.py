"""Options of ``scan`` and ``collect`` that speak of websites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from scanner.context import SiteOptions

F = TypeVar("F", bound=Callable[..., Any])
DEFAULTS = SiteOptions()
OPTIONS = (
    click.option(
        "--scope",
        type=click.Choice(["host", "domain", "path"]),
        default=DEFAULTS.scope,
        show_default=True,
        help="网站：访问范围（主机、注册域、目录） / where to go",
    ),
    click.option(
        "--max-pages",
        type=click.IntRange(1, 100_000),
        default=DEFAULTS.max_pages,
        show_default=True,
        help="网站：最多访问的页面数 / most pages",
    ),
    click.option(
        "--depth",
        "max_depth",
        type=click.IntRange(0, 50),
        default=DEFAULTS.max_depth,
        show_default=True,
        help="网站：距起始页最多点击次数 / most clicks from the start",
    ),
    click.option(
        "--max-seconds",
        type=click.FloatRange(1, 86_400),
        default=DEFAULTS.max_seconds,
        show_default=True,
        help="网站：最长用时（秒） / time limit",
    ),
    click.option(
        "--rate",
        type=click.FloatRange(0, 1_000),
        default=DEFAULTS.rate,
        show_default=True,
        help="网站：每秒对一个主机的请求数，0 为不限 / requests a second and host, 0 = no pause",
    ),
    click.option("--no-browser", is_flag=True, help="网站：不使用浏览器，只看静态页面 / static pages only"),
    click.option(
        "--max-rendered",
        type=click.IntRange(1, 1_000),
        default=DEFAULTS.max_rendered,
        show_default=True,
        help="网站：最多用浏览器打开几个页面 / pages opened in the browser",
    ),
    click.option(
        "--typing",
        is_flag=True,
        help="网站：在输入框键入无害标记（不提交），检查是否未提交就送出 / type a marker, without submitting",
    ),
    click.option("--allow-private", is_flag=True, help="允许访问内网和本机地址 / allow private addresses"),
    click.option(
        "--ignore-robots",
        is_flag=True,
        help="网站：不受 robots.txt 限制（须有权检测） / ignore robots.txt, if entitled to",
    ),
    click.option(
        "--probe",
        is_flag=True,
        help="网站：试探少量不应公开的文件（如 .git），只读取 / look for a few files that must not be public",
    ),
    click.option(
        "--register",
        type=click.Path(path_type=Path),
        default=None,
        help="网站：离线备案登记册（CSV） / offline filing register",
    ),
    click.option(
        "--evidence",
        type=click.Path(path_type=Path),
        default=None,
        help="网站：证据包目录或 .zip / folder or .zip for the evidence package",
    ),
)


def site_options(function: F) -> F:
    """Add the options of a visit to a website; the command passes its keyword arguments to :func:`to_site_options`."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def to_site_options(given: dict[str, Any]) -> SiteOptions:
    """Return the options of a visit from the keyword arguments click gave the command."""
    return SiteOptions(
        allow_private=given["allow_private"],
        scope=given["scope"],
        max_pages=given["max_pages"],
        max_depth=given["max_depth"],
        max_seconds=given["max_seconds"],
        rate=given["rate"],
        respect_robots=not given["ignore_robots"],
        browser=not given["no_browser"],
        max_rendered=given["max_rendered"],
        typing=given["typing"],
        probe=given["probe"],
        register=given["register"],
        evidence=given["evidence"],
    )
