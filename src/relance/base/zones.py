"""A time zone becomes rows: which offset holds from which instant, and what a local time means.

Engines' own zone functions disagree on local times that do not exist or exist twice, so they are never
used. A local time that does not exist moves to the first valid instant; one that exists twice is its first.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from operator import attrgetter
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from relance.base.errors import BadDocument

FIRST_YEAR, LAST_YEAR = 1999, 2039
_EARLIEST = datetime(1, 1, 1)
_LATEST = datetime(9999, 12, 31)


@dataclass(frozen=True)
class OffsetSpan:
    """From `since` (UTC, inclusive) until `until` the zone's clocks are `offset` ahead of UTC."""

    zone: str
    since: datetime
    until: datetime
    offset: int  # seconds


@dataclass(frozen=True)
class LocalSpan:
    """Local wall times in [since, until) mean `local - offset`, or `instant` where the clocks jump."""

    zone: str
    since: datetime
    until: datetime
    offset: int  # seconds
    instant: datetime | None


_Span = TypeVar("_Span", OffsetSpan, LocalSpan)


@cache
def zone_named(name: str) -> ZoneInfo:
    """The zone, or BadDocument in one sentence."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadDocument(f"“{name}” is not a time zone; write it like America/Toronto") from None


@cache
def offset_spans(name: str) -> tuple[OffsetSpan, ...]:
    """The zone's offsets in order, covering all of time."""
    zone = zone_named(name)
    changes = _transitions(zone)
    starts = [_EARLIEST, *changes]
    ends = [*changes, _LATEST]
    return tuple(
        OffsetSpan(name, start, end, _offset(zone, max(start, datetime(FIRST_YEAR, 1, 1))))
        for start, end in zip(starts, ends, strict=True)
    )


@cache
def local_spans(name: str) -> tuple[LocalSpan, ...]:
    """What each local wall time means, in order, covering all of time."""
    spans = offset_spans(name)
    rows: list[LocalSpan] = []
    since = _EARLIEST
    for before, after in itertools.pairwise(spans):
        change = after.since
        old_clock = change + timedelta(seconds=before.offset)
        new_clock = change + timedelta(seconds=after.offset)
        rows.append(LocalSpan(name, since, old_clock, before.offset, None))
        if new_clock > old_clock:
            rows.append(LocalSpan(name, old_clock, new_clock, before.offset, change))
            since = new_clock
        else:
            since = old_clock
    rows.append(LocalSpan(name, since, _LATEST, spans[-1].offset, None))
    return tuple(rows)


def touching(spans: tuple[_Span, ...], since: datetime, until: datetime) -> tuple[_Span, ...]:
    """Of spans in order, those with a part in [since, until)."""
    first = max(0, bisect_right(spans, since, key=attrgetter("since")) - 1)
    last = bisect_left(spans, until, key=attrgetter("since"))
    return tuple(span for span in spans[first:last] if span.until > since)


def to_instant(day: date, at: time, zone: str) -> datetime:
    """Local date and clock time to an aware UTC instant, by the rule of this module."""
    local, spans = datetime.combine(day, at), local_spans(zone)
    span = spans[bisect_right(spans, local, key=attrgetter("since")) - 1]
    naive = span.instant or local - timedelta(seconds=span.offset)
    return naive.replace(tzinfo=UTC)


def to_local(instant: datetime, zone: str) -> datetime:
    """An aware instant as the wall clock of the zone shows it (naive)."""
    return instant.astimezone(zone_named(zone)).replace(tzinfo=None)


def local_day(instant: datetime, zone: str) -> date:
    """The local calendar date of an aware instant."""
    return to_local(instant, zone).date()


def plus_days(instant: datetime, days: int, zone: str) -> datetime:
    """The same clock time `days` local calendar days later (or earlier)."""
    local = to_local(instant, zone)
    return to_instant(local.date() + timedelta(days=days), local.time(), zone)


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    offset = instant.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _transitions(zone: ZoneInfo) -> list[datetime]:
    """Instants (UTC, naive) at which the offset changes, found to the second by halving."""
    found: list[datetime] = []
    step = timedelta(days=7)
    at = datetime(FIRST_YEAR, 1, 1)
    end = datetime(LAST_YEAR, 12, 31)
    while at < end:
        if _offset(zone, at) != _offset(zone, at + step):
            found.append(_halve(zone, at, at + step))
        at += step
    return found


def _halve(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    before = _offset(zone, low)
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high
