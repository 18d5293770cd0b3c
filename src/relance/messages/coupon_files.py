"""A file of coupon codes comes in, as a shop exports it; checked codes go out, or one sentence with its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from relance.base.errors import BadDocument
from relance.engines.coupons import CouponCode

_CODE = re.compile(r"[!-~]{1,64}")  # what can be typed at a till and printed anywhere
_POOL = re.compile(r"[a-z][a-z0-9-]{0,62}")


def check_pool(name: str) -> None:
    """Raises BadDocument for a name that no step could say."""
    if not _POOL.fullmatch(name):
        raise BadDocument(f"“{name}” is not a name for a pool; use small letters, digits and -")


def read_codes(file: Path) -> list[CouponCode]:
    """The codes of a CSV with a column `code` and perhaps `expires_on`. Raises BadDocument, and takes nothing then."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return list(_codes(csv.DictReader(lines), str(file)))
    except OSError as error:
        raise BadDocument(f"{error.strerror}", source=str(file)) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadDocument(f"this is not a CSV in UTF-8: {error}", source=str(file)) from None


def _codes(rows: csv.DictReader[str], source: str) -> Iterator[CouponCode]:
    if "code" not in (rows.fieldnames or ()):
        raise BadDocument("there is no column “code”; the first line names the columns: code,expires_on", source=source)
    for row in rows:
        yield _code(row, source, rows.line_num)


def _code(row: Mapping[str, str | None], source: str, line: int) -> CouponCode:
    code, ends = (row["code"] or "").strip(), (row.get("expires_on") or "").strip()
    if not _CODE.fullmatch(code):
        said = "a code has 1 to 64 letters, digits and signs, and no space"
        raise BadDocument(f"“{code:.40}” is not a code; {said}", source=source, line=line)
    try:
        return CouponCode(code, date.fromisoformat(ends) if ends else None)
    except ValueError:
        raise BadDocument(f"“{ends:.40}” is not a date like 2026-12-31", source=source, line=line) from None
