"""The summary of a year, quarter or month as a file, the same that ``guijian summary`` makes."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from reports import supervision, supervisionpages, supervisionsheets
from scanner.batch.summary import summary
from scanner.console import audit
from scanner.console.web import Call
from scanner.errors import InputError
from scanner.model import Text
from scanner.supervision import supervision_rules

MEDIA = {
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def export_summary(call: Call) -> Response:
    """Return the summary of the ``period`` of the form; raises InputError for what is no period."""
    form, period = call.request.path_params["form"], call.text("period", 10)
    if form not in MEDIA:
        raise HTTPException(404)
    console = call.console
    try:
        found = summary(console.store, console.pack, supervision_rules(), period, console.clock())
    except ValueError as error:
        message = Text(
            zh="无法识别统计期，请写成 2026、2026-Q4 或 2026-11",
            en="no such period; write 2026, 2026-Q4 or 2026-11",
        )
        raise InputError("period-unknown", message) from error
    page = supervisionpages.summary_page(found, call.lang)
    body = supervisionsheets.write(page) if form == "xlsx" else supervision.write(page, form)
    console.store.transact(
        lambda session: audit.append(
            session, call.who.name, "export", f"summary.{form}", call.address, {"period": period}
        )
    )
    headers = {"Content-Disposition": f'attachment; filename="summary-{period}.{form}"'}
    return Response(body, media_type=MEDIA[form], headers=headers)
