"""What a formal report says of the agency and the commission: given by the user, never guessed.

A TOML file (docs/report-templates.md) with any of the fields of :class:`Imprint`; an empty field becomes a line to fill
in by hand.
"""

from __future__ import annotations

import tomllib

from pydantic import Field, ValidationError

from scanner.errors import ReportError
from scanner.model import Frozen, Text

MAX_INFO = 1 << 20


class Imprint(Frozen):
    """Number, parties, dates and signatories of a formal report; dates are written as the agency writes them.

    ``deadline`` is the date until which findings are to be remedied (整改期限); ``accreditation`` the agency's
    qualification (CMA, CNAS or another number); ``notes`` are printed among the notices on page two.
    """

    number: str = ""
    client: str = ""
    client_address: str = ""
    laboratory: str = ""
    laboratory_address: str = ""
    phone: str = ""
    accreditation: str = ""
    test_kind: str = ""
    received: str = ""
    tested: str = ""
    issued: str = ""
    deadline: str = ""
    tester: str = ""
    reviewer: str = ""
    approver: str = ""
    notes: tuple[str, ...] = Field(default=(), max_length=20)


BLANK = Imprint()


def read_imprint(data: bytes, name: str) -> Imprint:
    """Return the imprint in a TOML file's content; ``name`` is for the message of the ReportError."""
    try:
        if len(data) > MAX_INFO:
            raise ValueError(f"> {MAX_INFO >> 20} MB")
        return Imprint.model_validate(tomllib.loads(data.decode("utf-8-sig")))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise _invalid(name, f"{where}: {first['msg']}") from error
    except ValueError as error:  # not TOML, not UTF-8, too large
        raise _invalid(name, str(error)) from error


def _invalid(name: str, why: str) -> ReportError:
    known = "、".join(Imprint.model_fields)
    return ReportError(
        "report-info-invalid",
        Text(
            zh=f"报告信息文件 {name} 无效（{why}）；可用字段：{known}",
            en=f"report information {name} is invalid ({why}); known fields: {', '.join(Imprint.model_fields)}",
        ),
    )
