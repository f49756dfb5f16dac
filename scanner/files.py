"""Writing results: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from scanner.errors import ReportError
from scanner.model import Text


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically: a reader sees the old file or the complete new one.

    Raises :class:`~scanner.errors.ReportError` when the folder is missing or not writable.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ReportError(
            "write-failed",
            Text(
                zh=f"无法写入 {path}：{error.strerror}。请检查目录是否存在、是否可写、磁盘是否已满",
                en=f"cannot write {path}: {error.strerror}; check that the folder exists, is writable and has space",
            ),
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
