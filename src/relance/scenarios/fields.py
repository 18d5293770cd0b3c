"""The small words of a scenario document: names, lengths of time, shares, clock times; each checked as it is read."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from relance.base.errors import BadDocument
from relance.base.spans import SAME_DAY, Span, parse_span

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


def _span(value: Any) -> Any:
    if not isinstance(value, str | int):
        return value
    try:
        return parse_span(str(value))
    except BadDocument as error:
        raise ValueError(str(error)) from None


def _fresh(value: Any) -> Any:
    """A length of time, or `same_day`: what was due is fresh until its local date is over."""
    return Span(same_day=True) if value == SAME_DAY else _span(value)


def _share(value: Any) -> Any:
    match = re.fullmatch(r"(\d{1,2}(?:\.\d+)?)\s*%", value) if isinstance(value, str) else None
    if isinstance(value, str) and not match:
        raise ValueError(f"“{value}” is not a share; write it like 10%")
    return float(match.group(1)) / 100 if match else value


def _clock(value: Any) -> Any:
    """`09:00`; YAML without quotes reads 9:00 as the number 540, so minutes are understood too."""
    if isinstance(value, int):
        return time(value // 60, value % 60) if 0 <= value < 1440 else value
    return value


def _local_time(value: Any) -> Any:
    """`2026-12-01T09:00`, on the clocks of the scenario's zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, datetime) or found.tzinfo is not None or not re.search(r"\d[T ]\d", str(value)):
        raise ValueError("write a local date and time without an offset, like 2026-12-01T09:00")
    return found


SpanField = Annotated[Span, BeforeValidator(_span)]
FreshField = Annotated[Span, BeforeValidator(_fresh)]
Share = Annotated[float, BeforeValidator(_share), Field(ge=0, lt=1)]
ClockTime = Annotated[time, BeforeValidator(_clock)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
LocalTime = Annotated[datetime, BeforeValidator(_local_time)]
Conditions = dict[str, Any]  # a criteria tree as written; audiences.criteria checks it
Where = str | dict[str, Any]


class Part(BaseModel):
    """A piece of a document: only known words, never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
