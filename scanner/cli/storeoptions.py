"""What every command over a result store shares: the option that names it, opening it, and its errors."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import exit_code, show_error
from scanner.errors import GuijianError
from scanner.model import Lang, Text

if TYPE_CHECKING:
    from scanner.batch.store import Store

DEFAULT_STORE = "guijian.db"
NO_RUN = Text(zh="结果库中没有批次", en="the store holds no run")


def store_option(function: Any) -> Any:
    """Add ``--store``."""
    return click.option(
        "--store",
        "store_url",
        default=DEFAULT_STORE,
        show_default=True,
        envvar="GUIJIAN_STORE",
        help="结果库：SQLite 文件或 postgresql+psycopg://… / store",
    )(function)


@contextmanager
def errors(target: str, lang: Lang) -> Iterator[None]:
    """Turn a known error into one line and the exit code."""
    try:
        yield
    except GuijianError as error:
        show_error(target, error, lang)
        sys.exit(exit_code(error))


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """Open a store and close it afterwards."""
    from scanner.batch.store import Store  # noqa: PLC0415 - the database loads when used

    store = Store(url)
    try:
        yield store
    finally:
        store.close()
