"""Functions of the engine that expressions have no word of their own for."""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir


@ibis.udf.scalar.builtin(name="try_strptime")
def _try_strptime(text: str, form: str) -> datetime:  # type: ignore[empty-body]
    """The local time, or null."""


@ibis.udf.scalar.builtin(name="regexp_full_match")
def _full_match(text: str, pattern: str) -> bool:  # type: ignore[empty-body]
    """Whether the whole text has that form."""


def try_strptime(text: ir.StringValue, form: str) -> ir.TimestampValue:
    """The local time that a text shows in a form of strptime, or null where it does not."""
    return _try_strptime(text, ibis.literal(form)).cast("timestamp(6)")


def full_match(text: ir.StringValue, pattern: str) -> ir.BooleanValue:
    """Whether the whole text has that form."""
    return _full_match(text, ibis.literal(pattern))
