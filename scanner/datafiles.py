"""Reads the shipped YAML data quickly.

YAML is what people edit; parsing half a megabyte of it costs more than reading a package.  So the parsed form is
kept as JSON in the user's cache folder, named by the sha256 of the source; a file that does not fit its name's
content is never consulted, and without a writable cache everything works, only slower.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FORMAT = "1"


def data_files(name: str) -> list[Traversable]:
    """Return the YAML file ``rules/data/<name>.yaml`` or all files of the folder ``rules/data/<name>``."""
    base = files("rules") / "data"
    single = base / f"{name}.yaml"
    if single.is_file():
        return [single]
    folder = base / name
    return sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)


def read_data(name: str) -> list[Any]:
    """Return the content of :func:`data_files` as plain JSON values, one entry per file."""
    return [read_yaml(path.read_bytes()) for path in data_files(name)]


def read_yaml(source: bytes) -> Any:
    """Return ``source`` (UTF-8 YAML) as plain JSON values, dates as ISO strings, using the cache."""
    digest = hashlib.sha256(FORMAT.encode() + source).hexdigest()
    cached = _cache_folder() / f"{digest}.json"
    try:
        return json.loads(cached.read_bytes())
    except (OSError, ValueError):
        pass
    content = yaml.load(source, Loader=_Loader)  # noqa: S506 - _Loader is a safe loader
    encoded = json.dumps(content, ensure_ascii=False, default=str)
    _store(cached, encoded.encode())
    return json.loads(encoded)


def _cache_folder() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "guijian" / "data"


def _store(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).replace(path)
    except OSError:
        return
