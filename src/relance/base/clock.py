"""The only place that reads the wall clock; everywhere else time is data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from relance.base.errors import BadDocument


class Clock(Protocol):
    """Tells the instant, always aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class FixedClock:
    """A clock that stands still: `--as-of`, tests, plans over past days."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass(frozen=True)
class LateClock:
    """The machine's clock, set back: a demo goes on from where its month ended."""

    behind: timedelta

    def now(self) -> datetime:
        return SystemClock().now() - self.behind


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant with its offset (`2026-03-10T09:00-04:00`, `…Z`), as aware UTC.

    Raises BadDocument for anything else: a time without an offset is not an instant.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadDocument(f"“{text}” is not an instant; write it like 2026-03-10T09:00:00Z") from None
    if moment.tzinfo is None:
        raise BadDocument(f"“{text}” has no offset; write it like {text}Z or {text}-05:00")
    return moment.astimezone(UTC)


def naive_utc(moment: datetime) -> datetime:
    """The same instant as the warehouse keeps it: UTC without an offset."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def aware_utc(moment: datetime) -> datetime:
    """The reverse of `naive_utc`."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
