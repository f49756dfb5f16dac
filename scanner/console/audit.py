"""The audit log: a hash chain in the store.

The digest of an entry is sha256 over the digest of the entry before (64 zeros for the first) and the entry as canonical
JSON (sorted keys, no spaces, UTF-8).  A changed, removed, inserted or moved entry breaks the chain; a cut tail differs
from the head.  Whoever can write the whole database can compute a new chain: against that, keep ``count:digest`` of the
head elsewhere and give it to :func:`verify` as ``anchor``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scanner.batch.rows import plain
from scanner.batch.schema_console import AuditHeadRow, AuditRow
from scanner.model import Frozen, Text

START = "0" * 64
FIELDS = ("position", "moment", "actor", "action", "target", "details", "address")


class Audited(Frozen):
    """Result of a verification: entries read, head as ``count:digest``, and what is wrong (empty = intact)."""

    count: int
    head: str
    faults: tuple[Text, ...]


def append(
    session: Session,
    actor: str,
    action: str,
    target: str = "",
    address: str = "",
    details: Mapping[str, str | int | bool | None] | None = None,
) -> None:
    """Append one entry, in the caller's transaction: what is done and its record stand or fall together."""
    session.execute(update(AuditHeadRow).values(count=AuditHeadRow.count + 1))  # takes the lock first
    head = session.scalars(select(AuditHeadRow).execution_options(populate_existing=True)).one()
    row = AuditRow(
        position=head.count,
        moment=datetime.now(UTC).isoformat(timespec="microseconds"),
        actor=plain(actor, 60),
        action=action,
        target=plain(target, 600),
        details=canonical(dict(details or {})),
        address=plain(address, 60),
        previous=head.sha256,
    )
    row.sha256 = digest(row)
    session.add(row)
    head.sha256 = row.sha256
    session.flush()


def canonical(value: object) -> str:
    """Return ``value`` as canonical JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(row: AuditRow) -> str:
    """Return the digest an entry must have."""
    text = row.previous + canonical({name: getattr(row, name) for name in FIELDS})
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def verify(session: Session, anchor: str = "") -> Audited:
    """Check the whole chain; ``anchor`` is a head noted earlier, ``count:digest``."""
    faults: list[Text] = []
    previous, count = START, 0
    wanted, _, noted = anchor.partition(":")
    anchored = not anchor
    for row in session.scalars(select(AuditRow).order_by(AuditRow.position).execution_options(yield_per=500)):
        count += 1
        if row.position != count:
            faults.append(
                Text(
                    zh=f"第 {count} 条缺失（读到编号 {row.position}）",
                    en=f"entry {count} is missing (found number {row.position})",
                )
            )
            count = row.position
        if row.previous != previous:
            faults.append(
                Text(
                    zh=f"第 {row.position} 条与前一条不衔接",
                    en=f"entry {row.position} does not follow the one before",
                )
            )
        if digest(row) != row.sha256:
            faults.append(
                Text(
                    zh=f"第 {row.position} 条内容被改动",
                    en=f"the content of entry {row.position} was changed",
                )
            )
        if wanted == str(row.position):
            anchored = row.sha256 == noted
        previous = row.sha256
    head = session.scalars(select(AuditHeadRow)).first()
    if head is None or head.count != count or head.sha256 != previous:
        faults.append(
            Text(
                zh=f"末尾与链头记录不符（读到 {count} 条，应有 {head.count if head else '?'} 条）",
                en=f"the end differs from the head ({count} entries read, {head.count if head else '?'} expected)",
            )
        )
    if not anchored:
        faults.append(
            Text(zh=f"与另存的链头 {anchor} 不符", en=f"the log does not contain the noted head {anchor}")
        )
    return Audited(count=count, head=f"{count}:{previous}", faults=tuple(faults[:50]))
