"""Imported by the process every task is forked from: whatever is loaded here is shared by all tasks."""

from __future__ import annotations

import scanner.assess
import scanner.catalogue
import scanner.collect.app.collect
import scanner.packload  # noqa: F401
from scanner.batch.work import shared_pack

shared_pack(())
