"""A seen value, an operator and a written value come in; a boolean expression that is never null goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc, parse_instant
from relance.base.errors import BadDocument
from relance.base.zones import to_instant
from relance.customers.tables import ColumnType

_A = {
    "text": "a text; write it in quotes",
    "integer": "a whole number",
    "decimal": "a decimal with at most three decimals",
    "number": "a number",
    "date": "a date; write it like 2026-03-10",
    "instant": "an instant; write it like 2026-03-10T09:00:00Z, or a date for the whole local day",
    "boolean": "yes or no; write true or false",
}
_ORDERED = {"above", "below", "at_least", "at_most"}
_ALLOWED: Mapping[str, set[str]] = {
    "text": {"is", "is_not", "in", "not_in", "starts_with", "known"},
    "boolean": {"is", "is_not", "known"},
}
_NUMERIC = {"is", "is_not", "in", "not_in", "known"} | _ORDERED
_DENIALS = {"is_not": "is", "not_in": "in"}
_WIDEST = Decimal(10) ** 14


@dataclass(frozen=True)
class Seen:
    """The value a condition looks at, with what must be known to compare it."""

    value: ir.Value
    type: ColumnType
    name: str  # for the error
    zone: str | None  # the brand's: what a date means where instants are compared


def holds(seen: Seen, operator: str, written: Any) -> ir.BooleanValue:
    """True where the comparison holds. An unknown value is not anything: only `is_not`, `not_in` and
    `known: false` hold for it.

    Raises BadDocument where the operator or the written value does not suit the column's type.
    """
    allowed = _ALLOWED.get(seen.type, _NUMERIC)
    if operator not in allowed:
        listed = ", ".join(sorted(allowed))
        raise BadDocument(f"“{operator}” cannot be asked of {seen.name}, which is {seen.type}; use {listed}")
    if operator == "known":
        return seen.value.notnull() if written else seen.value.isnull()
    if operator in _DENIALS:
        return ~holds(seen, _DENIALS[operator], written)
    if operator == "in":
        return _among(seen, written)
    return _test(seen, operator, written)


def _among(seen: Seen, written: Any) -> ir.BooleanValue:
    if seen.type == "instant":
        return ibis.or_(*(_test(seen, "is", each) for each in written))
    listed = [literal(each, seen.type, seen.name) for each in written]
    return seen.value.isin(listed).fill_null(False)


def _test(seen: Seen, operator: str, written: Any) -> ir.BooleanValue:
    if operator == "starts_with":
        return seen.value.startswith(str(written)).fill_null(False)
    if seen.type == "instant":
        return _instant_test(seen, operator, written).fill_null(False)
    return _compare(operator, seen.value, literal(written, seen.type, seen.name)).fill_null(False)


def _compare(operator: str, left: Any, right: Any) -> Any:
    tests: Mapping[str, Callable[[], Any]] = {
        "is": lambda: left == right,
        "above": lambda: left > right,
        "below": lambda: left < right,
        "at_least": lambda: left >= right,
        "at_most": lambda: left <= right,
    }
    return tests[operator]()


def _instant_test(seen: Seen, operator: str, written: Any) -> Any:
    found = _as_time(written)
    if isinstance(found, datetime):
        return _compare(operator, seen.value, instant_literal(found))
    if not isinstance(found, date):
        raise _unsuited(written, "instant", seen.name)
    start, end = _day(found, seen)
    tests: Mapping[str, Callable[[], Any]] = {
        "is": lambda: (seen.value >= start) & (seen.value < end),
        "above": lambda: seen.value >= end,
        "below": lambda: seen.value < start,
        "at_least": lambda: seen.value >= start,
        "at_most": lambda: seen.value < end,
    }
    return tests[operator]()


def _day(day: date, seen: Seen) -> tuple[ir.Value, ir.Value]:
    if seen.zone is None:
        raise BadDocument(f"{seen.name} is an instant and {day} is a date: say in which time zone")
    try:
        bounds = to_instant(day, time(), seen.zone), to_instant(day + timedelta(days=1), time(), seen.zone)
    except OverflowError:
        raise BadDocument(f"{day} lies outside the years that are known") from None
    return instant_literal(bounds[0]), instant_literal(bounds[1])


def instant_literal(moment: datetime) -> ir.Value:
    """An instant written in a document, as the warehouse keeps it."""
    return ibis.literal(naive_utc(moment), type="timestamp(6)")


def literal(written: Any, kind: ColumnType, name: str) -> ir.Value:
    """A written value as a value of the column's type; BadDocument where it is not one."""
    makers: Mapping[str, Callable[[Any], Any]] = {
        "text": lambda found: ibis.literal(found, type="string") if isinstance(found, str) else None,
        "boolean": lambda found: ibis.literal(found) if isinstance(found, bool) else None,
        "integer": _integer,
        "decimal": _decimal,
        "number": _number,
        "date": _date,
    }
    made = makers[kind](written)
    if made is None:
        raise _unsuited(written, kind, name)
    value: ir.Value = made
    return value


def _unsuited(written: Any, kind: str, name: str) -> BadDocument:
    return BadDocument(f"“{written}” cannot be compared with {name}, which is {_A[kind]}")


def _integer(found: Any) -> Any:
    whole = isinstance(found, int) and not isinstance(found, bool) and abs(found) < 2**62
    return ibis.literal(found, type="int64") if whole else None


def exact(found: Any) -> Decimal | None:
    """A number as it was written, or None for what is no decimal(18,3)."""
    if isinstance(found, bool) or not isinstance(found, (int, float, Decimal, str)):
        return None
    try:
        number = Decimal(str(found))
    except InvalidOperation:
        return None
    fits = number.is_finite() and abs(number) < _WIDEST and number == number.quantize(Decimal("0.001"))
    return number.quantize(Decimal("0.001")) if fits else None


def _decimal(found: Any) -> Any:
    number = exact(found)
    return None if number is None else ibis.literal(number, type="decimal(18, 3)")


def _number(found: Any) -> Any:
    suits = isinstance(found, (int, float, Decimal)) and not isinstance(found, bool)
    return ibis.literal(float(found), type="float64") if suits else None


def _date(found: Any) -> Any:
    moment = _as_time(found)
    suits = isinstance(moment, date) and not isinstance(moment, datetime)
    return ibis.literal(moment, type="date") if suits else None


def _as_time(found: Any) -> Any:
    """A date or an aware instant; texts are read as JSON writes them."""
    if not isinstance(found, str):
        return found
    try:
        return date.fromisoformat(found) if len(found) <= 10 else parse_instant(found)
    except (ValueError, BadDocument):
        return None
