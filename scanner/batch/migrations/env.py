"""Runs the migrations on the connection the store hands over."""

from __future__ import annotations

from alembic import context

import scanner.batch.schema_console  # noqa: F401 - its tables join the metadata
from scanner.batch.schema import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite"
)
with context.begin_transaction():
    context.run_migrations()
