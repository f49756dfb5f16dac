"""Fixtures of the batch tests: small sets of packages, and a real PostgreSQL."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from batching import APKS, free_port


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with 16 good packages and four that cannot be read, two of the good ones with the same content."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for path in sorted(APKS.glob("*.apk"))[:15]:
        shutil.copy(path, folder)
    shutil.copy(APKS / "clean.apk", folder / "clean-again.apk")
    shutil.copy(APKS / "clean.apk", folder / "clean.apk")
    for name in ("empty", "manifest-text", "truncated", "directory-cut"):
        shutil.copy(APKS / "broken" / f"{name}.apk", folder / f"zz-{name}.apk")
    return folder


def _postgres_program(name: str) -> str:
    found = shutil.which(name) or next(
        (str(p) for p in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        pytest.fail("PostgreSQL is not installed: run 'make system' once", pytrace=False)
    return found


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL server of our own, started for the tests."""
    folder = Path(tempfile.mkdtemp(prefix="guijian-pg-"))
    port = free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        as_user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres", "postgres")
    initdb, pg_ctl = _postgres_program("initdb"), _postgres_program("pg_ctl")
    data = folder / "data"
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"

    def call(*args: str) -> None:
        done = subprocess.run([*as_user, *args], capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr

    call(initdb, "-D", str(data), "-U", "guijian", "-A", "trust", "-E", "UTF8", "--locale=C")
    call(pg_ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://guijian@127.0.0.1:{port}/postgres"
    finally:
        call(pg_ctl, "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store, in SQLite and in PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'results.db'}"
        return
    from sqlalchemy import create_engine

    server: str = request.getfixturevalue("postgres")
    name = f"t{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:16]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.rsplit("/", 1)[0] + f"/{name}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()
