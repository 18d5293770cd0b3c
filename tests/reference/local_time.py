"""Local calendar of one zone: a local date and clock time go in, an instant comes out, and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


@cache
def instant(zone: str, day: date, clock: time) -> datetime:
    """The first instant at which the clocks of the zone show at least this time, in UTC.

    A time that exists twice is its first; one that does not exist is the instant the clocks jump.
    """
    wanted = datetime.combine(day, clock)
    first = wanted.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    if shown(zone, first) == wanted:
        return first
    before = wanted.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    return _jump(zone, before, first, wanted)


def _jump(zone: str, before: datetime, after: datetime, wanted: datetime) -> datetime:
    """Halve the span until the jump is left: `before` shows less than wanted, `after` does not."""
    while after - before > SECOND:
        middle = before + ((after - before) // 2 // SECOND or 1) * SECOND
        before, after = (before, middle) if shown(zone, middle) >= wanted else (middle, after)
    return after


def shown(zone: str, moment: datetime) -> datetime:
    """What the clocks of the zone show at an instant, without an offset."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


@cache
def local_date(zone: str, moment: datetime) -> date:
    """The local date of an instant."""
    return shown(zone, moment).date()


def days_before(zone: str, moment: datetime, days: int) -> datetime:
    """The instant N local days earlier, at the same clock time."""
    return days_after(zone, moment, -days)


def days_after(zone: str, moment: datetime, days: int) -> datetime:
    """The instant N local days later, at the same clock time."""
    local = shown(zone, moment)
    return instant(zone, local.date() + timedelta(days=days), local.time())


def next_time(zone: str, moment: datetime, clock: time, weekday: int | None) -> datetime:
    """The first instant strictly after another at which it is this clock time, of this weekday if one is named."""
    today = local_date(zone, moment)
    days = (today + timedelta(days=number) for number in range(15))
    found = (instant(zone, day, clock) for day in days if weekday is None or day.weekday() == weekday)
    return next(one for one in found if one > moment)
