"""Functions that engines have and Ibis does not name; one definition here serves every engine we know."""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def sha256(text: str) -> str:  # type: ignore[empty-body]
    """Lower-case hexadecimal SHA-256 of the UTF-8 of a text."""


def draw(seed: str, scenario: ir.StringValue, step: ir.StringValue, own_id: ir.StringValue) -> ir.FloatingValue:
    """The same number in [0, 1) as `base.ids.draw`, for a whole column."""
    text = ibis.literal(seed + "\n") + scenario + "\n" + step + "\n" + own_id
    bits = (ibis.literal("0x") + sha256(text).left(16)).cast("uint64")
    return bits.cast("float64") / float(2**64)


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def _try_strptime(text: str, form: str) -> datetime:  # type: ignore[empty-body]
    """The local time, or null."""


@ibis.udf.scalar.builtin(name="regexp_full_match")  # type: ignore[untyped-decorator]
def _full_match(text: str, pattern: str) -> bool:  # type: ignore[empty-body]
    """Whether the whole text has that form."""


@ibis.udf.scalar.builtin(name="substr")  # type: ignore[untyped-decorator]
def _substr(text: str, start: int) -> str:  # type: ignore[empty-body]
    """The text from a position on, counted from 1."""


def tail(text: ir.StringValue, skipped: int) -> ir.StringValue:
    """The text without its first characters."""
    return _substr(text, ibis.literal(skipped + 1))


def try_strptime(text: ir.StringValue, form: str) -> ir.TimestampValue:
    """The local time that a text shows in a form of strptime, or null where it does not."""
    return _try_strptime(text, ibis.literal(form)).cast("timestamp(6)")


def full_match(text: ir.StringValue, pattern: str) -> ir.BooleanValue:
    """Whether the whole text has that form."""
    return _full_match(text, ibis.literal(pattern))
