"""Tables of the store as CSV or Parquet, for spreadsheets and data tools; packed columns stay behind."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import LargeBinary, Table, select

from scanner.batch.schema import Base, Moment
from scanner.batch.store import Store
from scanner.errors import PackError
from scanner.model import Text

TABLES = ("run", "task", "facts", "assessment", "finding", "control_verdict", "clause_verdict")
CHUNK = 20_000
# A cell that starts with one of these is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(store: Store, folder: Path, form: str, run_label: str | None = None) -> list[Path]:
    """Write the store's tables into ``folder`` as ``form`` (``csv`` or ``parquet``); return the files.

    ``run_label`` limits tasks and what belongs to them to one run.  Raises PackError when Parquet is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = store.find_run(run_label) if run_label is not None else None
    written = []
    for name in TABLES:
        table = Base.metadata.tables[name]
        columns = [c.name for c in table.columns if not isinstance(c.type, LargeBinary)]
        rows = _rows(store, table, columns, run.id if run is not None else None)
        path = folder / f"{name}.{form}"
        (_write_csv if form == "csv" else _write_parquet)(path, table, columns, rows)
        written.append(path)
    return written


def _rows(
    store: Store, table: Table, columns: Sequence[str], run_id: int | None
) -> Iterator[list[tuple[Any, ...]]]:
    query = select(*(table.c[name] for name in columns)).order_by(*table.primary_key.columns)
    if run_id is not None:
        task = Base.metadata.tables["task"]
        of_run = select(task.c.assessment_id).where(task.c.run_id == run_id)
        if table.name == "run":
            query = query.where(table.c.id == run_id)
        elif table.name == "task":
            query = query.where(table.c.run_id == run_id)
        elif table.name == "assessment":
            query = query.where(table.c.id.in_(of_run))
        elif table.name == "facts":
            assessment = Base.metadata.tables["assessment"]
            query = query.where(
                table.c.id.in_(select(assessment.c.facts_id).where(assessment.c.id.in_(of_run)))
            )
        else:
            query = query.where(table.c.assessment_id.in_(of_run))
    with store.engine.connect().execution_options(yield_per=CHUNK) as connection:
        for part in connection.execute(query).partitions(CHUNK):
            yield [tuple(row) for row in part]


def _write_csv(
    path: Path, _table: Table, columns: Sequence[str], parts: Iterator[list[tuple[Any, ...]]]
) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for rows in parts:
            writer.writerows([[_cell(value) for value in row] for row in rows])


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return str(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def _write_parquet(
    path: Path, table: Table, columns: Sequence[str], parts: Iterator[list[tuple[Any, ...]]]
) -> None:
    try:
        import pyarrow  # noqa: PLC0415 - an extra
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise PackError(
            "parquet-missing",
            Text(
                zh="没有安装 Parquet 组件。请运行 pip install 'guijian[cluster]'，或改用 --format csv",
                en="Parquet is not installed; run pip install 'guijian[cluster]' or use --format csv",
            ),
        ) from error
    kinds = {int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    fields = []
    for name in columns:
        column = table.c[name].type
        moment = isinstance(column, Moment)
        kind = (
            pyarrow.timestamp("us", tz="UTC") if moment else kinds.get(column.python_type, pyarrow.string())
        )
        fields.append(pyarrow.field(name, kind))
    schema = pyarrow.schema(fields)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in parts:
            arrays = [
                pyarrow.array([_plain(row[position]) for row in rows], type=field.type)
                for position, field in enumerate(schema)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, dict) else value
