"""Tables of what was observed on a website and read in a policy."""

from __future__ import annotations

from reports.sheet import Sheet
from reports.view import ReportView


def site_sheets(view: ReportView) -> tuple[Sheet, ...]:
    """Return the tables of a site, none where the subject has none."""
    return ()


def policy_sheets(view: ReportView) -> tuple[Sheet, ...]:
    """Return the tables of a policy, none where the subject has none."""
    return ()
