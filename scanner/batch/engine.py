"""Opening the database of a store: settings of SQLite, and errors in words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from scanner.errors import PackError
from scanner.model import Text


def open_engine(url: str) -> Engine:
    """Return the engine of the store at ``url``, a path or a database URL; raises PackError where it cannot be used."""
    text = url if "://" in url else f"sqlite:///{url}"
    try:
        parsed = make_url(text)
        engine = create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise unusable(url, error) from error
    if engine.dialect.name not in {"sqlite", "postgresql"}:
        raise unusable(url, ValueError(engine.dialect.name))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_settings)
    return engine


def _sqlite_settings(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # A write-ahead log lets readers (status, console) work during a run; FULL keeps results through a power failure.
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def unusable(url: str, error: Exception) -> PackError:
    """Return the error for a store that cannot be used, without its password."""
    try:
        shown = make_url(url).render_as_string(hide_password=True) if "://" in url else url
    except ArgumentError:
        shown = url
    why = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
    return PackError(
        "store-unusable",
        Text(
            zh=f"无法打开结果库 {shown}：{why}。请检查地址、权限，以及数据库是否已启动（支持 SQLite 和 PostgreSQL）",
            en=f"cannot open the store {shown}: {why}; check the address, permissions and that the database runs "
            "(SQLite and PostgreSQL are supported)",
        ),
    )
