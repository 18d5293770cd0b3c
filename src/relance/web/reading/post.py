"""Files of the home's Maildir become mails to be looked at; nothing of them is trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path
from typing import Any

from relance.channels.email.mailbox import mails

_NAME = re.compile(r"[\w.,=:-]{1,120}")


@dataclass(frozen=True)
class Mail:
    """The headers of one mail, decoded; `name` is that of its file. `at` is as the mail says, or None."""

    name: str
    sender: str
    to: str
    subject: str
    at: datetime | None


def listing(folder: Path, start: int, most: int) -> tuple[list[Mail], int]:
    """One page, the latest first, and how many there are."""
    files = mails(folder)[::-1]
    return [_head(path) for path in files[start : start + most]], len(files)


def file_of(folder: Path, name: str) -> Path | None:
    """The file of that name, in the Maildir and nowhere else."""
    if not _NAME.fullmatch(name):
        return None
    return next((path for part in ("new", "cur") if (path := folder / part / name).is_file()), None)


def opened(path: Path) -> tuple[Mail, str, str]:
    """The mail, its HTML (empty where it has none) and its text."""
    mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    return _mail(path.name, mail), _body(mail, "html"), _body(mail, "plain")


def _head(path: Path) -> Mail:
    with path.open("rb") as file:
        return _mail(path.name, BytesHeaderParser(policy=policy.default).parse(file, headersonly=True))


def _mail(name: str, headers: Any) -> Mail:
    dated = headers["Date"]
    at = getattr(dated, "datetime", None)
    sender, to, subject = (str(headers[one] or "") for one in ("From", "To", "Subject"))
    return Mail(name, sender, to, subject, at if at is not None and at.tzinfo else None)


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):
        return ""  # an unknown encoding: there is nothing that can be shown
