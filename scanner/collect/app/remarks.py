"""What is remarked on a piece of evidence, in both languages."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.model import Evidence, Text


def joined(parts: Sequence[Text]) -> Text | None:
    """Return several remarks as one, None when there is none."""
    if not parts:
        return None
    return Text(zh="；".join(p.zh for p in parts), en="; ".join(p.en for p in parts))


def remarked(evidence: Evidence, note: Text | None) -> Evidence:
    """Return ``evidence`` with ``note`` behind what is already remarked on it."""
    if note is None:
        return evidence
    before = [evidence.note] if evidence.note is not None else []
    return evidence.model_copy(update={"note": joined([*before, note])})
